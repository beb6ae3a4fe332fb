import { eventSeqOf } from '@ringdown/engine/core/ids'
import { blockOf, blockSize, blockTable, tokenOf } from '../store/event-blocks.ts'
import { binding, type Reading } from '../store/query.ts'
import type { StoredEvent } from '../store/store.ts'
import { indexName, logName, quote } from '../store/tables.ts'
import { type eventColumns, subjects, workspaceIndex } from './event-columns.ts'

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

/** Blocks that are looked through at a time. */
const blocksAtOnce = 16

/** The index that holds what other filters compare. */
const wideIndex = indexName(logName, workspaceIndex.columns)

/** Numbers of events, both inclusive. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** The log by its columns. */
export class EventSearch {
  readonly #log: Reading

  constructor(log: Reading) {
    this.#log = log
  }

  /** One page of events. */
  async page(query: EventQuery): Promise<StoredEvent[]> {
    const { account_sid, where, from, until, after, descending } = query
    const { sid } = where
    const seq = sid === undefined ? undefined : eventSeqOf(sid)
    if (sid !== undefined && seq === undefined) return []
    const time = await this.between(account_sid, from, until + 1)
    if (!time) return []
    const range = clipped(seq === undefined ? time : { first: seq, last: seq }, {
      first: !descending && after !== undefined ? Math.max(time.first, after + 1) : time.first,
      last: descending && after !== undefined ? Math.min(time.last, after - 1) : time.last
    })
    const tokens = tokensOf(where)
    if (tokens.length > 0) return this.#readBlocks(query, range, tokens)
    // SQLite takes the key, and with it every event of the time, wherever seq is bounded from both sides.
    const isWide = seq === undefined && where.workspace_sid !== undefined
    return this.#read(query, [range].filter(isSome), isWide ? this.#log.dialect.using(wideIndex) : '')
  }

