import type { Read } from './command.ts'
import type { Actor, EventOf, RefsOf } from './events.ts'
import { literalOf } from './generated.ts'
import { Ids, type Seed, seedOf } from './ids.ts'
import { keysOf } from './keys.ts'
import { type Cascade, cascadesOf, type KindDefinition } from './kind.ts'
import { Refusal } from './refusals.ts'
import type { Row } from './row.ts'
import { type Changes, type Entry, Table } from './table.ts'
import { type Timer, Timers } from './timers.ts'

/** What a center's kinds of rows are, by their names: each product brings its own. */
export type RowsOf<K> = { readonly [P in keyof K]: Row }

/** A row as a decider makes it: SID, seq, version and dates are the state's to give. */
export type NewRow<R extends Row> = Omit<R, keyof Row> & {
  readonly date_created?: number
  readonly date_updated?: number
}

/** One changed row of a decision. */
export interface ChangeOf<K extends RowsOf<K>, P extends keyof K = keyof K> {
  readonly kind: P
  readonly sid: string
  readonly before: K[P] | undefined
  readonly after: K[P] | undefined
}

/** What is kept beside the rows and follows from them. It observes tables; `settle` says that the changes so far need no reaction. */
export interface Follower {
  /** Rows were loaded, or a decision was undone: bring everything up to date, and react to none of it. */
  settle(): void
}

/**
 * An account's live rows, and the decision that is changing them. Deciders read and write through this; what a decision
 * did a moment ago is visible to the rest of it, and `rollback` puts everything back. `K` are the kinds of rows, `E` the
 * types of events: this file knows none of them.
 */
export class CoreState<K extends RowsOf<K>, E extends string> {
  readonly account_sid: string
  /** Instant of the current decision (or of the last one), in milliseconds. Never goes back. */
  at = 0
  /** Number of decisions so far. */
  decision = 0
  next_seq = 1
  next_event = 1
  readonly timers = new Timers()
  readonly tables: { readonly [P in keyof K]: Table<K[P]> }
  readonly #ids = new Ids()
  readonly #followers: Follower[] = []
  readonly #cold: Table<Row>[] = []
  /** By kind, what goes with its rows, as far as it is in memory and found there. */
  readonly #under: ReadonlyMap<string, readonly Cascade[]>
  /** What the decision has touched, in the order in which that was first touched; `after` is known at its end. */
  #touched: Touched<K>[] = []
  /** Number of this attempt at a decision: what it has touched is marked with it. */
  #attempt = 1
  #hasRemoved = false
  #events: EventOf<K, E>[] = []
  /** What rows were before an attempt inside the decision, each as it was touched first. */
  #attempted: Map<string, Attempted<K>> | undefined
  #actor: Actor | undefined
  #start = { at: 0, next_seq: 1, next_event: 1 }

  constructor(kinds: { readonly [P in keyof K]: KindDefinition<K[P]> }, account_sid: string) {
    this.account_sid = account_sid
    const tables: Partial<Record<keyof K, unknown>> = {}
    for (const kind of keysOf(kinds)) {
      tables[kind] = new Table(kind, kinds[kind], this.timers, this)
    }
    this.tables = literalOf(tables) as CoreState<K, E>['tables'] // one table a kind, as just made
    for (const kind of keysOf(kinds)) if (kinds[kind].cold) this.#cold.push(this.#anyTable(kind))
    this.#under = cascadesOf(kinds as Parameters<typeof cascadesOf>[0]) // what they are declared with is what is asked
  }

  /** From now on the follower is settled whenever a decision is undone. */
  protected attach(follower: Follower): void {
    this.#followers.push(follower)
  }

  // Reading

  /**
   * A row that must be there: anything else is our mistake. In the engine, who knows the kind as it writes asks
   * `tables.KIND.need`, which V8 finds by place.
   */
  get<P extends keyof K & string>(kind: P, sid: string): K[P] {
    return this.table(kind).need(sid)
  }

  /** A row that may be absent (see `Table.find`). */
  find<P extends keyof K & string>(kind: P, sid: string | null | undefined): K[P] | undefined {
    return this.table(kind).find(sid)
  }

  /** The row if it is in memory, and was not put away: for who needs it only while it is, as rows of what is open are. */
  resident<P extends keyof K & string>(kind: P, sid: string | null | undefined): K[P] | undefined {
    return this.table(kind).resident(sid)
  }

  table<P extends keyof K & string>(kind: P): Table<K[P]> {
    return this.tables[kind]
  }

