let ended = Number.NEGATIVE_INFINITY

/** One press never ends and completes: a second one within a second counts for nothing. */
export function endOnce(go: () => void): () => void {
  return () => {
    const now = performance.now()
    if (now - ended < 1000) return
    ended = now
    go()
  }
}
