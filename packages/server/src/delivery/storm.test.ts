import { it } from 'vitest'
import { weathered } from '../../../../test/support/storm.ts'

it.each([
  { seed: 2, resets: 0 },
  { seed: 4, resets: 40 }
])(
  'everything arrives in the end, in its order (seed $seed, $resets resets in a hundred)',
  (storm) => weathered(storm),
  120_000
)
