import { isKeyOf } from '@ringdown/engine/core/keys'
import type { EventType } from '@ringdown/engine/events'
import type { StoredEvent } from '../store/store.ts'
import type { EventText } from './event-texts.ts'

/*
 * What is left of an event when what it was about has been removed. Its place in the log, its SID, type and instant stay,
 * and so do SIDs, dates and states: the log is still whole, and statistics are what they were. What people wrote goes,
 * and who they were.
 */

/** The events that tell of a removal, with the field that says what was removed. */
export const removals = {
  'conversation.removed': 'conversation_sid',
  'participant.removed': 'participant_sid',
  'message.removed': 'message_sid',
  'call.deleted': 'call_sid',
  'note.removed': 'note_sid',
  'channel_message.redacted': 'channel_message_sid',
  'channel_message.removed': 'channel_message_sid',
  'ringdown.flow.execution-erased': 'execution_sid',
  'ringdown.flow.execution-removed': 'execution_sid',
  'ringdown.user.removed': 'user_sid',
  'ringdown.conversations-service.removed': 'chat_service_sid'
} as const satisfies { readonly [T in EventType]?: string }

/** What stands in the place of a text. */
const blanks: Readonly<Record<string, string | null>> = {
  friendly_name: null,
  unique_name: null,
  attributes: '{}',
  identity: null,
  member_identities: '[]',
  author: null,
  body: null,
  from: null,
  to: null,
  told: '{}',
  media: null,
  mentions: '[]',
  subject: null,
  message_body: null,
  messaging_binding_address: null,
  messaging_binding_author_address: null,
  created_by: null,
  client_identity: null,
  contact_channel_address: null,
  caller_name: null,
  forwarded_from: null,
  message: null
}

/** The same by the names that webhooks and streams have for them, in letters only: `MessagingBinding.Address`, `MessageBody`. */
const blanksByLetters = new Map([
  ...Object.entries(blanks).map(([name, blank]) => [letters(name), blank] as const),
  ['messagesubject', null],
  ['caller', null],
  ['called', null],
  ['address', null]
])

/** What stands in the place of a field's text, whatever the spelling of its name; undefined where the field stays. */
export function blankOf(name: string): string | null | undefined {
  return blanksByLetters.get(letters(name))
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}

/** An event's data as `commit/batch.ts` writes it. */
interface Kept {
  readonly description: string
  readonly actor_type?: string
  readonly actor_sid?: string
  readonly resource_sid: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Removed {
  readonly sid: string
  /** Milliseconds: no event about it is older. 0 where that is not known. */
  readonly since: number
  /** The conversation that it was in, where it was in one. */
  readonly conversation_sid?: string
}

/** What an event that tells of a removal has removed. */
export function removedBy({ type, data: text }: StoredEvent): Removed | undefined {
  if (!isKeyOf(removals, type)) return undefined
  const { data }: Kept = JSON.parse(text)
  const sid = data[removals[type]]
  if (typeof sid !== 'string') return undefined
  const { date_created, conversation_sid } = data
  return {
    sid,
    since: typeof date_created === 'number' ? date_created : 0,
    ...(typeof conversation_sid === 'string' && { conversation_sid })
  }
}

/**
 * What an event is kept as when some things are gone: undefined where it is about none of them, or has no text any more. A
 * conversation or a service takes with it whatever was in it, and a message what it was on channels; a participant or user
 * takes what was told of itself.
 */
export function blankedEvent(event: StoredEvent, gone: ReadonlySet<string>): EventText | undefined {
  const { seq, type, data: text } = event
  if (!isAbout(event, gone)) return undefined
  const kept: Kept = JSON.parse(text)
  const { resource_sid, data } = kept
  const blank = { ...data }
  for (const [name, value] of Object.entries(blanks))
    if (typeof blank[name] === 'string' && Object.hasOwn(blank, name)) blank[name] = value
  // Users are told of by their identity.
  const named = `User ${data.identity} `
  const description = kept.description.startsWith(named)
    ? `User ${resource_sid} ${kept.description.slice(named.length)}`
    : type === 'error.logged'
      ? `Error ${data.error_code}`
      : kept.description
  // A customer who does something is named by its identity, too.
  const isByCustomer = kept.actor_type === 'customer' && kept.actor_sid !== undefined
  const by = isByCustomer && { actor_sid: undefined }
  const written = JSON.stringify({ ...kept, description, ...by, data: blank })
  return written === text ? undefined : { seq, data: written }
}

/** Whether an event is about one of the things that are gone, or about what went with them. */
export function isAbout({ data: text }: StoredEvent, gone: ReadonlySet<string>): boolean {
  if (!(text.match(sids) ?? []).some((sid) => gone.has(sid))) return false
  const { resource_sid, data }: Kept = JSON.parse(text)
  const abouts = [
    resource_sid,
    data.message_sid,
    data.conversation_sid,
    data.chat_service_sid,
    data.execution_sid,
    data.call_sid
  ]
  return abouts.some((sid) => gone.has(String(sid)))
}

/** Under which names users are told of who are gone; their events are asked before they are blanked. */
export function identitiesIn({ type, data: text }: StoredEvent, gone: ReadonlySet<string>): string[] {
  if (!type.startsWith('user.')) return []
  const { data }: Kept = JSON.parse(text)
  return gone.has(String(data.user_sid)) && typeof data.identity === 'string' ? [data.identity] : []
}

/** From where a message or a call came that is gone, or to whom it went; its event is asked before it is blanked. */
export function senderIn(
  { type, data: text }: StoredEvent,
  gone: ReadonlySet<string>
): { readonly sid: string; readonly from: string } | undefined {
  if (type !== 'channel_message.received' && type !== 'call.deleted') return undefined
  const { resource_sid: sid, data }: Kept = JSON.parse(text)
  const from = type === 'call.deleted' && data.direction !== 'inbound' ? data.to : data.from
  return gone.has(sid) && typeof from === 'string' ? { sid, from } : undefined
}

const sids = /(?:CH|MB|IM|KQ|US|IS|SM|MM|FN|CA)[0-9a-f]{32}/g
