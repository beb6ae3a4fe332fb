/*
 * Joins the command `ringdown` and the rooms that it stands on into few files, `packages/cli/bundle`: a thousand modules
 * that are looked for, read and linked one by one are half of what a start costs. What is not ours stays where it is
 * installed. Imports nothing of ours: it is asked before anything is built.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, 'packages/cli/bundle')
const stamp = join(folder, '.made-of')
const rooms = ['cli', 'client', 'contract', 'engine', 'mcp', 'server'].map((name) =>
  join(root, 'packages', name, 'dist')
)

/** Threads and a process of their own: each has all that it needs in one file. */
const others = ['sqlite-worker', 'sqlite-analyst', 'beat-worker'].map((name) =>
  join(root, 'packages/server/dist/store', `${name}.js`)
)

/**
 * Packages in CommonJS that a start loads. They are required: when one is imported, Node looks for its names with a program
 * in WebAssembly, and the memory of its compiler stays.
 */
const commonJs = ['@fastify/busboy', 'email-reply-parser', 'fastify', 'pino', 'prom-client', 'saxes', 'smpp', 'ws']
const fromServer = createRequire(join(root, 'packages/server/package.json'))

const requiring = {
  name: 'requiring',
  resolveId: (id) => (commonJs.includes(id) ? `\0${id}` : undefined),
  load(id) {
    if (!id.startsWith('\0') || !commonJs.includes(id.slice(1))) return undefined
    const name = id.slice(1)
    const names = Object.keys(fromServer(name)).filter((key) => key !== 'default')
    return `import { createRequire } from 'node:module'
const found = createRequire(import.meta.url)('${name}')
export default found
export const { ${names.join(', ')} } = found`
  }
}

/**
 * What the others stand on has a file of its own: reading a file takes memory by its length, which the process keeps. More
 * files would take longer.
 */
const layers = ['contract', 'engine'].map((name, place) => ({
  name,
  test: new RegExp(`packages[\\\\/]${name}[\\\\/]dist`),
  priority: 2 - place,
  // What another command needs of it is not in one file with the rest.
  entriesAware: true
}))

/** Whether there is no bundle of what is compiled now. */
export function isCommandStale() {
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== fingerprint()
}

/** Joins what is compiled. */
export async function buildCommand() {
  const made = fingerprint()
  const { rolldown } = await import(pathToFileURL(join(root, 'node_modules/rolldown/dist/index.mjs')).href)
  const written = []
  mkdirSync(folder, { recursive: true })
  for (const input of [join(root, 'packages/cli/dist/main.js'), ...others]) {
    const bundle = await rolldown({
      input,
      platform: 'node',
      tsconfig: false,
      plugins: [requiring],
      external: (id) =>
        !commonJs.includes(id) &&
        !id.startsWith('\0') &&
        !/^[./]|^@ringdown\/(?!voice-media)/.test(id) &&
        !existsSync(id),
      logLevel: 'warn'
    })
    const { output } = await bundle.generate({
      format: 'esm',
      // Whoever looks for files beside a module looks beside the bundle.
      chunkFileNames: '[name]-[hash].js',
      comments: false,
      minify: false,
      // Each of the others has one file.
      ...(!others.includes(input) && { codeSplitting: { groups: layers } })
    })
    await bundle.close()
    for (const { fileName, code } of output) {
      writeFileSync(join(folder, fileName), inAscii(code))
      written.push(fileName)
    }
  }
  removeOld(written)
  writeFileSync(stamp, made)
}

/** V8 keeps a text with one character beyond Latin-1 in twice the memory. */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A server that was started on earlier files may load more of them: those go a day later. */
function removeOld(written) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (!written.includes(name) && Date.now() - statSync(path).mtimeMs > day_ms) rmSync(path, { force: true })
  }
}

const day_ms = 86_400_000

/** What is compiled: names, lengths and dates. */
function fingerprint() {
  const hash = createHash('sha256')
  const walk = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const own = join(path, entry.name)
      if (entry.isDirectory()) walk(own)
      else if (entry.name.endsWith('.js')) {
        const { size, mtimeMs } = statSync(own)
        hash.update(`${own} ${size} ${mtimeMs}\n`)
      }
    }
  }
  for (const room of rooms) walk(room)
  // How they are joined, and the packages whose names are asked for.
  for (const path of [fileURLToPath(import.meta.url), join(root, 'package-lock.json')])
    hash.update(`${path} ${statSync(path).size} ${statSync(path).mtimeMs}\n`)
  return hash.digest('hex')
}

// Run by itself, before the package is packed: with nothing of earlier builds.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(folder, { recursive: true, force: true })
  await buildCommand()
}
