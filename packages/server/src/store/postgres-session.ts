import pg from 'pg'
import { type Beats, beatsOf } from './beats.ts'
import { Lease, monotonicMs } from './lease.ts'
import { pause } from './pause.ts'
import { answerOf, clientConfig, placeOf, postgresReason, storeError } from './postgres-client.ts'
import { CannotOpen, StoreUnavailable } from './store.ts'

/** How quickly a node notices that it is cut off, and how long a standby waits before it ends a silent one. */
export interface Timing {
  readonly heartbeatMs: number
  /** When the last confirmed heartbeat was asked longer ago than this, the node answers for no account until the next. */
  readonly lostMs: number
  /** A standby may terminate a backend that has been silent for this long; more than `lostMs`. */
  readonly silentMs: number
  /** A statement that is not answered for so long ends the session from our side, and so do heartbeats. */
  readonly answerMs: number
  /** A main thread that stands still for so long has no heartbeat any more. */
  readonly hungMs: number
}

/**
 * What production has (decision 019). Between `lostMs`, counted from the asking, and `silentMs`, counted by the server from
 * the writing, lie 600 ms in which nobody answers for the account.
 */
export const usualTiming: Timing = { heartbeatMs: 250, lostMs: 900, silentMs: 1_500, answerMs: 3_000, hungMs: 10_000 }

/**
 * The one connection on which a node writes and holds its accounts' locks. It is never replaced silently: when
 * it is lost, everybody who waits is refused, listeners are told, and a new one, with another `generation` and without
 * any lock, is made in the background. Only whole statements go over it, never a transaction of several, so that the
 * writes of two accounts cannot mix. A thread of its own beats for it, on another connection.
 */
export interface Session {
  /**
   * Throws StoreUnavailable while there is no connection, and when the server warned during the statement: PostgreSQL
   * answers a cancelled wait for a synchronous replica as success, with a warning. Errors of the server are translated
   * (see `storeError`). A statement may still be in the making when its turn is taken. `allow` is asked when the turn has come,
   * and may throw.
   */
  query(query: pg.QueryConfig | Promise<pg.QueryConfig>, allow?: () => void): Promise<pg.QueryResult>
  /** Raised by one with each connection: what was locked on an older one is no longer locked. */
  generation(): number
  /** Whether nobody can have been told that this node is silent. */
  healthy(): boolean
  /**
   * There when this node's own beats have come without a gap for `silentMs`: only then may it judge the silence of others,
   * and only until that instant of the server's clock (milliseconds). After a server that was frozen for all, nobody may.
   */
  steady(): { readonly until: number } | undefined
  /** From now on heartbeats are written to the table `node`, where a standby sees them; resolves after the first. */
  enroll(): Promise<void>
  onLost(listener: (why: StoreUnavailable) => void): () => void
  close(): Promise<void>
}

interface Connection {
  readonly client: pg.Client
  /** When the statement that is under way was sent. */
  sent: number | undefined
  /** The last `select 1` is under way. */
  asking: boolean
  /** There once the first heartbeat is on its way. */
  lease: Lease | undefined
  enrolling: Promise<void> | undefined
  /** Resolves when all that was asked so far is answered. */
  turn: Promise<unknown>
  /** Why the connection was lost. */
  lost: StoreUnavailable | undefined
  /**
   * Refuse those who wait for an answer. A promise of the loss would live as long as the connection, and keep whatever
   * was raced against it.
   */
  readonly waiting: Set<(why: StoreUnavailable) => void>
}

const reconnectMs = 250

/** Connects; throws CannotOpen when the first connection cannot be made or the server is not one that we can use. */
export async function openSession(url: string, timing: Timing): Promise<Session> {
  const session = new PostgresSession(url, timing)
  await session.open()
  return session
}

