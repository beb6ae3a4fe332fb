import pg from 'pg'
import { ContentRejected, StoreUnavailable } from './store.ts'
import { messageOf } from './thrown.ts'

/** What every connection of ours is made with; bigint columns come as numbers, all of them far below 2^53. */
export function clientConfig(url: string) {
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
  }
  // as: the type wants every overload of getTypeParser; the two formats above are all that pg asks for
  const parsers = types as pg.CustomTypesConfig
  return {
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    fallback_application_name: 'ringdown',
    types: parsers
  }
}

/**
 * What the server says as the store's errors. 22 (what a value is), 23 (constraints), 21 (one row twice) and 54 (too
 * large) are about the content. All else means that the outcome is unknown.
 */
export function storeError(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error
  const contentClasses = ['21', '22', '23', '54']
  if (error instanceof pg.DatabaseError && contentClasses.includes(error.code?.slice(0, 2) ?? ''))
    return new ContentRejected(`PostgreSQL: ${error.message}`, { cause: error })
  return new StoreUnavailable(`PostgreSQL: ${messageOf(error)}`, { cause: error })
}

/** Where the database is, without the password. */
export function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `the database ${host}${pathname}`
  } catch {
    return 'the database'
  }
}

/** What went wrong with a connection, in words. */
export function postgresReason(error: unknown): string {
  // A host name with several addresses fails with one error each and no message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ')
  return messageOf(error) || String(error)
}

/**
 * What the server answers to a statement of a client that nobody else uses meanwhile. Throws StoreUnavailable when it
 * warned, which of a statement that writes means that the outcome is unknown: a wait for a synchronous replica that was
 * cancelled is answered as success, with 01000 ("might not have been replicated"). Notices have 00000.
 */
export async function answerOf(client: pg.ClientBase, config: pg.QueryConfig): Promise<pg.QueryResult> {
  let warning: string | undefined
  const heed = ({ code, message }: { readonly code?: string | undefined; readonly message?: string | undefined }) => {
    if (code !== undefined && !code.startsWith('00')) warning ??= message ?? code
  }
  client.on('notice', heed)
  try {
    const answer = await client.query(config)
    if (warning !== undefined) throw new StoreUnavailable(`PostgreSQL: the outcome is unknown: ${warning}`)
    return answer
  } finally {
    client.off('notice', heed)
  }
}
