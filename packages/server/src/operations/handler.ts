import type { PageRequest } from '@ringdown/contract/form'
import type { OperationId, OperationTypes } from '@ringdown/contract/generated/operations'
import type { Meta } from '@ringdown/contract/operation'
import type { Cursor } from '@ringdown/contract/paging'
import type { State } from '@ringdown/engine/state/state'
import type { Exchange } from '../commit/exchange.ts'
import type { Command, Ledger } from '../commit/ledger.ts'
import type { Message, Outcome } from '../delivery/delivery.ts'
import { needsOf } from './needs.ts'

/** A request as its operation's handler sees it: parsed by the contract, names in snake_case. */
export interface Call<Id extends OperationId> {
  readonly path: OperationTypes[Id]['path']
  readonly params: OperationTypes[Id]['params']
  /** Null where the operation has no pages. */
  readonly page: PageRequest | null
  /** Of operations that take JSON: the text of each parameter that came as JSON. */
  readonly texts?: Readonly<Record<string, string>>
}

/** What a handler works with. Reads of `state` are told only when durable: http waits for that, no handler needs to. */
export interface Context {
  readonly ledger: Ledger
  readonly state: State
  readonly execute: Ledger['execute']
  /** Milliseconds; for what is counted up to now, such as the age of a task. */
  now(): number
  readonly ask: Ask
}

/** Sends a question once and resolves with what came of it, within the time given. Only its caller waits meanwhile. */
export type Ask = (message: Message, limits: { readonly timeout_ms: number }) => Promise<Outcome>

/** One page of rows, and where its neighbours begin; null where there are none. */
export interface Listed<R> {
  readonly items: readonly R[]
  readonly next: Cursor | null
  readonly previous: Cursor | null
}

/** What a handler answers: a page of rows, one row, or nothing. */
export type Answer<Id extends OperationId> = OperationTypes[Id]['result'] extends { readonly meta: Meta }
  ? Listed<OperationTypes[Id]['row']>
  : OperationTypes[Id]['row'] extends null
    ? // biome-ignore lint/suspicious/noConfusingVoidType: it is the return type of a handler
      void
    : OperationTypes[Id]['row']

/** Reads rows, or executes one command and answers a row. Knows no status, header, date or link, and has no `try`. */
export type Handler<Id extends OperationId> = (call: Call<Id>, context: Context) => Answer<Id> | Promise<Answer<Id>>

/** Handlers written by hand; an operation that is neither here nor derived answers 501. */
export type Handlers = { readonly [Id in OperationId]?: Handler<Id> }

/** A handler of whichever operation, as http calls it. */
export type AnyHandler = (call: AnyCall, context: Context) => unknown

export interface AnyCall {
  readonly path: Readonly<Record<string, string | number>>
  readonly params: Readonly<Record<string, unknown>>
  readonly page: PageRequest | null
}

/**
 * What handlers need of a ledger. The state is asked for anew each time: it is another one after a reload. `exchange` is
 * the request that whatever they execute is answered to.
 */
export function contextOf(ledger: Ledger, now: () => number, ask: Ask, exchange?: Exchange): Context {
  return {
    ledger,
    get state() {
      return ledger.state
    },
    execute: (command, fetch) =>
      ledger.execute(command, fetch ?? needsOf(command as unknown as Command, ledger.state), exchange), // a command of one type is a command
    now,
    ask
  }
}