  /** For who knows the kind at run time only. */
  #anyTable(kind: keyof K & string): Table<Row> {
    return this.tables[kind] as unknown as Table<Row> // what is done with it asks for no column of that kind
  }

  // Writing, inside a decision

  /** A SID that the decision's seed gives. */
  sid(prefix: string): string {
    return this.#ids.sid(prefix)
  }

  insert<P extends keyof K & string>(kind: P, columns: NewRow<K[P]>, sid?: string): K[P] {
    const table = this.table(kind)
    const own = sid ?? this.sid(table.definition.prefix)
    const row = table.make(columns as Partial<K[P]>, own, this.next_seq++, this.at) // NewRow has all columns but those of Row
    if (this.#attempted) this.#keep(kind, own)
    if (sid === undefined) {
      this.#touched.push({ kind, sid: own, before: undefined, after: undefined })
      table.add(row).touched = this.#attempt
    } else this.#addAs(kind, row)
    return row
  }

  /** Changes columns of a row: copies it, dates it, and raises its version once a decision. `undefined` leaves a column. */
  change<P extends keyof K & string>(kind: P, sid: string, changes: Changes<K[P]>): K[P] {
    const table = this.table(kind)
    const entry = table.entry(sid)
    if (!entry) throw new Error(`invariant: ${kind} ${sid} exists`)
    const { row } = entry
    if (this.#attempted) this.#keep(kind, sid)
    // Whatever was touched before has its version already.
    const version = entry.touched === this.#attempt ? row.version : row.version + 1
    const after = table.copy(row, changes, version, this.at)
    this.#touch(kind, entry)
    table.replace(entry, after)
    return after
  }

  /**
   * Lets a row leave memory when the decision is stored, and be found by its SID until an instant. To those who see its
   * version and dates it has not changed.
   */
  putAway<P extends keyof K & string>(kind: P, sid: string, changes: Changes<K[P]>): void {
    const table = this.table(kind)
    const entry = table.entry(sid)
    if (!entry) throw new Error(`invariant: ${kind} ${sid} exists`)
    const { row } = entry
    if (this.#attempted) this.#keep(kind, sid)
    this.#touch(kind, entry)
    table.replace(entry, table.copy(row, changes, row.version, row.date_updated))
  }

  /** Removes a row, and those under it. Of those only some are in memory: the store removes all of them. */
  remove(kind: keyof K & string, sid: string): void {
    const table = this.#anyTable(kind)
    const entry = table.entry(sid)
    if (!entry) return
    if (this.#attempted) this.#keep(kind, sid)
    if (entry.touched !== this.#attempt) this.#touched.push({ kind, sid, before: entry.row, after: undefined })
    this.#hasRemoved = true
    table.remove(entry)
    for (const { kind: child, column } of this.#under.get(kind) ?? nothingUnder) {
      const below = child as keyof K & string // declared under it
      if (!this.table(below).definition.indexes?.[column]) continue
      for (const row of this.table(below).list(column, sid)) this.remove(below, row.sid)
    }
  }

  /** Records that something happened. The rows are frozen as they are now; see `events.ts` for what is made of them. */
  emit(type: E, refs: RefsOf<K>): void {
    const seq = this.next_event++
    this.#events.push({ seq, sid: this.#ids.eventSid(seq), type, at: this.at, refs, actor: this.#actor })
  }

  /** Events of the decision so far. */
  get events(): readonly EventOf<K, E>[] {
    return this.#events
  }

  // The decision

  /** Who wishes what is being decided; undefined for the account itself. */
  get actor(): Actor | undefined {
    return this.#actor
  }

  /** Without `reads`, memory is taken to hold every row; without an actor, it is the account that acts. */
  begin(at: number, seed: Seed, reads?: readonly Read[], actor?: Actor): void {
    if (this.#touched.length > 0 || this.#events.length > 0) throw new Error('invariant: the last decision has ended')
    this.#start = { at: this.at, next_seq: this.next_seq, next_event: this.next_event }
    this.at = Math.max(this.at, at)
    this.#actor = actor
    this.#ids.reseed(seed, this.at)
    if (reads) this.#guard(reads)
  }

  /** From now on, asking for a cold row that is not here and was not read is an invariant's failure. */
  #guard(reads: readonly Read[]): void {
    for (const table of this.#cold) {
      if (reads.length === 0) table.read = nothingRead
      else
        table.read = new Set(reads.flatMap(({ kind, where }) => (kind === table.kind ? [...table.namesIn(where)] : [])))
    }
  }

  /** Ends the decision; answers its changes in the order in which the rows were first touched, and its events. */
  end(): { changes: ChangeOf<K>[]; events: EventOf<K, E>[] } {
    const touched = this.#touched
    let isChanged = true
    for (const change of touched) {
      change.after = this.table(change.kind).get(change.sid)
      isChanged &&= change.after !== change.before
    }
    // Hardly ever is something changed and changed back, or made and removed.
    const changes = (isChanged ? touched : touched.filter(({ before, after }) => before !== after)) as ChangeOf<K>[] // kind and rows belong together
    const events = this.#events
    this.#forget()
    this.decision++
    return { changes, events }
  }

  /** Undoes the decision: rows, indexes, timers and whatever observers keep are as before it. */
  rollback(): void {
    for (const { kind, sid, before } of this.#touched.reverse()) this.table(kind).put(sid, before as never) // of its own kind
    this.#forget()
    for (const follower of this.#followers) follower.settle()
    this.at = this.#start.at
    this.next_seq = this.#start.next_seq
    this.next_event = this.#start.next_event
  }

  /**
   * What an act inside a decision answers; where it throws a `Refusal`, that is answered, and what the act did is undone:
   * rows, events and what observers keep are as before it, while the decision goes on. Acts are not nested.
   */
  attempt<T>(act: () => T): T | Refusal {
    if (this.#attempted) throw new Error('invariant: an attempt ends before the next one begins')
    const before = { touched: this.#touched.length, events: this.#events.length }
    const { next_seq, next_event } = this
    const attempted = new Map<string, Attempted<K>>()
    this.#attempted = attempted
    try {
      return act()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      for (const { kind, sid, row, isTouched } of [...attempted.values()].reverse()) {
        this.table(kind).put(sid, row as never) // of its own kind
        const entry = this.table(kind).entry(sid)
        if (entry) entry.touched = isTouched ? this.#attempt : 0
      }
      this.#touched.length = before.touched
      this.#events.length = before.events
      this.next_seq = next_seq
      this.next_event = next_event
      for (const follower of this.#followers) follower.settle()
      return error
    } finally {
      this.#attempted = undefined
    }
  }

  /**
   * What an act answers that changes the state as in a decision at an instant, and is undone; `events` tells in it what it
   * would have told. SIDs of what it makes are not those that a decision will give. Throws what the act throws.
   */
  rehearsed<T>(at: number, act: () => T): T {
    this.begin(at, seedOf(0, 0))
    try {
      return act()
    } finally {
      this.rollback()
    }
  }

  // Between decisions

  /** Brings in a row that was stored: at start, or fetched for a command. */
  admit<P extends keyof K & string>(kind: P, row: K[P]): void {
    this.table(kind).put(row.sid, row)
  }

  /** Lets go of a row that is stored and no longer needed in memory. */
  evict(kind: keyof K & string, sid: string): void {
    this.table(kind).put(sid, undefined)
  }

  /** The timer that is due first, or undefined. */
  get nextTimer(): Timer | undefined {
    return this.timers.next
  }

  /** Takes in a row whose SID somebody has chosen: there may be, or have been, another one with it. */
  #addAs(kind: keyof K & string, row: Row): void {
    const table = this.#anyTable(kind)
    const { sid } = row
    const known = table.entry(sid)
    const isTouched =
      known?.touched === this.#attempt ||
      (this.#hasRemoved && this.#touched.some((touched) => touched.kind === kind && touched.sid === sid))
    if (!isTouched) this.#touched.push({ kind, sid, before: known?.row, after: undefined })
    if (known) table.replace(known, row)
    const entry = known ?? table.add(row)
    entry.touched = this.#attempt
  }

  /** Notes what a row is before an attempt changes it. */
  #keep(kind: keyof K & string, sid: string): void {
    const key = `${kind}/${sid}`
    if (this.#attempted?.has(key)) return
    const entry = this.#anyTable(kind).entry(sid)
    this.#attempted?.set(key, { kind, sid, row: entry?.row, isTouched: entry?.touched === this.#attempt })
  }

  /** Notes what a row was before the decision. */
  #touch(kind: keyof K & string, entry: Entry<Row>): void {
    if (entry.touched === this.#attempt) return
    entry.touched = this.#attempt
    this.#touched.push({ kind, sid: entry.row.sid, before: entry.row, after: undefined })
  }

  #forget(): void {
    for (const table of this.#cold) table.read = undefined
    this.#touched = []
    this.#events = []
    this.#hasRemoved = false
    this.#attempt++
  }
}

const nothingRead: ReadonlySet<string> = new Set()
const nothingUnder: readonly Cascade[] = []

interface Attempted<K> {
  readonly kind: keyof K & string
  readonly sid: string
  /** Undefined where there was none. */
  readonly row: Row | undefined
  /** Whether the decision had touched it before. */
  readonly isTouched: boolean
}

interface Touched<K> {
  readonly kind: keyof K & string
  readonly sid: string
  readonly before: Row | undefined
  after: Row | undefined
}
