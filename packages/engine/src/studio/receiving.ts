import type { State } from '../center.ts'
import { findConversation } from '../conversations/lookup.ts'
import { reachesWebhooks } from '../conversations/origin.ts'
import type { MessageRow, ScopedWebhookRow } from '../conversations/rows.ts'
import type { CreateScopedWebhook } from '../conversations/webhook.ts'
import type { Read } from '../core/command.ts'
import type { EngineEvent } from '../events.ts'
import type { ChannelMessageRow } from '../messaging/rows.ts'
import { flowSidIn } from '../numbers/flow-url.ts'
import { inboundRouteOf, messagingServiceFor } from '../numbers/inbound-route.ts'
import type { Reactions } from '../reactions.ts'
import { failAt, widgetOf } from './course.ts'
import { definitionOf } from './definition.ts'
import { endExecution } from './ending.ts'
import { channelMessageRemoved, messageRemoved } from './erasing.ts'
import { emitError } from './events.ts'
import { flexAnswered } from './handoff.ts'
import { heardOf, proxyOf } from './messages.ts'
import { codes } from './rendering.ts'
import { findRevision, flowOf } from './revisions.ts'
import { type ContextChange, type ContextData, contactKeyOf, type ExecutionRow, type FlowRow } from './rows.ts'
import { type Start, startByTrigger, startExecution, triggerFields } from './starting.ts'
import { happen } from './turns.ts'

/** What happens in conversations and in Flex, and what it means for flows (reference studio 3). */
export const studioReactions: Reactions = {
  'message.added': messageAdded,
  'message.removed': (state, { refs }) => {
    if (refs.message) messageRemoved(state, refs.message)
  },
  'ringdown.conversation-webhook.added': (state, { refs }) => {
    if (refs.conversation_scoped_webhook) catchUp(state, refs.conversation_scoped_webhook)
  },
  'conversation.state.updated': (state, { refs }) => {
    if (refs.conversation?.state === 'closed') contactGone(state, refs.conversation.sid)
  },
  'conversation.removed': (state, { refs }) => {
    if (refs.conversation) contactGone(state, refs.conversation.sid)
  },
  'channel_message.received': (state, { refs }) => {
    if (refs.channel_message) messageReceived(state, refs.channel_message)
  },
  'channel_message.failed': (state, { refs }) => messageLost(state, refs.channel_message),
  'channel_message.undelivered': (state, { refs }) => messageLost(state, refs.channel_message),
  'channel_message.redacted': (state, { refs }) => {
    if (refs.channel_message) channelMessageRemoved(state, refs.channel_message)
  },
  'channel_message.removed': (state, { refs }) => {
    if (refs.channel_message) channelMessageRemoved(state, refs.channel_message)
  },
  'ringdown.flow.handoff-answered': (state, { refs }) => flexAnswered(state, refs)
}

/**
 * A message in a conversation leads on the flows that wait for it, and begins those that the conversation names. What a
 * flow says itself does neither, and what webhooks are not told of, flows are not either.
 */
function messageAdded(state: State, { refs }: EngineEvent): void {
  const { message, extra = {} } = refs
  if (!message || extra.flow_sid !== undefined) return
  const source = typeof extra.source === 'string' ? extra.source : null
  if (!reachesWebhooks({ source, webhook_enabled: extra.webhook_enabled === true })) return
  for (const webhook of state.tables.conversation_scoped_webhook.list('conversation_sid', message.conversation_sid)) {
    const { target, configuration_flow_sid: flow_sid, configuration_filters: filters } = webhook
    if (target !== 'studio' || flow_sid === null) continue
    if (filters && filters.length > 0 && !filters.includes('onMessageAdded')) continue
    tellFlow(state, flow_sid, message, { source, webhook_sid: webhook.sid })
  }
}

/** A flow hears of messages that were there before its webhook, from the index on that it names (reference studio 3). */
function catchUp(state: State, webhook: ScopedWebhookRow): void {
  const { target, configuration_flow_sid: flow_sid, configuration_replay_after: from, conversation_sid } = webhook
  if (target !== 'studio' || flow_sid === null || from === null) return
  const messages = state.tables.message.list('conversation_sid', conversation_sid).filter(({ index }) => index >= from)
  for (const message of messages.sort((a, b) => a.index - b.index))
    tellFlow(state, flow_sid, message, { source: message.source, webhook_sid: webhook.sid })
}

/** What a flow catches up with, for the command that makes its webhook. */
export function catchUpReads(params: CreateScopedWebhook, state: State): readonly Read[] {
  if (params.target !== 'studio' || params.configuration_replay_after === undefined) return []
  const conversation = findConversation(state, params.conversation_sid, params)
  return conversation ? [{ kind: 'message', where: { conversation_sid: conversation.sid } }] : []
}

function tellFlow(
  state: State,
  flow_sid: string,
  message: MessageRow,
  { source, webhook_sid }: { readonly source: string | null; readonly webhook_sid: string }
): void {
  const { conversation_sid } = message
  const running = [...state.tables.execution.by('conversation_sid', conversation_sid)].find(
    (one) => one.flow_sid === flow_sid
  )
  if (running) {
    // One that waits for something else does not hear of it (reference studio 3).
    receive(state, running, heardOf(state, message, source))
    return
  }
  // Where there is no flow, nobody reads it.
  const heard = state.tables.flow.find(flow_sid) ? heardOf(state, message, source) : {}
  startByTrigger(state, flow_sid, {
    trigger_event: 'incomingConversationMessage',
    contact: conversation_sid,
    address: proxyOf(state, message) ?? '',
    conversation_sid,
    initiated_by: message.sid,
    person: message.author,
    trigger: { conversation: { ...heard, WebhookSid: webhook_sid } }
  })
}

