import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { voiceCommands } from './commands.ts'
import { voiceEvents } from './events.ts'
import { voiceReactions } from './reactions.ts'
import { voiceKinds } from './rows.ts'

/** Calls: what their documents do, who waits where, who hears whom, and which worker's phone rings. */
export const voice: Product<State> = {
  kinds: voiceKinds,
  commands: voiceCommands,
  events: voiceEvents,
  reactions: voiceReactions,
  reads: {}
}
