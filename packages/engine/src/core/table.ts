import { generated } from './generated.ts'
import { isSid } from './ids.ts'
import { keysOf } from './keys.ts'
import type { KindDefinition } from './kind.ts'
import { RecentMap } from './recent-map.ts'
import type { Row } from './row.ts'
import { SortedList } from './sorted-list.ts'
import { SteadyMap } from './steady-map.ts'
import type { Timer, Timers } from './timers.ts'

/** A row's key in an index. `columns` names all that it reads: while those stay, the index is not looked at. */
export interface IndexKey<R> {
  (row: R): string | null | undefined
  readonly columns?: readonly (keyof R & string)[]
}

/** A key made of these columns. */
export function keyOf<R>(
  columns: readonly (keyof R & string)[],
  key: (row: R) => string | null | undefined
): IndexKey<R> {
  return Object.assign((row: R) => key(row), { columns })
}

/** A key that is a column. */
export function column<C extends string>(name: C): IndexKey<{ readonly [K in C]: string | null }> {
  // Generated as below, so that each index reads its column by name.
  const read = generated<IndexKey<{ readonly [K in C]: string | null }>>(['row'], `return row[${JSON.stringify(name)}]`)
  return Object.assign(read, { columns: [name] })
}

/** A row's place in memory: it stays while the row changes, so that indexes need no update unless a key changes. */
export interface Entry<R extends Row> {
  readonly seq: number
  row: R
  /** Number of the attempt at a decision that touched the row last. */
  touched: number
  /** The first of its timers that run: most rows have one or none, and a list takes twice the memory of that. */
  timer: Timer | undefined
}

/** A column that holds an instant, and the command that is decided then. */
interface Due<R extends Row> {
  readonly column: keyof R
  readonly command: string
  readonly order: number
  /** Set in what `Differences` answers when the column is another one. */
  readonly bit: number
}

interface Index<R extends Row> {
  readonly name: string
  readonly key: IndexKey<R>
  /** Set in what `Differences` answers when the key may be another one. */
  readonly bit: number
  /** Undefined while an index that is rarely asked is not kept. */
  groups: SteadyMap<string, Group<R>> | undefined
  readonly isRarelyAsked: boolean
  /** How often it was brought up to date since somebody asked. */
  unasked: number
}

/** Most keys are those of a parent with one child: a list of one takes four times the memory. */
type Group<R extends Row> = Entry<R> | SortedList<Entry<R>>

export type Observer<R extends Row> = (before: R | undefined, after: R | undefined) => void

/**
 * The rows of one kind. Everything derived from rows (indexes, timers, and what observers keep) follows from `put` alone,
 * so undoing a decision is putting back the rows that were there before.
 */
export class Table<R extends Row> {
  readonly kind: string
  readonly definition: KindDefinition<R>
  /** A row with some columns changed. */
  readonly copy: Copy<R>
  /** A row of these columns. */
  readonly make: Make<R>
  readonly #entries = new RecentMap<Entry<R>>()
  readonly #indexes: Index<R>[] = []
  /** Those that are kept up to date. */
  #kept: readonly Index<R>[]
  readonly #timers: Timers
  readonly #time: { readonly at: number }
  readonly #due: Due<R>[] = []
  readonly #differences: Differences<R>
  readonly #observers: Observer<R>[] = []
  /** The column that says until when a row that was put away can be asked for; undefined where none are. */
  readonly #until: (keyof R & string) | undefined
  /** By which names rows may be missing here that the store has; undefined while all are here. */
  readonly #foundBy: ReadonlySet<string> | undefined
  /** What a decision has read: names of rows, as `nameOf` makes them. Undefined outside of one, or when all rows are here. */
  read: ReadonlySet<string> | undefined

