import { expect, it } from 'vitest'
import { Strangers } from './strangers.ts'

it('are answered twenty at once, then one in ten milliseconds, and after a pause twenty again', () => {
  const strangers = new Strangers()
  const waits = (many: number, now: number) => Array.from({ length: many }, () => strangers.wait('192.0.2.1', now))
  expect(new Set(waits(20, 1_000))).toEqual(new Set([0]))
  expect(waits(3, 1_000)).toEqual([10, 20, 30])
  expect(waits(1, 1_030)).toEqual([10])
  expect(strangers.wait('192.0.2.2', 1_030)).toBe(0)
  expect(waits(21, 2_000).slice(-2)).toEqual([0, 10])
})

it('of whom too many wait are not answered, and those who come later are again', () => {
  const strangers = new Strangers()
  const waits = Array.from({ length: 2_000 }, () => strangers.wait('192.0.2.1', 1_000))
  expect(waits.filter((wait) => wait !== undefined)).toHaveLength(1_020)
  expect(Math.max(...waits.map((wait) => wait ?? 0))).toBe(10_000)
  expect(strangers.wait('192.0.2.1', 2_000)).toBe(9_010)
})

it('are not remembered for ever', () => {
  const strangers = new Strangers()
  for (let n = 0; n < 30_000; n++) expect(strangers.wait(`address ${n}`, 1_000 + n)).toBe(0)
})
