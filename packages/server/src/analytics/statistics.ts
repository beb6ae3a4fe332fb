import { countedEventOf } from '@ringdown/engine/analytics/counted'
import { finest } from '@ringdown/engine/analytics/rollup'
import type { EngineEvent } from '@ringdown/engine/events'
import { insightOf } from '@ringdown/engine/insights/insight-event'
import type { ContactText } from '@ringdown/engine/insights/segment'
import type { Logger } from 'pino'
import type { Ledger } from '../commit/ledger.ts'
import { EventSearch } from '../log/event-search.ts'
import type { Store, StoredEvent } from '../store/store.ts'
import { Cells } from './cells.ts'
import type { Erasures } from './erasures.ts'
import { Keeper, statisticsReader } from './keeper.ts'
import { countedFrom, insightFromLog } from './logged.ts'
import { type EventViews, Recent } from './recent.ts'
import { openInsights } from './segments.ts'

/** What statistics need of their account. */
export interface Counted extends Pick<Ledger, 'account_sid' | 'state' | 'settled' | 'reading' | 'log'> {
  /** False while the account may be another node's. */
  readonly isReady: boolean
  /** Called with the events of each batch when it is durable. */
  readonly onDurable: Set<(events: readonly EngineEvent[]) => void>
}

export interface StatisticsOptions {
  readonly store: Pick<Store, 'dialect' | 'query' | 'log' | 'cursor' | 'advance' | 'forget'>
  readonly account: Counted
  readonly log: Logger
  /** Customers who are to be forgotten; nobody where it is left out. */
  readonly erasures?: Pick<Erasures, 'kept'> | undefined
}

/** Events that are read from the log at a time. */
const readLimit = 200

/** Its cursor says in which format segments are kept: raised with it, so that they are folded anew from the log. */
const formatReader = 'segments'
const segmentFormat = 2

const fresh: EventViews<EngineEvent> = { countedEventOf, insightOf }
const stored: EventViews<StoredEvent> = { countedEventOf: countedFrom, insightOf: insightFromLog }

/** Cells that may wait to be written while the log is read: some two megabytes. */
const maxWaiting = 5_000

/** Milliseconds after the start, or after a failure, in which nobody reads who is not asked. */
const rest_ms = 1_000

/** How long an answer waits until what was decided before it is counted, in real time. */
const patience_ms = 2_000

/** What is in memory, and who writes it. */
interface Run {
  readonly recent: Recent
  readonly keeper: Keeper
}

/**
 * An account's cumulative statistics: counted in memory from the events of each batch, once it is durable, and written a
 * minute at a time. The log is read to catch up, and for nothing else: after a start, a crash, or anything after which it
 * is not sure that a batch follows the last one that was counted.
 */
export class Statistics {
  readonly account: Counted
  readonly #options: StatisticsOptions
  #run: Run | undefined
  #beginning: Promise<Run> | undefined
  #reading: Promise<void> | undefined
  /** Whether all that was durable up to now is in memory, or in `#pending`. */
  #isLive = false
  /** Batches that are durable, and counted when everybody else has had a turn: answers come first. */
  #pending: (readonly EngineEvent[])[] = []
  /** Seq of the last event that is known to be durable. */
  #end = 0
  /** Ends when the one who wrote what is no longer believed has ended. */
  #lost: Promise<void> = Promise.resolve()
  #rest: NodeJS.Timeout | undefined
  #isFailing = false
  #isClosed = false

