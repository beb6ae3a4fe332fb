import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import type { Row } from '@ringdown/engine/state/row'
import type { State } from '@ringdown/engine/state/state'
import type { Readings } from '../store/readings.ts'
import type { PageQuery, StoredEvent, Value } from '../store/store.ts'
import type { Exchange } from './exchange.ts'

/** A cold row that a command must change or check, named by columns of its kind (see `store/kinds.ts`). */
export interface Fetch {
  readonly kind: string
  readonly where: Readonly<Record<string, Value>>
}

/** What operations see of an account: the one way in for commands, and reading that never shows what could still be lost. */
export interface Ledger {
  readonly account_sid: string
  /** The live rows. For reading only, and only after `settled()`; only `execute` changes them. */
  readonly state: State
  /**
   * Decides a command and resolves with its result once it is durable. Cold rows that `fetch` names are brought into
   * memory first; followers of the log are told what came of it after the answer of `exchange`. Rejects with the engine's
   * Refusal, or with Unavailable (503) when the outcome is unknown or the queue is full.
   */
  execute<T extends CommandType>(
    command: CommandOf<T>,
    fetch?: readonly Fetch[],
    exchange?: Exchange
  ): Promise<ResultOf<T>>
  /** Whether everything decided is durable: what `state` shows may be told at once. */
  readonly isSettled: boolean
  /** Resolves when everything decided before the call is durable: what `state` shows may then be told. */
  settled(): Promise<void>
  /** A page of a cold kind, after `settled`. */
  page(query: Omit<PageQuery, 'account_sid'>): Promise<Row[]>
  find(kind: string, where: Readonly<Record<string, Value>>): Promise<Row[]>
  log(cursor: number, limit: number): Promise<StoredEvent[]>
  /** Reads what is kept beside rows: events by their columns, roll-ups, stays. */
  reading<T>(ask: (readings: Readings, account_sid: string) => Promise<T>): Promise<T>
  /** Resolves when a reader of the log has dealt with everything that was decided before the call. */
  caughtUp(reader: ReaderName): Promise<void>
}

/** Readers of the log whose work operations show. */
export type ReaderName = 'statistics'

/** One that reads the log by itself, and can be waited for. */
export interface LogReader {
  /** Resolves when it has dealt with everything that was decided before the call; rejects with Unavailable. */
  catchUp(): Promise<void>
}

/** 503: the store cannot be reached, the write's outcome is unknown, or too much is waiting. */
export class Unavailable extends Error {
  override name = 'Unavailable'
}

export type { Command }
