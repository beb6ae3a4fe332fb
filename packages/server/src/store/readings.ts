import { columnOf, countedIn, type ToldEvent, type ToldGroup } from '@ringdown/engine/analytics/rollup'
import { running, type Stay, type StayPart } from '@ringdown/engine/analytics/stay'
import { eventSearch } from './event-search.ts'
import type { Dialect, Query } from './query.ts'
import type { StoredEvent, Value } from './store.ts'
import { type eventColumns, quote, rollupTable, stayTable } from './tables.ts'

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

/** All cells of a scope and channel in some runs: their texts, one after the other, as the inside of a JSON list. */
interface RollupTexts {
  readonly scope_sid: string
  readonly task_channel_sid: string
  readonly figures: string
  readonly histograms: string
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
  /** Seq of the last event that a reader of the log has dealt with; a new reader's cursor is made, at 0 or where it says. */
  cursor(account_sid: string, reader: string, begins_at?: number): Promise<number>
  /** The columns of the events after a cursor, oldest first. */
  told(account_sid: string, cursor: number, limit: number): Promise<ToldEvent[]>
  /** The columns of the events from one instant on and before another. */
  toldBetween(account_sid: string, from: number, until: number): Promise<ToldEvent[]>
  /** Those of some scopes that count in figures, put together by the store: a busy minute has thousands of events. */
  toldGroups(
    account_sid: string,
    query: { readonly scopes: readonly string[]; readonly from: number; readonly until: number }
  ): Promise<ToldGroup[]>
  /** One page of events, by their columns. */
  events(query: EventQuery): Promise<StoredEvent[]>
  event(account_sid: string, sid: string): Promise<StoredEvent | undefined>
  /** Cells of some scopes. Histograms are left out ('{}') unless asked for: they are large. */
  rollups(
    account_sid: string,
    query: { readonly scopes: readonly string[]; readonly runs: readonly RollupRun[]; readonly histograms: boolean }
  ): Promise<RollupRow[]>
  /** The same cells, put together by the store: one row for each scope and channel, whatever their number. */
  rollupTexts(
    account_sid: string,
    query: { readonly scopes: readonly string[]; readonly runs: readonly RollupRun[]; readonly histograms: boolean }
  ): Promise<RollupTexts[]>
  /** The stays of some workers that still last, or of everybody in a workspace. */
  openStays(
    account_sid: string,
    of: { readonly workers: readonly string[] } | { readonly workspace_sid: string }
  ): Promise<Stay[]>
  /**
   * Stays that overlap a span of time, by activity: of a workspace, or of some of its workers; with `parts`, which must
   * not overlap, those in one of them.
   */
  stays(
    account_sid: string,
    query: {
      readonly workspace_sid: string
      readonly workers?: readonly string[]
      readonly from: number
      readonly until: number
      readonly parts?: readonly StayPart[]
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

  const search = eventSearch(run, dialect)

  /** Cells of some scopes. One select a run: each is a range of the key. */
  const cells = (
    account_sid: string,
    columns: string,
    scopes: readonly string[],
    runs: readonly RollupRun[]
  ): Query => {
    const { values, bind, among } = asking()
    const parts = runs.map(
      ({ span, start, end }) =>
        `select ${columns} from ${quote(rollupTable.name)} where account_sid = ${bind(account_sid)}
          and ${among('scope_sid', scopes)} and span = ${bind(span)} and start >= ${bind(start)} and start < ${bind(end)}`
    )
    return { sql: parts.join(' union all '), values }
  }

  return {
    async cursor(account_sid, reader, begins_at = 0) {
      const { values, bind } = asking()
      const sql = `select seq from cursor where account_sid = ${bind(account_sid)} and reader = ${bind(reader)}`
      const [found] = await run({ sql, values })
      if (found) return Number(found.seq)
      const fresh = asking()
      await insertCursor({
        sql: `insert into cursor (account_sid, reader, seq) values (${fresh.bind(account_sid)}, ${fresh.bind(reader)}, ${fresh.bind(begins_at)})
          on conflict (account_sid, reader) do nothing`,
        values: fresh.values
      })
      return begins_at
    },

    told: (account_sid, cursor, limit) =>
      toldWhere(
        (bind) => `account_sid = ${bind(account_sid)} and seq > ${bind(cursor)} order by seq limit ${bind(limit)}`
      ),

    async toldBetween(account_sid, from, until) {
      const range = await search.between(account_sid, from, until)
      if (!range) return []
      const { first, last } = range
      return toldWhere(
        (bind) => `account_sid = ${bind(account_sid)} and seq >= ${bind(first)} and seq <= ${bind(last)} order by seq`
      )
    },

    async toldGroups(account_sid, { scopes, from, until }) {
      const range = await search.between(account_sid, from, until)
      if (!range || scopes.length === 0) return []
      const { values, bind, among } = asking()
      const columns = [...new Set(scopes.map(columnOf))]
      const parts = columns.map((column) => {
        const sids = scopes.filter((sid) => columnOf(sid) === column)
        return `select type, ${column} as scope_sid, coalesce(task_channel_sid, '') as task_channel_sid,
            ${waited('task_date_created')} as ms,
            ${waited('coalesce(task_queue_entered_date, task_date_created)')} as queue_ms
          from event where account_sid = ${bind(account_sid)} and seq >= ${bind(range.first)} and seq <= ${bind(range.last)}
            and ${among('type', countedIn(column))} and ${among(column, sids)}`
      })
      const total = (column: string) => `cast(sum(${column}) as bigint)`
      const sql = `select type, scope_sid, task_channel_sid, count(*) as count, count(ms) as waited,
          ${total('ms')} as total, min(ms) as min, max(ms) as max,
          ${total('queue_ms')} as queue_total, min(queue_ms) as queue_min, max(queue_ms) as queue_max
        from (${parts.join(' union all ')}) told group by type, scope_sid, task_channel_sid`
      return (await run({ sql, values })) as unknown as ToldGroup[] // as: selected so
    },

    events: search.events,
    event: search.event,

    async rollups(account_sid, { scopes, runs, histograms }) {
      if (scopes.length === 0 || runs.length === 0) return []
      const columns = `scope_sid, span, start, task_channel_sid, figures, ${histograms ? 'histograms' : "'{}' as histograms"}`
      const { sql, values } = cells(account_sid, columns, scopes, runs)
      return (await run({ sql, values })) as unknown as RollupRow[] // as: selected so
    },

    async rollupTexts(account_sid, { scopes, runs, histograms }) {
      if (scopes.length === 0 || runs.length === 0) return []
      const { sql, values } = cells(account_sid, 'scope_sid, task_channel_sid, figures, histograms', scopes, runs)
      // A month of 20 queues is 1,200 cells: as rows they take 6.7 ms to get here, so 1.6 ms (SQLite, of which 1.5 in SQL).
      const texts = `select scope_sid, task_channel_sid, string_agg(figures, ',') as figures,
        ${histograms ? "string_agg(histograms, ',')" : "''"} as histograms
        from (${sql}) cells group by scope_sid, task_channel_sid`
      return (await run({ sql: texts, values })) as unknown as RollupTexts[] // as: selected so
    },

    async openStays(account_sid, of) {
      const { values, bind, among } = asking()
      const sql = `select ${stayColumns} from ${quote(stayTable.name)} where account_sid = ${bind(account_sid)} and ${
        'workers' in of ? among('worker_sid', of.workers) : `workspace_sid = ${bind(of.workspace_sid)}`
      } and until_at = ${bind(running)}`
      return (await run({ sql, values })) as unknown as Stay[] // as: its columns are selected
    },

    async stays(account_sid, { workspace_sid, workers, from, until, parts }) {
      const { values, bind, among } = asking()
      // Each part is a range of the index that ends with the activity: no row is looked up.
      const selects = (parts ?? [{ ended: from + 1, begun: until }]).map(
        ({ ended, before, begun }) =>
          `select activity_sid, ${dialect.least}(until_at, ${bind(until)}) - ${dialect.greatest}(from_at, ${bind(from)}) as ms
          from ${quote(stayTable.name)} where account_sid = ${bind(account_sid)} and workspace_sid = ${bind(workspace_sid)}
            and until_at >= ${bind(ended)} ${before === undefined ? '' : `and until_at < ${bind(before)}`}
            and from_at < ${bind(begun)} ${workers === undefined ? '' : `and ${among('worker_sid', workers)}`}`
      )
      const sql = `select activity_sid, count(*) as count, cast(sum(ms) as bigint) as total, min(ms) as min, max(ms) as max
        from (${selects.join(' union all ')}) clipped where ms > 0 group by activity_sid`
      return (await run({ sql, values })) as unknown as StaySum[] // as: selected so
    }
  }
}

/** Milliseconds from an instant to the event; null where it is not known when the task was created. */
function waited(since: string): string {
  return `case when task_date_created is null then null when at > ${since} then at - ${since} else 0 end`
}

const toldColumns = `seq, type, at, workspace_sid, task_queue_sid, workflow_sid, task_channel_sid, worker_sid,
  worker_activity_sid, task_date_created, task_queue_entered_date`

const stayColumns = Object.keys(stayTable.columns)
  .filter((column) => column !== 'account_sid')
  .join(', ')