class PostgresSession implements Session {
  readonly #url: string
  readonly #timing: Timing
  readonly #beats: Beats
  readonly #listeners = new Set<(why: StoreUnavailable) => void>()
  readonly #closing = new AbortController()
  #generation = 0
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  /** When this thread looked at the connection last, and whether it was late then. */
  #ticked = 0
  #wasLate = false

  constructor(url: string, timing: Timing) {
    const { heartbeatMs, lostMs, hungMs } = timing
    this.#url = url
    this.#timing = timing
    this.#beats = beatsOf({ url, heartbeatMs, lostMs, hungMs })
  }

  /** Makes the first connection, and looks after it and those that follow until `close`. */
  async open(): Promise<void> {
    try {
      this.#connection = await this.#connect()
    } catch (error) {
      if (error instanceof CannotOpen) throw error
      throw new CannotOpen(`Cannot open ${placeOf(this.#url)}: ${postgresReason(error)}.`, { cause: error })
    }
    this.#ticked = performance.now()
    this.#timer = setInterval(() => this.#tick(), this.#timing.heartbeatMs).unref()
  }

  /** One after the other, in the order they were asked; what was asked of an older connection is not sent on a newer. */
  query(config: pg.QueryConfig | Promise<pg.QueryConfig>, allow?: () => void): Promise<pg.QueryResult> {
    const used = this.#connection
    if (used === undefined || this.#closing.signal.aborted)
      return Promise.reject(new StoreUnavailable('PostgreSQL: there is no connection'))
    const answer = used.turn.then(async () => {
      const made = await config
      allow?.()
      return send(used, made)
    })
    used.turn = answer.then(
      () => {},
      () => {} // told to the one who asked
    )
    return answer
  }

  generation(): number {
    return this.#generation
  }

  healthy(): boolean {
    const used = this.#connection
    return used !== undefined && (used.lease?.isFresh(this.#timing.lostMs) ?? true)
  }

  steady(): { readonly until: number } | undefined {
    const { lostMs, silentMs } = this.#timing
    const lease = this.#connection?.lease
    if (!lease?.isFresh(lostMs)) return undefined
    const { forMs, beat } = lease.steady()
    return forMs < silentMs ? undefined : { until: beat + lostMs }
  }

  async enroll(): Promise<void> {
    const used = this.#connection
    if (used === undefined) throw new StoreUnavailable('PostgreSQL: there is no connection')
    used.enrolling ??= this.#enroll(used).catch((error) => {
      used.enrolling = undefined
      throw error
    })
    await used.enrolling
  }

  onLost(listener: (why: StoreUnavailable) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    clearInterval(this.#timer)
    const used = this.#connection
    await used?.turn
    this.#connection = undefined
    await used?.client.end()
    await this.#beats.close()
  }

  async #connect(): Promise<Connection> {
    const client = new pg.Client(clientConfig(this.#url))
    const fresh: Connection = {
      client,
      sent: undefined,
      asking: false,
      lease: undefined,
      enrolling: undefined,
      turn: Promise.resolve(),
      lost: undefined,
      waiting: new Set()
    }
    client.on('error', (error) => this.#drop(fresh, `the connection broke: ${error.message}`))
    client.on('end', () => this.#drop(fresh, 'the server closed the connection'))
    try {
      await client.connect()
      await prepareSession(client, this.#url)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    this.#generation += 1
    return fresh
  }

  /** Called for whatever ends a connection, once for each. */
  #drop(gone: Connection, why: string): void {
    if (this.#connection !== gone) return
    this.#connection = undefined
    const error = new StoreUnavailable(`PostgreSQL: ${why}`)
    gone.lost = error
    for (const refuse of gone.waiting) refuse(error)
    // Ends at once when a query hangs, and says goodbye otherwise.
    gone.client.end().catch(() => {})
    if (this.#closing.signal.aborted) return
    for (const listener of this.#listeners) listener(error)
    void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const fresh = await this.#connect()
        if (signal.aborted) await fresh.client.end()
        else this.#connection = fresh
        return
      } catch {
        await pause(reconnectMs, signal).catch(() => {}) // the store is closing: the loop ends
      }
    }
  }

  /** The row that the beats go to, and the lease that follows from it. Locks are worth something when it is there. */
  async #enroll(used: Connection): Promise<void> {
    const asked = monotonicMs()
    const wall = Date.now()
    const { rows } = await this.query({ text: enrollText })
    const { backend, started, beat } = rows[0]
    const lease = new Lease()
    lease.confirm({ asked, wall, beat }, this.#timing.lostMs)
    used.lease = lease
    await refusable(used, this.#beats.watch({ backend, started }, lease))
  }

  /** Looks, once a heartbeat, whether the connection still answers. */
  #tick(): void {
    const { heartbeatMs, answerMs } = this.#timing
    const now = performance.now()
    const isLate = now - this.#ticked > 2 * heartbeatMs && !this.#wasLate
    this.#ticked = now
    this.#wasLate = isLate
    const used = this.#connection
    if (used === undefined) return
    const { lease } = used
    lease?.turn()
    if (lease?.isLost) return void this.#drop(used, 'the session was ended, because it had been silent')
    if (!used.asking) void this.#ask(used)
    // After a pause of this thread, or of the whole process, answers may lie in the socket: they are read by the next turn.
    if (isLate) return
    if (used.sent !== undefined && now - used.sent > answerMs) this.#drop(used, `no answer for ${answerMs} ms`)
    else if (lease !== undefined && lease.age() > answerMs)
      this.#drop(used, `no heartbeat was confirmed for ${answerMs} ms`)
  }

  /** So that a connection that broke in silence is noticed although nothing is written. */
  async #ask(used: Connection): Promise<void> {
    used.asking = true
    await this.query({ text: 'select 1' }).catch(() => {}) // a lost connection is told elsewhere
    used.asking = false
  }
}

async function send(used: Connection, config: pg.QueryConfig): Promise<pg.QueryResult> {
  if (used.lost !== undefined) throw used.lost
  used.sent = performance.now()
  try {
    return await refusable(used, answerOf(used.client, config))
  } catch (error) {
    throw storeError(error)
  } finally {
    used.sent = undefined
  }
}

/** Resolves as the promise does, or rejects when the connection is lost before. */
function refusable<T>({ waiting }: Connection, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    waiting.add(reject)
    promise.then(resolve, reject).finally(() => waiting.delete(reject))
  })
}

const enrollText = `insert into node (backend, backend_start, beat)
  select pid, backend_start, clock_timestamp() from pg_stat_activity where pid = pg_backend_pid()
  on conflict (backend) do update set backend_start = excluded.backend_start, beat = excluded.beat
  returning backend, (extract(epoch from backend_start) * 1000000)::bigint as started,
    (extract(epoch from beat) * 1000)::bigint as beat`

/** So that the server lets go of our locks soon after this machine or the network between has died. */
const sessionSettings = {
  tcp_keepalives_idle: '1',
  tcp_keepalives_interval: '1',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '5000',
  client_connection_check_interval: '1000',
  synchronous_commit: 'on'
}

async function prepareSession(client: pg.Client, url: string): Promise<void> {
  const { rows } = await client.query(
    "select current_setting('server_version_num')::int as version, getdatabaseencoding() as encoding"
  )
  const { version, encoding } = rows[0]
  if (version < 150_000) throw new CannotOpen(`Cannot use ${placeOf(url)}: Ringdown needs PostgreSQL 15 or newer.`)
  if (encoding !== 'UTF8') throw new CannotOpen(`Cannot use ${placeOf(url)}: its encoding is ${encoding}, not UTF8.`)
  // Some systems lack one or the other; without it a dead node is only noticed later.
  for (const [name, value] of Object.entries(sessionSettings))
    await client.query('select set_config($1, $2, false)', [name, value]).catch((error) => {
      if (!(error instanceof pg.DatabaseError)) throw error
    })
}
