import type { State } from '../center.ts'
import { flowSidIn } from '../numbers/flow-url.ts'
import { type Happening, type Outcome, type Question, type VerbAct, type VerbRule, withFrame } from './act.ts'
import { frameOf } from './beginning.ts'
import { dial } from './dial.ts'
import { endCall } from './ending.ts'
import { enqueue } from './enqueue.ts'
import { emitCall } from './events.ts'
import { gather } from './gather.ts'
import { changeLeg, playMusic } from './leg.ts'
import type { DocumentFrame, Program, VoiceRequest, VoiceVerb } from './program.ts'
import { prompt, resolvedUrl } from './prompts.ts'
import { leaveCallQueue, queueMemberFor } from './queue.ts'
import { record } from './record.ts'
import { type CallRow, type ConferenceParticipantRow, isLiving } from './rows.ts'
import { callerLedAway } from './task-call.ts'
import { callbackDocument, leadsToCallback } from './wait-with-callback.ts'

/*
 * A call runs its document: verb after verb, until one has to wait. What that one waits for (the end of a prompt, a key, an
 * answer, another call) reaches it as a happening. What a verb does to other calls reaches them as events, to which they
 * react in the same decision.
 */

/** Verbs that run at once at most before the next one waits; a document of 64 kB could have thousands. */
const maxAtOnce = 200
/** Documents in a row that took no time: a program that redirects more often does so in a circle. */
const maxIdle = 20
/** Milliseconds from a document to what it has come to, below which no time has passed. */
const noTime_ms = 100

const leave: VerbRule = {
  begin({ state, call_sid }) {
    const { program } = state.tables.call.need(call_sid)
    const [below] = program?.frames ?? []
    if (below?.verb?.is !== 'enqueue') return 'next'
    if (below.verb.callback_task_sid) {
      callHappens(state, call_sid, { type: 'dequeued', result: 'leave', isHeard: true })
      return 'waits'
    }
    if (leaveCallQueue(state, call_sid, 'leave') !== null) callerLedAway(state, call_sid, 'leave')
    return 'next'
  }
}

const redirect: VerbRule = {
  begin: ({ verb, frame }) => ({ ask: verb.text || frame.url, method: verb.attributes.method, parameters: [] })
}

const hangup: VerbRule = { begin: () => 'over' }

/** `Reject` says that nobody is there, as long as nobody has answered. */
const reject: VerbRule = {
  begin({ state, call_sid, verb }) {
    if (state.tables.call.need(call_sid).status !== 'ringing') return 'over'
    const isBusy = verb.attributes.reason === 'busy'
    endCall(state, call_sid, isBusy ? 'busy' : 'no-answer', {
      by: 'program',
      reason: isBusy ? 'busy' : 'declined',
      sip_code: isBusy ? 486 : 603
    })
    return 'waits'
  }
}

const rules: Readonly<Record<string, VerbRule>> = {
  ...{ Say: prompt, Play: prompt, Pause: prompt, Gather: gather, Redirect: redirect, Hangup: hangup, Reject: reject },
  ...{ Dial: dial, Enqueue: enqueue, Leave: leave, Record: record }
}

/** What a call may do while it waits in a queue, or before it is connected. */
const verbsElsewhere: ReadonlySet<string> = new Set(['Say', 'Play', 'Pause', 'Gather', 'Redirect', 'Hangup', 'Leave'])

/** Before these a call that comes in is not answered (reference voice 1). */
const beforeAnswer: ReadonlySet<string> = new Set(['Reject', 'Pause', 'Redirect'])

/** For which document a program is asked, and the address that the question's is relative to. */
type AskedFor = Pick<DocumentFrame, 'role' | 'url'>

