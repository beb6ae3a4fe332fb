/*
 * Stands behind every npm script: brings a checkout to where the wanted program can run (dependencies installed, sources
 * built), then becomes that program. Takes nothing but Node, because on a fresh clone there is nothing else.
 *
 *   node tools/up.mjs start|test|long|check|pictures|bench|simulate|official|generate [arguments of the program]
 */
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildCommand, isCommandStale } from './command.mjs'
import { buildDesk, buildWebchat, deskSizes, isDeskStale, isWebchatStale, webchatSizes } from './desk.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const oldestNode = [20, 19]

const programs = {
  start: (args) => become(isJoined() ? joined : 'packages/cli/dist/main.js', ['start', ...args]),
  test: (args) => become('node_modules/vitest/vitest.mjs', ['run', '--project', 'test', ...args]),
  long: (args) => become('node_modules/vitest/vitest.mjs', ['run', '--project', 'long', ...args]),
  pictures: (args) => {
    process.env.PICTURES = '1'
    return become('node_modules/vitest/vitest.mjs', ['run', 'test/browser/pictures.long.test.ts', ...args])
  },
  bench: (args) => become('.build/test/bench/main.js', args),
  simulate: (args) => become('.build/test/simulation/main.js', args),
  official: (args) => become('.build/test/mcp/official/main.js', args),
  generate: (args) => become('.build/tools/generate.js', args),
  check
}

/** The command in few files. */
const joined = 'packages/cli/bundle/main.js'
const isJoined = () => existsSync(join(root, joined)) && !isCommandStale()

async function main([name, ...args]) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    stop(`Ringdown needs Node ${oldestNode.join('.')} or newer; this is ${process.version}.`)
  }
  if (!Object.hasOwn(programs, name ?? '')) {
    stop(`Say what to run: node tools/up.mjs ${Object.keys(programs).join('|')} [arguments]`)
  }
  process.chdir(root)
  const release = await takeLock()
  let types
  try {
    await install()
    // Who only wants to run it need not wait for tests and tools, nor be stopped by them.
    // The process of the sound is started by the server, and imported by nothing.
    const wanted = name === 'start' ? ['packages/cli', 'packages/voice-media'] : []
    types = await patiently('Building…', () => node('node_modules/typescript/bin/tsc', ['-b', ...wanted]))
    if (types.code === 0 && withPages.has(name)) await pagesBuilt()
    if (types.code === 0 && withCommand.has(name)) await commandJoined()
  } finally {
    release()
  }
  if (name !== 'check' && types.code !== 0) stop(`${types.output.trimEnd()}\nThe build failed.`)
  await programs[name](args, types)
}

/**
 * Runs a program's main file in this very process: signals, exit code, terminal and memory are then its own, with
 * nothing in between to pass them on.
 */
async function become(file, args) {
  const path = join(root, file)
  if (!existsSync(path)) stop(`${file} is missing: the sources it is built from are not in this checkout.`)
  if (process.env.npm_lifecycle_event) endWithNpm()
  process.argv = [process.execPath, path, ...args]
  await import(pathToFileURL(path).href)
}

/**
 * npm starts scripts through a shell, and some shells do not pass a signal on: `npm start`, told to end, would leave a
 * server behind that nobody knows of. So losing the parent counts as being told.
 */
function endWithNpm() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  watch.unref()
}

/** Programs that show what browsers load, or say something of it. */
const withPages = new Set(['start', 'test', 'long', 'check', 'pictures'])

/** Builds the desk and web chat where they are older than their sources, and says so. All else runs without. */
async function pagesBuilt() {
  for (const [name, place, isStale, build] of [
    ['the desk', '/desk/', isDeskStale, buildDesk],
    ['web chat', '/webchat/', isWebchatStale, buildWebchat]
  ]) {
    if (!isStale()) continue
    console.error(`Building ${name}, since it has changed…`)
    try {
      await build()
    } catch (error) {
      console.error(`There is nothing at ${place}, since ${name} could not be built: ${error.message}`)
    }
  }
}

