import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { agentCommands } from './commands.ts'
import { agentEvents } from './events.ts'
import { agentReactions } from './reactions.ts'
import { agentKinds } from './rows.ts'

/** What AI agents leave with a center: rules that watch for situations, addresses to which they are sent, and plans. */
export const agents: Product<State> = {
  kinds: agentKinds,
  commands: agentCommands,
  events: agentEvents,
  reactions: agentReactions,
  reads: {}
}
