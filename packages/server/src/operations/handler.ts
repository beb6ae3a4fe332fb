import type { PageRequest } from '@ringdown/contract/form'
import type { OperationId, OperationTypes } from '@ringdown/contract/generated/operations'
import type { Meta } from '@ringdown/contract/operation'
import type { Cursor } from '@ringdown/contract/paging'
import type { State } from '@ringdown/engine/center'
import type { CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import type { Admission } from '../access/admission.ts'
import type { EventReader } from '../access/event-sight.ts'
import type { Sight } from '../access/sight.ts'
import type { Statistics } from '../analytics/statistics.ts'
import type { Exchange } from '../commit/exchange.ts'
import type { KeptAnswer } from '../commit/kept-answers.ts'
import type { Ledger } from '../commit/ledger.ts'
import type { Shown, ShownGroup } from '../commit/shown.ts'
import type { Message, Outcome } from '../delivery/delivery.ts'
import type { Sender } from '../delivery/sender.ts'
import type { Signing } from '../delivery/sending.ts'
import type { InsightDesk } from '../insights/insight-desk.ts'
import type { Media } from '../media/media.ts'
import type { Feed } from '../realtime/feed/feed.ts'

/** A request as its operation's handler sees it: parsed by the contract, names in snake_case. */
export interface Call<Id extends OperationId> {
  readonly path: OperationTypes[Id]['path']
  readonly params: OperationTypes[Id]['params']
  /** Null where the operation has no pages. */
  readonly page: PageRequest | null
  /** Of operations that take JSON: the text of each parameter that came as JSON. */
  readonly texts?: Readonly<Record<string, string>>
}

/** What a handler works with. Reads of `state` are told only when durable: http waits for that, no handler needs to. */
export interface Context extends Surroundings {
  readonly ledger: Ledger
  readonly state: State
  readonly execute: Ledger['execute']
  /** The request that whatever is executed is answered to; undefined for reads. */
  readonly exchange: Exchange | undefined
  /** Which rows the caller may see, for lists whose rows are looked at; undefined for who may see all. */
  readonly sight?: Sight | undefined
  /** The same for the events of the log. */
  readonly reader?: EventReader | undefined
  /**
   * Executes a command; resolves with what `show` makes of its result. Creates answer so: under an idempotency key that is
   * shown, and kept, while it is decided.
   */
  answer<T extends CommandType, A>(command: CommandOf<T>, show: (result: ResultOf<T>) => A): Promise<A>
  /** The same for a request under an idempotency key: `keep` says what is kept of what `answer` shows. */
  keeping(keep: (shown: unknown) => KeptAnswer): Context
  /** The same for somebody who may see so much. */
  seenBy(sight: Sight | undefined, reader: () => EventReader): Context
}

/** Forgets customers wherever there is text of theirs that outlives their conversations. */
export interface CustomerErasure {
  /** By an address or an identity, up to an instant; resolves with how much of what has been blanked. */
  forget(customer: string, at: number): Promise<ErasedCounts>
}

export interface ErasedCounts {
  readonly contacts: number
  readonly executions: number
  readonly calls: number
}

/** What a handler works with beside the ledger. */
export interface Surroundings {
  /** Milliseconds; for what is counted up to now, such as the age of a task. */
  now(): number
  readonly ask: Ask
  /** Who sends on the account's behalf; undefined while nobody does. */
  readonly sender: Sender | undefined
  /** Who counts what happens; undefined while nobody does. */
  readonly statistics: Statistics | undefined
  /** Who answers what is asked about that; undefined while nobody counts. */
  readonly insights: InsightDesk | undefined
  /** Who forgets customers; undefined where nobody can. */
  readonly erasure: CustomerErasure | undefined
  /** The account's files; undefined while they are not here. */
  readonly media: Media | undefined
  /** Who follows the account's log for others; undefined while its log is not read here. */
  readonly feed: Feed | undefined
  /** The test clock; undefined where the server runs on the real one. */
  readonly clock: MovableClock | undefined
  /** Who else is let in, by keys and tokens; undefined where nobody is. */
  readonly admission: Admission | undefined
  /** `stun:host:port` and `turn:name:password@host:port`: by which servers calls find their way. */
  readonly iceServers: readonly string[]
  /** Aborted when the caller hangs up; only of operations that wait (`Operation.waits`), and never for others. */
  readonly gone: AbortSignal
}

/** The test clock: time stands still until it is moved. */
export interface MovableClock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Moves on by milliseconds, through every instant at which something is due; resolves with the new time. */
  advance(ms: number): Promise<number>
}

/** Sends a question once and resolves with what came of it, within the time given. Only its caller waits meanwhile. */
export type Ask = (
  message: Message,
  limits: { readonly timeout_ms: number; readonly signing?: Signing }
) => Promise<Outcome>

/** The end of a path that names one row. */
export type One = { readonly sid: string }

