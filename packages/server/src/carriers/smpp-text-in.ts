import type { PDU, ShortMessage } from 'smpp'

/** What a PDU says: its short message, else its payload. Undefined for what is no text. */
export function smsTextIn(pdu: PDU): string | undefined {
  const found = messageIn(pdu)
  if (found === undefined) return ''
  const { message } = found
  if (typeof message === 'string') return message
  return message === undefined || message.length === 0 ? '' : undefined
}

/** The short message or the payload, whichever has something; undefined where neither is as it should be. */
export function messageIn({ short_message, message_payload }: PDU): ShortMessage | undefined {
  for (const one of [short_message, message_payload]) {
    if (typeof one !== 'object' || one === null || Buffer.isBuffer(one)) continue
    const { message, udh } = one as ShortMessage // as the library decodes it
    const isText = typeof message === 'string' || Buffer.isBuffer(message)
    if (isText && (message.length > 0 || udh)) return { message, ...(Array.isArray(udh) && { udh }) }
  }
  return undefined
}
