import { settingOf } from '@ringdown/engine/messaging/lookup'
import type { Giving } from '@ringdown/engine/messaging/rows'
import type { CarrierContext, OutboundMessage, SendOutcome } from './carrier.ts'

/** What came of one request that gives a part of a message to a network. */
export type PartOutcome = SendOutcome & {
  /** It may be with the network all the same: nobody answered, or with nonsense. */
  readonly isUnsure?: boolean
}

/**
 * One request to a network: most messages are one, some are a text and its files. A network that returns data of ours with its
 * reports is given the tag: by that a part is recognized whose answer was lost.
 */
export type Part = (tag: string) => Promise<PartOutcome>

/**
 * Asks the network about a part that may or may not have been sent. It has it, under a name; it has it not; or that cannot be
 * said, and the network's own report is waited for.
 */
export type Evidence = (part: number, since: number) => Promise<{ readonly taken: string } | 'not there' | 'unknown'>

/** Seconds that the network has to report a message in doubt before it is sent again; `doubt_s` of the configuration. */
const usualDoubt_s = 60
const maxDoubt_s = 3_600

/**
 * Gives a message to a network that cannot be asked not to take it twice, part by part. Before each request it is noted,
 * durably, that the part may be out, and after an answer that it is or is not: so nothing is sent twice of which anybody
 * could know that it was sent, whenever the plug is pulled (docs/decisions/049-what-may-have-been-sent.md).
 *
 * A part whose outcome is unknown is looked for (`evidence`); where the network cannot be asked, it has a minute to tell of it by
 * itself, which ends the message's waiting (`News` with our SID). Only then it is sent once more.
 */
export async function giveParts(
  parts: readonly Part[],
  message: Pick<OutboundMessage, 'sid' | 'giving'>,
  { ledger, carrier, now, since, signal }: Pick<CarrierContext, 'ledger' | 'carrier' | 'now' | 'since' | 'signal'>,
  evidence?: Evidence
): Promise<SendOutcome> {
  const { sid, giving } = message
  let begin = giving?.part ?? 0
  let name: string | undefined
  if (giving !== null && giving.since !== null && begin < parts.length) {
    const known = await settledDoubt(giving, {
      ...{ evidence, now: now(), listening_since: since, doubt_ms: doubtOf(carrier) }
    })
    if (typeof known === 'object' && 'wait' in known) return known
    if (typeof known === 'object') {
      name = known.taken
      begin += 1
    }
  }
  for (let part = begin; part < parts.length; part++) {
    // What cannot be begun any more is not in doubt.
    if (signal.aborted) return { away: 'the time for the attempt is over' }
    const { before } = await ledger.execute({ type: 'channel_message.giving', sid, part, is_begun: true })
    // Meanwhile the network has reported it, or it was called off.
    if (before === undefined) return { error_code: 30008, error_message: `Message ${sid} is not under way any more` }
    const outcome = await parts[part]?.(part === parts.length - 1 ? sid : `${sid}.${part}`)
    if (outcome === undefined) throw new Error('invariant: a message has the parts that it was made of')
    if ('taken' in outcome) {
      name = outcome.taken
      continue
    }
    const { isUnsure = false, ...rest } = outcome
    if (!isUnsure) await ledger.execute({ type: 'channel_message.giving', sid, part, is_begun: false })
    return rest
  }
  if (name === undefined)
    return { error_code: 63021, error_message: 'There is nothing in the message that could be sent' }
  return { taken: name }
}

/** The message, and the part of it where that is not the last one, in a tag that a network brings back; undefined for any other text. */
export function taggedIn(tag: string | undefined): { readonly sid: string; readonly part?: number } | undefined {
  const [, sid, part] = /^((?:SM|MM)[0-9a-f]{32})(?:\.(\d{1,3}))?$/.exec(tag ?? '') ?? []
  if (sid === undefined) return undefined
  return part === undefined ? { sid } : { sid, part: Number(part) }
}

function doubtOf(carrier: CarrierContext['carrier']): number {
  const seconds = settingOf(carrier, 'doubt_s')
  const isFit = typeof seconds === 'number' && seconds >= 1 && seconds <= maxDoubt_s
  return (isFit ? seconds : usualDoubt_s) * 1000
}

interface Doubt {
  readonly evidence: Evidence | undefined
  readonly now: number
  /** Since when this process receives the network's reports. */
  readonly listening_since: number
  readonly doubt_ms: number
}

async function settledDoubt(
  { part, since }: Giving,
  { evidence, now, listening_since, doubt_ms }: Doubt
): Promise<{ readonly taken: string } | { readonly wait: string; readonly after_ms: number } | 'not there'> {
  const begun = since ?? now
  const found = (await evidence?.(part, begun)) ?? 'unknown'
  if (found !== 'unknown') return found
  // A report that came while no server was here is lost.
  const left = Math.max(begun, listening_since) + doubt_ms - now
  if (left <= 0) return 'not there'
  return { wait: 'whether the network has it is not known: it has some time to say so', after_ms: left }
}
