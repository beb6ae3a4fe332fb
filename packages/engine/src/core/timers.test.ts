import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Timer, Timers } from './timers.ts'

const inTurn = (a: Timer, b: Timer) => a.due - b.due || a.seq - b.seq || a.order - b.order

describe('timers', () => {
  it('come in order of due, seq and column, whatever was set, moved and canceled before', () => {
    const operation = fc.record({
      what: fc.constantFrom('set', 'set', 'move', 'cancel'),
      due: fc.nat(20),
      seq: fc.nat(8),
      order: fc.nat(2)
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const timers = new Timers()
        const plain: Timer[] = []
        for (const { what, due, seq, order } of operations) {
          const known = plain.find((timer) => timer.seq === seq && timer.order === order)
          if (what === 'set' && !known) {
            const timer = { due, seq, order, command: 'timer', sid: `${seq}`, place: -1, other: undefined }
            plain.push(timer)
            timers.add(timer)
          } else if (known && what !== 'set') {
            timers.remove(known)
            expect(known.place).toBe(-1)
            plain.splice(plain.indexOf(known), 1)
            if (what === 'move') {
              known.due = due
              timers.add(known)
              plain.push(known)
            }
          }
          plain.sort(inTurn)
          expect(timers.next).toBe(plain[0])
          expect(timers.length).toBe(plain.length)
        }
        expect([...timers].sort(inTurn)).toEqual(plain)
        for (const expected of plain) {
          const next = timers.next
          expect(next).toBe(expected)
          timers.remove(expected)
        }
        expect(timers.next).toBeUndefined()
      }),
      { numRuns: 150 }
    )
  })
})
