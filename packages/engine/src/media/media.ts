import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { isSid } from '../core/ids.ts'
import { checkLength, checkRange, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { authorKey, type MediaRow } from './rows.ts'

export interface CreateMedia {
  readonly chat_service_sid?: string | undefined
  readonly author?: string | undefined
  readonly content_type: string
  readonly filename?: string | undefined
  readonly size: number
  readonly sha256: string
}

/** The largest file of all channels, in bytes (reference conversations 8.6). */
export const maxMediaSize = 150 * 1024 * 1024
/** Files of one message. */
export const maxMedia = 10
/** How long a file waits for the message that names it. */
const unattached_ms = 24 * 3_600_000

/** Files of one identity that wait for their messages, and so live in memory. */
const maxUnattached = 100

/** Takes in a file that somebody sends. Who has many already that no message has named sends those first. */
export function takeMedia(state: State, params: CreateMedia): { media: MediaRow } {
  const { chat_service_sid, author } = params
  const waiting = author ? state.tables.media.count('author', authorKey(chat_service_sid ?? null, author)) : 0
  if (waiting >= maxUnattached)
    refuse('too_many', `${author} has uploaded ${waiting} files that no Message has named: more are not possible`)
  return createMedia(state, params)
}

/** Takes in a file whose bytes are safe. It waits a day for the message that names it. */
export function createMedia(state: State, params: CreateMedia): { media: MediaRow } {
  const { chat_service_sid = null, author = null, content_type, filename, size, sha256 } = params
  if (chat_service_sid !== null && !state.tables.chat_service.find(chat_service_sid))
    notFound(`/Services/${chat_service_sid}`)
  checkRange(size, 'Size', 1, maxMediaSize)
  checkLength(content_type, 'Content-Type', 256)
  checkLength(filename, 'Filename', 256)
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('invariant: a file is known by its SHA-256')
  const media = state.insert('media', {
    account_sid: state.account_sid,
    chat_service_sid,
    conversation_sid: null,
    message_sid: null,
    channel_message_sid: null,
    recording_sid: null,
    author,
    content_type,
    filename: filename || null,
    size,
    sha256,
    status: 'unattached',
    date_expires: state.at + unattached_ms
  })
  return { media }
}

/** Where a file is to be attached. */
export type MediaPlace =
  | { readonly conversation_sid: string; readonly message_sid: string; readonly chat_service_sid: string }
  | { readonly channel_message_sid: string; readonly chat_service_sid: null }
  | { readonly recording_sid: string; readonly chat_service_sid: null }

/** Whose files may be taken: those of one service, and of one identity or the account's own where one is named. */
export interface MediaScope {
  readonly chat_service_sid: string | null
  readonly identity?: string | undefined
}

/**
 * Files that a message may bring, in the order in which it names them; refuses with 400 what is not there, is another
 * service's or another person's, or belongs to a message already: nobody learns which of these it is.
 */
export function freeMedia(state: State, sids: readonly string[], scope: MediaScope): readonly MediaRow[] {
  if (sids.length > maxMedia) refuse('invalid', `A Message has at most ${maxMedia} media`)
  if (new Set(sids).size < sids.length) refuse('invalid', 'MediaSid: a Message names each of its media once')
  return sids.map((sid) => {
    const row = isSid('ME', sid) ? state.tables.media.find(sid) : undefined
    if (row && isFree(row, scope)) return row
    return refuse('invalid', `Value '${sid}' provided for MediaSid is no Media of this Service that can be attached`)
  })
}

function isFree({ status, chat_service_sid, author }: MediaRow, scope: MediaScope): boolean {
  const { identity } = scope
  const isOthers = identity !== undefined && author !== null && author !== identity
  return status === 'unattached' && chat_service_sid === scope.chat_service_sid && !isOthers
}

/** From now on the files go with what they are attached to. */
export function attachMedia(state: State, rows: readonly MediaRow[], place: MediaPlace): void {
  for (const { sid } of rows) state.change('media', sid, { ...place, status: 'attached', date_expires: null })
}

/**
 * The same file once more, for another message that brings it: a leg to a phone of what was written in a conversation,
 * or what came from a phone in its conversation. Its bytes are kept once; it is to be attached.
 */
export function copyMedia(state: State, row: MediaRow): MediaRow {
  const { chat_service_sid, author, content_type, filename, size, sha256 } = row
  const file = { content_type, filename: filename ?? undefined, size, sha256 }
  return createMedia(state, { chat_service_sid: chat_service_sid ?? undefined, author: author ?? undefined, ...file })
    .media
}

/** Files that a channel has brought: those that belong to its own message already are copied. Refuses what is not there. */
export function broughtMedia(state: State, sids: readonly string[]): readonly MediaRow[] {
  return sids.slice(0, maxMedia).map((sid) => {
    const row = isSid('ME', sid) ? state.tables.media.find(sid) : undefined
    if (!row) return refuse('invalid', `Value '${sid}' provided for MediaSid is no Media`)
    return row.status === 'attached' ? copyMedia(state, row) : row
  })
}

/** A file that a message to a phone named by its address, and that is kept now, under the SID that the message has for it. */
export function keepMedia(
  state: State,
  sid: string,
  { content_type, filename, size, sha256 }: Omit<CreateMedia, 'chat_service_sid' | 'author'>,
  place: Pick<MediaRow, 'channel_message_sid' | 'conversation_sid' | 'message_sid'>
): MediaRow {
  const row = {
    account_sid: state.account_sid,
    chat_service_sid: null,
    author: null,
    ...{ content_type, filename: filename || null, size, sha256 },
    ...place,
    recording_sid: null,
    status: 'attached',
    date_expires: null
  } as const
  return state.insert('media', row, sid)
}

/** Removes a file that no message has named, or one of a message to or from a phone, which stays. */
export function deleteMedia(
  state: State,
  params: {
    readonly sid: string
    readonly chat_service_sid?: string
    readonly channel_message_sid?: string
  }
): Record<string, never> {
  const { sid, chat_service_sid = null, channel_message_sid = null } = params
  const media = state.tables.media.find(sid)
  const isHere = media?.chat_service_sid === chat_service_sid && media.channel_message_sid === channel_message_sid
  if (!media || !isHere)
    return notFound(
      chat_service_sid === null
        ? `/Messages/${channel_message_sid}/Media/${sid}`
        : `/Services/${chat_service_sid}/Media/${sid}`
    )
  if (media.message_sid !== null)
    refuse('not_possible', `Media ${sid} belongs to Message ${media.message_sid} and is deleted with it`)
  dropMedia(state, media, 'deleted')
  return {}
}

/** Nobody has sent it. */
export function mediaExpired(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  dropMedia(state, state.tables.media.need(sid), 'expired')
  return {}
}

function dropMedia(state: State, media: MediaRow, reason: 'deleted' | 'expired'): void {
  state.emit('ringdown.media.removed', { media, extra: { reason } })
  state.remove('media', media.sid)
}

// Reads and what is shown

/** Files that a command names and that memory does not hold: they belong to something by now, or are nobody's. */
export function mediaReads(state: State, sids: readonly string[]): Read[] {
  return sids
    .filter((sid) => isSid('ME', sid) && !state.tables.media.find(sid))
    .map((sid) => ({ kind: 'media', where: { sid } }))
}

export function deleteMediaReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return mediaReads(state, [sid])
}

/** A file as messages show it (reference conversations 8.1). */
export interface MediaShown {
  readonly sid: string
  readonly size: number
  readonly content_type: string
  readonly filename: string | null
}

/** What a message shows of its files; null where it has none. */
export function mediaShown(rows: readonly MediaRow[]): readonly MediaShown[] | null {
  if (rows.length === 0) return null
  return rows.map(({ sid, size, content_type, filename }) => ({ sid, size, content_type, filename }))
}
