import type { State } from './center.ts'
import type { EngineEvent, EventType } from './events.ts'
import { products } from './products.ts'

/** What one noun does because something happened to another, inside the same decision. */
export type Reaction = (state: State, event: EngineEvent) => void

export type Reactions = { readonly [T in EventType]?: Reaction }

/** Those of all products, which react to an event in the order in which they are listed. */
export const reactions: Reactions = joined(products.map((product) => product.reactions as Reactions)) // as each of them declares it

function joined(all: readonly Reactions[]): Reactions {
  const found = new Map<string, readonly Reaction[]>()
  for (const [type, reaction] of all.flatMap((one) => Object.entries(one)))
    found.set(type, [...(found.get(type) ?? []), reaction])
  return Object.fromEntries(
    [...found].map(([type, [first, ...others]]) => [type, others.length === 0 ? first : inTurn([first, ...others])])
  )
}

function inTurn(all: readonly (Reaction | undefined)[]): Reaction {
  return (state, event) => {
    for (const one of all) one?.(state, event)
  }
}
