import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { takeIn, takeInReads } from './inbound.ts'
import { type ChannelMessageRow, type MessagePartRow, wholeKey } from './rows.ts'

/** A part of a message that a network brings in several (reference messaging 20). */
export interface ReceiveMessagePart {
  readonly carrier_sid: string
  readonly from: string
  readonly to: string
  /** What the parts have in common. */
  readonly reference: number
  readonly total: number
  /** From 1. */
  readonly number: number
  readonly body: string
}

/** How long the other parts are waited for; after that what is there is the message. */
const patience_ms = 5 * 60_000
/** Parts that are waited for at once: more of them come one by one. */
const maxParts = 10_000

/** Keeps a part until all of them are there, and takes in the whole then. The same part again changes nothing. */
export function receiveMessagePart(
  state: State,
  params: ReceiveMessagePart
): { channel_message: ChannelMessageRow | undefined } {
  const { total, number } = params
  const isPart = Number.isInteger(number) && number >= 1 && number <= total && total <= 255
  const known = state.tables.message_part.list('whole', wholeKey(params))
  if (known.some((part) => part.number === number)) return { channel_message: undefined }
  if (!isPart || total === 1 || state.tables.message_part.size >= maxParts) {
    const part = { ...params, account_sid: state.account_sid, date_over: state.at }
    return { channel_message: put(state, [state.insert('message_part', part)]) }
  }
  const { carrier_sid, from, to, reference, body } = params
  state.insert('message_part', {
    ...{ account_sid: state.account_sid, carrier_sid, from, to, reference, total, number, body },
    date_over: state.at + patience_ms
  })
  const parts = state.tables.message_part.list('whole', wholeKey(params))
  return { channel_message: parts.length < total ? undefined : put(state, parts) }
}

export function receiveMessagePartReads(params: ReceiveMessagePart, state: State): readonly Read[] {
  return takeInReads(params, state)
}

/** A part has waited for long enough: what is there of its message is taken in, unless it was. */
export function messagePartDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const part = state.tables.message_part.need(sid)
  if (part.body !== null) put(state, state.tables.message_part.list('whole', wholeKey(part)))
  state.remove('message_part', sid)
  return {}
}

export function messagePartDueReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  const part = state.resident('message_part', sid)
  return part ? takeInReads(part, state) : []
}

/** Puts parts together in their order; their texts go. */
function put(state: State, parts: readonly MessagePartRow[]): ChannelMessageRow | undefined {
  const ordered = parts.filter(({ body }) => body !== null).sort((a, b) => a.number - b.number)
  const [first] = ordered
  if (!first) return undefined
  const body = ordered.map((part) => part.body ?? '').join('')
  for (const { sid } of ordered) state.change('message_part', sid, { body: null })
  const { carrier_sid, from, to, sid } = first
  return takeIn(state, { carrier_sid, provider_sid: sid, from, to, body })
}
