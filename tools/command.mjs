/*
 * Joins the command `ringdown` and the rooms that it stands on into few files, `packages/cli/bundle`: a thousand modules
 * that are looked for, read and linked one by one are half of what a start costs. What is not ours stays where it is
 * installed. Imports nothing of ours: it is asked before anything is built.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, 'packages/cli/bundle')
const stamp = join(folder, '.made-of')
const rooms = ['cli', 'client', 'contract', 'engine', 'mcp', 'server'].map((name) =>
  join(root, 'packages', name, 'dist')
)

/** Threads of their own: each has all that it needs in one file. */
const threads = ['sqlite-worker', 'beat-worker'].map((name) => join(root, 'packages/server/dist/store', `${name}.js`))

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
  for (const input of [join(root, 'packages/cli/dist/main.js'), ...threads]) {
    const bundle = await rolldown({
      input,
      platform: 'node',
      tsconfig: false,
      external: (id) => !/^[./]|^@ringdown\/(?!voice-media)/.test(id) && !existsSync(id),
      logLevel: 'warn'
    })
    const { output } = await bundle.generate({
      format: 'esm',
      // Whoever looks for files beside a module looks beside the bundle.
      chunkFileNames: '[name]-[hash].js',
      comments: false,
      minify: false
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
  return hash.digest('hex')
}

// Run by itself, before the package is packed: with nothing of earlier builds.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(folder, { recursive: true, force: true })
  await buildCommand()
}
