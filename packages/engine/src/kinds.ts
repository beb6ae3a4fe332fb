import type { KindsOf } from './core/kind.ts'
import { merged } from './core/product.ts'
import { type AllKinds, products } from './products.ts'

/** Every kind of row, and the type of its rows. */
export type Kinds = KindsOf<AllKinds>
export type Kind = keyof Kinds & string

export const kinds = merged<AllKinds>(products, 'kinds')
