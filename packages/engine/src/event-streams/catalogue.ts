import type { EventType } from '../events.ts'

/** A type of events that a subscription may name (reference events 4). */
export interface StreamType {
  readonly type: string
  readonly schema_id: string
  /** Of its schema. */
  readonly latest_version: number
  /** When it happens, in our words. */
  readonly description: string
  readonly status: 'available' | 'deprecated' | 'restricted' | 'discontinued'
  /** The engine's event that it is published for; null where nothing here ever makes one happen. */
  readonly from: EventType | null
}

/** The instant that this catalogue gives for itself: when Twilio made its types and schemas is not known. */
export const catalogueDate = 1_767_225_600_000 // 2026-01-01

type ChannelIndex = readonly [name: string, from: EventType | null, description: string, schema?: string]

interface Group {
  /** What its types' names begin with, the dot included. */
  readonly prefix: string
  /** The schema of lines that name none. */
  readonly schema: string
  readonly status?: StreamType['status']
  readonly lines: readonly ChannelIndex[]
}

/** Latest versions above 1. The reference knows no number for those that are not here. */
const versions: Readonly<Record<string, number>> = {
  'TaskRouter.WDSEvent': 4,
  'Conversations.ConversationAdded': 2,
  'Conversations.ConversationUpdated': 2,
  'Conversations.ConversationRemoved': 2,
  'Conversations.ConversationStateUpdated': 2,
  'Conversations.MessageAdded': 2,
  'Conversations.MessageUpdated': 2,
  'Conversations.MessageRemoved': 2,
  'Conversations.ParticipantAdded': 2,
  'Conversations.ParticipantUpdated': 2,
  'Conversations.ParticipantRemoved': 2,
  'Conversations.UserAdded': 2,
  'Conversations.UserUpdated': 2,
  'Conversations.DeliveryUpdated': 2,
  'Studio.FlowExecutionEvent': 2,
  'Messaging.InboundMessageV1': 5,
  'Voice.WebhookEvent': 2
}

/** What begins with this is ours: no such type exists at Twilio, and none of theirs can clash with it. */
export const ownPrefix = 'org.ringdown.'

