import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { conversationCommands } from './commands.ts'
import { conversationEvents } from './events.ts'
import { conversationKinds } from './rows.ts'

/** Conversations: who takes part, and what is said. */
export const conversations: Product<State> = {
  kinds: conversationKinds,
  commands: conversationCommands,
  events: conversationEvents,
  reactions: {},
  reads: {}
}
