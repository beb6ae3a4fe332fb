import type { EventType } from '../events.ts'
import type { Reaction } from '../reactions.ts'

export const conversationReactions: { readonly [T in EventType]?: Reaction } = {}
