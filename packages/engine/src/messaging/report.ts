import type { State } from '../center.ts'
import type { Found, Read } from '../core/command.ts'
import { notFound } from '../core/parameters.ts'
import { type ChannelMessageRow, type Giving, isUnsent, twoKey } from './rows.ts'
import { messageTaken, moveMessage, noteCarrier, type StatusNews, statusReads } from './status.ts'

/** What became of giving a message to its carrier. */
export type GivenMessage = { readonly sid: string } & (
  | { readonly provider_sid: string | null }
  /** `trouble` is the carrier's own, and none of the message's. */
  | { readonly error_code: number; readonly error_message: string; readonly trouble?: boolean }
)

/** The carrier has taken a message, or will not. What nobody waits for any more changes nothing. */
export function channelMessageGiven(
  state: State,
  given: GivenMessage
): { channel_message: ChannelMessageRow | undefined } {
  const message = state.tables.channel_message.find(given.sid)
  if (!message) return { channel_message: undefined }
  if ('provider_sid' in given) return { channel_message: messageTaken(state, message, given.provider_sid) }
  if (!isUnsent(message)) return { channel_message: message }
  const { error_code, error_message, trouble = false } = given
  if (trouble) noteCarrier(state, message.carrier_sid, error_message)
  return { channel_message: moveMessage(state, message, { status: 'failed', error_code, error_message }) }
}

export function channelMessageGivenReads({ sid }: GivenMessage, state: State, found: Found): readonly Read[] {
  return statusReads(state, sid, found)
}

/**
 * A part of a message is about to be given to its network (`is_begun`), or surely was not taken by it. Answers how far the
 * message had come before; undefined for one that is not under way any more.
 */
export function noteGiving(
  state: State,
  { sid, part, is_begun }: { readonly sid: string; readonly part: number; readonly is_begun: boolean }
): { before: Giving | null | undefined } {
  const message = state.resident('channel_message', sid)
  if (message?.status !== 'queued') return { before: undefined }
  state.change('channel_message', sid, { giving: { part, since: is_begun ? state.at : null } })
  return { before: message.giving ?? null }
}

/** What a carrier tells of a message later: by the message's SID, or by what the provider calls it. */
export type ChannelMessageReport = StatusNews &
  ({ readonly sid: string } | { readonly carrier_sid: string; readonly provider_sid: string })

/** How long a report may be earlier than the answer that says whose it is. */
const early_ms = 10 * 60_000
/** Reports of messages that nobody knows: more of them are lost than a provider can have under way. */
const maxEarly = 10_000

/** Takes note of what has become of a message. A report that comes before the carrier's own answer waits for it. */
export function reportChannelMessage(
  state: State,
  report: ChannelMessageReport
): { channel_message: ChannelMessageRow | undefined } {
  const message = 'sid' in report ? state.tables.channel_message.find(report.sid) : byProvider(state, report)
  if (message) return { channel_message: moveMessage(state, message, report) }
  if ('sid' in report) return notFound(`/Messages/${report.sid}`)
  const { carrier_sid, provider_sid, status, error_code = null, error_message = null } = report
  if (state.tables.early_report.size < maxEarly) {
    state.insert('early_report', {
      account_sid: state.account_sid,
      ...{ carrier_sid, provider_sid, status, error_code, error_message },
      date_over: state.at + early_ms
    })
  }
  return { channel_message: undefined }
}

export function reportChannelMessageReads(report: ChannelMessageReport, state: State, found: Found): readonly Read[] {
  if ('sid' in report) return statusReads(state, report.sid, found)
  const { carrier_sid, provider_sid } = report
  const known = state.tables.channel_message.list('provider', twoKey(carrier_sid, provider_sid) ?? '').at(-1)
  if (known) return statusReads(state, known.sid, found)
  const rows = found('channel_message') as readonly ChannelMessageRow[] // of that kind
  return [
    { kind: 'channel_message', where: { carrier_sid, provider_sid } },
    ...rows.flatMap(({ sid }) => statusReads(state, sid, found))
  ]
}

function byProvider(
  state: State,
  { carrier_sid, provider_sid }: { readonly carrier_sid: string; readonly provider_sid: string }
): ChannelMessageRow | undefined {
  const key = twoKey(carrier_sid, provider_sid)
  if (key === null || !state.tables.channel_message.firstBy('provider', key)) return undefined
  return state.tables.channel_message.list('provider', key).at(-1)
}

/** Nobody has asked for what was told too early. */
export function earlyReportDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('early_report', sid)
  return {}
}
