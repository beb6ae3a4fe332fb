import type { Logger } from 'pino'
import { type AccountHead, ContentRejected, type Store } from '../store/store.ts'
import type { Decider } from './decider.ts'
import { answer, type Entry } from './entry.ts'
import type { Followers } from './followers.ts'
import type { GroupCommit } from './group-commit.ts'
import { Unavailable } from './ledger.ts'
import { type LoadOptions, load } from './load.ts'
import type { Reads } from './reads.ts'

export interface RecoveryOptions extends LoadOptions {
  readonly store: Store
  readonly log: Logger
  readonly commit: GroupCommit
  readonly decider: Decider
  readonly reads: Reads
  readonly followers: Followers
  /** The account is open again: what came due meanwhile is decided, and what was gathered is written. */
  readonly onOpen: () => void
}

/**
 * - `open`: commands are decided and written.
 * - `recovering`: what memory holds may not be on disk. Nothing is decided, and nothing is shown.
 * - `reading`: nothing can be written. Memory holds what is on disk, and that is shown.
 * - `closed`: for good.
 */
type Status = 'open' | 'reading' | 'recovering' | 'closed'

/** Milliseconds that the account may take to be there again before it is only read. */
const patienceMs = 250
/** Milliseconds between two tries to take the account: doubling, none longer than the last. */
const firstWaitMs = 50
const maxWaitMs = 2000

/**
 * What becomes of an account when its store fails: memory is ahead of the disk then, or another node has the account. So
 * it is taken and loaded anew, for as long as that takes. Callers whose outcome is unknown are told so; what the store
 * refused only for its content is decided again, without the offender.
 *
 * - Only this class changes the status, and only `#recover` leads from `recovering` back to `open`.
 * - While the status is not `open`, the group commit hands nothing to the store and timers rest; commands are refused by
 *   the account. So until `onOpen` nobody but this class decides or writes.
 * - The state is replaced by each load: nobody may keep it over a wait.
 */
