import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { EngineEvent } from '@ringdown/engine/events'
import { insightEvents, insightOf } from '@ringdown/engine/insights/insight-event'
import { Insights } from '@ringdown/engine/insights/insights'
import { Floor } from './floor.ts'
import { median } from './measured.ts'

const lifecycles = 4_000
const passes = 25
const minute = 60_000

/** What the fold of insights costs: microseconds of processor time an event, and bytes in memory for each waiting task. */
export interface FoldCost {
  readonly event_us: number
  readonly events: number
  readonly task_bytes: number
}

/**
 * Folds the events of task lifecycles (create, offer, accept, complete) again and again, as the server does: all events are
 * looked at, and what has changed is taken each minute. Processor time, so that a busy machine changes little.
 */
export function foldCost(): FoldCost {
  const events = eventsOf((floor) => {
    for (let i = 0; i < lifecycles; i++) {
      floor.finish(floor.create(i).sid)
      floor.at += 10
    }
  })
  const took: number[] = []
  for (let pass = 0; pass < passes; pass++) {
    const before = process.cpuUsage()
    fold(events)
    const { user, system } = process.cpuUsage(before)
    took.push((user + system) / events.length)
  }
  return { event_us: median(took.slice(5)), events: events.length, task_bytes: taskBytes() }
}

function eventsOf(happens: (floor: Floor) => void): readonly EngineEvent[] {
  const events: EngineEvent[] = []
  const floor = new Floor({ workers: 1000, queues: 50 })
  floor.onDecision = (_command, _seed, decision) => void events.push(...decision.events)
  happens(floor)
  return events
}

function fold(events: readonly EngineEvent[]): Insights {
  const insights = new Insights()
  let now = 0
  for (const event of events) {
    if (event.at - now >= minute) {
      insights.take()
      now = event.at
    }
    if (insightEvents.has(event.type)) insights.move(insightOf(event))
  }
  insights.take()
  return insights
}

/** What is kept of tasks that wait, when what has changed by them is written. */
function taskBytes(): number {
  const many = 20_000
  const events = eventsOf((floor) => {
    for (let i = 0; i < many; i++) floor.create(i)
  })
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // what the flag brings
  const size = () => {
    collect()
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = size()
  const insights = fold(events)
  const bytes = size() - before
  return insights.size === 0 ? 0 : bytes / many
}
