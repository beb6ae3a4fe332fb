import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs, Rendering } from '../events.ts'
import type { InteractionChannelRow, InteractionParticipantRow, InteractionTransferRow } from './rows.ts'

/** What interaction webhooks tell, under the log's names (reference flex 9.2). */
export const flexEvents = {
  'interaction.created': ofChannel('interaction', () => 'created'),
  'interaction.channel.created': ofChannel('interaction-channel', () => 'created'),
  'interaction.channel.failed': ofChannel('interaction-channel', (channel) => `failed: ${channel.error_message}`),
  'interaction.channel.status.updated': ofChannel('interaction-channel', (channel) => `is ${channel.status}`),
  'interaction.participant.joined': ofParticipant('joined'),
  'interaction.participant.updated': ofParticipant('updated'),
  'interaction.participant.left': ofParticipant('left'),
  'ringdown.flow.handoff-answered': handoffAnswered,
  'interaction.transfer.created': ofTransfer('began'),
  'interaction.transfer.completed': ofTransfer('is completed'),
  'interaction.transfer.failed': ofTransfer('has failed'),
  'ringdown.flex-configuration.updated': configurationUpdated,
  'ringdown.reservation.auto-accepted': ofAutomation('accepted for its worker'),
  'ringdown.wrap-up.started': ofAutomation('is wrapped up against a deadline'),
  'ringdown.wrap-up.updated': ofAutomation('has another deadline'),
  'ringdown.wrap-up.ended': ofAutomation('is at the end of its wrap-up time'),
  'ringdown.contact.parked': ofParking('is parked'),
  'ringdown.contact.unparked': ofParking('is parked no more'),
  'ringdown.contact.not-resumed': ofParking('could not be resumed')
} satisfies Record<string, Rendering>

type ChannelEvent = Extract<keyof typeof flexEvents, 'interaction.created' | `interaction.channel.${string}`>
type TransferEvent = Extract<keyof typeof flexEvents, `interaction.transfer.${string}`>
type ParticipantEvent = Extract<keyof typeof flexEvents, `interaction.participant.${string}`>

export function emitChannel(state: State, type: ChannelEvent, channel: InteractionChannelRow): void {
  state.emit(type, refsOf(state, channel))
}

export function emitMember(state: State, type: ParticipantEvent, member: InteractionParticipantRow): void {
  const channel = state.tables.interaction_channel.need(member.channel_sid)
  state.emit(type, { ...refsOf(state, channel), interaction_participant: member })
}

function handoffAnswered(refs: EventRefs): ReturnType<Rendering> {
  const { sid, flow_sid, conversation_sid } = refOf(refs, 'execution')
  const { interaction_sid = null, task_sid = null, error = null, error_code = null } = refs.extra ?? {}
  return {
    description: `Execution ${sid} ${error === null ? `was handed over as ${interaction_sid}` : `could not be handed over: ${error}`}`,
    resource_type: 'execution',
    resource_sid: sid,
    data: { execution_sid: sid, flow_sid, conversation_sid, interaction_sid, task_sid, error, error_code }
  }
}

/** `note`: what who transfers tells the other; it becomes a note where notes are kept, and is not told with the event. */
export function emitTransferOf(
  state: State,
  type: TransferEvent,
  transfer: InteractionTransferRow,
  note?: { readonly body: string; readonly author: string }
): void {
  const channel = state.tables.interaction_channel.need(transfer.channel_sid)
  state.emit(type, {
    ...refsOf(state, channel),
    interaction_transfer: transfer,
    ...(note && { extra: { note_body: note.body, note_author: note.author } })
  })
}

function refsOf(state: State, interaction_channel: InteractionChannelRow): EventRefs {
  return {
    flex_configuration: state.tables.flex_configuration.find(state.account_sid),
    interaction: state.resident('interaction', interaction_channel.interaction_sid),
    interaction_channel
  }
}

function ofChannel(
  resource_type: 'interaction' | 'interaction-channel',
  did: (channel: InteractionChannelRow) => string
): Rendering {
  return (refs) => {
    const channel = refOf(refs, 'interaction_channel')
    const isWhole = resource_type === 'interaction'
    return {
      ...workspaceOf(refs),
      description: `${isWhole ? `Interaction ${channel.interaction_sid}` : `Channel ${channel.sid}`} ${did(channel)}`,
      resource_type,
      resource_sid: isWhole ? channel.interaction_sid : channel.sid,
      data: {
        ...channelBlock(channel, refs),
        ...(channel.error_code !== null && { error_code: channel.error_code, error_message: channel.error_message })
      }
    }
  }
}

