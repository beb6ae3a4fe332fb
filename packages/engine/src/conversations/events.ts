import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs, Rendering } from '../events.ts'
import { byTimer, type Origin, originFields } from './origin.ts'
import type {
  ChatServiceRow,
  ConversationRow,
  MessageReceiptRow,
  MessageRow,
  ParticipantRow,
  ScopedWebhookRow,
  UserRow
} from './rows.ts'

/** What webhooks tell of conversations, under the log's names (reference conversations 17.1 and 17.4). */
export const conversationEvents = {
  'conversation.added': ofConversation(() => 'added'),
  'conversation.updated': ofConversation(() => 'updated'),
  'conversation.removed': ofConversation(() => 'removed', true),
  'conversation.state.updated': ofConversation(
    (refs) => `went from ${refs.extra?.state_from} to ${refs.extra?.state_to}`
  ),
  'participant.added': ofParticipant('added'),
  'participant.updated': ofParticipant('updated'),
  'participant.removed': ofParticipant('removed', true),
  'message.added': ofMessage('added'),
  'message.updated': ofMessage('updated'),
  'message.removed': ofMessage('removed', true),
  'message.delivery.updated': deliveryUpdated,
  'user.added': ofUser('added'),
  'user.updated': ofUser('updated'),
  'ringdown.conversation-webhook.added': webhookAdded,
  'ringdown.user.removed': userRemoved,
  'ringdown.conversations-service.removed': serviceRemoved
} satisfies Record<string, Rendering>

type ConversationEvent = Extract<keyof typeof conversationEvents, string>
type Extra = NonNullable<EventRefs['extra']>

/** `extra`: what the event says beside the conversation and who did it. */
export function emitConversation(
  state: State,
  type: Extract<ConversationEvent, `conversation.${string}`>,
  conversation: ConversationRow,
  { origin, extra }: { readonly origin: Origin; readonly extra?: Extra | undefined }
): void {
  state.emit(type, { conversation, extra: { ...originFields(origin), ...extra } })
}

export function emitParticipant(
  state: State,
  type: Extract<ConversationEvent, `participant.${string}`>,
  participant: ParticipantRow,
  origin: Origin
): void {
  state.emit(type, {
    conversation: state.tables.conversation.find(participant.conversation_sid),
    participant,
    extra: originFields(origin)
  })
}

export function emitMessage(
  state: State,
  type: Exclude<Extract<ConversationEvent, `message.${string}`>, 'message.delivery.updated'>,
  message: MessageRow,
  origin: Origin
): void {
  state.emit(type, {
    conversation: state.tables.conversation.find(message.conversation_sid),
    message,
    extra: originFields(origin)
  })
}

/** A channel says how a message fares: webhooks always hear of it, for no call could have asked. */
export function emitReceipt(state: State, message_receipt: MessageReceiptRow): void {
  state.emit('message.delivery.updated', { message_receipt, extra: originFields(byTimer) })
}

export function emitUser(
  state: State,
  type: Extract<ConversationEvent, `user.${string}`>,
  user: UserRow,
  origin: Origin
): void {
  state.emit(type, { user, extra: originFields(origin) })
}

/** Ours: a webhook of a conversation. Which earlier messages it gets follows from `replay_after`. */
export function emitWebhook(state: State, conversation: ConversationRow, webhook: ScopedWebhookRow): void {
  state.emit('ringdown.conversation-webhook.added', { conversation, conversation_scoped_webhook: webhook })
}

/** Ours: no webhook hears of it, but the log has the user's name until it does. */
export function emitUserRemoved(state: State, user: UserRow): void {
  state.emit('ringdown.user.removed', { user })
}

/** Ours, as well: not everything that goes with a service is in memory, so there is no event for each. */
export function emitServiceRemoved(state: State, chat_service: ChatServiceRow): void {
  state.emit('ringdown.conversations-service.removed', { chat_service })
}

function ofConversation(did: (refs: EventRefs) => string, isGone = false): Rendering {
  return (refs, at) => {
    const conversation = refOf(refs, 'conversation')
    return {
      description: `Conversation ${conversation.sid} ${did(refs)}`,
      resource_type: 'conversation',
      resource_sid: conversation.sid,
      data: {
        conversation_sid: conversation.sid,
        chat_service_sid: conversation.chat_service_sid,
        messaging_service_sid: conversation.messaging_service_sid,
        friendly_name: conversation.friendly_name,
        unique_name: conversation.unique_name,
        attributes: conversation.attributes,
        state: conversation.state,
        created_by: conversation.created_by,
        ...dates(conversation),
        ...(isGone && { date_removed: at }),
        ...refs.extra
      }
    }
  }
}

