import { isJsonObject } from '@ringdown/contract/json-text'
import type { InsightEvent } from './insight-event.ts'
import type { ContactText, Facts, Holder } from './segment.ts'

/*
 * What attributes say: those of tasks of the contact (reference flex 21), those of workers of team and skills.
 */

type Fields = Readonly<Record<string, unknown>>

/** What a task's attributes say. */
export interface ReadAttributes {
  readonly facts: Facts
  readonly attributes: string
  /** JSON text of a list. */
  readonly customers: string
  /** The contact's conversation, whose messages count. */
  readonly conversation_sid: string | null
  /** Milliseconds that take the place of what was measured. */
  readonly queue_ms: number | null
  readonly talk_ms: number | null
  readonly hold_ms: number | null
}

/**
 * Characters of a task's attributes that are kept as they are. Of longer ones `conversations` and `customers` are kept alone, up
 * to twice as many characters.
 */
const maxAttributes = 4_096
const maxCustomers = 8
/** Attributes `conversation_label_1` and so on, as Flex Insights has them. */
const maxLabels = 10

interface Known {
  readonly task_sid: string
  readonly text: string
  readonly read: ReadAttributes
}

const known = new Map<string, Known>()
/** The one that was asked for last: an event asks more than once. */
let last: Known | undefined
/** Tasks whose attributes are remembered: those that are open on most floors. */
const maxKnown = 2_000

/** Reads a task's attributes. Most events of a task have the same text: the last one of each is remembered. */
export function readAttributes(task_sid: string, text: string): ReadAttributes {
  if (last?.task_sid === task_sid && last.text === text) return last.read
  const before = known.get(task_sid)
  if (before?.text === text) {
    last = before
    return before.read
  }
  last = { task_sid, text, read: readNow(task_sid, text) }
  if (known.size >= maxKnown && !before) known.clear()
  known.set(task_sid, last)
  return last.read
}

/** The members that anything is read from, and what may spell one in another way. */
const telling = /"(?:conversations|customers|direction|conversationSid|customerAddress|from)"|\\/

/** What may be a number that is further from one than others can count: PostgreSQL refuses the whole text of JSON for one. */
const far = /\d[eE][-+]?\d{3}/

function readNow(task_sid: string, text: string): ReadAttributes {
  if (text.startsWith('{') && text.length <= maxAttributes && !telling.test(text) && !far.test(text))
    return silentOf(task_sid, text)
  const root = fieldsIn(text)
  const conversations = fields(root.conversations)
  const labels = conversations === nothing ? [] : labelsIn(conversations)
  const sid = word(root.conversationSid)
  return {
    facts: {
      conversation_id: word(conversations.conversation_id) ?? task_sid,
      direction: directionIn(word(conversations.direction) ?? word(root.direction)),
      communication_channel: word(conversations.communication_channel),
      outcome: word(conversations.outcome),
      hang_up_by: word(conversations.hang_up_by),
      abandoned: word(conversations.abandoned),
      abandoned_phase: word(conversations.abandoned_phase),
      labels: labels.length === 0 ? null : JSON.stringify([...new Set(labels)])
    },
    attributes: keptText(root, text),
    customers: textOf(customersIn(root, conversations)),
    conversation_sid: sid !== null && /^CH[0-9a-f]{32}$/.test(sid) ? sid : null,
    queue_ms: seconds(conversations.queue_time),
    talk_ms: seconds(conversations.talk_time),
    hold_ms: seconds(conversations.hold_time)
  }
}

/** Of a task whose attributes say nothing of the contact. */
function silentOf(conversation_id: string, attributes: string): ReadAttributes {
  return {
    facts: {
      conversation_id,
      direction: 'inbound',
      communication_channel: null,
      outcome: null,
      hang_up_by: null,
      abandoned: null,
      abandoned_phase: null,
      labels: null
    },
    attributes,
    customers: '[]',
    conversation_sid: null,
    queue_ms: null,
    talk_ms: null,
    hold_ms: null
  }
}

/** Calls that the center makes are `outbound-api` and `outbound-dial` (reference voice 1). */
function directionIn(text: string | null): string {
  const direction = (text ?? 'inbound').toLowerCase()
  return direction.startsWith('outbound-') ? 'outbound' : direction
}

function textOf(list: readonly string[]): string {
  return list.length === 0 ? '[]' : JSON.stringify(list)
}

