import { InvalidRequest, shown } from '@ringdown/contract/form'
import { instantOf } from '@ringdown/contract/instant'
import { isJsonObject } from '@ringdown/contract/json-text'
import { durationOf } from '@ringdown/engine/conversations/duration'
import { eventTypes } from '@ringdown/engine/events'
import type { EventReader, FollowedBy } from '../../access/event-sight.ts'
import { FeedFilter } from './event.ts'

/** What somebody asks the feed: where to begin, what for, how much, how long. */
export interface FeedQuestion {
  readonly cursor: string | undefined
  /** Milliseconds; where to begin without a cursor. Undefined is now. */
  readonly since: number | undefined
  readonly filter: FeedFilter
  /** Events of one answer. */
  readonly limit: number
  readonly wait_ms: number
  /** Of a stream: whether it hears who types and who looks at a conversation. */
  readonly presence: boolean
  /** Of a stream: the workspace whose board it is told. */
  readonly board?: string | undefined
  /** Whether whoever asks may still do so; looked at while it waits. */
  readonly stands?: (() => boolean) | undefined
  /** Who asks, as conversations know it: while its stream is open, it is online. */
  readonly whose?: FollowedBy | undefined
}

/** Names and values as a query has them. */
export type QueryParameters = ReadonlyMap<string, readonly string[]>

/** Parameters that narrow, the SID that each takes, and the fields of an event's data in which it is looked for. */
const narrowing: Readonly<Record<string, { readonly prefix: string; readonly fields: readonly string[] }>> = {
  workspace_sid: { prefix: 'WS', fields: ['workspace_sid'] },
  task_sid: { prefix: 'WT', fields: ['task_sid'] },
  worker_sid: { prefix: 'WK', fields: ['worker_sid'] },
  task_queue_sid: { prefix: 'WQ', fields: ['task_queue_sid'] },
  // What happens in an interaction's channel happens in its conversation, too.
  conversation_sid: { prefix: 'CH', fields: ['conversation_sid', 'media_channel_sid'] },
  interaction_sid: { prefix: 'KD', fields: ['interaction_sid'] }
}

const names = ['cursor', 'since', 'types', ...Object.keys(narrowing), 'limit', 'wait_s', 'presence', 'board']

const maxWait_s = 50
const usualWait_s = 25
const maxEvents = 1000
const usualEvents = 100
const furthestBack_ms = 24 * 3_600_000

/**
 * Reads the parameters of any door. A parameter that is there and empty counts as absent. Throws InvalidRequest (400) that
 * names the parameter; an unknown one is refused, since a misspelt filter would let everything through.
 *
 * `now`: milliseconds, by the clock of the log. `reader`: for whom the log is followed; without one, everything is heard.
 */
export function feedQuestion(parameters: QueryParameters, now: number, reader?: EventReader): FeedQuestion {
  const unknown = [...parameters.keys()].find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new InvalidRequest(`Parameter ${unknown} is unknown: there are ${names.join(', ')}`, unknown)
  const one = (name: string) => parameters.get(name)?.at(-1) || undefined
  const since = one('since')
  return {
    cursor: one('cursor'),
    since: since === undefined ? undefined : sinceOf(since, now),
    filter: new FeedFilter(typesOf(parameters.get('types') ?? []), aboutOf(one), reader),
    stands: reader?.stands,
    whose: reader?.whose,
    limit: integerOf('limit', one('limit'), { usual: usualEvents, least: 1, most: maxEvents }),
    wait_ms: integerOf('wait_s', one('wait_s'), { usual: usualWait_s, least: 0, most: maxWait_s }) * 1000,
    presence: flagOf('presence', one('presence')),
    board: boardOf(one('board'), reader)
  }
}

/** The same from a JSON object: lists stand for lists, numbers for their text. */
export function parametersIn(value: unknown): QueryParameters {
  if (!isJsonObject(value))
    throw new InvalidRequest('The message is invalid: a JSON object with cursor, since, types, … is expected')
  return new Map(
    Object.entries(value)
      .filter(([, given]) => given !== null)
      .map(([name, given]) => [name, (Array.isArray(given) ? given : [given]).map((one) => textIn(name, one))])
  )
}

function textIn(name: string, value: unknown): string {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value)
  throw new InvalidRequest(`Parameter ${name} is invalid: a text, a number, or a list of them is expected`, name)
}

/** Names of events, taken in any letter case, as the log spells them. */
function typesOf(lists: readonly string[]): string[] {
  const types = lists.flatMap((list) => list.split(',')).map((type) => type.trim())
  const wanted = types.filter((type) => type !== '')
  for (const type of wanted) {
    const filter = new FeedFilter([type.toLowerCase()], [])
    if (eventTypes.some((known) => filter.fitsType(known))) continue
    const families = [...new Set(eventTypes.map((known) => `${known.split('.')[0]}.*`))]
    throw new InvalidRequest(
      `Parameter types is invalid: no event is called '${shown(type)}'; there are ${families.join(', ')}`,
      'types'
    )
  }
  return wanted.map((type) => type.toLowerCase())
}

function aboutOf(one: (name: string) => string | undefined) {
  return Object.entries(narrowing).flatMap(([name, { prefix, fields }]) => {
    const sid = one(name)
    if (sid === undefined) return []
    if (!sid.startsWith(prefix) || !/^[A-Z]{2}[0-9a-f]{32}$/.test(sid))
      throw new InvalidRequest(
        `Parameter ${name} is invalid: a SID that begins with ${prefix} is expected, not '${shown(sid)}'`,
        name
      )
    return [{ fields, sid }]
  })
}

/** An instant, or how far back: both in ISO 8601. */
function sinceOf(text: string, now: number): number {
  const back = durationOf(text)
  const since = back === null ? instantOf(text) : now - back
  if (since === null)
    throw new InvalidRequest(
      `Parameter since is invalid: an instant (2026-01-31T09:00:00Z) or a duration back from now (PT10M) is expected, not '${shown(text)}'`,
      'since'
    )
  if (since < now - furthestBack_ms)
    throw new InvalidRequest(
      `Parameter since is invalid: at most 24 hours back, not '${shown(text)}'; a cursor reaches further`,
      'since'
    )
  return since
}

function boardOf(sid: string | undefined, reader: EventReader | undefined): string | undefined {
  if (sid === undefined) return undefined
  if (!/^WS[0-9a-f]{32}$/.test(sid))
    throw new InvalidRequest(
      `Parameter board is invalid: a SID that begins with WS is expected, not '${shown(sid)}'`,
      'board'
    )
  if (reader?.seesBoard?.(sid) === false)
    throw new InvalidRequest(
      'Parameter board is refused: only who sees all queues is told the board as it changes',
      'board',
      {
        code: 20403,
        status: 403
      }
    )
  return sid
}

function flagOf(name: string, text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false
  if (text === 'true') return true
  throw new InvalidRequest(`Parameter ${name} is invalid: true or false is expected, not '${shown(text)}'`, name)
}

function integerOf(
  name: string,
  text: string | undefined,
  { usual, least, most }: { readonly usual: number; readonly least: number; readonly most: number }
): number {
  if (text === undefined) return usual
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < least || value > most)
    throw new InvalidRequest(
      `Parameter ${name} is invalid: an integer from ${least} to ${most} is expected, not '${shown(text)}'`,
      name
    )
  return value
}
