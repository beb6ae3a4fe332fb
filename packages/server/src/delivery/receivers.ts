import type { Route } from './delivery.ts'
import { assignmentCallback } from './receivers/assignment.ts'
import { conversationWebhooks } from './receivers/conversations.ts'
import { interactionWebhooks } from './receivers/flex.ts'
import { streams } from './receivers/streams.ts'
import { workspaceEvents } from './receivers/taskrouter.ts'

/** Every way out. The reader asks each of them what an event has to be sent for. */
export const routes: readonly Route[] = [
  workspaceEvents,
  assignmentCallback,
  interactionWebhooks,
  conversationWebhooks,
  streams
]
