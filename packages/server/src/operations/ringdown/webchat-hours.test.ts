import { Stage } from '@ringdown/engine/testing/stage'
import { describe, expect, it } from 'vitest'
import { checkHours, isWithinHours } from './webchat-hours.ts'

const hours = JSON.stringify({
  timezone: 'Europe/Tallinn',
  weekly: {
    mon: [
      ['09:00', '12:00'],
      ['13:00', '24:00']
    ]
  },
  dates: { '2026-03-09': [], '2026-03-10': [['10:00', '11:00']] }
})

const { state } = new Stage()

describe('hours of a deployment', () => {
  for (const [at, isOpen] of [
    ['2026-03-02T06:59:00Z', false], // a Monday; Tallinn is two hours ahead
    ['2026-03-02T07:00:00Z', true],
    ['2026-03-02T10:00:00Z', false],
    ['2026-03-02T21:59:59Z', true],
    ['2026-03-02T22:00:00Z', false],
    ['2026-03-30T06:00:00Z', true], // in summer three
    ['2026-03-09T08:00:00Z', false], // a day off
    ['2026-03-10T08:30:00Z', true]
  ] as const)
    it(`${isOpen ? 'has' : 'has not'} somebody there at ${at}`, () => {
      expect(isWithinHours(state, hours, Date.parse(at))).toBe(isOpen)
    })

  it('is always where none are said', () => {
    expect(isWithinHours(state, '{}', 0)).toBe(true)
  })

  it('are those of a schedule that they name, its emergencies among them, and none once it is removed', () => {
    const stage = new Stage()
    stage.do({
      type: 'schedule.create',
      name: 'Support',
      time_zone: 'Europe/Paris',
      weekly: '{"mon":[["09:00","17:00"]]}'
    })
    const text = '{"schedule":"Support"}'
    checkHours(stage.state, text)
    const isOpen = (at: string) => isWithinHours(stage.state, text, Date.parse(at))
    expect(['2026-03-02T07:59:59Z', '2026-03-02T08:00:00Z', '2026-03-30T07:00:00Z'].map(isOpen)).toEqual([
      false,
      true,
      true
    ])
    stage.do({ type: 'schedule.update', name: 'Support', closed: true })
    expect(isOpen('2026-03-02T08:00:00Z')).toBe(false)
    stage.do({ type: 'schedule.delete', name: 'Support' })
    expect(isOpen('2026-03-02T07:00:00Z')).toBe(true)
  })

  for (const text of [
    '[]',
    '{"zone":"UTC"}',
    '{"timezone":"Mars/Olympus"}',
    '{"weekly":{"monday":[]}}',
    '{"weekly":{"mon":[["17:00","09:00"]]}}',
    '{"weekly":{"mon":[["9:00","17:00"]]}}',
    '{"weekly":{"mon":"09:00"}}',
    '{"dates":{"tomorrow":[]}}',
    '{"dates":{"2026-02-30":[]}}',
    '{"schedule":7}',
    '{"schedule":"Night"}',
    '{"schedule":"Support","timezone":"UTC"}'
  ])
    it(`are refused: ${text}`, () => {
      expect(() => checkHours(state, text)).toThrow(/Hours is invalid/)
    })
})
