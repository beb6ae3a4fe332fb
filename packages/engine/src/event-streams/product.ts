import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { eventStreamCommands } from './commands.ts'
import { eventStreamEvents } from './events.ts'
import { eventStreamKinds } from './rows.ts'

/** Event Streams: who is sent which events. */
export const eventStreams: Product<State> = {
  kinds: eventStreamKinds,
  commands: eventStreamCommands,
  events: eventStreamEvents,
  reactions: {},
  reads: {}
}
