import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { mediaCommands } from './commands.ts'
import { mediaEvents } from './events.ts'
import { mediaKinds } from './rows.ts'

/** Media: files that messages bring, of which only what is told of them is here. */
export const media: Product<State> = {
  kinds: mediaKinds,
  commands: mediaCommands,
  events: mediaEvents,
  reactions: {},
  reads: {}
}
