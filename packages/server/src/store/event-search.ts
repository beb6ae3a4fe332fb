import { eventSeqOf } from '@ringdown/engine/core/ids'
import { blockOf, blockSize, subjects, tokenOf } from './event-blocks.ts'
import type { Dialect, Query } from './query.ts'
import type { EventFilter, EventQuery } from './readings.ts'
import type { StoredEvent } from './store.ts'
import { blockTable, eventTable, indexName, quote } from './tables.ts'

/** Runs a query and answers its rows. */
type Run = (query: Query) => Promise<Record<string, unknown>[]>

/** Blocks that are looked through at a time. */
const blocksAtOnce = 16

/** The index that holds what other filters compare. */
const workspaceIndex = indexName(eventTable.name, eventTable.indexes?.[0]?.columns ?? [])

/** Numbers of events, both inclusive. */
interface Range {
  readonly first: number
  readonly last: number
}

/** The log by its columns: one page of events, one event, and where an instant is. */
export interface EventSearch {
  events(query: EventQuery): Promise<StoredEvent[]>
  event(account_sid: string, sid: string): Promise<StoredEvent | undefined>
  /** A condition that keeps the events from one instant on and before another; it takes the values that it needs. */
  between(account_sid: string, from: number, until: number): Promise<Range | undefined>
}

export function eventSearch(run: Run, dialect: Dialect): EventSearch {
  const asking = () => {
    const values: unknown[] = []
    return { values, bind: (value: unknown) => dialect.parameter(values.push(value)) }
  }

  /**
   * Seq of the first event at or after an instant, or of what would follow the last; undefined for an empty log. Instants
   * never go back along the sequence, so it is found by halving: some twenty steps in the key, and no index to keep.
   */
  async function seqFrom(account_sid: string, instant: number): Promise<number | undefined> {
    const { values, bind } = asking()
    const of = () => `from ${quote(eventTable.name)} where account_sid = ${bind(account_sid)}`
    // Asked twice a step, since neither dialect lets a step be a query of its own.
    const isEarlier = () => `(select at ${of()} and seq >= (low + high) / 2 order by seq limit 1) < ${bind(instant)}`
    const sql = `with recursive search(low, high) as (
        select (select min(seq) ${of()}), (select max(seq) + 1 ${of()})
        union all
        select case when ${isEarlier()} then (low + high) / 2 + 1 else low end,
          case when ${isEarlier()} then high else (low + high) / 2 end
        from search where low < high
      ) select low from search where low >= high`
    const [found] = await run({ sql, values })
    return found === undefined ? undefined : Number(found.low)
  }

  async function between(account_sid: string, from: number, until: number): Promise<Range | undefined> {
    const [first, past] = await Promise.all([seqFrom(account_sid, from), seqFrom(account_sid, until)])
    return first === undefined || past === undefined || past <= first ? undefined : { first, last: past - 1 }
  }

  /** Events in some ranges that hold what is asked for; `using` names an index, where it is not the key. */
  async function read(
    { account_sid, where, descending, limit }: EventQuery,
    ranges: readonly Range[],
    using = ''
  ): Promise<StoredEvent[]> {
    if (ranges.length === 0) return []
    const { values, bind } = asking()
    const parts = ranges.map(({ first, last }) => {
      const conditions = [`account_sid = ${bind(account_sid)}`, `seq >= ${bind(first)}`, `seq <= ${bind(last)}`]
      for (const [column, value] of Object.entries(where))
        if (value !== undefined) conditions.push(`${quote(column)} = ${bind(value)}`)
      return `select seq, sid, type, at, data from ${quote(eventTable.name)}${using} where ${conditions.join(' and ')}`
    })
    const sql = `${parts.join(' union all ')} order by seq ${descending ? 'desc' : 'asc'} limit ${bind(limit)}`
    return (await run({ sql, values })) as unknown as StoredEvent[] // as: selected so
  }

  /** The next blocks of a range that may hold events about all of these, in the order of reading. */
  async function candidates(
    account_sid: string,
    tokens: readonly string[],
    low: number,
    high: number,
    descending: boolean
  ): Promise<number[]> {
    const { values, bind } = asking()
    const base = `account_sid = ${bind(account_sid)} and block >= ${bind(low)} and block <= ${bind(high)}`
    const holds = tokens.map((token) => dialect.contains('subjects', values.push(token)))
    const sql = `select block from ${quote(blockTable.name)} where ${base} and (subjects is null or (${holds.join(' and ')}))
      order by block ${descending ? 'desc' : 'asc'} limit ${bind(blocksAtOnce)}`
    return (await run({ sql, values })).map(({ block }) => Number(block))
  }

  /** The same as `read` of one range, by way of the blocks. */
  async function readBlocks(query: EventQuery, range: Range, tokens: readonly string[]): Promise<StoredEvent[]> {
    const { account_sid, descending, limit } = query
    const { values, bind } = asking()
    const sql = `select max(block) as block from ${quote(blockTable.name)} where account_sid = ${bind(account_sid)}`
    const full = (await run({ sql, values }))[0]?.block
    // Every block up to the last full one has a row; what follows is looked through as it is.
    const tail = { ...range, first: Math.max(range.first, full == null ? 1 : (Number(full) + 1) * blockSize + 1) }
    const found: StoredEvent[] = []
    const more = async (ranges: readonly Range[]) =>
      found.push(...(await read({ ...query, limit: limit - found.length }, ranges.filter(isSome))))
    if (descending) await more([tail])
    let low = blockOf(range.first)
    let high = Math.min(blockOf(range.last), full == null ? -1 : Number(full))
    while (found.length < limit && low <= high) {
      const blocks = await candidates(account_sid, tokens, low, high, descending)
      await more(joined(blocks.sort((a, b) => a - b)).map((one) => clipped(one, range)))
      const last = descending ? blocks[0] : blocks.at(-1)
      if (last === undefined || blocks.length < blocksAtOnce) break
      if (descending) high = last - 1
      else low = last + 1
    }
    if (!descending && found.length < limit) await more([tail])
    return found
  }

  return {
    between,

    async events(query) {
      const { account_sid, where, from, until, after, descending } = query
      const { sid } = where
      const seq = sid === undefined ? undefined : eventSeqOf(sid)
      if (sid !== undefined && seq === undefined) return []
      const time = await between(account_sid, from, until + 1)
      if (!time) return []
      const range = clipped(seq === undefined ? time : { first: seq, last: seq }, {
        first: !descending && after !== undefined ? Math.max(time.first, after + 1) : time.first,
        last: descending && after !== undefined ? Math.min(time.last, after - 1) : time.last
      })
      const tokens = tokensOf(where)
      if (tokens.length > 0) return readBlocks(query, range, tokens)
      // SQLite takes the key, and with it every event of the time, wherever seq is bounded from both sides.
      const isWide = seq === undefined && where.workspace_sid !== undefined
      return read(query, [range].filter(isSome), isWide ? dialect.using(workspaceIndex) : '')
    },

    async event(account_sid, sid) {
      const seq = eventSeqOf(sid)
      if (seq === undefined) return undefined
      const query = { account_sid, where: { sid }, from: 0, until: 0, descending: false, limit: 1 }
      return (await read(query, [{ first: seq, last: seq }]))[0]
    }
  }
}

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
