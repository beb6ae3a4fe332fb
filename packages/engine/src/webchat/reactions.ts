import type { Reactions } from '../reactions.ts'
import { conversationCloses, messageChanges, participantLeaves } from './session.ts'

/** What happens to a customer's conversation, and what its session makes of it. */
export const webchatReactions: Reactions = {
  'conversation.state.updated': (state, { refs }) => conversationCloses(state, refs),
  'participant.removed': (state, { refs }) => participantLeaves(state, refs),
  'message.updated': (state, { refs }) => messageChanges(state, refs)
}
