import type { EventOf, RefsOf, RenderedEvent, RenderingOf } from './core/events.ts'
import { keysOf } from './core/keys.ts'
import { merged } from './core/product.ts'
import type { Kinds } from './kinds.ts'
import { type AllEvents, products } from './products.ts'

export type EventRefs = RefsOf<Kinds>
export type EngineEvent = EventOf<Kinds, EventType>
export type Rendering = RenderingOf<Kinds>

const catalogue = merged<Record<EventType, Rendering>>(products, 'events')

export type EventType = keyof AllEvents & string

export const eventTypes: readonly EventType[] = keysOf(catalogue)

export function render(event: EngineEvent): RenderedEvent {
  const { seq, sid, type, at, refs, actor } = event
  const rendering: ReturnType<Rendering> = catalogue[type](refs, at)
  const { workspace_sid, description, resource_type, resource_sid, data } = rendering
  // Named one by one: spreading costs as much as the rest of it.
  return { seq, sid, type, at, workspace_sid, description, resource_type, resource_sid, actor, data }
}
