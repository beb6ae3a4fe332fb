import type { accessCommands } from './access/commands.ts'
import type { accessEvents } from './access/events.ts'
import { access } from './access/product.ts'
import type { accessKinds } from './access/rows.ts'
import type { agentCommands } from './agents/commands.ts'
import type { agentEvents } from './agents/events.ts'
import { agents } from './agents/product.ts'
import type { agentKinds } from './agents/rows.ts'
import type { State } from './center.ts'
import type { contentCommands } from './content/commands.ts'
import { content } from './content/product.ts'
import type { contentKinds } from './content/rows.ts'
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
import type { mediaCommands } from './media/commands.ts'
import type { mediaEvents } from './media/events.ts'
import { media } from './media/product.ts'
import type { mediaKinds } from './media/rows.ts'
import type { messagingCommands } from './messaging/commands.ts'
import type { messagingEvents } from './messaging/events.ts'
import { messaging } from './messaging/product.ts'
import type { messagingKinds } from './messaging/rows.ts'
import type { numberCommands } from './numbers/commands.ts'
import { numbers } from './numbers/product.ts'
import type { numberKinds } from './numbers/rows.ts'
import type { pluginCommands } from './plugins/commands.ts'
import { plugins } from './plugins/product.ts'
import type { pluginKinds } from './plugins/rows.ts'
import type { routingCommands } from './routing/commands.ts'
import type { routingEvents } from './routing/events.ts'
import { routing } from './routing/product.ts'
import type { routingKinds } from './routing/rows.ts'
import type { scheduleCommands } from './schedules/commands.ts'
import { schedules } from './schedules/product.ts'
import type { scheduleKinds } from './schedules/rows.ts'
import type { studioCommands } from './studio/commands.ts'
import type { studioEvents } from './studio/events.ts'
import { studio } from './studio/product.ts'
import type { studioKinds } from './studio/rows.ts'
import type { voiceCommands } from './voice/commands.ts'
import type { voiceEvents } from './voice/events.ts'
import { voice } from './voice/product.ts'
import type { voiceKinds } from './voice/rows.ts'
import type { webchatCommands } from './webchat/commands.ts'
import type { webchatEvents } from './webchat/events.ts'
import { webchat } from './webchat/product.ts'
import type { webchatKinds } from './webchat/rows.ts'

/** Everything that this center does: one room a product. */
export const products: readonly Product<State>[] = [
  routing,
  numbers,
  content,
  media,
  conversations,
  messaging,
  flex,
  plugins,
  eventStreams,
  access,
  desk,
  schedules,
  voice,
  studio,
  webchat,
  agents
]

/*
 * The same as types. They are named part by part, because TypeScript cannot follow one list of all: commands read kinds.
 */

export type AllKinds = typeof routingKinds &
  typeof numberKinds &
  typeof contentKinds &
  typeof mediaKinds &
  typeof conversationKinds &
  typeof messagingKinds &
  typeof flexKinds &
  typeof pluginKinds &
  typeof eventStreamKinds &
  typeof accessKinds &
  typeof deskKinds &
  typeof scheduleKinds &
  typeof studioKinds &
  typeof webchatKinds &
  typeof voiceKinds &
  typeof agentKinds

export type AllCommands = typeof routingCommands &
  typeof numberCommands &
  typeof contentCommands &
  typeof mediaCommands &
  typeof conversationCommands &
  typeof messagingCommands &
  typeof flexCommands &
  typeof pluginCommands &
  typeof eventStreamCommands &
  typeof accessCommands &
  typeof deskCommands &
  typeof scheduleCommands &
  typeof studioCommands &
  typeof webchatCommands &
  typeof voiceCommands &
  typeof agentCommands

export type AllEvents = typeof routingEvents &
  typeof mediaEvents &
  typeof conversationEvents &
  typeof messagingEvents &
  typeof flexEvents &
  typeof eventStreamEvents &
  typeof accessEvents &
  typeof deskEvents &
  typeof studioEvents &
  typeof webchatEvents &
  typeof voiceEvents &
  typeof agentEvents
