import type { State } from '../center.ts'
import { conversationOf } from '../conversations/lookup.ts'
import { conversationReads } from '../conversations/reads.ts'
import type { Read } from '../core/command.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { EventRefs } from '../events.ts'
import type { NoteRow } from './rows.ts'

interface InConversation {
  /** Or its unique name. */
  readonly conversation_sid: string
}

interface NoteParams {
  readonly body?: string
  readonly mentions?: readonly string[]
}

const maxBody = 16_384
const maxMentions = 50
const maxIdentity = 256

/** Adds a note to a conversation, open or closed: what is to be said of it may come afterwards. */
export function createNote(
  state: State,
  params: InConversation & NoteParams & { readonly author?: string }
): { note: NoteRow } {
  const { sid: conversation_sid, chat_service_sid } = conversationOf(state, params.conversation_sid, {})
  const { body, mentions = [], author } = params
  if (!body) refuse('invalid', 'A Note needs a Body')
  checkParams(params)
  checkLength(author, 'Author', maxIdentity)
  return { note: addNote(state, { chat_service_sid, conversation_sid, author: author || 'system', body, mentions }) }
}

/** Adds a note that was checked; under an SID that somebody has given it, where there is one. */
function addNote(
  state: State,
  columns: Pick<NoteRow, 'chat_service_sid' | 'conversation_sid' | 'author' | 'body' | 'mentions'>,
  sid?: string
): NoteRow {
  const note = state.insert('note', { account_sid: state.account_sid, ...columns }, sid)
  state.emit('note.added', { note })
  return note
}

/** What somebody tells a colleague to whom it hands a contact on is a note of the conversation (reference flex 8.1). */
export function noteTransfer(state: State, { interaction_transfer, interaction_channel, extra }: EventRefs): void {
  const conversation = state.resident('conversation', interaction_channel?.media_channel_sid)
  const note_sid = interaction_transfer?.note_sid
  if (!note_sid || !conversation || typeof extra?.note_body !== 'string') return
  const { sid: conversation_sid, chat_service_sid } = conversation
  const author = String(extra.note_author)
  addNote(state, { chat_service_sid, conversation_sid, author, body: extra.note_body, mentions: [] }, note_sid)
}

export function updateNote(
  state: State,
  params: InConversation & NoteParams & { readonly sid: string }
): { note: NoteRow } {
  const before = noteOf(state, params)
  const { body, mentions } = params
  if (body === '') refuse('invalid', 'A Note needs a Body')
  checkParams(params)
  const note = state.change('note', before.sid, {
    ...(body !== undefined && { body }),
    ...(mentions !== undefined && { mentions })
  })
  state.emit('note.updated', { note })
  return { note }
}

export function deleteNote(state: State, params: InConversation & { readonly sid: string }): Record<string, never> {
  const note = noteOf(state, params)
  state.emit('note.removed', { note })
  state.remove('note', note.sid)
  return {}
}

export function createNoteReads({ conversation_sid }: InConversation, state: State): readonly Read[] {
  return conversationReads(state, conversation_sid, {})
}

export function noteReads(params: InConversation & { readonly sid: string }, state: State): readonly Read[] {
  const { sid } = params
  return [...createNoteReads(params, state), ...(state.tables.note.find(sid) ? [] : [{ kind: 'note', where: { sid } }])]
}

function noteOf(state: State, { conversation_sid, sid }: InConversation & { readonly sid: string }): NoteRow {
  const conversation = conversationOf(state, conversation_sid, {})
  const note = state.tables.note.find(sid)
  if (note?.conversation_sid === conversation.sid) return note
  return notFound(`/Conversations/${conversation_sid}/Notes/${sid}`)
}

function checkParams({ body, mentions = [] }: NoteParams): void {
  checkLength(body, 'Body', maxBody)
  if (mentions.length > maxMentions) refuse('invalid', `A Note has at most ${maxMentions} Mentions`)
  for (const identity of mentions) {
    if (identity === '') refuse('invalid', 'Mentions must not hold an empty text')
    checkLength(identity, 'Mentions', maxIdentity)
  }
}
