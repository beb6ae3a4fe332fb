import type { State } from '../center.ts'
import type { Found, Read } from '../core/command.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { deleteMedia, keepMedia, mediaReads } from '../media/media.ts'
import { emitGone } from './events.ts'
import { channelMessageOf, channelMessageReads } from './lookup.ts'
import { type ChannelMessageRow, isUnsent } from './rows.ts'
import { moveMessage } from './status.ts'

export interface UpdateChannelMessage {
  readonly sid: string
  /** Only empty: takes away what the message says. */
  readonly body?: string
  /** Calls off a message that is scheduled. */
  readonly status?: 'canceled'
}

/** Redacts a message, or calls it off (reference messaging 1). */
export function updateChannelMessage(
  state: State,
  { sid, body, status }: UpdateChannelMessage
): { channel_message: ChannelMessageRow } {
  const message = channelMessageOf(state, sid)
  if (body === undefined && status === undefined) refuse('invalid', 'A message is changed by a Body or a Status')
  if (body) refuse('invalid', 'Body must be empty: a message can be redacted, and not be changed')
  let channel_message = message
  if (status === 'canceled') {
    if (message.status !== 'scheduled' && message.status !== 'accepted' && message.status !== 'canceled')
      refuse('not_possible', `Message ${sid} is ${message.status}: only a scheduled one can be canceled`)
    channel_message = moveMessage(state, message, { status })
  }
  if (body === '') channel_message = redacted(state, channel_message)
  return { channel_message }
}

/** What it said goes: from here, and from what the log has of it. */
function redacted(state: State, message: ChannelMessageRow): ChannelMessageRow {
  checkOver(message)
  for (const { sid } of message.media) if (state.tables.media.find(sid)) state.remove('media', sid)
  const after = state.change('channel_message', message.sid, {
    body: null,
    media: [],
    content_variables: null,
    told: {}
  })
  const { phone_message } = state.tables
  for (const { sid } of phone_message.list('channel_message_sid', message.sid)) {
    state.change('phone_message', sid, { body: null, media: [] })
  }
  emitGone(state, 'redacted', after)
  return after
}

export function deleteChannelMessage(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const message = channelMessageOf(state, sid)
  checkOver(message)
  emitGone(state, 'removed', message)
  state.remove('channel_message', sid)
  return {}
}

/**
 * A file that a message names by its address is kept here from now on, and goes with the message. One that is not under way any
 * more, or does not name it, changes nothing.
 */
export function keepMessageMedia(
  state: State,
  {
    sid,
    media_sid,
    ...file
  }: {
    readonly sid: string
    readonly media_sid: string
    readonly content_type: string
    readonly filename?: string | undefined
    readonly size: number
    readonly sha256: string
  }
): { channel_message: ChannelMessageRow | undefined } {
  const message = state.resident('channel_message', sid)
  const named = message?.media.find((one) => one.sid === media_sid)
  if (!message || !named || named.url === null) return { channel_message: message }
  const { conversation_sid, message_sid } = message
  const row = keepMedia(state, media_sid, file, { channel_message_sid: sid, conversation_sid, message_sid })
  const { content_type, filename, size } = row
  const kept = { sid: media_sid, content_type, url: null, filename, size }
  const media = message.media.map((one) => (one.sid === media_sid ? kept : one))
  return { channel_message: state.change('channel_message', sid, { media }) }
}

/** A message, wherever it is. */
function messageIn(state: State, sid: string, found: Found): ChannelMessageRow | undefined {
  const rows = found('channel_message') as readonly ChannelMessageRow[] // of that kind
  return state.tables.channel_message.entry(sid)?.row ?? rows.find((row) => row.sid === sid)
}

export function changeReads({ sid }: { readonly sid: string }, state: State, found: Found): readonly Read[] {
  const message = messageIn(state, sid, found)
  // What went to a group may be on several phones.
  const isOnAll = !message?.other_recipients && state.tables.phone_message.count('channel_message_sid', sid) > 0
  return [
    ...channelMessageReads(state, sid),
    ...mediaReads(state, message?.media.map((one) => one.sid) ?? []),
    ...(isOnAll ? [] : [{ kind: 'phone_message', where: { channel_message_sid: sid } }])
  ]
}

/** What is under way cannot be taken back. */
function checkOver(message: ChannelMessageRow): void {
  if (isUnsent(message)) refuse('message.in_progress', `Message ${message.sid} is ${message.status}: it is under way`)
}

interface OfMessage {
  readonly message_sid: string
}

/** What the recipient has done with it, as far as whoever wrote it knows (reference messaging 1). */
export function giveFeedback(
  state: State,
  { message_sid, outcome = 'confirmed' }: OfMessage & { readonly outcome?: 'confirmed' | 'unconfirmed' }
): { channel_message: ChannelMessageRow } {
  const { sid, direction } = channelMessageOf(state, message_sid)
  if (direction === 'inbound') refuse('not_possible', `Message ${sid} came in: there is no feedback on it`)
  return { channel_message: state.change('channel_message', sid, { feedback: outcome }) }
}

export function deleteMessageMedia(
  state: State,
  { message_sid, sid }: OfMessage & { readonly sid: string }
): Record<string, never> {
  const message = channelMessageOf(state, message_sid)
  if (!message.media.some((one) => one.sid === sid)) notFound(`/Messages/${message_sid}/Media/${sid}`)
  checkOver(message)
  if (state.tables.media.find(sid)) deleteMedia(state, { sid, channel_message_sid: message.sid })
  state.change('channel_message', message.sid, { media: message.media.filter((one) => one.sid !== sid) })
  return {}
}

export function ofMessageReads(
  { message_sid, sid }: OfMessage & { readonly sid?: string },
  state: State
): readonly Read[] {
  return [...channelMessageReads(state, message_sid), ...mediaReads(state, sid === undefined ? [] : [sid])]
}
