import type { State } from '@ringdown/engine/center'
import type { Decision } from '@ringdown/engine/decide'
import { hears } from '@ringdown/engine/voice/hears'
import type { CallRow } from '@ringdown/engine/voice/rows'

/* What must be true of calls after every decision, from the rows in memory alone, and from what the decision has changed. */

const isAlive = ({ status }: CallRow) => status === 'queued' || status === 'ringing' || status === 'in-progress'

/** What is wrong with the calls of a state. */
export function* voiceComplaints(state: State, decision?: Decision): Generator<string> {
  for (const call of state.tables.call.all()) {
    if (isAlive(call)) yield* livingComplaints(state, call)
    else yield* endedComplaints(state, call)
  }
  yield* queueComplaints(state)
  yield* conferenceComplaints(state)
  if (decision) yield* taskComplaints(state, decision)
}

/**
 * The other way round: a task that waits and had a customer's call has that call waiting with it, unless it is handed on. No
 * task is left behind by a caller who is gone, connected or led elsewhere.
 */
function* taskComplaints({ tables }: State, { changes }: Decision): Generator<string> {
  const touched = changes.flatMap(
    ({ kind, before, after }) => (kind === 'call' ? ([before, after] as (CallRow | undefined)[]) : []) // as the kind says
  )
  const isWorkers = (call: CallRow) =>
    call.reservation_sid !== null && tables.reservation.get(call.reservation_sid)?.task_sid === call.task_sid
  const sids = touched.flatMap((call) => (call?.task_sid && !isWorkers(call) ? [call.task_sid] : []))
  for (const sid of new Set(sids)) {
    const task = tables.task.get(sid)
    const isWaiting = task?.assignment_status === 'pending' || task?.assignment_status === 'reserved'
    if (!isWaiting || tables.transfer.count('open_by_task', sid) > 0) continue
    const waits = tables.call
      .list('task_sid', sid)
      .some((call) => isAlive(call) && tables.queue_member.count('call_sid', call.sid) > 0)
    if (!waits) yield `task ${sid} is ${task.assignment_status}, and its caller does not wait`
  }
}

/** No call is in two places, and who is connected is so from both sides. */
function* livingComplaints(state: State, call: CallRow): Generator<string> {
  const { sid, bridged_sid, conference_sid, leg, end_time } = call
  const isQueued = state.tables.queue_member.count('call_sid', sid) > 0
  const places = [bridged_sid !== null, conference_sid !== null, isQueued].filter((one) => one).length
  if (places > 1) yield `call ${sid} is in ${places} places`
  if (end_time !== null) yield `call ${sid} is ${call.status} and has ended`
  if (!leg || leg.wanted === 'down') yield `call ${sid} is ${call.status} and its leg is down`
  if (leg && leg.revision !== call.revision) yield `call ${sid} has a leg of another revision`
  if (bridged_sid !== null && state.tables.call.get(bridged_sid)?.bridged_sid !== sid)
    yield `call ${sid} is connected with ${bridged_sid}, which is not with it`
  if (
    conference_sid !== null &&
    state.tables.conference_participant.firstBy('call_sid', sid)?.conference_sid !== conference_sid
  )
    yield `call ${sid} is in a conference that does not have it`
  for (const heard of leg?.hears ?? []) {
    const other = state.tables.call.get(heard)
    if (!other || !isAlive(other)) yield `call ${sid} hears ${heard}, which is over`
  }
  const other = state.tables.call.get(bridged_sid ?? '')
  const wanted = other && !call.away && !other.away ? [other.sid] : []
  if (other && leg?.hears.join() !== wanted.join())
    yield `call ${sid} hears ${leg?.hears.length} of the one that it is connected with, and should hear ${wanted.length}`
  if (other && wanted.length === 0 && !leg?.plays) yield `call ${sid} listens to silence`
  if (bridged_sid === null && conference_sid === null && leg && leg.hears.length > 0)
    yield `call ${sid} is with nobody and hears ${leg.hears.length}`
}

/** An ended call hears nobody, waits nowhere and has no timer. */
function* endedComplaints(state: State, call: CallRow): Generator<string> {
  const { sid, leg, bridged_sid, conference_sid } = call
  if (leg && (leg.wanted !== 'down' || leg.hears.length > 0 || leg.plays))
    yield `call ${sid} has ended, its leg has not`
  if (bridged_sid !== null || conference_sid !== null) yield `call ${sid} has ended and is with somebody`
  if (state.tables.queue_member.count('call_sid', sid) > 0) yield `call ${sid} has ended and waits`
  if (state.tables.conference_participant.count('call_sid', sid) > 0)
    yield `call ${sid} has ended and is in a conference`
  const { verb_due, ring_due, limit_due, phone_due } = call
  if ([verb_due, ring_due, limit_due, phone_due].some((due) => due !== null))
    yield `call ${sid} has ended, its timers have not`
}

/** Who waits for a workflow has a task that is not over. */
function* queueComplaints(state: State): Generator<string> {
  for (const { call_sid: sid, queue_sid } of state.tables.queue_member.all()) {
    const [call, queue] = [state.tables.call.get(sid), state.tables.queue.get(queue_sid)]
    if (!call || !isAlive(call) || !queue) yield `${sid} waits in ${queue_sid}: one of them is gone`
    else if (queue.workflow_sid !== null && call.task_sid === null) yield `call ${sid} waits without a task`
    else if (queue.workflow_sid !== null) {
      const status = state.tables.task.get(call.task_sid ?? '')?.assignment_status
      if (status === undefined || status === 'completed' || status === 'canceled')
        yield `call ${sid} waits for a task that is ${status ?? 'gone'}`
    }
  }
}

/** Everybody who is connected lives, and hears whom the table says. */
function* conferenceComplaints(state: State): Generator<string> {
  for (const conference of state.tables.conference.all()) {
    const participants = state.tables.conference_participant.list('conference_sid', conference.sid)
    if (conference.status === 'completed') {
      if (participants.length > 0) yield `conference ${conference.sid} has ended and has participants`
      continue
    }
    if (participants.length === 0) yield `conference ${conference.sid} has nobody and goes on`
    const connected = participants.filter(({ status }) => status === 'connected')
    const pairs = conference.status === 'in-progress' ? hears(connected) : []
    for (const { call_sid } of connected) {
      const call = state.tables.call.get(call_sid)
      if (!call || !isAlive(call)) yield `participant ${call_sid} of ${conference.sid} is no living call`
      const wanted = pairs.flatMap(([listener, speaker]) => (listener === call_sid ? [speaker] : []))
      if (call?.leg?.hears.join() !== wanted.join())
        yield `participant ${call_sid} hears ${call?.leg?.hears.length}, and should hear ${wanted.length}`
    }
  }
}

/** Whether a worker is being called for a reservation: its own time stands still meanwhile. */
export function isCarriedOut({ tables }: State, reservation_sid: string): boolean {
  return tables.call.list('reservation_sid', reservation_sid).some(isAlive)
}
