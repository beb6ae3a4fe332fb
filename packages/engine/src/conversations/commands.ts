import { setupConversations, updateConfiguration } from './configuration.ts'
import { closedDue, createConversation, deleteConversation, inactiveDue, updateConversation } from './conversation.ts'
import { createConversationWithParticipants } from './conversation-with-participants.ts'
import { createMessage, deleteMessage, updateMessage } from './message.ts'
import { createParticipant, deleteParticipant, updateParticipant } from './participant.ts'
import {
  createConversationReads,
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
import { createService, deleteService } from './service.ts'
import { createUser, deleteUser, updateUser } from './user.ts'
import {
  createScopedWebhook,
  deleteScopedWebhook,
  updateConfigurationWebhook,
  updateScopedWebhook,
  updateServiceWebhookConfiguration
} from './webhook.ts'

export const conversationCommands = {
  'conversations.setup': { decide: setupConversations },
  'conversation_configuration.update': { decide: updateConfiguration },
  'chat_service.create': { decide: createService },
  'chat_service.delete': { decide: deleteService },
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
  'message.create': { decide: createMessage, reads: inConversationReads },
  'message.update': { decide: updateMessage, reads: messageReads },
  'message.delete': { decide: deleteMessage, reads: messageReads },
  'user.create': { decide: createUser, reads: createUserReads },
  'user.update': { decide: updateUser, reads: namedUserReads },
  'user.delete': { decide: deleteUser, reads: namedUserReads },
  'configuration_webhook.update': { decide: updateConfigurationWebhook },
  'service_webhook_configuration.update': { decide: updateServiceWebhookConfiguration },
  'conversation_scoped_webhook.create': { decide: createScopedWebhook, reads: inConversationReads },
  'conversation_scoped_webhook.update': { decide: updateScopedWebhook, reads: scopedWebhookReads },
  'conversation_scoped_webhook.delete': { decide: deleteScopedWebhook, reads: scopedWebhookReads },
  'timer.conversation_inactive': { decide: inactiveDue },
  'timer.conversation_closed': { decide: closedDue }
} as const
