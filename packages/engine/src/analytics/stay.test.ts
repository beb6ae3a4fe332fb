import { describe, expect, it } from 'vitest'
import { Dice } from '../../../../test/support/dice.ts'
import { seedOf } from '../core/ids.ts'
import { type CountedEvent, joinSpreads, type Spread } from './rollup.ts'
import { durationsOf, joinStayCells, running, type Stay, type StayCell, Stays, stayCoverOf, staysOf } from './stay.ts'

/** `3 created ada Offline`: the event with that seq, at that second. */
function event(text: string): CountedEvent {
  const [seq = '', what = '', worker = '', activity] = text.split(' ')
  const type = { created: 'worker.created', moved: 'worker.activity.update', deleted: 'worker.deleted' }[what]
  return {
    seq: Number(seq),
    type: type ?? 'workspace.deleted',
    at: Number(seq) * 1000,
    workspace_sid: 'WS',
    task_queue_sid: null,
    workflow_sid: null,
    task_channel_sid: null,
    worker_sid: type ? worker : null,
    worker_activity_sid: activity ?? null,
    task_date_created: null,
    task_queue_entered_date: null
  }
}

function shown(stays: readonly Stay[]): string[] {
  return stays.map(
    ({ worker_sid, activity_sid, from_at, until_at }) =>
      `${worker_sid} ${activity_sid} ${from_at / 1000}-${until_at === running ? '' : until_at / 1000}`
  )
}

/** A cell for each stay that has ended. */
function cellsOf(stays: readonly Stay[]): StayCell[] {
  const day = 86_400_000
  return stays.flatMap(({ activity_sid, from_at, until_at }) => {
    const ms = until_at - from_at
    const [begun, ended] = [from_at - (from_at % day), until_at - (until_at % day)]
    return until_at === running || ms <= 0
      ? []
      : [{ activity_sid, begun, ended, count: 1, total: ms, min: ms, max: ms }]
  })
}

