import type { CommandRule, Reads } from './command.ts'
import { literalOf } from './generated.ts'
import type { KindDefinition } from './kind.ts'

/** What a product brings: `S` is the state. Everything is found by a name that no other product has. */
export interface Product<S> {
  readonly kinds: Readonly<Record<string, KindDefinition<never>>>
  readonly commands: Readonly<Record<string, CommandRule<S, never, unknown>>>
  /** How each of its events is written. */
  readonly events: Readonly<Record<string, (refs: never, at: number) => unknown>>
  /** What it does because of events of others. */
  readonly reactions: Readonly<Record<string, ((state: S, event: never) => void) | undefined>>
  /** What its reactions must have read because of commands of others. */
  readonly reads: Readonly<Record<string, Reads<S, never>>>
}

/** One part of all products, in one table; `T` is what these products have there. */
export function merged<T>(products: readonly Product<never>[], part: keyof Product<never>): T {
  const all: Record<string, unknown> = {}
  for (const product of products) {
    for (const [name, value] of Object.entries(product[part])) {
      if (Object.hasOwn(all, name)) throw new Error(`invariant: one product has the ${part} ${name}`)
      all[name] = value
    }
  }
  return literalOf(all) as T // the caller names the type of the same products
}
