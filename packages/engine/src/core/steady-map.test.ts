import { describe, expect, it } from 'vitest'
import { SteadyMap } from './steady-map.ts'

describe('a map through which much passes', () => {
  it('is one from which everything has gone, and into which everything comes again', () => {
    const steady = new SteadyMap<string, { readonly n: number }>()
    const plain = new Map<string, { readonly n: number }>()
    for (let n = 0; n < 1_000; n++) {
      const sid = `WT${n}`
      const value = { n }
      steady.set(sid, value)
      plain.set(sid, value)
      // Ten stay for a while, and now and then all of them go.
      for (let gone = n % 100 === 99 ? 0 : n - 10; gone <= n - (n % 100 === 99 ? 0 : 10); gone++) {
        steady.delete(`WT${gone}`)
        plain.delete(`WT${gone}`)
      }
      expect(steady.size).toBe(plain.size)
      expect([...steady.entries()]).toEqual([...plain.entries()])
      expect([...steady.values()]).toEqual([...plain.values()])
      expect(steady.get(sid)).toBe(plain.get(sid))
    }
    expect(plain.size).toBe(0)
  })

  it('keeps its own entries to itself', () => {
    const steady = new SteadyMap<string, object>()
    steady.set('WT1', {})
    steady.delete('WT1')
    steady.delete('WT1')
    expect([steady.size, [...steady.values()], [...steady.entries()]]).toEqual([0, [], []])
  })

  it('is gone through while entries leave it and others come', () => {
    const steady = new SteadyMap<number, number>()
    for (let n = 0; n < 12; n++) steady.set(n, n * 0)
    const seen: number[] = []
    for (const [n, value] of steady.entries()) {
      expect([value, steady.has(n)]).toEqual([0, true])
      seen.push(n)
      steady.delete(n)
      if (n < 3) steady.set(n + 100, 0)
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 100, 101, 102])
    expect([steady.size, steady.has(0), steady.get(0)]).toEqual([0, false, undefined])
  })

  it('is as new when it was cleared', () => {
    const steady = new SteadyMap<string, object>()
    const some = {}
    for (let turn = 0; turn < 3; turn++) {
      steady.set('WT1', some)
      steady.set('WT2', some)
      steady.delete('WT1')
      expect([steady.size, [...steady.entries()]]).toEqual([1, [['WT2', some]]])
      steady.clear()
      expect([steady.size, [...steady.values()]]).toEqual([0, []])
    }
  })
})
