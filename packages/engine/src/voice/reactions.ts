import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs } from '../events.ts'
import { isVoiceInstruction } from '../routing/voice-instruction.ts'
import { leaveConference, participantFor } from './conference.ts'
import { endCall } from './ending.ts'
import { conferenceCallReady } from './participant.ts'
import { phoneRemoved } from './phone-call.ts'
import { leaveCallQueue, queueMemberFor } from './queue.ts'
import { stopRecordings } from './recording.ts'
import { isLiving } from './rows.ts'
import { askLast, callHappens, stopWaiting, waitingChanged } from './runner.ts'
import { callerGone, hangUpAlone, takeCallIntoTask } from './task-call.ts'
import { leftToThemselves } from './task-conference.ts'
import { carryOut, reservationOver, taskOver, workerAnswers, workerCallEnded, workerCallReady } from './worker-call.ts'

type Reacted = { readonly refs: EventRefs }

/** A call has ended: calls that made it, wait for it or are in a conference with it go on. */
function callEnded(state: State, { refs }: Reacted): void {
  const { sid, parent_call_sid, status, task_sid, reservation_sid } = refOf(refs, 'call')
  stopRecordings(state, sid)
  const isIn = participantFor(state, sid)?.status === 'connected'
  leaveConference(state, sid, isIn ? 'participant_hung_up' : 'participant_add_failed')
  askLast(state, sid)
  leaveCallQueue(state, sid, 'hangup')
  for (const child of state.tables.call.list('parent_call_sid', sid))
    endCall(state, child.sid, child.status === 'in-progress' ? 'completed' : 'canceled', { by: 'caller' })
  if (parent_call_sid !== null) callHappens(state, parent_call_sid, { type: 'leg_ended', call_sid: sid, status })
  workerCallEnded(state, sid)
  if (task_sid !== null && reservation_sid !== null) leftToThemselves(state, task_sid)
  callerGone(state, sid)
}

/** A call that was made for something can be connected. */
function callReady(state: State, { refs }: Reacted): void {
  const call = state.resident('call', refOf(refs, 'call').sid)
  if (!call || !isLiving(call)) return
  if (call.purpose?.for === 'dial' && call.parent_call_sid !== null)
    callHappens(state, call.parent_call_sid, { type: 'leg_ready', call_sid: call.sid })
  else if (call.purpose?.for === 'conference') conferenceCallReady(state, call)
  else if (call.purpose?.for === 'instruction') workerCallReady(state, call)
  else endCall(state, call.sid, 'completed', { by: 'program' })
}

/** Two calls are no longer connected: each goes on, or ends where it has nothing to go on with. */
function callsParted(state: State, { refs }: Reacted & { readonly refs: EventRefs }): void {
  const sids = [refOf(refs, 'call').sid, String(refs.extra?.other_call_sid ?? '')]
  for (const sid of sids) {
    const call = state.resident('call', sid)
    // A call that was taken elsewhere goes on there.
    if (!call || !isLiving(call) || call.bridged_sid !== null || call.conference_sid !== null) continue
    if (call.program) callHappens(state, sid, { type: 'parted' })
    else endCall(state, sid, 'completed', { by: call.direction === 'inbound' ? 'agent' : 'caller' })
  }
}

/** A living call that has left a conference goes on with its document, or ends without one. */
function participantLeft(state: State, { refs }: Reacted): void {
  const { call_sid } = refOf(refs, 'conference_participant')
  if (!participantFor(state, call_sid) && !queueMemberFor(state, call_sid)) stopWaiting(state, call_sid)
  const call = state.resident('call', call_sid)
  if (!call || !isLiving(call) || call.conference_sid !== null || call.bridged_sid !== null) return
  if (call.program) callHappens(state, call.sid, { type: 'parted' })
  else if (call.status === 'in-progress') endCall(state, call.sid, 'completed', { by: 'program' })
}

/** A participant waits, or does so no longer. */
function waiting(state: State, { refs }: Reacted): void {
  const participant = state.tables.conference_participant.find(refOf(refs, 'conference_participant').sid)
  if (participant) waitingChanged(state, participant)
}

/** A call that has left its queue hears no more of the waiting document. */
function dequeued(state: State, { refs }: Reacted): void {
  const result = refs.extra?.result
  if (result === 'bridged') stopWaiting(state, refOf(refs, 'call').sid)
  if (result === 'leave') callHappens(state, refOf(refs, 'call').sid, { type: 'dequeued', result: 'leave' })
}

function takenBack(state: State, { refs }: Reacted): void {
  reservationOver(state, refOf(refs, 'reservation').sid)
}

/** An instruction by REST, which routing has checked. */
function instructed(state: State, { refs }: Reacted): void {
  const reservation = refOf(refs, 'reservation')
  const { instruction, fields, is_tried } = refs.extra ?? {}
  if (typeof instruction !== 'string' || typeof fields !== 'string' || !isVoiceInstruction(instruction)) return
  const now = () => carryOut(state, reservation, instruction, JSON.parse(fields)) // as routing wrote it
  if (is_tried) state.attempt(now)
  else now()
}

/** An interaction for a waiting call: the agent who takes its task gets the call. */
function interactionMade(state: State, { refs }: Reacted): void {
  const channel = refOf(refs, 'interaction_channel')
  const task_sid = state.tables.interaction.find(channel.interaction_sid)?.task_sid
  if (channel.type === 'voice' && task_sid) takeCallIntoTask(state, task_sid)
}

/** An agent has left the channel of a call, and is hung up on. */
function agentLeft(state: State, { refs }: Reacted): void {
  const { reservation_sid } = refOf(refs, 'interaction_participant')
  if (refOf(refs, 'interaction_channel').type !== 'voice' || reservation_sid === null) return
  for (const { sid, status } of state.tables.call.list('reservation_sid', reservation_sid))
    endCall(state, sid, status === 'in-progress' ? 'completed' : 'canceled', { by: 'program' })
}

/** A call's channel is closed: a customer who is left with nobody is hung up on. */
function channelEnded(state: State, { refs }: Reacted): void {
  const { type, status, sid } = refOf(refs, 'interaction_channel')
  if (type !== 'voice' || status !== 'closed') return
  for (const { task_sid } of state.tables.invite.by('channel_sid', sid)) hangUpAlone(state, task_sid)
}

export const voiceReactions = {
  'call.completed': callEnded,
  'ringdown.call.ready': callReady,
  'ringdown.call.parted': callsParted,
  'ringdown.call.dequeued': dequeued,
  'conference.participant-leave': participantLeft,
  'ringdown.conference.waiting-changed': waiting,
  'phone.removed': (state: State, { refs }: Reacted) => phoneRemoved(state, refOf(refs, 'phone').sid),
  'call.answered': (state: State, { refs }: Reacted) => workerAnswers(state, refOf(refs, 'call')),
  'ringdown.reservation.instructed': instructed,
  'interaction.created': interactionMade,
  'interaction.participant.left': agentLeft,
  'interaction.channel.status.updated': channelEnded,
  ...{ 'reservation.canceled': takenBack, 'reservation.rescinded': takenBack },
  ...{ 'reservation.rejected': takenBack, 'reservation.timeout': takenBack },
  'task.canceled': (state: State, { refs }: Reacted) => taskOver(state, refOf(refs, 'task').sid),
  'task.deleted': (state: State, { refs }: Reacted) => taskOver(state, refOf(refs, 'task').sid)
} as const
