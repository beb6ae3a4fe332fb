import type { Logger } from 'pino'
import { type ReadAccount, readAccountOf } from '../../access/event-sight.ts'
import type { Account } from '../../commit/account.ts'
import { type BoardSource, Feed, type FeedLimits } from './feed.ts'

/** The feed of each account: one, whichever door it is followed through. */
export class Feeds {
  readonly #accountOf: (account_sid: string) => Account | undefined
  readonly #log: Logger
  readonly #limits: Partial<FeedLimits> | undefined
  readonly #boardsOf: (account_sid: string) => BoardSource | undefined
  readonly #feeds = new Map<Account, Feed>()

  /**
   * `accountOf`: the account; undefined while this process does not own it.
   */
  constructor(
    accountOf: (account_sid: string) => Account | undefined,
    log: Logger,
    limits: Partial<FeedLimits> | undefined,
    boardsOf: (account_sid: string) => BoardSource | undefined = () => undefined
  ) {
    this.#accountOf = accountOf
    this.#log = log
    this.#limits = limits
    this.#boardsOf = boardsOf
  }

  /** Undefined while the account's log cannot be read here. */
  of(account_sid: string): Feed | undefined {
    const account = this.#accountOf(account_sid)
    if (!account?.isReadable) return undefined
    const feed =
      this.#feeds.get(account) ?? new Feed(account, this.#log, this.#limits, () => this.#boardsOf(account_sid))
    this.#feeds.set(account, feed)
    return feed
  }

  /** The account's rows, by which it is known who may hear what. */
  readAccount(account_sid: string): ReadAccount {
    return readAccountOf(() => this.#accountOf(account_sid))
  }

  /** Ends every wait and every stream. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.close()
  }
}
