import { ProtocolError } from '@modelcontextprotocol/server'
import { situationErrors } from '@ringdown/contract/situation-errors'
import {
  type FeedEvent,
  feedFilters,
  isOccurrence,
  type Occurrence,
  occurrenceOf,
  type Situation,
  type SituationArguments,
  situationArguments,
  situationOf,
  situations
} from '@ringdown/contract/situations'
import type { Backend } from './backend.ts'
import { apiError } from './errors.ts'
import { bad } from './event-errors.ts'
import type { EventDoor } from './events.ts'
import { objectIn } from './json.ts'
import { near } from './near.ts'
import type { Row } from './results.ts'
import type { RingdownApi } from './ringdown-api.ts'
import { isSid } from './sids.ts'
import { roleOf } from './tools/conversations.ts'

/** Events that are looked at for one page; a client that is told `hasMore` goes on. */
const pageSize = 100
/** Milliseconds after which it is said again that a rule is wanted: it ends a day after it was said last. */
const keep_ms = 3_600_000

/** What is followed, and from where. */
export interface Subscription {
  readonly situation: Situation
  readonly args: SituationArguments
  readonly cursor: string | undefined
  /** Milliseconds; nothing older is told. */
  readonly max_age_ms: number | undefined
  /** SID of the rule that tells of a situation which no event tells of by itself. */
  readonly rule_sid: string | undefined
}

export interface Page {
  readonly events: readonly Occurrence[]
  readonly cursor: string
  readonly has_more: boolean
  readonly truncated: boolean
}

/** The feed, as one caller may see it, in situations. */
export class Following {
  readonly backend: Backend
  readonly #api: RingdownApi
  readonly #door: Omit<EventDoor, 'webhooks'>
  /** Roles of participants, by their SIDs. */
  readonly #roles = new Map<string, string>()
  #kept_at = 0

  constructor(door: Omit<EventDoor, 'webhooks'>, api: RingdownApi) {
    this.backend = door.backend
    this.#door = door
    this.#api = api
  }

  /** What is asked for. Throws ProtocolError for a type that there is not, and for arguments that it does not take. */
  async subscription(params: Row, signal: AbortSignal): Promise<Subscription> {
    const { cursor, maxAgeMs } = params
    if (cursor !== undefined && cursor !== null && typeof cursor !== 'string')
      throw bad('cursor must be what an earlier answer said, or null for now')
    const max_age_ms = integerIn(maxAgeMs, 'maxAgeMs')
    const { situation, args } = await this.wanted(params)
    // From now on: what the rule tells at once comes after it.
    const from = cursor ?? (situation.ruled ? await this.#now(signal) : undefined)
    const rule_sid = await this.#rule(situation, args, signal)
    return { situation, args, cursor: from, max_age_ms, rule_sid }
  }

  /** The situation that is named, and its arguments, with SIDs where names stood. */
  async wanted({ name, arguments: given }: Row): Promise<Pick<Subscription, 'situation' | 'args'>> {
    const situation = situationOf(name)
    if (!situation) {
      const names = situations.map((one) => one.name)
      const [nearest] = near(
        String(name),
        names.map((text) => ({ text }))
      )
      throw new ProtocolError(
        situationErrors.unknown,
        `no event ${String(name)}${nearest ? `; ${nearest.text}?` : ''}`,
        { kind: 'event', names }
      )
    }
    return { situation, args: await this.#arguments(situation, objectIn(given ?? {})) }
  }

  /** Says again, once in a while, that the rule of what is followed is wanted. */
  async keep({ situation, args }: Subscription, signal: AbortSignal): Promise<void> {
    if (situation.ruled && performance.now() - this.#kept_at > keep_ms) await this.#rule(situation, args, signal)
  }

  async #rule({ name, ruled }: Situation, args: SituationArguments, signal: AbortSignal): Promise<string | undefined> {
    if (!ruled) return undefined
    const form = { Situation: name, Arguments: JSON.stringify(args) }
    const { sid } = objectIn(await this.#api.post('SituationRules', form, signal))
    this.#kept_at = performance.now()
    return String(sid)
  }

  async #now(signal: AbortSignal): Promise<string> {
    const { cursor } = objectIn(await this.#api.get('Events', { wait_s: 0, limit: 1 }, signal))
    return String(cursor)
  }

  async #arguments(situation: Situation, given: Row): Promise<SituationArguments> {
    const args = situationArguments(situation, given)
    if (typeof args === 'string') throw bad(args)
    const named = Object.entries(args).map(async ([name, value]) => {
      const ref = situation.arguments[name]?.ref
      return [name, ref ? await this.#sid(ref, String(value), name) : value] as const
    })
    return Object.fromEntries(await Promise.all(named))
  }

  async #sid(kind: NonNullable<Situation['arguments'][string]['ref']>, text: string, name: string): Promise<string> {
    const { names } = this.backend
    const place = kind === 'studio_flow' || isSid(text) ? '' : (await names.workspace(this.#door.workspace)).sid
    return (await names.resolve(kind, text, name, place)).sid
  }

  /** A page of the feed: what of it is asked for, and the place after all of it. */
  async page(
    { situation, args, max_age_ms, rule_sid }: Subscription,
    { cursor, wait_s, signal }: { cursor: string | undefined; wait_s: number; signal: AbortSignal }
  ): Promise<Page> {
    const filters = situation.ruled ? {} : feedFilters(situation, args)
    const query = { types: situation.types.join(','), ...filters, cursor, wait_s, limit: pageSize }
    const page = (await this.#api.get('Events', query, signal)) as Omit<Page, 'events'> & {
      readonly events: readonly FeedEvent[]
    } // as the feed answers
    const oldest = max_age_ms === undefined ? Number.NEGATIVE_INFINITY : Date.now() - max_age_ms
    const events: Occurrence[] = []
    for (const event of page.events) {
      if (Date.parse(event.at) < oldest || !isOccurrence(situation, event, args, rule_sid)) continue
      const role = situation.name === 'message.added' ? await this.#roleOf(event) : undefined
      if (args.role !== undefined && role !== args.role) continue
      events.push(occurrenceOf(situation, event, { role, privacy: this.#door.privacy }))
    }
    return { ...page, events }
  }

  /** Who wrote; a participant who is gone is told by how it wrote. */
  async #roleOf({ data }: FeedEvent): Promise<string> {
    const participant = typeof data.participant_sid === 'string' ? data.participant_sid : null
    const known = participant === null ? undefined : this.#roles.get(participant)
    if (known !== undefined) return known
    const { conversations } = this.backend.client.conversations.v1
    const member =
      participant === null
        ? undefined
        : await conversations(String(data.conversation_sid))
            .participants(participant)
            .fetch()
            .catch((error: unknown) => {
              if (apiError(error)?.status === 404) return undefined
              throw error
            })
    const author = typeof data.author === 'string' ? data.author : null
    const role = roleOf(member, { participantSid: participant, author })
    if (participant !== null) this.#roles.set(participant, role)
    return role
  }
}

/** A whole number above 0 where one is given. Throws ProtocolError for anything else. */
export function integerIn(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw bad(`${name} must be a whole number above 0`)
  return value
}
