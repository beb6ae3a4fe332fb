import { expect, it } from 'vitest'
import { atLeast, atMost, type Measured, perSecond, us } from './measured.ts'
import { together } from './together.ts'

function measured(rate: number, cost_us: number, wrong: number): Measured {
  return {
    figures: [
      atLeast('contacts', rate, 1_000, perSecond),
      atMost('processor time of one', cost_us, 100, us),
      { what: 'wrong', figure: `${wrong} of 10`, target: '0', met: wrong === 0 },
      { what: 'the same at rest', figure: perSecond(rate / 2) }
    ],
    how: 'One after the other.'
  }
}

it('tells what each process measured, and judges them by their mean; a count that must be none, by each', () => {
  const both = together([measured(900, 90, 0), measured(1_200, 120, 1)])
  expect(both?.figures).toEqual([
    { what: 'contacts', figure: '900/s and 1,200/s', target: '>= 1,000/s', ratio: 1.05, met: true },
    {
      what: 'processor time of one',
      figure: '90.0 µs and 120 µs',
      target: '<= 100 µs',
      ratio: expect.closeTo(1.05),
      met: false
    },
    { what: 'wrong', figure: '0 of 10 and 1 of 10', target: '0', met: false },
    { what: 'the same at rest', figure: '450/s and 600/s' }
  ])
  expect(both?.how).toMatch(/^One after the other\. Measured in 2 processes/)
})

it('is the one result of a row that is measured once, and none where a process failed', () => {
  const one = measured(900, 90, 0)
  expect(together([one])).toEqual(one)
  expect(together([one, undefined])).toBeUndefined()
  expect(together([undefined])).toBeUndefined()
})
