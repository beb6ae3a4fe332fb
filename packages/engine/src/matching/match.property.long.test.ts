import { expect, it } from 'vitest'
import { askEverybody } from '../testing/asked-everybody.ts'

it('at every offer on a floor where anything may happen the indexes answer what asking everybody answers, for long', () => {
  const tally = askEverybody(Array.from({ length: 10 }, (_, n) => 1001 + n))
  expect(tally.offers).toBeGreaterThan(450)
  expect(tally.looks).toBeGreaterThan(2_000)
}, 120_000)
