import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import type { EngineEvent, EventType } from '../events.ts'
import type { Reaction, Reactions } from '../reactions.ts'
import { lookAgain, waitedFrom } from './evaluator.ts'
import { terminateSubscriptions } from './subscription.ts'

/** What changes how many tasks are where in a queue. */
const ofTasks = [
  ...['task.created', 'task.updated', 'task.canceled', 'task.wrapup', 'task.completed'],
  ...['task.deleted', 'task.system-deleted', 'task-queue.entered', 'task-queue.moved', 'task-queue.timeout'],
  ...['workflow.timeout', 'reservation.created', 'reservation.accepted', 'reservation.rejected'],
  ...['reservation.timeout', 'reservation.canceled', 'reservation.rescinded', 'reservation.wrapup'],
  ...['reservation.completed']
] as readonly EventType[]

/** What changes which workers a queue has. */
const ofWorkers = [
  ...['worker.created', 'worker.deleted', 'worker.activity.update', 'worker.attributes.update'],
  ...['ringdown.worker.updated', 'activity.updated', 'task-queue.expression.updated', 'ringdown.task-queue.updated']
] as readonly EventType[]

const entering: ReadonlySet<EventType> = new Set(['task-queue.entered', 'task-queue.moved', 'task.created'])

/** A key that is gone is sent nothing more. */
function keyGoes(state: State, { refs }: EngineEvent): void {
  if (refs.key) terminateSubscriptions(state, refs.key.sid)
}

function tasksChange(state: State, { type, refs }: EngineEvent): void {
  const { situation_rule } = state.tables
  if (situation_rule.size === 0) return
  const queue = refs.task?.task_queue_sid
  const before = refs.extra?.previous_task_queue_sid
  for (const one of new Set([queue, before]))
    if (typeof one === 'string')
      for (const rule of situation_rule.list('watched', nameKey('queue.threshold', one))) lookAgain(state, rule)
  if (!refs.task || !queue || !entering.has(type)) return
  for (const place of [queue, '*'])
    for (const rule of situation_rule.list('watched', nameKey('task.waiting', place)))
      lookAgain(state, rule, waitedFrom(rule, state.at))
}

/** Whoever watches a queue that is gone watches nothing. */
function queueGoes(state: State, { refs }: EngineEvent): void {
  for (const situation of ruled)
    for (const rule of state.tables.situation_rule.list('watched', nameKey(situation, refs.task_queue?.sid ?? '')))
      state.remove('situation_rule', rule.sid)
}

const ruled = ['queue.threshold', 'task.waiting'] as const

function workersChange(state: State): void {
  for (const rule of state.tables.situation_rule.list('account_sid', state.account_sid))
    if (rule.situation === 'queue.threshold' && String(rule.arguments.metric).endsWith('_workers'))
      lookAgain(state, rule)
}

const all = (types: readonly EventType[], reaction: Reaction): Reactions =>
  Object.fromEntries(types.map((type) => [type, reaction]))

/** What happens in queues, and to keys. */
export const agentReactions: Reactions = {
  ...all(ofTasks, tasksChange),
  ...all(ofWorkers, workersChange),
  'task-queue.deleted': queueGoes,
  'ringdown.key.deleted': keyGoes,
  // What a policy allows now is looked at when it asks again.
  'ringdown.key.updated': (state, event) => {
    if (event.refs.key?.key_type === 'restricted') keyGoes(state, event)
  }
}
