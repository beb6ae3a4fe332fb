import { World } from '@ringdown/engine/testing/world'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { InsightDesk } from './insight-desk.ts'
import type { Questions } from './questions.ts'

it('a board is made once for all who follow it, and each is told the same: all of it, then what is new', async () => {
  const world = new World()
  world.addQueue('Support')
  world.addWorkflow('Main', { default_filter: { queue: 'Support' } })
  world.addWorker('ada')
  let asked = 0
  // Nobody has asked for figures of what was: only that they are asked for is looked at.
  const questions = { figures: async () => ({ rows: [], is_complete: asked++ < 0 }) } as unknown as Questions
  const desk = new InsightDesk({
    account: world,
    questions,
    pushing: { now: () => world.at, isTesting: true, log: pino({ level: 'silent' }) }
  })
  onTestFinished(() => desk.boards.close())
  const viewers = Array.from({ length: 500 }, (): string[] => [])
  for (const texts of viewers) desk.boards.follow(world.workspace_sid, (text) => texts.push(text))
  const told = async (many: number) => {
    await expect.poll(() => viewers.every(({ length }) => length === many), { timeout: 20_000 }).toBe(true)
    const texts = new Set(viewers.map((texts) => texts.at(-1)))
    expect(texts.size).toBe(1)
    return JSON.parse([...texts][0] ?? '')
  }
  const whole = await told(1)
  expect(whole).toMatchObject({ is_whole: true, workers: [{ friendly_name: 'ada', activity: 'Available' }] })
  const once = asked
  expect(once).toBeLessThanOrEqual(4)

  world.move('ada', 'Unavailable')
  const change = await told(2)
  expect(change).toMatchObject({ is_whole: false, workers: [{ friendly_name: 'ada', activity: 'Unavailable' }] })
  expect(asked).toBe(2 * once)
})
