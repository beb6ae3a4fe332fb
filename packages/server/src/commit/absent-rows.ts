import type { Change } from '@ringdown/engine/center'
import type { Read } from '@ringdown/engine/core/command'
import { fieldOf } from '@ringdown/engine/core/row'
import { coldKinds } from './kinds.ts'

/** So many questions are remembered; beyond that all are forgotten. */
const maxKnown = 10_000

interface OfKind {
  /** By how the questions are put, as `keyOf` makes it. */
  readonly questions: Set<string>
  /** Columns by which was asked, and the one that says until when a row is there. */
  readonly columns: Set<string>
  /** Counts the changes by which an answer may have become another one. */
  changes: number
}

/**
 * What the store has answered with nothing when commands asked for it: whether a customer has opted out, whether a name is
 * taken. Rows come into an account by its decisions alone, so nothing is there until one of them makes or renames a row of
 * that kind; then all of the kind is forgotten.
 */
export class AbsentRows {
  readonly #kinds = new Map<string, OfKind>()
  #size = 0

  /** Whether it is known that there is no such row. */
  has(read: Read): boolean {
    return this.#kinds.get(read.kind)?.questions.has(keyOf(read)) ?? false
  }

  /** Somebody asks the store; what is called back with that nothing was found, which counts unless a decision came between. */
  asking(read: Read): () => void {
    const known = this.#kinds.get(read.kind) ?? { questions: new Set(), columns: new Set(), changes: 0 }
    this.#kinds.set(read.kind, known)
    for (const column of Object.keys(read.where)) known.columns.add(column)
    const until = coldKinds.get(read.kind)?.until
    if (until !== undefined) known.columns.add(until)
    const { changes } = known
    return () => {
      if (known.changes !== changes || this.#kinds.get(read.kind) !== known) return
      if (this.#size >= maxKnown) this.#forget()
      known.questions.add(keyOf(read))
      this.#size++
    }
  }

  /** A decision has changed these rows. */
  decided(changes: readonly Change[]): void {
    for (const { kind, before, after } of changes) {
      const known = this.#kinds.get(kind)
      if (!known || !after) continue
      if (before && !isOther(known.columns, before, after)) continue
      known.changes++
      this.#size -= known.questions.size
      known.questions.clear()
    }
  }

  /** Memory is loaded anew. */
  clear(): void {
    this.#kinds.clear()
    this.#size = 0
  }

  #forget(): void {
    for (const { questions } of this.#kinds.values()) questions.clear()
    this.#size = 0
  }
}

function isOther(columns: ReadonlySet<string>, before: object, after: object): boolean {
  for (const column of columns) if (fieldOf(before, column) !== fieldOf(after, column)) return true
  return false
}

function keyOf({ where }: Read): string {
  return JSON.stringify(where)
}
