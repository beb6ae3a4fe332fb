/*
 * Builds what browsers load, the desk and web chat, when a build is older than what it is made of. Imports nothing of ours:
 * it is asked before anything is built.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** What is built, from which configurations of Vite, and from what beside its sources and those of rooms that it imports. */
const parts = {
  desk: { folder: 'packages/desk', configurations: ['vite.config.mjs'], pages: ['index.html'] },
  webchat: {
    folder: 'packages/webchat',
    configurations: ['vite.config.mjs', 'vite.launcher.config.mjs', 'vite.loader.config.mjs'],
    pages: ['frame.html', 'demo.html']
  }
}

/** Where the builds are. */
const deskBuild = join(root, parts.desk.folder, 'dist')
const webchatBuild = join(root, parts.webchat.folder, 'dist')

/** Whether there is no build of what is here now. */
export const isDeskStale = () => isStale(parts.desk)
export const isWebchatStale = () => isStale(parts.webchat)

/** Builds it; the contract has to be compiled. */
export const buildDesk = () => buildOf(parts.desk)
export const buildWebchat = () => buildOf(parts.webchat)

function stampOf({ folder }) {
  return join(root, folder, 'dist', '.made-of')
}

function isStale(part) {
  const stamp = stampOf(part)
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== fingerprint(part)
}

/** One process at a time: who comes second finds it built. A lock that is as old as no build was left behind. */
async function buildOf(part) {
  const lock = join(root, '.build', `${part.folder.replaceAll('/', '-')}.building`)
  mkdirSync(dirname(lock), { recursive: true })
  while (!created(lock)) {
    if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > longest_ms) remove(lock)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  try {
    if (isStale(part)) await built(part)
  } finally {
    remove(lock)
  }
}

const longest_ms = 300_000

function created(folder) {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function remove(folder) {
  rmSync(folder, { recursive: true, force: true })
}

async function built(part) {
  const made = fingerprint(part)
  const { build } = await import(pathToFileURL(join(root, 'node_modules', 'vite', 'dist', 'node', 'index.js')).href)
  // Tests have another one, under which libraries bring what helps who develops.
  const { NODE_ENV } = process.env
  process.env.NODE_ENV = 'production'
  try {
    const folder = join(root, part.folder)
    for (const name of part.configurations)
      await build({ root: folder, configFile: join(folder, name), logLevel: 'warn' })
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  }
  writeFileSync(stampOf(part), made)
}

/** What it is made of: its sources, those of the rooms that it imports, and the versions of everything else. */
function fingerprint({ folder: own, configurations, pages }) {
  const hash = createHash('sha256')
  const add = (path) =>
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(root, path)))
      .update('\0')
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1
    )) {
      if (entry.isDirectory()) walk(`${folder}/${entry.name}`)
      else if (!/\.test\.tsx?$/.test(entry.name)) add(`${folder}/${entry.name}`)
    }
  }
  for (const folder of [`${own}/src`, 'packages/client/src', 'packages/contract/src']) walk(folder)
  for (const path of [...pages, ...configurations, 'package.json']) add(`${own}/${path}`)
  add('package-lock.json')
  return hash.digest('hex')
}

const first = /^index-.*\.js$/

/** What the first screen loads, and what only some do: kilobytes (1,024 bytes), compressed as by gzip -9. */
const budgets = [
  ['the first screen, scripts', first, 165],
  ['the first screen, styles', /^index-.*\.css$/, 12],
  ['the font', /^inter-latin-wght-.*\.woff2$/, 48],
  ["the supervisor's screens", /^(?:queues-screen|why-drawer)-.*\.js$/, 40]
]

/** The same of web chat: what each page of a customer loads, and what the frame does once somebody comes near. */
const webchatBudgets = [
  ['the loader of web chat', ['v1.js'], 3],
  ['the launcher of web chat', /^launcher-.*\.js$/, 5],
  ['the frame of web chat', 'frame.html', 35]
]

/** Answers, of each part, how large it is and may be, and whether it is larger. */
export function deskSizes() {
  const folder = join(deskBuild, 'assets')
  const names = readdirSync(folder)
  const page = readFileSync(join(deskBuild, 'index.html'), 'utf8')
  return budgets.map(([part, pattern, most]) => {
    const found = names.filter(
      (name) => pattern.test(name) || (pattern === first && name.endsWith('.js') && page.includes(name))
    )
    return sizeOf(
      part,
      most,
      found.map((name) => join(folder, name))
    )
  })
}

export function webchatSizes() {
  return webchatBudgets.map(([part, what, most]) => {
    const names = Array.isArray(what)
      ? what
      : what instanceof RegExp
        ? readdirSync(join(webchatBuild, 'assets'))
            .filter((name) => what.test(name))
            .map((name) => `assets/${name}`)
        : [what, ...readFileSync(join(webchatBuild, what), 'utf8').matchAll(/assets\/[\w.-]+/g)].map(String)
    return sizeOf(
      part,
      most,
      names.map((name) => join(webchatBuild, name))
    )
  })
}

function sizeOf(part, most, paths) {
  const bytes = paths.reduce((sum, path) => {
    const content = readFileSync(path)
    return sum + (path.endsWith('.woff2') ? content.length : gzipSync(content, { level: 9 }).length)
  }, 0)
  return { part, kB: bytes / 1024, most, isOver: paths.length === 0 || bytes > most * 1024 }
}
