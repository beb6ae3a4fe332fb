import { binding, type Query, type Reading, type Writing } from '../store/query.ts'
import { quote, type Table } from '../store/tables.ts'

/*
 * Answers of what was done under an idempotency key. They are written in the transaction of the decision, so that whoever
 * asks again, after a crash too, is answered by what was done (docs/decisions/028-answers-kept-with-the-decision.md).
 */

export interface KeptAnswer {
  readonly idempotency_key: string
  /** Of the request: the same key for another one is refused. */
  readonly fingerprint: string
  readonly status: number
  readonly etag: string | null
  /** As it was sent; empty for none, null when what it shows has been removed since. */
  readonly body: string | null
  /** Milliseconds. */
  readonly created_at: number
  /** By which it is found when something is removed. */
  readonly resource_sid: string | null
  readonly conversation_sid: string | null
  readonly chat_service_sid: string | null
}

/** How long an answer is kept for whoever asks again. */
export const keptAnswer_ms = 24 * 3_600_000

export const keptAnswerTable: Table = {
  name: 'kept_answer',
  columns: {
    account_sid: 'text',
    idempotency_key: 'text',
    fingerprint: 'text',
    status: 'integer',
    etag: 'text',
    body: 'text',
    created_at: 'integer',
    resource_sid: 'text',
    conversation_sid: 'text',
    chat_service_sid: 'text'
  },
  key: ['account_sid', 'idempotency_key'],
  optional: ['etag', 'body', 'resource_sid', 'conversation_sid', 'chat_service_sid'],
  indexes: [
    { columns: ['created_at'] },
    { columns: ['resource_sid'], where: 'resource_sid' },
    { columns: ['conversation_sid'], where: 'conversation_sid' }
  ]
}

/** Makes, while a command is decided, what is kept of its answer. Never throws: the decision stands. */
export type Keep = (result: unknown) => KeptAnswer | undefined

const table = quote(keptAnswerTable.name)

/** What was answered under a key since an instant. */
export async function keptAnswerOf(
  store: Reading,
  account_sid: string,
  { key, since }: { readonly key: string; readonly since: number }
): Promise<KeptAnswer | undefined> {
  const { values, bind } = binding(store.dialect)
  const sql = `select idempotency_key, fingerprint, status, etag, body, created_at, resource_sid, conversation_sid, chat_service_sid
    from ${table} where account_sid = ${bind(account_sid)} and idempotency_key = ${bind(key)} and created_at > ${bind(since)}`
  return (await store.query<KeptAnswer>({ sql, values }))[0]
}

/** Deletes answers that were kept before an instant, at most `limit`; resolves with how many went. */
export function forgetKeptAnswers(store: Writing, account_sid: string, before: number, limit: number): Promise<number> {
  return store.forget(account_sid, { table: keptAnswerTable, column: 'created_at' }, before, limit)
}

/** Takes the text out of the answers about what was removed: conversations and services with all that was in them. */
export async function eraseKeptAnswers(
  store: Reading & Writing,
  account_sid: string,
  gone: readonly string[]
): Promise<void> {
  const services = gone.filter((sid) => sid.startsWith('IS'))
  const erased = (column: string, sids: readonly string[]): Query => {
    const { values, bind, among } = binding(store.dialect)
    const account = `account_sid = ${bind(account_sid)}`
    return { sql: `update ${table} set body = null where ${account} and ${among(column, 'text', sids)}`, values }
  }
  await store.change(erased('resource_sid', gone))
  await store.change(erased('conversation_sid', gone))
  // Without an index: it is hardly ever a service.
  if (services.length > 0) await store.change(erased('chat_service_sid', services))
}
