import type { State } from '../center.ts'

/** That the sound of all calls is gone, or back again. */
export interface NoteSound {
  readonly is: 'gone' | 'back'
  /** How long nobody has had the sound, in seconds. */
  readonly seconds: number
  /** Calls that had it. */
  readonly calls: number
  /** What is known of the cause. */
  readonly reason?: string
}

/** Makes an entry of the debugger: no call has any sound, or calls have it again (reference voice 13). */
export function noteWholeSound(state: State, { is, seconds, calls, reason }: NoteSound): Record<never, never> {
  const { account_sid } = state
  const ended = calls > 0 ? `: calls that had it end (${calls})` : ''
  const lost = `There has been no sound for ${seconds} seconds${reason ? `, ${reason}` : ''}${ended}`
  const message = is === 'gone' ? lost : `There is sound again, after ${seconds} seconds`
  state.emit(`ringdown.sound.${is}`, { extra: { account_sid, message, seconds, calls } })
  return {}
}
