import type { EventType } from '../events.ts'
import type { Reaction } from '../reactions.ts'

export const flexReactions: { readonly [T in EventType]?: Reaction } = {}
