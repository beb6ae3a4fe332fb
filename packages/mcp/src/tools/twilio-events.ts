import { setTimeout as pause } from 'node:timers/promises'
import type { MessageInstance } from 'twilio/lib/rest/conversations/v1/conversation/message.js'
import type { EventInstance } from 'twilio/lib/rest/taskrouter/v1/workspace/event.js'
import { fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { conversationsOf } from '../names.ts'
import type { Outcome } from '../results.ts'
import { type Call, given } from '../tool.ts'
import { outcomeOf, type ReportedEvent, usualEvents, usualWait_s } from './reported-event.ts'
import type { WaitArguments } from './wait-for-events.ts'

/*
 * Waiting on a Twilio account, which has no feed: TaskRouter's events and the messages of one conversation are asked for
 * again and again. Events may become visible late and out of order, so some seconds are asked for twice, and what is known
 * is dropped.
 */

/** Milliseconds between two questions. */
const rest_ms = 2_000
/** Milliseconds that are asked for again. */
const overlap_ms = 5_000
/** How far back events can be asked for, and where a wait may begin without a cursor. */
const kept_ms = 30 * 24 * 3_600_000
const furthest_ms = 24 * 3_600_000
/** The most that is read at once. */
const maxRead = 2_000

const families = [
  'task.',
  'task-queue.',
  'workflow.',
  'reservation.',
  'worker.',
  'activity.',
  'workspace.',
  'task-channel.'
]
const workingTypes = [...families.map((family) => `${family}*`), 'message.added (with conversationSid)']

/** A place in what Twilio tells: of TaskRouter's events, or of a conversation's messages. */
type Place =
  /** Events from this instant on (milliseconds) are new, unless their ends of SIDs are known. */
  | { readonly from: number; readonly known: readonly string[] }
  /** Messages after this index are new. */
  | { readonly conversation: string; readonly index: number }

interface Found {
  readonly events: readonly (ReportedEvent & { readonly place: Place })[]
  readonly place: Place
  readonly hasMore: boolean
  readonly truncated: boolean
}

/**
 * Waits on a Twilio account.
 *
 * Throws Fault `unsupported_backend` for what Twilio does not tell, `bad_value` for a cursor or instant that is none.
 */
export async function twilioEvents(values: WaitArguments, call: Call): Promise<Outcome> {
  checkWorking(values)
  const until = performance.now() + (values.waitSeconds ?? usualWait_s) * 1000
  const look = values.conversationSid === undefined ? taskrouterEvents : conversationMessages
  let place = values.cursor === undefined ? undefined : placeIn(values.cursor, values.conversationSid)
  let truncated = false
  for (;;) {
    const found = await look(values, place, call)
    place = found.place
    truncated ||= found.truncated
    const left = until - performance.now()
    if (found.events.length > 0 || left <= 0 || call.signal.aborted) {
      const page = { events: found.events, cursor: cursorOf(place), hasMore: found.hasMore, truncated }
      return outcomeOf(page, call.fields, (event) => cursorOf(event.place))
    }
    await pause(Math.min(rest_ms, left), undefined, { signal: call.signal }).catch(() => {}) // aborted: the next look is the last
  }
}

function checkWorking({
  types = [],
  conversationSid,
  interactionSid,
  taskSid,
  workerSid,
  taskQueueSid
}: WaitArguments) {
  const unsupported = (message: string, argument: string, found: unknown, allowed: readonly string[]) =>
    fault('unsupported_backend', message, { argument, found, allowed, next: `use one of these: ${allowed.join(', ')}` })
  if (interactionSid !== undefined) {
    const allowed = ['taskSid', 'workerSid', 'taskQueueSid', 'conversationSid']
    throw unsupported('Twilio does not list events of interactions', 'interactionSid', interactionSid, allowed)
  }
  if (conversationSid !== undefined) {
    const other = Object.entries({ taskSid, workerSid, taskQueueSid }).find(([, value]) => value !== undefined)
    if (other)
      throw unsupported('on Twilio a conversation is waited for alone', other[0], other[1], ['conversationSid'])
  }
  for (const type of types) {
    const works =
      conversationSid === undefined
        ? type === '*' || families.some((family) => type.startsWith(family) || matches(type, family))
        : matches(type, 'message.added')
    if (works) continue
    const allowed = conversationSid === undefined ? workingTypes : ['message.added']
    throw unsupported(`on Twilio nothing can be waited for by the type ${type}`, 'types', type, allowed)
  }
}

function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type
}

