/**
 * Cold kinds: rows that are read by SQL instead of living in memory. One declaration a kind; both stores make their
 * tables from it, and fill the columns from the row's fields of the same name. A kind that is not here is resident.
 */
export interface ColdKind {
  /** Columns beside account_sid, sid, version and data. Booleans are stored as 0 and 1. */
  readonly columns: Readonly<Record<string, 'text' | 'integer'>>
  /** Columns that hold names: in the form in which these are compared, while the row has them as they were sent. */
  readonly names?: readonly string[]
  /** Indexes; account_sid is put in front of each. */
  readonly indexes: readonly (readonly string[])[]
  /** Which of its rows are loaded into memory at start: any row for which one of these columns holds one of the values. */
  readonly resident?: { readonly column: string; readonly values: readonly string[] }
}

export const coldKinds = {
  conversation: {
    columns: {
      seq: 'integer',
      chat_service_sid: 'text',
      unique_name: 'text',
      state: 'text',
      date_created: 'integer'
    },
    names: ['unique_name'],
    indexes: [['seq'], ['chat_service_sid', 'seq'], ['chat_service_sid', 'unique_name'], ['state', 'seq']],
    resident: { column: 'state', values: ['active', 'inactive', 'initializing'] }
  },
  participant: {
    columns: {
      seq: 'integer',
      chat_service_sid: 'text',
      conversation_sid: 'text',
      conversation_state: 'text',
      identity: 'text',
      address: 'text'
    },
    names: ['identity', 'address'],
    indexes: [
      ['conversation_sid', 'seq'],
      ['identity', 'seq'],
      ['address', 'seq']
    ],
    resident: { column: 'conversation_state', values: ['active', 'inactive', 'initializing'] }
  },
  message: {
    columns: { seq: 'integer', chat_service_sid: 'text', conversation_sid: 'text', index: 'integer' },
    indexes: [
      ['conversation_sid', 'index'],
      ['chat_service_sid', 'seq']
    ]
  },
  user: {
    columns: { seq: 'integer', chat_service_sid: 'text', identity: 'text' },
    names: ['identity'],
    indexes: [['chat_service_sid', 'identity'], ['seq']]
  },
  conversation_scoped_webhook: {
    columns: { seq: 'integer', chat_service_sid: 'text', conversation_sid: 'text', conversation_state: 'text' },
    indexes: [
      ['conversation_sid', 'seq'],
      ['chat_service_sid', 'seq']
    ],
    resident: { column: 'conversation_state', values: ['active', 'inactive', 'initializing'] }
  },
  interaction: {
    columns: { seq: 'integer', status: 'text' },
    indexes: [['seq']],
    resident: { column: 'status', values: ['open'] }
  },
  interaction_channel: {
    columns: { seq: 'integer', interaction_sid: 'text', interaction_status: 'text' },
    indexes: [['interaction_sid', 'seq']],
    resident: { column: 'interaction_status', values: ['open'] }
  },
  interaction_participant: {
    columns: { seq: 'integer', channel_sid: 'text', interaction_status: 'text' },
    indexes: [['channel_sid', 'seq']],
    resident: { column: 'interaction_status', values: ['open'] }
  },
  invite: {
    columns: { seq: 'integer', channel_sid: 'text', interaction_status: 'text' },
    indexes: [['channel_sid', 'seq']],
    resident: { column: 'interaction_status', values: ['open'] }
  }
} as const satisfies Record<string, ColdKind>
