import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { messagingCommands } from './commands.ts'
import { messagingEvents } from './events.ts'
import { messagingReactions } from './reactions.ts'
import { messagingReads } from './reads.ts'
import { messagingKinds } from './rows.ts'

/** Messaging: how messages come in from the world and go out to it, and what became of each. */
export const messaging: Product<State> = {
  kinds: messagingKinds,
  commands: messagingCommands,
  events: messagingEvents,
  reactions: messagingReactions,
  reads: messagingReads
}
