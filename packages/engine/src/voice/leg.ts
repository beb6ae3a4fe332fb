import type { LegItem, LegPlays, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { State } from '../center.ts'
import { type CallRow, isLiving } from './rows.ts'
import { followLeg } from './virtual-leg.ts'

/** What changes of what a leg should be doing. */
export type LegWish = Partial<Pick<VoiceLeg, 'wanted' | 'reason' | 'plays' | 'hears' | 'listens' | 'records'>>

/** The music that is there for those who wait. */
const waitMusic = 'ringdown:music'

/**
 * Changes what a call's leg should be doing. A virtual phone does it at once; for all others an event has it sent to the
 * process of the sound. Nothing happens where the leg is doing that already, or where the call has ended.
 */
export function changeLeg(state: State, sid: string, wish: LegWish): CallRow {
  const before = state.tables.call.need(sid)
  const { leg } = before
  if (!leg) throw new Error(`invariant: call ${sid} has a leg`)
  if (!isLiving(before) || !isNews(leg, wish)) return before
  const revision = before.revision + 1
  const call = state.change('call', sid, { revision, leg: { ...leg, ...wish, revision } })
  if (call.phone_leg) followLeg(state, leg, call)
  else state.emit('ringdown.call.leg-changed', { call })
  return call
}

/** Plays something to a call instead of what it is played now; answers the number by which reports name it. */
export function play(
  state: State,
  sid: string,
  items: readonly LegItem[],
  {
    loop = 1,
    stop_on_digit = false,
    ...wish
  }: LegWish & { readonly loop?: number; readonly stop_on_digit?: boolean } = {}
): number {
  const id = state.tables.call.need(sid).revision + 1
  const plays: LegPlays = { id, loop, items, ...(stop_on_digit && { stop_on_digit }) }
  changeLeg(state, sid, { ...wish, plays })
  return id
}

/** Music, for as long as nothing else is wanted; a call that hears it already goes on hearing it. */
export function playMusic(state: State, sid: string, url: string | null = null, wish: LegWish = {}): void {
  const { leg } = state.tables.call.need(sid)
  const play_url = url ?? waitMusic
  const [item] = leg?.plays?.items ?? []
  const isPlayed = leg?.plays?.loop === 0 && item !== undefined && 'play' in item && item.play === play_url
  if (isPlayed) changeLeg(state, sid, wish)
  else play(state, sid, play_url === '' ? [{ tone: 'silence' }] : [{ play: play_url }], { ...wish, loop: 0 })
}

function isNews(leg: VoiceLeg, wish: LegWish): boolean {
  return Object.entries(wish).some(([name, value]) => {
    const now = leg[name as keyof LegWish] // one of them
    return now !== value && JSON.stringify(now) !== JSON.stringify(value)
  })
}
