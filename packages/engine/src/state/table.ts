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
  readonly indexes?: Readonly<Record<string, IndexKey<R>>>
  /** Columns that hold an instant (or null), and the command that is decided then. */
  readonly timers?: { readonly [column in keyof R & string]?: string }
}

/** A row's key in an index. `columns` names what it reads, where making it costs more than comparing those. */
export interface IndexKey<R> {
  (row: R): string | null | undefined
  readonly columns?: readonly (keyof R)[]
}

/** A key made of these columns. */
export function keyOf<R>(columns: readonly (keyof R)[], key: (row: R) => string | null | undefined): IndexKey<R> {
  return Object.assign((row: R) => key(row), { columns })
}

/** A row's place in memory: it stays while the row changes, so that indexes need no update unless a key changes. */
export interface Entry<R extends Row> {
  readonly seq: number
  row: R
  /** Number of the attempt at a decision that touched the row last. */
  touched: number
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
  readonly key: IndexKey<R>
  readonly columns: readonly (keyof R)[] | undefined
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
  readonly copy: Copy<R>
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
    this.#indexes = Object.entries(definition.indexes ?? {}).map(([name, key]) => ({
      name,
      key,
      columns: key.columns,
      groups: new Map()
    }))
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

  /** The row's place, for whoever changes it. */
  entry(sid: string): Entry<R> | undefined {
    return this.#entries.get(sid)
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
      this.replace(entry, after)
      return
    }
    if (after) {
      const added: Entry<R> = { seq: after.seq, row: after, touched: 0, timers: [] }
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

  /** Makes `after` the row of that entry of this table. */
  replace(entry: Entry<R>, after: R): void {
    const before = entry.row
    this.#reindex(entry, before, after)
    entry.row = after
    if (this.#due.length > 0) this.#retime(entry, after)
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
      if (index.columns && isSame(index.columns, before, after)) continue
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

function isSame<R>(columns: readonly (keyof R)[], before: R, after: R): boolean {
  for (const column of columns) if (before[column] !== after[column]) return false
  return true
}

/** Copies a row, with a new version and date, and with those of the changes that are not undefined. */
type Copy<R> = (row: R, changes: Partial<R>, version: number, date_updated: number) => R

function copier<R extends Row>(columns: readonly string[]): Copy<R> {
  const fields = ['sid', 'seq', 'version', 'date_created', 'date_updated', ...columns].map((column) => {
    const name = JSON.stringify(column)
    return `${name}: ${column === 'version' || column === 'date_updated' ? column : `row[${name}]`}`
  })
  // Looking only at what is there is much quicker than asking the changes for every column: they have all shapes.
  const body = `
    const copy = {${fields.join(',')}}
    for (const column in changes) if (changes[column] !== undefined && column in copy) copy[column] = changes[column]
    return copy`
  return new Function('row', 'changes', 'version', 'date_updated', body) as Copy<R> // the text above is such a function
}
