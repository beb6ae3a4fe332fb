import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import { checkLength, checkRange, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkAccountSid } from '../numbers/callback.ts'
import { accept } from '../routing/reservation.ts'
import { connect } from './ending.ts'
import type { Program } from './program.ts'
import { type CallRow, isLiving, type QueueMemberRow, type QueueRow } from './rows.ts'

export interface QueueParams {
  readonly account_sid?: string
  readonly friendly_name?: string
  readonly max_size?: number
}

const maxQueues = 5000
const maxQueueSize = 5000

/** A queue that has a name (reference voice 7). */
export function createQueue(
  state: State,
  params: QueueParams & { readonly friendly_name: string }
): { queue: QueueRow } {
  checkAccountSid(state, params)
  checkParams(params)
  if (queueNamed(state, params.friendly_name))
    refuse('queue.exists', `There is a queue '${params.friendly_name}' already`)
  return { queue: addQueueNamed(state, params.friendly_name, null, params.max_size ?? 1000) }
}

export function updateQueue(state: State, params: QueueParams & { readonly sid: string }): { queue: QueueRow } {
  checkAccountSid(state, params)
  const before = queueOf(state, params.sid)
  checkParams(params)
  const { friendly_name, max_size } = params
  const other = friendly_name === undefined ? undefined : queueNamed(state, friendly_name)
  if (other && other.sid !== before.sid) refuse('queue.exists', `There is a queue '${friendly_name}' already`)
  const queue = state.change('queue', before.sid, { friendly_name, max_size })
  state.emit('queue.updated', { queue })
  return { queue }
}

/** Only an empty queue goes. */
export function deleteQueue(
  state: State,
  params: { readonly account_sid?: string; readonly sid: string }
): Record<string, never> {
  checkAccountSid(state, params)
  const queue = queueOf(state, params.sid)
  const waiting = state.tables.queue_member.count('queue_sid', queue.sid)
  if (waiting > 0) refuse('queue.not_empty', `Queue ${queue.sid} cannot be deleted: ${waiting} calls wait in it`)
  state.emit('queue.deleted', { queue })
  state.remove('queue', queue.sid)
  return {}
}

function checkParams({ friendly_name, max_size }: QueueParams): void {
  if (friendly_name !== undefined && friendly_name.trim() === '') refuse('invalid', 'FriendlyName must not be empty')
  checkLength(friendly_name, 'FriendlyName', 64)
  checkRange(max_size, 'MaxSize', 1, maxQueueSize)
}

export function queueOf(state: State, sid: string): QueueRow {
  return state.tables.queue.find(sid) ?? notFound(`/Queues/${sid}`)
}

export function queueNamed(state: State, name: string): QueueRow | undefined {
  return state.tables.queue.firstBy('name', nameForm(name))
}

/** Brings a queue about: one that somebody has named in a document, or one for a workflow's calls. */
export function addQueueNamed(
  state: State,
  friendly_name: string,
  workflow_sid: string | null,
  max_size: number
): QueueRow {
  if (state.tables.queue.size >= maxQueues) refuse('too_many', `There are ${maxQueues} queues; more are not possible`)
  const queue = state.insert('queue', {
    account_sid: state.account_sid,
    ...{ friendly_name, max_size, workflow_sid, left: 0, waited_ms: 0 }
  })
  state.emit('queue.created', { queue })
  return queue
}

/** Where a call waits; undefined where it waits nowhere. */
export function queueMemberFor(state: State, call_sid: string): QueueMemberRow | undefined {
  return state.tables.queue_member.firstBy('call_sid', call_sid)
}

/** Puts a call at the queue's end. */
export function enterCallQueue(state: State, call_sid: string, queue_sid: string): void {
  state.insert('queue_member', { account_sid: state.account_sid, queue_sid, call_sid })
  state.emit('ringdown.call.queued', { call: state.tables.call.need(call_sid), extra: { queue_sid } })
}

