import type { Row } from '@ringdown/engine/core/row'
import type { Query, Reading, Writing } from './query.ts'
import type { Inserts } from './tables.ts'

/**
 * Where an account's rows and events are kept. Two implementations (SQLite, PostgreSQL) obey one contract suite.
 * Events are kept in blocks (`log-blocks.ts`), and are read by `log` and through `EventLog`.
 *
 * Rows of *resident* kinds live in one table `row(account_sid, kind, seq, sid, version, data)`; each *cold* kind has a table of
 * its own with the columns that its lists filter and sort by (see `Schema`). Where a kind says until when its rows are kept
 * (`until`), those that live are in `row`, too, and its own table has those that were put away. `data` is the row as JSON text.
 *
 * What is kept beside rows and log is the affair of those who keep it: deliveries, statistics. They bring their tables
 * (`Schema`), read them by `query`, and write them with the cursor of a reader (`advance`) or as `Writing` says.
 */
export interface Store extends Reading, Writing {
  /**
   * The same as `query`, for what may take long: in a process or on a connection of its own, so that nobody else waits for it,
   * for so many milliseconds at most, those in which it waits for others of its kind included. Throws TookTooLong.
   */
  analyze<R extends object = Record<string, unknown>>(query: Query, limit_ms: number): Promise<R[]>
  /** Creates or upgrades the tables. Safe to call at every start; concurrent callers wait for each other. */
  migrate(): Promise<void>
  /** SIDs of all accounts, in SID order. */
  accounts(): Promise<string[]>
  /**
   * Takes the account for this process and raises its epoch; creates it when it is new.
   * Waits while another node holds it and while the store cannot be reached; `signal` ends the wait, with its reason,
   * and `onLost` tells of the first failure on the way.
   * After this, only `write`s with this epoch succeed. After StoreUnavailable, or a call of an `onLost` listener, no
   * write succeeds until the account has been locked again, whoever else writes: so a caller locks and loads again.
   * Throws CannotOpen when a newer program wrote the account, and for what does not pass by waiting.
   */
  lock(account_sid: string, signal?: AbortSignal): Promise<AccountHead>
  /**
   * The account as it is on disk, without taking it, where nobody but this process may write it: what is loaded then may
   * be told while nothing can be written. Undefined where other nodes may. Throws StoreUnavailable.
   */
  peek(account_sid: string): Promise<AccountHead | undefined>
  /** Every resident row of the account, and of cold kinds those that their declaration calls resident, in seq order. */
  load(account_sid: string): Promise<LoadedRow[]>
  /**
   * Writes one batch in one transaction; resolves when it is durable.
   * Throws StoreUnavailable when the outcome is unknown or the store cannot be reached, ContentRejected when the store
   * refused what was to be written (nothing of it is there then), and Fenced when another node has taken the account.
   * Writes are done in the order of the calls and need not be awaited: when one has failed, those of its account that were
   * called before that was told are refused with StoreUnavailable, since they were decided on what is not there.
   */
  write(batch: Batch): Promise<void>
  /** One page of a cold kind; `R` are its rows, here and below. */
  page<R extends Row = Row>(query: PageQuery): Promise<R[]>
  /** Rows of a cold kind whose columns equal the given values (a missing row is simply not in the answer). */
  find<R extends Row = Row>(account_sid: string, kind: string, where: Readonly<Record<string, Value>>): Promise<R[]>
  /** Events after the cursor, oldest first. The sequence survives deletion of old events. */
  log(account_sid: string, cursor: number, limit: number): Promise<StoredEvent[]>
  /** Journal entries after a decision number, oldest first. */
  journal(account_sid: string, after: number, limit: number): Promise<JournalEntry[]>
  /**
   * Deletes blocks of events and journal entries that are older than the instants, at most `limit` of each, the oldest first;
   * resolves with how many went. A block goes when its last event is old enough.
   */
  prune(account_sid: string, before: { event?: number; journal?: number }, limit: number): Promise<number>
  /**
   * Gives room that nothing needs any more back to the system, at most so many pages of SQLite's file; resolves with how
   * many. What will soon be needed again is kept. PostgreSQL does that by itself.
   */
  compact(pages: number): Promise<number>
  /** Seq of the last event that a reader of the log has dealt with; a new reader's cursor is made, at 0 or where it says. */
  cursor(account_sid: string, reader: string, begins_at?: number): Promise<number>
  /**
   * Writes what a reader has made of the events up to a new cursor, and the cursor, in one transaction: read again after
   * a failure, an event still counts once. Throws Fenced when the cursor is not where the step begins: somebody else
   * reads under that name, or an answer was lost; StoreUnavailable and ContentRejected as `write`.
   */
  advance(step: ReaderStep): Promise<void>
  /** A consistent copy of the whole store in a new file (SQLite; PostgreSQL refuses with a hint at pg_dump). */
  backup(path: string): Promise<void>
  /** Resolves when the store answers; throws StoreUnavailable otherwise. */
  ping(): Promise<void>
  /**
   * Whether this process may still speak for its accounts: false from the moment the store failed or fell silent (a
   * heartbeat older than 0.9 s on PostgreSQL), true again once it answers. Costs nothing: ask before each answer.
   */
  healthy(): boolean
  /** Why it may not, in words for whoever runs the server; undefined while it may. */
  trouble(): string | undefined
  /**
   * Calls the listener each time the store is lost: a write with unknown outcome, a broken connection, nothing heard of
   * the server for 3 s. From then on every account must be locked and loaded again before anything is read from memory, sent or
   * acknowledged. Answers a function that takes the listener away.
   */
  onLost(listener: (why: StoreUnavailable) => void): () => void
  /** Checkpoints and lets go of files, connections and locks. */
  close(): Promise<void>
}

