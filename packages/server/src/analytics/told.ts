import { columnOf, countedIn, type ToldEvent, type ToldGroup } from '@ringdown/engine/analytics/rollup'
import { EventSearch } from '../log/event-search.ts'
import { binding, type Reading } from '../store/query.ts'
import { logName, quote } from '../store/tables.ts'

/** The log as statistics read it: by the columns that the folds take, without the events' text. */
export class ToldEvents {
  readonly #log: Reading
  readonly #search: EventSearch

  constructor(log: Reading) {
    this.#log = log
    this.#search = new EventSearch(log)
  }

  /** The events after a cursor, oldest first. */
  after(account_sid: string, cursor: number, limit: number): Promise<ToldEvent[]> {
    return this.#where(
      (bind) => `account_sid = ${bind(account_sid)} and seq > ${bind(cursor)} order by seq limit ${bind(limit)}`
    )
  }

  /** The events from one instant on and before another. */
  async between(account_sid: string, from: number, until: number): Promise<ToldEvent[]> {
    const range = await this.#search.between(account_sid, from, until)
    if (!range) return []
    const { first, last } = range
    return this.#where(
      (bind) => `account_sid = ${bind(account_sid)} and seq >= ${bind(first)} and seq <= ${bind(last)} order by seq`
    )
  }

  /** Those of some scopes that count in figures, put together by the store: a busy minute has thousands of events. */
  async groups(
    account_sid: string,
    { scopes, from, until }: { readonly scopes: readonly string[]; readonly from: number; readonly until: number }
  ): Promise<ToldGroup[]> {
    const range = await this.#search.between(account_sid, from, until)
    if (!range || scopes.length === 0) return []
    const { values, bind, among } = binding(this.#log.dialect)
    const columns = [...new Set(scopes.map(columnOf))]
    const parts = columns.map((column) => {
      const sids = scopes.filter((sid) => columnOf(sid) === column)
      return `select type, ${column} as scope_sid, coalesce(task_channel_sid, '') as task_channel_sid,
          ${waited('task_date_created')} as ms,
          ${waited('coalesce(task_queue_entered_date, task_date_created)')} as queue_ms
        from ${quote(logName)} where account_sid = ${bind(account_sid)} and seq >= ${bind(range.first)} and seq <= ${bind(range.last)}
          and ${among('type', 'text', countedIn(column))} and ${among(column, 'text', sids)}`
    })
    const total = (column: string) => `cast(sum(${column}) as bigint)`
    const sql = `select type, scope_sid, task_channel_sid, count(*) as count, count(ms) as waited,
        ${total('ms')} as total, min(ms) as min, max(ms) as max,
        ${total('queue_ms')} as queue_total, min(queue_ms) as queue_min, max(queue_ms) as queue_max
      from (${parts.join(' union all ')}) told group by type, scope_sid, task_channel_sid`
    return (await this.#log.query({ sql, values })) as unknown as ToldGroup[] // as: selected so
  }

  async #where(conditions: (bind: (value: unknown) => string) => string): Promise<ToldEvent[]> {
    const { values, bind } = binding(this.#log.dialect)
    const sql = `select ${toldColumns} from ${quote(logName)} where ${conditions(bind)}`
    return (await this.#log.query({ sql, values })) as unknown as ToldEvent[] // as: its columns are selected
  }
}

/** Milliseconds from an instant to the event; null where it is not known when the task was created. */
function waited(since: string): string {
  return `case when task_date_created is null then null when at > ${since} then at - ${since} else 0 end`
}

const toldColumns = `seq, type, at, workspace_sid, task_queue_sid, workflow_sid, task_channel_sid, worker_sid,
  worker_activity_sid, task_date_created, task_queue_entered_date`
