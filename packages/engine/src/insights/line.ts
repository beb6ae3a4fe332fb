import type { InsightEvent } from './insight-event.ts'
import { type Effects, heldOf, heldOnLine, type Line, left, type OpenTask, sinceIn, talkedOut } from './open-task.ts'
import type { Segment } from './segment.ts'

/*
 * What calls do to the tasks that they are for (reference flex 21, voice 9): the customer's own, which has a task and no
 * reservation, those of agents, which have both, and the conference that has the task's name.
 */

type Step = (task: OpenTask, event: InsightEvent, effects: Effects) => OpenTask

export const lineSteps: Readonly<Record<string, Step>> = {
  'call.initiated': dialed,
  'call.completed': hungUp,
  'ringdown.call.dequeued': dequeued,
  'conference.participant-join': reached,
  'conference.participant-hold': (task, { at, label }) => (label === customer ? withLine(task, { hold_at: at }) : task),
  'conference.participant-unhold': offHold,
  'conference.participant-leave': offHold
}

/** What the customer is called in the conference of its task. */
const customer = 'customer'

const silent: Line = { dialed_at: null, hold_at: null, hung_up_by: null }

function withLine(task: OpenTask, change: Partial<Line>): OpenTask {
  return { ...task, line: { ...(task.line ?? silent), ...change } }
}

/** The task with what is known now of each talk that goes on. */
function withTalks(task: OpenTask, change: (segment: Segment) => Segment, effects: Effects): OpenTask {
  const held = task.held.map((one) => {
    if (one.wrap_up_at !== null) return one
    const segment = change(one.segment)
    effects.segment(segment)
    return { ...one, segment }
  })
  return { ...task, held }
}

/** A customer is called for an agent who is there. */
function dialed(task: OpenTask, { at, reservation_sid }: InsightEvent): OpenTask {
  return reservation_sid === null ? withLine(task, { dialed_at: at }) : task
}

/** A customer who was called has answered. */
function reached(task: OpenTask, { at, label }: InsightEvent, effects: Effects): OpenTask {
  const since = task.line?.dialed_at ?? null
  if (label !== customer || since === null) return task
  const talks = withTalks(task, (segment) => ({ ...segment, dial_ms: sinceIn(segment, since, at) }), effects)
  return withLine(talks, { dialed_at: null })
}

/** The customer is not on hold any more, or not there. */
function offHold(task: OpenTask, { at, label }: InsightEvent, effects: Effects): OpenTask {
  const { line } = task
  if (label !== customer || !line || line.hold_at === null) return task
  const talks = withTalks(task, (segment) => ({ ...segment, hold_ms: heldOnLine(segment, line, at) }), effects)
  return withLine(talks, { hold_at: null })
}

/** Whose call ends first ends the talk, and has hung up. */
function hungUp(task: OpenTask, { at, reservation_sid, ended_by }: InsightEvent, effects: Effects): OpenTask {
  if (reservation_sid !== null) {
    const own = heldOf(task, reservation_sid)
    return own ? talkedOut(task, own, at, effects, { hung_up_by: ended_by === 'network' ? null : 'Agent' }) : task
  }
  // A customer who has not answered has not hung up on anybody.
  const hasTalked = (task.line?.dialed_at ?? null) === null
  const by = ended_by === 'caller' ? 'Customer' : ended_by === 'agent' ? 'Agent' : null
  const hung_up_by = hasTalked ? by : null
  const over = task.held.reduce((so, one) => talkedOut(so, one, at, effects, { hung_up_by }), task)
  return withLine(over, { hung_up_by, dialed_at: null })
}

/** Led out of its queue by its program: to voice mail, or to be called back. */
function dequeued(task: OpenTask, event: InsightEvent, effects: Effects): OpenTask {
  const { reservation_sid, queue_result: result } = event
  if (reservation_sid !== null || (result !== 'redirected' && result !== 'leave')) return task
  return left(task, event, { result: 'led_away' }, effects)
}
