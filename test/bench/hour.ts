import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Keeping } from '@ringdown/server/log/retention'
import { openDatabase } from '@ringdown/server/store/sqlite-driver'
import { Connection, Connections, expected, type Place } from './api.ts'
import { type ApiFloor, createTask, finish, makeFloor, reservationOf } from './contact.ts'
import { endWithRun, temporaryFolder } from './lifetime.ts'
import { atMost, count, type Figure, type Measured, megabytes, type Options, say, seconds, times } from './measured.ts'
import { account_sid, answers, collector, heapMegabytes, residentMegabytes, spawnServer } from './server.ts'

/*
 * An hour of a large center, 300 contacts a second, on a test clock: what it writes, whether that ends when as much goes
 * as comes, and whether what it knows afterwards is what happened, also behind a kill and counted anew from the log.
 */

const perSecond = 300
const shape = { workers: 1000, queues: 50 }
/** Everything is kept for so long, and looked through so often. */
const keeping: Keeping = { atMost_ms: 20 * 60_000, every_ms: 60_000 }
const begins = Date.parse('2026-03-02T09:00:00Z')
const auth_token = 'only-for-the-benchmark'
/** How long a server may take to count twenty minutes of events. */
const counting_ms = 180_000
/** Seconds of the test clock between two looks at the folder. */
const look_s = 300
/** Node's arguments, as the command begins anew with where it can (`packages/cli/src/memory.ts`). */
const bounds = ['--max-semi-space-size=16', '--no-parallel-scavenge']

/** What a server of this row is told. */
export interface HourServer {
  readonly data: string
  readonly at: number
  readonly keeping: Keeping
  readonly account_sid: string
  readonly auth_token: string
}

interface Figures {
  readonly tasks_created: number
  readonly tasks_completed: number
  readonly reservations_accepted: number
  readonly avg_task_acceptance_time: number
}

/** `minutes` are those of the test clock; 60 is the whole of it. */
export async function measure({ minutes }: Options): Promise<Measured> {
  const data = join(temporaryFolder(), 'ringdown')
  const server = await HourlyServer.start(data, begins)
  const floor = await makeFloor(server.place, shape)
  const connections = await Connections.open(server.place, 24)
  const sizes: number[] = []
  const heaps: number[] = []
  let made = 0
  for (let second = 1; second <= minutes * 60; second++) {
    await Promise.all(Array.from({ length: perSecond }, () => connections.with((one) => lifecycle(one, floor, made++))))
    await server.advance(1000)
    if (second % look_s !== 0) continue
    sizes.push(folderMegabytes(data))
    heaps.push(await heapMegabytes(server))
    say(
      `minute ${second / 60}: ${megabytes(sizes.at(-1) ?? 0)}, ${megabytes(server.resident)} of memory, ${megabytes(heaps.at(-1) ?? 0)} of heap`
    )
  }
  connections.close()
  // What lasts longer than a minute is over: all that is counted is in cells of its own.
  await server.advance(120_000)
  const end = begins + minutes * 60_000
  const now = end + 120_000
  // Whole minutes that are still kept.
  const asked_minutes = Math.min(minutes, 15)
  const window = { StartDate: at(end - asked_minutes * 60_000), EndDate: at(end) }
  const before = await server.figures(floor, window)
  const resident = server.resident
  await server.kill()
  const again = await HourlyServer.command(data, now)
  const killed = await again.until(before, floor, window)
  await again.kill()
  const counter = await HourlyServer.start(await withoutStatistics(data), now)
  const rebuilt = await counter.until(before, floor, window)
  await counter.kill()
  return {
    figures: [
      ...plateau(sizes, made),
      { what: 'resident memory at the end', figure: megabytes(resident) },
      ...(heaps.length > 0
        ? [{ what: 'heap after collections, every five minutes', figure: heaps.map(megabytes).join(', ') }]
        : []),
      atMost('kill -9, and a start until it answers', again.ready_ms / 1000, 2, seconds),
      truth(
        `contacts that the last ${asked_minutes} minutes have, in the figures as well`,
        before.tasks_completed === perSecond * 60 * asked_minutes
      ),
      truth(`figures of ${count(before.tasks_created)} contacts after kill -9 are the same`, killed),
      truth('… and counted anew from the log', rebuilt)
    ],
    how: `${count(made)} contacts, ${perSecond} in each second of a test clock (created, offered, accepted, completed by REST), on ${count(shape.workers)} workers and ${shape.queues} queues; whatever is kept for some time (events, statistics, segments) is kept for 20 minutes. The folder is looked at every five minutes. Then the server is killed, and \`ringdown start --test-clock\` started on its folder until it answers; and another one on a copy without statistics, which it counts from the log.`
  }
}

