import { isoMilliseconds } from '@ringdown/contract/instant'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { ConversationRow, MessageRow, ParticipantRow } from '@ringdown/engine/conversations/rows'
import { valueIn } from '@ringdown/engine/core/json'
import type { WebchatSessionRow } from '@ringdown/engine/webchat/rows'

/*
 * What a customer's page and this server say to each other: one JSON object a frame, told apart by `type`
 * (docs/channels.md).
 */

/** A frame of a page; undefined for what is none. */
export type PageFrame = Readonly<Record<string, unknown>> & { readonly type: string }

export function frameIn(text: string): PageFrame | undefined {
  const value = valueIn(text)
  return isJsonObject(value) && typeof value.type === 'string' ? (value as PageFrame) : undefined // as just seen
}

/** A message as a page shows it; `attributes` is JSON text. */
export function shownMessage(
  row: Omit<MessageRow, 'attributes' | 'seq' | 'version'> & { readonly attributes: unknown }
) {
  const { sid, index, author, body, media } = row
  return {
    sid,
    index,
    author,
    body,
    media: media ?? [],
    attributes: typeof row.attributes === 'string' ? row.attributes : '{}',
    date_created: isoMilliseconds(row.date_created),
    date_updated: isoMilliseconds(row.date_updated)
  }
}

/** Somebody in the conversation; `name` is null where nobody has said one. */
export function shownParticipant(row: ParticipantRow, name: string | null) {
  const { sid, identity, last_read_message_index } = row
  return { sid, identity, name, last_read_message_index }
}

export function shownSession(row: WebchatSessionRow) {
  const { sid, conversation_sid, chat_service_sid, identity, verified, status, reason, rating } = row
  return { sid, conversation_sid, chat_service_sid, identity, verified, status, reason, rating }
}

/**
 * How far a page has come: the index of the next message, how many messages had been removed, and when that was so. What
 * has changed since follows from it, and it costs nobody a look at the log.
 */
export interface Place {
  readonly next_index: number
  readonly removed: number
  /** Milliseconds. */
  readonly at: number
}

export function cursorText({ next_index, removed, at }: Place): string {
  return [next_index, removed, at].map((number) => number.toString(36)).join('-')
}

/** Undefined for what is no cursor of ours. */
export function placeIn(cursor: unknown): Place | undefined {
  const [, ...parts] = /^([0-9a-z]{1,9})-([0-9a-z]{1,9})-([0-9a-z]{1,10})$/.exec(String(cursor)) ?? []
  const [next_index, removed, at] = parts.map((part) => Number.parseInt(part, 36))
  if (next_index === undefined || removed === undefined || at === undefined) return undefined
  return { next_index, removed, at }
}

/** Where a conversation is, at an instant. */
export function placeNow({ next_index, removed_messages }: ConversationRow, at: number): Place {
  // Older rows have not been counted.
  return { next_index, removed: removed_messages ?? 0, at }
}
