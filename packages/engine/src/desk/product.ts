import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { deskCommands } from './commands.ts'
import { deskEvents } from './events.ts'
import { deskReactions } from './reactions.ts'
import { deskKinds } from './rows.ts'

/** The desk: what colleagues need of each other and of what they often say. */
export const desk: Product<State> = {
  kinds: deskKinds,
  commands: deskCommands,
  events: deskEvents,
  reactions: deskReactions,
  reads: {}
}
