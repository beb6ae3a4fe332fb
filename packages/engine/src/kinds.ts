import { type ConversationKinds, conversationKinds } from './conversations/rows.ts'
import type { KindDefinition } from './core/kind.ts'
import { type EventStreamKinds, eventStreamKinds } from './event-streams/rows.ts'
import { type FlexKinds, flexKinds } from './flex/rows.ts'
import { type RoutingKinds, routingKinds } from './routing/rows.ts'

/** Every kind of row, and the type of its rows. */
export interface Kinds extends RoutingKinds, ConversationKinds, FlexKinds, EventStreamKinds {}
export type Kind = keyof Kinds

export const kinds: { readonly [K in Kind]: KindDefinition<Kinds[K]> } = {
  ...routingKinds,
  ...conversationKinds,
  ...flexKinds,
  ...eventStreamKinds
}
