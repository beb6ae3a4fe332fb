import type { Route } from './delivery.ts'
import { assignmentCallback } from './receivers/assignment.ts'
import { callDocuments, voiceStatus } from './receivers/calls.ts'
import { carrierMessages } from './receivers/carriers.ts'
import { conversationWebhooks } from './receivers/conversations.ts'
import { interactionWebhooks } from './receivers/flex.ts'
import { flowRequests } from './receivers/flows.ts'
import { messageStatus } from './receivers/message-status.ts'
import { messageWebhook } from './receivers/message-webhook.ts'
import { situationWebhooks } from './receivers/situations.ts'
import { streams } from './receivers/streams.ts'
import { workspaceEvents } from './receivers/taskrouter.ts'

/** Every way out. The reader asks each of them what an event has to be sent for. */
export const routes: readonly Route[] = [
  workspaceEvents,
  assignmentCallback,
  interactionWebhooks,
  conversationWebhooks,
  flowRequests,
  carrierMessages,
  messageWebhook,
  messageStatus,
  callDocuments,
  voiceStatus,
  streams,
  situationWebhooks
]
