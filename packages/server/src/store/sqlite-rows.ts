import { inflateSync } from 'node:zlib'
import { inflateChunk } from './log-blocks.ts'

/** Rows of a query on their way to another thread or process, all with the same columns: their values, one row after the other. */
export interface AnswerRows {
  readonly columns: readonly string[]
  readonly values: readonly unknown[]
}

/** The rows that a statement has answered; texts that were deflated as they were. */
export function rowsOf(rows: readonly Readonly<Record<string, unknown>>[]): AnswerRows {
  const columns = Object.keys(rows[0] ?? {})
  const values: unknown[] = []
  for (const row of rows) for (const column of columns) values.push(inflated(row[column]))
  return { columns, values }
}

/** A blob is a text that was deflated: there are no others. */
function inflated(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value
  try {
    return inflateSync(value, { chunkSize: inflateChunk }).toString('utf8')
  } catch (error) {
    throw new Error('a block of the log is damaged', { cause: error })
  }
}

/** Each row as an object by column. Sent as objects, each would carry the names of its columns. */
export function objectsOf<R extends object>({ columns, values }: AnswerRows): R[] {
  const rows: R[] = []
  for (let at = 0; at < values.length; at += columns.length) {
    const row: Record<string, unknown> = {}
    for (const [i, column] of columns.entries()) row[column] = values[at + i]
    rows.push(row as R) // as: who asks says what it selects
  }
  return rows
}
