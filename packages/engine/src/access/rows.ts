import type { Actor } from '../core/events.ts'
import { integer, json, kind, type RowOf, text } from '../core/kind.ts'

/** Main keys may do everything; standard ones all but accounts and keys; restricted ones what their policy allows. */
export const keyTypes = ['main', 'standard', 'restricted'] as const
export type KeyType = (typeof keyTypes)[number]

/** Rights, each with `*` for any text: what is allowed, and what of that is not. */
export interface Policy {
  readonly allow: readonly string[]
  readonly deny?: readonly string[] | undefined
}

/** An API key. */
const keyColumns = {
  account_sid: text(),
  friendly_name: text(),
  key_type: text<KeyType>(),
  /** Of restricted keys. */
  policy: json<Policy | null>(),
  /** The secret, which it is not possible to read here: whoever makes keys seals it. */
  sealed_secret: text()
} as const
export type KeyRow = RowOf<typeof keyColumns>

/** When a key was used last; its SID is the key's. Apart from it, for a key that is used does not change. */
const keyUseColumns = {
  date_used: integer()
} as const
export type KeyUseRow = RowOf<typeof keyUseColumns>

/** That somebody other than the account changed something: what the audit tells. */
const auditEntryColumns = {
  account_sid: text(),
  actor_type: text<Exclude<Actor['type'], 'system'>>(),
  actor_sid: text(),
  on_behalf_of: text<string | null>(),
  /** What was wished, and of which row. */
  command: text(),
  subject_sid: text<string | null>()
} as const
export type AuditEntryRow = RowOf<typeof auditEntryColumns>

export const accessKinds = {
  key: kind(keyColumns, {
    prefix: 'SK',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  key_use: kind(keyUseColumns, { prefix: 'SK' }),
  audit_entry: kind(auditEntryColumns, {
    prefix: 'AE',
    cold: {
      columns: ['seq', 'actor_sid'],
      indexes: [['seq'], ['actor_sid', 'seq']]
    }
  })
}
