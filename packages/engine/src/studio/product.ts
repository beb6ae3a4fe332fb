import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { callReactions } from './call-asks.ts'
import { studioCommands } from './commands.ts'
import { studioEvents } from './events.ts'
import { catchUpReads, studioReactions } from './receiving.ts'
import { studioKinds } from './rows.ts'

/** Studio: flows that answer whoever writes, look things up, and hand over to agents. */
export const studio: Product<State> = {
  kinds: studioKinds,
  commands: studioCommands,
  events: studioEvents,
  reactions: { ...studioReactions, ...callReactions },
  reads: { 'conversation_scoped_webhook.create': catchUpReads }
}
