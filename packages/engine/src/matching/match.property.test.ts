import { expect, it } from 'vitest'
import { askEverybody } from '../testing/asked-everybody.ts'

it('at every offer on a floor where anything may happen the indexes answer what asking everybody answers', () => {
  const tally = askEverybody([1001, 1002])
  expect(tally.offers).toBeGreaterThan(80)
  expect(tally.looks).toBeGreaterThan(400)
}, 120_000)
