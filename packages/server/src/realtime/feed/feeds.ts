import type { State } from '@ringdown/engine/center'
import type { Logger } from 'pino'
import type { Account } from '../../commit/account.ts'
import { Feed, type FeedLimits } from './feed.ts'

/** The feed of each account: one, whichever door it is followed through. */
export class Feeds {
  readonly #accountOf: (account_sid: string) => Account | undefined
  readonly #log: Logger
  readonly #limits: Partial<FeedLimits> | undefined
  readonly #feeds = new Map<Account, Feed>()

  /**
   * `accountOf`: the account; undefined while this process does not own it.
   */
  constructor(
    accountOf: (account_sid: string) => Account | undefined,
    log: Logger,
    limits: Partial<FeedLimits> | undefined
  ) {
    this.#accountOf = accountOf
    this.#log = log
    this.#limits = limits
  }

  /** Undefined while the account's log cannot be read here. */
  of(account_sid: string): Feed | undefined {
    const account = this.#accountOf(account_sid)
    if (!account?.isReadable) return undefined
    const feed = this.#feeds.get(account) ?? new Feed(account, this.#log, this.#limits)
    this.#feeds.set(account, feed)
    return feed
  }

  /** The account's rows, by which it is known who may hear what. */
  stateOf(account_sid: string): State | undefined {
    return this.#accountOf(account_sid)?.state
  }

  /** Ends every wait and every stream. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.close()
  }
}
