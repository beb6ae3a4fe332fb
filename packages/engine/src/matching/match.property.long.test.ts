import { expect, it } from 'vitest'
import { askEverybody } from '../testing/asked-everybody.ts'

it('at every offer on a floor where anything may happen the indexes answer what asking everybody answers, for long', () => {
  const tally = askEverybody(Array.from({ length: 20 }, (_, n) => 1001 + n))
  expect(tally.offers).toBeGreaterThan(900)
  expect(tally.looks).toBeGreaterThan(4000)
}, 120_000)
