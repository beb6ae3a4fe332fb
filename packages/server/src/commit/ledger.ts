import type { State } from '@ringdown/engine/center'
import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import type { Reading } from '../store/query.ts'
import type { PageQuery, StoredEvent, Value } from '../store/store.ts'
import type { Exchange } from './exchange.ts'
import type { Keep } from './kept-answers.ts'
import type { Shown } from './shown.ts'

/** What operations see of an account: the one way in for commands, and reads that never show what could still be lost. */
export interface Ledger {
  readonly account_sid: string
  /** The live rows. For reading only, and only after `settled()`; only `execute` changes them. */
  readonly state: State
  /**
   * Decides a command and resolves with its result once it is durable. What it must have read before (`readsOf`) is
   * brought into memory first; followers of the log are told what came of it after the answer of `exchange`. Rejects with
   * the engine's Refusal, or with Unavailable (503) when the outcome is unknown or the queue is full. What `keep` makes of
   * the result is written with the decision.
   */
  execute<T extends CommandType>(command: CommandOf<T>, exchange?: Exchange, keep?: Keep): Promise<ResultOf<T>>
  /** Whether everything decided is durable: what `state` shows may be told at once. */
  readonly isSettled: boolean
  /** Resolves when everything decided before the call is durable: what `state` shows may then be told. */
  settled(): Promise<void>
  /**
   * The same for who knows what a read has shown: ends when all of that is durable, whatever else is decided; undefined
   * where it is. Asked for when the read is over.
   */
  settledAbout(shown: Shown): Promise<void> | undefined
  /** A page of a cold kind, after `settled`; without rows whose time is over. */
  page<K extends Kind>(query: Omit<PageQuery, 'account_sid'> & { readonly kind: K }): Promise<Kinds[K][]>
  /** Rows of a cold kind whose columns have these values, as the store has them; without those whose time is over. */
  find<K extends Kind>(kind: K, where: Readonly<Record<string, Value>>): Promise<Kinds[K][]>
  log(cursor: number, limit: number): Promise<StoredEvent[]>
  /** Reads what is kept beside rows: the log by its columns, and features' tables. Rejects with Unavailable where the store does not answer. */
  reading<T>(ask: (kept: Reading, account_sid: string) => Promise<T>): Promise<T>
}

/** 503: the store cannot be reached, the write's outcome is unknown, or too much is waiting. */
export class Unavailable extends Error {
  override name = 'Unavailable'
}

export type { Command }
