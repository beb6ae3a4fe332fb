import type { State } from '../center.ts'
import { spelled } from '../core/enumeration.ts'
import { worded } from '../core/json.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { cancel } from '../routing/end-task.ts'
import { canTake, taskLifeCycle } from '../routing/life-cycle.ts'
import { named } from '../routing/lookup.ts'
import type { TaskRow } from '../routing/rows.ts'
import { setupFlex } from './configuration.ts'
import { emitTransferOf } from './events.ts'
import { addInvite } from './invite.ts'
import { channelOf, conversationOfChannel } from './lookup.ts'
import { addOutsider, leaveChannel, workerIdentity } from './member.ts'
import { objectOf, type RoutingParameter, textOf } from './parameters.ts'
import {
  type InteractionChannelRow,
  type InteractionParticipantRow,
  type InteractionTransferRow,
  isUsable,
  transferTypes
} from './rows.ts'
import { type TransferTarget, transferAttributes } from './task-attributes.ts'

/** A body of JSON: its values are checked here. */
export interface CreateInteractionTransfer {
  readonly interaction_sid: string
  readonly channel_sid: string
  /** The API's `type`; a command has a type of its own. */
  readonly transfer_type?: unknown
  /** Who transfers (`UT…`); the only agent of the channel where it is left out. */
  readonly from?: unknown
  /** `WK…`, `WQ…` or `WW…`; of an external one an address or identity. */
  readonly to?: unknown
  /** An object, or its JSON text: what the other's task has in the place of what this one's has. */
  readonly attributes?: unknown
  readonly note?: unknown
}

const maxNote = 16_384

/**
 * Asks another agent to take the contact over (cold) or to join it (warm), by a task that has the attributes of the one in
 * hand. Nobody leaves before somebody has accepted (reference flex 8.1). An external one brings somebody in from outside,
 * who is not asked.
 */
export function createInteractionTransfer(
  state: State,
  params: CreateInteractionTransfer
): { interaction_transfer: InteractionTransferRow } {
  const channel = channelOf(state, params.interaction_sid, params.channel_sid)
  if (!isUsable(channel)) refuse('interaction.closed', `Channel ${channel.sid} is ${channel.status}`)
  const type =
    spelled(transferTypes, params.transfer_type) ??
    refuse('invalid', `type '${worded(params.transfer_type)}' is not one of ${transferTypes.join(', ')}`)
  const from = transferrerOf(state, channel, params.from)
  const to = textOf({ to: params.to }, 'to', 'invalid') ?? refuse('invalid', 'to is missing')
  const note = noteOf(state, channel, params.note)
  if (state.tables.interaction_transfer.count('open_by_from', from.sid) > 0)
    refuse('conflict', `Participant ${from.sid} has a transfer under way already`)
  const sid = state.sid('UX')
  const task_sid = type === 'external' ? null : askFor(state, channel, from, { to, attributes: params.attributes }).sid
  if (type === 'external') addOutsider(state, channel, to)
  const { account_sid } = state
  const transfer = state.insert(
    'interaction_transfer',
    {
      account_sid,
      instance_sid: setupFlex(state).flex_configuration.flex_instance_sid,
      interaction_sid: channel.interaction_sid,
      channel_sid: channel.sid,
      interaction_status: channel.interaction_status,
      execution_sid: null,
      type,
      status: 'active',
      from: from.sid,
      from_worker_sid: from.worker_sid,
      to,
      task_sid,
      note_sid: note === undefined ? null : state.sid('KQ'),
      summary_sid: null
    },
    sid
  )
  const author = identityOfMember(state, from)
  emitTransferOf(
    state,
    'interaction.transfer.created',
    transfer,
    note === undefined ? undefined : { body: note, author }
  )
  // Nobody has to answer.
  if (type === 'external') endTransfer(state, transfer, 'completed')
  return { interaction_transfer: transfer }
}

/**
 * The agent who transfers: the one that is named, else the only one who is active in the channel. Refused where there is
 * none, or more than one.
 */
export function transferrerOf(state: State, channel: InteractionChannelRow, from: unknown): InteractionParticipantRow {
  const sid = textOf({ from }, 'from', 'interaction.bad_participant')
  const agents = state.tables.interaction_participant
    .list('channel_sid', channel.sid)
    .filter((member) => member.type === 'agent' && member.status === 'active')
  if (sid === undefined) {
    const [only, ...others] = agents
    if (only && others.length === 0) return only
    return refuse('interaction.bad_participant', `from is missing: Channel ${channel.sid} has ${agents.length} agents`)
  }
  return (
    agents.find((member) => member.sid === sid) ??
    refuse('interaction.bad_participant', `from '${sid}' is no active agent of Channel ${channel.sid}`)
  )
}

/** Notes are kept with conversations. */
function noteOf(state: State, channel: InteractionChannelRow, value: unknown): string | undefined {
  const note = textOf({ note: value }, 'note', 'invalid')
  if (note === undefined) return undefined
  checkLength(note, 'note', maxNote)
  if (!conversationOfChannel(state, channel))
    refuse('invalid', `note: Channel ${channel.sid} has no conversation to keep it with`)
  return note
}

function identityOfMember(state: State, member: InteractionParticipantRow): string {
  const worker = state.tables.worker.find(member.worker_sid)
  return state.resident('participant', member.participant_sid)?.identity ?? (worker ? workerIdentity(worker) : 'system')
}

