import type { Command } from '@ringdown/engine/commands'
import type { Read } from '@ringdown/engine/core/command'
import type { Actor } from '@ringdown/engine/core/events'
import type { Seed } from '@ringdown/engine/core/ids'
import type { Decision } from '@ringdown/engine/decide'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import type { AccountHead } from '../store/store.ts'
import type { Exchange } from './exchange.ts'
import type { Keep, KeptAnswer } from './kept-answers.ts'

/** A cold row that was brought into memory for a command. */
export interface Fetched {
  readonly kind: Kind
  readonly row: Kinds[Kind]
}

/** One decision on its way to disk: enough to write it, to answer it, and to decide it again. */
export interface Entry {
  readonly command: Command
  readonly at: number
  readonly seed: Seed
  /** What was read for it, and the rows that were there. */
  readonly reads: readonly Read[]
  readonly fetched: readonly Fetched[]
  /** Key of the timer that caused it, or undefined for a caller's command. */
  readonly timer: string | undefined
  /** The request that it is answered to; undefined where nobody asked. */
  readonly exchange?: Exchange | undefined
  /** Of a command under an idempotency key: what makes the answer that is kept. */
  readonly keep?: Keep | undefined
  /** How often it was begun and broken off, since it asks much; undefined where it must be made at once. */
  readonly begun?: number | undefined
  decision: Decision
  /** What `keep` has made. */
  readonly kept?: KeptAnswer | undefined
  /** The head after it. */
  head: Pick<AccountHead, 'at' | 'decision' | 'next_seq' | 'next_event'>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What was read for a command: the questions, and the rows that were there. */
export type Known = Pick<Entry, 'reads' | 'fetched'>

/** For a command that needs nothing to be read. */
export const nothingRead: Known = { reads: [], fetched: [] }

/** A command that is about to be decided. */
export type Undecided = Omit<Entry, 'decision' | 'head' | 'kept'>

/** The decision is durable: whoever wished it is told what came of it. */
export function answer({ exchange, decision, resolve }: Entry): void {
  exchange?.onDurable?.(decision.events)
  resolve(decision.result)
}

export function seedText(seed: Seed): string {
  return seed.map((part) => part.toString(16).padStart(8, '0')).join('')
}

export function seedFrom(text: string): Seed {
  const part = (begin: number) => Number.parseInt(text.slice(begin, begin + 8), 16)
  return [part(0), part(8), part(16), part(24)]
}

/** Who wishes what is decided: a caller, or time. */
export function actorOf({ timer, exchange }: Undecided): Actor | undefined {
  return timer === undefined ? exchange?.actor : time
}

const time: Actor = { type: 'system', sid: null }
