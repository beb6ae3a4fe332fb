import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { webchatCommands } from './commands.ts'
import { webchatEvents } from './events.ts'
import { webchatReactions } from './reactions.ts'
import { webchatKinds } from './rows.ts'

/** Web chat: where customers can write to us from pages, and the sessions of those who do. */
export const webchat: Product<State> = {
  kinds: webchatKinds,
  commands: webchatCommands,
  events: webchatEvents,
  reactions: webchatReactions,
  reads: {}
}
