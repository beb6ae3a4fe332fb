import type { Actor } from '../core/events.ts'
import { integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { foldedName } from '../core/names.ts'

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
  actor_type: text<Exclude<Actor['type'], 'system' | 'carrier'> | 'account'>(),
  actor_sid: text(),
  on_behalf_of: text<string | null>(),
  /** What was wished, and of which row. */
  command: text(),
  subject_sid: text<string | null>(),
  /** Of a tool's call: SHA-256 of its arguments, and what came of it. */
  arguments_hash: text<string | null>(),
  outcome: text<string | null>()
} as const
export type AuditEntryRow = RowOf<typeof auditEntryColumns>

export const userRoles = ['agent', 'supervisor', 'admin'] as const
export type UserRole = (typeof userRoles)[number]

/** Somebody who signs in: a user of Flex (reference flex 16). */
const flexUserColumns = {
  account_sid: text(),
  username: text(),
  email: text<string | null>(),
  full_name: text<string | null>(),
  locale: text<string | null>(),
  roles: json<readonly UserRole[]>(),
  /** Whose work it does. */
  worker_sid: text<string | null>(),
  workspace_sid: text<string | null>(),
  /** The unified user that Flex knows it by. */
  user_sid: text<string | null>(),
  flex_team_sid: text<string | null>(),
  /** A hash; null for who has not chosen a password, or has none. */
  password: text<string | null>(),
  /** Who it is at a provider of sign-in: the provider's name, a blank, and its word for the user. */
  subject: text<string | null>()
} as const
export type FlexUserRow = RowOf<typeof flexUserColumns>

/** Somebody signed in at one place; the cookie is kept as a hash. */
const sessionColumns = {
  account_sid: text(),
  flex_user_sid: text(),
  cookie_hash: text(),
  /** When it ends unless it is used, and when it ends in any case. */
  idle_at: integer(),
  ends_at: integer()
} as const
export type SessionRow = RowOf<typeof sessionColumns>

/** A link that lets somebody choose a password, once. */
const setupLinkColumns = {
  account_sid: text(),
  flex_user_sid: text(),
  secret_hash: text(),
  ends_at: integer()
} as const
export type SetupLinkRow = RowOf<typeof setupLinkColumns>

export const accessKinds = {
  key: kind(keyColumns, {
    prefix: 'SK',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  key_use: kind(keyUseColumns, { prefix: 'SK' }),
  flex_user: kind(flexUserColumns, {
    prefix: 'FU',
    indexes: {
      account_sid: (row) => row.account_sid,
      username: (row) => foldedName(row.username),
      worker_sid: (row) => row.worker_sid,
      subject: (row) => row.subject
    }
  }),
  session: kind(sessionColumns, {
    prefix: 'SN',
    indexes: { flex_user_sid: (row) => row.flex_user_sid, cookie_hash: (row) => row.cookie_hash },
    timers: { idle_at: 'timer.session', ends_at: 'timer.session' }
  }),
  setup_link: kind(setupLinkColumns, {
    prefix: 'SL',
    indexes: { flex_user_sid: (row) => row.flex_user_sid, secret_hash: (row) => row.secret_hash },
    timers: { ends_at: 'timer.setup_link' }
  }),
  audit_entry: kind(auditEntryColumns, {
    prefix: 'AE',
    cold: {
      columns: ['seq', 'actor_sid', 'date_created'],
      // The last one for forgetting.
      indexes: [['seq'], ['actor_sid', 'seq'], ['date_created']]
    }
  })
}
