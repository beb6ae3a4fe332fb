import { Refusal } from '../core/refusals.ts'
import { redirectCall } from '../voice/call.ts'
import { calleeIn, callerIn, callOut } from '../voice/calling.ts'
import type { VoiceVerb } from '../voice/program.ts'
import { createRecording, updateRecording } from '../voice/recordings.ts'
import { type CallRow, isLiving } from '../voice/rows.ts'
import { answer, takeDocument } from '../voice/runner.ts'
import { type Act, type Done, outputOf, type WidgetRule } from './acting.ts'
import { endExecution } from './ending.ts'
import { codes, WidgetFailure } from './rendering.ts'
import { widgetTypeOf } from './widget-types.ts'

/*
 * Widgets on a call (reference studio 4). Each is a document whose last verb, or whose action, leads back to the
 * flow: the call asks it as it would ask a program, and the execution that waits for that goes on.
 */

/** Where a document leads back to the flow that wrote it. */
export const backToFlow = 'ringdown:flow'

const leadBack: VoiceVerb = { verb: 'Redirect', attributes: {}, text: backToFlow }

/** A verb; attributes without a value are not there. */
function verbOf(
  verb: string,
  attributes: Readonly<Record<string, string | undefined>>,
  inside: { readonly text?: string; readonly children?: readonly VoiceVerb[] } = {}
): VoiceVerb {
  const given = Object.entries(attributes).flatMap(([name, value]) => (value ? [[name, value] as const] : []))
  return { verb, attributes: Object.fromEntries(given), ...inside }
}

export const callWidgets = {
  'say-play': { act: (act) => speak(act, [...prompts(act), leadBack]) },
  'gather-input-on-call': { act: gatherInput },
  'connect-call-to': { act: connectCall },
  'make-outgoing-call': { act: makeCall },
  'make-outgoing-call-v2': { act: makeCall },
  'record-voicemail': { act: recordVoicemail },
  'record-call': { act: recordCall },
  'enqueue-call': { act: enqueueCall },
  'add-twiml-redirect': { act: redirectTo }
} as const satisfies Record<string, WidgetRule>

/** What a widget says or plays. */
function prompts({ properties }: Act): VoiceVerb[] {
  const [say, play, digits] = ['say', 'play', 'digits'].map((name) => properties.text(name))
  const loop = properties.text('loop')
  const voice = { loop, voice: properties.text('voice'), language: properties.text('language') }
  if (play) return [verbOf('Play', { loop }, { text: play })]
  if (digits) return [verbOf('Play', { digits })]
  return say ? [verbOf('Say', voice, { text: say })] : []
}

function gatherInput(act: Act): Done {
  const { properties } = act
  const isCounted = properties.text('stop_gather') === 'true'
  const gather = verbOf(
    'Gather',
    {
      action: backToFlow,
      input: 'dtmf speech',
      timeout: properties.text('timeout') || '5',
      finishOnKey: properties.text('finish_on_key'),
      numDigits: isCounted ? properties.text('number_of_digits') : undefined,
      speechTimeout: properties.text('speech_timeout'),
      speechModel: properties.text('speech_model'),
      profanityFilter: properties.text('profanity_filter'),
      language: properties.text('gather_language'),
      hints: properties.text('hints'),
      actionOnEmptyResult: 'true'
    },
    { children: prompts(act) }
  )
  return speak(act, [gather])
}

