import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { typeOf } from '../conversations/address.ts'
import { cut, type InboundEmail, maxSubject, threadWith } from '../conversations/email.ts'
import type { ConversationRow, MessageRow, ParticipantRow } from '../conversations/rows.ts'
import type { Read } from '../core/command.ts'
import { nameForm } from '../core/names.ts'
import { countLetter } from './address-pair.ts'
import type { ChannelMessageRow } from './rows.ts'
import { twoKey } from './rows.ts'

/*
 * Letters on their way in and out (reference messaging 19): which conversation one that came in belongs to, which one opens
 * no contact, and what stands at the head of one that goes out. What is told of a letter is in the message's `told`.
 */

/** Letters that one address may write to one of ours in an hour and be taken for a person's. */
const maxLetters = 30
/** Of the letters that a letter answers, those that are looked for. */
const maxAnswers = 12
const maxQuoted = 8000
const maxName = 128
const maxNamed = 2000

/** What a letter says of itself, as `told` has it. */
export function letterFacts(email: InboundEmail): Readonly<Record<string, string>> {
  const { subject, from_name, reply_to, quoted, answers = [], automatic } = email
  const names = (list: InboundEmail['cc']) =>
    cut(
      (list ?? []).map(({ address, name }) => (name ? `${cut(name, maxName)} <${address}>` : address)).join(', '),
      maxNamed
    )
  const [in_reply_to] = answers
  const all = {
    Subject: subject && cut(subject, maxSubject),
    FromName: from_name && cut(from_name, maxName),
    ReplyTo: reply_to,
    ToNames: names(email.to),
    Cc: names(email.cc),
    InReplyTo: in_reply_to && cut(in_reply_to, 250),
    QuotedText: quoted && cut(quoted, maxQuoted),
    Automatic: automatic && cut(automatic, 100)
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]))
}

/**
 * Why a letter comes into no conversation, as `told` has it: no person wrote it, it comes from an address of ours, or its
 * address has written so often in an hour that two machines may be answering each other. Undefined where it may.
 */
export function whyNoContact(
  state: State,
  {
    from,
    to,
    carrier_sid,
    email
  }: { readonly from: string; readonly to: string; readonly carrier_sid: string; readonly email: InboundEmail }
): Readonly<Record<string, string>> | undefined {
  if (email.automatic) return { Automatic: cut(email.automatic, 100) }
  if (isOurs(state, from)) return { Automatic: 'own address' }
  const letters = countLetter(state, to, from)
  if (letters <= maxLetters) return undefined
  if (letters === maxLetters + 1) {
    // Without the address: warnings are logged.
    const message = `An address has written more than ${maxLetters} letters in an hour: the next ones open no contact`
    const carrier = state.tables.carrier.find(carrier_sid)
    if (carrier) state.emit('ringdown.warning', { carrier, extra: { warning: 'email_loop', message } })
  }
  return { Automatic: 'loop' }
}

function isOurs(state: State, from: string): boolean {
  const form = nameForm(from).toLowerCase()
  for (const { senders } of state.tables.carrier.by('account_sid', state.account_sid)) {
    if (senders.some((sender) => nameForm(sender).toLowerCase() === form)) return true
  }
  return false
}

/** Letters that a letter answers and memory does not hold. */
export function threadReads(state: State, carrier_sid: string, { answers = [] }: InboundEmail): readonly Read[] {
  const { channel_message } = state.tables
  return answers.slice(0, maxAnswers).flatMap((provider_sid): Read[] => {
    const sid = ownSid(provider_sid)
    if (sid !== undefined) return channel_message.entry(sid) ? [] : [{ kind: 'channel_message', where: { sid } }]
    const key = twoKey(carrier_sid, provider_sid)
    if (key === null || channel_message.count('provider', key) > 0) return []
    return [{ kind: 'channel_message', where: { carrier_sid, provider_sid } }]
  })
}

/** Letters that a letter answers and memory holds. */
export function lettersInMemory(
  state: State,
  carrier_sid: string,
  { answers = [] }: InboundEmail
): readonly ChannelMessageRow[] {
  const { channel_message } = state.tables
  return answers.slice(0, maxAnswers).flatMap((message_id) => {
    const own = channel_message.entry(ownSid(message_id) ?? '')?.row
    return own ? [own] : channel_message.list('provider', twoKey(carrier_sid, message_id) ?? '')
  })
}

