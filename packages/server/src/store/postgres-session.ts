import pg from 'pg'
import { pause } from './pause.ts'
import { CannotOpen, ContentRejected, StoreUnavailable } from './store.ts'

/** How quickly a node notices that it is cut off, and how long a standby waits before it ends a silent one. */
export interface Timing {
  readonly heartbeatMs: number
  /** A heartbeat older than this ends the session from our side. */
  readonly lostMs: number
  /** A standby may terminate a backend that has been silent for this long; more than `lostMs`. */
  readonly silentMs: number
}

/**
 * The one connection on which a node writes, holds its accounts' locks and beats. It is never replaced silently: when
 * it is lost, everybody who waits is refused, listeners are told, and a new one, with another `generation` and without
 * any lock, is made in the background. Only whole statements go over it, never a transaction of several, so that the
 * writes of two accounts cannot mix.
 */
export interface Session {
  /**
   * Throws StoreUnavailable while there is no connection; errors of the server are translated (see `storeError`).
   * `allow` is asked when the statement's turn has come, and may throw.
   */
  query(query: pg.QueryConfig, allow?: () => void): Promise<pg.QueryResult>
  /** Raised by one with each connection: what was locked on an older one is no longer locked. */
  generation(): number
  healthy(): boolean
  /** From now on the heartbeat is written to the table `node`, where a standby sees it. */
  enroll(): Promise<void>
  onLost(listener: (why: StoreUnavailable) => void): () => void
  close(): Promise<void>
}

interface Connection {
  readonly client: pg.Client
  /** When the last answered query was asked. */
  heard: number
  beating: boolean
  enrolled: boolean
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

/** What every connection of ours is made with; bigint columns come as numbers, all of them far below 2^53. */
export function clientConfig(url: string) {
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
  }
  // as: the type wants every overload of getTypeParser; the two formats above are all that pg asks for
  const parsers = types as pg.CustomTypesConfig
  return {
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    fallback_application_name: 'ringdown',
    types: parsers
  }
}

