import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { contentCommands } from './commands.ts'
import { contentKinds } from './rows.ts'

/** Templates: what is said often, once, with variables, in the form of each channel. */
export const content: Product<State> = {
  kinds: contentKinds,
  commands: contentCommands,
  events: {},
  reactions: {},
  reads: {}
}
