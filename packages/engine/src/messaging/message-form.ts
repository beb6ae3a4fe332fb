import type { State } from '../center.ts'
import { normalized, typeOf } from '../conversations/address.ts'
import { checkRange, checkUrl } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { maxMedia } from '../media/media.ts'
import { senderAddress } from './lookup.ts'
import type { CreateChannelMessage } from './outbound.ts'

/* What is refused of a message that somebody asks for (reference messaging 14). */

const minute = 60_000
/** How far ahead a message may be scheduled. */
const scheduled = { min: 15 * minute, max: 35 * 24 * 60 * minute }

export const noSender = 'A From or a MessagingServiceSid is needed to send a message'

/** Refuses what no message says, whoever it is for. */
export function checkMessage(state: State, params: CreateChannelMessage, maxLength: number): void {
  checkContent(params, maxLength)
  checkUrl(params.status_callback, 'StatusCallback')
  checkRange(params.validity_period, 'ValidityPeriod', 1, 36_000)
  checkSchedule(state, params)
}

/** To whom a message goes, in the form in which addresses are kept. */
export function recipientOf({ to }: CreateChannelMessage): string {
  if (!to) return refuse('message.no_to', "A 'To' is needed to send a message")
  return normalized(to) ?? refuse('message.bad_to', `Invalid 'To' address: ${to}`)
}

/** The sender that is named; null where a messaging service is to choose one. */
export function namedSender({ from, messaging_service_sid }: CreateChannelMessage, to: string): string | null {
  if (!from) return messaging_service_sid ? null : refuse('message.no_from', noSender)
  const sender = senderAddress(from) ?? refuse('message.bad_from', `Invalid 'From' address: ${from}`)
  if (sender === to) refuse('message.same_address', "'To' and 'From' cannot be the same address")
  if (typeOf(sender) !== typeOf(to)) {
    refuse('message.other_channel', `'From' ${sender} and 'To' ${to} must be addresses of one channel`)
  }
  return sender
}

function checkContent({ body, media_url = [], content_sid }: CreateChannelMessage, max: number): void {
  if (!body && media_url.length === 0 && !content_sid) {
    refuse('message.empty', 'A message needs a Body, a MediaUrl or a ContentSid')
  }
  if ((body ?? '').length > max) {
    refuse('message.too_long', `Body has ${body?.length} characters; ${max} are possible`)
  }
  if (media_url.length > maxMedia) {
    refuse('message.too_many_media', `A message has at most ${maxMedia} media, not ${media_url.length}`)
  }
  for (const url of media_url) {
    if (!/^https?:\/\/[^\s/?#]+/i.test(url))
      refuse('message.bad_media_url', `Value '${url}' provided for MediaUrl is no URL`)
  }
}

function checkSchedule(state: State, { schedule_type, send_at, messaging_service_sid }: CreateChannelMessage): void {
  if (schedule_type === undefined && send_at === undefined) return
  if (schedule_type === undefined) refuse('invalid', 'SendAt needs a ScheduleType')
  if (send_at === undefined) refuse('invalid', 'ScheduleType needs a SendAt')
  if (!messaging_service_sid)
    refuse('invalid', 'Only a Messaging Service schedules messages: a MessagingServiceSid is needed')
  const ahead = send_at - state.at
  if (ahead < scheduled.min || ahead > scheduled.max) {
    refuse('invalid', 'SendAt must be 15 minutes to 35 days from now')
  }
}
