import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { scheduleCommands } from './commands.ts'
import { scheduleKinds } from './rows.ts'

/** Schedules: when somebody is there, for flows, web chats and calls. */
export const schedules: Product<State> = {
  kinds: scheduleKinds,
  commands: scheduleCommands,
  events: {},
  reactions: {},
  reads: {}
}
