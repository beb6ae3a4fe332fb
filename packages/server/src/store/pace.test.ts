import { expect, it } from 'vitest'
import { Pace } from './pace.ts'

it('a question rests for as long as it works while decisions are written, and not otherwise', () => {
  let batches = 0
  let now = 0
  const rests: number[] = []
  const rest = (ms: number) => {
    rests.push(ms)
    now += ms
  }
  const pace = new Pace(() => batches, { now: () => now, rest })
  const work = (ms: number) => {
    now += ms
    pace.keep()
  }
  for (let turn = 0; turn < 10; turn++) work(4)
  expect(rests).toEqual([])
  batches++
  for (const ms of [2, 1.5, 1]) work(ms)
  expect(rests).toEqual([4.5])
  work(4)
  expect(rests).toHaveLength(1)
  // Somebody else had the processor.
  batches++
  work(100)
  expect(rests.at(-1)).toBe(8)
  // What sorts at the end asks nobody.
  for (const [ms, rested] of [
    [40, 40],
    [100, 50]
  ] as const) {
    batches++
    now += ms
    pace.end()
    expect(rests.at(-1)).toBe(rested)
  }
  // Nobody has asked for long.
  batches++
  now += 1000
  pace.begin()
  work(4)
  expect(rests.at(-1)).toBe(4)
})
