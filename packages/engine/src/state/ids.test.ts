import { describe, expect, it } from 'vitest'
import { Ids, type Seed, seedOf } from './ids.ts'

function sids(seed: Seed, count: number): string[] {
  const ids = new Ids()
  ids.reseed(seed)
  return Array.from({ length: count }, () => ids.sid('WT'))
}

describe('SIDs', () => {
  it('are two letters and 32 lowercase hex digits', () => {
    for (const sid of sids([0, 0, 0, 0], 1000)) expect(sid).toMatch(/^WT[0-9a-f]{32}$/)
  })

  it('follow from the seed alone', () => {
    expect(sids(seedOf(7, 3), 50)).toEqual(sids(seedOf(7, 3), 50))
    const used = new Ids()
    used.reseed([9, 9, 9, 9])
    used.sid('WK')
    used.reseed(seedOf(7, 3))
    expect(used.sid('WT')).toBe(sids(seedOf(7, 3), 1)[0])
  })

  it('of one decision never meet', () => {
    expect(new Set(sids([1, 2, 3, 4], 100_000)).size).toBe(100_000)
  })

  it('of neighbouring decisions and runs never meet', () => {
    const seen = new Set<string>()
    for (let run = 0; run < 10; run++)
      for (let n = 0; n < 5_000; n++) for (const sid of sids(seedOf(run, n), 2)) seen.add(sid)
    expect(seen.size).toBe(100_000)
  })

  it('have seeds of four unsigned 32-bit numbers', () => {
    for (const run of [0, 1, -1, 2 ** 31, 2 ** 40]) {
      for (const part of seedOf(run, 5)) expect(part).toBe(part >>> 0)
    }
  })
})
