import type { Row } from './row.ts'
import { SortedList } from './sorted-list.ts'
import type { Timer, Timers } from './timers.ts'

/** What a kind of row is: its columns, how its rows are found, and when they are due. */
export interface KindDefinition<R extends Row> {
  /** Two letters in front of its SIDs. */
  readonly prefix: string
  /** All columns beside those of `Row`, in the order in which they are stored. */
  readonly columns: readonly Exclude<keyof R & string, keyof Row>[]
  /** Groups of rows that share a key, each in order of creation. No key, no group. */
  readonly indexes?: Readonly<Record<string, (row: R) => string | null | undefined>>
  /** Columns that hold an instant (or null), and the command that is decided then. */
  readonly timers?: { readonly [column in keyof R & string]?: string }
}

/** A row's place in memory: it stays while the row changes, so that indexes need no update unless a key changes. */
export interface Entry<R extends Row> {
  readonly seq: number
  row: R
  /** One a column of the definition's timers; undefined until that column has held an instant. */
  readonly timers: (Timer | undefined)[]
}

/** A column that holds an instant, and the command that is decided then. */
interface Due<R extends Row> {
  readonly column: keyof R
  readonly command: string
  readonly order: number
}

interface Index<R extends Row> {
  readonly name: string
  readonly key: (row: R) => string | null | undefined
  readonly groups: Map<string, SortedList<Entry<R>>>
}

export type Observer<R extends Row> = (before: R | undefined, after: R | undefined) => void

/**
 * The rows of one kind. Everything derived from rows (indexes, timers, and what observers keep) follows from `put` alone,
 * so undoing a decision is putting back the rows that were there before.
 */
export class Table<R extends Row> {
  readonly kind: string
  readonly definition: KindDefinition<R>
  /** A row with some columns changed. Generated: spreading 25 columns costs fifteen times as much. */
  readonly copy: (row: R, changes: Partial<R>) => R
  readonly #entries = new Map<string, Entry<R>>()
  readonly #indexes: Index<R>[]
  readonly #timers: Timers
  readonly #due: Due<R>[]
  readonly #observers: Observer<R>[] = []