async function lifecycle(connection: Connection, floor: ApiFloor, n: number): Promise<void> {
  const task = await createTask(connection, floor, n)
  const reservation = await reservationOf(connection, task)
  if (reservation === undefined) throw new Error('a task found nobody: there are too few workers')
  await finish(connection, task, reservation)
}

/** How the folder grows while nothing goes yet, and when as much goes as comes. */
function plateau(sizes: readonly number[], made: number): Figure[] {
  const [first] = sizes
  const last = sizes.at(-1)
  const contacts = { what: 'contacts', figure: count(made) }
  if (first === undefined || last === undefined) return [contacts]
  // From when the first of what goes has made room; before that the folder must grow.
  const from = sizes[Math.ceil((keeping.atMost_ms * 1.25) / (look_s * 1000)) - 1]
  const growth = { what: 'folder at its first look, and at the end', figure: `${megabytes(first)}, ${megabytes(last)}` }
  const each = {
    what: 'bytes a contact in the first five minutes',
    figure: count((first * 1e6) / (perSecond * look_s))
  }
  const figures = [growth, each, contacts]
  return from === undefined || sizes.length < 12
    ? figures
    : [...figures, atMost('folder at minute 60 over minute 25', last / from, 1.1, times)]
}

function truth(what: string, is: boolean): Figure {
  return { what, figure: is ? 'yes' : 'no', target: 'yes', ratio: is ? 1 : 2, met: is }
}

/** A copy of the folder whose server has to count everything again. */
async function withoutStatistics(data: string): Promise<string> {
  const copy = join(temporaryFolder(), 'ringdown')
  cpSync(data, copy, { recursive: true })
  const file = readdirSync(copy).find((name) => name.endsWith('.sqlite'))
  if (file === undefined) throw new Error('invariant: the folder has a database')
  const database = await openDatabase(join(copy, file))
  database.exec(`delete from rollup; delete from stay; delete from cursor where reader = 'statistics'`)
  database.close()
  return copy
}

type Window = Readonly<Record<'StartDate' | 'EndDate', string>>
const at = (ms: number) => new Date(ms).toISOString()

function folderMegabytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 1e6
}

class HourlyServer {
  readonly place: Place
  readonly ready_ms: number
  readonly child: ChildProcess
  readonly #connection: Connection

  private constructor(place: Place, child: ChildProcess, connection: Connection, ready_ms: number) {
    this.place = place
    this.ready_ms = ready_ms
    this.child = child
    this.#connection = connection
  }

  static async start(data: string, from: number): Promise<HourlyServer> {
    const spawned = performance.now()
    const main = fileURLToPath(new URL('./hour-server.js', import.meta.url))
    const told: HourServer = { data, at: from, keeping, account_sid, auth_token }
    const child = fork(main, [JSON.stringify(told)], { execArgv: [...bounds, ...collector] })
    endWithRun(child)
    const [url] = (await once(child, 'message')) as [string] // what it tells
    const { hostname, port } = new URL(url)
    const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
    const place = { host: hostname, port: Number(port), authorization }
    const connection = await Connection.open(place)
    return new HourlyServer(place, child, connection, performance.now() - spawned)
  }

  /** The command on a folder that is there: it keeps everything for as long as usual. */
  static async command(data: string, from: number): Promise<HourlyServer> {
    const server = await spawnServer({ folder: dirname(data), more: ['--test-clock', '--at', at(from)] })
    const ready_ms = await answers(server, '/ready')
    return new HourlyServer(server, server.child, await Connection.open(server), ready_ms)
  }

  get resident(): number {
    return residentMegabytes(this.child) ?? Number.NaN
  }

  async advance(ms: number): Promise<void> {
    expected(await this.#connection.post('/ringdown/v1/clock', { advance_ms: String(ms) }), 200)
  }

  /** Whether it answers so, once it has counted what happened: it is given some minutes. */
  async until(wanted: Figures, floor: ApiFloor, window: Window): Promise<boolean> {
    for (const end = performance.now() + counting_ms; performance.now() < end; ) {
      const figures = await this.figures(floor, window)
      if (JSON.stringify(figures) === JSON.stringify(wanted)) return true
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    say(`instead of ${JSON.stringify(wanted)}: ${JSON.stringify(await this.figures(floor, window))}`)
    return false
  }

  async figures({ workspace }: ApiFloor, window: Window): Promise<Figures> {
    const query = new URLSearchParams(window)
    const answer = await this.#connection.get(`${workspace}/CumulativeStatistics?${query}`)
    const { tasks_created, tasks_completed, reservations_accepted, avg_task_acceptance_time } = expected<Figures>(
      answer,
      200
    )
    return { tasks_created, tasks_completed, reservations_accepted, avg_task_acceptance_time }
  }

  async kill(): Promise<void> {
    const over = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await over
  }
}
