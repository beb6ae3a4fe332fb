import type { State } from '../center.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { arrive } from './call.ts'
import { noteWords } from './recording.ts'
import { phoneReports } from './report.ts'
import { type CallRow, isLiving } from './rows.ts'
import { beginItem, hear, nameOf } from './virtual-leg.ts'

/* What somebody does with a virtual phone's calls (reference voice 3). */

export interface PlacePhoneCall {
  readonly phone_sid: string
  readonly to?: string
  /** The application that the phone calls as somebody's device, with its parameters. */
  readonly application_sid?: string
  readonly parameters?: Readonly<Record<string, string>>
}

/** The phone calls a number of ours, or, as a device, an application. */
export function placePhoneCall(state: State, params: PlacePhoneCall): { call: CallRow } {
  const { phone_sid, to = '', application_sid, parameters } = params
  const phone = state.tables.phone.find(phone_sid) ?? notFound(`/Phones/${phone_sid}`)
  return arrive(state, {
    arrival: `${phone_sid}/${state.next_seq}`,
    from: phone.address,
    to,
    address: { phone: phone_sid },
    ...(application_sid && { application_sid }),
    ...(parameters && { parameters })
  })
}

export interface ActOnPhone {
  readonly phone_sid: string
  readonly sid: string
  readonly action: 'answer' | 'reject' | 'hang-up' | 'press' | 'speak'
  /** Of `press`. */
  readonly digits?: string
  /** Of `speak`. */
  readonly text?: string
}

/** Somebody answers, rejects, hangs up, presses keys or says something on a virtual phone. */
export function actOnPhone(state: State, params: ActOnPhone): { call: CallRow } {
  const call = phoneCallOf(state, params)
  const { sid, action, digits, text } = params
  if (!isLiving(call)) refuse('not_possible', `Call ${sid} is over: it is ${call.status}`)
  const isRinging = call.direction !== 'inbound' && call.status !== 'in-progress'
  if ((action === 'answer' || action === 'reject') && !isRinging)
    refuse('not_possible', `Call ${sid} does not ring here: it is ${call.status}`)
  if ((action === 'press' || action === 'speak') && call.status !== 'in-progress')
    refuse('not_possible', `Nobody hears anything on call ${sid} yet: it is ${call.status}`)
  switch (action) {
    case 'answer':
      phoneReports(state, sid, { type: 'answered' })
      break
    case 'reject':
      phoneReports(state, sid, { type: 'ended', status: 'declined', by: 'remote' })
      break
    case 'hang-up':
      phoneReports(state, sid, { type: 'ended', status: isRinging ? 'declined' : 'completed', by: 'remote' })
      break
    case 'press':
      press(state, sid, digits)
      break
    case 'speak':
      speak(state, call, text)
  }
  return { call: state.tables.call.need(sid) }
}

function phoneCallOf(state: State, { phone_sid, sid }: Pick<ActOnPhone, 'phone_sid' | 'sid'>): CallRow {
  const call = state.tables.call.find(sid)
  return call?.phone_sid === phone_sid ? call : notFound(`/Phones/${phone_sid}/Calls/${sid}`)
}

