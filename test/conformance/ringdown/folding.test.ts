import { it } from 'vitest'
import { foldedDay } from './folding.ts'

it.each([2])(
  'the feed of a day, folded into lists, is what the lists are in the evening, for everybody: day %i',
  foldedDay,
  120_000
)
