import { closedDue, createConversation, deleteConversation, inactiveDue, updateConversation } from './conversation.ts'
import { createConversationWithParticipants } from './conversation-with-participants.ts'
import { createMessage, deleteMessage, updateMessage } from './message.ts'
import { createParticipant, deleteParticipant, updateParticipant } from './participant.ts'
import { createService, deleteService, setupConversations, updateConfiguration } from './service.ts'
import { createUser, deleteUser, updateUser } from './user.ts'
import {
  createScopedWebhook,
  deleteScopedWebhook,
  updateConfigurationWebhook,
  updateScopedWebhook,
  updateServiceWebhookConfiguration
} from './webhook.ts'

export const conversationCommands = {
  'conversations.setup': setupConversations,
  'conversation_configuration.update': updateConfiguration,
  'chat_service.create': createService,
  'chat_service.delete': deleteService,
  'conversation.create': createConversation,
  'conversation.create_with_participants': createConversationWithParticipants,
  'conversation.update': updateConversation,
  'conversation.delete': deleteConversation,
  'participant.create': createParticipant,
  'participant.update': updateParticipant,
  'participant.delete': deleteParticipant,
  'message.create': createMessage,
  'message.update': updateMessage,
  'message.delete': deleteMessage,
  'user.create': createUser,
  'user.update': updateUser,
  'user.delete': deleteUser,
  'configuration_webhook.update': updateConfigurationWebhook,
  'service_webhook_configuration.update': updateServiceWebhookConfiguration,
  'conversation_scoped_webhook.create': createScopedWebhook,
  'conversation_scoped_webhook.update': updateScopedWebhook,
  'conversation_scoped_webhook.delete': deleteScopedWebhook,
  'timer.conversation_inactive': inactiveDue,
  'timer.conversation_closed': closedDue
} as const