/** Has a program asked for what comes next; its answer is the command `call.document`. */
function ask(
  state: State,
  sid: string,
  { ask: url, method, parameters }: Question,
  { role, url: base }: AskedFor
): void {
  const { requests, program } = state.tables.call.need(sid)
  const address = resolvedUrl(url, base)
  const flow = flowAt(state, address)
  const isOurs = role === 'wait' && leadsToCallback(address)
  if (!isOurs && flow === undefined && !/^https?:\/\/[^\s/?#]+/i.test(address))
    return void failed(
      state,
      sid,
      { code: 11100, reason: 'an address is none of the web', url: address.slice(0, 200) },
      role
    )
  const request: VoiceRequest = {
    ticket: String(requests + 1),
    url: address,
    method: method?.toUpperCase() === 'GET' ? 'GET' : 'POST',
    fallback_url: role === 'call' ? (program?.fallback_url ?? null) : null,
    fallback_method: program?.fallback_method ?? 'POST',
    parameters,
    role
  }
  const call = state.change('call', sid, { request, requests: requests + 1 })
  if (isOurs) takeDocument(state, sid, { ...request, verbs: callbackDocument(state, call, request) })
  else if (flow === undefined)
    state.emit('ringdown.call.document-asked', { call, extra: { ticket: request.ticket, role } })
  else
    state.emit('ringdown.call.flow-asked', { call, extra: { ticket: request.ticket, ...(flow && { flow_sid: flow }) } })
}

/** The flow that an address leads to, which is asked inside the engine; null is the one that wrote the document. */
function flowAt(state: State, address: string): string | null | undefined {
  if (/^ringdown:flow(?:\?|$)/.test(address)) return null
  const sid = flowSidIn(address, state.account_sid)
  return state.tables.flow.find(sid) ? sid : undefined
}

export interface DocumentProblem {
  readonly code: number
  readonly reason: string
  readonly url: string
}

/** What a program has answered, for the question with that number; nobody waits any more for the answer to an older one. */
export function takeDocument(
  state: State,
  sid: string,
  document: { readonly verbs: readonly VoiceVerb[]; readonly url: string; readonly method: 'GET' | 'POST' }
): void {
  const { request, program: before } = state.tables.call.need(sid)
  const isWait = request?.role === 'wait'
  // A call that was made for a conference may have no document of its own.
  const program = before ?? (isWait ? nothing : null)
  if (!request || !program) return
  const frame = frameOf(request.role, document.verbs, document.url, document.method)
  const frames = isWait ? [...ownFrames(program), frame] : [frame]
  const idle = program.idle + 1
  const call = state.change('call', sid, {
    request: null,
    program: { ...program, frames, idle, taken_at: state.at },
    verb_due: null
  })
  state.emit('ringdown.call.document-taken', { call, extra: { ticket: request.ticket, verbs: document.verbs.length } })
  if (idle > maxIdle)
    failed(
      state,
      sid,
      { code: 11215, reason: `${maxIdle} documents in a row took no time`, url: document.url },
      request.role
    )
  else run(state, sid)
}

/** There is no document: the caller hears an apology, and the call ends. A call that waits goes on hearing music. */
export function failed(state: State, sid: string, problem: DocumentProblem, role: DocumentFrame['role']): void {
  const call = state.change('call', sid, { request: null })
  state.emit('ringdown.call.document-failed', { call, extra: { ...problem, level: 'error' } })
  const { program } = call
  if (role === 'wait') {
    endWaiting(state, sid)
    return
  }
  if (!program) return
  const apology: readonly VoiceVerb[] = [
    { verb: 'Say', attributes: {}, text: 'We are sorry, an application error has occurred. Goodbye.' },
    { verb: 'Hangup', attributes: {} }
  ]
  state.change('call', sid, { program: { ...program, frames: [frameOf('call', apology, '')] }, verb_due: null })
  run(state, sid)
}

/** Runs a call's document as far as it comes. */
export function run(state: State, sid: string): void {
  for (let count = 0; count < maxAtOnce; count++) {
    const call = state.resident('call', sid)
    const frame = call?.program?.frames.at(-1)
    if (!call || !frame || !isLiving(call) || call.request !== null || frame.verb !== null) return
    const verb = frame.verbs[frame.at]
    if (!verb) {
      if (!overAt(state, call, frame)) return
      continue
    }
    const act = actAt(state, call, frame, verb)
    const rule = frame.role === 'call' || verbsElsewhere.has(verb.verb) ? rules[verb.verb] : undefined
    if (!rule) {
      warn(state, call, { code: 12200, reason: `${verb.verb} is not done here`, url: frame.url })
      settle(act, 'next')
      continue
    }
    answerBefore(state, call, verb)
    settle(act, rule.begin(act))
  }
  const call = state.resident('call', sid)
  if (call && isLiving(call) && call.request === null && call.program?.frames.at(-1)?.verb === null)
    failed(state, sid, { code: 12200, reason: `more than ${maxAtOnce} verbs took no time`, url: '' }, 'call')
}

function actAt(state: State, { sid, program }: CallRow, frame: DocumentFrame, verb: VoiceVerb): VerbAct {
  return { state, call_sid: sid, depth: program?.frames.indexOf(frame) ?? 0, frame, verb }
}

/** Any other verb than those that may stand before it answers the call. */
function answerBefore(state: State, { sid, status, direction }: CallRow, verb: VoiceVerb): void {
  if (status !== 'ringing' || direction !== 'inbound' || beforeAnswer.has(verb.verb)) return
  if (verb.verb === 'Dial' && verb.attributes.answerOnBridge?.toLowerCase() === 'true') return
  answer(state, sid)
}

/** The center answers a call that comes in. */
export function answer(state: State, sid: string): void {
  const { status, time_limit } = state.tables.call.need(sid)
  if (status !== 'ringing') return
  state.change('call', sid, {
    status: 'in-progress',
    start_time: state.at,
    ring_due: null,
    limit_due: state.at + time_limit * 1000
  })
  changeLeg(state, sid, { wanted: 'up' })
  emitCall(state, 'answered', sid)
}

/** Carries on after a verb that has begun, or has taken a happening. */
function settle({ state, call_sid, depth, frame }: VerbAct, outcome: Outcome): void {
  const call = state.resident('call', call_sid)
  if (!call || !isLiving(call) || outcome === 'waits') {
    if (call && outcome === 'waits') askWhileWaiting(state, call, depth)
    return
  }
  if (outcome === 'over') return void endCall(state, call_sid, 'completed', { by: 'program' })
  const { program } = call
  if (!program) return
  const at = outcome === 'next' ? { at: (program.frames[depth]?.at ?? 0) + 1 } : {}
  state.change('call', call_sid, {
    program: withFrame(program, depth, { ...at, verb: null }, true),
    verb_due: null
  })
  if (outcome !== 'next') ask(state, call_sid, outcome, frame)
}

/** A call that has begun to wait in a queue hears the document of its `waitUrl`. */
function askWhileWaiting(state: State, { sid, program, request }: CallRow, depth: number): void {
  if (program?.frames[depth]?.verb?.is !== 'enqueue' || program.frames.length !== depth + 1 || request !== null) return
  if (queueMemberFor(state, sid)) askAtQueue(state, sid, depth)
}

/** Asks for the document that the `Enqueue` names of the call's document at that depth. */
function askAtQueue(state: State, sid: string, depth: number): void {
  const frame = state.tables.call.need(sid).program?.frames[depth]
  const { waitUrl, waitUrlMethod: method } = frame?.verbs[frame.at]?.attributes ?? {}
  if (frame && waitUrl) ask(state, sid, { ask: waitUrl, method, parameters: [] }, { role: 'wait', url: frame.url })
}

/** The documents of a program but for what is heard while it waits. */
function ownFrames({ frames }: Program): readonly DocumentFrame[] {
  return frames.filter(({ role }) => role !== 'wait')
}

const nothing: Program = { frames: [], idle: 0, fallback_url: null, fallback_method: 'POST' }

/** Who goes on waiting hears music, and no document any more. */
function endWaiting(state: State, sid: string): void {
  stopWaiting(state, sid)
  playMusic(state, sid, null, { listens: null })
}

/** Nothing of what is heard while a call waits goes on: it waits no longer, or hears something else. */
export function stopWaiting(state: State, sid: string): void {
  const call = state.resident('call', sid)
  if (!call || !isLiving(call)) return
  const { program, request } = call
  const frames = program ? ownFrames(program) : []
  const isHeard = program !== null && frames.length < program.frames.length
  if (isHeard) {
    state.change('call', sid, { program: frames.length === 0 ? null : { ...program, frames }, verb_due: null })
    changeLeg(state, sid, { listens: null })
  }
  if (request?.role === 'wait') state.change('call', sid, { request: null })
}

/** A participant of a conference hears something else while it waits, or waits no longer. */
export function waitingChanged(state: State, participant: ConferenceParticipantRow): void {
  const { call_sid } = participant
  stopWaiting(state, call_sid)
  const call = state.resident('call', call_sid)
  if (call && isLiving(call) && participant.heard_url) askAsParticipant(state, participant)
}

function askAsParticipant(state: State, { call_sid, hold, heard_url, ...participant }: ConferenceParticipantRow): void {
  const method = hold ? participant.hold_method : participant.wait_method
  ask(state, call_sid, { ask: heard_url ?? '', method, parameters: [] }, { role: 'wait', url: '' })
}

/** A document has come to its end; false where nothing runs on now. */
function overAt(state: State, { sid, program }: CallRow, frame: DocumentFrame): boolean {
  if (frame.role === 'call') endCall(state, sid, 'completed', { by: 'program' })
  else if (frame.role === 'screen')
    state.emit('ringdown.call.ready', { call: state.change('call', sid, { program: null }) })
  // A document that nobody hears is not asked for again.
  else if (program && program.idle > 2) endWaiting(state, sid)
  else askAgain(state, sid)
  return false
}

/** A call that still waits hears the waiting document from its beginning, whatever document that one has led to. */
function askAgain(state: State, sid: string): void {
  const { program } = state.tables.call.need(sid)
  const own = program && ownFrames(program).length
  const participant = state.tables.conference_participant.firstBy('call_sid', sid)
  if (participant?.heard_url) askAsParticipant(state, participant)
  else if (own && queueMemberFor(state, sid)) askAtQueue(state, sid, own - 1)
  else endWaiting(state, sid)
}

/** Gives a happening to the innermost verb of a call that waits for one of its type; without such a verb nothing changes. */
export function callHappens(state: State, sid: string, happening: Happening): void {
  const before = state.resident('call', sid)
  if (!before?.program || !isLiving(before)) return
  const { program } = before
  for (let depth = program.frames.length - 1; depth >= 0; depth--) {
    const frame = program.frames[depth]
    const verb = frame?.verbs[frame.at]
    if (!frame?.verb || !verb) continue
    const act: VerbAct = { state, call_sid: sid, depth, frame, verb }
    const outcome = rules[verb.verb]?.on?.(act, frame.verb, happening)
    if (outcome === undefined) continue
    timePassed(state, sid, happening)
    // What takes a document's place ends what was asked for the one that waits.
    if (outcome !== 'waits' && depth < program.frames.length - 1) state.change('call', sid, { request: null })
    if (outcome !== 'waits' && frame.verb.is === 'enqueue') state.change('call', sid, { request: null })
    settle(act, outcome)
    run(state, sid)
    return
  }
}

/**
 * Begins to count idle documents anew: a caller who hears or does something is led in no circle. What is over as soon as it
 * has begun (sound that is not there, a number that nobody has) takes no time.
 */
function timePassed(state: State, sid: string, { type }: Happening): void {
  const { program } = state.tables.call.need(sid)
  if (!program || program.idle === 0 || type === 'dequeued' || type === 'parted') return
  const isTheirs = type === 'digit' || type === 'speech'
  if (!isTheirs && state.at - (program.taken_at ?? 0) < noTime_ms) return
  state.change('call', sid, { program: { ...program, idle: 0 } })
}

function warn(state: State, call: CallRow, problem: DocumentProblem): void {
  state.emit('ringdown.call.document-failed', { call, extra: { ...problem, level: 'warning' } })
}

/** Puts another program in the place of what a call runs. */
export function replaceProgram(state: State, sid: string, program: Program | null): void {
  state.change('call', sid, { program, request: null, verb_due: null })
}

/** Asks a running verb's action once more when the caller has hung up, as its result is wanted; the answer changes nothing. */
export function askLast(state: State, sid: string): void {
  const call = state.tables.call.need(sid)
  const { program } = call
  if (!program) return
  for (const [depth, frame] of [...program.frames.entries()].reverse()) {
    const verb = frame.verbs[frame.at]
    if (!frame.verb || !verb) continue
    const last = rules[verb.verb]?.hungUp?.({ state, call_sid: sid, depth, frame, verb }, frame.verb)
    if (last) {
      ask(state, sid, last, { role: 'call', url: frame.url })
      break
    }
  }
  state.change('call', sid, { program: null })
}