function ofParticipant(did: string, isGone = false): Rendering {
  return (refs, at) => {
    const participant = refOf(refs, 'participant')
    return {
      description: `Participant ${participant.sid} ${did}`,
      resource_type: 'participant',
      resource_sid: participant.sid,
      data: {
        conversation_sid: participant.conversation_sid,
        chat_service_sid: participant.chat_service_sid,
        messaging_service_sid: refs.conversation?.messaging_service_sid ?? null,
        participant_sid: participant.sid,
        identity: participant.identity,
        role_sid: participant.role_sid,
        attributes: participant.attributes,
        messaging_binding_type: participant.binding_type,
        messaging_binding_address: participant.address,
        messaging_binding_proxy_address: participant.proxy_address,
        ...(participant.projected_address && { messaging_binding_projected_address: participant.projected_address }),
        last_read_message_index: participant.last_read_message_index,
        ...dates(participant),
        ...(isGone && { date_removed: at }),
        ...refs.extra
      }
    }
  }
}

function ofMessage(did: string, isGone = false): Rendering {
  return (refs, at) => {
    const message = refOf(refs, 'message')
    return {
      description: `Message ${message.sid} ${did}`,
      resource_type: 'message',
      resource_sid: message.sid,
      data: {
        conversation_sid: message.conversation_sid,
        chat_service_sid: message.chat_service_sid,
        messaging_service_sid: refs.conversation?.messaging_service_sid ?? null,
        message_sid: message.sid,
        index: message.index,
        author: message.author,
        participant_sid: message.participant_sid,
        body: message.body,
        media: message.media ? JSON.stringify(message.media) : null,
        subject: message.subject,
        attributes: message.attributes,
        ...dates(message),
        ...(isGone && { date_removed: at }),
        ...refs.extra
      }
    }
  }
}

function deliveryUpdated(refs: EventRefs): ReturnType<Rendering> {
  const receipt = refOf(refs, 'message_receipt')
  return {
    description: `Message ${receipt.message_sid} is ${receipt.status} at Participant ${receipt.participant_sid}`,
    resource_type: 'delivery-receipt',
    resource_sid: receipt.sid,
    data: {
      conversation_sid: receipt.conversation_sid,
      chat_service_sid: receipt.chat_service_sid,
      message_sid: receipt.message_sid,
      delivery_receipt_sid: receipt.sid,
      channel_message_sid: receipt.channel_message_sid,
      participant_sid: receipt.participant_sid,
      status: receipt.status,
      error_code: receipt.error_code,
      ...dates(receipt),
      ...refs.extra
    }
  }
}

function ofUser(did: string): Rendering {
  return (refs) => {
    const user = refOf(refs, 'user')
    return {
      description: `User ${user.identity} ${did}`,
      resource_type: 'user',
      resource_sid: user.sid,
      data: {
        chat_service_sid: user.chat_service_sid,
        user_sid: user.sid,
        identity: user.identity,
        role_sid: user.role_sid,
        attributes: user.attributes,
        friendly_name: user.friendly_name,
        ...dates(user),
        ...refs.extra
      }
    }
  }
}

function userRemoved(refs: EventRefs, at: number): ReturnType<Rendering> {
  const { sid, chat_service_sid, date_created, date_updated } = refOf(refs, 'user')
  return {
    description: `User ${sid} removed`,
    resource_type: 'user',
    resource_sid: sid,
    data: { chat_service_sid, user_sid: sid, date_created, date_updated, date_removed: at }
  }
}

function serviceRemoved(refs: EventRefs, at: number): ReturnType<Rendering> {
  const { sid, date_created, date_updated } = refOf(refs, 'chat_service')
  return {
    description: `Conversations Service ${sid} removed`,
    resource_type: 'conversations-service',
    resource_sid: sid,
    data: { chat_service_sid: sid, date_created, date_updated, date_removed: at }
  }
}

function webhookAdded(refs: EventRefs): ReturnType<Rendering> {
  const { sid, conversation_sid, ...webhook } = refOf(refs, 'conversation_scoped_webhook')
  return {
    description: `Webhook ${sid} added to Conversation ${conversation_sid}`,
    resource_type: 'conversation-webhook',
    resource_sid: sid,
    data: {
      conversation_sid,
      chat_service_sid: webhook.chat_service_sid,
      webhook_sid: sid,
      target: webhook.target,
      replay_after: webhook.configuration_replay_after,
      next_index: refs.conversation?.next_index ?? null
    }
  }
}

function dates(row: { readonly date_created: number; readonly date_updated: number }) {
  return { date_created: row.date_created, date_updated: row.date_updated }
}
