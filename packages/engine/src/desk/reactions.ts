import type { Reactions } from '../reactions.ts'
import { noteTransfer } from './note.ts'

/** What happens in Flex, and what a desk keeps of it. */
export const deskReactions: Reactions = {
  'interaction.transfer.created': (state, { refs }) => noteTransfer(state, refs)
}
