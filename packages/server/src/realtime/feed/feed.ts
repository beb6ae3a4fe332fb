import { InvalidRequest } from '@ringdown/contract/form'
import type { State } from '@ringdown/engine/center'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import { nameKey } from '@ringdown/engine/core/names'
import type { EngineEvent } from '@ringdown/engine/events'
import type { Logger } from 'pino'
import type { FollowedBy } from '../../access/event-sight.ts'
import { unknownCaller } from '../../access/refusals.ts'
import type { Account } from '../../commit/account.ts'
import { Unavailable } from '../../commit/ledger.ts'
import { Cursors } from '../../log/cursor.ts'
import { EventSearch } from '../../log/event-search.ts'
import { FeedEvent, type FeedFilter } from './event.ts'
import { Presence, type Sign, type SignKind } from './presence.ts'
import type { FeedQuestion } from './question.ts'

/** What the feed needs of the account whose log it follows. */
export type FeedAccount = Pick<
  Account,
  'account_sid' | 'state' | 'isReadable' | 'notified' | 'log' | 'reading' | 'subscribe'
> &
  Partial<Pick<Account, 'onBlanked'>>

/** Who tells boards as they change. */
export interface BoardSource {
  /** Tells the board of a workspace, JSON text, until the answered function is called. */
  follow(workspace_sid: string, tell: (text: string) => void): () => void
}

export interface FeedLimits {
  /** Calls that may wait for an event at once, and streams that may be open. */
  readonly polls: number
  readonly streams: number
  /** The same of one user: a customer with a token keeps out nobody else. */
  readonly own_polls: number
  readonly own_streams: number
  /** Events that are kept in memory while anybody follows. */
  readonly recent: number
  /** Events of one read of the log, and those that one call may pass on its way. */
  readonly chunk: number
  readonly passed: number
  /** Characters of one answer or one write; the event that goes beyond is still in it. */
  readonly answer: number
  /** Bytes that may wait for a reader, and milliseconds that they may do so before it is dropped. */
  readonly unread_bytes: number
  readonly patience_ms: number
  /** Milliseconds of silence on a stream after which it says where it is. */
  readonly heartbeat_ms: number
  /** Milliseconds without followers after which the feed follows nothing either. */
  readonly idle_ms: number
}

const defaultFeedLimits: FeedLimits = {
  polls: 200,
  streams: 5000,
  own_polls: 10,
  own_streams: 50,
  recent: 2048,
  chunk: 500,
  passed: 20_000,
  answer: 1024 * 1024,
  unread_bytes: 1024 * 1024,
  patience_ms: 10_000,
  heartbeat_ms: 15_000,
  idle_ms: 60_000
}

/** Between two looks at whether a follower may still come in: what is taken away is felt within a second. */
const ask_ms = 500
/** Why a call is over whose caller may not come in any more. */
const revoked = Symbol('revoked')

/** Between two looks at whether the account was loaded again. */
const look_ms = 5_000

/** Some of the log: the events that were asked for, and the place after all that was passed. */
export interface FeedPage {
  readonly events: readonly FeedEvent[]
  readonly position: number
  /** Events between the place that was asked for and the first one here are not kept any more. */
  readonly isTruncated: boolean
  /** Whether the log went on when this was read. */
  readonly hasMore: boolean
}

/** Why a stream is ended by the server. */
export type StreamEnd = 'slow' | 'stopping' | 'unavailable' | 'revoked'

/** The other end of a stream. */
export interface StreamDoor {
  /** Takes a page: the first one opens the stream; one without events says where the stream is by now. */
  send(page: FeedPage): void
  /** Takes what is told and kept nowhere: the name of what it is, and JSON text. */
  tell(name: string, text: string): void
  /** Bytes that were sent and have not left. */
  unread(): number
  /** Resolves when what was sent has left, or the signal is aborted. */
  drained(signal: AbortSignal): Promise<void>
  end(why: StreamEnd, position: number): void
}

interface Waiter {
  position: number
  readonly filter: FeedFilter
  readonly wake: () => void
}

