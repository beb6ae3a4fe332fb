import { describe, expect, it } from 'vitest'
import { ask, definition, say, split, trigger } from '../testing/flows.ts'
import { Stage } from '../testing/stage.ts'
import type { ScheduleRow } from './rows.ts'
import { statusOf } from './status.ts'

const week = JSON.stringify(
  Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '17:00']]]))
)

function scheduleIn(time_zone: string, params: object = {}): { stage: Stage; row: ScheduleRow } {
  const stage = new Stage()
  const { schedule: row } = stage.do({ type: 'schedule.create', name: 'Support', time_zone, weekly: week, ...params })
  return { stage, row }
}

function at(time_zone: string, instant: string, params: object = {}) {
  const { stage, row } = scheduleIn(time_zone, params)
  const { next_change, ...status } = statusOf(stage.state, row, Date.parse(instant))
  return [status.open, status.reason, next_change === null ? null : new Date(next_change).toISOString(), status.label]
}

const round = '{"sun":[["00:00","24:00"]],"mon":[["00:00","24:00"]],"sat":[["22:00","02:00"]]}'

describe('opening hours', () => {
  it.each([
    // Paris: clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
    ['Europe/Paris', '2026-03-27T15:59:59Z', [true, 'open', '2026-03-27T16:00:00.000Z', null]],
    ['Europe/Paris', '2026-03-27T16:00:00Z', [false, 'closed', '2026-03-30T07:00:00.000Z', null]],
    ['Europe/Paris', '2026-10-23T15:00:00Z', [false, 'closed', '2026-10-26T08:00:00.000Z', null]],
    // Los Angeles: 2026-03-08 and 2026-11-01.
    ['America/Los_Angeles', '2026-03-06T17:00:00Z', [true, 'open', '2026-03-07T01:00:00.000Z', null]],
    ['America/Los_Angeles', '2026-03-07T01:00:00Z', [false, 'closed', '2026-03-09T16:00:00.000Z', null]],
    ['America/Los_Angeles', '2026-10-31T00:00:00Z', [false, 'closed', '2026-11-02T17:00:00.000Z', null]],
    // Lord Howe: half an hour, 2026-04-05 back and 2026-10-04 forward.
    ['Australia/Lord_Howe', '2026-04-03T07:00:00Z', [false, 'closed', '2026-04-05T22:30:00.000Z', null]],
    ['Australia/Lord_Howe', '2026-10-02T08:00:00Z', [false, 'closed', '2026-10-04T22:00:00.000Z', null]]
  ])('%s at %s', (zone, instant, expected) => {
    expect(at(zone, instant)).toEqual(expected)
  })

  it.each([
    // The night itself, in which somebody is there from 01:30 to 03:30 on their clocks: shorter, or longer.
    ['Europe/Paris', '2026-03-29T00:29:59Z', false, '2026-03-29T00:30:00.000Z'],
    ['Europe/Paris', '2026-03-29T00:30:00Z', true, '2026-03-29T01:30:00.000Z'],
    ['Europe/Paris', '2026-10-24T23:30:00Z', true, '2026-10-25T02:30:00.000Z'],
    ['Europe/Paris', '2026-10-25T02:30:00Z', false, '2026-11-01T00:30:00.000Z'],
    ['America/Los_Angeles', '2026-03-08T09:30:00Z', true, '2026-03-08T10:30:00.000Z'],
    ['America/Los_Angeles', '2026-03-08T10:30:00Z', false, '2026-03-15T08:30:00.000Z'],
    // It is 01:30 twice: the first time counts.
    ['America/Los_Angeles', '2026-11-01T08:30:00Z', true, '2026-11-01T11:30:00.000Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:00:00Z', true, '2026-10-03T16:30:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-04T14:30:00Z', true, '2026-04-04T17:00:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-04T17:00:00Z', false, '2026-04-11T15:00:00.000Z']
  ])('%s at %s, in the night of the change', (zone, instant, isOpen, next) => {
    const [open, , change] = at(zone, instant, { weekly: '{"sun":[["01:30","03:30"]]}' })
    expect([open, change]).toEqual([isOpen, next])
  })

  it('that begin in an hour that is left out begin after it', () => {
    const params = { weekly: '{"sun":[["02:30","03:30"]]}' }
    expect(at('Europe/Paris', '2026-03-29T00:59:59Z', params).slice(0, 3)).toEqual([
      false,
      'closed',
      '2026-03-29T01:00:00.000Z'
    ])
    expect(at('Europe/Paris', '2026-03-29T01:00:00Z', params).slice(0, 3)).toEqual([
      true,
      'open',
      '2026-03-29T01:30:00.000Z'
    ])
  })

  it.each([
    [
      'spans that touch are one',
      '2026-03-07T23:00:00Z',
      [true, 'open', '2026-03-10T00:00:00.000Z', null],
      { weekly: round }
    ],
    [
      'a night belongs to the day on which it begins',
      '2026-03-08T01:59:00Z',
      [true, 'open', '2026-03-08T02:00:00.000Z', null],
      { weekly: '{"sat":[["22:00","02:00"]]}' }
    ],
    [
      'a holiday is closed, and says which',
      '2026-12-25T12:00:00Z',
      [false, 'holiday', '2026-12-28T09:00:00.000Z', 'Christmas'],
      { exceptions: '[{"date":"2026-12-25","name":"Christmas"}]' }
    ],
    [
      'an exception has hours of its own',
      '2026-12-24T11:59:00Z',
      [true, 'open', '2026-12-24T12:00:00.000Z', null],
      { exceptions: '[{"date":"2026-12-24","name":"Eve","kind":"exception","hours":[["09:00","12:00"]]}]' }
    ],
    [
      'an emergency closes it all',
      '2026-03-02T12:00:00Z',
      [false, 'emergency', null, 'Fire drill'],
      { closed: true, closed_reason: 'Fire drill' }
    ],
    ['never is for ever', '2026-03-02T12:00:00Z', [false, 'closed', null, null], { weekly: '{}' }]
  ])('%s', (_what, instant, expected, params) => {
    expect(at('UTC', instant, params)).toEqual(expected)
  })

  it.each([
    [{ time_zone: 'Mars/Base' }, 'TimeZone'],
    [{ weekly: '[]' }, 'Weekly'],
    [{ weekly: '{"someday":[]}' }, 'someday'],
    [{ weekly: '{"mon":[["9","17"]]}' }, 'hours are'],
    [{ exceptions: '[{"date":"2026-13-01","name":"x"}]' }, 'YYYY-MM-DD'],
    [{ exceptions: '[{"date":"2026-02-29","name":"x"}]' }, 'YYYY-MM-DD'],
    [{ exceptions: '[{"date":"2028-02-29","name":"x"},{"date":"2026-04-31","name":"x"}]' }, 'YYYY-MM-DD'],
    [{ exceptions: '[{"date":"2026-12-01","name":"x"},{"date":"2026-12-01","name":"y"}]' }, 'one for a date'],
    [{ name: 'a/b' }, 'Name']
  ])('refuse %j', (params, message) => {
    const stage = new Stage()
    expect(stage.refusal(() => stage.do({ type: 'schedule.create', name: 'x', ...params }))).toContain(message)
  })

  it('are what flows ask for by name', () => {
    const { stage } = scheduleIn('UTC')
    const flow = stage.flow(
      definition([
        trigger({ incomingConversationMessage: 'hours' }),
        split('hours', '{{schedules.Support.open}}', [['equal_to', 'true', 'ask']], 'closed'),
        ask('ask', 'How can we help?', 'closed'),
        say('closed', 'Closed: {{schedules["Support"].reason}}')
      ])
    )
    const chat = stage.conversation(flow)
    stage.write(chat, 'hi') // the first of January, at midnight
    expect(stage.said(chat).at(-1)).toBe('Closed: closed')
    stage.pass('10 h')
    stage.write(chat, 'hi')
    expect(stage.said(chat).at(-1)).toBe('How can we help?')
  })
})
