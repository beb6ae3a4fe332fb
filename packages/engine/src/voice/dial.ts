import {
  actionOf,
  callIn,
  flagIn,
  type Happening,
  keep,
  type Outcome,
  type Question,
  type VerbAct,
  type VerbRule,
  wholeIn
} from './act.ts'
import { beginning } from './beginning.ts'
import { calleeIn, callOut, isFull, maxCall_s } from './calling.ts'
import { joinByDial, leaveConference, recordConference } from './conference.ts'
import { connect, endCall, part } from './ending.ts'
import { changeLeg, play } from './leg.ts'
import type { VerbState, VoiceVerb } from './program.ts'
import { resolvedUrl } from './prompts.ts'
import { connectWaiting, firstWaiting } from './queue.ts'
import { startRecording, stopRecordings } from './recording.ts'
import { isLiving, type VoiceCallback } from './rows.ts'

type Dialing = Extract<VerbState, { readonly is: 'dial' }>

/** Nouns that one `Dial` rings at most. */
const maxNouns = 10

/** `Dial`: others are called, and the first one who answers is connected (reference voice 6). */
export const dial: VerbRule = {
  begin(act) {
    const nouns = nounsOf(act.verb)
    const [noun] = nouns
    if (noun?.verb === 'Conference') return intoConference(act, noun)
    if (noun?.verb === 'Queue') return fromQueue(act, noun)
    const dialing: Dialing = {
      is: 'dial',
      legs: [],
      next: [],
      answered_sid: null,
      date_bridged: null,
      status: null,
      sid: null
    }
    const isInTurn = flagIn(act.verb, 'sequential', false)
    const indexes = nouns.slice(0, maxNouns).map((_, index) => index)
    return ring(act, { ...dialing, next: isInTurn ? indexes : [] }, isInTurn ? [] : indexes)
  },

  on(act, verb, happening) {
    if (verb.is === 'dial') return dialed(act, verb, happening)
    if (verb.is === 'conference') return happening.type === 'parted' ? outOfConference(act, verb) : ignored(happening)
    if (verb.is !== 'dial_queue') return undefined
    if (happening.type !== 'parted') return ignored(happening)
    const duration = verb.bridged_at === null ? 0 : seconds(act.state.at - verb.bridged_at)
    return finished(act, { status: 'completed', sid: null, duration, bridged: true })
  },

  hungUp(act, verb): Question | undefined {
    if (!act.verb.attributes.action) return undefined
    const { state } = act
    if (verb.is === 'dial') {
      const status = verb.date_bridged === null ? 'canceled' : 'completed'
      const duration = verb.date_bridged === null ? 0 : seconds(state.at - verb.date_bridged)
      return actionOf(
        act,
        resultOf({ status, sid: verb.answered_sid ?? verb.sid, duration, bridged: verb.date_bridged !== null })
      )
    }
    const since = verb.is === 'conference' ? verb.since : verb.is === 'dial_queue' ? verb.bridged_at : null
    const duration = since === null ? 0 : seconds(state.at - since)
    return actionOf(act, resultOf({ status: 'completed', sid: null, duration, bridged: since !== null }))
  }
}

/** Digits and prompts that nobody waits for. */
function ignored({ type }: Happening): Outcome | undefined {
  return type === 'digit' || type === 'played' || type === 'speech' ? 'waits' : undefined
}

function nounsOf(verb: VoiceVerb): readonly VoiceVerb[] {
  const known = (verb.children ?? []).filter(({ verb: name }) => nounNames.has(name))
  if (known.length > 0) return known
  return verb.text ? [{ verb: 'Number', attributes: {}, text: verb.text }] : []
}

const nounNames: ReadonlySet<string> = new Set(['Number', 'Client', 'Sip', 'Conference', 'Queue'])

