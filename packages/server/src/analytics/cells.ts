import { day, running, type Stay, type StayCell, type StayPart } from '@ringdown/engine/analytics/stay'
import { binding, type Query } from '../store/query.ts'
import type { StepWrite, Store } from '../store/store.ts'
import { insertsOf, quote, type Table } from '../store/tables.ts'

/*
 * What is kept of statistics: cells of figures (roll-ups), and the times of workers in activities (stays). One text for
 * both dialects; each query is answered by one index.
 */

/**
 * Cells of statistics, by scope and time (see the engine's analytics/rollup). One is written when its time is over, and
 * never changes after that.
 */
export const cellTable: Table = {
  name: 'rollup',
  columns: {
    account_sid: 'text',
    scope_sid: 'text',
    span: 'integer',
    start: 'integer',
    task_channel_sid: 'text',
    figures: 'text',
    histograms: 'text',
    seconds: 'text'
  },
  key: ['account_sid', 'scope_sid', 'span', 'start', 'task_channel_sid'],
  optional: ['seconds'],
  // For forgetting what is older than anybody may ask for, and for finding everybody who had a part in an hour.
  indexes: [{ columns: ['start', 'span', 'scope_sid'] }]
}

/** Workers' times in activities. The first index holds all that a sum over a workspace reads: no row is looked up. */
export const stayTable: Table = {
  name: 'stay',
  columns: {
    account_sid: 'text',
    workspace_sid: 'text',
    worker_sid: 'text',
    seq: 'integer',
    activity_sid: 'text',
    from_at: 'integer',
    until_at: 'integer'
  },
  key: ['account_sid', 'seq'],
  indexes: [
    { columns: ['workspace_sid', 'until_at', 'from_at', 'activity_sid', 'seq'] },
    { columns: ['worker_sid', 'until_at', 'from_at'] },
    // For forgetting.
    { columns: ['until_at'] }
  ]
}

/** A cell of roll-ups as it is kept: figures, histograms and seconds are JSON text. */
export interface CellRow {
  readonly scope_sid: string
  readonly span: number
  readonly start: number
  readonly task_channel_sid: string
  readonly figures: string
  readonly histograms: string
  /** Of a minute; null in one that was written before seconds were kept. */
  readonly seconds: string | null
}

/** Neighbouring cells of one length, `end` exclusive. */
export interface CellRun {
  readonly span: number
  readonly start: number
  readonly end: number
}

/** All cells of a scope and channel in some runs: their texts, one after the other, as the inside of a JSON list. */
interface CellTexts {
  readonly scope_sid: string
  readonly task_channel_sid: string
  readonly figures: string
  readonly histograms: string
}

/** Stays by activity, each clipped to the span of time that was asked for. Milliseconds. */
interface StaySum {
  readonly activity_sid: string
  readonly count: number
  readonly total: number
  readonly min: number
  readonly max: number
}

/** Which cells are asked for: of some scopes, in some runs of time. */
interface CellQuery {
  readonly scopes: readonly string[]
  readonly runs: readonly CellRun[]
}

/** Stays that overlap a span of time: of a workspace, or of some of its workers. */
interface StayQuery {
  readonly workspace_sid: string
  readonly workers?: readonly string[]
  readonly from: number
  readonly until: number
  /** Those in one of these, which must not overlap. */
  readonly parts?: readonly StayPart[]
  /** Those with one of these seqs are left out. */
  readonly without: readonly number[]
}

/** The cells and stays of a store, for reading. */
export class Cells {
  readonly #store: Pick<Store, 'dialect' | 'query'>

  constructor(store: Pick<Store, 'dialect' | 'query'>) {
    this.#store = store
  }

  async cells(account_sid: string, { scopes, runs }: CellQuery): Promise<CellRow[]> {
    if (scopes.length === 0 || runs.length === 0) return []
    const columns = 'scope_sid, span, start, task_channel_sid, figures, histograms, seconds'
    return this.#store.query<CellRow>(this.#select(account_sid, columns, scopes, runs))
  }

  /**
   * The same cells, put together by the store: one row for each scope and channel, whatever their number. Histograms are
   * left out unless asked for: they are large.
   */
  async texts(
    account_sid: string,
    { scopes, runs, histograms }: CellQuery & { readonly histograms: boolean }
  ): Promise<CellTexts[]> {
    if (scopes.length === 0 || runs.length === 0) return []
    const columns = 'scope_sid, task_channel_sid, figures, histograms'
    const { sql, values } = this.#select(account_sid, columns, scopes, runs)
    // A month of 20 queues is 1,200 cells: as rows they take 6.7 ms to get here, so 1.6 ms (SQLite, of which 1.5 in SQL).
    const joined = `select scope_sid, task_channel_sid, string_agg(figures, ',') as figures,
      ${histograms ? "string_agg(histograms, ',')" : "''"} as histograms
      from (${sql}) cells group by scope_sid, task_channel_sid`
    return this.#store.query<CellTexts>({ sql: joined, values })
  }

