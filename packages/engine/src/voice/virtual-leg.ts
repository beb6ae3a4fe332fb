import type { LegItem, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { State } from '../center.ts'
import type { CallRow, HeardRow } from './rows.ts'

/*
 * A virtual phone on a call: it follows what its leg should be doing, with words in the place of sound. What it hears is
 * kept with its instant; how long something takes follows from its text alone (reference voice 3).
 */

/** Where the phone stands in what it is played. */
export interface PhoneLeg {
  /** Of what is played; null while nothing is. */
  readonly plays_id: number | null
  readonly item: number
  readonly rounds: number
  /** Which of the phone's presses comes next. */
  readonly presses: number
  /** What happens at `phone_due`. */
  readonly next: 'item' | 'rings' | 'answers' | 'presses' | null
}

export const idlePhoneLeg: PhoneLeg = { plays_id: null, item: 0, rounds: 0, presses: 0, next: null }

/** A file's sound has no length here. */
const file_ms = 5000

/** Milliseconds that an item takes. */
function lengthOf(item: LegItem): number {
  if ('say' in item) return 400 + 60 * item.say.length
  if ('play' in item) return file_ms
  if ('pause_ms' in item) return Math.max(1, item.pause_ms)
  if ('digits' in item) return Math.max(1, item.digits.length * 200)
  return 500
}

type Heard = Pick<HeardRow, 'what' | 'content'> & { readonly speaker?: string }

/** Keeps what a phone has heard on a call. */
export function hear(state: State, { phone_sid, sid }: CallRow, { what, content, speaker = '' }: Heard): void {
  if (!state.tables.phone.find(phone_sid) || phone_sid === null) return
  state.insert('heard', {
    ...{ account_sid: state.account_sid, phone_sid, call_sid: sid },
    ...{ what, content, speaker: speaker || null }
  })
}

/** The phone does what its leg should be doing now, and did not do before. */
export function followLeg(state: State, before: VoiceLeg, call: CallRow): void {
  const { leg, phone_leg } = call
  if (!leg || !phone_leg) return
  if (leg.wanted === 'down') {
    if (before.wanted !== 'down') hear(state, call, { what: 'ended', content: leg.reason ?? null })
    state.change('call', call.sid, { phone_leg: { ...phone_leg, plays_id: null, next: null }, phone_due: null })
    return
  }
  if (leg.hears.length > 0 && leg.hears.join() !== before.hears.join()) {
    const now = leg.hears.filter((sid) => !before.hears.includes(sid))
    for (const sid of now) hear(state, call, { what: 'connected', content: null, speaker: nameOf(state, sid) })
  }
  if (leg.plays?.id === (phone_leg.plays_id ?? undefined)) return
  if (leg.plays) beginItem(state, call.sid, { ...phone_leg, plays_id: leg.plays.id, item: 0, rounds: 0 })
  else if (phone_leg.plays_id !== null) {
    state.change('call', call.sid, { phone_leg: { ...phone_leg, plays_id: null, next: null }, phone_due: null })
  }
}

/** Who somebody is to those who hear it: its own address. */
export function nameOf(state: State, call_sid: string): string {
  const call = state.tables.call.need(call_sid)
  return call.direction === 'inbound' ? call.from : call.to
}

/** The phone begins to hear an item. */
export function beginItem(state: State, sid: string, phone_leg: PhoneLeg): void {
  const call = state.tables.call.need(sid)
  const plays = call.leg?.plays
  const item = plays?.items[phone_leg.item]
  if (!plays || !item) return
  hear(state, call, heardOf(item))
  // An endless item is noted once.
  const isEndless = plays.loop === 0 && phone_leg.item === plays.items.length - 1
  state.change('call', sid, {
    phone_leg: { ...phone_leg, next: isEndless ? null : 'item' },
    phone_due: isEndless ? null : state.at + lengthOf(item)
  })
}

function heardOf(item: LegItem): Heard {
  if ('say' in item) return { what: 'say', content: item.say }
  if ('play' in item) return { what: 'play', content: item.play }
  if ('digits' in item) return { what: 'digits', content: item.digits }
  if ('tone' in item && item.tone === 'ringback') return { what: 'ringback', content: null }
  if ('tone' in item && item.tone !== 'silence') return { what: 'tone', content: item.tone }
  return { what: 'silence', content: 'pause_ms' in item ? String(item.pause_ms) : null }
}