function ofParticipant(did: string): Rendering {
  return (refs) => {
    const channel = refOf(refs, 'interaction_channel')
    const member = refOf(refs, 'interaction_participant')
    return {
      ...workspaceOf(refs),
      description: `Participant ${member.sid} ${did}`,
      resource_type: 'interaction-participant',
      resource_sid: member.sid,
      data: {
        ...channelBlock(channel, refs),
        participant_sid: member.sid,
        participant_type: member.type,
        participant_status: member.status,
        conversation_participant_sid: member.participant_sid,
        task_sid: member.task_sid,
        worker_sid: member.worker_sid,
        reservation_sid: member.reservation_sid
      }
    }
  }
}

function ofTransfer(did: string): Rendering {
  return (refs) => {
    const transfer = refOf(refs, 'interaction_transfer')
    return {
      ...workspaceOf(refs),
      description: `Transfer ${transfer.sid} ${did}`,
      resource_type: 'interaction-transfer',
      resource_sid: transfer.sid,
      data: {
        ...channelBlock(refOf(refs, 'interaction_channel'), refs),
        transfer_sid: transfer.sid,
        transfer_type: transfer.type,
        transfer_status: transfer.status,
        transfer_from: transfer.from,
        // Somebody outside is told of, and blanked, as a participant of the conversation.
        transfer_to: transfer.type === 'external' ? null : transfer.to,
        worker_sid: transfer.from_worker_sid,
        task_sid: transfer.task_sid,
        note_sid: transfer.note_sid
      }
    }
  }
}

/** Ours: the configuration has changed, which every desk goes by. Tells which properties, and not what is in them. */
function configurationUpdated({ flex_configuration, extra }: EventRefs): ReturnType<Rendering> {
  return {
    description: 'The Flex configuration has changed',
    resource_type: 'flex-configuration',
    resource_sid: flex_configuration?.sid ?? '',
    data: { ...extra }
  }
}

/** Ours: what automation does with a reservation, and until when. */
function ofAutomation(did: string): Rendering {
  return (refs) => {
    const { sid, workspace_sid, task_sid, worker_sid } = refOf(refs, 'reservation')
    const { wrap_up } = refs
    return {
      workspace_sid,
      description: `Reservation ${sid} ${did}`,
      resource_type: 'reservation',
      resource_sid: sid,
      data: {
        workspace_sid,
        reservation_sid: sid,
        task_sid,
        worker_sid,
        worker_name: refs.worker?.friendly_name,
        ...(wrap_up && { wrap_up_ends_at: wrap_up.ends_at, wrap_up_extended: wrap_up.extended })
      }
    }
  }
}

/** Ours: what becomes of a contact that an agent has put aside. Its conversation is not named: customers hear nothing of it. */
function ofParking(did: string): Rendering {
  return (refs) => {
    const row = refOf(refs, 'parked_contact')
    const { sid, workspace_sid, worker_sid, interaction_sid, channel_sid, task_sid, resume_at } = row
    return {
      workspace_sid,
      description: `Contact ${interaction_sid} ${did}`,
      resource_type: 'parked-contact',
      resource_sid: sid,
      data: { workspace_sid, worker_sid, interaction_sid, channel_sid, task_sid, resume_at, ...refs.extra }
    }
  }
}

function workspaceOf({ flex_configuration }: EventRefs): { workspace_sid?: string } {
  return flex_configuration ? { workspace_sid: flex_configuration.taskrouter_workspace_sid } : {}
}

function channelBlock(channel: InteractionChannelRow, refs: EventRefs) {
  return {
    instance_sid: refs.flex_configuration?.flex_instance_sid ?? null,
    interaction_sid: channel.interaction_sid,
    channel_sid: channel.sid,
    channel_status: channel.status,
    media_channel_sid: channel.media_channel_sid,
    media_channel_type: channel.type,
    webhook_ttid: refs.interaction?.webhook_ttid ?? null
  }
}
