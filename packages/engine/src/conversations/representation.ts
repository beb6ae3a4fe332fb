import type { ConversationRow, MessageRow, ParticipantRow, UserRow } from './rows.ts'

/** Absolute instants, in milliseconds; one that does not apply is absent (reference conversations 5.1). */
export function timersOf(conversation: ConversationRow): { date_inactive?: number; date_closed?: number } {
  const { date_inactive, date_closed } = conversation
  return { ...(date_inactive !== null && { date_inactive }), ...(date_closed !== null && { date_closed }) }
}

export function bindingsOf(conversation: ConversationRow): Readonly<Record<string, unknown>> {
  const { bindings_email_address, bindings_email_name } = conversation
  if (bindings_email_address === null && bindings_email_name === null) return {}
  return { email: { projected_address: bindings_email_address, name: bindings_email_name } }
}

/** `messaging_binding` as the participant shows it: keys that it does not have are left out (reference conversations 7.1). */
export function messagingBindingOf(participant: ParticipantRow): Readonly<Record<string, string>> | null {
  const { binding_type, address, proxy_address, projected_address = null, binding_name, binding_level } = participant
  if (binding_type === null) return null
  return {
    type: binding_type,
    ...(address !== null && { address }),
    ...(projected_address !== null && { projected_address }),
    ...(proxy_address !== null && { proxy_address }),
    ...(binding_name !== null && { name: binding_name }),
    ...(binding_level !== null && { level: binding_level })
  }
}

/** The columns that the API has and rows do not: put beside a row before it is serialized. */
export function representConversation(conversation: ConversationRow) {
  return { ...conversation, timers: timersOf(conversation), bindings: bindingsOf(conversation) }
}

export function representParticipant(participant: ParticipantRow) {
  return { ...participant, messaging_binding: messagingBindingOf(participant) }
}

/** Messages that were stored before there were files have none. */
export function representMessage(message: MessageRow) {
  // Messages that were stored before there were templates have none.
  return {
    ...message,
    media: message.media ?? null,
    delivery: deliveryOf(message),
    content_sid: message.content_sid ?? null
  }
}

/** How much of a message's receipts are how far; null while it went to nobody (reference conversations 8.5). */
export function deliveryOf({ delivery_counts: counts }: MessageRow): Readonly<Record<string, string | number>> | null {
  if (!counts) return null // older messages have none
  const { total } = counts
  const share = (count: number) => (count === 0 ? 'none' : count === total ? 'all' : 'some')
  return {
    total,
    sent: share(counts.sent),
    delivered: share(counts.delivered),
    read: share(counts.read),
    failed: share(counts.failed),
    undelivered: share(counts.undelivered)
  }
}

/** Nobody is known to be online without reachability (reference conversations 13). */
export function representUser(user: UserRow) {
  return { ...user, is_online: null, is_notifiable: null }
}
