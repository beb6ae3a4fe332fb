import type { State } from '../center.ts'
import type { EngineEvent } from '../events.ts'
import { countryOf } from '../numbers/country.ts'
import type { Reactions } from '../reactions.ts'
import { type CallRow, isLiving } from '../voice/rows.ts'
import { takeDocument } from '../voice/runner.ts'
import { backToFlow, leadsToFlow } from './call-widgets.ts'
import { failAt, nextOf, widgetOf } from './course.ts'
import { textIn } from './definition.ts'
import { endExecution } from './ending.ts'
import { receiveByAddress } from './receiving.ts'
import { codes } from './rendering.ts'
import type { ContextChange, ExecutionRow } from './rows.ts'
import { happen } from './turns.ts'
import { widgetTypeOf } from './widget-types.ts'

/** What happens on calls, and what it means for the flows that speak on them (reference studio 3). */
export const callReactions: Reactions = {
  'ringdown.call.flow-asked': callAsks,
  'ringdown.call.document-failed': documentFailed,
  'call.completed': callOver,
  'flow.execution.ended': executionOver
}

/** A call asks a flow what comes next: its execution goes on, or one begins (reference studio 3). */
function callAsks(state: State, { refs }: EngineEvent): void {
  const { call, extra = {} } = refs
  if (!call?.request) return
  const told = parametersOf(call)
  const execution = state.tables.execution.firstBy('call_sid', call.sid)
  const isOurs = typeof extra.flow_sid !== 'string' || extra.flow_sid === execution?.flow_sid
  if (execution && isOurs) {
    callBack(state, execution, call, told)
    return
  }
  if (typeof extra.flow_sid !== 'string') return
  // One flow has led it to another, which speaks on it from now on.
  if (execution) {
    state.change('execution', execution.sid, { call_sid: null })
    endExecution(state, execution.sid, 'FLOW_END')
  }
  const { execution: next } = receiveByAddress(state, { flow_sid: extra.flow_sid, parameters: told })
  if (next) state.change('execution', next.sid, { call_sid: call.sid })
  else takeDocument(state, call.sid, { verbs: [], url: backToFlow, method: 'POST' })
}

/** A call comes back to the flow that has sent it on its way. */
function callBack(state: State, execution: ExecutionRow, call: CallRow, told: Readonly<Record<string, string>>): void {
  if (execution.waits_for !== 'call' || execution.widget === null) return
  const widget = widgetOf(state, execution)
  const type = widget?.type ?? ''
  const hungUp = !isLiving(call) && eventsOf(type).includes('hangup')
  const event = hungUp ? 'hangup' : eventOf(type, told)
  const changes: ContextChange[] = [[['widgets', execution.widget], { ...told }]]
  const kept = textIn(widget?.properties.save_response_as)
  const said = event === 'keypress' ? told.Digits : event === 'speech' ? told.SpeechResult : undefined
  if (kept && said !== undefined) changes.push([['flow', 'variables', kept], said])
  if (told.QueueResult === 'leave' && !told.CallbackTaskSid) {
    const error = {
      code: codes.queueTimeout,
      message: 'the call has left its queue before anybody has taken it'
    }
    failAt(state, execution, event, { error, changes })
  } else happen(state, execution.sid, event, changes)
}

/** What a call's request says: as a program would be told it. */
function parametersOf(call: CallRow): Record<string, string> {
  const { sid, account_sid, from, to, status, direction, request } = call
  const country = (address: string) => (address.startsWith('+') && countryOf(address)) || ''
  const query = /\?([^#]*)/.exec(request?.url ?? '')?.[1] ?? ''
  const added = query.split('&').flatMap((pair): [string, string][] => {
    const [name = '', value = ''] = pair.split('=')
    return name === '' ? [] : [[plain(name), plain(value)]]
  })
  return {
    ...call.parameters,
    ...{ CallSid: sid, AccountSid: account_sid, From: from, To: to, Caller: from, Called: to, CallStatus: status },
    ...{ ApiVersion: '2010-04-01', Direction: direction, FromCountry: country(from), ToCountry: country(to) },
    ...Object.fromEntries(added),
    ...Object.fromEntries(request?.parameters ?? [])
  }
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text // it is not encoded as it should be
  }
}

function eventsOf(type: string): readonly string[] {
  return widgetTypeOf(type)?.events ?? []
}

function eventOf(type: string, told: Readonly<Record<string, string>>): string {
  switch (type) {
    case 'gather-input-on-call':
      return told.Digits ? 'keypress' : told.SpeechResult ? 'speech' : 'timeout'
    case 'connect-call-to':
      return 'callCompleted'
    case 'record-voicemail':
      return told.FlowEvent === 'noAudio' ? 'noAudio' : 'recordingComplete'
    case 'make-outgoing-call':
    case 'make-outgoing-call-v2':
      return 'answered'
    case 'add-twiml-redirect':
      return 'return'
    case 'enqueue-call':
    case 'send-to-flex':
      // Who is called back has been served.
      return (!told.CallbackTaskSid && queueEvents[told.QueueResult ?? '']) || 'callComplete'
    default:
      return 'audioComplete'
  }
}

const queueEvents: Readonly<Record<string, string>> = {
  'queue-full': 'failedToEnqueue',
  'system-error': 'failedToEnqueue',
  leave: 'callFailure',
  error: 'callFailure'
}

/** Where a call was led to there is no document: a flow that has a way for that goes on. */
function documentFailed(state: State, { refs }: EngineEvent): void {
  const { call, extra = {} } = refs
  const execution = call && state.tables.execution.firstBy('call_sid', call.sid)
  if (execution?.waits_for !== 'call' || extra.level !== 'error') return
  const widget = widgetOf(state, execution)
  const way = widget?.transitions.find(({ event }) => event === 'fail')
  if (widget?.type !== 'add-twiml-redirect' || nextOf(state, execution, way) === undefined) return
  failAt(state, execution, 'fail', { error: { code: Number(extra.code), message: String(extra.reason) } })
}

/** A call is over: a flow that waits for it goes on where it has a way for that, or ends. */
function callOver(state: State, { refs }: EngineEvent): void {
  const { call } = refs
  if (!call) return
  const now = state.resident('call', call.sid) ?? call
  // Whoever hung up has still something to tell it.
  if (now.request && leadsToFlow(now.request.url)) return
  const execution = state.tables.execution.firstBy('call_sid', call.sid)
  if (execution?.waits_for !== 'call') return
  const type = widgetOf(state, execution)?.type ?? ''
  const event = type.startsWith('make-outgoing-call') ? (notAnswered[call.status] ?? 'failed') : 'hangup'
  if (eventsOf(type).includes(event)) happen(state, execution.sid, event)
  else endExecution(state, execution.sid, 'HANGUP')
}

const notAnswered: Readonly<Record<string, string>> = { busy: 'busy', 'no-answer': 'noAnswer' }

/** A flow has nothing more to say: its call is hung up. */
function executionOver(state: State, { refs }: EngineEvent): void {
  const call = state.resident('call', refs.execution?.call_sid)
  if (!call?.request || !leadsToFlow(call.request.url)) return
  if (isLiving(call)) takeDocument(state, call.sid, { verbs: [], url: backToFlow, method: 'POST' })
  else state.change('call', call.sid, { request: null })
}
