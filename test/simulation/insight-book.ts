import { type EngineEvent, render } from '@ringdown/engine/events'
import { insightEvents, insightFrom, insightOf } from '@ringdown/engine/insights/insight-event'
import { Insights, type Open } from '@ringdown/engine/insights/insights'
import type { Segment } from '@ringdown/engine/insights/segment'
import { type LogEvent, stretchesOf } from '../support/recount.ts'
import type { Complaint } from './auditor.ts'

const day = 86_400_000

/**
 * Insights of a history, as the server folds them, looked at when a day is over and at the end: they must be what all
 * events say together, and what a second fold makes of the log that was broken off somewhere and begun anew.
 */
export class InsightBook {
  readonly #insights = new Insights()
  readonly #segments = new Map<number, Segment>()
  readonly #events: EngineEvent[] = []
  #day = 0

  /** What is wrong with the days that are over with these events. */
  tell(events: readonly EngineEvent[]): Complaint[] {
    const found: Complaint[] = []
    for (const event of events) {
      const now = event.at - (event.at % day)
      if (this.#day !== 0 && now !== this.#day) found.push(...this.judge())
      this.#day = now
      this.#events.push(event)
      if (insightEvents.has(event.type)) this.#insights.move(insightOf(event))
    }
    return found
  }

  judge(): Complaint[] {
    for (const [seq, segment] of this.#insights.take().segments) this.#segments.set(seq, segment)
    const folded = [...this.#segments.values()]
    const log = this.#events.map(
      (event): LogEvent => ({ ...event, data: JSON.parse(JSON.stringify(render(event).data)) })
    )
    return [
      ...differences('folded as the log has it', folded.map(shown), stretchesOf(log).map(shown)),
      ...differences('folded as after a crash', folded.map(whole), this.#again(log).map(whole))
    ]
  }

  /** The same from the log, a process that dies after a third of it and comes back a quarter earlier, with what was written. */
  #again(log: readonly LogEvent[]): Segment[] {
    const told = log.filter(({ type }) => insightEvents.has(type))
    const [dies, cursor] = [Math.floor(told.length / 3), Math.floor(told.length / 4)]
    const segments = new Map<number, Segment>()
    const open = new Map<string, Open>()
    const fold = (insights: Insights, events: readonly LogEvent[]) => {
      for (const event of events) insights.move(insightFrom(event, event.data))
      const changed = insights.take()
      for (const [seq, segment] of changed.segments) segments.set(seq, segment)
      for (const [key, one] of changed.open) open.set(key, JSON.parse(JSON.stringify(one)))
    }
    const first = new Insights()
    fold(first, told.slice(0, cursor))
    fold(first, told.slice(cursor, dies))
    fold(new Insights(open.values()), told.slice(cursor))
    return [...segments.values()]
  }
}

type Shown = Pick<
  Segment,
  | 'kind'
  | 'began_at'
  | 'ended_at'
  | 'task_sid'
  | 'worker_sid'
  | 'result'
  | 'ring_ms'
  | 'queue_ms'
  | 'talk_ms'
  | 'wrap_up_ms'
  | 'hold_ms'
  | 'dial_ms'
  | 'hung_up_by'
>

function shown({
  kind,
  began_at,
  ended_at,
  task_sid,
  worker_sid,
  ...more
}: Shown | ReturnType<typeof stretchesOf>[number]): string {
  const { result, ring_ms, queue_ms, talk_ms, wrap_up_ms, hold_ms, dial_ms, hung_up_by } = more
  return JSON.stringify({
    kind,
    began_at,
    ended_at,
    task_sid,
    worker_sid,
    result,
    ring_ms,
    queue_ms,
    talk_ms,
    wrap_up_ms,
    hold_ms,
    dial_ms,
    hung_up_by
  })
}

function whole(segment: Segment): string {
  return JSON.stringify(segment)
}

function differences(rule: string, found: readonly string[], expected: readonly string[]): Complaint[] {
  const [a, b] = [[...found].sort(), [...expected].sort()]
  const at = a.findIndex((one, n) => one !== b[n])
  if (at < 0 && a.length === b.length) return []
  const place = at < 0 ? a.length : at
  return [{ rule, text: `${a[place] ?? 'nothing'} is there, and ${b[place] ?? 'nothing'} is due` }]
}