function connectCall(act: Act): Done {
  const { properties } = act
  const noun = properties.text('noun')
  const isSip = noun === 'sip'
  const targets = ((isSip && properties.text('sip_endpoint')) || properties.text('to'))
    .split(noun === 'number-multi' ? ',' : /(?!)/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
  const name = nouns[noun]
  if (name === undefined) throw new WidgetFailure(codes.value, `a call cannot be connected to ${noun.slice(0, 40)}`)
  if (targets.length === 0) throw new WidgetFailure(codes.value, 'it is not said to whom a call is to be connected')
  const children = targets.map((text) => verbOf(name, {}, { text }))
  const dial = verbOf(
    'Dial',
    {
      action: backToFlow,
      callerId: properties.text('caller_id'),
      timeout: properties.text('timeout'),
      timeLimit: properties.text('time_limit'),
      record: properties.text('record') === 'true' ? 'record-from-answer' : undefined
    },
    { children }
  )
  return speak(act, [dial])
}

const nouns: Readonly<Record<string, string>> = {
  number: 'Number',
  'number-multi': 'Number',
  client: 'Client',
  conference: 'Conference',
  sip: 'Sip'
}

function recordVoicemail(act: Act): Done {
  const { properties } = act
  const record = verbOf('Record', {
    action: backToFlow,
    timeout: properties.text('timeout'),
    finishOnKey: properties.text('finish_on_key'),
    maxLength: properties.text('max_length'),
    playBeep: properties.text('play_beep'),
    trim: properties.text('trim'),
    recordingStatusCallback: properties.text('recording_status_callback_url')
  })
  return speak(act, [record, { ...leadBack, text: `${backToFlow}?FlowEvent=noAudio` }])
}

function enqueueCall(act: Act): Done {
  const { properties } = act
  return intoQueue(act, {
    workflow_sid: properties.text('workflow_sid'),
    queue_name: properties.text('queue_name'),
    attributes: properties.object('task_attributes').text,
    priority: properties.text('priority'),
    timeout: properties.text('timeout'),
    wait_url: properties.text('wait_url'),
    wait_url_method: properties.text('wait_url_method')
  })
}

interface Queued {
  readonly workflow_sid?: string
  readonly queue_name?: string
  readonly task_channel?: string
  /** JSON text of an object. */
  readonly attributes: string
  readonly priority: string
  readonly timeout: string
  readonly wait_url: string
  readonly wait_url_method: string
}

/** The call waits for an agent; its action leads back to the flow. */
export function intoQueue(act: Act, queued: Queued): Done {
  const { workflow_sid, queue_name, task_channel, attributes, priority, timeout, wait_url, wait_url_method } = queued
  const task = verbOf('Task', { priority, timeout, channel: task_channel }, { text: attributes })
  const enqueue = verbOf(
    'Enqueue',
    { action: backToFlow, workflowSid: workflow_sid, waitUrl: wait_url, waitUrlMethod: wait_url_method },
    workflow_sid ? { children: [task] } : { text: queue_name ?? '' }
  )
  return speak(act, [enqueue])
}

/** Four hours (reference studio 4.17). */
const maxRedirect_s = 14_400

function redirectTo(act: Act): Done {
  const { properties } = act
  const url = properties.text('url')
  if (!/^https?:\/\/[^\s/?#]+/i.test(url)) throw new WidgetFailure(codes.value, 'url is no address of the web')
  const timeout = properties.text('timeout').trim() || '0'
  const seconds = Number(timeout)
  if (!(seconds >= 0 && seconds <= maxRedirect_s))
    throw new WidgetFailure(codes.value, `timeout must be 0 to ${maxRedirect_s} seconds`)
  const done = speak(act, [verbOf('Redirect', { method: properties.text('method') }, { text: url })])
  // Without one it waits for as long as the call goes on.
  if (seconds > 0 && livingCall(act))
    act.state.change('execution', act.execution.sid, { date_timeout: act.state.at + seconds * 1000 })
  return done
}

function recordCall(act: Act): Done {
  const { state, execution, properties } = act
  const call = livingCall(act)
  if (!call) return { event: 'failed' }
  // What is recorded from the beginning on is answered.
  if (call.direction === 'inbound') answer(state, call.sid)
  try {
    const { recording } =
      properties.text('record_call') === 'true'
        ? createRecording(state, { call_sid: call.sid, recording_channels: properties.text('recording_channels') })
        : updateRecording(state, { call_sid: call.sid, sid: 'Twilio.CURRENT', status: 'stopped' })
    const { sid, status, source, channels } = recording
    const output = { Sid: sid, CallSid: call.sid, Status: status, Source: source, Channels: String(channels) }
    return { event: 'success', changes: [outputOf(act, output)] }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { event: 'failed', error: { code: error.number, message: `${execution.widget}: ${error.message}` } }
  }
}

/** Calls somebody; the flow goes on when that one has answered, or has not. */
function makeCall(act: Act): Done {
  const { state, execution, properties } = act
  if (livingCall(act)) throw new WidgetFailure(codes.value, 'the flow is on a call already')
  const [to, from] = [calleeIn(properties.text('to')), callerIn(properties.text('from'))]
  if (to === null || from === null)
    throw new WidgetFailure(codes.value, 'to and from must be numbers in E.164, client: or sip:')
  const timeout = Number(properties.text('timeout') || 60)
  const digits = properties.text('send_digits')
  const press: VoiceVerb[] = digits ? [verbOf('Play', { digits })] : []
  const call = callOut(state, {
    ...{ to, from, direction: 'outbound-api' },
    timeout: Number.isInteger(timeout) && timeout > 0 && timeout <= 600 ? timeout : 60,
    program: {
      frames: [{ role: 'call', url: '', method: 'POST', verbs: [...press, leadBack], at: 0, verb: null }],
      ...{ idle: 0, fallback_url: null, fallback_method: 'POST' }
    }
  })
  state.change('execution', execution.sid, { call_sid: call.sid, waits_for: 'call' })
  return 'waits'
}

/** Has the call do something; without a living call, nothing can be said any more. */
function speak(act: Act, verbs: readonly VoiceVerb[]): Done {
  const { state, execution, widget } = act
  const call = livingCall(act)
  if (!call) {
    if (execution.call_sid) {
      if (widgetTypeOf(widget.type)?.events.includes('hangup')) return { event: 'hangup' }
      endExecution(state, execution.sid, 'HANGUP')
      return 'waits'
    }
    throw new WidgetFailure(codes.value, `there is no call for ${widget.type}`)
  }
  state.change('execution', execution.sid, { waits_for: 'call' })
  if (call.request && leadsToFlow(call.request.url))
    takeDocument(state, call.sid, { verbs, url: backToFlow, method: 'POST' })
  else redirectCall(state, call.sid, { verbs })
  return 'waits'
}

function livingCall({ state, execution }: Act): CallRow | undefined {
  const call = state.resident('call', execution.call_sid)
  return call && isLiving(call) ? call : undefined
}

export function leadsToFlow(url: string): boolean {
  return url === backToFlow || url.startsWith(`${backToFlow}?`) || /\/Flows\/FW[0-9a-f]{32}/i.test(url)
}
