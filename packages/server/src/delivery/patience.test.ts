import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Patience } from './patience.ts'

it('ends with the time, or is given up, tells so once, and says which', async () => {
  const told: string[] = []
  const [short, long, ended] = [new Patience(), new Patience(), new Patience()]
  short.whenOver(() => told.push('short'))
  long.whenOver(() => told.push('long'))
  ended.whenOver(() => told.push('ended'))
  short.begin(1)
  long.begin(60_000)
  ended.begin(1)
  ended.end()
  await wait(20)
  expect([short.isOver, short.isLate, long.isOver, told]).toEqual([true, true, false, ['short']])
  long.giveUp()
  long.giveUp()
  short.giveUp()
  expect([long.isOver, long.isLate, short.isLate, told]).toEqual([true, false, true, ['short', 'long']])
  long.whenOver(() => told.push('already'))
  expect(told.at(-1)).toBe('already')
  long.end()
})