/** Programs that run the command as it is installed. */
const withCommand = new Set(['start', 'bench'])

/** Joins what is compiled where that is newer. Without, a start takes half a second longer. */
async function commandJoined() {
  if (!isCommandStale()) return
  try {
    await buildCommand()
  } catch (error) {
    console.error(`The command starts from its modules one by one, since they could not be joined: ${error.message}`)
  }
}

/** Whether what a browser loads is as small as it has to be. */
async function sizes() {
  if (isDeskStale() || isWebchatStale()) return { code: 1, output: 'There is no build of the desk, or of web chat' }
  const parts = [...deskSizes(), ...webchatSizes()]
  const lines = parts.map(
    ({ part, kB, most, isOver }) => `${isOver ? 'too large: ' : ''}${part} ${kB.toFixed(1)} of ${most} kB`
  )
  return { code: parts.some(({ isOver }) => isOver) ? 1 : 0, output: lines.join('\n') }
}

/** Everything that can be said without running the tests. Reports each part, and fails when one does. */
async function check(_args, types) {
  const parts = [
    ['types', async () => types],
    ['style', () => node('node_modules/@biomejs/biome/bin/biome', ['check'])],
    ['unused', () => node('node_modules/knip/bin/knip.js', ['--no-progress'])],
    ['generated', () => node('.build/tools/generate.js', ['--check'])],
    ['sizes', sizes]
  ]
  const failed = []
  for (const [part, run] of parts) {
    const { code, output } = await run()
    console.log(`${part.padEnd(10)} ${code === 0 ? 'ok' : 'FAILED'}`)
    if (code === 0) continue
    failed.push(part)
    console.log(`${output.trimEnd()}\n`)
  }
  if (failed.length > 0) stop(`Failed: ${failed.join(', ')}.`)
}

// Installing

const stamp = join('node_modules', '.ringdown-stamp')

/** Installs what package-lock.json says, unless that is what is there. */
async function install() {
  const lock = readFileSync('package-lock.json', 'utf8')
  const place = `${process.platform}-${process.arch}`
  const wanted = `${place} ${createHash('sha256').update(lock).digest('hex')}\n`
  const present = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined
  if (present === wanted) return
  // Somebody may have run npm by hand; its own record says so. Native parts of another platform would be of no use.
  const samePlace = present === undefined || present.startsWith(`${place} `)
  if (!(samePlace && holds(lock))) await npmCi()
  writeFileSync(`${stamp}.next`, wanted)
  renameSync(`${stamp}.next`, stamp)
}

/** Whether npm's record of node_modules, which it writes last, has every package of the lock file in its version. */
function holds(lock) {
  const record = join('node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  try {
    const present = JSON.parse(readFileSync(record, 'utf8')).packages
    return Object.entries(JSON.parse(lock).packages)
      .filter(([path]) => path.includes('node_modules/'))
      .every(([path, { version, optional }]) =>
        path in present ? present[path].version === version : optional === true
      )
  } catch {
    return false // no JSON: an installation that was cut short
  }
}

async function npmCi() {
  console.error('Installing dependencies; this happens once.')
  // Without a registry npm would try every package again and again, for minutes; its cache may be enough.
  const ping = await npm('ping')
  const source = isUnreachable(ping.output) ? '--offline' : '--prefer-offline'
  let result = await npm('ci', '--include=dev', source)
  // A registry may not have the parts for other platforms. npm then leaves them out of the lock file that it writes, and
  // as `npm ci` refuses such a file; `npm install` takes the same versions from it and does without those parts.
  if (result.code !== 0 && lacksOnlyOtherPlatforms(result.output)) {
    result = await npm('install', '--include=dev', '--no-save', source)
  }
  const { code, output, missing } = result
  if (missing) stop('npm is missing: install it together with Node, then run this again.')
  if (code === 0) return
  if (isUnreachable(output)) {
    const reason = errorCode(isUnreachable(ping.output) ? ping.output : output)
    stop(`npm cannot reach its registry (${reason}): check the network and npm's settings, then run this again.`)
  }
  if (errorCode(output) === 'EUSAGE') {
    stop('package-lock.json does not fit the package.json files: run npm install once.')
  }
  stop(`${output.trimEnd().split('\n').slice(-20).join('\n')}\nnpm could not install the dependencies.`)
}

