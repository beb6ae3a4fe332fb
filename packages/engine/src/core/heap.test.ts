import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Heap } from './heap.ts'

describe('a heap', () => {
  it('has its members in the order of their keys, and of the comparison where keys are equal', () => {
    const operation = fc.record({ key: fc.nat(3), removes: fc.boolean(), which: fc.nat(100) })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
        const heap = new Heap<{ key: number; rank: number; place: number }>((a, b) => a.rank > b.rank)
        const plain: { key: number; rank: number; place: number }[] = []
        for (const [rank, { key, removes, which }] of operations.entries()) {
          const gone = removes ? plain.splice(which % Math.max(plain.length, 1), 1)[0] : undefined
          if (gone) heap.remove(gone)
          else {
            const member = { key, rank, place: -1 }
            plain.push(member)
            heap.add(member, key)
          }
          plain.sort((a, b) => a.key - b.key || b.rank - a.rank)
          expect([heap.first, heap.length]).toEqual([plain[0], plain.length])
        }
        for (const member of plain) {
          expect(heap.first).toBe(member)
          heap.remove(member)
          expect(member.place).toBe(-1)
        }
        expect([...heap]).toEqual([])
      }),
      { numRuns: 100 }
    )
  })
})
