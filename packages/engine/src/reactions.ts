import type { State } from './center.ts'
import { conversationReactions } from './conversations/reactions.ts'
import type { EngineEvent, EventType } from './events.ts'
import { flexReactions } from './flex/reactions.ts'

/** What one noun does because something happened to another, inside the same decision. */
export type Reaction = (state: State, event: EngineEvent) => void

export const reactions: { readonly [T in EventType]?: Reaction } = { ...conversationReactions, ...flexReactions }
