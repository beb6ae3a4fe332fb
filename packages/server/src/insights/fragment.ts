import { type Binding, binding, type Dialect, type Query } from '../store/query.ts'
import type { Value } from '../store/store.ts'

/** A piece of SQL with its values in place: pieces are put together in any order, and bound when the text is whole. */
export class Fragment {
  readonly #parts: readonly (string | Bound)[]

  constructor(parts: readonly (string | Bound)[]) {
    this.#parts = parts
  }

  get parts(): readonly (string | Bound)[] {
    return this.#parts
  }

  /** The text without its values, for whoever looks which columns are in it. */
  get text(): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : (part.about ?? '?'))).join(' ')
  }

  /** Resolves with the same, when everything that is bound has been made. */
  async made(): Promise<Fragment> {
    for (const part of this.#parts) if (typeof part !== 'string') await part.make?.()
    return this
  }

  /** The whole as a query of a store. */
  query(dialect: Dialect): Query {
    const bound = binding(dialect)
    const sql = this.#parts.map((part) => (typeof part === 'string' ? part : part.in(bound))).join('')
    return { sql, values: bound.values }
  }
}

/** A value, or a condition over a list of them. */
interface Bound {
  in(binding: Binding): string
  /** Makes what is bound, where that takes long. */
  make?(): Promise<void>
  /** The column that is asked, where one is. */
  readonly about?: string
}

type Piece = Fragment | Value

/** SQL text; what is put into it is a piece of SQL, or else a value that is bound. */
export function sql(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Fragment {
  const parts: (string | Bound)[] = []
  for (const [n, text] of texts.entries()) {
    parts.push(text)
    const piece = pieces[n]
    // One by one: there may be more than an argument list holds.
    if (piece instanceof Fragment) for (const part of piece.parts) parts.push(part)
    else if (piece !== undefined) parts.push({ in: ({ bind }) => bind(piece) })
  }
  return new Fragment(parts)
}

/** SQL text of ours: nothing of a request may be in it. */
export function raw(text: string): Fragment {
  return new Fragment([text])
}

/** A whole number of ours, written out: both stores know its type then. */
export function spelled(value: number): Fragment {
  if (!Number.isSafeInteger(value)) throw new Error(`invariant: ${value} is a whole number`)
  return raw(String(value))
}

/** The column (of ours) holds one of the values. */
export function among(column: string, type: 'text' | 'integer', list: readonly Value[]): Fragment {
  return new Fragment([{ in: (bound) => bound.among(column, type, list), about: column }])
}

export function joined(pieces: readonly Fragment[], between: string): Fragment {
  return new Fragment(pieces.flatMap((piece, n) => (n === 0 ? piece.parts : [between, ...piece.parts])))
}

/** All of them; true where there are none. */
export function every(conditions: readonly Fragment[]): Fragment {
  return halved(conditions, ' and ') ?? raw('1 = 1')
}

/** One of them; false where there are none. */
export function some(conditions: readonly Fragment[]): Fragment {
  return halved(conditions, ' or ') ?? raw('1 = 0')
}

/** Put together by halves: stores take a row of a thousand for something a thousand levels deep, and refuse it. */
function halved(conditions: readonly Fragment[], between: string): Fragment | undefined {
  if (conditions.length === 0) return undefined
  if (conditions.length <= plain) return sql`(${joined(conditions, between)})`
  const middle = conditions.length >> 1
  const halves = [conditions.slice(0, middle), conditions.slice(middle)].flatMap((half) => halved(half, between) ?? [])
  return sql`(${joined(halves, between)})`
}

/** As many stand beside each other. */
const plain = 16
