import { operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { accessHandlers, accountNouns, flexUserHandlers, identityNouns } from './access/handlers.ts'
import { contentHandlers } from './content/handlers.ts'
import { contentNouns } from './content/nouns.ts'
import { conversationsHandlers } from './conversations/handlers.ts'
import { conversationsNouns } from './conversations/nouns.ts'
import { eventsHandlers } from './events/handlers.ts'
import { eventsNouns } from './events/nouns.ts'
import { flexHandlers } from './flex/handlers.ts'
import { flexNouns } from './flex/nouns.ts'
import { pluginNouns } from './flex/plugin-nouns.ts'
import type { AnyHandler, Handlers } from './handler.ts'
import { mediaHandlers } from './media/handlers.ts'
import { messageHandlers } from './messages/handlers.ts'
import { messageNouns } from './messages/nouns.ts'
import { monitorHandlers } from './monitor/handlers.ts'
import { numberHandlers } from './numbers/handlers.ts'
import { messagingServiceNouns, numberNouns } from './numbers/nouns.ts'
import { ringdownHandlers } from './ringdown/handlers.ts'
import { ringdownNouns } from './ringdown/nouns.ts'
import { studioHandlers } from './studio/handlers.ts'
import { studioNouns } from './studio/nouns.ts'
import { taskrouterHandlers } from './taskrouter/handlers.ts'
import { taskrouterNouns } from './taskrouter/nouns.ts'
import { voiceHandlers } from './voice/handlers.ts'
import { voiceNouns } from './voice/nouns.ts'

const written: Handlers = {
  ...taskrouterHandlers,
  ...conversationsHandlers,
  ...flexHandlers,
  ...studioHandlers,
  ...eventsHandlers,
  ...accessHandlers,
  ...flexUserHandlers,
  ...numberHandlers,
  ...contentHandlers,
  ...messageHandlers,
  ...mediaHandlers,
  ...voiceHandlers,
  ...monitorHandlers,
  ...ringdownHandlers
}

const nouns = {
  taskrouter_v1: taskrouterNouns,
  conversations_v1: conversationsNouns,
  flex_v1: { ...flexNouns, ...pluginNouns },
  studio_v2: studioNouns,
  events_v1: eventsNouns,
  messaging_v1: messagingServiceNouns,
  content_v1: contentNouns,
  api_v2010: { ...accountNouns, ...messageNouns, ...numberNouns, ...voiceNouns },
  iam_v1: identityNouns,
  ringdown_v1: ringdownNouns
} as const

/** Who does an operation: what is written by hand, else what follows from the contract; an operation without answers 501. */
export const handlers: ReadonlyMap<string, AnyHandler> = new Map(
  operations.flatMap((operation) => {
    const handler = handlerOf(operation)
    return handler ? [[operation.id, handler] as const] : []
  })
)

/** How each operation is done, for docs/parity.md. */
export const implemented: ReadonlyMap<string, 'derived' | 'written'> = new Map(
  [...handlers.keys()].map((id) => [id, Object.hasOwn(written, id) ? 'written' : 'derived'])
)

function handlerOf(operation: Operation): AnyHandler | undefined {
  const own = isKeyOf(written, operation.id) ? written[operation.id] : undefined
  if (own) return own as AnyHandler // http calls it with what its own operation parses to
  const noun = isKeyOf(nouns, operation.api) ? nouns[operation.api][operation.resource] : undefined
  return noun?.(operation)
}
