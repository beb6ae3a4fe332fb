import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { accessCommands } from './commands.ts'
import { accessEvents } from './events.ts'
import { accessKinds } from './rows.ts'

/** Who may come in: keys. */
export const access: Product<State> = {
  kinds: accessKinds,
  commands: accessCommands,
  events: accessEvents,
  reactions: {},
  reads: {}
}