export class Recovery {
  readonly #options: RecoveryOptions
  readonly #abort = new AbortController()
  #status: Status = 'open'
  /** Ends when the account is open again, or closed. */
  #recovered: Promise<void> = Promise.resolve()

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#status === 'open'
  }

  /** Whether memory is what is on disk, and stays so. */
  get isReading(): boolean {
    return this.#status === 'reading'
  }

  /** The store has lost the account, or has not written a batch. */
  fail(error: unknown): void {
    if (this.#status === 'open') this.#recovered = this.#recover(error)
  }

  /** Gives up what is under way; resolves when it has ended. */
  async close(): Promise<void> {
    this.#status = 'closed'
    this.#options.followers.flush()
    this.#abort.abort()
    await this.#recovered
  }

  async #recover(error: unknown): Promise<void> {
    const isContent = error instanceof ContentRejected
    const { entries, suspects } = this.#giveUp(error)
    if (!isContent) rejectAll(entries, unknownOutcome)
    const isLoaded = await this.#reload()
    if (isContent) {
      if (isLoaded) await this.#again(entries, suspects)
      else rejectAll(entries, serverStopped)
    }
    if (isLoaded) this.#reopen()
  }

  /** Stops deciding and writing, and forgets what is not on disk. Answers what that was: it is to be answered here. */
  #giveUp(error: unknown): ReturnType<GroupCommit['giveUp']> {
    const { commit, decider, followers, log } = this.#options
    this.#status = 'recovering'
    followers.flush()
    const lost = commit.giveUp()
    decider.cold.clear()
    const isContent = error instanceof ContentRejected
    log.error(
      { err: error, decisions: lost.entries.length },
      isContent ? 'a batch was refused' : 'nothing can be written until the store is there again'
    )
    return lost
  }

  #reopen(): void {
    const { commit, log, onOpen } = this.#options
    if (this.#status === 'closed') {
      rejectAll(commit.takeGathered(), serverStopped)
      return
    }
    this.#status = 'open'
    log.info('the account is open again')
    onOpen()
  }

  /**
   * Takes and loads the account again, for as long as it takes; false when the account was closed meanwhile. A store that
   * can only be read for longer than a moment (a full disk) is read.
   */
  async #reload(): Promise<boolean> {
    const { log } = this.#options
    const reading = setTimeout(() => {
      this.#readOn().catch((err: unknown) => log.debug({ err }, 'the store cannot be read either'))
    }, patienceMs)
    try {
      return await this.#retake()
    } finally {
      clearTimeout(reading)
      if (this.#status === 'reading') this.#status = 'recovering'
    }
  }

  async #retake(): Promise<boolean> {
    const { store, account_sid, commit, log } = this.#options
    const { signal } = this.#abort
    for (let wait = firstWaitMs; !signal.aborted; wait = Math.min(wait * 2, maxWaitMs)) {
      try {
        const head = await store.lock(account_sid, signal)
        const state = await load(this.#options, head)
        commit.taken(head.epoch)
        this.#show(state, head)
        return true
      } catch (error) {
        if (signal.aborted) return false
        log.warn({ err: error }, 'cannot load the account yet')
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
    return false
  }

  /** Shows what is on disk, where nobody else can have changed it, until the account is taken again. */
  async #readOn(): Promise<void> {
    if (this.#status !== 'recovering') return
    const { store, account_sid, decider } = this.#options
    const before = decider.state
    const head = await store.peek(account_sid)
    if (head === undefined) return
    const state = await load(this.#options, head)
    // It may have been taken meanwhile.
    if (this.#status !== 'recovering' || decider.state !== before) return
    this.#show(state, head)
    this.#status = 'reading'
  }

  #show(state: Decider['state'], head: AccountHead): void {
    this.#options.decider.replace(state)
    this.#options.followers.startAt(head.next_event - 1)
  }

  /**
   * Decides the commands of the refused batch anew, each in a batch of its own, so that only the offender fails; then the
   * others, which are written when the account is open again.
   */
  async #again(entries: readonly Entry[], suspects: number): Promise<void> {
    for (const [i, entry] of entries.entries()) {
      await this.#decideAgain(entry)
      if (i >= suspects) continue
      const outcome = await this.#writeAlone()
      if (outcome === 'written') continue
      // Memory holds what was not written.
      if (outcome === 'refused' && (await this.#reload())) continue
      rejectAll(entries.slice(i + 1), 'the store failed')
      if (outcome === 'unknown') await this.#reload()
      return
    }
  }

  async #decideAgain(entry: Entry): Promise<void> {
    const { decider, reads } = this.#options
    try {
      // A seed of its own: the offender's decision has no number any more.
      decider.add({ ...entry, seed: decider.seed(), ...(await reads.readFor(entry.command)) })
    } catch (error) {
      entry.reject(error)
    }
  }

  /** Writes what was decided just now, and answers its caller. There is nothing to be written of what was refused. */
  async #writeAlone(): Promise<'written' | 'refused' | 'unknown'> {
    const { commit, decider, followers } = this.#options
    const [decided] = commit.takeGathered()
    if (!decided) return 'written'
    try {
      await commit.write([decided])
    } catch (error) {
      const isContent = error instanceof ContentRejected
      decided.reject(isContent ? error : new Unavailable(unknownOutcome))
      decider.cold.clear()
      return isContent ? 'refused' : 'unknown'
    }
    decider.cold.durable(decided.decision.changes)
    followers.startAt(decided.head.next_event - 1)
    answer(decided)
    return 'written'
  }
}

const unknownOutcome = 'the outcome is unknown: the store failed while writing'
const serverStopped = 'the server stopped'

function rejectAll(entries: readonly Entry[], why: string): void {
  for (const { reject } of entries) reject(new Unavailable(why))
}
