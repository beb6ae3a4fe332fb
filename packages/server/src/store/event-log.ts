import { memberAt } from '@ringdown/engine/core/member-at'
import { blockTable, eventsIn, textTable } from './log-blocks.ts'
import { binding, type Reading } from './query.ts'
import type { StoredEvent } from './store.ts'
import { quote } from './tables.ts'

/** Which events are wanted, as a page. */
export interface LogQuery {
  readonly account_sid: string
  /** Numbers of events, both inclusive. */
  readonly first?: number
  readonly last?: number
  /** Instants, both inclusive. */
  readonly from?: number
  readonly until?: number
  /** Tokens (`tokenOf`, `typeToken`) that a block must have all of, and of which it must have one, or it is not read. */
  readonly all?: readonly string[]
  readonly any?: readonly string[]
  /** Which of the events of a block that was read are wanted. */
  readonly fits?: (event: StoredEvent) => boolean
  readonly descending?: boolean
  readonly limit: number
}

interface Place {
  readonly first: number
  readonly last: number
}

/** Blocks that are looked for at a time, at first and when those were not enough; and events that are read at a time. */
const fewPlaces = 16
const manyPlaces = 256
const eventsAtOnce = 4_096

const [blocks, texts] = [quote(blockTable.name), quote(textTable.name)]

/** The log of events as it is read: in blocks, through the queries of either store. */
export class EventLog {
  readonly #store: Reading

  constructor(store: Reading) {
    this.#store = store
  }

