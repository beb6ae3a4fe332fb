import { Decimal } from './decimal.ts'
import type { WorkerPath, WorkerView } from './environment.ts'
import { Cursor, reference } from './parser.ts'
import { meaning, nowhere } from './reference.ts'
import { rank } from './value.ts'

/**
 * A target's `order_by`: `worker.finance DESC, worker.support ASC` (reference taskrouter 3.7). It orders workers by
 * whole numbers of any length; who lacks one, or has something else there, comes last whatever the direction, and what
 * is no path into a worker orders nobody.
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

/** A whole number of any length. */
type Whole = number | Decimal

export type OrderKeys = readonly (Whole | undefined)[]

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

const expected = 'worker.<attribute>'

function parseTerms(source: string): readonly OrderTerm[] {
  const cursor = new Cursor(source)
  const terms: OrderTerm[] = []
  do {
    const name = reference(cursor, expected)
    const path = meaning('target', name)
    const sorted = path.side === 'worker' ? path : nowhere('worker', name, expected)
    terms.push({ path: sorted, descending: direction(cursor) === 'DESC' })
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

function inTurn(a: Whole | undefined, b: Whole | undefined, descending: boolean): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : rank(a, b)
  return descending ? -order : order
}

function integer(value: unknown): Whole | undefined {
  if (value instanceof Decimal) return value.isInteger ? value : undefined
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}
