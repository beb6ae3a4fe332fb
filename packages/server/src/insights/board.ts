import { isoMilliseconds } from '@ringdown/contract/instant'
import { enteredAt, realTimeOf } from '@ringdown/engine/analytics/realtime'
import type { State } from '@ringdown/engine/center'
import type { ActivityRow, TaskQueueRow, WorkerRow } from '@ringdown/engine/routing/rows'
import type { Figures } from './answer.ts'
import { breachesOf } from './breaches.ts'
import type { Column } from './question.ts'
import { resetTimeOf } from './surroundings.ts'
import { startOf, timeOfDay } from './zone.ts'

/*
 * What every queue of a workspace is at (reference flex 21): now, in the last half hour, and since its day has begun.
 */

/** What is shown of a span of time, by the names of metrics. */
export const windowMetrics = [
  ...['entered', 'handled', 'accepted', 'accepted_within_service_level', 'service_level', 'accepted_rate'],
  ...['abandoned', 'abandon_rate', 'short_abandoned', 'short_abandon_rate', 'speed_of_answer', 'abandon_time'],
  ...[
    'handling_time',
    'talk_time',
    'wrap_up_time',
    'ring_time',
    'missed',
    'rejected',
    'moved',
    'moved_rate',
    'transferred'
  ]
] as const

export const recent_ms = 1_800_000

type Values = Figures['values']

/** Figures of a span, by queue, and by queue and channel. */
export interface WindowFigures {
  readonly queues: ReadonlyMap<string, Values>
  readonly channels: ReadonlyMap<string, ReadonlyMap<string, Values>>
}

export const noFigures: WindowFigures = { queues: new Map(), channels: new Map() }

export interface BoardQueue {
  readonly task_queue_sid: string
  readonly friendly_name: string
  readonly now: QueueNow
  readonly last_30_minutes: Values
  readonly today: Values
  readonly next_breach: { readonly task_sid: string; readonly at: string } | null
  readonly channels: readonly object[]
}

interface QueueNow extends TasksNow {
  readonly eligible_workers: number
  readonly available_workers: number
  readonly workers_by_activity: Readonly<Record<string, number>>
}

interface TasksNow {
  readonly pending: number
  readonly reserved: number
  readonly assigned: number
  readonly wrapping: number
  /** Pending and reserved. */
  readonly waiting: number
  /** Assigned and wrapping. */
  readonly active: number
  /** Seconds. */
  readonly longest_wait: number
  readonly longest_wait_task_sid: string | null
}

export interface BoardActivity {
  readonly activity_sid: string
  readonly friendly_name: string
  readonly workers: number
  /** Seconds for which whoever is in it for longest has been so. */
  readonly longest: number
}

/** When the day of a queue has begun: at its reset time, as clocks show it where that is said to be. */
export function dayStartOf(state: State, task_queue_sid: string, now: number): number {
  const { zone, after_ms } = resetTimeOf(state, task_queue_sid)
  const today = timeOfDay(zone, now, after_ms)
  return today <= now ? today : timeOfDay(zone, startOf(zone, 'P1D', now) - 1, after_ms)
}

/** Figures as they are shown, with nothing for queues and channels of which nothing is known. */
function windowOf(columns: readonly Column[], values: Values | undefined): Values {
  if (values) return rounded(values)
  return Object.fromEntries(columns.map(({ name, unit }) => [name, unit === 'count' ? 0 : null]))
}

function rounded(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : Math.round(value * 10_000) / 10_000])
  )
}