  /** Whoever has cells in a run, each once. Read from the index alone. */
  async scopes(account_sid: string, { span, start, end }: CellRun): Promise<string[]> {
    const { values, bind } = binding(this.#store.dialect)
    const sql = `select distinct scope_sid from ${quote(cellTable.name)} where account_sid = ${bind(account_sid)}
      and start >= ${bind(start)} and start < ${bind(end)} and span = ${bind(span)} order by scope_sid`
    return (await this.#store.query({ sql, values })).map(({ scope_sid }) => String(scope_sid))
  }

  /** The stays that still last. */
  async openStays(account_sid: string): Promise<Stay[]> {
    const { values, bind } = binding(this.#store.dialect)
    const sql = `select ${stayColumns} from ${quote(stayTable.name)} where account_sid = ${bind(account_sid)}
      and until_at = ${bind(running)} order by seq`
    return this.#store.query<Stay>({ sql, values })
  }

  /** Cells of the stays that ended from one instant on and before another, both in one day. One that lasted no time is none. */
  async endedStays(account_sid: string, from: number, until: number): Promise<StayCell[]> {
    const { values, bind } = binding(this.#store.dialect)
    const ms = 'until_at - from_at'
    const sql = `select activity_sid, begun, count(*) as count, cast(sum(ms) as bigint) as total, min(ms) as min, max(ms) as max
      from (select activity_sid, from_at - from_at % ${day} as begun, ${ms} as ms from ${quote(stayTable.name)}
        where account_sid = ${bind(account_sid)} and until_at >= ${bind(from)} and until_at < ${bind(until)} and ${ms} > 0) ended
      group by activity_sid, begun order by activity_sid, begun`
    const found = await this.#store.query<Omit<StayCell, 'ended'>>({ sql, values })
    const ended = from - (from % day)
    return found.map((row) => ({ ...row, ended }))
  }

  /** Stays by activity. */
  async stays(account_sid: string, query: StayQuery): Promise<StaySum[]> {
    const { workspace_sid, workers, from, until, parts, without } = query
    const { dialect } = this.#store
    const { values, bind, among } = binding(dialect)
    // Asked once a part, since values are bound in the order of the text.
    const isAsked = () => [
      ...(workers === undefined ? [] : [`and ${among('worker_sid', 'text', workers)}`]),
      ...(without.length === 0 ? [] : [`and not (${among('seq', 'integer', without)})`])
    ]
    // Each part is a range of the index that ends with the activity: no row is looked up.
    const selects = (parts ?? [{ ended: from + 1, begun: until }]).map(
      ({ ended, before, begun }) =>
        `select activity_sid, ${dialect.least}(until_at, ${bind(until)}) - ${dialect.greatest}(from_at, ${bind(from)}) as ms
        from ${quote(stayTable.name)} where account_sid = ${bind(account_sid)} and workspace_sid = ${bind(workspace_sid)}
          and until_at >= ${bind(ended)} ${before === undefined ? '' : `and until_at < ${bind(before)}`}
          and from_at < ${bind(begun)} ${isAsked().join(' ')}`
    )
    const sql = `select activity_sid, count(*) as count, cast(sum(ms) as bigint) as total, min(ms) as min, max(ms) as max
      from (${selects.join(' union all ')}) clipped where ms > 0 group by activity_sid`
    return this.#store.query<StaySum>({ sql, values })
  }

  /** One select a run: each is a range of the key. */
  #select(account_sid: string, columns: string, scopes: readonly string[], runs: readonly CellRun[]): Query {
    const { values, bind, among } = binding(this.#store.dialect)
    const parts = runs.map(
      ({ span, start, end }) =>
        `select ${columns} from ${quote(cellTable.name)} where account_sid = ${bind(account_sid)}
          and ${among('scope_sid', 'text', scopes)} and span = ${bind(span)} and start >= ${bind(start)} and start < ${bind(end)}`
    )
    return { sql: parts.join(' union all '), values }
  }
}

/** Cells and stays as what is written with the cursor. */
export function cellWrites(cells: readonly CellRow[], stays: readonly Stay[]): StepWrite[] {
  return [insertsOf(cellTable, cells), insertsOf(stayTable, stays)].filter(({ rows }) => rows.length > 0)
}

/** Deletes cells that began, and stays that had ended, before an instant, at most `limit` of each; resolves with how many went. */
export async function forgetCells(
  store: Pick<Store, 'forget'>,
  account_sid: string,
  before: number,
  limit: number
): Promise<number> {
  const cells = await store.forget(account_sid, { table: cellTable, column: 'start' }, before, limit)
  return cells + (await store.forget(account_sid, { table: stayTable, column: 'until_at' }, before, limit))
}

const stayColumns = Object.keys(stayTable.columns)
  .filter((column) => column !== 'account_sid')
  .join(', ')
