import { pino } from 'pino'
import { expect, it } from 'vitest'
import { TestClock } from '../clock/clock.ts'
import { coldKinds } from '../commit/kinds.ts'
import type { Store } from '../store/store.ts'
import { Forgetting } from './forgetting.ts'

it('rows whose time is over go a hundred at a time, and whoever writes comes in between', async () => {
  const told: string[] = []
  let left = 250
  const store = {
    async forget(_account: string, { table }: { table: { name: string } }, _before: number, limit: number) {
      if (table.name !== 'task') return 0
      const gone = Math.min(limit, left)
      left -= gone
      told.push(`${gone} went`)
      if (left > 0) setTimeout(() => told.push('somebody wrote'), 0)
      return gone
    },
    page: async () => []
  } as unknown as Store // what it is asked for here
  const clock = new TestClock(0)
  const account = { account_sid: `AC${'0'.repeat(32)}`, subscribe: () => () => {} }
  const forgetting = new Forgetting({ store, account, clock, log: pino({ level: 'silent' }), kinds: coldKinds })
  clock.register(forgetting)
  await clock.advance(15_000)
  expect(told).toEqual(['100 went', 'somebody wrote', '100 went', 'somebody wrote', '50 went'])
  await forgetting.close()
})
