import { json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm } from '../core/names.ts'

/** What colleagues tell each other about a conversation. Nobody outside is ever told of it. */
const noteColumns = {
  account_sid: text(),
  chat_service_sid: text(),
  conversation_sid: text(),
  /** An identity, or `system`. */
  author: text(),
  body: text(),
  /** Identities of the colleagues for whom it is. */
  mentions: json<readonly string[]>()
} as const
export type NoteRow = RowOf<typeof noteColumns>

/** What agents often say, ready to be sent. */
const cannedResponseColumns = {
  account_sid: text(),
  /** Under which it is found, as in Flex's template. */
  section: text(),
  label: text(),
  text: text(),
  /** A tag as `fr` or `pt-BR`; null for any language. */
  language: text<string | null>(),
  /** SIDs of the task queues for whose tasks it is; none for all. */
  task_queue_sids: json<readonly string[]>(),
  /** What is typed for it. */
  shortcut: text<string | null>()
} as const
export type CannedResponseRow = RowOf<typeof cannedResponseColumns>

/** What somebody has chosen for the own desk; its SID is the user's. */
const preferencesColumns = {
  account_sid: text(),
  flex_user_sid: text(),
  /** JSON text of an object. */
  preferences: text()
} as const
export type PreferencesRow = RowOf<typeof preferencesColumns>

export const deskKinds = {
  note: kind(noteColumns, {
    prefix: 'KQ',
    indexes: { conversation_sid: (row) => row.conversation_sid },
    cold: {
      columns: ['seq', 'chat_service_sid', 'conversation_sid'],
      indexes: [
        ['conversation_sid', 'seq'],
        ['chat_service_sid', 'seq']
      ],
      foundBy: ['sid'],
      under: { conversation_sid: 'conversation', chat_service_sid: 'chat_service' }
    }
  }),
  canned_response: kind(cannedResponseColumns, {
    prefix: 'KR',
    indexes: {
      section: (row) => nameForm(row.section),
      shortcut: (row) => (row.shortcut === null ? null : nameForm(row.shortcut))
    },
    cold: {
      columns: ['seq', 'section', 'language', 'shortcut'],
      names: ['section', 'shortcut'],
      indexes: [['seq'], ['section', 'seq'], ['shortcut']],
      foundBy: ['sid', 'shortcut']
    }
  }),
  preferences: kind(preferencesColumns, {
    prefix: 'FU',
    indexes: { flex_user_sid: (row) => row.flex_user_sid },
    cold: {
      columns: ['seq', 'flex_user_sid'],
      indexes: [['flex_user_sid']],
      foundBy: ['sid'],
      under: { flex_user_sid: 'flex_user' }
    }
  })
}