  async find(account_sid: string, sid: string): Promise<StoredEvent | undefined> {
    const seq = eventSeqOf(sid)
    if (seq === undefined) return undefined
    const query = { account_sid, where: { sid }, from: 0, until: 0, descending: false, limit: 1 }
    return (await this.#read(query, [{ first: seq, last: seq }]))[0]
  }

  /** The first event at or after an instant; undefined where there is none. */
  async firstFrom(account_sid: string, instant: number): Promise<StoredEvent | undefined> {
    const query = { account_sid, where: {}, from: instant, until: lastInstant, descending: false, limit: 1 }
    return (await this.page(query))[0]
  }

  /** The events from one instant on and before another; undefined where there are none. */
  async between(account_sid: string, from: number, until: number): Promise<Range | undefined> {
    const [first, past] = await Promise.all([this.#seqFrom(account_sid, from), this.#seqFrom(account_sid, until)])
    return first === undefined || past === undefined || past <= first ? undefined : { first, last: past - 1 }
  }

  /**
   * Seq of the first event at or after an instant, or of what would follow the last; undefined for an empty log. Instants
   * never go back along the sequence, so it is found by halving: some twenty steps in the key, and no index to keep.
   */
  async #seqFrom(account_sid: string, instant: number): Promise<number | undefined> {
    const { values, bind } = binding(this.#log.dialect)
    const of = () => `from ${quote(logName)} where account_sid = ${bind(account_sid)}`
    // Asked twice a step, since neither dialect lets a step be a query of its own.
    const isEarlier = () => `(select at ${of()} and seq >= (low + high) / 2 order by seq limit 1) < ${bind(instant)}`
    const sql = `with recursive search(low, high) as (
        select (select min(seq) ${of()}), (select max(seq) + 1 ${of()})
        union all
        select case when ${isEarlier()} then (low + high) / 2 + 1 else low end,
          case when ${isEarlier()} then high else (low + high) / 2 end
        from search where low < high
      ) select low from search where low >= high`
    const [found] = await this.#log.query({ sql, values })
    return found === undefined ? undefined : Number(found.low)
  }

  /** Events in some ranges that hold what is asked for; `using` names an index, where it is not the key. */
  async #read(
    { account_sid, where, descending, limit }: EventQuery,
    ranges: readonly Range[],
    using = ''
  ): Promise<StoredEvent[]> {
    if (ranges.length === 0) return []
    const { values, bind } = binding(this.#log.dialect)
    const parts = ranges.map(({ first, last }) => {
      const conditions = [`account_sid = ${bind(account_sid)}`, `seq >= ${bind(first)}`, `seq <= ${bind(last)}`]
      for (const [column, value] of Object.entries(where))
        if (value !== undefined) conditions.push(`${quote(column)} = ${bind(value)}`)
      return `select seq, sid, type, at, data from ${quote(logName)}${using} where ${conditions.join(' and ')}`
    })
    const sql = `${parts.join(' union all ')} order by seq ${descending ? 'desc' : 'asc'} limit ${bind(limit)}`
    return (await this.#log.query({ sql, values })) as unknown as StoredEvent[] // as: selected so
  }

  /** The same as `#read` of one range, by way of the blocks. */
  async #readBlocks(query: EventQuery, range: Range, tokens: readonly string[]): Promise<StoredEvent[]> {
    const { account_sid, descending, limit } = query
    const full = await this.#lastFull(account_sid)
    // Every block up to the last full one has a row; what follows is looked through as it is.
    const tail = { ...range, first: Math.max(range.first, full === undefined ? 1 : (full + 1) * blockSize + 1) }
    const found: StoredEvent[] = []
    const more = async (ranges: readonly Range[]) =>
      found.push(...(await this.#read({ ...query, limit: limit - found.length }, ranges.filter(isSome))))
    if (descending) await more([tail])
    let low = blockOf(range.first)
    let high = Math.min(blockOf(range.last), full ?? -1)
    while (found.length < limit && low <= high) {
      const blocks = await this.#candidates(query, tokens, low, high)
      await more(joined(blocks.sort((a, b) => a - b)).map((one) => clipped(one, range)))
      const last = descending ? blocks[0] : blocks.at(-1)
      if (last === undefined || blocks.length < blocksAtOnce) break
      if (descending) high = last - 1
      else low = last + 1
    }
    if (!descending && found.length < limit) await more([tail])
    return found
  }

  /** The number of the last block that is full. */
  async #lastFull(account_sid: string): Promise<number | undefined> {
    const { values, bind } = binding(this.#log.dialect)
    const sql = `select max(block) as block from ${quote(blockTable.name)} where account_sid = ${bind(account_sid)}`
    const full = (await this.#log.query({ sql, values }))[0]?.block
    return full == null ? undefined : Number(full)
  }

  /** The next blocks of a range that may hold events about all of these, in the order of reading. */
  async #candidates(
    { account_sid, descending }: EventQuery,
    tokens: readonly string[],
    low: number,
    high: number
  ): Promise<number[]> {
    const { values, bind, contains } = binding(this.#log.dialect)
    const base = `account_sid = ${bind(account_sid)} and block >= ${bind(low)} and block <= ${bind(high)}`
    const holds = tokens.map((token) => contains('subjects', token))
    const sql = `select block from ${quote(blockTable.name)} where ${base} and (subjects is null or (${holds.join(' and ')}))
      order by block ${descending ? 'desc' : 'asc'} limit ${bind(blocksAtOnce)}`
    return (await this.#log.query({ sql, values })).map(({ block }) => Number(block))
  }
}

/** The last millisecond that has a date. */
const lastInstant = 8_640_000_000_000_000 - 1

function tokensOf(where: EventFilter): string[] {
  return subjects.flatMap((column) => (where[column] === undefined ? [] : [tokenOf(where[column])]))
}

/** Neighbouring blocks as one range; they come in ascending order. */
function joined(blocks: readonly number[]): Range[] {
  const ranges: { first: number; last: number }[] = []
  for (const block of blocks) {
    const [first, last] = [block * blockSize + 1, (block + 1) * blockSize]
    const before = ranges.at(-1)
    if (before && before.last + 1 === first) before.last = last
    else ranges.push({ first, last })
  }
  return ranges
}

function clipped({ first, last }: Range, by: Range): Range {
  return { first: Math.max(first, by.first), last: Math.min(last, by.last) }
}

function isSome({ first, last }: Range): boolean {
  return first <= last
}
