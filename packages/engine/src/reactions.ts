import type { State } from './center.ts'
import { merged } from './core/product.ts'
import type { EngineEvent, EventType } from './events.ts'
import { products } from './products.ts'

/** What one noun does because something happened to another, inside the same decision. */
export type Reaction = (state: State, event: EngineEvent) => void

export type Reactions = { readonly [T in EventType]?: Reaction }

/** At most one product reacts to a type of event. */
export const reactions = merged<Reactions>(products, 'reactions')