/**
 * Follows one account's log for all who want to be told. A follower is a place in the log: what comes after it is in
 * memory, or else read from the store, so that nobody misses an event or gets one twice, however late it comes or slow it
 * reads. Whoever is not behind costs no query: durable batches are handed on, each event as one text.
 */
export class Feed {
  readonly cursors: Cursors
  /** Told who types and who looks, as streams are that want to know. */
  readonly onSign = new Set<
    (kind: SignKind, whose: Pick<Sign, 'conversation_sid' | 'identity'>, active: boolean) => void
  >()
  readonly #account: FeedAccount
  readonly #log: Logger
  readonly #limits: FeedLimits
  /** The last events of the log, without a gap. */
  #recent: FeedEvent[] = []
  /** Seq of the last event that is known to be durable. */
  #end = 0
  /** The state that it was learnt from; another one means that the account was loaded again. */
  #state: State
  readonly #waiters = new Set<Waiter>()
  /** Streams that hear who types and who looks. */
  readonly #listeners = new Set<Pick<FeedQuestion, 'filter'> & { readonly door: StreamDoor }>()
  readonly #presence = new Presence()
  readonly #boards: () => BoardSource | undefined
  /** Streams that are open, by whose they are. */
  readonly #online = new Map<string, number>()
  /** Calls that wait, by whose they are. */
  readonly #waiting = new Map<string, number>()
  #polls = 0
  #streams = 0
  /** One for each call and stream, to end it by. */
  readonly #calls = new Set<AbortController>()
  #unsubscribe: (() => void) | undefined
  #looking: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #isClosed = false
  /** What is in memory may be older than what the store has: it is read anew. */
  readonly #forget = () => {
    this.#recent = []
  }

  /** @param boards - who tells boards; without it nobody does. */
  constructor(
    account: FeedAccount,
    log: Logger,
    limits: Partial<FeedLimits> = {},
    boards: () => BoardSource | undefined = () => undefined
  ) {
    this.#account = account
    this.#boards = boards
    this.#log = log
    this.#limits = { ...defaultFeedLimits, ...limits }
    this.#state = account.state
    this.cursors = new Cursors(account.account_sid)
  }

  /**
   * Answers a question at once if anything fits it, and else when something does, the time is over, the caller is gone or
   * the feed is closed. A call that has passed many events that do not fit answers with its new place.
   *
   * Throws InvalidRequest for a wrong cursor (400) and where too many wait (429), Unavailable while there is no store.
   */
  poll(question: FeedQuestion, signal: AbortSignal): Promise<FeedPage> {
    return this.#using(signal, question.stands, async (over) => {
      const { filter, limit, wait_ms } = question
      const until = performance.now() + wait_ms
      const events: FeedEvent[] = []
      const start = await this.#startOf(question)
      let position = start
      let isTruncated = false
      let size = 0
      for (;;) {
        const step = await this.#step(position, filter, limit - events.length)
        if (question.stands?.() === false) throw unknownCaller()
        position = step.position
        isTruncated ||= step.isTruncated
        events.push(...step.events)
        size += step.size
        const page = { events, position, isTruncated, hasMore: step.hasMore }
        if (events.length >= limit || size >= this.#limits.answer) return page
        if (step.hasMore && position - start < this.#limits.passed) continue
        const left = until - performance.now()
        if (step.hasMore || events.length > 0 || left <= 0 || over.aborted) {
          if (events.length === 0 && !this.#account.isReadable) throw new Unavailable('the store is not available')
          return page
        }
        if (this.#polls >= this.#limits.polls) throw tooMany('calls are waiting for events')
        if (this.#has(this.#waiting, question.whose) >= this.#limits.own_polls)
          throw tooMany('calls are waiting for events of this user, or')
        this.#polls++
        this.#count(this.#waiting, question.whose, 1)
        position = await this.#grown(position, filter, left, over).finally(() => {
          this.#polls--
          this.#count(this.#waiting, question.whose, -1)
        })
      }
    })
  }

  /**
   * Finds where a stream begins. Throws as `poll` does; what it answers runs the stream, until the signal is aborted or
   * the door was told why it ends.
   */
  async open(question: FeedQuestion): Promise<(door: StreamDoor, signal: AbortSignal) => Promise<void>> {
    if (this.#streams >= this.#limits.streams) throw tooMany('streams are open')
    if (this.#has(this.#online, question.whose) >= this.#limits.own_streams)
      throw tooMany('streams are open of this user, or')
    const position = await this.#using(undefined, undefined, () => this.#startOf(question))
    return async (door, signal) => {
      // Of those that are opened at once, none was there when the others asked.
      if (this.#has(this.#online, question.whose) >= this.#limits.own_streams) return door.end('unavailable', position)
      this.#streams++
      const listener = { filter: question.filter, door }
      if (question.presence) this.#listeners.add(listener)
      const unfollow = this.#tellBoard(question, door)
      this.#count(this.#online, question.whose, 1)
      const run = (over: AbortSignal) => this.#stream(position, question, door, over)
      await this.#using(signal, question.stands, run).finally(() => {
        this.#streams--
        this.#count(this.#online, question.whose, -1)
        this.#listeners.delete(listener)
        unfollow()
      })
    }
  }

  /** Whoever has not read what came before is told the board later. */
  #tellBoard({ board }: FeedQuestion, door: StreamDoor): () => void {
    const source = board === undefined ? undefined : this.#boards()
    if (!source || board === undefined) return () => {}
    return source.follow(board, (text) => {
      if (door.unread() <= this.#limits.unread_bytes) door.tell('board', text)
    })
  }

  // What is kept nowhere

  /** Whether a user of a service follows the log by a stream now. */
  isOnline(user: { readonly identity: string; readonly chat_service_sid: string }): boolean {
    const isDefault = user.chat_service_sid === defaultServiceSid(this.#account.state)
    return (
      this.#online.has(onlineKey(user)) ||
      (isDefault && this.#online.has(onlineKey({ ...user, chat_service_sid: undefined })))
    )
  }

  #has(counts: ReadonlyMap<string, number>, whose: FollowedBy | undefined): number {
    return whose === undefined ? 0 : (counts.get(onlineKey(whose)) ?? 0)
  }

  #count(counts: Map<string, number>, whose: FollowedBy | undefined, more: 1 | -1): void {
    if (whose === undefined) return
    const key = onlineKey(whose)
    const many = (counts.get(key) ?? 0) + more
    if (many > 0) counts.set(key, many)
    else counts.delete(key)
  }

  /** Somebody types or looks, or does so no more; streams that want to know are told. Answers the sign; `now` is in milliseconds. */
  sign(
    kind: SignKind,
    whose: Pick<Sign, 'conversation_sid' | 'chat_service_sid' | 'identity'>,
    { active, now }: { readonly active: boolean; readonly now: number }
  ): Sign | undefined {
    if (!active) {
      if (this.#presence.end(kind, whose, now)) {
        this.#tell(kind, { ...whose, active, ends_at: null })
        for (const hear of this.onSign) hear(kind, whose, false)
      }
      return undefined
    }
    const { sign, isNews } = this.#presence.set(kind, whose, now)
    if (isNews) {
      this.#tell(kind, { ...whose, active, ends_at: new Date(sign.ends_at).toISOString() })
      for (const hear of this.onSign) hear(kind, whose, true)
    }
    return sign
  }

  /** Who types or looks now. */
  signs(kind: SignKind, conversation_sid: string, now: number): Sign[] {
    return this.#presence.of(kind, conversation_sid, now)
  }

  /** Whoever has not read what came before need not hear of it: it is over soon. */
  #tell(kind: SignKind, data: object): void {
    const event = FeedEvent.passing(kind, data)
    const text = JSON.stringify(data)
    for (const { filter, door } of this.#listeners)
      if (door.unread() <= this.#limits.unread_bytes && filter.concerns(event)) door.tell(kind, text)
  }

  /** Ends every wait and every stream. */
  close(): void {
    this.#isClosed = true
    for (const call of this.#calls) call.abort()
    this.#rest()
  }

  // Following

  async #stream(start: number, { filter, stands }: FeedQuestion, door: StreamDoor, over: AbortSignal): Promise<void> {
    let position = start
    let isAway = false
    const tellPlace = () => door.send({ events: [], position, isTruncated: false, hasMore: position < this.#end })
    try {
      tellPlace()
      while (!over.aborted) {
        const step = await this.#step(position, filter, this.#limits.chunk)
        position = step.position
        if (over.aborted) break
        if (stands?.() === false) return door.end('revoked', position)
        if (step.events.length > 0 || step.isTruncated) door.send(step)
        if (!(await this.#isRead(door, over))) return door.end('slow', position)
        if (step.hasMore) continue
        const begun = performance.now()
        position = await this.#grown(position, filter, this.#limits.heartbeat_ms, over)
        // A timer may be early by a fraction of a millisecond.
        if (over.aborted || performance.now() - begun < this.#limits.heartbeat_ms - 1) continue
        // Nothing came for a while: the follower is told that all is well, unless it is not.
        if (isAway && !this.#account.isReadable) return door.end('unavailable', position)
        isAway = !this.#account.isReadable
        tellPlace()
      }
      if (this.#isClosed) door.end('stopping', position)
      else if (over.reason === revoked) door.end('revoked', position)
    } catch (error) {
      if (!(error instanceof Unavailable)) this.#log.error({ err: error }, 'a stream of events failed')
      door.end('unavailable', position)
    }
  }

  /** Waits while too much is unread; false for a reader that does not keep up. */
  async #isRead(door: StreamDoor, over: AbortSignal): Promise<boolean> {
    if (door.unread() <= this.#limits.unread_bytes) return true
    const patience = new AbortController()
    const lose = () => patience.abort()
    const timer = setTimeout(lose, this.#limits.patience_ms)
    over.addEventListener('abort', lose)
    await door.drained(patience.signal)
    clearTimeout(timer)
    over.removeEventListener('abort', lose)
    return over.aborted || door.unread() <= this.#limits.unread_bytes
  }

  /** The place where a follower begins. */
  async #startOf({ cursor, since }: FeedQuestion): Promise<number> {
    const end = await this.#learnEnd()
    if (cursor !== undefined) {
      const seq = this.cursors.seqOf(cursor)
      if (seq <= end) return seq
      throw new InvalidRequest(
        'Parameter cursor is invalid: the log does not reach so far (was it restored from a copy?); begin anew with since',
        'cursor'
      )
    }
    if (since === undefined) return end
    const first = await this.#account.reading((log, account_sid) => new EventSearch(log).firstFrom(account_sid, since))
    return first ? Math.min(first.seq - 1, end) : end
  }

  /** The events after a place that fit, from memory or else from the store: a chunk at most. */
  async #step(position: number, filter: FeedFilter, most: number): Promise<FeedPage & { readonly size: number }> {
    const end = this.#end
    const found = this.#kept(position) ?? (await this.#read(position, end))
    await filter.learn(found)
    // Seqs have no gaps, and the oldest events go first: where one is missing, all before it are gone.
    const first = found[0]?.seq ?? end + 1
    const events: FeedEvent[] = []
    let at = Math.max(position, first - 1)
    let size = 0
    for (const event of found) {
      if (events.length >= most || size >= this.#limits.answer) break
      at = event.seq
      const told = filter.told(event)
      if (!told) continue
      events.push(told)
      size += told.text.length
    }
    return { events, position: at, isTruncated: first > position + 1, hasMore: at < this.#end, size }
  }

  #kept(position: number): readonly FeedEvent[] | undefined {
    const first = this.#recent[0]
    if (first && position >= first.seq - 1) {
      const from = position - first.seq + 1
      return this.#recent.slice(from, from + this.#limits.chunk)
    }
    return position >= this.#end ? [] : undefined
  }

  /** Not beyond what is known to be durable: the store may show a batch a moment before its writer hears of it. */
  async #read(position: number, end: number): Promise<FeedEvent[]> {
    const stored = await this.#account.log(position, this.#limits.chunk)
    return stored.filter(({ seq }) => seq <= end).map((event) => FeedEvent.stored(event, this.cursors))
  }

  /** Resolves with the place of a follower when an event after it fits, or the wait is over. */
  #grown(position: number, filter: FeedFilter, ms: number, over: AbortSignal): Promise<number> {
    if (position < this.#end || over.aborted) return Promise.resolve(position)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        position,
        filter,
        wake: () => {
          clearTimeout(timer)
          over.removeEventListener('abort', waiter.wake)
          this.#waiters.delete(waiter)
          resolve(waiter.position)
        }
      }
      const timer = setTimeout(waiter.wake, ms)
      over.addEventListener('abort', waiter.wake)
      this.#waiters.add(waiter)
    })
  }

  // The log

  /** Hands on a batch that has become durable: whoever waits for one of its events is woken, everybody else moves on. */
  #grow(events: readonly EngineEvent[]): void {
    const [first] = events
    const last = events.at(-1)
    if (!first || !last) return
    const fresh = events.map((event) => FeedEvent.fresh(event, this.cursors))
    // After the account was loaded again the log may have grown without a word: those events are in the store.
    const isGap = first.seq > this.#end + 1
    if (this.#recent.at(-1)?.seq === first.seq - 1) this.#recent.push(...fresh)
    else this.#recent = fresh
    if (this.#recent.length > 2 * this.#limits.recent) this.#recent = this.#recent.slice(-this.#limits.recent)
    this.#end = last.seq
    for (const waiter of this.#waiters) {
      if (isGap || fresh.some((event) => waiter.filter.mayFit(event))) waiter.wake()
      else waiter.position = last.seq
    }
  }

  /** Seq of the last event that had been decided when this was called; resolves when followers may see it. */
  async #learnEnd(): Promise<number> {
    const state = this.#account.state
    const end = state.next_event - 1
    await this.#account.notified()
    this.#state = state
    if (end > this.#end) {
      this.#end = end
      this.#recent = []
      for (const waiter of this.#waiters) waiter.wake()
    }
    return end
  }

  /** What the account decides again after its store had failed is told to nobody: it is looked for. */
  #look(): void {
    if (this.#account.state === this.#state || !this.#account.isReadable) return
    this.#learnEnd().catch((err: unknown) => this.#log.debug({ err }, 'the end of the log is not known yet'))
  }

  // Coming and going

  /** Follows the account while anybody is here, and a while longer: callers that poll come back. */
  async #using<T>(
    signal: AbortSignal | undefined,
    stands: FeedQuestion['stands'],
    work: (over: AbortSignal) => Promise<T>
  ): Promise<T> {
    const call = new AbortController()
    const end = () => call.abort()
    const asking = stands && setInterval(() => stands() || call.abort(revoked), ask_ms).unref()
    if (this.#isClosed || signal?.aborted) end()
    signal?.addEventListener('abort', end)
    this.#calls.add(call)
    clearTimeout(this.#idle)
    this.#unsubscribe ??= this.#account.subscribe((events) => this.#grow(events))
    this.#account.onBlanked?.add(this.#forget)
    this.#looking ??= setInterval(() => this.#look(), look_ms).unref()
    try {
      return await work(call.signal)
    } finally {
      clearInterval(asking)
      signal?.removeEventListener('abort', end)
      this.#calls.delete(call)
      if (this.#isClosed) this.#rest()
      else if (this.#calls.size === 0) this.#idle = setTimeout(() => this.#rest(), this.#limits.idle_ms).unref()
    }
  }

  #rest(): void {
    clearTimeout(this.#idle)
    clearInterval(this.#looking)
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#account.onBlanked?.delete(this.#forget)
    this.#looking = undefined
    this.#recent = []
  }
}

function tooMany(what: string): InvalidRequest {
  return new InvalidRequest(`Too many ${what} of this account: try again later`, null, { status: 429, code: 20429 })
}

function onlineKey({ identity, chat_service_sid }: FollowedBy): string {
  return nameKey(chat_service_sid ?? '', identity)
}
