import { blankOf } from '../log/blanked.ts'
import type { Store } from '../store/store.ts'
import type { Parameters } from './delivery.ts'
import { DeliveryRows, type DeliveryText } from './rows.ts'

/** Takes the texts of some events, by their places in the log, out of what is sent for them; resolves with how many had any. */
export function deliveriesBlanking(store: Store, account_sid: string): (seqs: readonly number[]) => Promise<number> {
  const rows = new DeliveryRows(store)
  return async (seqs) => {
    const messages = await rows.messagesFor(account_sid, seqs)
    const rewritten = messages.flatMap((one) => blankedDelivery(one) ?? [])
    await rows.rewrite(account_sid, rewritten)
    return rewritten.length
  }
}

/** A message without the texts of its event; undefined where it has none. */
function blankedDelivery({ sid, kind, message: text }: DeliveryText): DeliveryText | undefined {
  const message: { parameters?: Parameters; json?: unknown; text?: string; url?: string } = JSON.parse(text) // as rowOf wrote it
  // What a flow asks is made of what people said, by names of its own.
  if (kind === 'flow_request') {
    if (message.url !== undefined) message.url = new URL(message.url).origin
    if (message.parameters !== undefined) message.parameters = []
    if (message.text !== undefined) message.text = ''
  }
  // A program is told what was pressed and said, and whatever a caller's device adds.
  if (kind === 'call_document')
    message.parameters = message.parameters?.filter(([name]) => /(?:Sid|Status|Version|Direction)$/.test(name)) ?? []
  // Its sentence quotes what was written.
  if (kind === 'situation_webhook' && message.text !== undefined) {
    const { data, ...occurrence } = JSON.parse(message.text) // as receivers/situations.ts wrote it
    const { summary: _, ...told } = Object(withoutText(data))
    message.text = JSON.stringify({ ...occurrence, data: told })
  }
  if (message.parameters !== undefined)
    message.parameters = message.parameters.map(([name, value]) => {
      const blank = blankOf(name)
      return [name, blank === undefined ? value : (blank ?? '')]
    })
  if (typeof message.json === 'string') message.json = JSON.stringify(withoutText(JSON.parse(message.json)))
  const written = JSON.stringify(message)
  return written === text ? undefined : { sid, kind, message: written }
}

function withoutText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutText)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const blank = blankOf(name)
      return [name, blank === undefined || member === null ? withoutText(member) : blank]
    })
  )
}
