import type { PDU } from 'smpp'
import { smsTextIn } from './smpp-text-in.ts'

/** A center's delivery receipt for a message that it has taken. */
export interface SmppReceipt {
  readonly id: string
  readonly status: 'sent' | 'delivered' | 'undelivered' | 'failed'
  readonly error_code: number | null
  readonly error_message: string | null
}

/** States of messages as texts and as numbers (SMPP 3.4, 5.2.28 and appendix B). */
const states: Readonly<Record<string, Pick<SmppReceipt, 'status' | 'error_code'>>> = {
  ENROUTE: { status: 'sent', error_code: null },
  DELIVRD: { status: 'delivered', error_code: null },
  EXPIRED: { status: 'undelivered', error_code: 30003 },
  DELETED: { status: 'undelivered', error_code: 30008 },
  UNDELIV: { status: 'undelivered', error_code: 30003 },
  ACCEPTD: { status: 'sent', error_code: null },
  UNKNOWN: { status: 'undelivered', error_code: 30008 },
  REJECTD: { status: 'undelivered', error_code: 30007 }
}
const byNumber = [undefined, 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD']

/** Whether a PDU is a receipt, and no message of a phone. */
export function isReceipt({ esm_class }: PDU): boolean {
  return typeof esm_class === 'number' && (esm_class & 0x3c) === 0x04
}

/** What a receipt says; undefined where it says of nothing we could know. What its fields say counts more than its text. */
export function receiptIn(pdu: PDU): SmppReceipt | undefined {
  const text = smsTextIn(pdu) ?? ''
  const { receipted_message_id: named, message_state: numbered } = pdu
  const id = typeof named === 'string' && named !== '' ? named : /\bid:\s*([^\s]{1,65})/i.exec(text)?.[1]
  const stat =
    (typeof numbered === 'number' ? byNumber[numbered] : undefined) ?? /\bstat:\s*([A-Z]{1,7})/i.exec(text)?.[1]
  const state = states[stat?.toUpperCase() ?? '']
  if (id === undefined || stat === undefined || state === undefined) return undefined
  const err = /\berr:\s*([0-9A-Za-z]{1,8})/i.exec(text)?.[1]
  const error_message = state.error_code === null ? null : `${stat.toUpperCase()}${err ? `, err ${err}` : ''}`
  return { id: canonical(id), ...state, error_message }
}

/** Ids differ between an answer and a receipt in zeros and capitals. */
export function canonical(id: string): string {
  return id.toLowerCase().replace(/^0+(?=.)/, '')
}
