import type { EngineEvent, EventRefs, EventType } from '../events.ts'
import { type Kind, type Kinds, kinds } from '../kinds.ts'
import { Matcher } from '../matching/matcher.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { Ids, type Seed } from './ids.ts'
import { refuse } from './refusals.ts'
import type { Row } from './row.ts'
import { type Changes, Table } from './table.ts'
import { type Timer, Timers } from './timers.ts'

/** A row as a decider makes it: SID, seq, version and dates are the state's to give. */
export type NewRow<R extends Row> = Omit<R, keyof Row> & {
  readonly date_created?: number
  readonly date_updated?: number
}

/** One changed row of a decision. */
export interface Change<K extends Kind = Kind> {
  readonly kind: K
  readonly sid: string
  readonly before: Kinds[K] | undefined
  readonly after: Kinds[K] | undefined
}

/**
 * An account's live rows, and the decision that is changing them. Deciders read and write through this; what a decision
 * did a moment ago is visible to the rest of it, and `rollback` puts everything back.
 */
export class State {
  readonly account_sid: string
  readonly settings: Settings
  /** What routing keeps beside the rows; it follows from them. */
  readonly matcher: Matcher
  /** Instant of the current decision (or of the last one), in milliseconds. Never goes back. */
  at = 0
  /** Number of decisions so far. */
  decision = 0
  next_seq = 1
  next_event = 1
  readonly timers = new Timers()
  readonly tables: { readonly [K in Kind]: Table<Kinds[K]> }
  readonly #ids = new Ids()
  /** What the decision has touched, in the order in which that was first touched; `after` is known at its end. */
  #touched: Touched[] = []
  /** Number of this attempt at a decision: what it has touched is marked with it. */
  #attempt = 1
  #hasRemoved = false
  #events: EngineEvent[] = []
  #start = { at: 0, next_seq: 1, next_event: 1 }

  constructor(account_sid: string, settings: Settings = defaultSettings) {
    this.account_sid = account_sid
    this.settings = settings
    const tables: Record<string, unknown> = {}
    for (const kind of Object.keys(kinds) as Kind[]) {
      tables[kind] = new Table(kind, kinds[kind] as never, this.timers) // each table is made from the definition of its own kind
    }
    this.tables = tables as State['tables'] // one table a kind, as just made
    this.matcher = new Matcher(this)
  }

  // Reading

  /** A row that must be there: anything else is our mistake. */
  get<K extends Kind>(kind: K, sid: string): Kinds[K] {
    const row = this.table(kind).get(sid)
    if (!row) throw new Error(`invariant: ${kind} ${sid} exists`)
    return row
  }

  find<K extends Kind>(kind: K, sid: string | null | undefined): Kinds[K] | undefined {
    return sid ? this.table(kind).get(sid) : undefined
  }

  table<K extends Kind>(kind: K): Table<Kinds[K]> {
    return this.tables[kind] as unknown as Table<Kinds[K]> // TypeScript cannot follow the index through the mapped type
  }

  // Writing, inside a decision

  /** A SID that the decision's seed gives. */
  sid(prefix: string): string {
    return this.#ids.sid(prefix)
  }

  insert<K extends Kind>(kind: K, columns: NewRow<Kinds[K]>, sid?: string): Kinds[K] {
    const table = this.table(kind)
    const own = sid ?? this.sid(table.definition.prefix)
    const row = table.make(columns as Partial<Kinds[K]>, own, this.next_seq++, this.at) // NewRow has all columns but those of Row
    if (sid === undefined) {
      this.#touched.push({ kind, sid: own, before: undefined, after: undefined })
      table.add(row).touched = this.#attempt
    } else this.#addAs(kind, row)
    return row
  }

