import { describe, expect, it } from 'vitest'
import { type CountedEvent, coverOf, join, nothing, Sum, sharesOf, spans, splitAt, type Tally } from './rollup.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')

/** An event of one task that was created at noon and entered its queue five seconds later. */
function event(type: string, seconds: number, changes: Partial<CountedEvent> = {}): CountedEvent {
  return {
    seq: seconds,
    type,
    at: noon + seconds * 1000,
    workspace_sid: 'WS',
    task_queue_sid: 'WQ',
    workflow_sid: 'WW',
    task_channel_sid: 'TC',
    worker_sid: null,
    worker_activity_sid: null,
    task_date_created: noon,
    task_queue_entered_date: noon + 5000,
    ...changes
  }
}

/** `WS tasks_created, WQ …`: what an event counts as, and for whom. */
function outline(shares: ReturnType<typeof sharesOf>): string {
  return shares.map(({ scope_sid, figures }) => `${scope_sid} ${Object.keys(figures).join(' ')}`).join(', ')
}

describe('what an event counts as', () => {
  const everybody = (figures: string) => `WS ${figures}, WQ ${figures}, WW ${figures}`
  const reservations = (figures: string) => `${everybody(figures)}, WK ${figures}`
  const cases: [type: string, expected: string][] = [
    ['task.created', 'WS tasks_created'],
    ['task-queue.entered', 'WQ tasks_entered'],
    ['workflow.entered', 'WW tasks_entered'],
    ['task-queue.moved', everybody('tasks_moved')],
    ['task.completed', everybody('tasks_completed')],
    ['task.deleted', everybody('tasks_deleted')],
    ['task.system-deleted', everybody('tasks_deleted')],
    ['workflow.timeout', 'WS tasks_timed_out_in_workflow, WW tasks_timed_out_in_workflow'],
    ['task.canceled', everybody('tasks_canceled until_canceled')],
    ['reservation.created', reservations('reservations_created')],
    ['reservation.rejected', reservations('reservations_rejected')],
    ['reservation.timeout', reservations('reservations_timed_out')],
    ['reservation.canceled', reservations('reservations_canceled')],
    ['reservation.rescinded', reservations('reservations_rescinded')],
    [
      'reservation.accepted',
      [
        'WS reservations_accepted until_accepted',
        'WQ reservations_accepted until_accepted in_queue_until_accepted',
        'WW reservations_accepted until_accepted',
        'WK reservations_accepted'
      ].join(', ')
    ],
    ['reservation.completed', ''],
    ['task.updated', ''],
    ['worker.activity.update', ''],
    ['constructor', '']
  ]
  it.each(cases)('%s', (type, expected) => {
    expect(outline(sharesOf(event(type, 20, { worker_sid: 'WK' })))).toBe(expected)
  })

  it('counts for nobody who is not named', () => {
    expect(outline(sharesOf(event('task.canceled', 20, { task_queue_sid: null, workflow_sid: null })))).toBe(
      'WS tasks_canceled until_canceled'
    )
  })

  it('measures waits from the creation of the task, and in the queue from entering it', () => {
    const [, queue] = sharesOf(event('reservation.accepted', 20))
    expect(queue).toMatchObject({
      figures: {
        until_accepted: { count: 1, total: 20_000, min: 20_000, max: 20_000 },
        in_queue_until_accepted: { count: 1, total: 15_000 }
      },
      histograms: { reservations_accepted: { 20: 1 } }
    })
  })
})

describe('packed figures', () => {
  const waited = { count: 2, total: 9_000, min: 0, max: 9_000 }
  const cases: [what: string, figures: Tally['figures'], packed: number[]][] = [
    ['nothing', {}, []],
    ['a count', { tasks_entered: 3 }, [0, 3]],
    ['a wait', { tasks_created: 1, until_accepted: waited }, [1, ...Array(12).fill(0), 2, 9_000, 0, 9_000]],
    [
      'a later wait, which lasted no time',
      { in_queue_until_accepted: { count: 1, total: 0, min: 0, max: 0 } },
      [...Array(21).fill(0), 1, 0, 0, 0]
    ]
  ]
  it.each(cases)('are short, and say the same: %s', (_, figures, packed) => {
    const sum = new Sum()
    sum.add({ figures, histograms: {} })
    expect(sum.packed).toEqual(packed)
    const again = new Sum()
    again.addPacked(packed)
    expect(again.tally).toEqual({ figures, histograms: {} })
  })

  it('add up like the figures themselves', () => {
    const some = ['task.created', 'reservation.accepted', 'task.canceled', 'reservation.accepted']
    const tallies = some.flatMap((type, n) => sharesOf(event(type, 20 + n)))
    const sum = new Sum()
    for (const tally of tallies) {
      const one = new Sum()
      one.add(tally)
      sum.addPacked(one.packed)
      sum.addHistograms(one.histograms)
    }
    expect(sum.tally).toEqual(tallies.reduce(join, nothing))
  })
})

