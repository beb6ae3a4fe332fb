import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import type { ConversationRow, ParticipantRow } from './rows.ts'

/*
 * What conversations know of e-mail (reference messaging 19). A letter is found to belong to a conversation by the letters
 * that it answers, and what was written last to and by each participant is what the next letter to it answers.
 */

/** Where correspondence with a participant stands: what the next letter to it answers. */
export interface EmailThread {
  /** Without any `Re:` in front. */
  readonly subject: string | null
  /** Where answers are wanted, if that is not the participant's address. */
  readonly reply_to: string | null
  /** Message-IDs without angle brackets, the newest last. */
  readonly references: readonly string[]
}

export interface EmailName {
  readonly address: string
  readonly name: string | null
}

/** What a letter that came in says of itself. */
export interface InboundEmail {
  readonly message_id: string
  readonly subject?: string
  readonly from_name?: string
  readonly reply_to?: string
  /** Whom else it went to. */
  readonly to?: readonly EmailName[]
  readonly cc?: readonly EmailName[]
  /** What it repeats of earlier letters, apart from what it says. */
  readonly quoted?: string
  /** Message-IDs of the letters that it answers, the nearest first. */
  readonly answers?: readonly string[]
  /** Why no person wrote it: then it opens no contact and is not answered. */
  readonly automatic?: string
}

const noThread: EmailThread = { subject: null, reply_to: null, references: [] }
const maxReferences = 10
/** Of a subject, as of a message's. */
export const maxSubject = 256
const maxName = 128
const maxNames = 8
/** Of what is repeated, where it stands in a message's attributes. */
const maxQuotedShown = 1500
/** Of attributes, in UTF-16 units: a message has room for 4 KB. */
const maxShown = 3500

/** A subject without what answers and forwarded letters put in front of it, in the languages that people write here. */
function bareSubject(subject: string): string {
  return subject.replace(/^(?:\s*(?:re|aw|sv|vs|antw|rif|odp|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:)+/i, '').trim()
}

/** The thread after one more letter. */
export function threadWith(
  thread: EmailThread | null | undefined,
  letter: { readonly message_id: string; readonly subject?: string | null; readonly reply_to?: string | null }
): EmailThread {
  const { subject, reply_to, references } = thread ?? noThread
  const others = references.filter((one) => one !== letter.message_id)
  return {
    subject: letter.subject ? bareSubject(letter.subject).slice(0, maxSubject) || subject : subject,
    reply_to: letter.reply_to === undefined ? reply_to : letter.reply_to,
    references: [...others, letter.message_id].slice(-maxReferences)
  }
}

/** The participant of a conversation with an e-mail address, however its letters are written. */
export function correspondentOf(
  state: State,
  { sid }: Pick<ConversationRow, 'sid'>,
  address: string
): ParticipantRow | undefined {
  const form = nameForm(address).toLowerCase()
  for (const participant of state.tables.participant.list('messaging', sid)) {
    if (participant.address !== null && nameForm(participant.address).toLowerCase() === form) return participant
  }
  return undefined
}

/** What a message's attributes show of the letter that it came by: JSON text of an object with `email`, which always fits. */
export function letterShown({ message_id, from_name, reply_to, to, cc, quoted }: InboundEmail): string {
  const names = (list: readonly EmailName[] = []) =>
    list.slice(0, maxNames).map(({ address, name }) => ({ address, name: name && cut(name, maxName) }))
  const whole = {
    message_id: cut(message_id, 250),
    ...(from_name && { from_name: cut(from_name, maxName) }),
    ...(reply_to && { reply_to }),
    ...(to && to.length > 0 && { to: names(to) }),
    ...(cc && cc.length > 0 && { cc: names(cc) }),
    ...(quoted && { quoted: cut(quoted, maxQuotedShown) })
  }
  const bare = { message_id: whole.message_id }
  const fit = [whole, { ...whole, quoted: undefined }, bare].map((email) => JSON.stringify({ email }))
  return fit.find((text) => bytesOf(text) <= maxShown) ?? '{}'
}

/** Bytes of UTF-8, counted without an encoder. */
function bytesOf(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** A text of at most so many UTF-16 units, which ends with a whole character. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}
