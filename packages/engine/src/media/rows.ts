import { integer, kind, type RowOf, text } from '../core/kind.ts'
import { nameKey } from '../core/names.ts'

/** A file that a message brings, or is about to: what is known of it here. Its bytes are kept by whoever keeps files. */
const mediaColumns = {
  account_sid: text(),
  /** The Conversations Service that it was uploaded to; null for what messages to phones bring. */
  chat_service_sid: text<string | null>(),
  // What it belongs to, once it is attached: a message in a conversation, or one that goes to a phone or
  // comes from there.
  conversation_sid: text<string | null>(),
  message_sid: text<string | null>(),
  channel_message_sid: text<string | null>(),
  /** The recording whose sound it is. */
  recording_sid: text<string | null>(),
  /** The identity that uploaded it; null for the account itself. */
  author: text<string | null>(),
  content_type: text(),
  filename: text<string | null>(),
  /** Bytes. */
  size: integer(),
  /** Of its bytes, in hexadecimal digits. Several may have the same. */
  sha256: text(),
  /** What no message has named yet lives in memory. */
  status: text<'unattached' | 'attached'>(),
  /** When it goes unless a message names it until then. */
  date_expires: integer<number | null>()
} as const
export type MediaRow = RowOf<typeof mediaColumns>

/** Who has uploaded a file, to which service. */
export function authorKey(chat_service_sid: string | null, author: string): string {
  return nameKey(chat_service_sid ?? '', author)
}

export const mediaKinds = {
  media: kind(mediaColumns, {
    prefix: 'ME',
    indexes: {
      chat_service_sid: (row) => row.chat_service_sid,
      conversation_sid: (row) => row.conversation_sid,
      message_sid: (row) => row.message_sid,
      channel_message_sid: (row) => row.channel_message_sid,
      recording_sid: (row) => row.recording_sid,
      /** Of those that no message has named yet. */
      author: ({ status, author, chat_service_sid }) =>
        status === 'unattached' && author !== null ? authorKey(chat_service_sid, author) : null
    },
    timers: { date_expires: 'timer.media_expired' },
    cold: {
      columns: [
        'seq',
        'chat_service_sid',
        'conversation_sid',
        'message_sid',
        'channel_message_sid',
        'recording_sid',
        'sha256',
        'status'
      ],
      indexes: [
        ['seq'],
        ['chat_service_sid', 'seq'],
        ['conversation_sid', 'seq'],
        ['message_sid', 'seq'],
        ['channel_message_sid', 'seq'],
        ['recording_sid'],
        ['sha256', 'seq']
      ],
      resident: { column: 'status', values: ['unattached'] },
      foundBy: ['sid'],
      under: {
        chat_service_sid: 'chat_service',
        conversation_sid: 'conversation',
        message_sid: 'message',
        channel_message_sid: 'channel_message',
        recording_sid: 'recording'
      }
    }
  })
}
