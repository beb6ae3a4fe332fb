import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { Connections } from './api.ts'
import { createTask, finish, makeFloor, reservationOf } from './contact.ts'
import { floodFigures } from './flood.ts'
import { temporaryFolder } from './lifetime.ts'
import { atMost, count, type Figure, type Measured, type Options, say, seconds, times } from './measured.ts'
import { answers, heapMegabytes, residentMegabytes, type Server, spawnServer, startServer } from './server.ts'
import { postgresSchema } from './store.ts'

const shape = { workers: 200, queues: 20 }
/** Doors that a client may open without saying who it is. */
const held = { malformed: 100, huge: 100, unfinished: 100 }
const takeovers = 3
/** Where a figure of a whole run counts: before, finished tasks still fill memory for the first time. */
const whole_minutes = 20

const minute = 60_000
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, ms)))
const megabyte = (value: number) => `${value.toFixed(1)} MB`

/** What shows only in the long run, or when somebody means harm: memory, descriptors, stopping, taking over, floods. */
export async function measure({ minutes }: Options): Promise<Measured> {
  const figures: Figure[] = []
  const tell = (figure: Figure) => {
    say(`${figure.what}: ${figure.figure}`)
    figures.push(figure)
  }
  const database = await postgresSchema()
  if (database === undefined) say('no PostgreSQL on 127.0.0.1:5432 or at DATABASE_URL: its part is left out')
  // They wait most of the time, so they wait together.
  const doors = await openDoors()
  const pair = database === undefined ? undefined : await Pair.start(database)
  const idle = pair && (await growthOf(pair.standby))
  for (const figure of await soak(minutes)) tell(figure)
  if (idle)
    tell({ what: 'PostgreSQL stand-by, heap by which it grows at rest, after collections', figure: await idle() })
  tell(await doors())
  tell(await stopUnderHalfOpen())
  for (const figure of await flood()) tell(figure)
  if (pair) for (const figure of await pair.takeOver()) tell(figure)
  return {
    figures,
    how: `Everything with \`ringdown start\` in processes of their own; \`--minutes 60\` is the whole of it (this was ${minutes}). Memory: task lifecycles at half of what the server did at full speed just before; its heap after collections when a sixth of the time is over and at the end (a bound of 1.2x counts from ${whole_minutes} minutes on: finished tasks stay in memory for five). The stand-by does nothing but stand by meanwhile. Descriptors: ${held.malformed} connections send no HTTP, ${held.huge} a head that is too long, ${held.unfinished} half a head; the clients never close; counted at the end, at least two minutes later. Stopping: SIGTERM under ${held.unfinished} half heads, until the process is gone. Flood: as the area \`flood\` measures it. Take-over: until the stand-by's \`/ready\` answers 200, which is asked every 5 ms; ${takeovers} times each.`
  }
}

/** Heap after collections at half load, in a sixth of the time and at the end. */
async function soak(minutes: number): Promise<Figure[]> {
  const server = await startServer({ withGc: true })
  const floor = await makeFloor(server, shape)
  const connections = await Connections.open(server, 16)
  let begun = 0
  let failed = 0
  const lifecycle = () =>
    connections.with(async (connection) => {
      const task = await createTask(connection, floor, begun++)
      for (;;) {
        const reservation = await reservationOf(connection, task)
        if (reservation !== undefined) return finish(connection, task, reservation)
      }
    })
  const fullSpeed_ms = 5_000
  const until = performance.now() + fullSpeed_ms
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (performance.now() < until) await lifecycle()
    })
  )
  const half = begun / (fullSpeed_ms / 1000) / 2
  say(`half load is ${count(half)} lifecycles/s`)
  const start = performance.now()
  let offered = 0
  const run = async (ms: number) => {
    const end = performance.now() + ms
    const under = new Set<Promise<void>>()
    let due = performance.now()
    while (performance.now() < end) {
      for (; due <= performance.now(); due += 1000 / half) {
        if (under.size >= 16) continue // it does not keep up: offering more would only fill a queue
        offered++
        const one = lifecycle().catch(() => void failed++)
        under.add(one)
        one.finally(() => under.delete(one))
      }
      await pause(2)
    }
    await Promise.all(under)
  }
  await run((minutes * minute) / 6)
  const early = await heapMegabytes(server)
  const early_min = (performance.now() - start) / minute
  await run((minutes * minute * 5) / 6)
  const late = await heapMegabytes(server)
  const resident = residentMegabytes(server.child) ?? Number.NaN
  connections.close()
  await server.stop()
  const what = `SQLite at half load, heap after collections: minute ${minutes} over minute ${early_min.toFixed(1)}`
  const ratio = late / early
  return [
    minutes >= whole_minutes ? atMost(what, ratio, 1.2, times) : { what, figure: times(ratio) },
    {
      what: '… heap at both, and resident memory at the end',
      figure: `${megabyte(early)}, ${megabyte(late)}, ${megabyte(resident)}`
    },
    { what: '… lifecycles offered, and failed', figure: `${count(offered)}, ${count(failed)}` }
  ]
}