/** One page of rows, and where its neighbours begin; null where there are none. */
export interface Listed<R> {
  readonly items: readonly R[]
  readonly next: Cursor | null
  readonly previous: Cursor | null
  /** Where all that is listed comes from one group in memory: which. */
  readonly group?: ShownGroup
}

/** What a handler answers: a page of rows, one row, or nothing. */
export type Answer<Id extends OperationId> = OperationTypes[Id]['result'] extends { readonly meta: Meta }
  ? Listed<OperationTypes[Id]['row']>
  : OperationTypes[Id]['row'] extends null
    ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a handler
      void
    : OperationTypes[Id]['row']

/** Reads rows, or executes one command and answers a row. Knows no status, header, date or link, and has no `try`. */
export type Handler<Id extends OperationId> = (call: Call<Id>, context: Context) => Answer<Id> | Promise<Answer<Id>>

/** Handlers written by hand; an operation that is neither here nor derived answers 501. */
export type Handlers = { readonly [Id in OperationId]?: Handler<Id> }

/** A handler of whichever operation, as http calls it. */
export interface AnyHandler {
  (call: AnyCall, context: Context): unknown
  /** What its answer shows, where that follows from known rows alone: the answer waits for no decision about others. */
  readonly shows?: ((call: AnyCall, answer: unknown) => Shown | undefined) | undefined
}

export interface AnyCall {
  readonly path: Readonly<Record<string, string | number>>
  readonly params: Readonly<Record<string, unknown>>
  readonly page: PageRequest | null
}

/** What handlers need of a ledger. `exchange` is the request that whatever they execute is answered to. */
export function contextOf(ledger: Ledger, surroundings: Surroundings, exchange?: Exchange): Context {
  return new LedgerContext(ledger, surroundings, exchange)
}

/** Made for each request that writes: what others give is asked for when it is looked at, and has no getter of its own. */
class LedgerContext implements Context {
  readonly ledger: Ledger
  readonly exchange: Exchange | undefined
  readonly sight: Sight | undefined
  readonly #surroundings: Surroundings
  readonly #reader: (() => EventReader) | undefined
  // Handlers take these by their names alone.
  readonly execute: Context['execute'] = (command) => this.ledger.execute(command, this.exchange)
  readonly answer: Context['answer']

  constructor(
    ledger: Ledger,
    surroundings: Surroundings,
    exchange: Exchange | undefined,
    { keep, sight, reader }: Seeing = seesAll
  ) {
    this.ledger = ledger
    this.exchange = exchange
    this.sight = sight
    this.#surroundings = surroundings
    this.#reader = reader
    this.answer = (command, show) =>
      keep ? keptWith(ledger, command, { exchange, show, keep }) : ledger.execute(command, exchange).then(show)
  }

  keeping(keep: (shown: unknown) => KeptAnswer): Context {
    return new LedgerContext(this.ledger, this.#surroundings, this.exchange, { keep })
  }

  seenBy(sight: Sight | undefined, reader: () => EventReader): Context {
    return new LedgerContext(this.ledger, this.#surroundings, this.exchange, { sight, reader })
  }

  /** Asked for anew each time: it is another one after a reload. */
  get state() {
    return this.ledger.state
  }
  get reader() {
    return this.#reader?.()
  }
  get now() {
    return this.#surroundings.now
  }
  get ask() {
    return this.#surroundings.ask
  }
  get sender() {
    return this.#surroundings.sender
  }
  get statistics() {
    return this.#surroundings.statistics
  }
  get insights() {
    return this.#surroundings.insights
  }
  get erasure() {
    return this.#surroundings.erasure
  }
  get media() {
    return this.#surroundings.media
  }
  get feed() {
    return this.#surroundings.feed
  }
  get clock() {
    return this.#surroundings.clock
  }
  get admission() {
    return this.#surroundings.admission
  }
  get iceServers() {
    return this.#surroundings.iceServers
  }
  get gone() {
    return this.#surroundings.gone
  }
}

interface Seeing {
  readonly keep?: (shown: unknown) => KeptAnswer
  readonly sight?: Sight | undefined
  readonly reader?: () => EventReader
}

const seesAll: Seeing = {}

async function keptWith<T extends CommandType, A>(
  ledger: Ledger,
  command: CommandOf<T>,
  how: {
    readonly exchange: Exchange | undefined
    readonly show: (result: ResultOf<T>) => A
    readonly keep: (shown: A) => KeptAnswer
  }
): Promise<A> {
  let answer = (): A => {
    throw new Error('invariant: what was decided was shown')
  }
  await ledger.execute(command, how.exchange, (result) => {
    try {
      const shown = how.show(result as ResultOf<T>) // as the command's decider answers
      answer = () => shown
      return how.keep(shown)
    } catch (error) {
      // What is decided stands; whoever asked is told when it is durable.
      answer = () => {
        throw error
      }
      return undefined
    }
  })
  return answer()
}