/** A queue as it is now, with what is known of its windows. */
export function boardQueue(
  state: State,
  queue: TaskQueueRow,
  {
    now,
    columns,
    recent,
    today
  }: {
    readonly now: number
    readonly columns: readonly Column[]
    readonly recent: WindowFigures
    readonly today: WindowFigures
  }
): BoardQueue {
  const { sid: task_queue_sid, friendly_name, workspace_sid } = queue
  const { eligible, available, by_activity } = realTimeOf(state).workforce(task_queue_sid, undefined)
  const {
    breaches: [next]
  } = breachesOf(state, { workspace_sid, task_queue_sid, now, until: now + breach_ms, max: 1 })
  const channels = state.tables.task_channel.list('workspace_sid', workspace_sid).flatMap(({ sid, unique_name }) => {
    const tasks = tasksNow(state, task_queue_sid, sid, now)
    const [half, whole] = [
      recent.channels.get(task_queue_sid)?.get(unique_name),
      today.channels.get(task_queue_sid)?.get(unique_name)
    ]
    if (tasks.waiting + tasks.active === 0 && !half && !whole) return []
    return [
      {
        channel: unique_name,
        task_channel_sid: sid,
        now: tasks,
        last_30_minutes: windowOf(columns, half),
        today: windowOf(columns, whole)
      }
    ]
  })
  return {
    task_queue_sid,
    friendly_name,
    now: {
      ...tasksNow(state, task_queue_sid, undefined, now),
      eligible_workers: eligible,
      available_workers: available,
      workers_by_activity: Object.fromEntries(
        [...by_activity].map(([sid, workers]) => [state.find('activity', sid)?.friendly_name ?? sid, workers])
      )
    },
    last_30_minutes: windowOf(columns, recent.queues.get(task_queue_sid)),
    today: windowOf(columns, today.queues.get(task_queue_sid)),
    next_breach: next ? { task_sid: next.task_sid, at: next.breaches_at } : null,
    channels
  }
}

/** How far ahead the next breach of a queue is looked for. */
const breach_ms = 3_600_000

function tasksNow(state: State, place: string, channel: string | undefined, now: number): TasksNow {
  const { tasks_by_status, longest_in_queue } = realTimeOf(state).tasks(place, channel)
  const { pending, reserved, assigned, wrapping } = tasks_by_status
  return {
    ...{ pending, reserved, assigned, wrapping },
    waiting: pending + reserved,
    active: assigned + wrapping,
    longest_wait: longest_in_queue ? Math.max(0, Math.floor((now - enteredAt(longest_in_queue)) / 1000)) : 0,
    longest_wait_task_sid: longest_in_queue?.sid ?? null
  }
}

/** Every activity, with who is in it for longest. */
export function boardActivities(state: State, workspace_sid: string, now: number): BoardActivity[] {
  return state.tables.activity.list('workspace_sid', workspace_sid).map(({ sid: activity_sid, friendly_name }) => {
    let [workers, since] = [0, now]
    for (const worker of state.tables.worker.by('activity_sid', activity_sid)) {
      workers++
      since = Math.min(since, worker.date_status_changed)
    }
    return { activity_sid, friendly_name, workers, longest: Math.floor((now - since) / 1000) }
  })
}

/** A worker, and since when it has been where it is. */
export interface BoardWorker {
  readonly worker_sid: string
  readonly friendly_name: string
  readonly activity_sid: string
  readonly activity: string
  readonly available: boolean
  readonly since: string
}

/** Every worker, as its row and that of its activity say; one whose rows are as they were is the one that was shown before. */
export function boardWorkers(
  state: State,
  workspace_sid: string,
  before: ReadonlyMap<string, ShownWorker> | undefined
): ReadonlyMap<string, Omit<ShownWorker, 'version'>> {
  const shown = new Map<string, Omit<ShownWorker, 'version'>>()
  for (const row of state.tables.worker.by('workspace_sid', workspace_sid)) {
    const { sid: worker_sid, friendly_name, activity_sid, date_status_changed } = row
    const activity = state.get('activity', activity_sid)
    const known = before?.get(worker_sid)
    if (known?.row === row && known.activity === activity) shown.set(worker_sid, known)
    else {
      const { friendly_name: name, available } = activity
      const since = isoMilliseconds(date_status_changed)
      const value = { worker_sid, friendly_name, activity_sid, activity: name, available, since }
      // Most changes of a worker's row are of other things.
      const isSame = known && JSON.stringify(known.value) === JSON.stringify(value)
      shown.set(worker_sid, { row, activity, value: isSame ? known.value : value })
    }
  }
  return shown
}

/** A worker on the board, and the rows that say so. */
interface ShownWorker {
  readonly row: WorkerRow
  readonly activity: ActivityRow
  readonly value: BoardWorker
  readonly version: number
}

