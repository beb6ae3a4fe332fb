import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { emitReceipt } from './events.ts'
import type { DeliveryCounts, MessageReceiptRow, MessageRow, ReceiptStatus } from './rows.ts'

/** A way that a message goes to somebody who is reached by an address. */
export interface NewReceipt {
  /** The message, which must be in memory: whoever has just made it, or has read it (`receiptReads`). */
  readonly message_sid: string
  readonly participant_sid: string
  readonly channel_message_sid: string | null
  /** `sent` by default: it was handed over. */
  readonly status?: ReceiptStatus
  readonly error_code?: number
}

/** What a channel says of a message that it has. */
export interface ReceiptReport {
  readonly status: ReceiptStatus
  /** Of one that failed. */
  readonly error_code?: number
}

/** How far a message has come; one that has failed goes no further. */
const rank = { sent: 1, delivered: 2, read: 3, failed: 4, undelivered: 4 } as const satisfies Record<
  ReceiptStatus,
  number
>

const nothingYet: DeliveryCounts = { total: 0, sent: 0, delivered: 0, read: 0, failed: 0, undelivered: 0 }

/** Keeps that a message is on its way to a participant, and tells of it. Undefined where the message is gone. */
export function insertReceipt(
  state: State,
  { message_sid, participant_sid, channel_message_sid, status = 'sent', error_code = 0 }: NewReceipt
): MessageReceiptRow | undefined {
  const message = state.tables.message.find(message_sid)
  if (message === undefined) return undefined
  const { chat_service_sid, conversation_sid } = message
  const receipt = state.insert('message_receipt', {
    chat_service_sid,
    conversation_sid,
    message_sid,
    participant_sid,
    channel_message_sid,
    status,
    error_code
  })
  count(state, message, undefined, status)
  emitReceipt(state, receipt)
  return receipt
}

/**
 * Keeps what a channel says of a message, and tells of it. Reports may come late and in any order: a receipt never goes
 * back, and what has failed stays failed, so a report that says less changes nothing. Undefined where receipt or message
 * are gone.
 */
export function moveReceipt(
  state: State,
  sid: string,
  { status, error_code = 0 }: ReceiptReport
): MessageReceiptRow | undefined {
  const before = state.tables.message_receipt.find(sid)
  const message = state.tables.message.find(before?.message_sid)
  if (before === undefined || message === undefined) return undefined
  if (!isProgress(before.status, status)) return before
  const receipt = state.change('message_receipt', sid, { status, error_code })
  count(state, message, before.status, status)
  emitReceipt(state, receipt)
  return receipt
}

/** What `insertReceipt` (without a receipt) and `moveReceipt` must have read. */
export function receiptReads(
  state: State,
  { receipt_sid, message_sid }: { readonly receipt_sid?: string | null; readonly message_sid: string }
): readonly Read[] {
  const receipt: Read[] =
    receipt_sid && !state.tables.message_receipt.find(receipt_sid)
      ? [{ kind: 'message_receipt', where: { sid: receipt_sid } }]
      : []
  return state.tables.message.find(message_sid)
    ? receipt
    : [...receipt, { kind: 'message', where: { sid: message_sid } }]
}

/** What arrived cannot fail any more; what failed cannot arrive. */
function isProgress(from: ReceiptStatus, to: ReceiptStatus): boolean {
  if (from === 'failed' || from === 'undelivered') return false
  return to === 'failed' || to === 'undelivered' ? from === 'sent' : rank[to] > rank[from]
}

/** Brings the message's counts up to date. A message is not edited by it: its date stays. */
function count(state: State, message: MessageRow, from: ReceiptStatus | undefined, to: ReceiptStatus): void {
  const before = message.delivery_counts ?? nothingYet
  const less = from === undefined ? [] : countedAs(from)
  const more = countedAs(to)
  const by = (name: keyof DeliveryCounts) => Number(more.includes(name)) - Number(less.includes(name))
  const delivery_counts: DeliveryCounts = {
    total: before.total + Number(from === undefined),
    sent: before.sent + by('sent'),
    delivered: before.delivered + by('delivered'),
    read: before.read + by('read'),
    failed: before.failed + by('failed'),
    undelivered: before.undelivered + by('undelivered')
  }
  state.change('message', message.sid, { delivery_counts, date_updated: message.date_updated })
}

/** What is read has been delivered, and what is delivered was sent. */
function countedAs(status: ReceiptStatus): readonly (keyof DeliveryCounts)[] {
  if (status === 'failed' || status === 'undelivered') return [status]
  return (['sent', 'delivered', 'read'] as const).slice(0, rank[status])
}