  constructor(kind: string, definition: KindDefinition<R>, timers: Timers) {
    this.kind = kind
    this.definition = definition
    this.copy = copier(definition.columns)
    this.#timers = timers
    this.#indexes = Object.entries(definition.indexes ?? {}).map(([name, key]) => ({ name, key, groups: new Map() }))
    this.#due = Object.entries(definition.timers ?? {}).map(([column, command], order) => ({
      column: column as keyof R, // the definition's type allows columns of R only
      command: command as string, // exactOptionalPropertyTypes: a listed timer has a command
      order
    }))
  }

  get size(): number {
    return this.#entries.size
  }

  get(sid: string): R | undefined {
    return this.#entries.get(sid)?.row
  }

  /** Rows of one group of an index, in order of creation. */
  *by(index: string, key: string): Generator<R> {
    const group = this.#group(index, key)
    if (group) for (const entry of group) yield entry.row
  }

  count(index: string, key: string): number {
    return this.#group(index, key)?.length ?? 0
  }

  firstBy(index: string, key: string): R | undefined {
    return this.#group(index, key)?.first?.row
  }

  /** Rows of one group created after (or before, when descending) the row with that seq. */
  *pageBy(index: string, key: string, after: number | undefined, descending: boolean): Generator<R> {
    const group = this.#group(index, key)
    if (!group) return
    const entries = descending
      ? group.backwardFrom((entry) => after !== undefined && entry.seq >= after)
      : group.from((entry) => after !== undefined && entry.seq <= after)
    for (const entry of entries) yield entry.row
  }

  /** Every group of an index with its rows, by key: for checking only. */
  *groups(index: string): Generator<readonly [key: string, rows: R[]]> {
    for (const [key, group] of this.#index(index).groups) yield [key, group.toArray().map((entry) => entry.row)]
  }

  /** All rows, in order of creation. Costs a sort: for loading, checking and small tables only. */
  all(): R[] {
    return [...this.#entries.values()].map((entry) => entry.row).sort((a, b) => a.seq - b.seq)
  }

  /** Calls the observer after every change of a row, and after every undoing of one. */
  observe(observer: Observer<R>): void {
    this.#observers.push(observer)
  }

  /** Makes `after` the row with that SID (or removes it), with everything that follows from it. */
  put(sid: string, after: R | undefined): void {
    const entry = this.#entries.get(sid)
    const before = entry?.row
    if (before === after) return
    if (entry && after) {
      this.#reindex(entry, before as R, after) // an entry has a row
      entry.row = after
      this.#retime(entry, after)
    } else if (after) {
      const added: Entry<R> = { seq: after.seq, row: after, timers: [] }
      this.#entries.set(sid, added)
      for (const index of this.#indexes) this.#join(index, index.key(after), added)
      this.#retime(added, after)
    } else if (entry) {
      this.#entries.delete(sid)
      for (const index of this.#indexes) this.#leave(index, index.key(entry.row), entry)
      for (const timer of entry.timers) if (timer && timer.place >= 0) this.#timers.remove(timer)
    }
    for (const observer of this.#observers) observer(before, after)
  }

  #group(index: string, key: string): SortedList<Entry<R>> | undefined {
    return this.#index(index).groups.get(key)
  }

  #index(name: string): Index<R> {
    const found = this.#indexes.find((index) => index.name === name)
    if (!found) throw new Error(`invariant: ${this.kind} has an index ${name}`)
    return found
  }

  #reindex(entry: Entry<R>, before: R, after: R): void {
    for (const index of this.#indexes) {
      const old = index.key(before)
      const key = index.key(after)
      if (old === key) continue
      this.#leave(index, old, entry)
      this.#join(index, key, entry)
    }
  }

  #join(index: Index<R>, key: string | null | undefined, entry: Entry<R>): void {
    if (key === null || key === undefined) return
    let group = index.groups.get(key)
    if (!group) {
      group = new SortedList<Entry<R>>(bySeq)
      index.groups.set(key, group)
    }
    group.add(entry)
  }

  #leave(index: Index<R>, key: string | null | undefined, entry: Entry<R>): void {
    if (key === null || key === undefined) return
    const group = index.groups.get(key)
    group?.remove(entry)
    if (group?.length === 0) index.groups.delete(key)
  }

  #retime(entry: Entry<R>, row: R): void {
    for (let i = 0; i < this.#due.length; i++) {
      const { column, command, order } = this.#due[i] as Due<R> // i < length
      const due = row[column] as number | null // a timer column holds an instant or null
      const timer = entry.timers[i]
      if (timer && timer.place >= 0) {
        if (timer.due === due) continue
        this.#timers.remove(timer)
      }
      if (due === null || due === undefined) continue
      const next = timer ?? { due, seq: entry.seq, order, command, sid: row.sid, place: -1 }
      next.due = due
      entry.timers[i] = next
      this.#timers.add(next)
    }
  }
}

function bySeq(a: { readonly seq: number }, b: { readonly seq: number }): number {
  return a.seq - b.seq
}

/** A function that copies a row of these columns, taking a column from `changes` where it is there. */
function copier<R extends Row>(columns: readonly string[]): (row: R, changes: Partial<R>) => R {
  const all = ['sid', 'seq', 'version', 'date_created', 'date_updated', ...columns]
  const fields = all.map((column) => {
    const name = JSON.stringify(column)
    return `${name}: changes[${name}] !== undefined ? changes[${name}] : row[${name}]`
  })
  return new Function('row', 'changes', `return {${fields.join(',')}}`) as (row: R, changes: Partial<R>) => R // the text above is such a function
}