function npm(...command) {
  const args = [
    ...command,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--color=false',
    '--fetch-retry-mintimeout=2000'
  ]
  const own = process.env.npm_execpath // set by npm itself
  return own?.endsWith('npm-cli.js')
    ? run(process.execPath, [own, ...args])
    : run('npm', args, { shell: process.platform === 'win32' })
}

function errorCode(output) {
  return /\berror code (\w+)/.exec(output)?.[1] ?? ''
}

function isUnreachable(output) {
  return /^(ENOTFOUND|EAI_|ECONN|ETIMEDOUT|ENET|EHOST|ENOTCACHED|ERR_SOCKET|UND_ERR)/.test(errorCode(output))
}

/** Whether all that npm misses in the lock file are packages that the registry did not have (they carry no version). */
function lacksOnlyOtherPlatforms(output) {
  const complaints = output.split('\n').filter((line) => /\b(Missing|Invalid): /.test(line))
  return complaints.length > 0 && complaints.every((line) => /Missing: \S+@ from lock file/.test(line))
}

// One at a time

/**
 * Waits until no other run installs or builds in this checkout; answers how to let the next one in. The holder touches
 * the file every second, so one that nobody has touched for a while, or whose process is gone, was left behind.
 */
async function takeLock() {
  const path = join('.build', 'up.lock')
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, run: randomUUID() })
  mkdirSync('.build', { recursive: true })
  let seen = ''
  let unchanged = 0
  let waits = 0
  while (!create(path, mine)) {
    const { text, touched } = look(path)
    unchanged = seen === `${text} ${touched}` ? unchanged + 1 : 0
    seen = `${text} ${touched}`
    if (unchanged > 150 || isGone(text)) removeStale(path, text)
    if (++waits === 10) console.error('Waiting for another run in this checkout…')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const beat = setInterval(() => {
    const now = new Date()
    if (look(path).text === mine) utimesSync(path, now, now)
  }, 1000)
  const release = () => {
    clearInterval(beat)
    if (look(path).text === mine) rmSync(path, { force: true })
  }
  process.once('exit', release)
  return () => {
    process.removeListener('exit', release)
    release()
  }
}

function create(path, text) {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function look(path) {
  try {
    return { text: readFileSync(path, 'utf8'), touched: statSync(path).mtimeMs }
  } catch {
    return { text: '', touched: 0 } // just removed
  }
}

function isGone(text) {
  try {
    const { host, pid } = JSON.parse(text)
    if (host !== hostname()) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** Moves the file away before it removes it: of several that find it stale, the one that moved it has removed that one. */
function removeStale(path, text) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return // somebody else was faster
  }
  const { text: moved } = look(aside)
  rmSync(aside, { force: true })
  if (moved !== text) create(path, moved) // a new owner's, taken since we looked
}

// Running

function node(file, args) {
  const color = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}
  return run(process.execPath, [file, ...args], { env: { ...process.env, ...color } })
}

/** Runs a command and keeps what it prints. A signal that ends this process ends the command first. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let signal
    const pass = (received) => {
      signal = received
      child.kill(received)
    }
    const done = (result) => {
      for (const name of endings.keys()) process.removeListener(name, pass)
      if (signal) process.exit(128 + endings.get(signal))
      resolve(result)
    }
    for (const name of endings.keys()) process.on(name, pass)
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) => done({ code: 127, output: error.message, missing: error.code === 'ENOENT' }))
    child.on('close', (code) => done({ code: code ?? 1, output }))
  })
}

const endings = new Map([
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15]
])

/** Says what is going on, but only when it takes a moment. */
async function patiently(message, work) {
  const timer = setTimeout(() => console.error(message), 1500)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

function stop(message) {
  console.error(message)
  process.exit(1)
}

main(process.argv.slice(2)).catch((error) => stop(error.code ? error.message : error))