describe('a span of time', () => {
  const at = (text: string) => Date.parse(`2026-03-${text}Z`)
  const shown = (instant: number) => new Date(instant).toISOString().slice(8, 19)
  const names = { 86400000: 'day', 3600000: 'hour', 60000: 'minute' }
  const cases: [from: string, until: string, runs: string[], edges: string[]][] = [
    ['02T12:00:00', '02T12:15:00', ['minute 02T12:00:00 02T12:15:00'], []],
    [
      '02T12:00:30',
      '02T12:02:10',
      ['minute 02T12:01:00 02T12:02:00'],
      ['02T12:00:30 02T12:01:00', '02T12:02:00 02T12:02:10']
    ],
    ['02T12:00:30', '02T12:00:40', [], ['02T12:00:30 02T12:00:40']],
    ['02T12:00:30', '02T12:01:10', [], ['02T12:00:30 02T12:01:00', '02T12:01:00 02T12:01:10']],
    ['02T12:00:00', '02T12:00:00', [], []],
    [
      '02T10:58:00',
      '02T13:01:00',
      ['minute 02T10:58:00 02T11:00:00', 'hour 02T11:00:00 02T13:00:00', 'minute 02T13:00:00 02T13:01:00'],
      []
    ],
    [
      '02T22:59:00',
      '05T01:00:01',
      [
        'minute 02T22:59:00 02T23:00:00',
        'hour 02T23:00:00 03T00:00:00',
        'day 03T00:00:00 05T00:00:00',
        'hour 05T00:00:00 05T01:00:00'
      ],
      ['05T01:00:00 05T01:00:01']
    ]
  ]
  it.each(cases)('from %s to %s', (from, until, runs, edges) => {
    const cover = coverOf(at(from), at(until))
    expect(
      cover.runs.map(({ span, start, end }) => `${names[span as keyof typeof names]} ${shown(start)} ${shown(end)}`)
    ).toEqual(runs)
    expect(cover.edges.map(([a, b]) => `${shown(a)} ${shown(b)}`)).toEqual(edges)
  })

  it('is covered once and wholly, whatever it is', () => {
    for (let n = 0; n < 500; n++) {
      const from = noon + ((n * 7_919_333) % 5_000_000_000)
      const until = from + ((n * 104_729_777) % 3_000_000_000)
      const { runs, edges } = coverOf(from, until)
      const parts = [...runs.map(({ start, end }) => [start, end] as const), ...edges].sort(([a], [b]) => a - b)
      let reached = from
      for (const [start, end] of parts) {
        expect(start).toBe(reached)
        reached = end
      }
      expect(reached).toBe(until)
      for (const { span, start, end } of runs) expect([start % span, end % span]).toEqual([0, 0])
      expect(runs.length).toBeLessThanOrEqual(2 * spans.length - 1)
    }
  })
})

describe('joining', () => {
  const some: Tally[] = [20, 7, 300].map((seconds) => sharesOf(event('reservation.accepted', seconds))[1] ?? nothing)

  it('gives the same in whatever order', () => {
    const [a, b, c] = some as [Tally, Tally, Tally] // three were made
    expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))
    const strip = ({ figures, histograms }: Tally) => ({ figures, histograms })
    expect(join(nothing, a)).toEqual(strip(a))
  })

  it('changes neither', () => {
    const [a, b] = some as [Tally, Tally] // as above
    const before = JSON.stringify([a, b])
    join(a, b)
    expect(JSON.stringify([a, b])).toBe(before)
  })

  it('keeps the waits, so that any threshold can be asked for; who waited just as long is above', () => {
    const { histograms } = some.reduce(join, nothing)
    expect(splitAt(histograms.reservations_accepted, 20)).toEqual({ below: 1, above: 2 })
    expect(splitAt(histograms.reservations_accepted, 21)).toEqual({ below: 2, above: 1 })
    expect(splitAt(undefined, 5)).toEqual({ below: 0, above: 0 })
  })
})