const groups: readonly Group[] = [
  {
    prefix: 'com.twilio.taskrouter.',
    schema: 'TaskRouter.WDSEvent',
    lines: [
      ['task.created', 'task.created', 'A task was created.'],
      ['task.updated', 'task.updated', 'Attributes, priority or another property of a task changed.'],
      ['task.canceled', 'task.canceled', 'A task was canceled, or nobody took it in time.'],
      ['task.completed', 'task.completed', 'A task was completed.'],
      ['task.deleted', 'task.deleted', 'A task was deleted by request.'],
      ['task.system-deleted', 'task.system-deleted', 'A task had been assigned for too long and was removed.'],
      ['task.wrapup', 'task.wrapup', 'The work on a task moved on to its wrap-up.'],
      ['task.transfer-initiated', 'task.transfer-initiated', 'A worker began to hand a task on.'],
      ['task.transfer-completed', 'task.transfer-completed', 'Somebody took the task that was handed on.'],
      ['task.transfer-failed', 'task.transfer-failed', 'Nobody took the task that was handed on.'],
      ['task.transfer-canceled', 'task.transfer-canceled', 'A transfer was called off.'],
      ['task.transfer-attempt-failed', 'task.transfer-attempt-failed', 'One of those asked did not take the transfer.'],
      ['reservation.created', 'reservation.created', 'A task was offered to a worker.'],
      ['reservation.accepted', 'reservation.accepted', 'A worker took the task.'],
      ['reservation.rejected', 'reservation.rejected', 'A worker declined the task.'],
      ['reservation.timeout', 'reservation.timeout', 'A worker did not answer an offer in time.'],
      ['reservation.canceled', 'reservation.canceled', 'An offer was withdrawn because its task ended or moved.'],
      ['reservation.rescinded', 'reservation.rescinded', 'Of several who were asked, another one took the task.'],
      ['reservation.completed', 'reservation.completed', 'A worker finished the task.'],
      ['reservation.failed', 'reservation.failed', 'A task could not be offered to the worker it was meant for.'],
      ['reservation.wrapup', 'reservation.wrapup', 'A worker began to wrap up.'],
      ['worker.created', 'worker.created', 'A worker was created.'],
      ['worker.deleted', 'worker.deleted', 'A worker was deleted.'],
      ['worker.activity.update', 'worker.activity.update', 'A worker went into another activity.'],
      ['worker.attributes.update', 'worker.attributes.update', 'Attributes or name of a worker changed.'],
      ['worker.capacity.update', 'worker.capacity.update', 'A worker may have more or fewer tasks of a channel.'],
      [
        'worker.channel.availability.update',
        'worker.channel.availability.update',
        'A worker takes, or no longer takes, tasks of a channel.'
      ],
      ['task-queue.created', 'task-queue.created', 'A task queue was created.'],
      ['task-queue.deleted', 'task-queue.deleted', 'A task queue was deleted.'],
      ['task-queue.entered', 'task-queue.entered', 'A task entered a queue.'],
      ['task-queue.moved', 'task-queue.moved', 'A task went from one queue to another.'],
      ['task-queue.timeout', 'task-queue.timeout', 'The time of a task in a queue was over.'],
      ['task-queue.expression.updated', 'task-queue.expression.updated', 'Other workers belong to a queue.'],
      ['workflow.entered', 'workflow.entered', 'A task entered a workflow.'],
      ['workflow.skipped', 'workflow.skipped', 'A task passed a filter of its workflow without a target for it.'],
      ['workflow.target-matched', 'workflow.target-matched', 'A filter of the workflow applies to a task.'],
      ['workflow.timeout', 'workflow.timeout', 'A task reached the end of its workflow unassigned.'],
      ['workflow.rejected', null, 'A workflow refused a task.']
    ]
  },
  {
    prefix: 'com.twilio.apiusage.taskrouter.',
    schema: 'ApiUsage.TaskRouterRateLimits',
    lines: [['ratelimits', null, 'Requests to TaskRouter came close to a limit.']]
  },
  {
    prefix: 'com.twilio.conversations.',
    schema: 'Conversations.ConversationAdded',
    lines: [
      ['conversation.added', 'conversation.added', 'A conversation was created.'],
      ['conversation.updated', 'conversation.updated', 'A conversation changed.', 'Conversations.ConversationUpdated'],
      [
        'conversation.removed',
        'conversation.removed',
        'A conversation was deleted.',
        'Conversations.ConversationRemoved'
      ],
      [
        'conversation-state.updated',
        'conversation.state.updated',
        'A conversation became active, inactive or closed.',
        'Conversations.ConversationStateUpdated'
      ],
      ['message.added', 'message.added', 'A message was written.', 'Conversations.MessageAdded'],
      ['message.updated', 'message.updated', 'A message was changed.', 'Conversations.MessageUpdated'],
      ['message.removed', 'message.removed', 'A message was deleted.', 'Conversations.MessageRemoved'],
      ['participant.added', 'participant.added', 'Somebody joined a conversation.', 'Conversations.ParticipantAdded'],
      ['participant.updated', 'participant.updated', 'A participant changed.', 'Conversations.ParticipantUpdated'],
      [
        'participant.removed',
        'participant.removed',
        'Somebody left a conversation.',
        'Conversations.ParticipantRemoved'
      ],
      ['user.added', 'user.added', 'A user became known.', 'Conversations.UserAdded'],
      ['user.updated', 'user.updated', 'A user changed.', 'Conversations.UserUpdated']
    ]
  },
  {
    prefix: 'com.twilio.conversations.',
    schema: 'Conversations.DeliveryUpdated',
    status: 'discontinued',
    lines: [['delivery.updated', null, 'A message got further on its way to a participant.']]
  },
  {
    prefix: 'com.twilio.studio.flow.',
    schema: 'Studio.FlowExecutionEvent',
    lines: [
      ['execution.started', 'flow.execution.started', 'A flow began for a contact.'],
      ['execution.ended', 'flow.execution.ended', 'A flow ended for a contact.'],
      ['step.ended', 'flow.step.ended', 'A flow went on from one widget to the next.', 'Studio.FlowStepEvent']
    ]
  },
  {
    prefix: 'com.twilio.messaging.',
    schema: 'Messaging.MessageStatus',
    lines: [
      ['message.queued', 'channel_message.queued', 'A message waits to be sent.'],
      ['message.sent', 'channel_message.sent', 'A message was handed to a carrier.'],
      ['message.delivered', 'channel_message.delivered', 'A message arrived.'],
      ['message.undelivered', 'channel_message.undelivered', 'A carrier could not deliver a message.'],
      ['message.failed', 'channel_message.failed', 'A message could not be sent.'],
      ['message.read', 'channel_message.read', 'A message was read.'],
      ['inbound-message.received', 'channel_message.received', 'A message came in.', 'Messaging.InboundMessageV1']
    ]
  },
  {
    prefix: 'com.twilio.voice.',
    schema: 'Voice.WebhookEvent',
    lines: [
      ['status-callback.call.initiated', 'call.initiated', 'A call was begun.'],
      ['status-callback.call.ringing', 'call.ringing', 'A call rings.'],
      ['status-callback.call.answered', 'call.answered', 'A call was answered.'],
      ['status-callback.call.completed', 'call.completed', 'A call ended.'],
      ['status-callback.amd.detected', null, 'It is known whether a machine answered.'],
      ['status-callback.announcement.processed', null, 'An announcement in a conference was played.'],
      ['status-callback.conference.updated', 'conference.end', 'A conference changed.'],
      [
        'status-callback.conference.participant.updated',
        'conference.participant-modify',
        'A participant of a conference changed.'
      ],
      ['status-callback.gather.partial.captured', null, 'Some of what a caller says was understood.'],
      ['status-callback.recording.processed', 'recording.completed', 'A recording changed its status.'],
      ['status-callback.stream.updated', null, 'A media stream changed its status.'],
      ['status-callback.transcription.processed', null, 'A transcription is ready, or failed.'],
      ['api-request.call.created', null, 'A call was made by request.'],
      ['api-request.call.modified', null, 'A call was changed by request.'],
      ['api-request.conference.modified', null, 'A conference was changed by request.'],
      ['api-request.conference-participant.created', null, 'Somebody was called into a conference by request.'],
      ['api-request.conference-participant.modified', null, 'A conference participant was changed by request.'],
      ['api-request.conference-participant.deleted', null, 'Somebody was removed from a conference by request.'],
      ['twiml.call.requested', 'ringdown.call.document-taken', 'Instructions for a call were fetched.'],
      ['twiml.call.redirected', null, 'A call went on to other instructions.'],
      ['twiml.call.transferred', null, 'A call was transferred.'],
      ['twiml.dial.finished', null, 'A dialed party is gone.'],
      ['twiml.enqueue.finished', 'ringdown.call.dequeued', 'A caller left a queue.'],
      ['twiml.gather.finished', null, 'Digits or speech were gathered.'],
      ['twiml.record.finished', null, 'A recording ended.'],
      ['twiml.request.failed', 'ringdown.call.document-failed', 'Instructions for a call could not be fetched.'],
      ['media.fetched', null, 'A media file for a call was fetched.']
    ]
  },
  {
    prefix: `${ownPrefix}voice.`,
    schema: 'Ringdown.Voice',
    lines: [
      ['call.connected', 'ringdown.call.connected', 'Two calls hear each other.'],
      ['call.parted', 'ringdown.call.parted', 'Two calls hear each other no longer.'],
      ['call.queued', 'ringdown.call.queued', 'A call began to wait in a queue.'],
      ['sound.gone', 'ringdown.sound.gone', 'No call has any sound: those that had it end.'],
      ['sound.back', 'ringdown.sound.back', 'There is sound again.'],
      ['conference.started', 'conference.start', 'A conference began.'],
      ['participant.joined', 'conference.participant-join', 'A call came into a conference.'],
      ['participant.left', 'conference.participant-leave', 'A call left a conference.'],
      ['participant.muted', 'conference.participant-mute', 'Somebody in a conference was muted.'],
      ['participant.unmuted', 'conference.participant-unmute', 'Somebody in a conference is heard again.'],
      ['participant.held', 'conference.participant-hold', 'Somebody in a conference was put on hold.'],
      ['participant.unheld', 'conference.participant-unhold', 'Somebody in a conference is not on hold any more.']
    ]
  },
  {
    prefix: 'com.twilio.voice.webhook.status-callback.',
    schema: 'Voice.WebhookEvent',
    status: 'deprecated',
    lines: [
      ['call.initiated', null, 'Older name of status-callback.call.initiated.'],
      ['call.ringing', null, 'Older name of status-callback.call.ringing.'],
      ['call.answered', null, 'Older name of status-callback.call.answered.'],
      ['call.completed', null, 'Older name of status-callback.call.completed.']
    ]
  },
  {
    // What these schemas are called is not in the reference.
    prefix: 'com.twilio.voice.insights.',
    schema: 'VoiceInsights.CallSummary',
    lines: [
      ['call-summary.partial', null, 'What is known of a call that has just ended.'],
      ['call-summary.predicted-complete', null, 'What is known of a call, hardly to change any more.'],
      ['call-summary.complete', null, 'What is known of a call in the end.'],
      ['call-event.gateway', null, 'A gateway noticed something in a call.', 'VoiceInsights.CallEvent'],
      ['call-event.sdk', null, 'A softphone noticed something in a call.', 'VoiceInsights.CallEvent'],
      ['call-metrics.gateway', null, 'How a call sounds at a gateway.', 'VoiceInsights.CallMetrics'],
      ['call-metrics.sdk', null, 'How a call sounds in a softphone.', 'VoiceInsights.CallMetrics'],
      [
        'conference-summary.partial',
        null,
        'What is known of a conference that has just ended.',
        'VoiceInsights.ConferenceSummary'
      ],
      [
        'conference-summary.complete',
        null,
        'What is known of a conference in the end.',
        'VoiceInsights.ConferenceSummary'
      ],
      [
        'conference-participant-summary.complete',
        null,
        'What is known of a participant of a conference in the end.',
        'VoiceInsights.ConferenceParticipantSummary'
      ]
    ]
  },
  {
    prefix: 'com.twilio.error-logs.',
    schema: 'ErrorLogs.Error',
    lines: [['error.logged', 'error.logged', 'Something went wrong that the debugger shows.']]
  },
  {
    prefix: 'com.twilio.eventstreams.',
    schema: 'EventStreams.TestSink',
    status: 'restricted',
    lines: [['test-event', 'sink.test', 'Somebody tests a sink; it goes to that sink alone.']]
  },
  {
    prefix: `${ownPrefix}flex.`,
    schema: 'Ringdown.FlexInteraction',
    lines: [
      ['interaction.created', 'interaction.created', 'An interaction began.'],
      ['interaction.channel.created', 'interaction.channel.created', 'The channel of an interaction was opened.'],
      [
        'interaction.channel.failed',
        'interaction.channel.failed',
        'The channel of an interaction could not be opened.'
      ],
      [
        'interaction.channel.status.updated',
        'interaction.channel.status.updated',
        'The channel of an interaction became active, inactive or closed.'
      ],
      ['interaction.participant.joined', 'interaction.participant.joined', 'Somebody joined an interaction.'],
      [
        'interaction.participant.updated',
        'interaction.participant.updated',
        'A participant of an interaction changed, or wraps up.'
      ],
      ['interaction.participant.left', 'interaction.participant.left', 'Somebody left an interaction.'],
      [
        'interaction.transfer.created',
        'interaction.transfer.created',
        'An agent hands an interaction on, or asks a colleague to join.'
      ],
      [
        'interaction.transfer.completed',
        'interaction.transfer.completed',
        'A transfer of an interaction was accepted, or waits for nobody.'
      ],
      ['interaction.transfer.failed', 'interaction.transfer.failed', 'Nobody took the transfer of an interaction.']
    ]
  },
  {
    prefix: `${ownPrefix}flex.`,
    schema: 'Ringdown.FlexAutomation',
    lines: [
      ['reservation.auto-accepted', 'ringdown.reservation.auto-accepted', 'An offer was accepted for its worker.'],
      ['wrap-up.started', 'ringdown.wrap-up.started', 'A wrap-up began that has a deadline.'],
      ['wrap-up.updated', 'ringdown.wrap-up.updated', 'A wrap-up has another deadline, or none.'],
      ['wrap-up.ended', 'ringdown.wrap-up.ended', 'The time of a wrap-up was over, and the worker completes.']
    ]
  },
  {
    prefix: `${ownPrefix}flex.`,
    schema: 'Ringdown.ParkedContact',
    lines: [
      ['contact.parked', 'ringdown.contact.parked', 'An agent put a contact aside, or said when it comes back.'],
      [
        'contact.unparked',
        'ringdown.contact.unparked',
        'A contact was put aside no more: it came back, another agent has it, or it has ended.'
      ],
      ['contact.not-resumed', 'ringdown.contact.not-resumed', 'A contact could not come back: it stays put aside.']
    ]
  },
  {
    prefix: `${ownPrefix}taskrouter.`,
    schema: 'Ringdown.TaskRouterConfiguration',
    lines: [
      ['workspace.created', 'workspace.created', 'A workspace was created.'],
      ['workspace.updated', 'workspace.updated', 'A workspace changed.'],
      ['workspace.deleted', 'workspace.deleted', 'A workspace was deleted.'],
      ['activity.created', 'activity.created', 'An activity was created.'],
      ['activity.updated', 'activity.updated', 'An activity was renamed.'],
      ['activity.deleted', 'activity.deleted', 'An activity was deleted.'],
      ['task-channel.created', 'task-channel.created', 'A task channel was created.'],
      ['task-channel.updated', 'task-channel.updated', 'A task channel changed.'],
      ['task-channel.deleted', 'task-channel.deleted', 'A task channel was deleted.'],
      ['workflow.created', 'workflow.created', 'A workflow was created.'],
      ['workflow.updated', 'workflow.updated', 'A workflow changed.'],
      ['workflow.deleted', 'workflow.deleted', 'A workflow was deleted.'],
      ['warning', 'ringdown.warning', 'What was configured is allowed and hardly meant.']
    ]
  }
]