/** Takes a call out of the queue that it waits in; answers how long it was there, in milliseconds, or null where it waits nowhere. */
export function leaveCallQueue(state: State, call_sid: string, result: string): number | null {
  const member = queueMemberFor(state, call_sid)
  if (!member) return null
  const waited = state.at - member.date_created
  state.remove('queue_member', member.sid)
  const queue = state.tables.queue.find(member.queue_sid)
  if (queue) state.change('queue', queue.sid, { left: queue.left + 1, waited_ms: queue.waited_ms + waited })
  const before = state.tables.call.need(call_sid)
  const call = before.program ? state.change('call', call_sid, { program: withWaited(before.program, waited) }) : before
  state.emit('ringdown.call.dequeued', { call, extra: { queue_sid: member.queue_sid, result, waited_ms: waited } })
  return waited
}

/** Keeps how long a call has waited with its verb, whose action asks for it. */
function withWaited(program: Program, waited_ms: number): Program {
  const frames = program.frames.map((frame) =>
    frame.verb?.is === 'enqueue' ? { ...frame, verb: { ...frame.verb, waited_ms } } : frame
  )
  return { ...program, frames }
}

/** Who waits first in a queue, or, with a reservation, its task's call. */
export function firstWaiting(state: State, name: string, reservation_sid?: string): QueueMemberRow | undefined {
  if (reservation_sid) {
    const task_sid = state.tables.reservation.find(reservation_sid)?.task_sid
    const call = task_sid ? callOfTask(state, task_sid) : undefined
    return call && queueMemberFor(state, call.sid)
  }
  const queue = queueNamed(state, name)
  return queue && state.tables.queue_member.firstBy('queue_sid', queue.sid)
}

/**
 * The living call that came in, or went out, for a task: no worker's. An agent who is invited to the channel of an interaction
 * has a task of their own, and the channel's call.
 */
export function callOfTask(state: State, task_sid: string): CallRow | undefined {
  const own = customerOf(state, task_sid)
  const invite = own ? undefined : state.tables.invite.firstBy('task_sid', task_sid)
  if (!invite) return own
  for (const { task_sid: other } of state.tables.invite.by('channel_sid', invite.channel_sid)) {
    const call = customerOf(state, other)
    if (call) return call
  }
  return undefined
}

function customerOf(state: State, task_sid: string): CallRow | undefined {
  return state.tables.call.list('task_sid', task_sid).find((call) => isLiving(call) && !isWorkers(state, call))
}

/** Whether a call is a worker's for its task: one that a worker has made may become a task of its own. */
export function isWorkers(state: State, { reservation_sid, task_sid }: CallRow): boolean {
  return reservation_sid !== null && state.resident('reservation', reservation_sid)?.task_sid === task_sid
}

/** Connects a waiting call with another one, which leaves its queue by that. */
export function connectWaiting(
  state: State,
  waiting_sid: string,
  other_sid: string,
  { reservationSid }: { readonly reservationSid?: string | undefined } = {}
): void {
  const reservation = state.tables.reservation.find(reservationSid)
  leaveCallQueue(state, waiting_sid, 'bridged')
  connect(state, waiting_sid, other_sid)
  if (reservation?.reservation_status === 'pending') {
    state.change('call', other_sid, { task_sid: reservation.task_sid, reservation_sid: reservation.sid })
    accept(state, reservation)
  }
}

export interface QueueFigures {
  readonly position: number
  readonly size: number
  readonly max_size: number
  readonly average_wait_s: number
}

/** Where a call stands in its queue; undefined where it waits in none. */
export function queueFigures(state: State, member: QueueMemberRow | undefined): QueueFigures | undefined {
  const queue = member && state.tables.queue.find(member.queue_sid)
  if (!queue) return undefined
  let position = 1
  for (const { sid } of state.tables.queue_member.by('queue_sid', queue.sid)) {
    if (sid === member.sid) break
    position++
  }
  const size = state.tables.queue_member.count('queue_sid', queue.sid)
  return { position, size, max_size: queue.max_size, average_wait_s: averageWait_s(queue) }
}

/** Seconds that calls have waited that left it. */
export function averageWait_s({ left, waited_ms }: QueueRow): number {
  return left === 0 ? 0 : Math.round(waited_ms / left / 1000)
}
