import { isKeyOf } from '@ringdown/engine/core/keys'
import type { InteractionWebhookEvent, InteractionWebhookRow } from '@ringdown/engine/flex/rows'
import type { Draft, LoggedEvent, Parameters, Route } from '../delivery.ts'
import { pascal, textOf } from './taskrouter.ts'

const channel = ['instance_sid', 'interaction_sid', 'channel_sid', 'media_channel_sid', 'media_channel_type'] as const
const participant = [...channel, 'participant_sid', 'participant_type', 'task_sid'] as const

/** What each event of the log is called, and what it tells (reference flex 9.2). */
const told = {
  'interaction.created': {
    name: 'onInteractionCreated',
    fields: ['instance_sid', 'interaction_sid', 'media_channel_sid', 'media_channel_type']
  },
  'interaction.channel.created': { name: 'onChannelCreated', fields: channel },
  'interaction.channel.failed': {
    name: 'onChannelCreateFailed',
    fields: [...channel, 'error_code', 'error_message']
  },
  'interaction.channel.status.updated': { name: 'onChannelStatusUpdated', fields: [...channel, 'channel_status'] },
  'interaction.participant.joined': { name: 'onParticipantJoined', fields: participant },
  'interaction.participant.updated': { name: 'onParticipantUpdated', fields: participant },
  'interaction.participant.left': { name: 'onParticipantLeft', fields: participant }
} as const satisfies Record<string, { readonly name: InteractionWebhookEvent; readonly fields: readonly string[] }>

/** Interaction webhooks: those for all interactions, and the one that an interaction names. */
export const interactionWebhooks: Route = {
  isUsed: (state) => state.tables.interaction_webhook.size > 0,

  wants: (type) => isKeyOf(told, type),

  draftsOf(event, { account_sid, state }): readonly Draft[] {
    if (!isKeyOf(told, event.type)) return []
    const { name, fields } = told[event.type]
    return state.tables.interaction_webhook
      .all()
      .filter((webhook) => isFor(webhook, event) && webhook.webhook_events.includes(name))
      .map((webhook) => ({
        kind: 'interaction_webhook',
        receiver_sid: webhook.sid,
        event,
        message: {
          method: webhook.webhook_method,
          url: webhook.webhook_url,
          parameters: parametersOf(event, account_sid, name, fields)
        },
        // What happens to one interaction is told in its order.
        order_key: textOf(event.data.interaction_sid) ?? event.resource_sid
      }))
  }
}

/** The interaction's own webhook is the one that it named when this happened. */
function isFor({ type, sid }: InteractionWebhookRow, { data }: LoggedEvent): boolean {
  return type === 'global' || data.webhook_ttid === sid
}

/** Those of the reference, and three more that receivers are known to read; what has no value is left out. */
function parametersOf(event: LoggedEvent, account_sid: string, name: string, fields: readonly string[]): Parameters {
  const values: Record<string, string | undefined> = {
    EventType: name,
    AccountSid: account_sid,
    ...Object.fromEntries(fields.map((field) => [pascal(field), textOf(event.data[field])])),
    Sid: event.sid,
    ChannelType: textOf(event.data.media_channel_type),
    Timestamp: String(Math.floor(event.at / 1000))
  }
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
}