/** Connects; throws CannotOpen when the first connection cannot be made or the server is not one that we can use. */
export async function openSession(url: string, { heartbeatMs, lostMs }: Timing): Promise<Session> {
  const listeners = new Set<(why: StoreUnavailable) => void>()
  const closing = new AbortController()
  let generation = 0
  let enrolled = false
  let connection: Connection | undefined

  try {
    connection = await connect()
  } catch (error) {
    if (error instanceof CannotOpen) throw error
    throw new CannotOpen(`Cannot open ${placeOf(url)}: ${reasonOf(error as Error)}.`, { cause: error }) // as: pg throws errors
  }

  async function connect(): Promise<Connection> {
    const client = new pg.Client(clientConfig(url))
    const fresh: Connection = {
      client,
      heard: performance.now(),
      beating: false,
      enrolled: false,
      turn: Promise.resolve(),
      lost: undefined,
      waiting: new Set()
    }
    client.on('error', (error) => drop(fresh, `the connection broke: ${error.message}`))
    client.on('end', () => drop(fresh, 'the server closed the connection'))
    try {
      await client.connect()
      await prepareSession(client, url)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    fresh.heard = performance.now()
    generation += 1
    return fresh
  }

  /** Called for whatever ends a connection, once for each. */
  function drop(gone: Connection, why: string): void {
    if (connection !== gone) return
    connection = undefined
    const error = new StoreUnavailable(`PostgreSQL: ${why}`)
    gone.lost = error
    for (const refuse of gone.waiting) refuse(error)
    // Ends at once when a query hangs, and says goodbye otherwise.
    gone.client.end().catch(() => {})
    if (closing.signal.aborted) return
    for (const listener of listeners) listener(error)
    void reconnect()
  }

  async function reconnect(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const fresh = await connect()
        if (closing.signal.aborted) await fresh.client.end()
        else connection = fresh
        return
      } catch {
        await pause(reconnectMs, closing.signal).catch(() => {}) // the store is closing: the loop ends
      }
    }
  }

  /** One after the other, in the order they were asked; what was asked of an older connection is not sent on a newer. */
  function query(config: pg.QueryConfig, allow?: () => void): Promise<pg.QueryResult> {
    const used = connection
    if (used === undefined || closing.signal.aborted)
      return Promise.reject(new StoreUnavailable('PostgreSQL: there is no connection'))
    const asked = performance.now()
    const answer = used.turn.then(() => {
      allow?.()
      return send(used, config, asked)
    })
    used.turn = answer.then(
      () => {},
      () => {} // told to the one who asked
    )
    return answer
  }

  async function send(used: Connection, config: pg.QueryConfig, asked: number): Promise<pg.QueryResult> {
    try {
      const answer = await answerOf(used, config)
      used.heard = Math.max(used.heard, asked)
      return answer
    } catch (error) {
      // A refusal is an answer, too.
      if (error instanceof pg.DatabaseError) used.heard = Math.max(used.heard, asked)
      throw storeError(error)
    }
  }

  async function beat(used: Connection): Promise<void> {
    used.beating = true
    try {
      if (enrolled && !used.enrolled) {
        used.enrolled = true
        await query({ text: enrollText })
      } else await query({ text: used.enrolled ? beatText : 'select 1' })
    } catch {
      used.enrolled = false // the next one tries again; a lost connection is told elsewhere
    } finally {
      used.beating = false
    }
  }

  const timer = setInterval(() => {
    const used = connection
    if (used === undefined) return
    if (!used.beating) void beat(used)
    // When this thread was busy, the answer may lie in the socket: it is read before the second look.
    if (performance.now() - used.heard > lostMs)
      setImmediate(() => {
        if (performance.now() - used.heard > lostMs) drop(used, `no answer for ${lostMs} ms`)
      })
  }, heartbeatMs).unref()

  return {
    query,
    generation: () => generation,
    healthy: () => connection !== undefined && performance.now() - connection.heard <= lostMs,
    async enroll() {
      enrolled = true
      const used = connection
      if (used === undefined || used.enrolled) return
      await query({ text: enrollText })
      used.enrolled = true
    },
    onLost(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      clearInterval(timer)
      const used = connection
      await used?.turn
      connection = undefined
      await used?.client.end()
    }
  }
}

/** What the server answers, or why the connection was lost before it did. */
function answerOf({ client, lost, waiting }: Connection, config: pg.QueryConfig): Promise<pg.QueryResult> {
  if (lost !== undefined) return Promise.reject(lost)
  return new Promise<pg.QueryResult>((resolve, reject) => {
    waiting.add(reject)
    client
      .query(config)
      .then(resolve, reject)
      .finally(() => waiting.delete(reject))
  })
}

const enrollText = `insert into node (backend, backend_start, beat)
  select pid, backend_start, clock_timestamp() from pg_stat_activity where pid = pg_backend_pid()
  on conflict (backend) do update set backend_start = excluded.backend_start, beat = excluded.beat`

const beatText = 'update node set beat = clock_timestamp() where backend = pg_backend_pid()'

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

/**
 * What the server says as the store's errors. 22 (what a value is), 23 (constraints), 21 (one row twice) and 54 (too
 * large) are about the content. All else means that the outcome is unknown.
 */
export function storeError(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error
  const { message, code } = error as { message: string; code?: string } // as: pg throws errors
  const contentClasses = ['21', '22', '23', '54']
  if (error instanceof pg.DatabaseError && contentClasses.includes(code?.slice(0, 2) ?? ''))
    return new ContentRejected(`PostgreSQL: ${message}`, { cause: error })
  return new StoreUnavailable(`PostgreSQL: ${message}`, { cause: error })
}

/** Where the database is, without the password. */
export function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `the database ${host}${pathname}`
  } catch {
    return 'the database'
  }
}

function reasonOf(error: Error): string {
  // A host name with several addresses fails with one error each and no message of its own.
  return (
    error.message ||
    (error instanceof AggregateError ? (error.errors as Error[]).map((e) => e.message).join(', ') : error.name)
  )
}
