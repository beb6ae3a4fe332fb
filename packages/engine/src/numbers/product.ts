import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { numberCommands } from './commands.ts'
import { numberKinds } from './rows.ts'

/** The addresses that are the account's: numbers, short codes, channels, and pools of them. */
export const numbers: Product<State> = {
  kinds: numberKinds,
  commands: numberCommands,
  events: {},
  reactions: {},
  reads: {}
}
