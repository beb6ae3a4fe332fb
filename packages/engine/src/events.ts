import { conversationEvents } from './conversations/events.ts'
import type { EventOf, RefsOf, RenderedEvent, RenderingOf } from './core/events.ts'
import { eventStreamEvents } from './event-streams/events.ts'
import { flexEvents } from './flex/events.ts'
import type { Kinds } from './kinds.ts'
import { routingEvents } from './routing/events.ts'

export type EventRefs = RefsOf<Kinds>
export type EngineEvent = EventOf<Kinds, EventType>
export type Rendering = RenderingOf<Kinds>

const catalogue = { ...routingEvents, ...conversationEvents, ...flexEvents, ...eventStreamEvents } satisfies Record<
  string,
  Rendering
>

export type EventType = keyof typeof catalogue

export const eventTypes = Object.keys(catalogue) as readonly EventType[] // the keys of the catalogue are its types

export function render(event: EngineEvent): RenderedEvent {
  const { seq, sid, type, at, refs } = event
  const told: ReturnType<Rendering> = catalogue[type](refs, at)
  const { workspace_sid, description, resource_type, resource_sid, data } = told
  // Named one by one: spreading costs as much as telling.
  return { seq, sid, type, at, workspace_sid, description, resource_type, resource_sid, data }
}
