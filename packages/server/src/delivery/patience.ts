/** How long one attempt may take. */
export interface Patience {
  /** Aborted when the time is over, or as soon as the outer signal is. */
  readonly signal: AbortSignal
  /** Whether it was the time that ended it. */
  isLate(): boolean
  /** To be called when the attempt is over, whatever came of it. */
  end(): void
}

/**
 * The patience of one attempt, in milliseconds. `AbortSignal.any` is not what it is made of: an outer signal that lives as
 * long as the server remembers every signal that was made from it.
 */
export function patienceOf(ms: number, outer: AbortSignal | undefined): Patience {
  const abort = new AbortController()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    abort.abort()
  }, ms)
  const giveUp = () => abort.abort()
  if (outer?.aborted) giveUp()
  outer?.addEventListener('abort', giveUp, { once: true })
  return {
    signal: abort.signal,
    isLate: () => isLate,
    end() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', giveUp)
    }
  }
}
