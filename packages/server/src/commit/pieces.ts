import type { Row } from '@ringdown/engine/core/row'
import type { Table } from '@ringdown/engine/core/table'

/** Characters of expressions that are asked before others have a turn: some ten milliseconds at the worst. */
export const charactersAtOnce = 2_500_000

export interface Question<R extends Row> {
  /** Those who are asked. */
  readonly rows: Iterable<R>
  /** Where rows are as of now: who has left it meanwhile is not asked. */
  readonly table: Pick<Table<R>, 'get'>
  /** Characters of the expression that is asked about a row. */
  readonly length: (row: R) => number
  readonly test: (row: R) => boolean
}

/**
 * The test, which has been asked about all rows beforehand, a piece at a time, if asking them at once would keep others
 * waiting (docs/decisions/013-long-questions-in-pieces.md). A row that has changed since is asked anew. What is quick is not asked beforehand.
 */
export async function askedInPieces<R extends Row>({
  rows,
  table,
  length,
  test
}: Question<R>): Promise<(row: R) => boolean> {
  const pieces = piecesOf(rows, length)
  if (pieces.length < 2) return test
  const answers = new Map<R, boolean>()
  for (const piece of pieces) {
    for (const row of piece) if (table.get(row.sid) === row) answers.set(row, test(row))
    await turn()
  }
  return (row) => answers.get(row) ?? test(row)
}

function piecesOf<R extends Row>(rows: Iterable<R>, length: (row: R) => number): R[][] {
  const pieces: R[][] = []
  let left = 0
  for (const row of rows) {
    if (left <= 0) {
      pieces.push([])
      left = charactersAtOnce
    }
    left -= length(row)
    pieces.at(-1)?.push(row)
  }
  return pieces
}

/**
 * Resolves when everybody else who is waiting has had a turn. Between one immediate and the next, sockets are looked at; the
 * first one alone may come without a look at what has arrived meanwhile.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