/** Calls those nouns; where none of them can be called, the next ones in turn, or nobody. */
function ring(act: VerbAct, dialing: Dialing, indexes: readonly number[]): Outcome {
  const { state, call_sid, verb } = act
  const [index, ...next] = indexes.length === 0 ? dialing.next : []
  const now = index === undefined ? indexes : [index]
  if (now.length === 0)
    return finished(act, { status: dialing.status ?? 'failed', sid: dialing.sid, duration: 0, bridged: false })
  const nouns = nounsOf(verb)
  const legs = now.flatMap((at) => {
    const noun = nouns[at]
    return noun ? (called(act, noun) ?? []) : []
  })
  const ringing = { ...dialing, legs, next: index === undefined ? dialing.next : next }
  if (legs.length === 0) return ring(act, { ...ringing, status: 'failed' }, [])
  if (!flagIn(verb, 'answerOnBridge', false) || callIn(act).status === 'in-progress')
    play(state, call_sid, [{ tone: 'ringback' }], { loop: 0, listens: null })
  return keep(act, ringing)
}

/** The call for a noun; null for one that names nobody. */
function called(act: VerbAct, noun: VoiceVerb): string | null {
  const { state, call_sid, verb, frame } = act
  const parent = callIn(act)
  const identity = noun.children?.find(({ verb: name }) => name === 'Identity')?.text ?? noun.text ?? ''
  const to = calleeIn(noun.verb === 'Client' && !identity.startsWith('client:') ? `client:${identity}` : identity)
  if (to === null || isFull(state)) return null
  const { url, method, sendDigits } = noun.attributes
  const parameters = (noun.children ?? []).flatMap(({ verb: name, attributes }): [string, string][] =>
    name === 'Parameter' && attributes.name ? [[attributes.name, attributes.value ?? '']] : []
  )
  return callOut(state, {
    from: verb.attributes.callerId || (to.startsWith('client:') ? parent.from : callerOf(parent.from, parent.to)),
    to,
    direction: 'outbound-dial',
    parent_call_sid: call_sid,
    timeout: wholeIn(verb, 'timeout', { usual: 30, min: 1, max: 600 }),
    time_limit: wholeIn(verb, 'timeLimit', { usual: maxCall_s, min: 1, max: 86_400 }),
    purpose: { for: 'dial' },
    program: beginning('screen', { url: url && resolvedUrl(url, frame.url), method, digits: sendDigits }),
    status_callback: callbackOf(noun, frame.url, 'statusCallback', ['completed']),
    ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) })
  }).sid
}

/** A device cannot be who calls a number: that is shown the number that was called. */
function callerOf(from: string, to: string): string {
  return from.startsWith('client:') ? to : from
}

/** The status callback that a verb or a noun has under that name; its events are separated by blanks. */
export function callbackOf(
  { attributes }: VoiceVerb,
  base: string,
  name: string,
  usual: readonly string[]
): VoiceCallback | null {
  const url = attributes[name]
  if (!url) return null
  const events = attributes[`${name}Event`]?.split(/\s+/).filter((event) => event !== '') ?? usual
  return {
    url: resolvedUrl(url, base),
    method: attributes[`${name}Method`]?.toUpperCase() === 'GET' ? 'GET' : 'POST',
    events
  }
}

function dialed(act: VerbAct, dialing: Dialing, happening: Happening): Outcome | undefined {
  switch (happening.type) {
    case 'leg_ready':
      return ready(act, dialing, happening.call_sid)
    case 'leg_ended':
      return legEnded(act, dialing, happening)
    case 'digit':
      if (happening.digit !== '*' || dialing.answered_sid === null || !flagIn(act.verb, 'hangupOnStar', false))
        return 'waits'
      endCall(act.state, dialing.answered_sid, 'completed', { by: 'program' })
      return 'waits'
    case 'parted':
      // Somebody has taken the other leg elsewhere.
      if (dialing.answered_sid === null || !isElsewhere(act, dialing.answered_sid)) return 'waits'
      return bridgeOver(act, dialing, dialing.answered_sid)
    default:
      return ignored(happening)
  }
}

function isElsewhere({ state, call_sid }: VerbAct, sid: string): boolean {
  const other = state.resident('call', sid)
  return other !== undefined && isLiving(other) && other.bridged_sid !== call_sid
}