/** From now on; the answer tells how fast the heap of a server at rest has grown. */
async function growthOf(server: Server): Promise<() => Promise<string>> {
  await pause(10_000)
  const before = await heapMegabytes(server)
  const since = performance.now()
  return async () => {
    await pause(30_000 - (performance.now() - since))
    const passed = (performance.now() - since) / minute
    const grown = (await heapMegabytes(server)) - before
    // In its first minutes code is compiled and measured by the engine: that is no growth to reckon with.
    const reckoned = passed < whole_minutes ? '' : `; ${count((grown / passed) * 60 * 24)} MB a day`
    return `${(grown * 1000).toFixed(0)} kB in ${passed.toFixed(1)} min${reckoned}`
  }
}

/** Connections that never close from their side, whatever the server does. */
function holding(server: Server, texts: readonly string[]): Promise<Socket[]> {
  return Promise.all(
    texts.map(
      (text) =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect({ host: server.host, port: server.port, allowHalfOpen: true })
          socket.once('error', reject)
          socket.once('connect', () => {
            socket.off('error', reject)
            socket.on('error', () => {}) // it may be cut off, and should
            socket.resume()
            socket.write(text, () => resolve(socket))
          })
        })
    )
  )
}

const halfHead = 'GET /health HTTP/1.1\r\nHost: x\r\n'

/** Sends what is answered 400, 431 and 408; the answer counts what is still open in the server two minutes later. */
async function openDoors(): Promise<() => Promise<Figure>> {
  const server = await startServer()
  const before = descriptors(server)
  const sockets = await holding(server, [
    ...Array.from({ length: held.malformed }, () => 'this is no HTTP\r\n\r\n'),
    ...Array.from({ length: held.huge }, () => `GET /health HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`),
    ...Array.from({ length: held.unfinished }, () => halfHead)
  ])
  const since = performance.now()
  return async () => {
    await pause(2 * minute - (performance.now() - since))
    const left = descriptors(server) - before
    for (const socket of sockets) socket.destroy()
    await server.stop()
    return atMost(
      `descriptors left of ${count(sockets.length)} connections that were answered 400, 431, 408`,
      left,
      3,
      count
    )
  }
}

function descriptors({ child }: Server): number {
  return readdirSync(`/proc/${child.pid}/fd`).length
}

async function stopUnderHalfOpen(): Promise<Figure> {
  const server = await startServer()
  const sockets = await holding(
    server,
    Array.from({ length: held.unfinished }, () => halfHead)
  )
  await pause(500)
  const begun = performance.now()
  const gone = new Promise<void>((resolve) => server.child.once('exit', () => resolve()))
  server.child.kill('SIGTERM')
  const ended = await Promise.race([gone.then(() => true), pause(20_000).then(() => false)])
  const took = (performance.now() - begun) / 1000
  if (!ended) server.child.kill('SIGKILL')
  for (const socket of sockets) socket.destroy()
  await gone
  const what = 'SIGTERM to exit under unfinished requests'
  return ended
    ? atMost(what, took, 10, seconds)
    : { what, figure: 'not within 20 s', target: '<= 10.00 s', ratio: 2, met: false }
}

/** What others' reads take beside floods of requests without credentials, door by door. */
async function flood(): Promise<Figure[]> {
  const server = await startServer()
  const figures = await floodFigures(server, 5)
  await server.stop()
  return figures
}

/** A leader and its stand-by on one PostgreSQL. */
class Pair {
  readonly #database: string
  leader: Server
  standby: Server

  private constructor(database: string, leader: Server, standby: Server) {
    this.#database = database
    this.leader = leader
    this.standby = standby
  }

  static async start(database: string): Promise<Pair> {
    const leader = await startServer({ database })
    return new Pair(database, leader, await Pair.#another(database))
  }

  static async #another(database: string): Promise<Server> {
    const server = await spawnServer({ database, folder: temporaryFolder(), withGc: true })
    await answers(server, '/health')
    return server
  }

  /** The one that leads goes in each way, again and again; times until the other one is ready. */
  async takeOver(): Promise<Figure[]> {
    const took: Record<'SIGKILL' | 'SIGSTOP' | 'SIGTERM', number[]> = { SIGKILL: [], SIGSTOP: [], SIGTERM: [] }
    for (const signal of ['SIGSTOP', 'SIGKILL', 'SIGTERM'] as const)
      for (let n = 0; n < takeovers; n++) {
        await pause(3_000) // the stand-by has stood by for a while
        const begun = performance.now()
        this.leader.child.kill(signal)
        await answers(this.standby, '/ready')
        took[signal].push((performance.now() - begun) / 1000)
        if (signal === 'SIGSTOP') this.leader.child.kill('SIGCONT')
        await this.leader.stop()
        this.leader = this.standby
        this.standby = await Pair.#another(this.#database)
      }
    await this.standby.stop()
    await this.leader.stop()
    const worst = (signal: keyof typeof took) => Math.max(...took[signal])
    return [
      atMost('take-over from a leader that is frozen (SIGSTOP), the slowest', worst('SIGSTOP'), 2, seconds),
      atMost('take-over from a leader that is killed (kill -9), the slowest', worst('SIGKILL'), 0.5, seconds),
      { what: 'take-over from a leader that stops (SIGTERM), the slowest', figure: seconds(worst('SIGTERM')) }
    ]
  }
}
