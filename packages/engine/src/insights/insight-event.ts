import type { EngineEvent } from '../events.ts'

/** What insights need of an event, the same from memory and from the log; what an event does not tell is null. */
export interface InsightEvent {
  readonly seq: number
  readonly type: string
  /** Milliseconds. */
  readonly at: number
  readonly workspace_sid: string | null
  readonly task_sid: string | null
  /** JSON text. */
  readonly task_attributes: string | null
  readonly task_assignment_status: string | null
  readonly task_date_created: number | null
  readonly task_queue_sid: string | null
  readonly task_queue_name: string | null
  readonly workflow_sid: string | null
  readonly workflow_name: string | null
  readonly task_channel_sid: string | null
  readonly task_channel_unique_name: string | null
  readonly reservation_sid: string | null
  readonly worker_sid: string | null
  readonly worker_name: string | null
  /** JSON text. */
  readonly worker_attributes: string | null
  readonly worker_activity_sid: string | null
  readonly worker_activity_name: string | null
  readonly transfer_mode: string | null
  readonly conversation_sid: string | null
  /** Of a message: the participant of the conversation whose it is. */
  readonly participant_sid: string | null
  readonly author: string | null
  /** Of a participant of an interaction, whose SID in the conversation is `participant_sid`. */
  readonly participant_type: string | null
  /** Of a conversation: what it is now. */
  readonly state_to: string | null
  /** Of a call: whose end has hung up. */
  readonly ended_by: string | null
  /** Of a call: how it has left its queue. */
  readonly queue_result: string | null
  /** Of somebody in a conference: as what. */
  readonly label: string | null
}

/** Types of event that insights are made of; all others pass without being looked at. */
export const insightEvents: ReadonlySet<string> = new Set([
  'workspace.deleted',
  'worker.created',
  'worker.activity.update',
  'worker.attributes.update',
  'worker.deleted',
  'task.created',
  'task.wrapup',
  'task.completed',
  'task.canceled',
  'task.deleted',
  'task.system-deleted',
  'task.transfer-initiated',
  'task.transfer-failed',
  'task.transfer-canceled',
  'task-queue.entered',
  'task-queue.moved',
  'workflow.timeout',
  'reservation.created',
  'reservation.accepted',
  'reservation.rejected',
  'reservation.timeout',
  'reservation.canceled',
  'reservation.rescinded',
  'reservation.wrapup',
  'reservation.completed',
  'message.added',
  'conversation.state.updated',
  'conversation.removed',
  'interaction.participant.joined',
  'interaction.transfer.created',
  'interaction.transfer.failed',
  'call.initiated',
  'call.completed',
  'ringdown.call.dequeued',
  'conference.participant-join',
  'conference.participant-leave',
  'conference.participant-hold',
  'conference.participant-unhold'
])

/** An event of one of these types as the fold sees it. */
export function insightOf(event: EngineEvent): InsightEvent {
  return new ToldInsight(event)
}

/** Each member is read when the fold asks for it: it asks most events for few. */
class ToldInsight implements InsightEvent {
  readonly seq: number
  readonly type: string
  readonly at: number
  readonly #refs: EngineEvent['refs']

  constructor({ seq, type, at, refs }: EngineEvent) {
    this.seq = seq
    this.type = type
    this.at = at
    this.#refs = refs
  }

