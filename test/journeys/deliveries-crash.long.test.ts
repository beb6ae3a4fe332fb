import { expect, it } from 'vitest'
import { tellAndKill } from '../bench/told.ts'

/*
 * Journey (e): the plug is pulled while a receiver is told what happens, between sending and marking as well. It is told
 * everything at least once, under one token an event, and nothing that did not happen. The row `deliveries` of the
 * benchmark does the same for longer.
 */
it('tells everything at least once, whenever it is killed', async () => {
  const told = await tellAndKill([700, 400, 900, 300])
  expect(told).toMatchObject({ missing: [], invented: [], unsigned: 0, renamed: 0, left: 0, kills: 4 })
  expect(told.events).toBeGreaterThan(100)
  expect(told.requests).toBeGreaterThanOrEqual(told.events)
}, 120_000)
