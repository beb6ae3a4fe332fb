import { describe, expect, it } from 'vitest'
import { isZone } from '../rendering/zone.ts'
import { type Interval, instantShowing, shownIn, startOf, startsIn } from './zone.ts'

const at = (text: string) => Date.parse(text)

describe('intervals in a time zone', () => {
  it.each([
    ['a day that has 23 hours', 'Europe/Paris', 'P1D', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 1],
    ['the hours of it', 'Europe/Paris', 'PT1H', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 23],
    ['a day that has 25 hours', 'Europe/Paris', 'P1D', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 1],
    [
      'the hours of it, of which one is shown twice',
      'Europe/Paris',
      'PT1H',
      '2026-10-24T22:00:00Z',
      '2026-10-25T23:00:00Z',
      25
    ],
    ['days without a midnight', 'America/Santiago', 'P1D', '2026-09-04T12:00:00Z', '2026-09-08T12:00:00Z', 5],
    [
      'hours where clocks are set by half of one',
      'Australia/Lord_Howe',
      'PT30M',
      '2026-10-03T12:00:00Z',
      '2026-10-04T12:00:00Z',
      48
    ],
    ['hours of a half', 'Asia/Kolkata', 'PT1H', '2026-03-02T18:30:00Z', '2026-03-03T18:30:00Z', 24],
    ['weeks over the turn of the year', 'UTC', 'P1W', '2025-12-29T00:00:00Z', '2026-01-12T00:00:00Z', 2],
    ['months, a leap one among them', 'America/New_York', 'P1M', '2028-01-01T05:00:00Z', '2028-04-01T04:00:00Z', 3]
  ] as const)('are %s', (_what, zone, interval, from, to, many) => {
    const starts = startsIn({ zone, interval }, [at(from), at(to)], 2000) ?? []
    expect(starts).toHaveLength(many)
    expect(starts[0]).toBeLessThanOrEqual(at(from))
    for (const [n, start] of starts.entries()) {
      expect(startOf(zone, interval, start)).toBe(start)
      const next = starts[n + 1]
      if (next !== undefined) {
        expect(next).toBeGreaterThan(start)
        expect(startOf(zone, interval, next - 1)).toBe(start)
      }
    }
  })

  it('begin on the first instant of a local day, whatever clocks show then', () => {
    expect(shownIn('Europe/Paris', startOf('Europe/Paris', 'P1D', at('2026-03-29T12:00:00Z')))).toBe(
      '2026-03-29T00:00:00+01:00'
    )
    // There, clocks go from 24:00 to 01:00.
    expect(shownIn('America/Santiago', startOf('America/Santiago', 'P1D', at('2026-09-06T12:00:00Z')))).toBe(
      '2026-09-06T01:00:00-03:00'
    )
    expect(shownIn('UTC', startOf('UTC', 'P1W', at('2026-03-04T12:00:00Z')))).toBe('2026-03-02T00:00:00Z')
  })

  it('are found by what clocks show, the first time where that is twice', () => {
    expect(instantShowing('Europe/Paris', at('2026-10-25T02:30:00Z'))).toBe(at('2026-10-25T00:30:00Z'))
    expect(instantShowing('Europe/Paris', at('2026-03-29T02:30:00Z'))).toBe(at('2026-03-29T01:00:00Z'))
  })

  it('are refused in number and in name', () => {
    expect(startsIn({ zone: 'UTC', interval: 'PT5M' as Interval }, [0, 366 * 86_400_000], 2000)).toBeUndefined()
    expect([isZone('Europe/Paris'), isZone('Etc/UTC'), isZone('Mars/Olympus'), isZone('')]).toEqual([
      true,
      true,
      false,
      false
    ])
  })
})