  /** Changes columns of a row: copies it, dates it, and raises its version once a decision. `undefined` leaves a column. */
  change<K extends Kind>(kind: K, sid: string, changes: Changes<Kinds[K]>): Kinds[K] {
    const table = this.table(kind)
    const entry = table.entry(sid)
    if (!entry) throw new Error(`invariant: ${kind} ${sid} exists`)
    const { row } = entry
    // Whatever was touched before has its version already.
    const version = entry.touched === this.#attempt ? row.version : row.version + 1
    const after = table.copy(row, changes, version, this.at)
    if (entry.touched !== this.#attempt) {
      entry.touched = this.#attempt
      this.#touched.push({ kind, sid, before: row, after: undefined })
    }
    table.replace(entry, after)
    return after
  }

  remove(kind: Kind, sid: string): void {
    const table = this.table(kind) as unknown as Table<Row> // as above
    const entry = table.entry(sid)
    if (!entry) return
    if (entry.touched !== this.#attempt) this.#touched.push({ kind, sid, before: entry.row, after: undefined })
    this.#hasRemoved = true
    table.remove(entry)
  }

  /** Records that something happened. The rows are frozen as they are now; see `events.ts` for what is made of them. */
  emit<T extends EventType>(type: T, refs: EventRefs): void {
    const seq = this.next_event++
    this.#events.push({ seq, sid: this.#ids.eventSid(seq), type, at: this.at, refs })
  }

  /** Events of the decision so far. */
  get events(): readonly EngineEvent[] {
    return this.#events
  }

  // The decision

  begin(at: number, seed: Seed): void {
    if (this.#touched.length > 0 || this.#events.length > 0) throw new Error('invariant: the last decision has ended')
    this.#start = { at: this.at, next_seq: this.next_seq, next_event: this.next_event }
    this.at = Math.max(this.at, at)
    this.#ids.reseed(seed)
  }

  /** Ends the decision; answers its changes in the order in which the rows were first touched, and its events. */
  end(): { changes: Change[]; events: EngineEvent[] } {
    const touched = this.#touched
    let isChanged = true
    for (const change of touched) {
      change.after = this.table(change.kind).get(change.sid)
      isChanged &&= change.after !== change.before
    }
    // Hardly ever is something changed and changed back, or made and removed.
    const changes = (isChanged ? touched : touched.filter(({ before, after }) => before !== after)) as Change[] // kind and rows belong together
    const events = this.#events
    this.#forget()
    this.decision++
    return { changes, events }
  }

  /** Undoes the decision: rows, indexes, timers and whatever observers keep are as before it. */
  rollback(): void {
    for (const { kind, sid, before } of this.#touched.reverse()) this.table(kind).put(sid, before as never) // of its own kind
    this.#forget()
    this.matcher.settle()
    this.at = this.#start.at
    this.next_seq = this.#start.next_seq
    this.next_event = this.#start.next_event
  }

  // Between decisions

  /** Brings in a row that was stored: at start, or fetched for a command. */
  admit<K extends Kind>(kind: K, row: Kinds[K]): void {
    this.table(kind).put(row.sid, row)
  }

  /** Lets go of a row that is stored and no longer needed in memory. */
  evict(kind: Kind, sid: string): void {
    this.table(kind).put(sid, undefined)
  }

  /** The timer that is due first, or undefined. */
  get nextTimer(): Timer | undefined {
    return this.timers.next
  }

  /** Takes in a row whose SID somebody has chosen: there may be, or have been, another one with it. */
  #addAs(kind: Kind, row: Row): void {
    const table = this.table(kind) as unknown as Table<Row> // as above
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

  #forget(): void {
    this.#touched = []
    this.#events = []
    this.#hasRemoved = false
    this.#attempt++
  }
}

interface Touched {
  readonly kind: Kind
  readonly sid: string
  readonly before: Row | undefined
  after: Row | undefined
}

/** The row, or a refusal that says in the API's words that there is none. */
export function need<K extends Kind>(state: State, kind: K, sid: string, path: string): Kinds[K] {
  return state.find(kind, sid) ?? refuse('not_found', `The requested resource ${path} was not found`)
}
