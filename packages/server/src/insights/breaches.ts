import { isoMilliseconds } from '@ringdown/contract/instant'
import { enteredAt } from '@ringdown/engine/analytics/realtime'
import type { State } from '@ringdown/engine/center'
import type { AwaitedReply } from '@ringdown/engine/insights/contact'
import { isPutAway, type TaskRow } from '@ringdown/engine/routing/rows'
import type { Thresholds } from './fields.ts'
import { replyTarget } from './reply-target.ts'
import { serviceLevelOf, thresholdsIn } from './surroundings.ts'

/** When a task in a queue, or a customer who waits for a reply, will have waited too long if nothing happens. */
export interface Breach {
  readonly kind: 'service_level' | 'target' | 'time_out' | 'reply'
  readonly breaches_at: string
  readonly in_seconds: number
  readonly task_sid: string
  readonly task_queue_sid: string | null
  readonly task_queue: string | null
  readonly channel: string | null
  /** Seconds: in its queue, or for the reply. */
  readonly waited: number
  /** Of a reply: the conversation in which it is due, and the agent by whom. */
  readonly conversation_sid: string | null
  readonly worker_sid: string | null
}

export interface BreachesAsked {
  readonly workspace_sid: string
  readonly task_queue_sid?: string | undefined
  readonly now: number
  readonly until: number
  /** How many are answered at most: the soonest. */
  readonly max: number
  /** Of which queues they may be; of all without it. */
  readonly sees?: ((task_queue_sid: string | null) => boolean) | undefined
  /** Customers who wait for an answer of an agent who has them. */
  readonly replies?: readonly AwaitedReply[]
}

export interface Breaches {
  readonly breaches: readonly Breach[]
  /** False where there were more, or more tasks than are looked at. */
  readonly is_complete: boolean
}

/** Waiting tasks that are looked at, in order of their creation. */
const maxLooked = 20_000

interface Found {
  readonly at: number
  readonly kind: Breach['kind']
  readonly task: TaskRow
  readonly since: number
  readonly reply?: AwaitedReply
}

/**
 * What will wait too long first: past its queue's service level, its target's time, or its own; and whose reply is due. The
 * soonest first.
 */
export function breachesOf(state: State, asked: BreachesAsked): Breaches {
  const { workspace_sid, task_queue_sid, now, until, max, sees = () => true } = asked
  const thresholds = thresholdsIn(state)
  const found = dueReplies(state, asked)
  const rows =
    task_queue_sid === undefined
      ? state.tables.task.by('workspace_sid', workspace_sid)
      : state.tables.task.by('task_queue_sid', task_queue_sid)
  let looked = 0
  for (const task of rows) {
    if (++looked > maxLooked) break
    if (
      !sees(task.task_queue_sid) ||
      isPutAway(task) ||
      (task.assignment_status !== 'pending' && task.assignment_status !== 'reserved')
    )
      continue
    const since = enteredAt(task)
    for (const [kind, at] of instantsOf(task, thresholds))
      if (at >= now && at < until) found.push({ at, kind, task, since })
  }
  found.sort((a, b) => a.at - b.at || a.task.seq - b.task.seq || (a.kind < b.kind ? -1 : 1))
  const breaches = found.slice(0, max).map(({ at, kind, task, since, reply }) => ({
    kind,
    breaches_at: isoMilliseconds(at),
    in_seconds: Math.floor((at - now) / 1000),
    task_sid: task.sid,
    task_queue_sid: task.task_queue_sid,
    task_queue: state.find('task_queue', task.task_queue_sid)?.friendly_name ?? null,
    channel: state.find('task_channel', task.task_channel_sid)?.unique_name ?? null,
    waited: Math.max(0, Math.floor((now - since) / 1000)),
    conversation_sid: reply?.contact ?? null,
    worker_sid: reply?.worker_sid ?? null
  }))
  return { breaches, is_complete: found.length <= max && looked <= maxLooked }
}

/** Replies by the instants at which they are due. */
function dueReplies(
  state: State,
  { task_queue_sid, now, until, sees = () => true, replies = [] }: BreachesAsked
): Found[] {
  const target = replyTarget(state)
  if (target === null) return []
  return replies.flatMap((reply): Found[] => {
    const { since } = reply
    const at = since + target
    const task = state.resident('task', reply.task_sid)
    const isAsked = task !== undefined && (task_queue_sid === undefined || task.task_queue_sid === task_queue_sid)
    return isAsked && at >= now && at < until && sees(task.task_queue_sid)
      ? [{ at, kind: 'reply', task, since, reply }]
      : []
  })
}

type Ending = readonly [kind: Breach['kind'], at: number]

function instantsOf(task: TaskRow, thresholds: Thresholds): Ending[] {
  const { task_queue_sid: queue, task_channel_sid, target_at, ttl_at } = task
  const level = queue === null ? null : enteredAt(task) + serviceLevelOf(thresholds, queue, task_channel_sid)
  const all: readonly (readonly [Breach['kind'], number | null])[] = [
    ['service_level', level],
    ['target', target_at],
    ['time_out', ttl_at]
  ]
  return all.flatMap(([kind, at]): Ending[] => (at === null ? [] : [[kind, at]]))
}
