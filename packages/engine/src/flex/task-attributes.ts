import type { ChannelType, InteractionChannelRow } from './rows.ts'

type Fields = Readonly<Record<string, unknown>>

/** The attributes of an interaction's first task: what was given, enriched (reference flex 4.5). Identifiers are always ours. */
export function firstTaskAttributes(given: Fields, channel: InteractionChannelRow, invite_sid: string): string {
  const { type, initiated_by, customer_address, customer_name } = channel
  const direction = initiated_by === 'agent' ? 'outbound' : 'inbound'
  const customers = { ...contactOf(channel), ...(customer_name !== null && { name: customer_name }) }
  return JSON.stringify({
    ...(customer_address !== null && { customerAddress: customer_address }),
    ...(customer_name !== null && { customerName: customer_name, from: customer_name }),
    ...given,
    ...identifiers(channel, invite_sid),
    initiatedBy: initiated_by,
    direction,
    ...(Object.keys(customers).length > 0 && { customers: { ...customers, ...fieldsOf(given.customers) } }),
    conversations: {
      initiated_by,
      communication_channel: communicationChannels[type],
      direction,
      ...(channel.media_channel_sid !== null && {
        media: [{ type: 'ChatTranscript', sid: channel.media_channel_sid }]
      }),
      ...(customer_address !== null && { external_contact: customer_address }),
      ...fieldsOf(given.conversations),
      conversation_id: channel.interaction_sid
    }
  })
}

/** Of a later task: what the caller sent again, and the identifiers; the first task's are not inherited (reference flex 6). */
export function inviteAttributes(given: Fields, channel: InteractionChannelRow, invite_sid: string): string {
  const { customer_address, customer_name } = channel
  return JSON.stringify({
    ...(customer_address !== null && { customerAddress: customer_address }),
    ...(customer_name !== null && { customerName: customer_name }),
    ...given,
    ...identifiers(channel, invite_sid),
    // A caller may link the task to another contact; without a word it belongs to this one.
    conversations: { conversation_id: channel.interaction_sid, ...fieldsOf(given.conversations) }
  })
}

function identifiers(channel: InteractionChannelRow, invite_sid: string) {
  return {
    flexInteractionSid: channel.interaction_sid,
    flexInteractionChannelSid: channel.sid,
    flexChannelInviteSid: invite_sid,
    ...(channel.media_channel_sid !== null && { conversationSid: channel.media_channel_sid }),
    channelType: channel.type
  }
}

function contactOf({ type, customer_address }: InteractionChannelRow): Fields {
  if (customer_address === null) return {}
  if (type === 'sms' || type === 'whatsapp' || type === 'voice') return { phone: customer_address }
  return type === 'email' ? { email: customer_address } : {}
}

const communicationChannels = {
  sms: 'Sms',
  whatsapp: 'Whatsapp',
  web: 'Web',
  chat: 'Chat',
  email: 'Email',
  messenger: 'Messenger',
  gbm: 'Gbm',
  voice: 'Call'
} satisfies Record<ChannelType, string>

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {} // an object that is no array
}
