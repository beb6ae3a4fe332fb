import type { State } from '@ringdown/engine/center'
import { refOf } from '@ringdown/engine/core/events'
import type { EngineEvent, EventRefs } from '@ringdown/engine/events'
import { isOpen } from '@ringdown/engine/matching/row-values'
import type { TaskRow } from '@ringdown/engine/routing/rows'
import {
  channelPayload,
  type ReservationParents,
  reservationPayload,
  type TaskParents,
  taskPayload,
  transferPayload,
  workerPayload
} from './payload.ts'

/** What is sent to the sockets of some workers. */
export interface Pushed {
  readonly workspace_sid: string
  readonly worker_sids: readonly string[]
  readonly event_type: string
  readonly payload: object
}

/** What an event pushes to workers, or undefined where it concerns none. `state` is at the event or later. */
type Push = (event: EngineEvent, state: State) => Omit<Pushed, 'event_type' | 'workspace_sid'> | undefined

/** Events that are pushed to workers (reference taskrouter 9.6). Rows are as they were when it happened. */
const pushes: Readonly<Record<string, Push>> = {
  'worker.activity.update': ofWorker,
  'worker.attributes.update': ofWorker,
  'worker.capacity.update': ofChannel,
  'worker.channel.availability.update': ofChannel,
  'reservation.created': ofReservation,
  'reservation.accepted': ofReservation,
  'reservation.wrapup': ofReservation,
  'reservation.completed': ofReservation,
  'reservation.rejected': ofReservation,
  'reservation.timeout': ofReservation,
  'reservation.canceled': ofReservation,
  'reservation.rescinded': ofReservation,
  'reservation.failed': ({ refs, at }, state) =>
    refs.worker && {
      worker_sids: [refs.worker.sid],
      payload: taskPayload(state.account_sid, taskIn(refs), parentsIn(refs), at)
    },
  'task.updated': ofTask,
  'task.canceled': ofTask,
  'task.completed': ofTask,
  'task.wrapup': ofTask,
  'task.transfer-initiated': ofTransfer,
  'task.transfer-completed': ofTransfer,
  'task.transfer-failed': ofTransfer,
  'task.transfer-attempt-failed': ofTransfer,
  'task.transfer-canceled': ofTransfer
}

export function pushedBy(event: EngineEvent, state: State): Pushed | undefined {
  const push = Object.hasOwn(pushes, event.type) ? pushes[event.type] : undefined
  const pushed = push?.(event, state)
  const { workspace } = event.refs
  return pushed && workspace && { event_type: event.type, workspace_sid: workspace.sid, ...pushed }
}

function ofWorker({ refs }: EngineEvent, { account_sid }: State) {
  const { worker, activity } = refs
  return worker && { worker_sids: [worker.sid], payload: workerPayload(account_sid, worker, activity) }
}

/** The load is told by the event as it was then. */
function ofChannel({ refs }: EngineEvent, { account_sid }: State) {
  const { worker, worker_channel, task_channel, extra } = refs
  if (!worker || !worker_channel) return undefined
  const load = {
    assigned_tasks: Number(extra?.worker_channel_task_count ?? 0),
    available_capacity_percentage: Number(extra?.worker_channel_available_capacity ?? 0)
  }
  const payload = channelPayload(account_sid, worker_channel, task_channel, load)
  return { worker_sids: [worker.sid], payload: { ...payload, version: worker_channel.version } }
}

function ofReservation({ refs, at }: EngineEvent, { account_sid }: State) {
  const { reservation, worker, transfer } = refs
  if (!reservation) return undefined
  const isIncoming = transfer?.reservation_sid === reservation.sid
  const isOutgoing = transfer?.initiating_reservation_sid === reservation.sid
  const parents: ReservationParents = {
    ...parentsIn(refs),
    task: taskIn(refs),
    worker,
    ...(isIncoming && { incoming: transfer }),
    ...(isOutgoing && { outgoing: transfer })
  }
  return {
    worker_sids: [reservation.worker_sid],
    payload: reservationPayload(account_sid, reservation, parents, at)
  }
}

/** To every worker who held the task then: reservations that have ended do not change any more. */
function ofTask({ refs, at }: EngineEvent, state: State) {
  const task = taskIn(refs)
  const holders = new Set<string>()
  for (const reservation of state.tables.reservation.by('task_sid', task.sid)) {
    const isHeld = isOpen(reservation) || reservation.date_updated >= at
    if (isHeld && reservation.date_created <= at) holders.add(reservation.worker_sid)
  }
  if (holders.size === 0) return undefined
  return { worker_sids: [...holders], payload: taskPayload(state.account_sid, task, parentsIn(refs), at) }
}

function ofTransfer({ refs }: EngineEvent, { account_sid }: State) {
  const { transfer } = refs
  return transfer && { worker_sids: [transfer.initiating_worker_sid], payload: transferPayload(account_sid, transfer) }
}

function taskIn(refs: EventRefs): TaskRow {
  return refOf(refs, 'task')
}

function parentsIn({ task_queue, workflow, task_channel }: EventRefs): TaskParents {
  return { task_queue, workflow, task_channel }
}
