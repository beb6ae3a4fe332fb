import { describe, expect, it } from 'vitest'
import { Dice } from '../../../../test/support/dice.ts'
import { seedOf } from '../core/ids.ts'
import { Minute } from './minute.ts'
import { type CountedEvent, join, nothing, rules, Sum, sharesOf } from './rollup.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')

function event(type: string, ms: number, changes: Partial<CountedEvent> = {}): CountedEvent {
  return {
    seq: ms,
    type,
    at: noon + ms,
    workspace_sid: 'WS',
    task_queue_sid: 'WQ',
    workflow_sid: 'WW',
    task_channel_sid: 'TC',
    worker_sid: null,
    worker_activity_sid: null,
    task_date_created: noon - 20_000,
    task_queue_entered_date: noon - 5_000,
    ...changes
  }
}

function minuteOf(events: readonly CountedEvent[]): Minute {
  const minute = new Minute(noon)
  for (const one of events) minute.count(one)
  return minute
}

/** What happened to a scope from one second on and before another, on all channels. */
function tallyOf(minute: Minute, scope_sid: string, from = 0, until = 60) {
  const sum = new Sum()
  for (const cell of minute.of(scope_sid)) cell.addTo(sum, from, until)
  return sum.tally
}

describe('a minute', () => {
  it('counts everybody who had a part in an event, with how long the task had waited', () => {
    const minute = minuteOf([event('reservation.accepted', 1_500, { worker_sid: 'WK' })])
    expect(minute.size).toBe(4)
    expect(tallyOf(minute, 'WK')).toEqual({ figures: { reservations_accepted: 1 }, histograms: {} })
    const wait = { count: 1, total: 21_500, min: 21_500, max: 21_500 }
    expect(tallyOf(minute, 'WQ')).toEqual({
      figures: {
        reservations_accepted: 1,
        until_accepted: wait,
        in_queue_until_accepted: { count: 1, total: 6_500, min: 6_500, max: 6_500 }
      },
      histograms: { reservations_accepted: { 21: 1 } }
    })
  })

  it('keeps channels apart, and tells nothing of others', () => {
    const minute = minuteOf([
      event('task.created', 1),
      event('task.created', 2, { task_channel_sid: 'TC2' }),
      event('task.created', 3)
    ])
    const channels = [...minute.of('WS')].map((cell) => [cell.task_channel_sid, cell.sum.packed])
    expect(channels).toEqual([
      ['TC', [2]],
      ['TC2', [1]]
    ])
    expect([...minute.of('WQ')]).toEqual([])
  })

  it('knows its seconds; one that is looked at while it lasts goes on', () => {
    const minute = minuteOf([event('task.created', 999), event('task.created', 59_999)])
    expect(tallyOf(minute, 'WS', 0, 1).figures).toEqual({ tasks_created: 1 })
    expect(tallyOf(minute, 'WS', 1, 59).figures).toEqual({})
    minute.count(event('task.created', 59_999))
    expect(tallyOf(minute, 'WS', 59).figures).toEqual({ tasks_created: 2 })
    expect(tallyOf(minute, 'WS').figures).toEqual({ tasks_created: 3 })
  })

  it.each([1, 2, 3])('counts the same as event by event, whatever happens, seed %i', (seed) => {
    const dice = new Dice(seedOf(seed, 0))
    const types = [...rules.keys(), 'task.updated']
    const some = (prefix: string, many: number) => (dice.chance(10) ? null : `${prefix}${dice.roll(many)}`)
    const events: CountedEvent[] = []
    for (let ms = 0; ms < 60_000; ms += dice.roll(400)) {
      const task_date_created = dice.chance(5) ? null : noon + ms - dice.roll(100_000) + 1_000
      events.push(
        event(dice.of(types), ms, {
          workspace_sid: some('WS', 2),
          task_queue_sid: some('WQ', 3),
          workflow_sid: some('WW', 2),
          worker_sid: some('WK', 9),
          task_channel_sid: some('TC', 2),
          task_date_created,
          task_queue_entered_date: dice.chance(20) ? null : noon + ms - dice.roll(9_000)
        })
      )
    }
    const minute = minuteOf(events)
    const shares = events.flatMap(sharesOf)
    const scopes = new Set(shares.map(({ scope_sid }) => scope_sid))
    expect(scopes.size).toBeGreaterThan(10)
    const keys = new Set(shares.map(({ scope_sid, task_channel_sid }) => `${scope_sid}/${task_channel_sid}`))
    expect(minute.size).toBe(keys.size)
    for (const scope of scopes)
      for (const [from, until] of [
        [0, 60],
        [dice.roll(30), 30 + dice.roll(30)]
      ] as const) {
        const within = shares.filter(({ at }) => at >= noon + from * 1_000 && at < noon + until * 1_000)
        const naive = within.filter(({ scope_sid }) => scope_sid === scope).reduce(join, nothing)
        expect(tallyOf(minute, scope, from, until)).toEqual(naive)
      }
  })
})
