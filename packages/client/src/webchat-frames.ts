/*
 * What a customer's page and the server say to each other in a web chat: names as on the wire (docs/channels.md). Instants
 * are ISO 8601 text.
 */

export interface WebchatMedia {
  readonly sid: string
  readonly content_type: string
  /** Bytes. */
  readonly size: number
  readonly filename: string | null
}

export interface WebchatMessage {
  readonly sid: string
  readonly index: number
  /** Identity of who wrote it; the server's own welcome has one as well. */
  readonly author: string | null
  readonly body: string | null
  readonly media: readonly WebchatMedia[]
  /** JSON text of an object. */
  readonly attributes: string
  readonly date_created: string
  readonly date_updated: string
}

export interface WebchatParticipant {
  readonly sid: string
  readonly identity: string | null
  /** Null where nobody has said one. */
  readonly name: string | null
  readonly last_read_message_index: number | null
}

export interface WebchatSession {
  readonly sid: string
  readonly conversation_sid: string
  readonly chat_service_sid: string
  /** The customer's, in the conversation. */
  readonly identity: string
  /** Whether the customer's own server has said who it is. */
  readonly verified: boolean
  readonly status: 'open' | 'over' | 'ended'
  readonly reason: string | null
  readonly rating: number | null
}

/** The answer to who begins a chat, or comes back to one. */
export interface WebchatEntrance extends WebchatSession {
  readonly token: string
  readonly expires_at: string
  /** By which to come back, once. */
  readonly resume: string
}

/** What pages may know of a deployment; the members of `theme` and `texts` are between admin and page. */
export interface WebchatDeployment {
  readonly key: string
  readonly enabled: boolean
  readonly theme: Readonly<Record<string, unknown>>
  readonly texts: Readonly<Record<string, unknown>>
  readonly form: Readonly<Record<string, unknown>>
  readonly is_open: boolean
  /** Whether customers are asked how it was. */
  readonly rating: boolean
  readonly limits: {
    readonly message_bytes: number
    readonly file_bytes: number
    /** Beginnings of the types that files may have. */
    readonly file_types: readonly string[]
  }
}

/** What a page hears, told apart by `type`. */
export type WebchatFrame =
  | {
      readonly type: 'ready'
      readonly session: WebchatSession
      readonly participants: readonly WebchatParticipant[]
      readonly is_resumed: boolean
      readonly messages: readonly WebchatMessage[]
      readonly updated: readonly WebchatMessage[]
      readonly has_more: boolean
      readonly cursor: string
    }
  | { readonly type: 'message' | 'message_updated'; readonly message: WebchatMessage; readonly cursor: string }
  | { readonly type: 'message_removed'; readonly sid: string; readonly index: number; readonly cursor: string }
  | { readonly type: 'sent'; readonly id: string | null; readonly message: WebchatMessage }
  | {
      readonly type: 'refused'
      readonly id: string | null
      readonly code: number | null
      readonly status: number
      readonly message: string
    }
  | {
      readonly type: 'participant'
      readonly did: 'joined' | 'updated' | 'left'
      readonly participant: WebchatParticipant
    }
  | { readonly type: 'typing'; readonly identity: string; readonly active: boolean }
  | {
      readonly type: 'session'
      readonly status: WebchatSession['status']
      readonly reason: string | null
      readonly rating: number | null
    }
  | { readonly type: 'rated'; readonly rating: number }
  | {
      readonly type: 'history'
      readonly id: string | null
      readonly messages: readonly WebchatMessage[]
      readonly has_more: boolean
    }
  | { readonly type: 'token'; readonly token: string; readonly expires_at: string }
  | { readonly type: 'state'; readonly state: string }
  | { readonly type: 'pong' }
  | { readonly type: 'end'; readonly code: number | null; readonly message: string }

/** What a page says. */
export type WebchatSaying =
  | { readonly type: 'hello'; readonly token: string; readonly cursor?: string | undefined }
  | {
      readonly type: 'message'
      readonly id: string
      readonly body?: string
      readonly media_sid?: string
      readonly attributes?: string
    }
  | { readonly type: 'typing'; readonly active: boolean }
  | { readonly type: 'read'; readonly index: number }
  | { readonly type: 'history'; readonly before: number; readonly limit?: number; readonly id?: string }
  | { readonly type: 'rate'; readonly rating: number; readonly comment?: string }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'end' | 'renew' | 'ping' }