  /** The events after a number, oldest first. */
  async after(account_sid: string, cursor: number, limit: number): Promise<StoredEvent[]> {
    const { values, bind } = binding(this.#store.dialect)
    // Numbers have no gaps, but for those before the first that is left.
    const sql = `select data from ${texts} where account_sid = ${bind(account_sid)} and last > ${bind(cursor)}
      and last <= coalesce((
        select last from ${blocks} where account_sid = ${bind(account_sid)} and last >= ${bind(limit)} + (
          select ${this.#store.dialect.greatest}(first - 1, ${bind(cursor)}) from ${blocks}
          where account_sid = ${bind(account_sid)} and last > ${bind(cursor)} order by last limit 1)
        order by last limit 1), ${endless})
      order by last`
    const found: StoredEvent[] = []
    for (const { data } of await this.#store.query({ sql, values }))
      for (const event of eventsIn(String(data))) if (event.seq > cursor && found.length < limit) found.push(event)
    return found
  }

  /** One page of the events that are wanted. */
  async page(query: LogQuery): Promise<StoredEvent[]> {
    const { account_sid, first = 0, last = endless, from = 0, until = endless, fits, descending = false, limit } = query
    const isWanted = (event: StoredEvent) =>
      event.seq >= first && event.seq <= last && event.at >= from && event.at <= until && (fits?.(event) ?? true)
    const [begin, end] = await Promise.all([
      from > 0 ? this.#blockAt(account_sid, from) : whole,
      until < endless ? this.#blockAt(account_sid, until + 1) : whole
    ])
    const found: StoredEvent[] = []
    let rest: Place = { first: Math.max(first, begin.first), last: Math.min(last, end.last) }
    let read = 0
    for (let most = fewPlaces; found.length < limit && rest.first <= rest.last; most = manyPlaces) {
      const places = await this.#places(query, rest, most)
      for (let n = 0; n < places.length && found.length < limit; ) {
        // As many blocks as hold enough, if they are like those before.
        const enough = (limit - found.length) * (read === 0 ? 1 : (read + 1) / (found.length + 1))
        const some = taken(places, n, enough)
        const events = await this.#eventsOf(account_sid, some, descending)
        for (const event of events) if (found.length < limit && isWanted(event)) found.push(event)
        n += some.length
        read += events.length
      }
      const latest = places.at(-1)
      if (!latest || places.length < most) break
      rest = descending ? { ...rest, last: latest.first - 1 } : { ...rest, first: latest.last + 1 }
    }
    return found
  }

  /** All events of those blocks in which these are, block by block. */
  async blocksWith(account_sid: string, seqs: readonly number[]): Promise<StoredEvent[][]> {
    const sorted = [...seqs].sort((a, b) => a - b)
    const found: StoredEvent[][] = []
    for (let n = 0; n < sorted.length; ) {
      const [first, last] = [memberAt(sorted, n), memberAt(sorted, sorted.length - 1)]
      const places = await this.#places({ account_sid, limit: 0 }, { first, last }, manyPlaces)
      const wanted = places.filter((place) => {
        const begun = n
        while (n < sorted.length && memberAt(sorted, n) <= place.last) n++
        return n > begun && memberAt(sorted, n - 1) >= place.first
      })
      for (let from = 0; from < wanted.length; ) {
        const some = taken(wanted, from, eventsAtOnce)
        found.push(...(await this.#textsOf(account_sid, some)).map(eventsIn))
        from += some.length
      }
      if (places.length < manyPlaces) break
    }
    return found
  }

  /**
   * The first block that ends at or after an instant, or what would follow the last one. Instants never go back along the
   * log, so it is found by halving: some twenty steps in the key, and no index to keep.
   */
  async #blockAt(account_sid: string, instant: number): Promise<Place> {
    const { values, bind } = binding(this.#store.dialect)
    const of = () => `from ${blocks} where account_sid = ${bind(account_sid)}`
    // Asked twice a step, since neither dialect lets a step be a query of its own.
    const isEarlier = () => `(select at ${of()} and last >= (low + high) / 2 order by last limit 1) < ${bind(instant)}`
    const sql = `with recursive search(low, high) as (
        select (select first ${of()} order by last limit 1), (select max(last) + 1 ${of()})
        union all
        select case when ${isEarlier()} then (low + high) / 2 + 1 else low end,
          case when ${isEarlier()} then high else (low + high) / 2 end
        from search where low < high
      ) select low, (select last ${of()} and last >= low order by last limit 1) as last from search where low >= high`
    const [found] = await this.#store.query({ sql, values })
    return { first: Number(found?.low ?? 0), last: Number(found?.last ?? endless) }
  }

  /** The next blocks of a range that may hold what is wanted, in the order of reading. */
  async #places(query: LogQuery, { first, last }: Place, most: number): Promise<Place[]> {
    const { account_sid, all = [], any = [], descending } = query
    const { values, bind, contains } = binding(this.#store.dialect)
    const conditions = [`account_sid = ${bind(account_sid)}`, `last >= ${bind(first)}`]
    if (last < endless)
      // Where the block with the last of them ends: then the key bounds the reading on both sides.
      conditions.push(`last <= coalesce((select last from ${blocks}
        where account_sid = ${bind(account_sid)} and last >= ${bind(last)} order by last limit 1), ${endless})`)
    for (const token of all) conditions.push(contains('subjects', token))
    if (any.length > 0) conditions.push(`(${any.map((token) => contains('subjects', token)).join(' or ')})`)
    const sql = `select first, last from ${blocks} where ${conditions.join(' and ')}
      order by last ${descending ? 'desc' : 'asc'} limit ${bind(most)}`
    const found = await this.#store.query({ sql, values })
    return found.map((place) => ({ first: Number(place.first), last: Number(place.last) }))
  }

  /** The events of some blocks, in the order of reading. */
  async #eventsOf(account_sid: string, places: readonly Place[], descending: boolean): Promise<StoredEvent[]> {
    const events = (await this.#textsOf(account_sid, places)).flatMap(eventsIn)
    return descending ? events.reverse() : events
  }

  /** The texts of some blocks, oldest first. */
  async #textsOf(account_sid: string, places: readonly Place[]): Promise<string[]> {
    if (places.length === 0) return []
    const { values, bind, among } = binding(this.#store.dialect)
    const sql = `select data from ${texts} where account_sid = ${bind(account_sid)} and ${among(
      'last',
      'integer',
      places.map(({ last }) => last)
    )} order by last`
    return (await this.#store.query({ sql, values })).map(({ data }) => String(data))
  }
}

const endless = Number.MAX_SAFE_INTEGER
const whole: Place = { first: 0, last: endless }

/** Some of the blocks, from the n-th on: until they have so many events, or as many as are read at a time. */
function taken(places: readonly Place[], from: number, enough: number): readonly Place[] {
  let end = from
  for (let events = 0; end < places.length && events < Math.min(enough, eventsAtOnce); end++) {
    const { first, last } = memberAt(places, end)
    events += last - first + 1
  }
  return places.slice(from, end)
}
