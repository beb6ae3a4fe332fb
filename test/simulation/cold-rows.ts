import type { Change, State } from '@ringdown/engine/center'
import type { Read } from '@ringdown/engine/core/command'
import { cascadesOf, coldKindsOf } from '@ringdown/engine/core/kind'
import { isSameName } from '@ringdown/engine/core/names'
import type { Row } from '@ringdown/engine/core/row'
import { type Kind, kinds } from '@ringdown/engine/kinds'
import { allKinds, forgetOver, tableOf } from '../support/snapshot.ts'

const coldKinds = coldKindsOf(kinds) as ReadonlyMap<
  Kind,
  NonNullable<ReturnType<ReturnType<typeof coldKindsOf>['get']>>
> // declared under kinds
const cascades = cascadesOf(kinds)

/** Changes without the rows that go because what they are under goes: memory need not have had them. */
export function withoutCascades(changes: readonly Change[]): readonly Change[] {
  const gone = changes.filter(({ after }) => !after)
  const isUnder = ({ kind, before, after }: Change) =>
    !after &&
    gone.some((parent) =>
      cascades
        .get(parent.kind)
        ?.some((child) => child.kind === kind && before && columnOf(before, child.column) === parent.sid)
    )
  return gone.length < 2 ? changes : changes.filter((change) => !isUnder(change))
}

/**
 * The store of a simulated center, as far as it matters to decisions: every row of the kinds that may leave memory, whether
 * it is in memory or not. Like the server's, but that everything is on disk at once.
 */
export class ColdRows {
  readonly #rows = new Map<Kind, Map<string, Row>>()

  constructor() {
    for (const kind of coldKinds.keys()) this.#rows.set(kind, new Map())
  }

  /** A decision has changed these rows. Rows under one that is gone are gone too, and most of them were never in memory. */
  write(changes: readonly Change[]): void {
    for (const { kind, sid, after } of changes) {
      if (after) this.#rows.get(kind)?.set(sid, after)
      else this.#rows.get(kind)?.delete(sid)
    }
    for (const { kind, sid, after } of changes) {
      if (after) continue
      for (const { kind: child, column } of cascades.get(kind) ?? []) {
        const rows = this.#of(child as Kind) // under names kinds
        for (const row of rows.values()) if (columnOf(row, column) === sid) rows.delete(row.sid)
      }
    }
  }

  /** Brings into memory what must be read for a command, where it is not there already. */
  admit(state: State, reads: readonly Read[]): void {
    for (const { kind, where } of reads) {
      const table = kind as Kind // reads name kinds
      for (const row of this.#find(table, where))
        if (!tableOf(state, table).entry(row.sid)) state.admit(table, row as never) // of its own kind
    }
  }

  /** Lets go of every row that need not be in memory. Answers how many those were. */
  sweep(state: State): number {
    let left = 0
    for (const [kind, { resident, until }] of coldKinds) {
      for (const row of tableOf(state, kind).all()) {
        if (resident?.values.includes(String(columnOf(row, resident.column)))) continue
        if (until !== undefined && columnOf(row, until) === null) continue
        state.evict(kind, row.sid)
        left++
      }
    }
    return left
  }

  /** Forgets what was put away until an instant, here and in the memory of a twin, who otherwise forgets nothing. */
  forget(at: number, twin: State): number {
    let gone = 0
    for (const [kind, { until }] of coldKinds) {
      if (until === undefined) continue
      const isOver = (row: Row) => Number(columnOf(row, until) ?? Number.POSITIVE_INFINITY) <= at
      for (const row of this.#of(kind).values()) if (isOver(row) && this.#of(kind).delete(row.sid)) gone++
    }
    forgetOver(twin, at)
    return gone
  }

  /** Everything that a center has: what is in memory, and what is here only. */
  *all(state: State): Generator<{ readonly kind: Kind; readonly row: Row }> {
    for (const kind of allKinds) {
      for (const row of tableOf(state, kind).all()) yield { kind, row }
      for (const row of this.#rows.get(kind)?.values() ?? [])
        if (!tableOf(state, kind).entry(row.sid)) yield { kind, row }
    }
  }

  /** Kinds of which memory has a row that is not the one that was stored. */
  stale(state: State): Kind[] {
    return [...coldKinds.keys()].filter((kind) =>
      tableOf(state, kind)
        .all()
        .some((row) => this.#of(kind).get(row.sid) !== row)
    )
  }

  #of(kind: Kind): Map<string, Row> {
    const rows = this.#rows.get(kind)
    if (!rows) throw new Error(`invariant: ${kind} may leave memory`)
    return rows
  }

  #find(kind: Kind, where: Readonly<Record<string, string>>): Row[] {
    const names = coldKinds.get(kind)?.names ?? []
    const isMeant = (row: Row) =>
      Object.entries(where).every(([column, wanted]) => {
        const value = columnOf(row, column)
        return names.includes(column)
          ? typeof value === 'string' && isSameName(value, wanted)
          : String(value) === wanted
      })
    return [...this.#of(kind).values()].filter(isMeant).sort((a, b) => a.seq - b.seq)
  }
}

function columnOf(row: Row, column: string): unknown {
  return (row as unknown as Readonly<Record<string, unknown>>)[column] // any row, by the names of its columns
}