/** The first one who answers is connected; the others ring no longer. */
function ready(act: VerbAct, dialing: Dialing, sid: string): Outcome {
  const { state, call_sid, verb } = act
  if (dialing.answered_sid !== null || !dialing.legs.includes(sid)) return 'waits'
  keep(act, { ...dialing, legs: [sid], next: [], answered_sid: sid, date_bridged: state.at, sid })
  for (const other of dialing.legs) if (other !== sid) endCall(state, other, 'canceled', { by: 'program' })
  changeLeg(state, call_sid, {
    wanted: 'up',
    listens: flagIn(verb, 'hangupOnStar', false) ? { digits: true } : null
  })
  connect(state, call_sid, sid)
  const record = verb.attributes.record ?? 'do-not-record'
  if (record !== 'do-not-record' && record !== 'false')
    startRecording(state, {
      call_sid,
      source: 'DialVerb',
      channels: record.endsWith('-dual') ? 2 : 1,
      callback: callbackOf(verb, act.frame.url, 'recordingStatusCallback', ['completed'])
    })
  return 'waits'
}

function legEnded(
  act: VerbAct,
  dialing: Dialing,
  { call_sid: sid, status }: { readonly call_sid: string; readonly status: string }
): Outcome {
  if (sid === dialing.answered_sid) return bridgeOver(act, dialing, sid)
  if (!dialing.legs.includes(sid)) return 'waits'
  const legs = dialing.legs.filter((other) => other !== sid)
  const left = { ...dialing, legs, status, sid }
  return legs.length > 0 ? keep(act, left) : ring(act, left, [])
}

function bridgeOver(act: VerbAct, { date_bridged }: Dialing, sid: string): Outcome {
  const { state, call_sid } = act
  stopRecordings(state, call_sid)
  const duration = date_bridged === null ? 0 : seconds(state.at - date_bridged)
  return finished(act, { status: 'completed', sid, duration, bridged: true })
}

interface Result {
  readonly status: string
  readonly sid: string | null
  readonly duration: number
  readonly bridged: boolean
}

function finished(act: VerbAct, result: Result): Outcome {
  changeLeg(act.state, act.call_sid, { plays: null, hears: [], listens: null })
  return act.verb.attributes.action ? actionOf(act, resultOf(result)) : 'next'
}

function resultOf({ status, sid, duration, bridged }: Result): Question['parameters'] {
  return [
    ['DialCallStatus', status],
    ...(sid === null ? [] : [['DialCallSid', sid] as const]),
    ['DialCallDuration', String(duration)],
    ['DialBridged', String(bridged)]
  ]
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

function intoConference(act: VerbAct, noun: VoiceVerb): Outcome {
  const { state, call_sid, frame, verb } = act
  if (!noun.text) return 'next'
  changeLeg(state, call_sid, { wanted: 'up', plays: null, listens: null })
  keep(act, { is: 'conference', conference_sid: '', since: state.at })
  const conference_sid = joinByDial(state, call_sid, noun, {
    callback: callbackOf(noun, frame.url, 'statusCallback', ['end']),
    url: frame.url
  })
  if (conference_sid === null) return finished(act, { status: 'failed', sid: null, duration: 0, bridged: false })
  const record = noun.attributes.record ?? verb.attributes.record ?? 'do-not-record'
  if (record !== 'do-not-record' && record !== 'false')
    recordConference(state, conference_sid, {
      call_sid,
      callback: callbackOf(noun, frame.url, 'recordingStatusCallback', ['completed'])
    })
  return keep(act, { is: 'conference', conference_sid, since: state.at })
}

function outOfConference(act: VerbAct, { since }: Extract<VerbState, { readonly is: 'conference' }>): Outcome {
  leaveConference(act.state, act.call_sid, 'participant_updated_via_api')
  return finished(act, { status: 'completed', sid: null, duration: seconds(act.state.at - since), bridged: true })
}

/** The first call of a queue, or that of a reservation's task, is connected. */
function fromQueue(act: VerbAct, noun: VoiceVerb): Outcome {
  const { state, call_sid } = act
  const waiting = firstWaiting(state, noun.text ?? '', noun.attributes.reservationSid)
  if (waiting === undefined) return finished(act, { status: 'no-answer', sid: null, duration: 0, bridged: false })
  keep(act, { is: 'dial_queue', queue_sid: waiting.queue_sid, bridged_at: state.at })
  changeLeg(state, call_sid, { wanted: 'up', listens: null })
  part(state, call_sid)
  connectWaiting(state, waiting.call_sid, call_sid, noun.attributes)
  return 'waits'
}
