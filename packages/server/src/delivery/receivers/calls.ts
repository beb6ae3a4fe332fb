import type { State } from '@ringdown/engine/center'
import { countryOf } from '@ringdown/engine/numbers/country'
import { queueFigures, queueMemberFor } from '@ringdown/engine/voice/queue'
import type { CallRow } from '@ringdown/engine/voice/rows'
import { readAnswer } from '../../twiml/answer.ts'
import type { TwimlDocument } from '../../twiml/document.ts'
import type { Answered, Draft, Kind, LoggedEvent, Outcome, Parameters, Route, RouteContext } from '../delivery.ts'
import { askedAgain, codeIn, failureCodes } from '../failure-code.ts'
import { isSound } from '../transport.ts'
import { textOf } from './taskrouter.ts'

const asked = 'ringdown.call.document-asked'

/**
 * The documents that calls ask programs for (reference voice 2). What is asked stands in the call's row for as long as
 * somebody waits for the answer: keys and words are in no event.
 */
export const callDocuments: Route = {
  isUsed: ({ tables }: State) => tables.voice_use.size > 0,

  wants: (type) => type === asked,

  async draftsOf(event: LoggedEvent, context: RouteContext): Promise<readonly Draft[]> {
    const { state } = context
    const [call] = [
      state.find('call', event.resource_sid) ?? (await context.find('call', { sid: event.resource_sid }))
    ].flat()
    const { request } = call ?? {}
    if (!call || !request || request.ticket !== event.data.ticket) return []
    const { seq, sid, type } = event
    return [
      {
        kind: 'call_document',
        receiver_sid: call.phone_number_sid ?? call.sid,
        event: { seq, sid, type },
        message: {
          method: request.method,
          url: request.url,
          parameters: [
            ...standardOf(call),
            ...waitingOf(state, call, request.role),
            ...ownOf(request.parameters, context)
          ]
        },
        ...(request.fallback_url && { fallback_url: request.fallback_url }),
        about: { call_sid: call.sid, ticket: request.ticket, fallback_method: request.fallback_method }
      }
    ]
  }
}

/** What every request about a call says (reference voice 2). */
function standardOf(call: CallRow): Parameters {
  const { sid, account_sid, from, to, status, direction, parent_call_sid, forwarded_from, caller_name, parameters } =
    call
  const values: Record<string, string | null | undefined> = {
    ...parameters,
    CallSid: sid,
    AccountSid: account_sid,
    From: from,
    To: to,
    Caller: from,
    Called: to,
    CallStatus: status,
    ApiVersion: '2010-04-01',
    Direction: direction,
    ParentCallSid: parent_call_sid,
    ForwardedFrom: forwarded_from,
    CallerName: caller_name,
    FromCountry: countryIn(from),
    ToCountry: countryIn(to),
    CallerCountry: countryIn(from),
    CalledCountry: countryIn(to)
  }
  return given(values)
}

function given(values: Readonly<Record<string, string | null | undefined>>): Parameters {
  return Object.entries(values).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, value] as const]
  )
}

function countryIn(address: string): string | undefined {
  return address.startsWith('+') ? (countryOf(address) ?? undefined) : undefined
}

/** What the document for somebody who waits is told of the queue. */
function waitingOf(state: State, { sid }: CallRow, role: string): Parameters {
  const member = role === 'wait' ? queueMemberFor(state, sid) : undefined
  const figures = queueFigures(state, member)
  if (!member || !figures) return []
  return [
    ['QueueSid', member.queue_sid],
    ['QueuePosition', String(figures.position)],
    ['QueueTime', String(Math.round((state.at - member.date_created) / 1000))],
    ['AvgQueueTime', String(figures.average_wait_s)],
    ['CurrentQueueSize', String(figures.size)],
    ['MaxQueueSize', String(figures.max_size)]
  ]
}

/** The engine does not know where it can be reached. */
function ownOf(parameters: Parameters, { account_sid, public_url = '' }: RouteContext): Parameters {
  return parameters.map(([name, value]) => {
    const [, sid] = /^ringdown:recording\/(RE[0-9a-f]{32})$/.exec(value) ?? []
    return [name, sid === undefined ? value : `${public_url}/2010-04-01/Accounts/${account_sid}/Recordings/${sid}`]
  })
}

/** How a program is asked: when its answer has arrived, what it means, and what the fallback is told beside. */
export const callDocumentAnswers: Required<Pick<Kind, 'refusal' | 'fallback' | 'answered'>> = {
  refusal(outcome) {
    const meaning = meaningOf(outcome, '')
    return 'problem' in meaning ? `${meaning.problem.code}: ${meaning.problem.message}` : undefined
  },

  fallback: askedAgain,

  async answered({ about, message, outcome, first_refusal }: Answered, ledger) {
    if (!('parameters' in message)) throw new Error('invariant: a program of a call is asked by parameters')
    const { call_sid = '', ticket = '' } = about
    const { url, method } = message
    const problems: { code: number; reason: string; url: string; level: 'error' | 'warning' }[] = []
    if (first_refusal !== undefined) {
      const { code, message: reason } = codeIn(first_refusal)
      problems.push({ code, reason, url: new Map(message.parameters).get('ErrorUrl') ?? url, level: 'error' })
    }
    const meaning = meaningOf(outcome, url)
    const told = { type: 'call.document', call_sid, ticket, url, method } as const
    if ('problem' in meaning) {
      const { code, message: reason } = meaning.problem
      problems.push({ code, reason, url, level: 'error' })
      await ledger.execute({ ...told, verbs: [], problems, isMissing: true })
      return
    }
    for (const { code, message: reason } of meaning.warnings) problems.push({ code, reason, url, level: 'warning' })
    await ledger.execute({ ...told, verbs: meaning.verbs, problems, isMissing: false })
  }
}