function press(state: State, sid: string, digits = ''): void {
  if (!/^[0-9*#]{1,100}$/.test(digits)) refuse('invalid', 'Digits must be up to 100 of 0-9, * and #')
  for (const digit of digits) phoneReports(state, sid, { type: 'digit', digit })
}

/** Words on this leg are heard by all legs that hear it, go into its recordings, and answer a question for speech. */
function speak(state: State, { sid }: CallRow, text = ''): void {
  if (text.trim() === '') refuse('invalid', 'Text is required')
  checkLength(text, 'Text', 4096)
  const { leg, bridged_sid, conference_sid } = state.tables.call.need(sid)
  const around =
    conference_sid !== null
      ? [...state.tables.conference_participant.by('conference_sid', conference_sid)].map(({ call_sid }) => call_sid)
      : bridged_sid === null
        ? []
        : [bridged_sid]
  const speaker = nameOf(state, sid)
  for (const one of leg?.records ?? [])
    if (!one.of || one.of.includes(sid)) noteWords(state, one.sid, text, around.length === 0 ? null : speaker)
  for (const other_sid of around) {
    const other = state.tables.call.need(other_sid)
    if (other_sid === sid) continue
    const isHeard = other.leg?.hears.includes(sid) ?? false
    if (isHeard) hear(state, other, { what: 'speech', content: text, speaker })
    for (const one of other.leg?.records ?? [])
      if (one.of?.includes(sid) ?? isHeard) noteWords(state, one.sid, text, speaker)
  }
  phoneReports(state, sid, { type: 'speech', text, confidence: 1, final: true })
}

/** What was to happen on a phone of itself: it rings, answers, has heard an item, or presses a key. */
export function phoneDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const call = state.change('call', sid, { phone_due: null })
  const { phone_leg, leg } = call
  if (!phone_leg || !leg) return {}
  const phone = state.tables.phone.find(call.phone_sid)
  switch (phone_leg.next) {
    case 'rings':
      state.change('call', sid, { phone_leg: { ...phone_leg, next: null } })
      rings(state, sid, phone?.call_outcome ?? 'rings', phone?.answered_after_ms ?? 0)
      break
    case 'answers':
      state.change('call', sid, { phone_leg: { ...phone_leg, next: null } })
      phoneReports(state, sid, { type: 'answered' })
      break
    case 'presses':
      pressesNext(state, sid)
      break
    case 'item': {
      const plays = leg.plays
      if (!plays) break
      const item = phone_leg.item + 1
      if (item < plays.items.length) beginItem(state, sid, { ...phone_leg, item })
      else if (phone_leg.rounds + 1 < plays.loop)
        beginItem(state, sid, { ...phone_leg, item: 0, rounds: phone_leg.rounds + 1 })
      else if (plays.loop === 0) beginItem(state, sid, { ...phone_leg, item: 0, rounds: phone_leg.rounds + 1 })
      else {
        state.change('call', sid, { phone_leg: { ...phone_leg, next: null } })
        phoneReports(state, sid, { type: 'played', id: plays.id })
        pressLater(state, sid)
      }
      break
    }
    case null:
  }
  return {}
}

function rings(state: State, sid: string, outcome: string, after_ms: number): void {
  if (outcome === 'busy')
    return void phoneReports(state, sid, { type: 'ended', status: 'busy', sip_code: 486, by: 'network' })
  phoneReports(state, sid, { type: 'ringing' })
  if (outcome === 'rejects')
    phoneReports(state, sid, { type: 'ended', status: 'declined', sip_code: 603, by: 'remote' })
  else if (outcome === 'answers' && after_ms === 0) phoneReports(state, sid, { type: 'answered' })
  else if (outcome === 'answers') {
    const { phone_leg } = state.tables.call.need(sid)
    if (phone_leg)
      state.change('call', sid, { phone_leg: { ...phone_leg, next: 'answers' }, phone_due: state.at + after_ms })
  }
}

/** A phone that is made to press keys does it a second after whatever it was asked. */
function pressLater(state: State, sid: string): void {
  const call = state.tables.call.need(sid)
  const { leg, phone_leg, phone_due } = call
  const presses = state.tables.phone.find(call.phone_sid)?.presses ?? []
  if (!leg?.listens?.digits || !phone_leg || phone_due !== null || phone_leg.presses >= presses.length) return
  state.change('call', sid, { phone_leg: { ...phone_leg, next: 'presses' }, phone_due: state.at + 1000 })
}

function pressesNext(state: State, sid: string): void {
  const { phone_leg, phone_sid } = state.tables.call.need(sid)
  const digits = state.tables.phone.find(phone_sid)?.presses?.[phone_leg?.presses ?? 0]
  if (!phone_leg || digits === undefined) return
  state.change('call', sid, { phone_leg: { ...phone_leg, presses: phone_leg.presses + 1, next: null } })
  for (const digit of digits) phoneReports(state, sid, { type: 'digit', digit })
}

/** A phone that is removed hangs up. */
export function phoneRemoved(state: State, phone_sid: string): void {
  for (const { sid } of state.tables.call.list('phone_sid', phone_sid))
    phoneReports(state, sid, { type: 'ended', status: 'failed', by: 'network' })
}
