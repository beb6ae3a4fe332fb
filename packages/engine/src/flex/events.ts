import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs, Rendering } from '../events.ts'
import type { InteractionChannelRow, InteractionParticipantRow } from './rows.ts'

/** What interaction webhooks tell, under the log's names (reference flex 9.2). */
export const flexEvents = {
  'interaction.created': ofChannel('interaction', () => 'created'),
  'interaction.channel.created': ofChannel('interaction-channel', () => 'created'),
  'interaction.channel.failed': ofChannel('interaction-channel', (channel) => `failed: ${channel.error_message}`),
  'interaction.channel.status.updated': ofChannel('interaction-channel', (channel) => `is ${channel.status}`),
  'interaction.participant.joined': ofParticipant('joined'),
  'interaction.participant.updated': ofParticipant('updated'),
  'interaction.participant.left': ofParticipant('left'),
  'ringdown.reservation.auto-accepted': ofAutomation('accepted for its worker'),
  'ringdown.wrap-up.started': ofAutomation('is wrapped up against a deadline'),
  'ringdown.wrap-up.updated': ofAutomation('has another deadline'),
  'ringdown.wrap-up.ended': ofAutomation('is at the end of its wrap-up time')
} satisfies Record<string, Rendering>

type ChannelEvent = Extract<keyof typeof flexEvents, 'interaction.created' | `interaction.channel.${string}`>
type ParticipantEvent = Extract<keyof typeof flexEvents, `interaction.participant.${string}`>

export function emitChannel(state: State, type: ChannelEvent, channel: InteractionChannelRow): void {
  state.emit(type, refsOf(state, channel))
}

export function emitMember(state: State, type: ParticipantEvent, member: InteractionParticipantRow): void {
  const channel = state.get('interaction_channel', member.channel_sid)
  state.emit(type, { ...refsOf(state, channel), interaction_participant: member })
}

function refsOf(state: State, interaction_channel: InteractionChannelRow): EventRefs {
  return {
    flex_configuration: state.find('flex_configuration', state.account_sid),
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
