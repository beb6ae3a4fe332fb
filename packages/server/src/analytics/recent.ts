import { Minute } from '@ringdown/engine/analytics/minute'
import { type CountedEvent, finest, rules, second, spans } from '@ringdown/engine/analytics/rollup'
import { type Stay, Stays, stayEvents } from '@ringdown/engine/analytics/stay'
import { type InsightEvent, insightEvents } from '@ringdown/engine/insights/insight-event'
import { type Changed, type ChangedRows, Insights } from '@ringdown/engine/insights/insights'
import type { Sums } from './sums.ts'

/** An event on its way to the folds; most are no more to them than a sign that time goes on. */
export interface Happened {
  readonly seq: number
  readonly type: string
  readonly at: number
}

/** How an event is told to the folds. */
export interface EventViews<E> {
  countedEventOf(event: E): CountedEvent
  insightOf(event: E): InsightEvent
}

/** A minute that is over. */
export interface OverMinute {
  readonly minute: Minute
  /** Seq of the last event in it. */
  readonly last: number
  /** Hours and days that end with it, finer ones first: nothing happened in what is left of them. */
  readonly ended: readonly { readonly span: number; readonly start: number }[]
}

/** Some events that follow each other: those up to the end of a minute, or so many in the midst of one as change much. */
export interface Stretch {
  /** What has become of contacts and workers in it. */
  readonly changed: Changed
  /** The minute that is over with it. */
  readonly over?: OverMinute
}

/**
 * Rows after which a stretch ends: about a megabyte. Where a minute changes more, what became of its first contacts is
 * written, and leaves memory, before the last ones come; where it changes less, what changes twice in it is written once.
 */
export const stretchRows = 4_000

/**
 * What statistics hold in memory: the minute that goes on, and what is to be written of it and of those that are over. The
 * figures follow from the log from an event on, and from nothing else: a second one that begins there holds the same, on
 * whatever machine.
 *
 * - A minute is over with the first event of a later one, since instants never go back along the log; no clock is asked.
 * - All that lies before `since` is in the store, as whole cells of minutes, hours and days.
 */
export class Recent {
  /** Times of workers in activities. */
  readonly stays: Stays
  /** What is open of contacts, and what has become of them since the last stretch. */
  readonly insights: Insights
  #seq: number
  #open: Minute | undefined
  readonly #stretches: Stretch[] = []

  /** Begins after the event with this seq, which is the last one of a minute, with the stays that last and the contacts that are open. */
  constructor(seq: number, open: Iterable<Stay>, insights = new Insights()) {
    this.#seq = seq
    this.stays = new Stays(open)
    this.insights = insights
  }

  /** Seq of the last event that was counted. */
  get seq(): number {
    return this.#seq
  }

  /** The instant from which on everything is here. */
  get since(): number {
    return (this.#over[0] ?? this.#open)?.start ?? Number.POSITIVE_INFINITY
  }

  /** What is to be written, oldest first. */
  get stretches(): readonly Stretch[] {
    return this.#stretches
  }

  /** How many cells and segments wait to be written. */
  get waiting(): number {
    return this.#stretches.reduce((sum, { over, changed }) => sum + (over?.minute.size ?? 0) + changed.segments.size, 0)
  }

  /** What has become of contacts and workers since what the store has of them, in stretches, the newest last. */
  get changed(): readonly ChangedRows[] {
    return [...this.#stretches.map(({ changed }) => changed), this.insights.changed]
  }

  /** Counts the events that follow the last one; a teller is asked of those only that count. */
  fold<E extends Happened>(events: readonly E[], { countedEventOf, insightOf }: EventViews<E>): void {
    for (const event of events) {
      const minute = this.#minuteOf(event.at)
      this.#seq = event.seq
      if (rules.has(event.type)) minute.count(countedEventOf(event))
      else if (stayEvents.has(event.type)) this.stays.move(countedEventOf(event))
      if (insightEvents.has(event.type)) this.insights.move(insightOf(event))
    }
    if (rowsIn(this.insights.changed) >= stretchRows) this.#stretches.push({ changed: this.insights.take() })
  }

  /** So many of the stretches are in the store. */
  written(many: number): void {
    this.#stretches.splice(0, many)
  }

  /** Adds what happened to some scopes from one instant on and before another, whole seconds both. */
  addTo(sums: Sums, scopes: readonly string[], [from, until]: readonly [number, number]): void {
    for (const minute of [...this.#over, ...(this.#open ? [this.#open] : [])]) {
      const [first, end] = [from - minute.start, until - minute.start]
      if (first >= finest || end <= 0) continue
      for (const scope_sid of scopes)
        for (const cell of minute.of(scope_sid)) {
          const sum = sums.of(cell)
          if (sum) cell.addTo(sum, first / second, end / second)
        }
    }
  }

  /** Minutes that are over and not written yet, oldest first. */
  get #over(): Minute[] {
    return this.#stretches.flatMap(({ over }) => over?.minute ?? [])
  }

  #minuteOf(at: number): Minute {
    const open = this.#open
    if (open && at < open.start + finest) return open
    const start = at - (at % finest)
    if (open) {
      const over = { minute: open, last: this.#seq, ended: endedBetween(open.start, start) }
      this.#stretches.push({ changed: this.insights.take(), over })
    }
    const fresh = new Minute(start)
    this.#open = fresh
    return fresh
  }
}

/** How much has changed. */
export function rowsIn({ segments, pieces, texts }: ChangedRows): number {
  return segments.size + pieces.length + texts.size
}

/** The hours and days of a minute in which a later minute no longer lies. */
function endedBetween(minute: number, next: number): OverMinute['ended'] {
  const startOf = (instant: number, span: number) => instant - (instant % span)
  return spans
    .filter((span) => span !== finest && startOf(minute, span) !== startOf(next, span))
    .map((span) => ({ span, start: startOf(minute, span) }))
    .reverse()
}