  /** `time` has the instant of the decision that is being made. */
  constructor(kind: string, definition: KindDefinition<R>, timers: Timers, time: { readonly at: number }) {
    this.kind = kind
    this.#time = time
    if (definition.cold?.foundBy) this.#foundBy = new Set(definition.cold.foundBy)
    this.#until = definition.cold?.until
    this.definition = definition
    const columns = Object.keys(definition.columns)
    this.copy = copier(columns)
    this.make = maker(columns)
    this.#timers = timers
    const read: (readonly string[] | undefined)[] = []
    const nextBit = (columns: readonly string[] | undefined) => 1 << (read.push(columns) - 1)
    for (const [name, key] of Object.entries(definition.indexes ?? {})) {
      const isRarelyAsked = definition.rarelyAsked?.includes(name) ?? false
      const groups = isRarelyAsked ? undefined : new SteadyMap<string, Group<R>>()
      this.#indexes.push({ name, key, bit: nextBit(key.columns), groups, isRarelyAsked, unasked: 0 })
    }
    this.#kept = this.#indexes.filter(({ groups }) => groups)
    const { timers: commands = {} } = definition
    for (const column of keysOf(commands)) {
      const command = commands[column]
      if (command !== undefined) this.#due.push({ column, command, order: this.#due.length, bit: nextBit([column]) })
    }
    this.#differences = differ(read)
  }

  get size(): number {
    return this.#entries.size
  }

  get(sid: string): R | undefined {
    const entry = this.#entries.get(sid)
    if (entry === undefined && this.read !== undefined) this.#missed('sid', sid)
    return entry?.row
  }

  /** A row that must be there: anything else is our mistake. */
  need(sid: string): R {
    const row = this.get(sid)
    if (row === undefined) throw new Error(`invariant: ${this.kind} ${sid} exists`)
    return row
  }

  /** A row that may be absent. One that was put away is there until its time is over, whether memory still has it or not. */
  find(sid: string | null | undefined): R | undefined {
    const row = sid ? this.get(sid) : undefined
    const gone_from = row && this.goneFrom(row)
    return gone_from !== undefined && gone_from <= this.#time.at ? undefined : row
  }

  /** The row if it is in memory, and was not put away: for who needs it only while it is, as rows of what is open are. */
  resident(sid: string | null | undefined): R | undefined {
    const row = sid ? this.#entries.get(sid)?.row : undefined
    return row === undefined || this.goneFrom(row) === undefined ? row : undefined
  }

