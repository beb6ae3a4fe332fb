import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ask, askList } from '../api/api.ts'
import { instantOf, serverNow } from '../live/clock.ts'
import { onEvent, queries, useConfiguration } from '../live/desk.ts'
import { objectIn, textIn } from '../live/rows.ts'
import { customerName } from '../words/names.ts'

/* What queues look like now: the board, which tells what has changed, and who waits, by name. */

export interface QueueFigures {
  readonly sid: string
  readonly name: string
  readonly waiting: number
  readonly active: number
  readonly available: number
  readonly eligible: number
  /** When the one that waits longest came in, in milliseconds. */
  readonly waiting_since: number | undefined
  /** When the first service level here is missed, in milliseconds. */
  readonly limit: number | undefined
  /** Seconds within which somebody is to be answered. */
  readonly threshold_s: number
  /** Of those who came in the last half hour, how many were answered in time, 0 to 1; undefined where nobody came. */
  readonly service_level: number | undefined
}

export interface WaitingTask {
  readonly sid: string
  readonly name: string
  readonly channel: string
  readonly queue_sid: string
  readonly queue_name: string
  readonly since: number
  /** When its service level is missed, in milliseconds. */
  readonly limit: number
}

export interface Floor {
  readonly queues: readonly QueueFigures[]
  readonly waiting: readonly WaitingTask[]
  readonly at: number
}

const usualThreshold_s = 20
/** How far ahead it is asked what will wait too long. */
const ahead = 'PT15M'
const pause_ms = 1000

/** Queues and who waits in them; asked for again when something has happened there, at most once a second. */
export function useFloor(workspace_sid: string) {
  const { data: configuration } = useConfiguration()
  const thresholds = thresholdsOf(configuration?.queue_stats_configuration)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = onEvent(({ type }) => {
      if (!/^(?:task|reservation|worker|task-queue|workflow)\./.test(type) || timer !== undefined) return
      timer = setTimeout(() => {
        timer = undefined
        void queries.invalidateQueries({ queryKey: ['floor'] })
      }, pause_ms)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [])
  return useQuery({
    queryKey: ['floor', workspace_sid, JSON.stringify(thresholds)],
    queryFn: () => floorOf(workspace_sid, (place) => thresholds[place] ?? thresholds.default ?? usualThreshold_s),
    placeholderData: (before: Floor | undefined) => before
  })
}

async function floorOf(workspace_sid: string, thresholdOf: (place: string) => number): Promise<Floor> {
  const path = { workspace_sid }
  const waitingOnes = { assignment_status: ['pending', 'reserved'] } as const
  const [queues, tasks, { breaches }] = await Promise.all([
    boardOf(workspace_sid),
    askList('taskrouter_v1.ListTask', { path, params: waitingOnes }, 500),
    ask('ringdown_v1.FetchWorkspaceBreaches', { path, params: { within: ahead } })
  ])
  // The soonest of a task comes first: its service level, its target, or its own end.
  const soonest = new Map<string, number>()
  for (const { task_sid, breaches_at } of breaches ?? [])
    if (!soonest.has(task_sid)) soonest.set(task_sid, instantOf(breaches_at) ?? 0)
  const waiting = tasks.map((task): WaitingTask => {
    const attributes = objectIn(task.attributes)
    const since = instantOf(task.task_queue_entered_date ?? task.date_created) ?? 0
    const level = since + thresholdOf(`${task.task_queue_sid}/${task.task_channel_sid}`) * 1000
    return {
      sid: String(task.sid),
      name: customerName(attributes) ?? String(task.sid),
      channel: textIn(attributes, 'channelType') ?? task.task_channel_unique_name ?? 'default',
      queue_sid: String(task.task_queue_sid),
      queue_name: task.task_queue_friendly_name ?? '',
      since,
      limit: Math.min(level, soonest.get(String(task.sid)) ?? level)
    }
  })
  return {
    at: serverNow(),
    waiting: waiting.sort((a, b) => a.limit - b.limit),
    queues: queues.map(({ task_queue_sid, friendly_name, now, last_30_minutes, next_breach }) => {
      const here = waiting.filter(({ queue_sid }) => queue_sid === task_queue_sid)
      const limits = [...here.map((one) => one.limit), ...[instantOf(next_breach?.at)].flatMap((at) => at ?? [])]
      const { service_level } = objectIn(last_30_minutes)
      return {
        sid: task_queue_sid,
        name: friendly_name,
        waiting: now.waiting,
        active: now.active,
        available: now.available_workers,
        eligible: now.eligible_workers,
        waiting_since: here.length === 0 ? undefined : Math.min(...here.map(({ since }) => since)),
        // Of several channels the one that is missed first.
        limit: limits.length === 0 ? undefined : Math.min(...limits),
        threshold_s: thresholdOf(''),
        service_level: typeof service_level === 'number' ? service_level : undefined
      }
    })
  }
}

type Board = OperationTypes['ringdown_v1.FetchWorkspaceBoard']['result']
type BoardQueue = NonNullable<Board['task_queues']>[number]

/** By workspace: the last version, and all queues as they are by then. */
const boards = new Map<string, { readonly version: string; readonly queues: ReadonlyMap<string, BoardQueue> }>()

/** All queues; only what has changed is asked for. */
async function boardOf(workspace_sid: string): Promise<readonly BoardQueue[]> {
  const before = boards.get(workspace_sid)
  const params = before ? { since: before.version } : {}
  const board = await ask('ringdown_v1.FetchWorkspaceBoard', { path: { workspace_sid }, params })
  const queues = new Map(board.is_whole ? [] : before?.queues)
  for (const sid of board.removed ?? []) queues.delete(sid)
  for (const queue of board.task_queues ?? []) queues.set(queue.task_queue_sid, queue)
  boards.set(workspace_sid, { version: String(board.version), queues })
  return [...queues.values()]
}

/**
 * `queue_stats_configuration` has a threshold for everything, and others for queues on channels: by `WQ…/TC…`, and `default`
 * (reference flex 17).
 */
function thresholdsOf(configuration: unknown): Readonly<Record<string, number>> {
  const { default: general, queue_channel_configurations: narrower } = objectIn(configuration)
  const found: Record<string, number> = {}
  const usual = Number(objectIn(general).service_level_threshold)
  if (usual > 0) found.default = usual
  for (const one of Array.isArray(narrower) ? narrower : []) {
    const { queue_sid, channel_sid, service_level_threshold } = objectIn(one)
    if (Number(service_level_threshold) > 0) found[`${queue_sid}/${channel_sid}`] = Number(service_level_threshold)
  }
  return found
}
