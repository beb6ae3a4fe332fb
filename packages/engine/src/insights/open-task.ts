import type { ReadAttributes } from './facts.ts'
import type { InsightEvent } from './insight-event.ts'
import { begunSegment, type Facts, type Holder, type Place, type Result, type Segment } from './segment.ts'

/*
 * What is open of a task, and how parts of it come to an end.
 */

/** It changes as things happen; its members do not, but are others then. */
export interface OpenTask {
  place: Place
  facts: Facts
  /** Its wait in the queue that it is in. */
  waiting: QueueWait | null
  /** Offers that nobody has answered. */
  offers: readonly Offer[]
  /** When the last offer was taken back. */
  rang_at: number | null
  /** What agents have in hand. */
  held: readonly Held[]
  /** What has ended: it has the facts that the task ends with. */
  done: readonly Segment[]
  has_timed_out: boolean
  is_over: boolean
  /** Of its customer's call; not there before that has said anything. */
  line?: Line
}

/** When a wait began, and with which event. */
export type QueueWait = Pick<Segment, 'began_at' | 'seq'>

export interface Offer {
  readonly reservation_sid: string
  readonly at: number
  readonly seq: number
  readonly holder: Holder
}

export interface Held {
  readonly reservation_sid: string
  readonly segment: Segment
  /** By which name the agent chats. */
  readonly identity: string | null
  /** When its talk was over. */
  readonly wrap_up_at: number | null
}

/** The customer's call. */
export interface Line {
  /** Since when the customer is called, who has not answered yet. */
  readonly dialed_at: number | null
  /** Since when the customer is on hold. */
  readonly hold_at: number | null
  readonly hung_up_by: string | null
}

/** Where what an event makes of a contact is told. */
export interface Effects {
  segment(segment: Segment): void
  text(task_sid: string, read: ReadAttributes): void
}

export const emptyList: readonly never[] = []

/** A list and one more; most have none before. (A spread has room for sixteen others, and these live as long as a contact.) */
export function withOne<T>(list: readonly T[], one: T): readonly T[] {
  return list.length === 0 ? [one] : [...list, one]
}

/** Segments of one task that are put right when its attributes change at its end. */
const maxDone = 100

/** A part of the task has ended. */
export function addDone(task: OpenTask, segment: Segment): void {
  const { done } = task
  task.done = withOne(done.length < maxDone ? done : done.slice(1), segment)
}

/** The wait of a task that is in a queue, as a segment. */
export function waitOf({ began_at, seq }: QueueWait, { place, facts }: OpenTask): Segment {
  return begunSegment({ kind: 'queue', began_at, seq }, place, facts)
}

/** The task is no longer in the queue in which it waited. */
export function left(
  task: OpenTask,
  { at }: InsightEvent,
  { result, ring_ms = null }: { readonly result: Result; readonly ring_ms?: number | null },
  effects: Effects
): void {
  const { waiting, place, facts, line } = task
  if (!waiting) return
  const { began_at, seq } = waiting
  const hung_up_by = line?.hung_up_by ?? null
  const known = { ended_at: at, result, queue_ms: at - began_at, ring_ms, hung_up_by }
  const segment = begunSegment({ kind: 'queue', began_at, seq, ...known }, place, facts)
  effects.segment(segment)
  task.waiting = null
  addDone(task, segment)
}

export function heldOf({ held }: OpenTask, reservation_sid: string | null): Held | undefined {
  return held.find((one) => one.reservation_sid === reservation_sid)
}

/** What an agent has in hand is as it is now. */
export function putHeld(task: OpenTask, before: Held, after: Held): void {
  task.held = task.held.map((one) => (one === before ? after : one))
}

/** The talk is over; what follows is wrap-up. Called as events are folded, a million in a rebuild: no object for its arguments. */
export function talkedOut(task: OpenTask, held: Held, at: number, effects: Effects, more?: Partial<Segment>): void {
  if (held.wrap_up_at !== null) return
  const segment: Segment = { ...held.segment, ...talkUntil(held.segment, task, at), ...more }
  effects.segment(segment)
  putHeld(task, held, { ...held, segment, wrap_up_at: at })
}

/**
 * How long a talk was up to an instant: with the customer, so it begins when a customer who is called answers; and what of
 * it was on hold (reference flex 21).
 */
export function talkUntil(
  segment: Segment,
  { line }: OpenTask,
  at: number
): Pick<Segment, 'talk_ms' | 'hold_ms' | 'dial_ms'> {
  const { began_at, dial_ms: dialed_ms, hold_ms } = segment
  if (!line) return { talk_ms: at - began_at, hold_ms, dial_ms: dialed_ms }
  const dial_ms = line.dialed_at === null ? dialed_ms : sinceIn(segment, line.dialed_at, at)
  return { talk_ms: at - began_at - (dial_ms ?? 0), hold_ms: heldOnLine(segment, line, at), dial_ms }
}

/** What of a talk has been on hold; null for nothing. */
export function heldOnLine(segment: Segment, { hold_at }: Line, at: number): number | null {
  return hold_at === null ? segment.hold_ms : (segment.hold_ms ?? 0) + sinceIn(segment, hold_at, at)
}

/** Milliseconds from an instant on, those before the segment left out. */
export function sinceIn({ began_at }: Segment, since: number, at: number): number {
  return at - Math.max(since, began_at)
}