/** The letter with the conversation of the nearest letter that it answers and that is in one which is open. */
export function withThread(
  state: State,
  carrier_sid: string,
  email: InboundEmail
): InboundEmail & { readonly conversation_sid?: string } {
  for (const answered of (email.answers ?? []).slice(0, maxAnswers))
    for (const { conversation_sid } of lettersCalled(state, carrier_sid, answered)) {
      const open = state.resident('conversation', conversation_sid)
      if (open && open.state !== 'closed') return { ...email, conversation_sid: open.sid }
    }
  return email
}

function lettersCalled(state: State, carrier_sid: string, message_id: string): readonly ChannelMessageRow[] {
  const sid = ownSid(message_id)
  if (sid !== undefined) {
    const own = state.tables.channel_message.find(sid)
    return own ? [own] : []
  }
  const key = twoKey(carrier_sid, message_id)
  if (key === null || !state.tables.channel_message.firstBy('provider', key)) return []
  return state.tables.channel_message.list('provider', key)
}

/** The message that a Message-ID of ours names, whoever carried it, and whether or not it is known yet that it was taken. */
export function ownSid(message_id: string): string | undefined {
  return /^((?:SM|MM)[0-9a-f]{32})@/.exec(message_id)?.[1]
}

/** From which address of ours letters of a conversation go: its own, else the first that a carrier of e-mail has; null for none. */
export function letterSender(state: State, { bindings_email_address }: ConversationRow): string | null {
  return bindings_email_address ?? firstMailbox(state)
}

/** The first address of ours that an e-mail carrier has; null where there is none. */
export function firstMailbox(state: State): string | null {
  for (const { carrier_type, state: now, senders } of state.tables.carrier.by('account_sid', state.account_sid)) {
    const own = senders.find((sender) => typeOf(sender) === 'email')
    if (carrier_type === 'email' && now !== 'disabled' && own !== undefined) return own
  }
  return null
}

/** What a letter that goes out is called, without angle brackets: always the same for the same message. */
function messageIdOf(sid: string, from: string): string {
  return `${sid}@${from.slice(from.lastIndexOf('@') + 1).toLowerCase()}`
}

/** The head of a letter to a participant, as `told` has it: subject, what it answers, and who is told that it went to whom. */
export function headOf(
  state: State,
  conversation: ConversationRow,
  message: MessageRow,
  participant: ParticipantRow
): Readonly<Record<string, string>> {
  const { binding_name, email_thread: thread, sid } = participant
  const answered = thread?.references ?? []
  const subject =
    message.subject || (thread?.subject ? `Re: ${thread.subject}` : null) || conversation.friendly_name || null
  const others = state.tables.participant
    .list('messaging', conversation.sid)
    .filter((one) => one.binding_type === 'email' && one.address !== null && one.binding_level !== 'bcc')
  const named = (isCopy: boolean) =>
    others
      .filter((one) => (one.binding_level === 'cc') === isCopy)
      .map(({ address }) => address)
      .join(', ')
  const isSeen = others.length > 1 && others.some((one) => one.sid === sid)
  const all = {
    Subject: subject && cut(subject, maxSubject),
    ToName: binding_name,
    ReplyTo: thread?.reply_to,
    InReplyTo: answered.at(-1),
    References: answered.join(' '),
    FromName: conversation.bindings_email_name,
    ...(isSeen && { To: cut(named(false), maxNamed), Cc: cut(named(true), maxNamed) })
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]))
}

/** Whether a letter that came in went to an address already: whoever wrote it has sent it there. */
export function wasNamed({ source, attributes }: MessageRow, address: string): boolean {
  if (source !== 'email') return false
  const { email } = fieldsIn(JSON.parse(attributes)) // attributes were checked when they were given
  const { to, cc } = fieldsIn(email)
  const form = address.toLowerCase()
  return [to, cc].flat().some((one) => {
    const named = fieldsIn(one).address
    return typeof named === 'string' && named.toLowerCase() === form
  })
}

function fieldsIn(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {}
}

/** The next letter answers this one, too. */
export function noteLetter(state: State, participant: ParticipantRow, { sid, from, told }: ChannelMessageRow): void {
  if (from === null) return
  const email_thread = threadWith(participant.email_thread, {
    message_id: messageIdOf(sid, from),
    subject: told.Subject ?? null
  })
  state.change('participant', participant.sid, { email_thread })
}
