import {
  holdsObject,
  isJsonObject,
  membersOf,
  removeAt,
  setAt,
  valueAt,
  withDefaults
} from '@ringdown/contract/json-text'
import type { ChannelType, InteractionChannelRow } from './rows.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The attributes of an interaction's first task, JSON text: what was given, enriched (reference flex 4.5). Identifiers are
 * always ours; everything else stays as it was written.
 */
export function firstTaskAttributes(given: string, channel: InteractionChannelRow, invite_sid: string): string {
  const { type, initiated_by, customer_address, customer_name } = channel
  // A task with `outbound_to` calls its customer, whoever has asked for that.
  const isOutbound = initiated_by === 'agent' || (type === 'voice' && valueAt(given, ['outbound_to']) !== undefined)
  const direction = isOutbound ? 'outbound' : 'inbound'
  const customers = { ...contactOf(channel), ...(customer_name !== null && { name: customer_name }) }
  const conversations = {
    initiated_by,
    communication_channel: communicationChannels[type],
    direction,
    ...(channel.media_channel_sid !== null && {
      media: [{ type: 'ChatTranscript', sid: channel.media_channel_sid }]
    }),
    ...(customer_address !== null && { external_contact: customer_address })
  }
  const filled = withDefaults(
    given,
    textsOf({ customerAddress: customer_address, customerName: customer_name, from: customer_name })
  )
  let text = withMembers(filled, { ...identifiers(channel, invite_sid), initiatedBy: initiated_by, direction })
  if (Object.keys(customers).length > 0) {
    text = setAt(text, ['customers'], withDefaults(objectAt(given, 'customers'), textsOf(customers)))
  }
  text = setAt(text, ['conversations'], withDefaults(objectAt(given, 'conversations'), textsOf(conversations)))
  return setAt(text, ['conversations', 'conversation_id'], JSON.stringify(channel.interaction_sid))
}

/** Of a later task: what the caller sent again, and the identifiers; the first task's are not inherited (reference flex 6). */
export function inviteAttributes(given: string, channel: InteractionChannelRow, invite_sid: string): string {
  const { customer_address, customer_name } = channel
  const customer = textsOf({ customerAddress: customer_address, customerName: customer_name })
  const text = withMembers(withDefaults(given, customer), identifiers(channel, invite_sid))
  // A caller may link the task to another contact; without a word it belongs to this one.
  const contact = textsOf({ conversation_id: channel.interaction_sid })
  return setAt(text, ['conversations'], withDefaults(objectAt(given, 'conversations'), contact))
}

/** Who a transfer goes to, as workflows of contact centers know it (reference flex 8.2). */
export interface TransferTarget {
  readonly transferTargetSid: string
  readonly transferTargetType: 'worker' | 'queue' | 'workflow'
  readonly transferQueueName?: string
}

/**
 * Of the task of a transfer: those of the task that is handed on, with what the caller gave in their places, the target, and
 * the identifiers (reference flex 8.1). Both are JSON texts of objects.
 */
export function transferAttributes(
  original: string,
  given: string,
  target: TransferTarget,
  invite: { readonly sid: string; readonly channel: InteractionChannelRow }
): string {
  // What an earlier transfer said of its target is not this one's.
  const rest = ['transferTargetSid', 'transferTargetType', 'transferQueueName'].reduce(
    (text, key) => removeAt(text, [key]),
    original
  )
  const merged = withGiven(rest, given)
  return inviteAttributes(withDefaults(merged, textsOf({ ...target })), invite.channel, invite.sid)
}

/** The text of an object with another's members in the places of its own. */
export function withGiven(original: string, given: string): string {
  return membersOf(given).reduce((text, { key, value, end }) => setAt(text, [key], given.slice(value, end)), original)
}

/** The JSON texts of values; null is no value. */
function textsOf(values: Fields): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, value === null ? undefined : JSON.stringify(value)])
  )
}

/** The text with members that take the place of those called so, or come last. */
function withMembers(text: string, members: Fields): string {
  return Object.entries(members).reduce((at, [key, value]) => setAt(at, [key], JSON.stringify(value)), text)
}

/** The text of an object's member that is an object itself; otherwise of an empty one. */
function objectAt(text: string, key: string): string {
  const value = valueAt(text, [key])
  return value !== undefined && holdsObject(value) ? value : '{}'
}

function identifiers(channel: InteractionChannelRow, invite_sid: string): Fields {
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
  instagram: 'Instagram',
  gbm: 'Gbm',
  voice: 'Call'
} satisfies Record<ChannelType, string>

export function fieldsOf(value: unknown): Fields {
  return isJsonObject(value) ? value : {}
}
