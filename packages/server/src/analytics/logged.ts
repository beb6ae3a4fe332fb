import { isCounted } from '@ringdown/engine/analytics/counted'
import type { CountedEvent } from '@ringdown/engine/analytics/rollup'
import { type InsightEvent, insightFrom } from '@ringdown/engine/insights/insight-event'
import type { Ledger } from '../commit/ledger.ts'
import { EventSearch } from '../log/event-search.ts'
import type { StoredEvent } from '../store/store.ts'

/** An event of the log as the fold of insights sees it. */
export function insightFromLog(event: StoredEvent): InsightEvent {
  return insightFrom(event, dataOf(event))
}

/** An event of the log as the folds of statistics see it. */
export function countedFrom(event: StoredEvent): CountedEvent {
  const { seq, type, at } = event
  const told = dataOf(event)
  return {
    seq,
    type,
    at,
    workspace_sid: textOf(told.workspace_sid),
    task_queue_sid: textOf(told.task_queue_sid),
    workflow_sid: textOf(told.workflow_sid),
    task_channel_sid: textOf(told.task_channel_sid),
    worker_sid: textOf(told.worker_sid),
    worker_activity_sid: textOf(told.worker_activity_sid),
    task_date_created: numberOf(told.task_date_created),
    task_queue_entered_date: numberOf(told.task_queue_entered_date)
  }
}

/** Events that are read at a time. */
const readLimit = 200

/** The events of the log, from one instant on and before another, that statistics take something from. */
export async function* countedBetween(
  ledger: Pick<Ledger, 'reading' | 'log'>,
  [from, until]: readonly [number, number]
): AsyncGenerator<CountedEvent> {
  const range = await ledger.reading((log, account_sid) => new EventSearch(log).between(account_sid, from, until))
  for (let after = range && range.first - 1; range && after !== undefined && after < range.last; ) {
    const events = await ledger.log(after, readLimit)
    for (const event of events) if (event.seq <= range.last && isCounted(event.type)) yield countedFrom(event)
    after = events.at(-1)?.seq
  }
}

/** The event that was read last: both folds ask for it. */
let last: { readonly event: StoredEvent; readonly data: Readonly<Record<string, unknown>> } | undefined

function dataOf(event: StoredEvent): Readonly<Record<string, unknown>> {
  if (last?.event !== event) {
    const { data }: { readonly data: Readonly<Record<string, unknown>> } = JSON.parse(event.data) // as the batch wrote it
    last = { event, data }
  }
  return last.data
}

function textOf(field: unknown): string | null {
  return typeof field === 'string' ? field : null
}

function numberOf(field: unknown): number | null {
  return typeof field === 'number' ? field : null
}