/** The task by which the other is asked: in the channel, and with the priority and timeout, of the one in hand. */
function askFor(
  state: State,
  channel: InteractionChannelRow,
  from: InteractionParticipantRow,
  wanted: { readonly to: string; readonly attributes: unknown }
): TaskRow {
  const task = state.resident('task', from.task_sid)
  const target = targetOf(state, from, task, wanted.to)
  const given = attributesText(wanted.attributes)
  const sid = state.sid('KG')
  const attributes = transferAttributes(task?.attributes ?? '{}', given, target.attributes, { sid, channel })
  const routing: RoutingParameter = {
    workflow_sid: undefined,
    queue_sid: undefined,
    worker_sid: undefined,
    ...target.routing,
    attributes: {},
    attributes_text: attributes,
    task_channel: task?.task_channel_sid,
    priority: task?.priority,
    timeout: task?.timeout
  }
  return addInvite(state, channel, routing, { sid, attributes }).task
}

/** JSON text stays as it was written. */
function attributesText(value: unknown): string {
  if (value === undefined || value === null || value === '') return '{}'
  objectOf(value, 'attributes', 'invalid')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

interface Target {
  readonly routing: Pick<RoutingParameter, 'workspace_sid'> & Partial<RoutingParameter>
  readonly attributes: TransferTarget
}

/** Where the task goes. A worker's counts for the queue of the task in hand. */
function targetOf(state: State, from: InteractionParticipantRow, task: TaskRow | undefined, to: string): Target {
  const { taskrouter_workspace_sid, taskrouter_target_taskqueue_sid } = setupFlex(state).flex_configuration
  const workspace_sid = task?.workspace_sid ?? taskrouter_workspace_sid
  const workflow = task?.workflow_sid ? { workflow_sid: task.workflow_sid } : {}
  switch (to.slice(0, 2)) {
    case 'WK': {
      const { sid } = named(state, 'worker', workspace_sid, to, 'to')
      if (sid === from.worker_sid) refuse('invalid', `to: Worker ${sid} is who transfers`)
      const queue_sid =
        task?.task_queue_sid ??
        taskrouter_target_taskqueue_sid ??
        refuse('invalid', 'to: the task of a Worker counts for a TaskQueue, and there is none')
      return {
        routing: { workspace_sid, ...workflow, queue_sid, worker_sid: sid },
        attributes: { transferTargetSid: sid, transferTargetType: 'worker' }
      }
    }
    case 'WQ': {
      const { sid, friendly_name } = named(state, 'task_queue', workspace_sid, to, 'to')
      return {
        routing: { workspace_sid, ...workflow, queue_sid: sid },
        attributes: { transferTargetSid: sid, transferTargetType: 'queue', transferQueueName: friendly_name }
      }
    }
    case 'WW': {
      const { sid } = named(state, 'workflow', workspace_sid, to, 'to')
      return {
        routing: { workspace_sid, workflow_sid: sid },
        attributes: { transferTargetSid: sid, transferTargetType: 'workflow' }
      }
    }
    default:
      return refuse('invalid', `to '${to}' is no SID of a Worker, TaskQueue or Workflow`)
  }
}

export interface UpdateInteractionTransfer {
  readonly interaction_sid: string
  readonly channel_sid: string
  readonly sid: string
  readonly status?: unknown
}

/**
 * `failed` takes it back; `completed` waits for nobody: who hands the contact on leaves now, and the other's task goes on.
 * What has ended stays as it is.
 */
export function updateInteractionTransfer(
  state: State,
  params: UpdateInteractionTransfer
): { interaction_transfer: InteractionTransferRow } {
  const channel = channelOf(state, params.interaction_sid, params.channel_sid)
  const transfer = state.tables.interaction_transfer.find(params.sid)
  if (transfer?.channel_sid !== channel.sid) {
    return notFound(`/Interactions/${params.interaction_sid}/Channels/${params.channel_sid}/Transfers/${params.sid}`)
  }
  const { status } = params
  const to =
    spelled(['completed', 'failed'], status) ??
    refuse('invalid', `status cannot be set to '${worded(status)}': only completed and failed can`)
  if (transfer.status === to) return { interaction_transfer: transfer }
  if (transfer.status !== 'active') refuse('invalid', `Transfer ${transfer.sid} is ${transfer.status}`)
  const ended = endTransfer(state, transfer, to)
  const task = state.resident('task', transfer.task_sid)
  if (to === 'failed' && task && canTake(taskLifeCycle, task.assignment_status, 'cancel'))
    cancel(state, task.sid, 'Transfer taken back')
  return { interaction_transfer: ended }
}

/** The other has accepted: whoever has handed the contact on leaves, once the other is there. */
export function transferAccepted(state: State, task_sid: string): void {
  const transfer = state.tables.interaction_transfer.firstBy('open_by_task', task_sid)
  if (transfer) endTransfer(state, transfer, 'completed')
}

/** The other's task has ended and nobody took it; who transfers has the contact still. */
export function transferUnanswered(state: State, task_sid: string): void {
  const transfer = state.tables.interaction_transfer.firstBy('open_by_task', task_sid)
  if (transfer) endTransfer(state, transfer, 'failed')
}

/** The one outcome of a transfer. */
function endTransfer(
  state: State,
  { sid, from, type }: InteractionTransferRow,
  status: 'completed' | 'failed'
): InteractionTransferRow {
  const transfer = state.change('interaction_transfer', sid, { status })
  emitTransferOf(state, `interaction.transfer.${status}`, transfer)
  const leaving =
    status === 'completed' && type === 'cold' ? state.resident('interaction_participant', from) : undefined
  // Who wraps up after leaving by the API goes on with that.
  if (leaving && !leaving.has_left) leaveChannel(state, leaving)
  return transfer
}
