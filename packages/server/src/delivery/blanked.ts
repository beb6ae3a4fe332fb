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
function blankedDelivery({ sid, message: text }: DeliveryText): DeliveryText | undefined {
  const message: { parameters?: Parameters; json?: unknown } = JSON.parse(text) // as rowOf wrote it
  if (message.parameters !== undefined)
    message.parameters = message.parameters.map(([name, value]) => {
      const blank = blankOf(name)
      return [name, blank === undefined ? value : (blank ?? '')]
    })
  if (typeof message.json === 'string') message.json = JSON.stringify(withoutText(JSON.parse(message.json)))
  const written = JSON.stringify(message)
  return written === text ? undefined : { sid, message: written }
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