/** Every type, in the catalogue's order. */
export const streamTypes: readonly StreamType[] = groups.flatMap(({ prefix, schema, status = 'available', lines }) =>
  lines.map(([name, from, description, schema_id = schema]) => ({
    type: prefix + name,
    schema_id,
    latest_version: versions[schema_id] ?? 1,
    description,
    status,
    from
  }))
)

const byType: ReadonlyMap<string, StreamType> = new Map([
  ...streamTypes.map((one) => [one.type, one] as const),
  // One of Twilio's pages spells it so (reference events 4.1).
  ...streamTypes
    .filter(({ type }) => type.endsWith('.expression.updated'))
    .map((one) => [one.type.replace('expression.updated', 'expression-updated'), one] as const)
])

/** The type of that name. */
export function streamTypeOf(name: string): StreamType | undefined {
  return byType.get(name)
}

/** Events that tell of something that went wrong, or hardly was meant: what a debugger shows. */
export const errorEvents = [
  'error.logged',
  'ringdown.warning',
  'carrier.failing',
  'ringdown.call.document-failed',
  'ringdown.sound.gone',
  'ringdown.message-webhook.failed'
] as const

/** Twilio tells all errors by one type, whatever they are about (reference events 4.6). */
const isToldBy = (event: string, { from }: StreamType) =>
  from === event || (from === 'error.logged' && errorEvents.some((one) => one === event))

/** The types as which each of the engine's events is published. */
export const streamTypesFrom: ReadonlyMap<string, readonly StreamType[]> = new Map(
  [...streamTypes.flatMap(({ from }) => from ?? []), ...errorEvents].map((event) => [
    event,
    streamTypes.filter((type) => isToldBy(event, type))
  ])
)

export interface StreamSchema {
  readonly id: string
  readonly latest_version: number
}

/** Every schema that a type has, once. */
export const streamSchemas: ReadonlyMap<string, StreamSchema> = new Map(
  streamTypes.map(({ schema_id, latest_version }) => [schema_id, { id: schema_id, latest_version }])
)
