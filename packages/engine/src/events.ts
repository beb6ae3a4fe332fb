import { conversationEvents } from './conversations/events.ts'
import { eventStreamEvents } from './event-streams/events.ts'
import { flexEvents } from './flex/events.ts'
import type { Kind, Kinds } from './kinds.ts'
import { routingEvents } from './routing/events.ts'

/** The rows that an event tells of, as they were when it happened. */
export type EventRefs = { readonly [K in Kind]?: Kinds[K] | undefined } & {
  /** What no row holds: the previous activity, a reason, … in the API's snake_case names. */
  readonly extra?: Readonly<Record<string, string | number | boolean | null>> | undefined
}

export interface EngineEvent {
  readonly seq: number
  /** `EV…` */
  readonly sid: string
  readonly type: EventType
  readonly at: number
  readonly refs: EventRefs
}

/** An event as it is stored and read: `data` holds the callback's parameters in snake_case (reference taskrouter 8.4). */
export interface RenderedEvent {
  readonly seq: number
  readonly sid: string
  readonly type: string
  /** Milliseconds. */
  readonly at: number
  readonly workspace_sid?: string | undefined
  readonly description: string
  readonly resource_type: string
  readonly resource_sid: string
  /** A field that is undefined is not there. */
  readonly data: Readonly<Record<string, string | number | boolean | null | undefined>>
}

/** How an event of a type is told. */
export type Rendering = (refs: EventRefs, at: number) => Omit<RenderedEvent, 'seq' | 'sid' | 'type' | 'at'>

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
