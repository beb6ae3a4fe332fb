import type { KindDefinition } from '../state/table.ts'

// biome-ignore lint/suspicious/noEmptyInterface: filled by the lead's helpers
export interface ConversationKinds {}

export const conversationKinds: { [K in keyof ConversationKinds]: KindDefinition<ConversationKinds[K]> } = {}
