import type { Logger } from 'pino'
import type { Clock } from '../clock/clock.ts'
import { RepeatedWork } from '../clock/repeated-work.ts'
import { pause } from '../store/pause.ts'
import { Fenced, type Store, type StoredEvent } from '../store/store.ts'
import { blankedEvent, identitiesIn, isAbout, type Removed, removals, removedBy, senderIn } from './blanked.ts'
import { EventSearch } from './event-search.ts'
import { EventTexts } from './event-texts.ts'
import type { Followed } from './follower.ts'

/** Name of the cursor: what was removed before it is blanked. */
const reader = 'blanking'

/** Milliseconds for which whoever follows the log, or is sent what happens in it, may still see the text. */
const grace_ms = 60_000

/** Between two looks at a log in which nothing was removed. */
const rest_ms = 6 * 3_600_000

/** Removals that are dealt with in one go, and events that are read and written at a time. */
const maxRemovals = 500
const piece = 200

/** Milliseconds between two pieces: decisions come first. */
const breath_ms = 5

export interface BlankingOptions {
  readonly store: Store
  readonly account: Pick<Followed, 'account_sid' | 'state' | 'settled'> & {
    subscribe(listener: (events: readonly { readonly type: string; readonly at: number }[]) => void): () => void
  }
  readonly clock: Clock
  readonly log: Logger
  /** Takes the texts of events (by their seqs) out of what is sent for them; resolves with how many messages had any. */
  readonly blankDeliveries?: (seqs: readonly number[]) => Promise<number>
  /** Takes the text out of kept answers about what was removed. */
  readonly eraseAnswers?: (gone: readonly string[]) => Promise<void>
  /** Takes out what is kept of people by their names, who were users of conversations. */
  readonly eraseIdentities?: (identities: readonly string[]) => Promise<void>
  /** Takes what flows heard of what was removed out of their executions: in conversations, and by the address of who wrote. */
  readonly executions?: {
    eraseRemoved(removed: readonly Removed[]): Promise<void>
    eraseHeard(message_sid: string, from: string): Promise<void>
  }
  /** Told when something was blanked, with how many deliveries were: what is in memory has the text still. */
  readonly onBlanked?: (deliveries: number) => void
}

/**
 * Takes the text of what was removed out of the log and out of what is to be sent, a minute later and a little at a time
 * (`blanked.ts` says which). It has a cursor in the log, so that a removal is not forgotten over a restart.
 */
export class Blanking extends RepeatedWork {
  readonly #options: BlankingOptions
  readonly #texts: EventTexts
  readonly #unsubscribe: () => void

  constructor(options: BlankingOptions) {
    super(options.clock, { first_ms: grace_ms, rest_ms })
    this.#options = options
    this.#texts = new EventTexts(options.store)
    this.#unsubscribe = options.account.subscribe((events) => {
      for (const { type, at } of events) if (Object.hasOwn(removals, type)) this.wakeAt(at + grace_ms)
    })
  }

  override close(): Promise<void> {
    this.#unsubscribe()
    return super.close()
  }

  protected override failed(err: unknown, now: number): void {
    this.#options.log.warn({ err }, 'removed text could not be blanked; it is tried again later')
    this.wakeAt(now + grace_ms)
  }

  protected override async work(now: number): Promise<void> {
    const { store, account } = this.#options
    const { account_sid } = account
    const end = account.state.next_event - 1
    await account.settled()
    let cursor = await store.cursor(account_sid, reader)
    while (cursor < end) {
      const query = { types: Object.keys(removals), after: cursor, through: end, limit: maxRemovals }
      const found = await this.#texts.ofTypes(account_sid, query)
      const young = found.find(({ at }) => at > now - grace_ms)
      const due = young ? found.slice(0, found.indexOf(young)) : found
      const to = young ? young.seq - 1 : found.length < maxRemovals ? end : (found.at(-1)?.seq ?? end)
      if (due.length > 0) await this.#sweep(due)
      if (to > cursor) await this.#advance(cursor, to)
      cursor = to
      if (young) {
        this.wakeAt(young.at + grace_ms)
        break
      }
    }
    await giveBack(store, this.signal)
  }

  /** Through the log from the oldest thing that was removed up to the last removal. */
  async #sweep(found: readonly StoredEvent[]): Promise<void> {
    const { store, account, blankDeliveries, eraseAnswers, eraseIdentities, executions, onBlanked } = this.#options
    const { account_sid } = account
    const removed = found.flatMap((event) => removedBy(event) ?? [])
    await executions?.eraseRemoved(removed)
    const gone = new Set(removed.map(({ sid }) => sid))
    const since = Math.min(...removed.map((one) => one.since))
    const through = found.at(-1)?.seq ?? 0
    const first = await new EventSearch(store).firstFrom(account_sid, since)
    let position = (first?.seq ?? 1) - 1
    let deliveries = 0
    const identities = new Set<string>()
    while (position < through) {
      this.signal.throwIfAborted()
      const events = await store.log(account_sid, position, piece)
      const last = events.at(-1)
      if (last === undefined) break
      const texts = events.flatMap((event) => (event.seq <= through ? (blankedEvent(event, gone) ?? []) : []))
      for (const event of events) {
        const sender = senderIn(event, gone)
        if (sender) await executions?.eraseHeard(sender.sid, sender.from)
      }
      for (const event of events) for (const identity of identitiesIn(event, gone)) identities.add(identity)
      await this.#texts.rewrite(account_sid, texts)
      // Of events that have no text themselves, too: what is sent for them may have some.
      const told = events.filter((event) => event.seq <= through && isAbout(event, gone))
      deliveries += (await blankDeliveries?.(told.map(({ seq }) => seq))) ?? 0
      position = last.seq
      await pause(breath_ms, this.signal)
    }
    await eraseAnswers?.([...gone])
    await eraseIdentities?.([...identities])
    onBlanked?.(deliveries)
  }

  async #advance(from: number, to: number): Promise<void> {
    const { store, account } = this.#options
    try {
      await store.advance({ account_sid: account.account_sid, reader, from, to })
    } catch (error) {
      // Another node has done it: to blank twice changes nothing.
      if (!(error instanceof Fenced)) throw error
    }
  }
}

/** Pages that are given back to the system at a time. */
const givenBack = 64

/** Gives the room of what is gone back to the system, as far as the store keeps more than it will soon need. */
export async function giveBack(store: Store, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await store.compact(givenBack)) > 0) await pause(breath_ms, signal).catch(() => {}) // the loop ends
}
