import type { State } from '../center.ts'
import { insertReceipt, moveReceipt, receiptReads } from '../conversations/receipt.ts'
import type { Found, Read } from '../core/command.ts'
import type { Changes } from '../core/table.ts'
import { emitCarrier, emitGone, emitStatus } from './events.ts'
import { channelMessageReads } from './lookup.ts'
import { type ChannelMessageRow, type ChannelMessageStatus, isUnsent, twoKey, unsent } from './rows.ts'

/** What a carrier says that has become of a message. */
export interface StatusNews {
  readonly status: 'sent' | 'delivered' | 'undelivered' | 'failed' | 'read'
  readonly error_code?: number | null
  readonly error_message?: string | null
}

/** To where a message moves: a carrier says it, or whoever has sent it calls it off. */
type Move = StatusNews['status'] | 'canceled'

/** From which statuses a message can come to one: it never goes back, and what has failed stays so (reference messaging 1). */
const before: Readonly<Record<Move, readonly ChannelMessageStatus[]>> = {
  sent: unsent,
  delivered: [...unsent, 'sent'],
  undelivered: [...unsent, 'sent'],
  // Some networks take a message, and say only later that they will not have it.
  failed: [...unsent, 'sent'],
  read: [...unsent, 'sent', 'delivered'],
  canceled: ['scheduled', 'accepted']
}

/**
 * Moves a message to a status and tells of it; answers the message as it is then. What would lead back is no news: it
 * changes nothing but the columns that are given besides.
 */
export function moveMessage(
  state: State,
  message: ChannelMessageRow,
  { status, error_code = null, error_message = null }: Omit<StatusNews, 'status'> & { readonly status: Move },
  besides: Changes<ChannelMessageRow> = {}
): ChannelMessageRow {
  const isNews = before[status].includes(message.status)
  if (!isNews) return hasChanges(besides) ? state.change('channel_message', message.sid, besides) : message
  const gone = unretained(message)
  const isSent = status !== 'canceled' && !(status === 'failed' && isUnsent(message))
  const after = state.change('channel_message', message.sid, {
    ...besides,
    status,
    error_code,
    error_message,
    date_due: null,
    doom: null,
    ...(isSent && message.date_sent === null && { date_sent: state.at }),
    ...(message.conversation_sid === null && { date_settled: state.at }),
    ...gone
  })
  emitStatus(state, status, after)
  // What it said, or to whom, is to be nowhere: not in what the log has told of it so far, either.
  if (hasChanges(gone)) emitGone(state, 'redacted', after)
  return status === 'canceled' ? after : withReceipt(state, after, status)
}

/** What a message no longer has once it is sent, or will not be, as whoever made it has asked (reference messaging 1). */
function unretained(message: ChannelMessageRow): Changes<ChannelMessageRow> {
  const { to, body, media } = message
  const hasContent = body !== null || media.length > 0
  const known = to.replace(/\d{1,4}$/, 'XXXX')
  return {
    ...(message.content_retention === 'discard' && hasContent && { body: null, media: [], content_variables: null }),
    ...(message.address_retention === 'obfuscate' && known !== to && { to: known })
  }
}

/** What must have been read before a message moves: itself, and the receipt that moves with it. */
export function statusReads(state: State, sid: string, found: Found): readonly Read[] {
  const rows = found('channel_message') as readonly ChannelMessageRow[] // of that kind
  const message = state.tables.channel_message.entry(sid)?.row ?? rows.find((row) => row.sid === sid)
  const own = channelMessageReads(state, sid)
  if (!message?.message_sid || message.participant_sid === null) return own
  return [...own, ...receiptReads(state, { receipt_sid: message.receipt_sid, message_sid: message.message_sid })]
}

/** A conversation's message has a receipt for each leg, from when it was handed over, or could not be. */
function withReceipt(state: State, message: ChannelMessageRow, status: StatusNews['status']): ChannelMessageRow {
  const { sid, message_sid, participant_sid, receipt_sid, direction } = message
  if (message_sid === null || participant_sid === null || direction === 'inbound') return message
  const error_code = message.error_code ?? 0
  if (receipt_sid !== null) {
    moveReceipt(state, receipt_sid, { status, error_code })
    return message
  }
  const receipt = insertReceipt(state, { message_sid, participant_sid, channel_message_sid: sid, status, error_code })
  return receipt ? state.change('channel_message', sid, { receipt_sid: receipt.sid }) : message
}

function hasChanges(besides: object): boolean {
  return Object.keys(besides).length > 0
}

/** The carrier has taken a message, and says what it calls it. What it told of it before counts now. */
export function messageTaken(state: State, message: ChannelMessageRow, provider_sid: string | null): ChannelMessageRow {
  const { carrier_sid } = message
  let after = moveMessage(state, message, { status: 'sent' }, provider_sid === null ? {} : { provider_sid })
  noteCarrier(state, carrier_sid, null)
  const key = twoKey(carrier_sid, provider_sid)
  if (key === null) return after
  for (const { sid, status, error_code, error_message } of state.tables.early_report.list('provider', key)) {
    state.remove('early_report', sid)
    after = moveMessage(state, after, { status: status as StatusNews['status'], error_code, error_message }) // reports are of these
  }
  return after
}

/** Keeps whether a carrier takes messages: `error` is why it does not, null that it does. Virtual phones always do. */
export function noteCarrier(state: State, carrier_sid: string | null, error: string | null): void {
  const carrier = state.tables.carrier.find(carrier_sid)
  if (!carrier || carrier.state === 'disabled') return
  const now = error === null ? 'ready' : 'failing'
  if (carrier.state === now && carrier.last_error === (error ?? carrier.last_error)) return
  const after = state.change('carrier', carrier.sid, {
    state: now,
    ...(error !== null && { last_error: error, last_error_at: state.at })
  })
  if (carrier.state !== now) emitCarrier(state, now, after)
}
