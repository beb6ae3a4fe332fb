import type { State } from '../center.ts'
import type { Product } from '../core/product.ts'
import type { Reactions } from '../reactions.ts'
import { accessCommands } from './commands.ts'
import { accessEvents } from './events.ts'
import { accessKinds } from './rows.ts'

/** A worker who is gone is nobody's work any more. */
const accessReactions: Reactions = {
  'worker.deleted': (state, { refs }) => {
    for (const user of [...state.tables.flex_user.by('worker_sid', refs.worker?.sid ?? '')])
      state.change('flex_user', user.sid, { worker_sid: null, workspace_sid: null })
  }
}

/** Who may come in: keys, users and their sessions; and what they have done. */
export const access: Product<State> = {
  kinds: accessKinds,
  commands: accessCommands,
  events: accessEvents,
  reactions: accessReactions,
  reads: {}
}