  /** The instant from which on a row that was put away is not found any more; undefined for all others. */
  goneFrom(row: R): number | undefined {
    if (this.#until === undefined) return undefined
    return (row[this.#until] as number | null | undefined) ?? undefined // the declared column holds an instant or null
  }

  /** The row's place, for whoever changes it. */
  entry(sid: string): Entry<R> | undefined {
    return this.#entries.get(sid)
  }

  /** Rows of one group of an index, in order of creation. They must not change while they are gone through; see `list`. */
  *by(index: string, key: string): Generator<R> {
    const group = this.#group(index, key)
    if (group instanceof SortedList) for (const entry of group) yield entry.row
    else if (group) yield group.row
  }

  /** The same as a list, whatever happens to them meanwhile. */
  list(index: string, key: string): R[] {
    const group = this.#group(index, key)
    if (group === undefined) return []
    return group instanceof SortedList ? group.toArray().map(rowOf) : [group.row]
  }

  count(index: string, key: string): number {
    const group = this.#group(index, key)
    return group instanceof SortedList ? group.length : group ? 1 : 0
  }

  firstBy(index: string, key: string): R | undefined {
    const group = this.#group(index, key)
    if (group === undefined && this.read !== undefined) this.#missed(index, key)
    return group instanceof SortedList ? group.first?.row : group?.row
  }

  /** The names by which rows are known to be absent, or here, once those with these columns have been read. */
  *namesIn(where: Readonly<Record<string, string>>): Generator<string> {
    for (const by of this.#foundBy ?? []) {
      const key = by === 'sid' ? where.sid : this.#index(by).key(where as unknown as R) // reads the columns that it is made of
      if (key) yield nameOf(by, key)
    }
  }

  #missed(by: string, key: string): void {
    if (!this.#foundBy?.has(by) || this.read?.has(nameOf(by, key))) return
    // A unique name may stand where a SID does; it is looked for by its own index.
    if (by === 'sid' && !isSid(this.definition.prefix, key)) return
    throw new Error(`invariant: ${this.kind} ${key} (${by}) was read before the decision`)
  }

  /** Rows of one group created after (or before, when descending) the row with that seq. */
  *pageBy(index: string, key: string, after: number | undefined, descending: boolean): Generator<R> {
    const group = listOf(this.#group(index, key))
    if (!group) return
    const entries = descending
      ? group.backwardFrom((entry) => after !== undefined && entry.seq >= after)
      : group.from((entry) => after !== undefined && entry.seq <= after)
    for (const entry of entries) yield entry.row
  }

  /** Every group of an index with its rows, by key: for checking only. */
  *groups(index: string): Generator<readonly [key: string, rows: R[]]> {
    for (const [key, group] of this.#groups(index).entries()) yield [key, listOf(group)?.toArray().map(rowOf) ?? []]
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
    if (entry && after) {
      if (entry.row !== after) this.replace(entry, after)
    } else if (after) this.add(after)
    else if (entry) this.remove(entry)
  }

  /** Takes in a row whose SID is new. */
  add(row: R): Entry<R> {
    const entry: Entry<R> = { seq: row.seq, row, touched: 0, timer: undefined }
    const { size } = this.#entries
    this.#entries.set(row.sid, entry)
    if (this.#entries.size === size) throw new Error(`invariant: ${this.kind} ${row.sid} is new`)
    for (const index of this.#kept) this.#join(index, index.key(row), entry)
    for (const due of this.#due) this.#retime(entry, due, row)
    for (const observer of this.#observers) observer(undefined, row)
    return entry
  }

  /** Removes the row of that entry of this table. */
  remove(entry: Entry<R>): void {
    const { row } = entry
    this.#entries.delete(row.sid)
    // Whoever asks for it again in this decision learns that it is gone.
    if (this.read !== undefined && this.#foundBy) this.read = new Set(this.read).add(nameOf('sid', row.sid))
    for (const index of this.#kept) this.#leave(index, index.key(row), entry)
    for (let { timer } = entry; timer; timer = timer.other) this.#timers.remove(timer)
    for (const observer of this.#observers) observer(row, undefined)
  }

  /** Makes `after` the row of that entry of this table. */
  replace(entry: Entry<R>, after: R): void {
    const before = entry.row
    const differences = this.#differences(before, after)
    entry.row = after
    if (differences !== 0) {
      for (const index of this.#kept) if (differences & index.bit) this.#reindex(index, entry, before, after)
      for (const due of this.#due) if (differences & due.bit) this.#retime(entry, due, after)
    }
    for (const observer of this.#observers) observer(before, after)
  }

  #group(index: string, key: string): Group<R> | undefined {
    return this.#groups(index).get(key)
  }

  /** What an index holds now; one that is not kept is made. */
  #groups(name: string): SteadyMap<string, Group<R>> {
    const index = this.#index(name)
    index.unasked = 0
    if (index.groups) return index.groups
    const groups = new SteadyMap<string, Group<R>>()
    index.groups = groups
    const entries = [...this.#entries.values()].sort(bySeq)
    for (const entry of entries) this.#join(index, index.key(entry.row), entry)
    index.unasked = 0
    this.#kept = [...this.#kept, index]
    return groups
  }

  /** Lets go of an index that it would have cost less to make anew. */
  #countUnasked(index: Index<R>): void {
    if (++index.unasked <= Math.max(unaskedAtMost, this.#entries.size) || !this.#kept.includes(index)) return
    index.groups = undefined
    this.#kept = this.#kept.filter((one) => one !== index)
  }

  #index(name: string): Index<R> {
    for (const index of this.#indexes) if (index.name === name) return index
    throw new Error(`invariant: ${this.kind} has an index ${name}`)
  }

  #reindex(index: Index<R>, entry: Entry<R>, before: R, after: R): void {
    const old = index.key(before)
    const key = index.key(after)
    if (old === key) return
    this.#leave(index, old, entry)
    this.#join(index, key, entry)
  }

  #join(index: Index<R>, key: string | null | undefined, entry: Entry<R>): void {
    const { groups } = index
    if (key === null || key === undefined || groups === undefined) return
    const group = groups.get(key)
    if (group === undefined) groups.set(key, entry)
    else if (group instanceof SortedList) group.add(entry)
    else {
      const list = new SortedList<Entry<R>>(bySeq)
      list.add(group)
      list.add(entry)
      groups.set(key, list)
    }
    if (index.isRarelyAsked) this.#countUnasked(index)
  }

  #leave(index: Index<R>, key: string | null | undefined, entry: Entry<R>): void {
    const { groups } = index
    if (key === null || key === undefined || groups === undefined) return
    const group = groups.get(key)
    if (group instanceof SortedList) {
      group.remove(entry)
      if (group.length === 0) groups.delete(key)
    } else if (group === entry) groups.delete(key)
  }

  #retime(entry: Entry<R>, { column, command, order }: Due<R>, row: R): void {
    const due = row[column] as number | null // a timer column holds an instant or null
    let before: Timer | undefined
    let { timer } = entry
    while (timer && timer.order !== order) {
      before = timer
      timer = timer.other
    }
    if (timer) this.#timers.remove(timer)
    if (due !== null && due !== undefined) {
      if (timer) timer.due = due
      else {
        timer = { due, seq: entry.seq, order, command, sid: row.sid, place: -1, other: entry.timer }
        entry.timer = timer
      }
      this.#timers.add(timer)
    } else if (timer) {
      // One that does not run is let go of: a finished task is kept for a while, and had four.
      if (before) before.other = timer.other
      else entry.timer = timer.other
    }
  }
}

/** An index that is rarely asked is kept for at least so many changes. */
const unaskedAtMost = 1000

function nameOf(by: string, key: string): string {
  return `${by} ${key}`
}

function bySeq(a: { readonly seq: number }, b: { readonly seq: number }): number {
  return a.seq - b.seq
}

function rowOf<R extends Row>(entry: Entry<R>): R {
  return entry.row
}

/** A group as a list, to be read only. */
function listOf<R extends Row>(group: Group<R> | undefined): SortedList<Entry<R>> | undefined {
  if (group === undefined || group instanceof SortedList) return group
  const list = new SortedList<Entry<R>>(bySeq)
  list.add(group)
  return list
}

/*
 * What is done to every row is generated from its kind's columns, as text that a person would have written for that kind:
 * all rows of a kind have one shape then, and columns are read and written by name. Spreading a row of 25 columns costs
 * fifteen times as much, and writing a column whose name is a variable five times.
 */

/** Columns that a decider changes; `undefined` leaves one as it is. */
export type Changes<R extends Row> = { readonly [C in keyof R]?: R[C] | undefined }

/** Copies a row, with a new version and date, and with those of the changes that are not undefined. */
type Copy<R extends Row> = (row: R, changes: Changes<R>, version: number, date_updated: number) => R

function copier<R extends Row>(columns: readonly string[]): Copy<R> {
  const fields = ['sid', 'seq', 'version', 'date_created', 'date_updated', ...columns].map((column) => {
    const name = JSON.stringify(column)
    return `${name}: ${column === 'version' || column === 'date_updated' ? column : `row[${name}]`}`
  })
  const cases = ['date_created', 'date_updated', ...columns].map((column) => {
    const name = JSON.stringify(column)
    return `case ${name}: copy[${name}] = value; break`
  })
  // Looking only at what is there is much quicker than asking the changes for every column: they have all shapes.
  const body = `
    const copy = {${fields.join(',')}}
    for (const column in changes) {
      const value = changes[column]
      if (value !== undefined) switch (column) {${cases.join('\n')}}
    }
    return copy`
  return generated(['row', 'changes', 'version', 'date_updated'], body)
}

/** A new row: created at an instant unless the columns say when. */
type Make<R> = (columns: Partial<R>, sid: string, seq: number, at: number) => R

function maker<R extends Row>(columns: readonly string[]): Make<R> {
  const fields = columns.map((column) => `${JSON.stringify(column)}: columns[${JSON.stringify(column)}]`)
  const own = 'sid, seq, version: 0, date_created: columns.date_created ?? at, date_updated: columns.date_updated ?? at'
  const body = `return {${[own, ...fields].join(',')}}`
  return generated(['columns', 'sid', 'seq', 'at'], body)
}

/** Which of the things that a row's columns decide may be others now: one bit each. */
type Differences<R> = (before: R, after: R) => number

/** One bit for each list of columns; what has no list always differs. */
function differ<R extends Row>(read: readonly (readonly string[] | undefined)[]): Differences<R> {
  if (read.length > 31) throw new Error('invariant: a kind has at most 31 indexes and timers')
  const terms = read.map((columns, i) => {
    if (columns === undefined) return String(1 << i)
    const names = columns.map((column) => JSON.stringify(column))
    return `(${names.map((name) => `before[${name}] !== after[${name}]`).join(' || ')} ? ${1 << i} : 0)`
  })
  return generated(['before', 'after'], `return ${terms.join(' | ') || '0'}`)
}
