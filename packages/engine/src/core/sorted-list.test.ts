import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortedList } from './sorted-list.ts'

const ascending = (a: number, b: number) => a - b

/** What the list should be, done the plain way. */
class Plain {
  readonly members: number[] = []

  add(member: number): void {
    this.members.push(member)
    this.members.sort(ascending)
  }

  remove(member: number): boolean {
    const at = this.members.indexOf(member)
    if (at >= 0) this.members.splice(at, 1)
    return at >= 0
  }
}

function compare(list: SortedList<number>, plain: Plain, bound: number): void {
  expect(list.length).toBe(plain.members.length)
  expect(list.first).toBe(plain.members[0])
  expect([...list]).toEqual(plain.members)
  expect(list.toArray()).toEqual(plain.members)
  expect([...list.from((member) => member < bound)]).toEqual(plain.members.filter((member) => member >= bound))
  expect([...list.backwardFrom((member) => member > bound)]).toEqual(
    plain.members.filter((member) => member <= bound).reverse()
  )
}

describe('a sorted list', () => {
  it('is a sorted array, whatever is added to it and removed from it', () => {
    const operation = fc.record({ adds: fc.boolean(), member: fc.integer({ min: 0, max: 300 }) })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), fc.integer({ min: -5, max: 305 }), (operations, bound) => {
        const list = new SortedList<number>(ascending)
        const plain = new Plain()
        for (const { adds, member } of operations) {
          if (adds && !plain.members.includes(member)) {
            list.add(member)
            plain.add(member)
          } else if (!adds) expect(list.remove(member)).toBe(plain.remove(member))
        }
        compare(list, plain, bound)
      }),
      { numRuns: 150 }
    )
  })

  it.each([
    ['in order', (i: number) => i],
    ['backwards', (i: number) => 10_000 - i],
    ['in disorder', (i: number) => (i * 7919) % 10_007]
  ])('of many chunks, filled %s, is emptied in disorder', (_, memberAt) => {
    const list = new SortedList<number>(ascending)
    const members = Array.from({ length: 5_000 }, (_, i) => memberAt(i))
    for (const member of members) list.add(member)
    const plain = new Plain()
    plain.members.push(...[...members].sort(ascending))
    compare(list, plain, 4_321)
    const leaving = members.filter((_, i) => i % 10 !== 3)
    for (let i = 0; i < leaving.length; i++) {
      const member = leaving[(i * 31) % leaving.length] as number // 31 has no factor in common with 4,500
      expect(list.remove(member)).toBe(true)
      expect(list.remove(member)).toBe(false)
    }
    plain.members.splice(0, Number.POSITIVE_INFINITY, ...members.filter((_, i) => i % 10 === 3).sort(ascending))
    compare(list, plain, 4_321)
  })

  it('removes the member that equals the given one, though that is another object', () => {
    const row = (seq: number, version: number) => ({ seq, version })
    const list = new SortedList<{ seq: number; version: number }>((a, b) => a.seq - b.seq)
    for (const seq of [3, 1, 2]) list.add(row(seq, 0))
    expect(list.remove(row(2, 1))).toBe(true)
    expect(list.remove(row(2, 0))).toBe(false)
    expect([...list]).toEqual([row(1, 0), row(3, 0)])
  })

  it('is empty after its last member has left, and can begin again', () => {
    const list = new SortedList<number>(ascending)
    expect([list.first, list.length, list.remove(1), [...list], [...list.from(() => false)]]).toEqual([
      undefined,
      0,
      false,
      [],
      []
    ])
    list.add(1)
    expect(list.remove(1)).toBe(true)
    expect([list.first, list.length]).toEqual([undefined, 0])
    list.add(2)
    expect(list.first).toBe(2)
  })
})
