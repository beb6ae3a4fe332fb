import { expect, it } from 'vitest'
import { vocabulary } from './metrics.ts'
import { questionIn } from './question.ts'

const context = { words: vocabulary, kpi: () => undefined, kpiNames: [], now: Date.parse('2026-06-30T00:00:00Z') }

// Where clocks are more than twelve hours ahead, the noon of a day is the day before in UTC.
it.each([
  ['Etc/UTC', 'previous_week', '2026-01-03T00:00:00.000Z'],
  ['America/Los_Angeles', 'previous_week', '2026-01-03T08:00:00.000Z'],
  ['Pacific/Auckland', 'previous_week', '2026-01-02T11:00:00.000Z'],
  ['Pacific/Kiritimati', 'previous_year', '2025-01-09T10:00:00.000Z']
])('a day in %s is compared with the same day of the %s', (time_zone, compare_to, from) => {
  const asked = { metrics: 'handled', from: '2026-01-10', to: '2026-01-11', time_zone, compare_to }
  const { before } = questionIn(asked, context)
  expect(before && [before.from, before.to].map((at) => new Date(at).toISOString())).toEqual([
    from,
    new Date(Date.parse(from) + 86_400_000).toISOString()
  ])
})
