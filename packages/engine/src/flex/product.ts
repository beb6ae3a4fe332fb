import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { flexCommands } from './commands.ts'
import { flexEvents } from './events.ts'
import { flexReactions } from './reactions.ts'
import { flexReads } from './reads.ts'
import { flexKinds } from './rows.ts'

/** Flex: a customer's contact over its channels, from the first message to the last wrap-up. */
export const flex: Product<State> = {
  kinds: flexKinds,
  commands: flexCommands,
  events: flexEvents,
  reactions: flexReactions,
  reads: flexReads
}
