import type { accessCommands } from './access/commands.ts'
import type { accessEvents } from './access/events.ts'
import { access } from './access/product.ts'
import type { accessKinds } from './access/rows.ts'
import type { State } from './center.ts'
import type { conversationCommands } from './conversations/commands.ts'
import type { conversationEvents } from './conversations/events.ts'
import { conversations } from './conversations/product.ts'
import type { conversationKinds } from './conversations/rows.ts'
import type { Product } from './core/product.ts'
import type { deskCommands } from './desk/commands.ts'
import type { deskEvents } from './desk/events.ts'
import { desk } from './desk/product.ts'
import type { deskKinds } from './desk/rows.ts'
import type { eventStreamCommands } from './event-streams/commands.ts'
import type { eventStreamEvents } from './event-streams/events.ts'
import { eventStreams } from './event-streams/product.ts'
import type { eventStreamKinds } from './event-streams/rows.ts'
import type { flexCommands } from './flex/commands.ts'
import type { flexEvents } from './flex/events.ts'
import { flex } from './flex/product.ts'
import type { flexKinds } from './flex/rows.ts'
import type { routingCommands } from './routing/commands.ts'
import type { routingEvents } from './routing/events.ts'
import { routing } from './routing/product.ts'
import type { routingKinds } from './routing/rows.ts'

/** Everything that this center does: one room a product. */
export const products: readonly Product<State>[] = [routing, conversations, flex, eventStreams, access, desk]

/*
 * The same as types. They are named part by part, because TypeScript cannot follow one list of all: commands read kinds.
 */

export type AllKinds = typeof routingKinds &
  typeof conversationKinds &
  typeof flexKinds &
  typeof eventStreamKinds &
  typeof accessKinds &
  typeof deskKinds

export type AllCommands = typeof routingCommands &
  typeof conversationCommands &
  typeof flexCommands &
  typeof eventStreamCommands &
  typeof accessCommands &
  typeof deskCommands

export type AllEvents = typeof routingEvents &
  typeof conversationEvents &
  typeof flexEvents &
  typeof eventStreamEvents &
  typeof accessEvents &
  typeof deskEvents
