import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Place } from './api.ts'
import { endWithRun, temporaryFolder } from './lifetime.ts'

/** The command as it is installed, or as it is compiled where it was not joined (`tools/command.mjs`). */
const main = ['bundle', 'dist']
  .map((folder) => fileURLToPath(new URL(`../../../packages/cli/${folder}/main.js`, import.meta.url)))
  .find((path) => existsSync(path)) as string // `npm run bench` has built both

export const account_sid = `AC${'c'.repeat(32)}`
const auth_token = 'only-for-the-benchmark'
const host = '127.0.0.1'

export interface Server extends Place {
  readonly child: ChildProcess
  readonly folder: string
  /** `performance.now()` when it was spawned. */
  readonly spawned: number
  /** Ends it, and waits for that. */
  stop(): Promise<void>
}

interface ServerOptions {
  /** Data of an earlier server; without it, a new folder. */
  readonly folder?: string
  readonly profile?: string | undefined
  /** Instead of SQLite. */
  readonly database?: string | undefined
  /** Further arguments of the command. */
  readonly more?: readonly string[]
  /** It can be asked for `heapMegabytes`. */
  readonly withGc?: boolean
}

/** Loaded into a server that is asked for its heap: collects garbage until all is gone, and tells what is left. */
const collecting = `
  process.on('message', async (message) => {
    if (message !== 'heap') return
    for (let n = 0; n < 4; n++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    process.send(process.memoryUsage().heapUsed)
  })
  process.channel.unref()`

/** Arguments of Node with which a program can be asked for `heapMegabytes`. */
export const collector = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(collecting)}`]

/** The heap of a server's main thread after collections, in megabytes. */
export async function heapMegabytes({ child }: Pick<Server, 'child'>): Promise<number> {
  const told = once(child, 'message')
  child.send('heap')
  const [bytes] = (await told) as [number] // it sends nothing else
  return bytes / 1e6
}

/** Spawns `ringdown start` as people do (its log goes to a file). Does not wait for it. */
export async function spawnServer(options: ServerOptions = {}): Promise<Server> {
  const { folder = temporaryFolder(), profile, database, withGc, more = [] } = options
  const port = await freePort()
  const log = openSync(join(folder, 'bench.log'), 'a')
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const stored = database === undefined ? [] : ['--database', database]
  const args = [
    ...profiling,
    ...(withGc ? collector : []),
    main,
    'start',
    '--port',
    String(port),
    '--data',
    join(folder, 'ringdown'),
    ...stored,
    ...more
  ]
  const env = { ...process.env, RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token }
  const spawned = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', log, log, withGc ? 'ipc' : 'ignore'] })
  closeSync(log)
  const stop = endWithRun(child)
  const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
  return { host, port, authorization, child, folder, spawned, stop }
}

/** Spawns a server and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const server = await spawnServer(options)
  await answers(server, '/ready')
  return server
}

/** Asks until the path answers 200; resolves with the milliseconds since the server was spawned. */
export async function answers({ host, port, child, spawned, folder }: Server, path: string): Promise<number> {
  const asked = performance.now()
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended: ${readFileSync(join(folder, 'bench.log'), 'utf8').slice(-2000)}`)
    }
    const isThere = await fetch(`http://${host}:${port}${path}`).then(
      async (answer) => {
        await answer.arrayBuffer()
        return answer.ok
      },
      () => false
    )
    const ms = performance.now() - spawned
    if (isThere) return ms
    if (performance.now() - asked > 60_000) throw new Error(`the server does not answer ${path}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A port on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  server.close()
  await once(server, 'close')
  return port
}

/** Seconds of processor time that a process has used; undefined where there is no /proc. */
export function processorTime({ pid }: { readonly pid?: number | undefined }): number | undefined {
  try {
    // After the name, which may hold spaces, in parentheses: state is the third field, utime the 14th, stime the 15th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100 // clock ticks are hundredths of a second wherever Node runs
  } catch {
    return undefined
  }
}

/** Resident memory in megabytes; undefined where there is no /proc. */
export function residentMegabytes({ pid }: ChildProcess): number | undefined {
  return statusMegabytes(pid, 'VmRSS')
}

/**
 * Memory in megabytes that a process has for itself; undefined where the system does not tell. It is what is resident
 * without pages of files, as of Node's program: those it has together with others, and the system takes them when it likes.
 */
export function ownMegabytes(pid: number | undefined): number | undefined {
  const anonymous = statusMegabytes(pid, 'RssAnon')
  return anonymous === undefined ? undefined : anonymous + (statusMegabytes(pid, 'RssShmem') ?? 0)
}

function statusMegabytes(pid: number | undefined, name: string): number | undefined {
  try {
    const kilobytes = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    return undefined
  }
}

/** Processes that a process has begun, as far as the system tells. */
export function childrenOf(pid: number | undefined): number[] {
  const listed = (path: string, names: (path: string) => string[]) => {
    try {
      return names(path)
    } catch {
      return [] // it has ended
    }
  }
  return listed(`/proc/${pid}/task`, (tasks) => readdirSync(tasks)).flatMap((thread) =>
    listed(`/proc/${pid}/task/${thread}/children`, (path) => readFileSync(path, 'utf8').match(/\d+/g) ?? []).map(Number)
  )
}