  get workspace_sid() {
    return this.#refs.workspace?.sid ?? null
  }
  get task_sid() {
    const { task, interaction_participant, call, conference } = this.#refs
    return task ? task.sid : ((interaction_participant ?? call ?? conference)?.task_sid ?? null)
  }
  get task_attributes() {
    return this.#refs.task?.attributes ?? null
  }
  get task_assignment_status() {
    return this.#refs.task?.assignment_status ?? null
  }
  get task_date_created() {
    return this.#refs.task?.date_created ?? null
  }
  get task_queue_sid() {
    return this.#refs.task_queue?.sid ?? null
  }
  get task_queue_name() {
    return this.#refs.task_queue?.friendly_name ?? null
  }
  get workflow_sid() {
    return this.#refs.workflow?.sid ?? null
  }
  get workflow_name() {
    return this.#refs.workflow?.friendly_name ?? null
  }
  get task_channel_sid() {
    return this.#refs.task_channel?.sid ?? null
  }
  get task_channel_unique_name() {
    return this.#refs.task_channel?.unique_name ?? null
  }
  get reservation_sid() {
    const { reservation, interaction_participant, call } = this.#refs
    return reservation ? reservation.sid : ((interaction_participant ?? call)?.reservation_sid ?? null)
  }
  get worker_sid() {
    const { worker, interaction_participant, interaction_transfer } = this.#refs
    return worker?.sid ?? interaction_participant?.worker_sid ?? interaction_transfer?.from_worker_sid ?? null
  }
  get worker_name() {
    return this.#refs.worker?.friendly_name ?? null
  }
  get worker_attributes() {
    return this.#refs.worker?.attributes ?? null
  }
  get worker_activity_sid() {
    return this.#refs.worker?.activity_sid ?? null
  }
  get worker_activity_name() {
    return this.#refs.worker ? (this.#refs.activity?.friendly_name ?? null) : null
  }
  get transfer_mode() {
    const { extra, interaction_transfer } = this.#refs
    return textOf(extra?.transfer_mode) ?? interaction_transfer?.type ?? null
  }
  get conversation_sid() {
    const { conversation, interaction_channel } = this.#refs
    return conversation?.sid ?? interaction_channel?.media_channel_sid ?? null
  }
  get participant_sid() {
    const { message, interaction_participant } = this.#refs
    return message?.participant_sid ?? interaction_participant?.participant_sid ?? null
  }
  get author() {
    return this.#refs.message?.author ?? null
  }
  get participant_type() {
    return this.#refs.interaction_participant?.type ?? null
  }
  get state_to() {
    return textOf(this.#refs.extra?.state_to)
  }
  get ended_by() {
    return this.#refs.call?.ended_by ?? null
  }
  get queue_result() {
    return textOf(this.#refs.extra?.result)
  }
  get label() {
    return this.#refs.conference_participant?.label ?? null
  }
}

/** The same from the data of an event of the log. */
export function insightFrom(
  { seq, type, at }: { readonly seq: number; readonly type: string; readonly at: number },
  data: Readonly<Record<string, unknown>>
): InsightEvent {
  const isMember = type === 'interaction.participant.joined'
  return {
    seq,
    type,
    at,
    workspace_sid: textOf(data.workspace_sid),
    task_sid: textOf(data.task_sid),
    task_attributes: textOf(data.task_attributes),
    task_assignment_status: textOf(data.task_assignment_status),
    task_date_created: typeof data.task_date_created === 'number' ? data.task_date_created : null,
    task_queue_sid: textOf(data.task_queue_sid),
    task_queue_name: textOf(data.task_queue_name),
    workflow_sid: textOf(data.workflow_sid),
    workflow_name: textOf(data.workflow_name),
    task_channel_sid: textOf(data.task_channel_sid),
    task_channel_unique_name: textOf(data.task_channel_unique_name),
    reservation_sid: textOf(data.reservation_sid),
    worker_sid: textOf(data.worker_sid),
    worker_name: textOf(data.worker_name),
    worker_attributes: textOf(data.worker_attributes),
    worker_activity_sid: textOf(data.worker_activity_sid),
    worker_activity_name: textOf(data.worker_activity_name),
    transfer_mode: textOf(data.transfer_mode ?? data.transfer_type),
    conversation_sid: textOf(data.conversation_sid ?? data.media_channel_sid),
    participant_sid: textOf(isMember ? data.conversation_participant_sid : data.participant_sid),
    author: textOf(data.author),
    participant_type: textOf(data.participant_type),
    state_to: textOf(data.state_to),
    ended_by: textOf(data.ended_by),
    queue_result: textOf(data.result),
    label: textOf(data.label)
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
