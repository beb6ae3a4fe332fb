import type { WorkerPath, WorkerView } from './environment.ts'
import { ExpressionError } from './error.ts'
import { Cursor, reference } from './parser.ts'
import { meaning } from './reference.ts'

/**
 * A target's `order_by`: `worker.finance DESC, worker.support ASC` (reference taskrouter 3.7). It orders workers by
 * integers; who lacks one, or has something else there, comes last whatever the direction.
 */
export interface OrderBy {
  readonly source: string
  readonly terms: readonly OrderTerm[]
  /** What it reads of a worker, each path once. */
  readonly worker_paths: readonly WorkerPath[]
  /** One integer a term, or undefined; as stored, not turned round for DESC. */
  keys(worker: WorkerView): OrderKeys
  /** Negative when a worker with keys `a` comes before one with keys `b`; 0 on a tie, which idle time decides. */
  compareKeys(a: OrderKeys, b: OrderKeys): number
  /** The same for two workers. */
  compare(a: WorkerView, b: WorkerView): number
}

export interface OrderTerm {
  readonly path: WorkerPath
  readonly descending: boolean
}

export type OrderKeys = readonly (number | undefined)[]

/** Compiles an `order_by`. The direction is ASC unless said otherwise. Throws ExpressionError. */
export function compileOrderBy(source: string): OrderBy {
  const terms = parseTerms(source)
  const worker_paths = [...new Map(terms.map(({ path }) => [path.text, path])).values()]
  return {
    source,
    terms,
    worker_paths,
    keys: (worker) => terms.map(({ path }) => integer(path.read(worker))),
    compareKeys(a, b) {
      for (let i = 0; i < terms.length; i++) {
        const order = inTurn(a[i], b[i], terms[i]?.descending === true)
        if (order !== 0) return order
      }
      return 0
    },
    compare(a, b) {
      for (const { path, descending } of terms) {
        const order = inTurn(integer(path.read(a)), integer(path.read(b)), descending)
        if (order !== 0) return order
      }
      return 0
    }
  }
}

function parseTerms(source: string): readonly OrderTerm[] {
  const cursor = new Cursor(source)
  const terms: OrderTerm[] = []
  do {
    const column = cursor.token.start + 1
    const path = meaning('target', reference(cursor))
    if (path.side !== 'worker') {
      throw new ExpressionError(`mismatched input '${path.side}' expecting worker.<attribute>`, column)
    }
    terms.push({ path, descending: direction(cursor) === 'DESC' })
  } while (cursor.takeIf(','))
  cursor.expectEnd("{<EOF>, ','}")
  return terms
}

function direction(cursor: Cursor): 'ASC' | 'DESC' {
  const word = cursor.at('name') ? cursor.token.text.toUpperCase() : undefined
  if (word !== undefined) {
    if (word !== 'ASC' && word !== 'DESC') throw cursor.refusal('mismatched input', '{ASC, DESC}')
    cursor.take()
    return word
  }
  return 'ASC'
}

function inTurn(a: number | undefined, b: number | undefined, descending: boolean): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  return a < b === descending ? 1 : -1
}

function integer(value: unknown): number | undefined {
  return Number.isInteger(value) ? (value as number) : undefined // isInteger says it is a number, not the compiler
}