  constructor(options: StatisticsOptions) {
    this.#options = options
    this.account = options.account
    this.account.onDurable.add(this.#durable)
    this.#restThenRead()
  }

  /** The same, with their cursors in the store: later nothing may be written for a while, and they are read all the same. */
  static async open(options: StatisticsOptions): Promise<Statistics> {
    await cursorsOf(options)
    return new Statistics(options)
  }

  /** A contact's text as it may be kept, and shown. */
  keptText(text: ContactText): ContactText {
    return this.#options.erasures?.kept(text) ?? text
  }

  /**
   * What is in memory, with everything that was decided before the call; what lies before its `since` is in the store. An
   * answer waits for no longer than `patience` (by default 2,000) milliseconds: where the log is further behind, it is
   * told of what has been read so far. Rejects with Unavailable.
   */
  upToDate(patience = patience_ms): Promise<Recent> {
    return this.account.reading(async () => {
      await withPatience(this.#caughtUp(), patience)
      return (await this.#started()).recent
    })
  }

  /** Counts no more; what is in memory is in the log as well. Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.account.onDurable.delete(this.#durable)
    clearTimeout(this.#rest)
    // Whoever reads the log may wait for what is being written, which takes its time.
    this.#lose()
    await this.#reading?.catch(() => {}) // told to whoever waited for it
    this.#lose()
    await this.#lost
  }

  // What was decided just now

  readonly #durable = (events: readonly EngineEvent[]): void => {
    const [first, last] = [events[0], events.at(-1)]
    if (!first || !last) return
    const isNext = first.seq === this.#end + 1
    this.#end = last.seq
    if (!this.#isLive || !isNext) this.#stray(first.seq)
    else if (this.#pending.push(events) === 1) setImmediate(() => this.#count())
  }

  /** A batch does not follow what was counted: it is read from the log. */
  #stray(first: number): void {
    this.#count()
    this.#isLive = false
    // What was counted may not be what is written there, if its numbers were given again.
    if (this.#run && first <= this.#run.recent.seq) this.#lose()
    if (this.#rest === undefined) this.#readOn()
  }

  #count(): void {
    const pending = this.#pending
    if (pending.length === 0 || !this.#run) return
    this.#pending = []
    const { recent, keeper } = this.#run
    for (const events of pending) recent.fold(events, fresh)
    keeper.wake()
  }

  // What the log has

  async #caughtUp(): Promise<void> {
    const { state } = this.account
    const end = state.next_event - 1
    await this.account.settled()
    this.#count()
    // The store has lost what was acknowledged: its numbers will be given again.
    if (this.#run && end < this.#run.recent.seq && this.account.state.next_event <= this.#run.recent.seq) this.#lose()
    // A reading that is under way may have looked before the end was written.
    for (let n = 0; n < 2 && (this.#run?.recent.seq ?? -1) < end; n++) {
      this.#end = Math.max(this.#end, end)
      await this.#catchUp()
    }
  }

  #catchUp(): Promise<void> {
    this.#isLive = false
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      const run = await this.#started()
      const end = this.#end
      const events = await this.#after(run.recent.seq)
      if (this.#run !== run) continue
      run.recent.fold(events, stored)
      run.keeper.wake()
      // Nothing may be there, either, of what was thought to be durable.
      const isAll = run.recent.seq >= this.#end || (events.length === 0 && this.#end === end)
      // Without a wait: what becomes durable from now on is told.
      if (events.length < readLimit && isAll) {
        this.#end = run.recent.seq
        this.#isLive = true
        this.#isFailing = false
        return
      }
      if (run.recent.waiting > maxWaiting) await run.keeper.settled
      else await turn()
    }
  }

  #started(): Promise<Run> {
    if (this.#run) return Promise.resolve(this.#run)
    this.#beginning ??= this.#begin()
      .then((run) => {
        this.#run = run
        return run
      })
      .finally(() => {
        this.#beginning = undefined
      })
    return this.#beginning
  }

  /** Begins at the cursor. */
  async #begin(): Promise<Run> {
    const { store, log } = this.#options
    const { account_sid } = this.account
    await this.#lost
    const cursor = await this.#cursorInForce()
    const stays = await new Cells(store).openStays(account_sid)
    const recent = new Recent(await this.#endOfMinute(cursor), stays, await openInsights(store, account_sid))
    // Only then it is known what is in the store.
    recent.fold(await this.#after(recent.seq), stored)
    const keeper: Keeper = new Keeper({
      store,
      account: this.account,
      recent,
      keptText: (text) => this.keptText(text),
      cursor,
      isCatchingUp: () => !this.#isLive,
      log,
      onFenced: () => {
        if (this.#run?.keeper === keeper) this.#lose()
      }
    })
    return { recent, keeper }
  }

  /**
   * The cursor; set back to the first minute that the log holds as a whole where segments were kept in another format, or
   * not at all. What statistics make of the same events another time is the same.
   */
  async #cursorInForce(): Promise<number> {
    const { store } = this.#options
    const { account_sid } = this.account
    const { cursor, format } = await cursorsOf(this.#options)
    if (format === segmentFormat) return cursor
    const to = Math.min(cursor, await this.#endOfFirstMinute())
    if (to < cursor) await store.advance({ account_sid, reader: statisticsReader, from: cursor, to })
    await store.advance({ account_sid, reader: formatReader, from: format, to: segmentFormat })
    return to
  }

  async #endOfFirstMinute(): Promise<number> {
    const { store } = this.#options
    const { account_sid } = this.account
    const [first] = await store.log(account_sid, 0, 1)
    if (!first) return Number.POSITIVE_INFINITY
    const minute = first.at - (first.at % finest)
    const range = await new EventSearch(store).between(account_sid, minute, minute + finest)
    return range?.last ?? first.seq
  }

  /**
   * Seq of the last event of the minute before the one that is to be counted next. The cursor is at the end of a minute,
   * unless it was left in the middle of one by a program that counted in steps of any length.
   */
  async #endOfMinute(cursor: number): Promise<number> {
    const { store } = this.#options
    const { account_sid } = this.account
    const [last, next] = await store.log(account_sid, cursor - 1, 2)
    if (last?.seq !== cursor) return cursor
    const minute = last.at - (last.at % finest)
    if (next && next.at >= minute + finest) return cursor
    const range = await new EventSearch(store).between(account_sid, minute, minute + finest)
    return range ? range.first - 1 : cursor
  }

  #after(seq: number): Promise<StoredEvent[]> {
    return this.#options.store.log(this.account.account_sid, seq, readLimit)
  }

  /** What is in memory is not to be believed; whoever needs it begins at the cursor. */
  #lose(): void {
    this.#isLive = false
    this.#pending = []
    const closing = this.#run?.keeper.close()
    this.#run = undefined
    if (closing) this.#lost = Promise.all([this.#lost, closing]).then(() => {})
  }

  #readOn(): void {
    this.#catchUp().catch((err: unknown) => {
      // Once: as long as the store is away it fails again and again.
      if (!this.#isFailing)
        this.#options.log.warn({ err }, 'the log could not be read for statistics; it is tried again')
      this.#isFailing = true
      this.#restThenRead()
    })
  }

  #restThenRead(): void {
    clearTimeout(this.#rest)
    if (this.#isClosed) return
    this.#rest = setTimeout(() => {
      this.#rest = undefined
      if (!this.#isLive) this.#readOn()
    }, rest_ms)
    this.#rest.unref()
  }
}

/** Waits for something, but not longer than so many milliseconds. */
async function withPatience(awaited: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([awaited, enough]).finally(() => clearTimeout(timer))
}

/** Resolves when everybody else who is waiting has had a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** How far minutes are stored, and in which format segments are; both begin now where they are not there. */
async function cursorsOf({
  store,
  account: { account_sid }
}: StatisticsOptions): Promise<{ cursor: number; format: number }> {
  const cursor = await store.cursor(account_sid, statisticsReader)
  return { cursor, format: await store.cursor(account_sid, formatReader, cursor === 0 ? segmentFormat : 0) }
}
