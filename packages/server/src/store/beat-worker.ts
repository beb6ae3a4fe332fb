import { parentPort, workerData } from 'node:worker_threads'
import pg from 'pg'
import type { Beating, BeatingAnswer, Order } from './beats.ts'
import { Lease, monotonicMs } from './lease.ts'
import { clientConfig } from './postgres-client.ts'

/**
 * The thread that says to other nodes that this one lives, on a connection of its own: neither a long decision nor a
 * slow write delays it. It stops when the process is stopped or cut off, and when the main thread has not moved for
 * `hungMs`.
 */
const { url, heartbeatMs, lostMs, hungMs }: Beating = workerData // beats.ts starts this file and nobody else
const port = parentPort
if (port === null) throw new Error('invariant: beat-worker.ts runs in a worker thread')

/** The backend whose row is beaten, and how the main thread moved. */
interface Watched {
  readonly lease: Lease
  readonly backend: number
  readonly started: number
  told: boolean
  turns: number
  /** When `turns` was last another one. */
  moved: number
}

let watched: Watched | undefined
let client: pg.Client | undefined
let stopped = false
let timer: NodeJS.Timeout | undefined
let beating = false

/**
 * Only a row that nobody has condemned, of a backend that still lives: what it locked is then still locked.
 * `pg_stat_get_activity` of one process looks at no other.
 */
const beatText = `update node set beat = clock_timestamp()
  where backend = $1::int and (extract(epoch from backend_start) * 1000000)::bigint = $2::bigint and beat > '-infinity'
    and exists (select 1 from pg_stat_get_activity($1::int) activity where activity.backend_start = node.backend_start)
  returning (extract(epoch from beat) * 1000)::bigint as beat`

/** A beat waits for no flush and no replica: a slow disk is no dead node. */
const settings = `select set_config('synchronous_commit', 'off', false)`

async function connect(): Promise<pg.Client> {
  const fresh = new pg.Client({ ...clientConfig(url), connectionTimeoutMillis: Math.max(lostMs, 1_000) })
  fresh.on('error', () => {}) // the beat that fails tells
  fresh.on('end', () => {
    if (client === fresh) client = undefined
  })
  try {
    await fresh.connect()
    await fresh.query(settings)
    return fresh
  } catch (error) {
    end(fresh)
    throw error
  }
}

/** At once when a statement hangs. */
function end(gone: pg.Client): void {
  gone.end().catch(() => {})
}

async function beat(to: Watched): Promise<void> {
  client ??= await connect()
  const used = client
  const asked = monotonicMs()
  const wall = Date.now()
  const late = setTimeout(() => end(used), lostMs)
  try {
    const { rows } = await used.query({ name: 'beat', text: beatText, values: [to.backend, to.started] })
    if (rows.length === 0) to.lease.lose()
    else to.lease.confirm({ asked, wall, beat: rows[0].beat }, lostMs)
    if (!to.told) port?.postMessage({ backend: to.backend, started: to.started } satisfies BeatingAnswer)
    to.told = true
  } finally {
    clearTimeout(late)
  }
}

function isMoving(main: Watched): boolean {
  const { turns } = main.lease
  const now = monotonicMs()
  if (turns !== main.turns) {
    main.turns = turns
    main.moved = now
  }
  return now - main.moved <= hungMs
}

async function turn(): Promise<void> {
  const to = watched
  if (beating || to === undefined || to.lease.isLost || !isMoving(to)) return
  beating = true
  try {
    await beat(to)
  } catch {
    // The lease grows old, and a new connection is made in the next turn.
    if (client !== undefined) end(client)
    client = undefined
  } finally {
    beating = false
    if (stopped) await finish()
  }
}

async function finish(): Promise<void> {
  await client?.end().catch(() => {}) // it may be broken already
  port?.close()
}

port.on('message', (order: Order) => {
  if (order.do === 'stop') {
    stopped = true
    clearInterval(timer)
    if (!beating) void finish()
    return
  }
  const { backend, started } = order
  watched = { lease: new Lease(order.lease), backend, started, told: false, turns: -1, moved: monotonicMs() }
  timer ??= setInterval(turn, heartbeatMs)
  void turn()
})
