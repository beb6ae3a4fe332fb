import type { ToldEvent } from '@ringdown/engine/statistics/rollup'
import { running, type Stay } from '@ringdown/engine/statistics/stay'
import type { Dialect, Query } from './query.ts'
import type { StoredEvent, Value } from './store.ts'
import { type eventColumns, eventTable, indexName, quote, rollupTable, stayTable } from './tables.ts'

/*
 * What is read beside rows: the log by its columns, and what a reader of the log has made of it. One text for both
 * dialects; each query is answered by one index, which the comment of its table names (`tables.ts`).
 */

/** A cell of roll-ups as it is kept: figures and histograms are JSON text. */
export interface RollupRow {
  readonly scope_sid: string
  readonly span: number
  readonly start: number
  readonly task_channel_sid: string
  readonly figures: string
  readonly histograms: string
}

/** Neighbouring cells of one length, `end` exclusive. */
export interface RollupRun {
  readonly span: number
  readonly start: number
  readonly end: number
}

/** Stays by activity, each clipped to the span of time that was asked for. Milliseconds. */
export interface StaySum {
  readonly activity_sid: string
  readonly count: number
  readonly total: number
  readonly min: number
  readonly max: number
}

type Filtered = Exclude<(typeof eventColumns)[number], `${string}_date` | `${string}_created`> | 'type' | 'sid'

/** Columns that must hold these values. */
export type EventFilter = { readonly [C in Filtered]?: string | undefined }

/** Columns with an index of their own. When several are asked for, the first leaves the fewest events. */
const searched = ['sid', 'task_sid', 'worker_sid', 'workspace_sid'] as const satisfies readonly Filtered[]

export interface EventQuery {
  readonly account_sid: string
  readonly where: EventFilter
  /** Instants, both inclusive. */
  readonly from: number
  readonly until: number
  /** Seq of the event that the page follows (exclusive). */
  readonly after?: number
  readonly descending: boolean
  readonly limit: number
}

export interface Readings {
  /** Seq of the last event that a reader of the log has dealt with; 0 for a new reader, whose cursor is made. */
  cursor(account_sid: string, reader: string): Promise<number>
  /** The columns of the events after a cursor, oldest first. */
  told(account_sid: string, cursor: number, limit: number): Promise<ToldEvent[]>
  /** The columns of the events from one instant on and before another. */
  toldBetween(account_sid: string, from: number, until: number): Promise<ToldEvent[]>
  /** One page of events, by their columns. */
  events(query: EventQuery): Promise<StoredEvent[]>
  event(account_sid: string, sid: string): Promise<StoredEvent | undefined>
  /** Cells of some scopes. Histograms are left out ('{}') unless asked for: they are large. */
  rollups(
    account_sid: string,
    query: { readonly scopes: readonly string[]; readonly runs: readonly RollupRun[]; readonly histograms: boolean }
  ): Promise<RollupRow[]>
  /** The stays of some workers that still last, or of everybody in a workspace. */
  openStays(
    account_sid: string,
    of: { readonly workers: readonly string[] } | { readonly workspace_sid: string }
  ): Promise<Stay[]>
  /** Stays that overlap a span of time, by activity: of a workspace, or of some of its workers. */
  stays(
    account_sid: string,
    query: {
      readonly workspace_sid: string
      readonly workers?: readonly string[]
      readonly from: number
      readonly until: number
    }
  ): Promise<StaySum[]>
}

type Run = (query: Query) => Promise<Record<string, unknown>[]>

