import type { Reactions } from '../reactions.ts'
import { fanOut } from './fan-out.ts'

/** What is said in a conversation is sent to those in it who are outside (reference conversations 11). */
export const messagingReactions: Reactions = {
  'message.added': (state, { refs }) => {
    if (refs.conversation && refs.message) fanOut(state, refs.conversation, refs.message)
  }
}