async function taskrouterEvents(values: WaitArguments, place: Place | undefined, call: Call): Promise<Found> {
  const workspace = call.backend.client.taskrouter.v1.workspaces(await call.workspace())
  const now = Date.now()
  const asked = place && 'from' in place ? place : { from: startOf(values.since, now), known: [] }
  const from = Math.max(asked.from, now - kept_ms)
  const [only] = values.types ?? []
  const listed = await workspace.events.list({
    ...given({ taskSid: values.taskSid, workerSid: values.workerSid, taskQueueSid: values.taskQueueSid }),
    ...(values.types?.length === 1 && only && !only.endsWith('*') ? { eventType: only } : {}),
    // Whole seconds, as the API takes them; what is older is dropped below.
    startDate: new Date(Math.floor(from / 1000) * 1000),
    limit: maxRead,
    pageSize: 1000
  })
  const known = new Set(asked.known)
  const fresh = listed
    .reverse()
    .map((event) => ({ event, at: instantOf(event) }))
    .filter(({ event, at }) => at >= from && !known.has(endOf(event.sid)))
    .sort((a, b) => a.at - b.at)
  const wanted = values.types ?? []
  const events: (ReportedEvent & { place: Place })[] = []
  let at: Place = { from, known: asked.known }
  let all = new Map(listed.map((event) => [endOf(event.sid), instantOf(event)]))
  all = new Map([...all].filter(([end]) => known.has(end)))
  let passed = 0
  for (const { event, at: instant } of fresh) {
    if (events.length >= (values.maxEvents ?? usualEvents)) break
    passed++
    all.set(endOf(event.sid), instant)
    const next = Math.max(at.from, instant - overlap_ms)
    at = { from: next, known: [...all].flatMap(([end, when]) => (when >= next ? [end] : [])) }
    if (wanted.length === 0 || wanted.some((pattern) => matches(pattern, event.eventType)))
      events.push({ ...told(event, instant), place: at })
  }
  const truncated = asked.from < from || listed.length >= maxRead
  return { events, place: at, hasMore: passed < fresh.length, truncated }
}

function told({ sid, eventType, description, eventData }: EventInstance, instant: number): ReportedEvent {
  return { eventSid: sid, type: eventType, at: iso(instant), description, data: objectIn(eventData) }
}

function instantOf({ eventDateMs, eventDate }: EventInstance): number {
  return Number(eventDateMs) || eventDate.getTime()
}

/** Enough of a SID to know it again among those of a few seconds. */
const endOf = (sid: string): string => sid.slice(-8)

async function conversationMessages(values: WaitArguments, place: Place | undefined, call: Call): Promise<Found> {
  const { conversationSid = '', maxEvents = usualEvents } = values
  const { messages } = conversationsOf(call.backend.client, undefined)(conversationSid)
  const [newest] = await messages.list({ order: 'desc', limit: 1, pageSize: 1 })
  const end = newest?.index ?? -1
  const at = (index: number): Place => ({ conversation: conversationSid, index })
  const start = place && 'index' in place ? place.index : undefined
  if (start === undefined && values.since === undefined)
    return { events: [], place: at(end), hasMore: false, truncated: false }
  if (newest === undefined || (start !== undefined && end <= start))
    return { events: [], place: at(start ?? end), hasMore: false, truncated: false }
  const limit = Math.min(start === undefined ? maxRead : end - start, maxRead)
  const since = start === undefined ? startOf(values.since, Date.now()) : Number.NEGATIVE_INFINITY
  const read = (await messages.list({ order: 'desc', limit, pageSize: 100 })).reverse()
  const fresh = read.filter(({ index, dateCreated }) => index > (start ?? -1) && dateCreated.getTime() >= since)
  const events = fresh.slice(0, maxEvents).map((message) => ({ ...written(message), place: at(message.index) }))
  return {
    events,
    place: at(
      events.length < fresh.length
        ? (fresh[events.length - 1]?.index ?? end)
        : Math.max(end, fresh.at(-1)?.index ?? end)
    ),
    hasMore: events.length < fresh.length,
    truncated: start !== undefined && (read[0]?.index ?? 0) > start + 1
  }
}

function written(message: MessageInstance): ReportedEvent {
  const { sid, index, author, body, attributes, participantSid, conversationSid, dateCreated } = message
  return {
    type: 'message.added',
    at: iso(dateCreated.getTime()),
    description: `Message ${sid} added`,
    data: {
      conversation_sid: conversationSid,
      message_sid: sid,
      index,
      author,
      participant_sid: participantSid,
      body,
      attributes
    }
  }
}

const iso = (instant: number): string => new Date(instant).toISOString()

const durationText = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i

/** Where a wait begins without a cursor: now, or `since`. */
function startOf(since: string | undefined, now: number): number {
  if (since === undefined) return now
  const parts = /\d/.test(since) ? durationText.exec(since.trim()) : null
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = (parts ?? []).slice(1).map((part) => Number(part ?? 0))
  const start = parts ? now - (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 : Date.parse(since)
  if (Number.isNaN(start) || start < now - furthest_ms)
    throw fault('bad_value', 'since must be an ISO 8601 instant or a duration back from now, at most a day', {
      argument: 'since',
      found: since,
      next: 'give since like 2026-01-31T09:00:00Z or PT10M'
    })
  return start
}

/** Our own text: Twilio has no cursors for its events. */
function cursorOf(place: Place): string {
  const parts = 'from' in place ? ['e', place.from, ...place.known] : ['m', place.index, place.conversation]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function placeIn(cursor: string, conversationSid: string | undefined): Place {
  const bad = (message: string) =>
    fault('bad_value', message, {
      argument: 'cursor',
      next: 'give the cursor of an answer to the same question; or leave it out, and give since'
    })
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    throw bad('this cursor is none of ours')
  }
  if (!Array.isArray(parts) || !Number.isSafeInteger(parts[1])) throw bad('this cursor is none of ours')
  const [kind, number, ...texts] = parts as [unknown, number, ...unknown[]] // as just checked
  if (!texts.every((text) => typeof text === 'string')) throw bad('this cursor is none of ours')
  if (kind === 'e' && conversationSid === undefined) return { from: number, known: texts }
  if (kind === 'm' && texts[0] !== undefined && texts[0] === conversationSid)
    return { conversation: texts[0], index: number }
  throw bad('this cursor belongs to another question')
}
