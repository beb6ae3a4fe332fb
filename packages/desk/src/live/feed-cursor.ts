/** What a frame of the feed says of where the log is followed from (docs/events.md). */
export interface CursorNews {
  readonly cursor?: string
  /** Events between the cursor and this frame are gone. */
  readonly truncated?: boolean
  readonly end?: { readonly cursor?: string }
}

/**
 * From where the log is followed. When events are gone, it stays where it was until all that they were about has been asked
 * for anew: a page that loses its connection before that is told once more that they are gone.
 */
export class FeedCursor {
  #at: string
  #isLost = false

  constructor(at: string) {
    this.#at = at
  }

  get at(): string {
    return this.#at
  }

  /** Takes what a frame says of it; answers whether events are gone, and nobody asks anew yet. */
  take({ cursor = '', truncated = false, end }: CursorNews): boolean {
    const isNew = truncated && !this.#isLost
    this.#isLost ||= truncated
    const next = end?.cursor ?? cursor
    if (next !== '' && !this.#isLost) this.#at = next
    return isNew
  }

  /** Everything was asked for anew: the log is followed from there. */
  restart(at: string): void {
    this.#at = at
    this.#isLost = false
  }

  /** Asking anew has failed: the next frame that says so has it done again. */
  failed(): void {
    this.#isLost = false
  }
}