/** The readings of a store that runs queries. `insertCursor` is its way to run one that writes. */
export function readingsOf(run: Run, dialect: Dialect, insertCursor: Run): Readings {
  /** The text of a query and its values, which must be bound in the order of the text. */
  const asking = () => {
    const values: unknown[] = []
    const bind = (value: unknown) => dialect.parameter(values.push(value))
    const among = (column: string, list: readonly Value[]) => {
      values.push(dialect.list(list))
      return dialect.among(column, 'text', values.length)
    }
    return { values, bind, among }
  }

  const toldWhere = async (conditions: (bind: (value: unknown) => string) => string): Promise<ToldEvent[]> => {
    const { values, bind } = asking()
    const sql = `select ${toldColumns} from event where ${conditions(bind)}`
    return (await run({ sql, values })) as unknown as ToldEvent[] // as: its columns are selected
  }

  /** Seq of the first event at or after an instant; undefined when there is none. One step in the index on instants. */
  const seqFrom = async (account_sid: string, instant: number): Promise<number | undefined> => {
    const { values, bind } = asking()
    const sql = `select seq from event where account_sid = ${bind(account_sid)} and at >= ${bind(instant)}
      order by at, seq limit 1`
    return (await run({ sql, values }))[0]?.seq as number | undefined // as: the column is an integer
  }

  return {
    async cursor(account_sid, reader) {
      const { values, bind } = asking()
      const sql = `select seq from cursor where account_sid = ${bind(account_sid)} and reader = ${bind(reader)}`
      const [found] = await run({ sql, values })
      if (found) return Number(found.seq)
      const fresh = asking()
      await insertCursor({
        sql: `insert into cursor (account_sid, reader, seq) values (${fresh.bind(account_sid)}, ${fresh.bind(reader)}, 0)
          on conflict (account_sid, reader) do nothing`,
        values: fresh.values
      })
      return 0
    },

    told: (account_sid, cursor, limit) =>
      toldWhere(
        (bind) => `account_sid = ${bind(account_sid)} and seq > ${bind(cursor)} order by seq limit ${bind(limit)}`
      ),

    toldBetween: (account_sid, from, until) =>
      toldWhere(
        (bind) => `account_sid = ${bind(account_sid)} and at >= ${bind(from)} and at < ${bind(until)} order by at, seq`
      ),

    async events({ account_sid, where, from, until, after, descending, limit }) {
      // Instants never go back along the sequence, so a span of time is a range of seqs, and every index ends in seq.
      const [first, past] = await Promise.all([seqFrom(account_sid, from), seqFrom(account_sid, until + 1)])
      if (first === undefined) return []
      const { values, bind } = asking()
      const conditions = [`account_sid = ${bind(account_sid)}`]
      const best = searched.find((column) => where[column] !== undefined)
      for (const [column, value] of Object.entries(where)) {
        if (value === undefined) continue
        // Neither planner knows that a task has few events and a workspace many: the others are hidden from its indexes.
        const isHidden = column !== best && (searched as readonly string[]).includes(column)
        conditions.push(`${isHidden ? `(${quote(column)} || '')` : quote(column)} = ${bind(value)}`)
      }
      const low = !descending && after !== undefined ? Math.max(first, after + 1) : first
      const bounds = [past, descending ? after : undefined].filter((bound) => bound !== undefined)
      conditions.push(`seq >= ${bind(low)}`)
      if (bounds.length > 0) conditions.push(`seq < ${bind(Math.min(...bounds))}`)
      // SQLite takes the key, and with it every event of the time, wherever seq is bounded from both sides.
      const index = eventTable.indexes?.find(({ columns }) => columns[0] === best)
      const using = index === undefined ? '' : dialect.using(indexName(eventTable.name, index.columns))
      const sql = `select seq, sid, type, at, data from event${using} where ${conditions.join(' and ')}
        order by seq ${descending ? 'desc' : 'asc'} limit ${bind(limit)}`
      return (await run({ sql, values })) as unknown as StoredEvent[] // as: selected so
    },

    async event(account_sid, sid) {
      const { values, bind } = asking()
      const sql = `select seq, sid, type, at, data from event where account_sid = ${bind(account_sid)} and sid = ${bind(sid)}`
      return (await run({ sql, values }))[0] as StoredEvent | undefined // as: selected so
    },

    async rollups(account_sid, { scopes, runs, histograms }) {
      if (scopes.length === 0 || runs.length === 0) return []
      const { values, bind, among } = asking()
      const columns = `scope_sid, span, start, task_channel_sid, figures, ${histograms ? 'histograms' : "'{}' as histograms"}`
      // One select a run: each is a range of the key.
      const parts = runs.map(
        ({ span, start, end }) =>
          `select ${columns} from ${quote(rollupTable.name)} where account_sid = ${bind(account_sid)}
            and ${among('scope_sid', scopes)} and span = ${bind(span)} and start >= ${bind(start)} and start < ${bind(end)}`
      )
      return (await run({ sql: parts.join(' union all '), values })) as unknown as RollupRow[] // as: selected so
    },

    async openStays(account_sid, of) {
      const { values, bind, among } = asking()
      const sql = `select ${stayColumns} from ${quote(stayTable.name)} where account_sid = ${bind(account_sid)} and ${
        'workers' in of ? among('worker_sid', of.workers) : `workspace_sid = ${bind(of.workspace_sid)}`
      } and until_at = ${bind(running)}`
      return (await run({ sql, values })) as unknown as Stay[] // as: its columns are selected
    },

    async stays(account_sid, { workspace_sid, workers, from, until }) {
      const { values, bind, among } = asking()
      const end = `${dialect.least}(until_at, ${bind(until)})`
      const begin = `${dialect.greatest}(from_at, ${bind(from)})`
      const sql = `select activity_sid, count(*) as count, cast(sum(ms) as bigint) as total, min(ms) as min, max(ms) as max
        from (select activity_sid, ${end} - ${begin} as ms from ${quote(stayTable.name)}
          where account_sid = ${bind(account_sid)} and workspace_sid = ${bind(workspace_sid)}
            and until_at > ${bind(from)} and from_at < ${bind(until)}
            ${workers === undefined ? '' : `and ${among('worker_sid', workers)}`}) clipped
        where ms > 0 group by activity_sid`
      return (await run({ sql, values })) as unknown as StaySum[] // as: selected so
    }
  }
}

const toldColumns = `seq, type, at, workspace_sid, task_queue_sid, workflow_sid, task_channel_sid, worker_sid,
  worker_activity_sid, task_date_created, task_queue_entered_date`

const stayColumns = Object.keys(stayTable.columns)
  .filter((column) => column !== 'account_sid')
  .join(', ')
