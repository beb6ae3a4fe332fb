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
  'note.removed': 'note_sid',
  'ringdown.user.removed': 'user_sid',
  'ringdown.conversations-service.removed': 'chat_service_sid'
} as const satisfies { readonly [T in EventType]?: string }

/** What stands in the place of a text. */
const blanks: Readonly<Record<string, string | null>> = {
  friendly_name: null,
  unique_name: null,
  attributes: '{}',
  identity: null,
  author: null,
  body: null,
  mentions: '[]',
  subject: null,
  messaging_binding_address: null,
  created_by: null,
  client_identity: null
}

/** The same by the names that webhooks and streams have for them, in letters only: `MessagingBinding.Address`, `MessageBody`. */
const blanksByLetters = new Map([
  ...Object.entries(blanks).map(([name, blank]) => [letters(name), blank] as const),
  ['messagebody', null],
  ['messagesubject', null],
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
  readonly resource_sid: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Removed {
  readonly sid: string
  /** Milliseconds: no event about it is older. 0 where that is not known. */
  readonly since: number
}

/** What an event that tells of a removal has removed. */
export function removedBy({ type, data: text }: StoredEvent): Removed | undefined {
  if (!isKeyOf(removals, type)) return undefined
  const { data }: Kept = JSON.parse(text)
  const sid = data[removals[type]]
  if (typeof sid !== 'string') return undefined
  return { sid, since: typeof data.date_created === 'number' ? data.date_created : 0 }
}

/**
 * What an event is kept as when some things are gone: undefined where it is about none of them, or has no text any more. A
 * conversation or a service takes with it whatever was in it; a message, participant or user what was told of itself.
 */
export function blankedEvent({ seq, data: text }: StoredEvent, gone: ReadonlySet<string>): EventText | undefined {
  if (!(text.match(sids) ?? []).some((sid) => gone.has(sid))) return undefined
  const kept: Kept = JSON.parse(text)
  const { resource_sid, data } = kept
  if (![resource_sid, data.conversation_sid, data.chat_service_sid].some((sid) => gone.has(String(sid))))
    return undefined
  const blank = { ...data }
  for (const [name, value] of Object.entries(blanks))
    if (typeof blank[name] === 'string' && Object.hasOwn(blank, name)) blank[name] = value
  // Users are told of by their identity.
  const named = `User ${data.identity} `
  const description = kept.description.startsWith(named)
    ? `User ${resource_sid} ${kept.description.slice(named.length)}`
    : kept.description
  const written = JSON.stringify({ ...kept, description, data: blank })
  return written === text ? undefined : { seq, data: written }
}

const sids = /(?:CH|MB|IM|KQ|US|IS)[0-9a-f]{32}/g
