import type { InsightEvent } from './insight-event.ts'
import { type Effects, heldOf, heldOnLine, type Line, left, type OpenTask, sinceIn, talkedOut } from './open-task.ts'
import type { Segment } from './segment.ts'

/*
 * What calls do to the tasks that they are for (reference flex 21, voice 9): the customer's own, which has a task and no
 * reservation, those of agents, which have both, and the conference that has the task's name.
 */

type Step = (task: OpenTask, event: InsightEvent, effects: Effects) => void

export const lineSteps: Readonly<Record<string, Step>> = {
  'call.initiated': dialed,
  'call.completed': hungUp,
  'ringdown.call.dequeued': dequeued,
  'conference.participant-join': reached,
  'conference.participant-hold': onHold,
  'conference.participant-unhold': offHold,
  'conference.participant-leave': offHold
}

/** What the customer is called in the conference of its task. */
const customer = 'customer'

const silent: Line = { dialed_at: null, hold_at: null, hung_up_by: null }

function putLine(task: OpenTask, change: Partial<Line>): void {
  task.line = { ...(task.line ?? silent), ...change }
}

/** More is known now of each talk that goes on. */
function putTalks(task: OpenTask, change: (segment: Segment) => Segment, effects: Effects): void {
  task.held = task.held.map((one) => {
    if (one.wrap_up_at !== null) return one
    const segment = change(one.segment)
    effects.segment(segment)
    return { ...one, segment }
  })
}

/** A customer is called for an agent who is there. */
function dialed(task: OpenTask, { at, reservation_sid }: InsightEvent): void {
  if (reservation_sid === null) putLine(task, { dialed_at: at })
}

/** A customer who was called has answered. */
function reached(task: OpenTask, { at, label }: InsightEvent, effects: Effects): void {
  const since = task.line?.dialed_at ?? null
  if (label !== customer || since === null) return
  putTalks(task, (segment) => ({ ...segment, dial_ms: sinceIn(segment, since, at) }), effects)
  putLine(task, { dialed_at: null })
}

function onHold(task: OpenTask, { at, label }: InsightEvent): void {
  if (label === customer) putLine(task, { hold_at: at })
}

/** The customer is not on hold any more, or not there. */
function offHold(task: OpenTask, { at, label }: InsightEvent, effects: Effects): void {
  const { line } = task
  if (label !== customer || !line || line.hold_at === null) return
  putTalks(task, (segment) => ({ ...segment, hold_ms: heldOnLine(segment, line, at) }), effects)
  putLine(task, { hold_at: null })
}

/** Whose call ends first ends the talk, and has hung up. */
function hungUp(task: OpenTask, { at, reservation_sid, ended_by }: InsightEvent, effects: Effects): void {
  if (reservation_sid !== null) {
    const own = heldOf(task, reservation_sid)
    if (own) talkedOut(task, own, at, effects, { hung_up_by: ended_by === 'network' ? null : 'Agent' })
    return
  }
  // A customer who has not answered has not hung up on anybody.
  const hasTalked = (task.line?.dialed_at ?? null) === null
  const by = ended_by === 'caller' ? 'Customer' : ended_by === 'agent' ? 'Agent' : null
  const hung_up_by = hasTalked ? by : null
  for (const one of task.held) talkedOut(task, one, at, effects, { hung_up_by })
  putLine(task, { hung_up_by, dialed_at: null })
}

/** Led out of its queue by its program: to voice mail, or to be called back. */
function dequeued(task: OpenTask, event: InsightEvent, effects: Effects): void {
  const { reservation_sid, queue_result: result } = event
  if (reservation_sid !== null || (result !== 'redirected' && result !== 'leave')) return
  left(task, event, { result: 'led_away' }, effects)
}
