import type { State } from '../center.ts'
import { setupConversations, updateConfiguration } from './configuration.ts'
import {
  createConfigurationAddress,
  deleteConfigurationAddress,
  updateConfigurationAddress
} from './configuration-address.ts'
import { closedDue, createConversation, deleteConversation, inactiveDue, updateConversation } from './conversation.ts'
import { createConversationWithParticipants } from './conversation-with-participants.ts'
import { createCredential, deleteCredential, updateCredential } from './credential.ts'
import { type Inbound, inboundReads, type Received, receiveInbound } from './inbound.ts'
import { createMessage, deleteMessage, updateMessage } from './message.ts'
import { createParticipant, deleteParticipant, updateParticipant } from './participant.ts'
import {
  createConversationReads,
  createMessageReads,
  createUserReads,
  createWithParticipantsReads,
  deleteConversationReads,
  inConversationReads,
  memberReads,
  messageReads,
  namedUserReads,
  scopedWebhookReads,
  updateConversationReads
} from './reads.ts'
import { insertReceipt, moveReceipt, type NewReceipt, type ReceiptReport, receiptReads } from './receipt.ts'
import { createRole, deleteRole, updateRole } from './role.ts'
import { createService, deleteService } from './service.ts'
import { deleteBinding, deleteBindingReads, registerBinding, registerBindingReads } from './service-binding.ts'
import { updateServiceConfiguration } from './service-configuration.ts'
import { updateServiceNotification } from './service-notification.ts'
import { createUser, deleteUser, updateUser } from './user.ts'
import { deleteUserConversation, updateUserConversation, userConversationReads } from './user-conversation.ts'
import {
  createScopedWebhook,
  deleteScopedWebhook,
  updateConfigurationWebhook,
  updateScopedWebhook,
  updateServiceWebhookConfiguration
} from './webhook.ts'

type ReportReceipt = ReceiptReport & { readonly sid: string; readonly message_sid: string }

export const conversationCommands = {
  'conversations.setup': { decide: setupConversations },
  'conversation_configuration.update': { decide: updateConfiguration },
  'chat_service.create': { decide: createService },
  'chat_service.delete': { decide: deleteService },
  'configuration_address.create': { decide: createConfigurationAddress },
  'configuration_address.update': { decide: updateConfigurationAddress },
  'configuration_address.delete': { decide: deleteConfigurationAddress },
  // Messaging takes messages in by a command of its own; this is what pre-webhooks are asked by, and stories.
  'conversation.receive': {
    decide: (state: State, inbound: Inbound): Partial<Received> => receiveInbound(state, inbound) ?? {},
    reads: inboundReads
  },
  'chat_service_configuration.update': { decide: updateServiceConfiguration },
  'service_notification.update': { decide: updateServiceNotification },
  'role.create': { decide: createRole },
  'role.update': { decide: updateRole },
  'role.delete': { decide: deleteRole },
  'credential.create': { decide: createCredential },
  'credential.update': { decide: updateCredential },
  'credential.delete': { decide: deleteCredential },
  'service_binding.register': { decide: registerBinding, reads: registerBindingReads },
  'service_binding.delete': { decide: deleteBinding, reads: deleteBindingReads },
  'conversation.create': { decide: createConversation, reads: createConversationReads },
  'conversation.create_with_participants': {
    decide: createConversationWithParticipants,
    reads: createWithParticipantsReads
  },
  'conversation.update': { decide: updateConversation, reads: updateConversationReads },
  'conversation.delete': { decide: deleteConversation, reads: deleteConversationReads },
  'participant.create': { decide: createParticipant, reads: memberReads },
  'participant.update': { decide: updateParticipant, reads: memberReads },
  'participant.delete': { decide: deleteParticipant, reads: inConversationReads },
  'message.create': { decide: createMessage, reads: createMessageReads },
  'message.update': { decide: updateMessage, reads: messageReads },
  'message.delete': { decide: deleteMessage, reads: messageReads },
  // As above: messaging does both within commands of its own.
  'message_receipt.create': {
    decide: (state: State, receipt: NewReceipt) => ({ message_receipt: insertReceipt(state, receipt) }),
    reads: (receipt: NewReceipt, state: State) => receiptReads(state, { message_sid: receipt.message_sid })
  },
  'message_receipt.report': {
    decide: (state: State, { sid, ...report }: ReportReceipt) => ({
      message_receipt: moveReceipt(state, sid, report)
    }),
    reads: ({ sid, message_sid }: ReportReceipt, state: State) => receiptReads(state, { receipt_sid: sid, message_sid })
  },
  'user.create': { decide: createUser, reads: createUserReads },
  'user.update': { decide: updateUser, reads: namedUserReads },
  'user.delete': { decide: deleteUser, reads: namedUserReads },
  'user_conversation.update': { decide: updateUserConversation, reads: userConversationReads },
  'user_conversation.delete': { decide: deleteUserConversation, reads: userConversationReads },
  'configuration_webhook.update': { decide: updateConfigurationWebhook },
  'service_webhook_configuration.update': { decide: updateServiceWebhookConfiguration },
  'conversation_scoped_webhook.create': { decide: createScopedWebhook, reads: inConversationReads },
  'conversation_scoped_webhook.update': { decide: updateScopedWebhook, reads: scopedWebhookReads },
  'conversation_scoped_webhook.delete': { decide: deleteScopedWebhook, reads: scopedWebhookReads },
  'timer.conversation_inactive': { decide: inactiveDue },
  'timer.conversation_closed': { decide: closedDue }
} as const
