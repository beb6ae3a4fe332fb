/**
 * A stretch of a contact, as it is kept (reference flex 21): the wait in a queue, what an agent has done with it, or an
 * offer that came to nothing. It is a plain row: a store has a column for each member. Durations are milliseconds.
 */
export interface Segment extends Facts, Place, Holder {
  readonly kind: SegmentKind
  readonly began_at: number
  /** Of the event that began it, which begins nothing else. */
  readonly seq: number
  /** Null while it lasts. */
  readonly ended_at: number | null
  readonly result: Result | null
  /** How the agent has handed the contact on. */
  readonly transfer: 'cold' | 'warm' | null
  /** From the offer to what became of it. */
  readonly ring_ms: number | null
  /** From entering the queue to the answer, or until it was left; null without a queue. */
  readonly queue_ms: number | null
  /** From the answer to the end of the talk; holds are in it, the time in which a customer is called is not. */
  readonly talk_ms: number | null
  readonly hold_ms: number | null
  /** Of a customer who was called: until the answer, or until the call came to nothing. */
  readonly dial_ms: number | null
  readonly wrap_up_ms: number | null
  /** From the customer's first message to the first one of an agent, in the segment of that agent. */
  readonly first_response_ms: number | null
  /** From the answer to this agent's first message. */
  readonly agent_response_ms: number | null
  /** How often this agent has answered what the customer had written, and how long that took in all. */
  readonly responses: number
  readonly response_ms: number
  /** Who has ended the call: `Customer` or `Agent`, as attributes say it. */
  readonly hung_up_by: string | null
}

export type SegmentKind = 'queue' | 'conversation' | 'missed' | 'rejected'

/**
 * How it ended. Of a queue: with an answer, in another queue, or because the contact was given up (`ringing`: while it was
 * being offered), nobody answered in time, or its call was led elsewhere. Of an agent's: by handing on, or as it should; `dropped` where the task was taken away.
 */
export type Result = 'answered' | 'moved' | 'abandoned' | 'ringing' | 'timed_out' | 'led_away' | 'completed' | 'dropped'

/** Where a contact is. */
export interface Place {
  readonly workspace_sid: string | null
  readonly task_sid: string
  readonly task_queue_sid: string | null
  readonly workflow_sid: string | null
  readonly task_channel_sid: string | null
  /** Unique name of the task channel. */
  readonly channel: string | null
}

/** The worker, as it was then; all null where there is none. */
export interface Holder {
  readonly worker_sid: string | null
  readonly team: string | null
  /** JSON text of a list; null for none. */
  readonly skills: string | null
  readonly activity_sid: string | null
  readonly activity: string | null
}

/** What the task's attributes say of the contact. */
export interface Facts {
  readonly conversation_id: string
  readonly direction: string
  readonly communication_channel: string | null
  readonly outcome: string | null
  readonly hang_up_by: string | null
  readonly abandoned: string | null
  readonly abandoned_phase: string | null
  /** JSON text of a list; null for none. */
  readonly labels: string | null
}

/** What a contact's attributes are by themselves, and whom they name. */
export interface ContactText {
  readonly task_sid: string
  /** When they were last looked at. */
  readonly at: number
  /** JSON text of an object. */
  readonly attributes: string
  /** JSON text of a list: addresses and identities of the customer. */
  readonly customers: string
}

/** A worker's time in an activity, with work in hand or without. */
export interface StatusPiece {
  readonly worker_sid: string
  readonly began_at: number
  readonly seq: number
  readonly ended_at: number
  readonly workspace_sid: string | null
  readonly team: string | null
  readonly activity_sid: string
  readonly activity: string | null
  /** 1 while the worker holds a contact, 0 otherwise. */
  readonly busy: number
}

/** What somebody or something was called last. */
export interface Called {
  readonly sid: string
  readonly name: string
}

type Known = Pick<Segment, 'ended_at' | 'result' | 'ring_ms' | 'queue_ms' | 'hung_up_by'>

const nobody: Holder = { worker_sid: null, team: null, skills: null, activity_sid: null, activity: null }

/**
 * A segment that has just begun, of which no more is known than what is given. Each member is named: put together from pieces, an object of
 * so many takes a hundred times as long.
 */
export function begunSegment(
  begun: Pick<Segment, 'kind' | 'began_at' | 'seq'> & Partial<Known>,
  place: Place,
  facts: Facts,
  holder: Holder = nobody
): Segment {
  return {
    kind: begun.kind,
    began_at: begun.began_at,
    seq: begun.seq,
    ended_at: begun.ended_at ?? null,
    result: begun.result ?? null,
    transfer: null,
    ring_ms: begun.ring_ms ?? null,
    queue_ms: begun.queue_ms ?? null,
    talk_ms: null,
    hold_ms: null,
    dial_ms: null,
    wrap_up_ms: null,
    first_response_ms: null,
    agent_response_ms: null,
    responses: 0,
    response_ms: 0,
    hung_up_by: begun.hung_up_by ?? null,
    workspace_sid: place.workspace_sid,
    task_sid: place.task_sid,
    task_queue_sid: place.task_queue_sid,
    workflow_sid: place.workflow_sid,
    task_channel_sid: place.task_channel_sid,
    channel: place.channel,
    conversation_id: facts.conversation_id,
    direction: facts.direction,
    communication_channel: facts.communication_channel,
    outcome: facts.outcome,
    hang_up_by: facts.hang_up_by,
    abandoned: facts.abandoned,
    abandoned_phase: facts.abandoned_phase,
    labels: facts.labels,
    worker_sid: holder.worker_sid,
    team: holder.team,
    skills: holder.skills,
    activity_sid: holder.activity_sid,
    activity: holder.activity
  }
}
