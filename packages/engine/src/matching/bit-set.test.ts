import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BitSet } from './bit-set.ts'

const numbers = fc.array(fc.nat(200))

function setOf(members: readonly number[]): BitSet {
  const set = new BitSet()
  for (const i of members) set.add(i)
  return set
}

function visited(visit: (visitor: (i: number) => void) => void): number[] {
  const found: number[] = []
  visit((i) => found.push(i))
  return found
}

function sorted(members: Iterable<number>): number[] {
  return [...members].sort((a, b) => a - b)
}

describe('a set of bits', () => {
  it('has what was added and not deleted since, and visits it in ascending order', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (added, deleted, again) => {
        const set = setOf(added)
        for (const i of deleted) set.delete(i)
        for (const i of again) set.add(i)
        const expected = new Set(added)
        for (const i of deleted) expected.delete(i)
        for (const i of again) expected.add(i)
        expect(visited((visitor) => set.visit(visitor))).toEqual(sorted(expected))
        for (let i = 0; i < 210; i++) expect(set.has(i)).toBe(expected.has(i))
      })
    )
  })

  it('finds the least of what another set has as well, and those that follow it', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.array(fc.nat(3), { minLength: 201, maxLength: 201 }), (one, other, values) => {
        const shared = sorted(new Set(one)).filter((i) => other.includes(i))
        const expected = shared.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || b - a)
        const next = (after?: number) => setOf(one).leastShared(setOf(other), values, (a, b) => a > b, after)
        const found: number[] = []
        for (let at = next(); at !== undefined; at = next(at)) found.push(at)
        expect(found).toEqual(expected)
      })
    )
  })

  it('visits what another set has as well, whichever of the two is longer', () => {
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const both = sorted(new Set(left.filter((i) => right.includes(i))))
        expect(visited((visitor) => setOf(left).visitShared(setOf(right), visitor))).toEqual(both)
        expect(visited((visitor) => setOf(right).visitShared(setOf(left), visitor))).toEqual(both)
      })
    )
  })

  it('knows every bit of a word, the sign bit included', () => {
    const set = setOf([0, 31, 32, 63, 1000])
    expect([0, 1, 31, 32, 63, 64, 1000, 100_000].map((i) => set.has(i))).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
      true,
      false
    ])
  })
})
