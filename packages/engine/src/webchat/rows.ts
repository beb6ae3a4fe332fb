import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'

/** What one customer, or one page's visitor, may do; each within bounds (docs/channels.md). */
export interface WebchatLimits {
  /** Chats that one address of the Internet may begin in an hour. */
  readonly chats_per_hour: number
  /** Calls that one address of the Internet may begin in an hour; older rows have none. */
  readonly calls_per_hour?: number
  /** Messages of one chat: so many each second, after so many at once. */
  readonly messages_per_second: number
  readonly message_burst: number
  /** Bytes of a message's text in UTF-8. */
  readonly message_bytes: number
  /** Bytes of one file, and beginnings of the types that files may have. */
  readonly file_bytes: number
  readonly file_types: readonly string[]
  /** Sockets that one chat may have open: one a tab. */
  readonly sockets: number
}

/** A place where customers can write to us: what their pages show, and what they may do. Its SID is its public key. */
const webchatDeploymentColumns = {
  account_sid: text(),
  friendly_name: text(),
  enabled: flag(),
  /** The address configuration of type chat by which its conversations are made. */
  address_sid: text(),
  /** Origins of the pages that may use it, as browsers write them. */
  allowed_origins: json<readonly string[]>(),
  // JSON text of objects, as it was written; what is not read here is between admin and page.
  theme: text(),
  texts: text(),
  form: text(),
  hours: text(),
  /** Whether customers are asked how it was. */
  rating: flag(),
  limits: json<WebchatLimits>(),
  /** The application that its pages call; null where nobody calls by it. Older rows have none. */
  application_sid: text<string | null>(),
  /** Signs the identities of customers; null before one was made. */
  sealed_secret: text<string | null>()
} as const
export type WebchatDeploymentRow = RowOf<typeof webchatDeploymentColumns>

/**
 * `open`: the customer may write; `over`: the conversation is closed, and may be read and rated for a while; `ended`:
 * nobody comes in by it any more.
 */
export type WebchatSessionStatus = 'open' | 'over' | 'ended'

/**
 * Why a customer can say nothing more: it said so itself, the conversation was closed, it was removed from it, somebody
 * else came with its handle, it was away for too long, or somebody has ended it by the API.
 */
export type WebchatSessionEnd = 'customer' | 'closed' | 'removed' | 'stolen' | 'expired' | 'ended'

/** One customer in one conversation, on one device. */
const webchatSessionColumns = {
  account_sid: text(),
  deployment_sid: text(),
  chat_service_sid: text(),
  conversation_sid: text(),
  /** Of the guest. */
  identity: text(),
  /** Whether the customer's own server has said who it is. */
  verified: flag(),
  status: text<WebchatSessionStatus>(),
  reason: text<WebchatSessionEnd | null>(),
  /** How many handles there have been to come back by; the newest is right. */
  generation: integer(),
  date_resumed: integer(),
  /** When it ends unless the customer comes back. */
  ends_at: integer<number | null>(),
  rating: integer<number | null>(),
  rating_comment: text<string | null>(),
  /** Index of the first message that was written when the customer had been taken out; null while it sees all. Older rows have none. */
  sees_until: integer<number | null>(),
  /** Of the messages before that one, those that have been changed since: it does not see them any more. Older rows have none. */
  changed_since: json<readonly string[] | null>()
} as const
export type WebchatSessionRow = RowOf<typeof webchatSessionColumns>

export const webchatKinds = {
  webchat_deployment: kind(webchatDeploymentColumns, {
    prefix: 'WD',
    indexes: { account_sid: (row) => row.account_sid, address_sid: (row) => row.address_sid }
  }),
  webchat_session: kind(webchatSessionColumns, {
    prefix: 'WB',
    indexes: {
      conversation_sid: (row) => row.conversation_sid,
      /** Those by which somebody may still come in. */
      deployment_sid: (row) => (row.status === 'ended' ? null : row.deployment_sid)
    },
    timers: { ends_at: 'timer.webchat_session' },
    cold: {
      columns: ['seq', 'deployment_sid', 'chat_service_sid', 'conversation_sid', 'status'],
      indexes: [
        ['seq'],
        ['deployment_sid', 'seq'],
        ['conversation_sid', 'seq'],
        ['chat_service_sid'],
        ['status', 'seq']
      ],
      resident: { column: 'status', values: ['open', 'over'] },
      foundBy: ['sid'],
      under: { conversation_sid: 'conversation', chat_service_sid: 'chat_service' }
    }
  })
}
