import { describe, expect, it } from 'vitest'
import { eventSeqOf, Ids, type Seed, seedOf } from './ids.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')

function sids(seed: Seed, count: number, at = noon): string[] {
  const ids = new Ids()
  ids.reseed(seed, at)
  return Array.from({ length: count }, () => ids.sid('WT'))
}

describe('SIDs', () => {
  it('are two letters and 32 lowercase hex digits', () => {
    for (const sid of sids([0, 0, 0, 0], 1000)) expect(sid).toMatch(/^WT[0-9a-f]{32}$/)
  })

  it('stand in the order of their instants, whatever these are', () => {
    const instants = [0, 1, 0xffff, 0x10000, 2 ** 31, 2 ** 32, 2 ** 32 + 0xffff, noon, noon + 1, 2 ** 48 - 1]
    const made = instants.map((at) => sids(seedOf(7, 3), 1, at)[0])
    expect(made.toSorted()).toEqual(made)
    expect(made.map((sid) => Number.parseInt(sid?.slice(2, 14) ?? '', 16))).toEqual(instants)
  })

  it('follow from the seed and the instant alone', () => {
    expect(sids(seedOf(7, 3), 50)).toEqual(sids(seedOf(7, 3), 50))
    const used = new Ids()
    used.reseed([9, 9, 9, 9], 0)
    used.sid('WK')
    used.reseed(seedOf(7, 3), noon)
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

describe('SIDs of events', () => {
  const made = (seed: Seed, seqs: readonly number[]) => {
    const ids = new Ids()
    ids.reseed(seed, noon)
    return seqs.map((seq) => ids.eventSid(seq))
  }
  // The upper digits change within a decision, and back.
  const seqs = [1, 2, 0xfff, 0x1000, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 48 - 1, 3]

  it('carry the number of the event', () => {
    for (const [i, sid] of made(seedOf(7, 3), seqs).entries()) {
      expect(sid).toMatch(/^EV[0-9a-f]{32}$/)
      expect(eventSeqOf(sid)).toBe(seqs[i])
    }
  })

  it('begin alike within a decision, and otherwise in the next', () => {
    const [first, ...rest] = made(seedOf(7, 3), seqs).map((sid) => sid.slice(0, 22))
    expect(new Set(rest)).toEqual(new Set([first]))
    expect(made(seedOf(7, 4), [1])[0]?.slice(0, 22)).not.toBe(first)
  })

  it('follow from the seed and the number alone', () => {
    expect(made(seedOf(7, 3), seqs)).toEqual(made(seedOf(7, 3), seqs))
  })

  it('are told from other texts', () => {
    const [sid] = made([1, 2, 3, 4], [5])
    for (const text of ['', 'EV', `${sid}0`, sid?.slice(0, -1), `WT${sid?.slice(2)}`, sid?.toUpperCase()])
      expect(eventSeqOf(text ?? '')).toBeUndefined()
  })
})
