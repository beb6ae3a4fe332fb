import type { State } from '../center.ts'
import { typeOf } from '../conversations/address.ts'
import { maxBody } from '../conversations/message.ts'
import { isInWindow, isInWindowOfPeople, isOptedOut } from './address-pair.ts'
import { carrierFor, phoneAt, settingOf } from './lookup.ts'
import type { ChannelMessageRow, Doom } from './rows.ts'

/*
 * Why a message that may be asked for cannot be sent: it is taken, as the original takes it, and fails a moment later.
 */

/** Characters of a message on a channel (reference messaging 1). */
export const maxChannelBody = 1600

/** Characters that a message to an address has at most: a letter has as many as a conversation's message. */
export function maxLengthTo(address: string): number {
  return typeOf(address) === 'email' ? maxBody : maxChannelBody
}

/** What of a message decides whether it can be sent. */
type Doomed = Pick<ChannelMessageRow, 'to' | 'body' | 'content_sid' | 'messaging_service_sid'> & {
  readonly other_recipients?: readonly string[] | null
}

/** Why a message cannot be sent that may be asked for all the same; null where nothing is in the way. */
export function doomOf(
  state: State,
  { to, body, content_sid, messaging_service_sid, other_recipients }: Doomed,
  from: string
): Doom | null {
  if ((body ?? '').length > maxLengthTo(to)) {
    return { code: 21617, message: `The message has more than ${maxLengthTo(to)} characters` }
  }
  if (isOptedOut(state, [from, messaging_service_sid], to)) {
    return { code: 21610, message: 'The recipient has asked to be sent nothing more' }
  }
  const outside = outsideOfWindow(state, { from, to, content_sid })
  if (outside !== undefined) return { code: 63016, message: outside }
  if (carrierSid(state, from, to) === null) {
    return {
      code: typeOf(to) === 'sms' ? 30005 : 63003,
      message: 'No carrier is connected for the sender, and the recipient is no virtual phone'
    }
  }
  const carrier = carrierFor(state, from)
  // Sent to each alone, it would be answered outside of the group.
  if ((other_recipients?.length ?? 0) > 0 && carrier && carrier.carrier_type !== 'virtual')
    return { code: 21612, message: `A carrier of type ${carrier.carrier_type} takes no group MMS` }
  return null
}

/** Why a message comes too late for its channel's window; undefined where it does not (reference messaging 10). */
function outsideOfWindow(
  state: State,
  { from, to, content_sid }: { readonly from: string; readonly to: string; readonly content_sid: string | null }
): string | undefined {
  if (isInWindow(state, from, to)) return undefined
  if (typeOf(to) === 'whatsapp' && content_sid !== null) {
    const content = state.tables.content.find(content_sid)
    if (content?.approval?.status === 'approved') return undefined
    return 'Outside of 24 hours after the customer wrote, only approved templates may be sent, and this one is not'
  }
  if (isInWindowOfPeople(state, from, to) && settingOf(carrierFor(state, from), 'human_agent') === true)
    return undefined
  return typeOf(to) === 'whatsapp'
    ? 'Outside of 24 hours after the customer wrote, only templates may be sent'
    : 'Outside of 24 hours after the customer wrote, nothing may be sent'
}

/** What takes a message: the carrier of its sender, else the virtual phone that it is for. */
export function carrierSid(state: State, from: string, to: string): string | null {
  return (carrierFor(state, from) ?? phoneAt(state, to))?.sid ?? null
}

/** What becomes of a message that cannot be sent. */
export function failureOf({ code, message }: Doom) {
  return { status: 'failed', error_code: code, error_message: message } as const
}
