import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { routingCommands } from './commands.ts'
import { routingEvents } from './events.ts'
import { routingKinds } from './rows.ts'

/** TaskRouter: workers, tasks, and who gets which. */
export const routing: Product<State> = {
  kinds: routingKinds,
  commands: routingCommands,
  events: routingEvents,
  reactions: {},
  reads: {}
}