export type Value = string | number | null

/** What an account remembers beside its rows. All counters are those of the last durable decision. */
export interface AccountHead {
  readonly account_sid: string
  /** Raised by one whenever a process takes the account. */
  readonly epoch: number
  /** Format of the row shapes. */
  readonly format: number
  /** Instant of the last decision, in milliseconds; 0 for a new account. */
  readonly at: number
  /** Number of decisions so far. */
  readonly decision: number
  /** Next row sequence number. */
  readonly next_seq: number
  /** Next event sequence number. */
  readonly next_event: number
}

export interface LoadedRow {
  readonly kind: string
  readonly row: Row
}

export interface RowWrite {
  readonly kind: string
  readonly sid: string
  /** The row's own, which never changes: rows that live in memory are kept by it. */
  readonly seq: number
  /** null deletes the row. */
  readonly row: Row | null
}

export interface Removal {
  readonly kind: string
  /** Every row whose columns hold these values goes; an index of the kind should begin with them. */
  readonly where: Readonly<Record<string, Value>>
}

export interface StoredEvent {
  readonly seq: number
  readonly sid: string
  readonly type: string
  readonly at: number
  /** The event as JSON text, with all that its readers need. */
  readonly data: string
}

/** An event on its way into the log. */
export interface EventWrite extends StoredEvent {
  /** Its data, where it is at hand: the subjects by which it is found are in its text as well. */
  readonly about?: Readonly<Record<string, unknown>>
}

/** One step of a reader of the log. */
export interface ReaderStep {
  readonly account_sid: string
  readonly reader: string
  /** The cursor before and after the step. */
  readonly from: number
  readonly to: number
  /** Rows of features' tables that are written with it. */
  readonly writes?: readonly StepWrite[]
}

/** Rows of one table; one that is there already is replaced, unless `keeps`. */
export interface StepWrite extends Inserts {
  readonly keeps?: boolean
}

export interface JournalEntry {
  readonly decision: number
  readonly at: number
  readonly seed: string
  /** Command, and the cold rows that were fetched for it, as JSON text. */
  readonly data: string
}

export interface Batch {
  readonly account_sid: string
  readonly epoch: number
  /** The head after this batch, without epoch and format. */
  readonly head: Pick<AccountHead, 'at' | 'decision' | 'next_seq' | 'next_event'>
  /** At most one entry per row: what it is after the batch. */
  readonly rows: readonly RowWrite[]
  /** Whole ranges of cold kinds to delete, after `rows` were written: what hangs on a deleted parent. */
  readonly removals?: readonly Removal[]
  readonly events: readonly EventWrite[]
  readonly journal: readonly JournalEntry[]
  /** Rows of features' tables, which take the place of those that are there. */
  readonly writes?: readonly Inserts[]
}

export type Comparison = '=' | '>=' | '<=' | '>' | '<' | 'in'

export interface PageQuery {
  readonly account_sid: string
  readonly kind: string
  readonly where: readonly (readonly [column: string, comparison: Comparison, value: Value | readonly Value[]])[]
  /**
   * Sort columns, most significant first; the last one must make the order total. One direction for all of them.
   * None of them may be null in a row: such a row is on no page but the first.
   */
  readonly order: readonly string[]
  readonly descending: boolean
  /** Values of the `order` columns of the row after which the page begins (exclusive). */
  readonly after?: readonly Value[]
  readonly limit: number
}

/** The store cannot be reached, or a write's outcome is unknown: callers get 503, memory is reloaded. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

/** A question took more than the time that it was given. */
export class TookTooLong extends Error {
  override name = 'TookTooLong'
}

/** The store refused the content of a write; nothing of the batch was kept. */
export class ContentRejected extends Error {
  override name = 'ContentRejected'
}

/** Another node has taken the account: this one must stop deciding for it. */
export class Fenced extends Error {
  override name = 'Fenced'
}

/** The store cannot be opened at all. The message is one line for the terminal: what, where, and what to do. */
export class CannotOpen extends Error {
  override name = 'CannotOpen'
}
