import { it } from 'vitest'
import { weathered } from '../../../../test/support/storm.ts'

it.each([
  { seed: 1, resets: 0 },
  { seed: 3, resets: 0 },
  { seed: 5, resets: 40 },
  { seed: 6, resets: 40 },
  { seed: 7, resets: 0 },
  { seed: 8, resets: 40 }
])(
  'everything arrives in the end, in its order (seed $seed, $resets resets in a hundred)',
  (storm) => weathered(storm),
  120_000
)