describe('stays', () => {
  const cases: [name: string, events: string[], stays: string[]][] = [
    ['begin with the worker', ['1 created ada Offline'], ['ada Offline 1-']],
    ['end with the next', ['1 created ada Offline', '5 moved ada Available'], ['ada Offline 1-5', 'ada Available 5-']],
    ['end with the worker', ['1 created ada Offline', '9 deleted ada Offline'], ['ada Offline 1-9']],
    [
      'end with the workspace',
      ['1 created ada Offline', '2 created bob Offline', '4 workspace'],
      ['ada Offline 1-4', 'bob Offline 2-4']
    ],
    ['begin where nobody saw the beginning', ['5 moved ada Available'], ['ada Available 5-']]
  ]
  it.each(cases)('%s', (_, events, expected) => {
    expect(shown(staysOf(events.map(event), []))).toEqual(expected)
  })

  it('go on from what was known, in however many steps the log is read', () => {
    const events = [
      '1 created ada Offline',
      '2 created bob Offline',
      '5 moved ada Available',
      '7 moved ada Break',
      '9 deleted bob Offline'
    ]
    const whole = new Map(staysOf(events.map(event), []).map((stay) => [stay.seq, stay]))
    const stored = new Map<number, Stay>()
    for (const text of events) {
      const open = [...stored.values()].filter(({ until_at }) => until_at === running)
      for (const stay of staysOf([event(text)], open)) stored.set(stay.seq, stay)
    }
    expect(stored).toEqual(whole)
  })

  it('end up the same when a part of the log is shown again, wherever their writing was broken off', () => {
    const events = [
      '1 created ada Offline',
      '2 created bob Offline',
      '5 moved ada Available',
      '7 moved ada Break',
      '9 deleted bob Offline',
      '10 created cy Offline',
      '11 moved ada Available',
      '12 moved cy Break',
      '14 workspace'
    ].map(event)
    const whole = new Map(staysOf(events, []).map((stay) => [stay.seq, stay]))
    const dice = new Dice(seedOf(3, 0))
    for (let n = 0; n < 200; n++) {
      const kept = new Map<number, Stay>()
      let cursor = 0
      while (cursor < events.length) {
        // A process that begins at the cursor, counts on, and comes so far with its writing.
        const stays = new Stays([...kept.values()].filter(({ until_at }) => until_at === running))
        const end = Math.min(events.length, cursor + 1 + dice.roll(4))
        for (let at = cursor; at < end; at++) stays.move(events[at] as CountedEvent) // as: it is within the list
        const written = dice.chance(50) ? stays.changed.size : dice.roll(stays.changed.size)
        for (const stay of [...stays.changed.values()].slice(0, written)) kept.set(stay.seq, stay)
        if (written === stays.changed.size) cursor = end
      }
      expect(kept).toEqual(whole)
    }
  })

  it('count by activity, clipped to the window', () => {
    const stays = staysOf(
      ['0 created ada Offline', '10 moved ada Available', '11 moved bob Break', '25 moved ada Offline'].map(event),
      []
    )
    expect(Object.fromEntries(durationsOf(stays, 5_000, 30_000))).toEqual({
      Offline: { count: 2, total: 10_000, min: 5_000, max: 5_000 },
      Available: { count: 1, total: 15_000, min: 15_000, max: 15_000 },
      Break: { count: 1, total: 19_000, min: 19_000, max: 19_000 }
    })
    expect(durationsOf(stays, 40_000, 40_000).size).toBe(0)
  })

  it.each([1, 2, 3, 4])('count the same from cells of days and what is left at the edges, weeks %i', (seed) => {
    const dice = new Dice(seedOf(seed, 0))
    const day = 86_400_000
    const stays: Stay[] = []
    for (let n = 0; n < 300; n++) {
      // Most are short, some last for days, and a few still last.
      const from_at = dice.roll(14 * day)
      const until_at = dice.chance(5) ? running : from_at + dice.roll(dice.chance(20) ? 5 * day : 3 * 3_600_000)
      const activity_sid = dice.of(['Available', 'Break', 'Offline'])
      stays.push({ workspace_sid: 'WS', worker_sid: `WK${n}`, seq: n, activity_sid, from_at, until_at })
    }
    // In two parts, whose cells are joined.
    const all = joinStayCells(cellsOf(stays.slice(0, 100)), cellsOf(stays.slice(100)))
    expect(all).toHaveLength(joinStayCells(all).length)
    let covered = 0
    for (let n = 0; n < 60; n++) {
      const whole = dice.chance(20) ? day : 1
      const from = dice.roll(12 * day)
      const start = from - (from % whole)
      const end = start + 1 + dice.roll(9 * day)
      const cover = stayCoverOf(start, end)
      if (!cover) continue
      const sums = new Map<string, Spread>()
      const add = (sid: string, more: Spread) => sums.set(sid, joinSpreads(sums.get(sid), more))
      const cells = all.filter(({ ended }) => ended >= cover.first && ended < cover.last)
      for (const cell of cells.filter(({ begun }) => begun >= cover.first)) {
        add(cell.activity_sid, cell)
        covered += cell.count
      }
      const parts = cover.parts(cells)
      const isRead = ({ from_at, until_at }: Stay) =>
        parts.filter(({ ended, before = Number.POSITIVE_INFINITY, begun }) => {
          return until_at >= ended && until_at < before && from_at < begun
        }).length
      expect(stays.every((stay) => isRead(stay) <= 1)).toBe(true)
      for (const [sid, spread] of durationsOf(stays.filter(isRead), start, end)) add(sid, spread)
      expect(sums).toEqual(durationsOf(stays, start, end))
    }
    expect(covered).toBeGreaterThan(1000)
  })

  it('are read one by one where a span of time holds no whole day', () => {
    const midnight = 86_400_000
    expect(stayCoverOf(midnight - 1000, midnight + 1000)).toBeUndefined()
    expect(stayCoverOf(midnight + 1, 3 * midnight - 1)).toBeUndefined()
    expect(stayCoverOf(midnight, 2 * midnight)).toMatchObject({ first: midnight, last: 2 * midnight })
  })
})