const labelNames = Array.from({ length: maxLabels }, (_, n) => `conversation_label_${n + 1}`)

function labelsIn(conversations: Fields): string[] {
  const labels: string[] = []
  for (const name of labelNames) if (conversations[name] !== undefined) labels.push(...texts(conversations[name]))
  return labels
}

/** What is kept of a customer who is to be forgotten: what the contact was about, and not who it was. */
export function withoutCustomer(attributes: string): string {
  const conversations = fields(fieldsIn(attributes).conversations)
  const kept = Object.entries(conversations).filter(([name]) => !personal.has(name))
  return kept.length === 0 ? '{}' : JSON.stringify({ conversations: Object.fromEntries(kept) })
}

const personal: ReadonlySet<string> = new Set([
  'conversation_id',
  'external_contact',
  'content',
  'media',
  'segment_link',
  'preceded_by',
  'followed_by',
  'case',
  'destination',
  ...Array.from({ length: maxLabels }, (_, n) => `conversation_attribute_${n + 1}`)
])

export function contactText(task_sid: string, at: number, { attributes, customers }: ReadAttributes): ContactText {
  return { task_sid, at, attributes, customers }
}

/** Addresses and identities by which the attributes name the customer. */
function customersIn(root: Fields, conversations: Fields): string[] {
  const { phone, email, external_id } = fields(root.customers)
  const named = [root.customerAddress, root.from, phone, email, external_id, conversations.external_contact]
  const found: string[] = []
  for (const value of named) {
    const name = word(value)
    if (name !== null && !found.includes(name)) found.push(name)
  }
  return found.slice(0, maxCustomers)
}

/** As it was written, unless it is long or no object; a number that nobody can count is null. */
function keptText(root: Fields, text: string): string {
  if (root !== nothing && text.length <= maxAttributes) return far.test(text) ? JSON.stringify(root) : text
  const { conversations, customers } = root
  const short = JSON.stringify({ conversations, customers })
  return short.length <= 2 * maxAttributes ? short : '{}'
}

interface Worked {
  readonly team: string | null
  readonly skills: string | null
  readonly identity: string | null
}

const worked = new Map<string, Worked>()
/** Workers whose attributes are remembered: more than most floors have. */
const maxWorked = 2_000

let lastWorked: { readonly attributes: string; readonly worked: Worked } | undefined

function workedOf(attributes: string): Worked {
  if (lastWorked?.attributes !== attributes) lastWorked = { attributes, worked: workedIn(attributes) }
  return lastWorked.worked
}

function workedIn(attributes: string): Worked {
  let known = worked.get(attributes)
  if (!known) {
    const root = fieldsIn(attributes)
    const skills = fields(root.routing).skills
    const contact = word(root.contact_uri)
    known = {
      team: word(root.team_name),
      skills: Array.isArray(skills) && skills.length > 0 ? JSON.stringify(skills.flatMap(texts)) : null,
      identity: contact === null ? null : contact.replace(/^client:/, '')
    }
    if (worked.size >= maxWorked) worked.clear()
    worked.set(attributes, known)
  }
  return known
}

/** The team of the worker of an event. */
export function teamIn(event: InsightEvent): string | null {
  return workedOf(event.worker_attributes ?? '{}').team
}

/** The worker of an event as it is then. */
export function holderOf(event: InsightEvent): Holder {
  const { worker_sid, worker_activity_sid: activity_sid, worker_activity_name: activity } = event
  const { team, skills } = workedOf(event.worker_attributes ?? '{}')
  return { worker_sid, team, skills, activity_sid, activity }
}

/** By which name the worker of an event chats: its `contact_uri` without the scheme, else its name (reference flex 6). */
export function identityIn(event: InsightEvent): string | null {
  return workedOf(event.worker_attributes ?? '{}').identity || event.worker_name
}

const nothing: Fields = {}

function fieldsIn(text: string): Fields {
  const value: unknown = JSON.parse(text) // attributes were checked when they were given
  return fields(value)
}

function fields(value: unknown): Fields {
  return isJsonObject(value) ? value : nothing
}

/** Numbers and truths are words, too; an empty text is none, and a long one is cut. */
function word(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value.slice(0, 256) : null
}

/** A label, or several in a list. */
function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((one) => word(one) ?? [])
}

function seconds(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value < 1e9 ? Math.round(value * 1000) : null
}
