import type { Route } from './delivery.ts'
import { assignmentCallback } from './routes/assignment.ts'
import { conversationWebhooks } from './routes/conversations.ts'
import { interactionWebhooks } from './routes/flex.ts'
import { streams } from './routes/streams.ts'
import { workspaceEvents } from './routes/taskrouter.ts'

/** Every way out. The reader asks each of them what an event has to be sent for. */
export const routes: readonly Route[] = [
  workspaceEvents,
  assignmentCallback,
  interactionWebhooks,
  conversationWebhooks,
  streams
]