/** A document, or sound, which is one that plays it. */
function meaningOf(outcome: Outcome, url: string): TwimlDocument {
  if ('failed' in outcome) return { problem: { code: failureCodes[outcome.failed], message: outcome.reason } }
  if (outcome.status >= 200 && outcome.status < 300 && isSound(outcome.headers))
    return { verbs: [{ verb: 'Play', attributes: {}, text: url }], warnings: [] }
  const meaning = readAnswer(outcome, 'voice')
  return 'plain' in meaning ? { verbs: [], warnings: [] } : meaning
}

/**
 * Status callbacks of calls, conferences and recordings (reference voice 1, 5 and 8). The event has the address, and for
 * calls and conferences the number of the callback: those of one call are sent in their order.
 */
export const voiceStatus: Route = {
  isUsed: ({ tables }: State) => tables.voice_use.size > 0,

  wants: (type) => /^(?:call|conference|recording)\./.test(type),

  draftsOf(event: LoggedEvent, context: RouteContext): readonly Draft[] {
    const url = textOf(event.data.callback_url)
    if (url === undefined) return []
    const { seq, sid, type } = event
    return [
      {
        kind: 'status_callback',
        receiver_sid: event.resource_sid,
        event: { seq, sid, type },
        message: {
          method: event.data.callback_method === 'GET' ? 'GET' : 'POST',
          url,
          parameters: voiceParameters(event, context)
        },
        order_key: event.resource_sid
      }
    ]
  }
}

/** What is told of an event of calls, conferences or recordings, by the names that webhooks have. */
export function voiceParameters(event: LoggedEvent, context: Told): Parameters {
  if (/^(?:ringdown\.)?call\./.test(event.type)) return callParameters(event, context)
  return event.type.startsWith('recording.')
    ? recordingParameters(event, context)
    : conferenceParameters(event, context)
}

type Told = Pick<RouteContext, 'account_sid' | 'public_url'>

/** As mail headers have instants. */
function stamp(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000')
}

function callParameters({ type, data, at }: LoggedEvent, { account_sid }: Told): Parameters {
  const status = callbackStatuses[type] ?? textOf(data.status)
  const { start_time, end_time } = data
  const isOver = typeof end_time === 'number'
  const seconds = isOver && typeof start_time === 'number' ? Math.round((end_time - start_time) / 1000) : 0
  const [from, to] = [textOf(data.from), textOf(data.to)]
  return given({
    CallSid: textOf(data.call_sid),
    AccountSid: account_sid,
    From: from,
    To: to,
    Caller: from,
    Called: to,
    CallStatus: status,
    ApiVersion: '2010-04-01',
    Direction: textOf(data.direction),
    ParentCallSid: textOf(data.parent_call_sid),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(data.sequence_number ?? 0),
    Timestamp: stamp(at),
    ...(isOver && { Duration: String(Math.ceil(seconds / 60)), CallDuration: String(seconds) }),
    ...(isOver && typeof data.sip_response_code === 'number' && { SipResponseCode: String(data.sip_response_code) })
  })
}

/** Of the others the call's own status says it. */
const callbackStatuses: Readonly<Record<string, string>> = {
  'call.initiated': 'initiated',
  'call.ringing': 'ringing',
  'call.answered': 'in-progress'
}

const conferenceEvents: Readonly<Record<string, string>> = {
  'conference.start': 'conference-start',
  'conference.end': 'conference-end'
}

function conferenceParameters({ type, data, at }: LoggedEvent, { account_sid }: Told): Parameters {
  const isOfParticipant = type.startsWith('conference.participant-')
  const flag = (value: unknown) => (typeof value === 'boolean' ? String(value) : undefined)
  return given({
    ConferenceSid: textOf(data.conference_sid),
    FriendlyName: textOf(data.friendly_name),
    AccountSid: account_sid,
    SequenceNumber: String(data.sequence_number ?? 0),
    Timestamp: stamp(at),
    StatusCallbackEvent: conferenceEvents[type] ?? type.slice('conference.'.length),
    CallSid: isOfParticipant ? textOf(data.call_sid) : undefined,
    ParticipantLabel: textOf(data.label),
    Muted: flag(data.muted),
    Hold: flag(data.hold),
    Coaching: flag(data.coaching),
    CallSidToCoach: textOf(data.call_sid_to_coach),
    StartConferenceOnEnter: flag(data.start_conference_on_enter),
    EndConferenceOnExit: flag(data.end_conference_on_exit),
    ReasonParticipantLeft: textOf(data.reason_participant_left),
    ParticipantCallStatus: textOf(data.participant_call_status),
    ...(type === 'conference.end' && {
      ReasonConferenceEnded: textOf(data.reason_conference_ended),
      CallSidEndingConference: textOf(data.call_sid_ending_conference)
    })
  })
}

function recordingParameters({ data, resource_sid }: LoggedEvent, { account_sid, public_url = '' }: Told): Parameters {
  const { start_time, duration_ms } = data
  return given({
    AccountSid: account_sid,
    CallSid: textOf(data.call_sid),
    ConferenceSid: textOf(data.conference_sid),
    RecordingSid: resource_sid,
    RecordingUrl: `${public_url}/2010-04-01/Accounts/${account_sid}/Recordings/${resource_sid}`,
    RecordingStatus: textOf(data.status),
    RecordingDuration: typeof duration_ms === 'number' ? String(Math.round(duration_ms / 1000)) : undefined,
    RecordingChannels: String(data.channels ?? 1),
    RecordingStartTime: typeof start_time === 'number' ? stamp(start_time) : undefined,
    RecordingSource: textOf(data.source),
    RecordingTrack: 'both'
  })
}
