import type { State } from '../center.ts'
import { typeOf } from '../conversations/address.ts'
import type { Read } from '../core/command.ts'
import type { Changes } from '../core/table.ts'
import { type AddressPairRow, twoKey } from './rows.ts'

const day_ms = 24 * 3_600_000
/** From when the customer last wrote, in which anything may be said (reference messaging 10). */
const window_ms = day_ms
/** The same for what people write, where the carrier may say that people do (reference messaging 12). */
const peoples_ms = 7 * day_ms
/** Channels that know of people. */
const peopled: readonly string[] = ['messenger', 'instagram']

/** Channels on which only templates may be sent outside of the window. */
const windowed: readonly string[] = ['whatsapp', 'messenger', 'instagram']

/** Whether a channel asks for the customer's own word before one may write freely. */
function hasWindow(address: string): boolean {
  return windowed.includes(typeOf(address))
}

/** What is known between some senders and somebody, unless it is in memory. */
export function pairReads(state: State, senders: readonly (string | null | undefined)[], recipient: string): Read[] {
  return senders.flatMap((sender): Read[] => {
    if (!sender || pairBetween(state, sender, recipient)) return []
    return [{ kind: 'address_pair', where: { sender, recipient } }]
  })
}

function pairBetween(state: State, sender: string, recipient: string): AddressPairRow | undefined {
  const key = twoKey(sender, recipient)
  return key === null ? undefined : state.tables.address_pair.firstBy('pair', key)
}

/** Whether the recipient wants nothing more from one of the senders. */
export function isOptedOut(state: State, senders: readonly (string | null)[], recipient: string): boolean {
  return senders.some(
    (sender) => sender !== null && (pairBetween(state, sender, recipient)?.opted_out_at ?? null) !== null
  )
}

/** Whether the recipient has written to the sender in the last 24 hours; always on channels that do not ask for it. */
export function isInWindow(state: State, sender: string, recipient: string): boolean {
  return !hasWindow(recipient) || wroteWithin(state, sender, recipient, window_ms)
}

/** The same where somebody of ours answers, and not a program: only where the channel tells them apart. */
export function isInWindowOfPeople(state: State, sender: string, recipient: string): boolean {
  return peopled.includes(typeOf(recipient)) && wroteWithin(state, sender, recipient, peoples_ms)
}

function wroteWithin(state: State, sender: string, recipient: string, ms: number): boolean {
  const last = pairBetween(state, sender, recipient)?.last_inbound_at ?? null
  return last !== null && state.at - last < ms
}

/** The recipient has written to the sender. */
export function noteInbound(state: State, sender: string, recipient: string): void {
  if (hasWindow(recipient)) setPair(state, { sender, recipient }, { last_inbound_at: state.at })
}

/** In which letters of one address are counted. */
const burst_ms = 3_600_000

/** The recipient has written one more letter to the sender; answers how many that are in an hour. */
export function countLetter(state: State, sender: string, recipient: string): number {
  const before = pairBetween(state, sender, recipient)
  const isOn = (before?.burst_at ?? null) !== null && state.at - (before?.burst_at ?? 0) < burst_ms
  const burst = isOn ? (before?.burst ?? 0) + 1 : 1
  setPair(state, { sender, recipient }, { burst, ...(!isOn && { burst_at: state.at }) })
  return burst
}

/** The recipient wants nothing more from the sender, or does again. Answers whether that is news. */
export function setOptOut(state: State, sender: string, recipient: string, isOut: boolean): boolean {
  if (isOptedOut(state, [sender], recipient) === isOut) return false
  setPair(state, { sender, recipient }, { opted_out_at: isOut ? state.at : null })
  return true
}

function setPair(
  state: State,
  { sender, recipient }: Pick<AddressPairRow, 'sender' | 'recipient'>,
  changes: Changes<AddressPairRow>
): void {
  const before = pairBetween(state, sender, recipient)
  const opted_out_at = changes.opted_out_at === undefined ? (before?.opted_out_at ?? null) : changes.opted_out_at
  const last_inbound_at = changes.last_inbound_at ?? before?.last_inbound_at ?? null
  const { burst_at = before?.burst_at ?? null, burst = before?.burst ?? null } = changes
  const after = {
    opted_out_at,
    last_inbound_at,
    burst_at,
    burst,
    date_forgettable: opted_out_at === null ? state.at : null
  }
  if (before) state.change('address_pair', before.sid, after)
  else state.insert('address_pair', { account_sid: state.account_sid, sender, recipient, ...after })
}
