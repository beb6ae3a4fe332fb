import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import { pluginCommands } from './commands.ts'
import { pluginKinds } from './rows.ts'

/** The plugin service of Flex: which programs extend its screens, in which versions, and which of them are live. */
export const plugins: Product<State> = {
  kinds: pluginKinds,
  commands: pluginCommands,
  events: {},
  reactions: {},
  reads: {}
}
