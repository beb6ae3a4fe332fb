import { isKeyOf } from '../core/keys.ts'

/** What is known of a type of widgets (reference studio 4). */
export interface WidgetType {
  /** What may happen at it. */
  readonly events: readonly string[]
  /** Properties without which it can do nothing. */
  readonly required: readonly string[]
  /** What happens at it when it could not do what it is for; undefined where its flow has no say in that. */
  readonly failure?: string
  /** Properties that have no effect here. */
  readonly undone?: readonly string[]
  /** Nothing of it is done here. */
  readonly isMissing?: true
}

const called = ['answered', 'busy', 'noAnswer', 'failed'] as const

export const widgetTypes = {
  trigger: {
    events: ['incomingMessage', 'incomingCall', 'incomingConversationMessage', 'incomingRequest', 'incomingParent'],
    required: []
  },
  'send-message': { events: ['sent', 'failed'], required: ['from'], failure: 'failed' },
  'send-and-wait-for-reply': {
    events: ['incomingMessage', 'timeout', 'deliveryFailure'],
    required: ['timeout'],
    failure: 'deliveryFailure'
  },
  'split-based-on': { events: ['match', 'noMatch'], required: ['input'], failure: 'noMatch' },
  'set-variables': { events: ['next'], required: [] },
  'make-http-request': {
    events: ['success', 'failed'],
    required: ['method', 'url', 'content_type'],
    failure: 'failed'
  },
  'run-function': { events: ['success', 'fail'], required: ['url'], failure: 'fail' },
  'run-subflow': { events: ['completed', 'failed'], required: ['flow_sid', 'flow_revision'], failure: 'failed' },
  'send-to-flex': {
    events: ['callComplete', 'failedToEnqueue', 'callFailure', 'composerStarted'],
    required: ['workflow', 'channel'],
    failure: 'failedToEnqueue'
  },
  'start-conversation': {
    events: ['created', 'failed'],
    required: ['conversation_service_sid', 'participants'],
    failure: 'failed'
  },
  'resume-conversation': { events: ['resumed', 'failed'], required: [], failure: 'failed' },
  'say-play': { events: ['audioComplete'], required: [] },
  'gather-input-on-call': { events: ['keypress', 'speech', 'timeout'], required: [] },
  'connect-call-to': {
    events: ['callCompleted', 'hangup'],
    required: ['noun'],
    undone: ['sip_username', 'sip_password']
  },
  'make-outgoing-call': {
    events: [...called, 'answeredByMachine', 'hangup'],
    required: ['from', 'to'],
    failure: 'failed',
    undone: ['record']
  },
  'make-outgoing-call-v2': {
    events: called,
    required: ['from', 'to'],
    failure: 'failed',
    undone: ['record', 'detect_answering_machine', 'sip_auth_username', 'sip_auth_password']
  },
  'record-voicemail': {
    events: ['recordingComplete', 'noAudio', 'hangup'],
    required: [],
    undone: ['transcribe', 'transcription_callback_url']
  },
  'record-call': { events: ['success', 'failed'], required: ['record_call'], failure: 'failed' },
  'enqueue-call': {
    events: ['callComplete', 'failedToEnqueue', 'callFailure'],
    required: [],
    failure: 'failedToEnqueue'
  },
  'add-twiml-redirect': { events: ['return', 'timeout', 'fail'], required: ['url'], failure: 'fail' },
  'capture-payments': {
    events: ['success', 'maxFailedAttempts', 'providerError', 'payInterrupted', 'hangup', 'validationError'],
    required: [],
    failure: 'providerError',
    isMissing: true
  },
  'fork-stream': { events: ['next'], required: ['stream_action'], isMissing: true },
  'connect-virtual-agent': { events: ['return', 'hangup'], required: ['connector'], isMissing: true },
  'connect-virtual-agent-v2': {
    events: ['completed', 'live-agent-handoff', 'hangup', 'failed', 'paused', 'timeout'],
    required: [],
    failure: 'failed',
    isMissing: true
  },
  'run-conversation-relay': { events: ['success', 'failed'], required: ['url'], failure: 'failed', isMissing: true },
  'send-to-auto-pilot': {
    events: ['sessionEnded', 'failure', 'timeout'],
    required: ['autopilot_assistant_sid', 'from', 'body'],
    failure: 'failure'
  }
} as const satisfies Record<string, WidgetType>

/** Undefined for types that Ringdown does not know. */
export function widgetTypeOf(type: string): WidgetType | undefined {
  return isKeyOf(widgetTypes, type) ? widgetTypes[type] : undefined
}
