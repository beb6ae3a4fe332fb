import type { ChangedRows } from '@ringdown/engine/insights/insights'
import type { ContactText, Segment, StatusPiece } from '@ringdown/engine/insights/segment'

/**
 * Rows that are in memory still, in several stretches of time: one of a later stretch takes the place of the same one of an
 * earlier stretch. Whoever asks for last month pays nothing for what has happened just now.
 */
export class RecentRows {
  readonly #newestFirst: readonly ChangedRows[]

  /** Stretches in their order. */
  constructor(stretches: readonly ChangedRows[]) {
    this.#newestFirst = stretches.toReversed()
  }

  /** Segments that began in a window; where a segment began never changes. */
  segments(from: number, to: number): Segment[] {
    const found: Segment[] = []
    for (const [n, { segments, oldest_at }] of this.#newestFirst.entries()) {
      if (oldest_at >= to) continue
      const later = this.#newestFirst.slice(0, n)
      for (const segment of segments.values()) {
        const { began_at, seq } = segment
        if (began_at >= from && began_at < to && !later.some((one) => one.segments.has(seq))) found.push(segment)
      }
    }
    return found
  }

  /** Workers' times that reach into a window. */
  pieces(from: number, to: number): StatusPiece[] {
    return this.#newestFirst.flatMap(({ pieces }) =>
      pieces.filter(({ began_at, ended_at }) => ended_at > from && began_at < to)
    )
  }

  text(task_sid: string): ContactText | undefined {
    return this.#first((stretch) => stretch.texts.get(task_sid))
  }

  /** What somebody or something was called last. */
  name(sid: string): string | undefined {
    return this.#first((stretch) => stretch.called.get(sid))?.name
  }

  #first<T>(find: (stretch: ChangedRows) => T | undefined): T | undefined {
    for (const stretch of this.#newestFirst) {
      const found = find(stretch)
      if (found !== undefined) return found
    }
    return undefined
  }
}
