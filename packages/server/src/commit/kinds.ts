import { cascadesOf, coldKindsOf } from '@ringdown/engine/core/kind'
import { kinds } from '@ringdown/engine/kinds'

/** Kinds whose rows are read by SQL instead of living in memory, as their declarations have them. All others are resident. */
export const coldKinds = coldKindsOf(kinds)

/** What goes with a removed row, by its kind. */
export const cascades = cascadesOf(kinds)
