import type { Rendering } from '../events.ts'

export const conversationEvents = {} satisfies Record<string, Rendering>
