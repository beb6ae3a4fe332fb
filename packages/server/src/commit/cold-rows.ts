import type { Change, State } from '@ringdown/engine/center'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { fieldOf, type Row } from '@ringdown/engine/core/row'
import { SteadyMap } from '@ringdown/engine/core/steady-map'
import { type Kind, kinds } from '@ringdown/engine/kinds'
import { AbsentRows } from './absent-rows.ts'
import type { Fetched } from './entry.ts'
import { cascades, coldKinds } from './kinds.ts'

/**
 * Which cold rows are in memory, and for how long: a row stays while it has changes that are not on disk, and while
 * somebody is reading the store who could still get it as it was before.
 *
 * - What memory knows beats what was fetched, deletions included: `admit` passes over rows that are there or are gone.
 * - Fetches are numbered in the order in which they begin. What became durable during fetch n is kept until no fetch up to
 *   n is under way. Whoever begins one with `fetching` therefore ends it with `fetched`, whatever came of it.
 * - `#leaving` and `#gone` are in the order of those numbers: a sweep ends at the first that must stay.
 */
export class ColdRows {
  /** What is known not to be in the store. */
  readonly absent = new AbsentRows()
  /** Rows changed by decisions that are not durable yet, with how many of those there are. */
  readonly #undurable = new SteadyMap<string, number>()
  /** Rows that may leave memory, and rows that are deleted, with the number of the last fetch that began before that. */
  readonly #leaving = new SteadyMap<string, number>()
  readonly #gone = new SteadyMap<string, number>()
  /** Numbers of the fetches that are under way; the first is the oldest. */
  readonly #fetches = new Set<number>()
  #last = 0

  /** Somebody begins to read the store for a command; the number that it answers is for `fetched`. */
  fetching(): number {
    this.#fetches.add(++this.#last)
    return this.#last
  }

  fetched(fetch: number): void {
    this.#fetches.delete(fetch)
  }

  /** Brings fetched rows into memory, except where memory knows better. */
  admit(state: State, rows: readonly Fetched[]): void {
    for (const { kind, row } of rows) {
      if (state.table(kind).entry(row.sid) || this.#isGone(kind, row)) continue
      state.admit(kind, row)
    }
  }

  /** A decision has changed these rows. */
  decided(changes: readonly Change[]): void {
    this.absent.decided(changes)
    for (const { kind, sid, after } of changes) {
      if (!isTracked(kind, after)) continue
      const key = `${kind}/${sid}`
      this.#undurable.set(key, (this.#undurable.get(key) ?? 0) + 1)
    }
  }

  /** The decision is on disk. */
  durable(changes: readonly Change[]): void {
    for (const { kind, sid, after } of changes) {
      if (!isTracked(kind, after)) continue
      const key = `${kind}/${sid}`
      const left = (this.#undurable.get(key) ?? 1) - 1
      if (left > 0) this.#undurable.set(key, left)
      else this.#undurable.delete(key)
      if (after) renew(this.#leaving, key, this.#last)
      else renew(this.#gone, key, this.#last)
    }
  }

  /**
   * The command for which rows were fetched has been decided, or refused. What it only looked at is as it is on disk, and
   * leaves at once: while nothing else happens, nothing else would make it leave.
   */
  served(state: State, rows: readonly Fetched[]): void {
    for (const { kind, row } of rows) {
      const key = `${kind}/${row.sid}`
      if (this.#undurable.has(key) || this.#leaving.has(key)) renew(this.#leaving, key, this.#last)
      else this.#leave(state, kind, row.sid)
    }
  }

  /** Lets go of the rows that everybody who is reading the store now gets as they are. */
  sweep(state: State): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#fetches
    for (const [key, fetch] of this.#gone.entries()) {
      if (fetch >= oldest) break
      this.#gone.delete(key)
    }
    for (const [key, fetch] of this.#leaving.entries()) {
      if (fetch >= oldest) break
      this.#leaving.delete(key)
      if (this.#undurable.has(key)) continue // it comes again when it is durable
      const [kind = '', sid = ''] = key.split('/')
      if (!isKeyOf(kinds, kind)) throw new Error(`invariant: ${key} begins with a kind`)
      this.#leave(state, kind, sid)
    }
  }

  #leave(state: State, kind: Kind, sid: string): void {
    const row = state.table(kind).entry(sid)?.row
    if (row && !isResident(kind, row)) state.evict(kind, sid)
  }

  /** Memory is loaded anew. */
  clear(): void {
    this.absent.clear()
    this.#undurable.clear()
    this.#leaving.clear()
    this.#gone.clear()
  }

  /** Deleted by itself or with its parent, on disk or about to be. Asked for rows that are not in memory. */
  #isGone(kind: Kind, row: Row): boolean {
    const own = `${kind}/${row.sid}`
    if (this.#undurable.has(own) || this.#gone.has(own)) return true
    for (const { parent, column } of parents[kind] ?? []) {
      const key = `${parent}/${fieldOf(row, column)}`
      if (this.#gone.has(key)) return true
    }
    return false
  }
}

/** Cold kinds, and kinds whose deletion takes cold rows along. Most changes are of other kinds. */
const tracked: ReadonlySet<string> = new Set([...coldKinds.keys(), ...cascades.keys()])

/** What lives in memory stays there by itself. */
function isTracked(kind: Kind, after: object | undefined): boolean {
  return tracked.has(kind) && !(after && isResident(kind, after))
}

/** By kind, the kinds of the parents whose deletion takes its rows along. */
const parents: Record<string, { parent: string; column: string }[]> = {}
for (const [parent, children] of cascades) {
  for (const { kind, column } of children) parents[kind] = [...(parents[kind] ?? []), { parent, column }]
}

function renew(map: SteadyMap<string, number>, key: string, fetch: number): void {
  map.delete(key)
  map.set(key, fetch)
}

function isResident(kind: Kind, row: object): boolean {
  const cold = coldKinds.get(kind)
  if (!cold) return true
  const { resident, until } = cold
  if (until !== undefined) return (fieldOf(row, until) ?? null) === null
  return resident?.values.includes(String(fieldOf(row, resident.column))) ?? false
}