/** The board at one moment, and when each part of it has changed last. */
export interface Board {
  readonly workspace_sid: string
  readonly at: number
  readonly version: number
  readonly queues: ReadonlyMap<string, Versioned<BoardQueue>>
  readonly activities: Versioned<readonly BoardActivity[]>
  readonly workers: ReadonlyMap<string, ShownWorker>
  /** Queues and workers that are gone, by the version with which they went. */
  readonly removed: ReadonlyMap<string, number>
}

interface Versioned<T> {
  readonly value: T
  /** The same as JSON text, ages of what waits and of who is somewhere left out: they change by themselves. */
  readonly text: string
  readonly version: number
}

/** The next board: what is as it was keeps its version. */
export function nextBoard(
  before: Board | undefined,
  {
    workspace_sid,
    at,
    queues,
    activities,
    workers
  }: {
    readonly workspace_sid: string
    readonly at: number
    readonly queues: readonly BoardQueue[]
    readonly activities: readonly BoardActivity[]
    readonly workers: ReturnType<typeof boardWorkers>
  }
): Board {
  const version = (before?.version ?? 0) + 1
  const next = new Map(
    queues.map((queue) => [queue.task_queue_sid, versioned(queue, before?.queues.get(queue.task_queue_sid), version)])
  )
  const staff = nextWorkers(workers, before?.workers, version)
  const removed = removedSince(before, (sid) => next.has(sid) || staff.has(sid), version)
  const own = versioned(activities, before?.activities, version)
  const isNew = (part: { readonly version: number }) => part.version === version
  const isChanged =
    isNew(own) ||
    [...next.values()].some(isNew) ||
    [...staff.values()].some(isNew) ||
    [...removed.values()].includes(version)
  return {
    workspace_sid,
    at,
    version: isChanged ? version : (before?.version ?? version),
    queues: next,
    activities: own,
    workers: staff,
    removed
  }
}

/** A part of a board, under the version that it had where it shows the same. */
function versioned<T>(value: T, known: Versioned<T> | undefined, version: number): Versioned<T> {
  const text = JSON.stringify(value, (name, inside: unknown) => (aging.has(name) ? undefined : inside))
  return known?.text === text ? { ...known, value } : { value, text, version }
}

function nextWorkers(
  workers: ReturnType<typeof boardWorkers>,
  before: Board['workers'] | undefined,
  version: number
): Board['workers'] {
  const next = new Map<string, ShownWorker>()
  for (const [sid, worker] of workers) {
    const known = before?.get(sid)
    if (known?.value !== worker.value) next.set(sid, { ...worker, version })
    else next.set(sid, known.row === worker.row ? known : { ...worker, version: known.version })
  }
  return next
}

/** What was shown on a board once and is there no more. */
function removedSince(before: Board | undefined, isThere: (sid: string) => boolean, version: number): Board['removed'] {
  const removed = new Map([...(before?.removed ?? [])].filter(([sid]) => !isThere(sid)))
  for (const sid of [...(before?.queues.keys() ?? []), ...(before?.workers.keys() ?? [])])
    if (!isThere(sid)) removed.set(sid, version)
  return removed
}

const aging: ReadonlySet<string> = new Set(['longest_wait', 'longest'])

/** What of a board has changed after a version, as it is shown; all of it without one. `sees` says which queues and workers may be seen. */
export function shownBoard(
  board: Board,
  epoch: string,
  {
    since,
    sees = () => true
  }: { readonly since?: number | undefined; readonly sees?: ((sid: string) => boolean) | undefined }
) {
  const after = since ?? 0
  const isNew = ({ version }: { readonly version: number }) => version > after
  return {
    workspace_sid: board.workspace_sid,
    at: board.at,
    version: `${epoch}-${board.version}`,
    is_whole: since === undefined,
    task_queues: [...board.queues.values()]
      .filter((one) => isNew(one) && sees(one.value.task_queue_sid))
      .map(({ value }) => value),
    removed:
      since === undefined
        ? []
        : [...board.removed].flatMap(([sid, version]) => (version > after && sees(sid) ? [sid] : [])),
    activities: isNew(board.activities) ? board.activities.value : [],
    workers: [...board.workers.values()]
      .filter((one) => isNew(one) && sees(one.value.worker_sid))
      .map(({ value }) => value)
  }
}