/** What a message says may be kept under a name that the widget gives it. */
function receive(state: State, { sid, waits_for, widget, ticket: variable }: ExecutionRow, inbound: ContextData): void {
  if (waits_for !== 'message' || widget === null) return
  const changes: ContextChange[] = [[['widgets', widget, 'inbound'], inbound]]
  if (variable !== null) changes.push([['flow', 'variables', variable], inbound.Body ?? ''])
  happen(state, sid, 'incomingMessage', changes)
}

/** What no conversation has taken goes to the flow whose address its number or service has. */
function messageReceived(state: State, message: ChannelMessageRow): void {
  if (message.conversation_sid !== null) return
  const route = inboundRouteOf(state, message.to)
  const flow_sid = route && flowSidIn(route.url, state.account_sid)
  const flow = flow_sid === undefined ? undefined : state.tables.flow.find(flow_sid)
  if (!flow) return
  const media = message.media.flatMap(({ url, content_type }, place): [string, string][] => [
    [`MediaUrl${place}`, url ?? ''],
    [`MediaContentType${place}`, content_type ?? '']
  ])
  const service = messagingServiceFor(state, message.to)
  receiveByAddress(state, {
    flow_sid: flow.sid,
    parameters: {
      ...message.told,
      AccountSid: state.account_sid,
      MessageSid: message.sid,
      SmsSid: message.sid,
      SmsMessageSid: message.sid,
      SmsStatus: 'received',
      ApiVersion: '2010-04-01',
      From: message.from ?? '',
      To: message.to,
      Body: message.body ?? '',
      NumMedia: String(message.media.length),
      NumSegments: String(message.num_segments),
      ...Object.fromEntries(media),
      ...(service !== null && { MessagingServiceSid: service })
    }
  })
}

/** The message to which a flow waits for an answer did not arrive. */
function messageLost(state: State, message: ChannelMessageRow | undefined): void {
  if (!message) return
  const error = { code: codes.message, message: message.error_message ?? 'the message did not arrive' }
  for (const execution of state.tables.execution.list('said_sid', message.message_sid ?? message.sid))
    failAt(state, execution, 'deliveryFailure', { error })
}

function contactGone(state: State, conversation_sid: string): void {
  for (const { sid } of state.tables.execution.list('conversation_sid', conversation_sid))
    endExecution(state, sid, 'HANGUP')
}

/** What came to a flow's own address. */
interface Received {
  readonly flow_sid: string
  readonly parameters: Readonly<Record<string, string>>
}

/** A message, a call, what becomes of one, or the return from a redirect (reference studio 3 and 4.17). */
export function receiveByAddress(
  state: State,
  { flow_sid, parameters }: Received
): { readonly execution: ExecutionRow | null } {
  const flow = flowOf(state, flow_sid)
  if (parameters.CallSid !== undefined) return { execution: callReceived(state, flow, parameters) }
  const { From: contact = '', To: address = '' } = parameters
  const message = triggerFields(parameters)
  const active = state.tables.execution.firstBy('contact', contactKeyOf(flow_sid, address, contact))
  if (active) {
    receive(state, active, message)
    return { execution: state.tables.execution.need(active.sid) }
  }
  const initiated_by = parameters.MessageSid ?? parameters.SmsSid ?? null
  const start = { contact, address, initiated_by, trigger_event: 'incomingMessage', trigger: { message } } as const
  return { execution: begun(state, flow, start) }
}

/** How a call that is over is called in what numbers' status callbacks tell. */
const over: ReadonlySet<string> = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled'])

/** What a program elsewhere tells of a call that its flow has to do with: it returns, is over, or begins. */
function callReceived(state: State, flow: FlowRow, parameters: Received['parameters']): ExecutionRow | null {
  const { From: contact = '', To: address = '', CallSid: call_sid = '', CallStatus = '', FlowEvent } = parameters
  const known = [...state.tables.execution.by('call', call_sid)].find((one) => one.flow_sid === flow.sid)
  if (over.has(CallStatus)) return known ? endExecution(state, known.sid, 'HANGUP') : null
  if (known) {
    if (FlowEvent !== undefined) callReturned(state, known, parameters)
    return state.tables.execution.need(known.sid)
  }
  const active = state.tables.execution.firstBy('contact', contactKeyOf(flow.sid, address, contact, true))
  if (active && !allowsConcurrentCalls(state, flow)) {
    const error = { code: codes.value, message: `${contact} is on a call with the flow already` }
    emitError(state, { flow, execution: active }, error)
    return null
  }
  const trigger = { call: triggerFields(parameters) }
  return begun(state, flow, { contact, address, initiated_by: call_sid, trigger_event: 'incomingCall', trigger })
}

/** A call that was led elsewhere is back, with whatever it was told there; nobody else waits for it (reference studio 4.17). */
function callReturned(state: State, execution: ExecutionRow, told: Received['parameters']): void {
  if (execution.waits_for !== 'call' || execution.widget === null) return
  if (widgetOf(state, execution)?.type !== 'add-twiml-redirect') return
  happen(state, execution.sid, 'return', [[['widgets', execution.widget], { ...told }]])
}

function begun(state: State, flow: FlowRow, start: Start): ExecutionRow | null {
  const execution = startExecution(state, flow, start)
  if (!execution) emitError(state, { flow }, { code: 20001, message: `Flow ${flow.sid} has no published version` })
  return execution ?? null
}

function allowsConcurrentCalls(state: State, { sid, published_revision }: FlowRow): boolean {
  const revision = published_revision === null ? undefined : findRevision(state, sid, published_revision)
  return revision !== undefined && definitionOf(revision).allow_concurrent_calls
}
