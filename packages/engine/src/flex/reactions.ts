import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import { nameKey } from '../core/names.ts'
import { refuse } from '../core/refusals.ts'
import type { EventRefs } from '../events.ts'
import type { Reactions } from '../reactions.ts'
import { isTerminal, type ReservationRow, type TaskRow } from '../routing/rows.ts'
import { updateWorker } from '../routing/worker.ts'
import { acceptLater, beginWrapUp, endWrapUp } from './automation.ts'
import { closeIfDeserted, endChannel, settle } from './channel.ts'
import { emitMember } from './events.ts'
import { clearAway, customerWrites } from './flow-contact.ts'
import { takeOver } from './handoff.ts'
import { acceptUnasked, agentJoins } from './joining.ts'
import { dropMember } from './member.ts'
import { parkedCustomerWrites, unpark } from './parking.ts'
import { taskSnapshot } from './representation.ts'
import { transferUnanswered } from './transfer.ts'
import { closeWithoutCall, ringAgent } from './voice-contact.ts'

/** What happens in TaskRouter and in conversations, and what it means for interactions (reference flex 10). */
export const flexReactions: Reactions = {
  'reservation.created': (state, { refs }) => {
    acceptForAgent(state, reservationIn(refs))
    acceptLater(state, reservationIn(refs))
  },
  'reservation.accepted': (state, { refs }) => agentJoins(state, reservationIn(refs)),
  'reservation.wrapup': (state, { refs }) => {
    beginWrapUp(state, reservationIn(refs))
    agentWrapsUp(state, reservationIn(refs))
  },
  'reservation.completed': (state, { refs }) => {
    endWrapUp(state, reservationIn(refs))
    agentCompletes(state, reservationIn(refs))
  },
  'task.completed': (state, { refs }) => taskEnds(state, taskIn(refs)),
  'task.canceled': (state, { refs }) => taskFails(state, taskIn(refs)),
  'task.deleted': (state, { refs }) => taskGoes(state, taskIn(refs)),
  'task.system-deleted': (state, { refs }) => taskGoes(state, taskIn(refs)),
  'message.added': (state, { refs }) => {
    customerWrites(state, refs)
    parkedCustomerWrites(state, refs)
  },
  'interaction.channel.status.updated': (state, { refs }) => {
    const { sid, status } = refOf(refs, 'interaction_channel')
    if (status !== 'active') unpark(state, sid, 'ended')
  },
  'interaction.participant.joined': (state, { refs }) => {
    const { type, channel_sid } = refOf(refs, 'interaction_participant')
    if (type === 'agent') unpark(state, channel_sid, 'joined')
  },
  'conversation.state.updated': (state, { refs }) => {
    if (refs.conversation?.state === 'closed') conversationEnds(state, refs.conversation.sid)
  },
  'conversation.removed': (state, { refs }) => {
    if (refs.conversation) conversationEnds(state, refs.conversation.sid)
  },
  'ringdown.flow.handoff-requested': (state, { refs }) => takeOver(state, refs),
  'ringdown.session.ended': (state, { refs }) => {
    if (refs.extra?.reason === 'signed-out') goOffline(state, refs.flex_user?.worker_sid ?? null)
  },
  'workspace.deleted': (state, { refs }) => {
    const own = state.tables.flex_configuration.find(state.account_sid)?.taskrouter_workspace_sid
    if (own && own === refs.workspace?.sid)
      refuse('in_use', `Workspace ${own} cannot be deleted: it is the Workspace of Flex`)
  }
}

/** Who signs out is offered nothing any more. */
function goOffline(state: State, worker_sid: string | null): void {
  const worker = state.tables.worker.find(worker_sid)
  if (!worker || !state.tables.activity.find(worker.activity_sid)?.available) return
  const { sid, workspace_sid } = worker
  const chosen = state.tables.flex_configuration.find(state.account_sid)?.taskrouter_offline_activity_sid
  const offline =
    state.tables.activity.find(chosen)?.workspace_sid === workspace_sid
      ? state.tables.activity.find(chosen)
      : state.tables.activity.firstBy('name', nameKey(workspace_sid, 'Offline'))
  const activity_sid = offline?.sid ?? state.tables.workspace.need(workspace_sid).default_activity_sid
  updateWorker(state, { workspace_sid, sid, activity_sid })
}

function reservationIn(refs: EventRefs): ReservationRow {
  return refOf(refs, 'reservation')
}

function taskIn(refs: EventRefs): TaskRow {
  return refOf(refs, 'task')
}

/** An agent who started the contact need not accept it (reference flex 4.3). */
function acceptForAgent(state: State, { sid, task_sid }: ReservationRow): void {
  const invite = state.tables.invite.firstBy('task_sid', task_sid)
  if (!invite?.auto_accept_identity) return
  // The agent began the contact; whoever is asked to take it over decides for themselves.
  if (state.tables.transfer.count('task_sid', task_sid) > 0) return
  const reservation = state.resident('reservation', sid)
  if (reservation?.reservation_status !== 'pending') return
  if (state.tables.interaction_channel.find(invite.channel_sid)?.type === 'voice') ringAgent(state, reservation)
  else acceptUnasked(state, reservation)
}

function agentWrapsUp(state: State, { sid }: ReservationRow): void {
  const agent = state.tables.interaction_participant.firstBy('reservation_sid', sid)
  if (agent?.status !== 'active') return
  const wrapping = state.change('interaction_participant', agent.sid, { status: 'wrapup' })
  emitMember(state, 'interaction.participant.updated', wrapping)
  closeIfDeserted(state, agent.channel_sid)
}

function agentCompletes(state: State, { sid }: ReservationRow): void {
  const agent = state.tables.interaction_participant.firstBy('reservation_sid', sid)
  if (!agent) return
  dropMember(state, agent)
  if (!agent.has_left) closeIfDeserted(state, agent.channel_sid)
}

/**
 * Finished tasks are forgotten, so what the API goes on showing of one is kept with the interaction. One that is closed has
 * it of all its tasks, and stays as it is when they are deleted, whether it is still in memory or not.
 */
function taskEnds(state: State, task: TaskRow): void {
  transferUnanswered(state, task.sid)
  const invite = state.tables.invite.firstBy('task_sid', task.sid)
  const interaction = state.resident('interaction', invite?.interaction_sid)
  if (!invite || !interaction || (interaction.status === 'closed' && invite.ended_task !== null)) return
  const ended_task = taskSnapshot(state, task)
  state.change('invite', invite.sid, { ended_task })
  if (interaction.task_sid === task.sid) state.change('interaction', interaction.sid, { ended_task })
  settle(state, interaction.sid)
}

function taskFails(state: State, task: TaskRow): void {
  taskEnds(state, task)
  clearAway(state, task)
  closeWithoutCall(state, task.sid)
}

/** One that was over before has left nothing behind. */
function taskGoes(state: State, task: TaskRow): void {
  if (isTerminal(task)) taskEnds(state, task)
  else taskFails(state, task)
}

function conversationEnds(state: State, sid: string): void {
  if (state.resident('flex_chat_channel', sid)) state.change('flex_chat_channel', sid, { status: 'closed' })
  for (const channel of [...state.tables.interaction_channel.by('media_channel_sid', sid)]) {
    endChannel(state, channel.sid, 'closed', 'wrapping')
  }
}
