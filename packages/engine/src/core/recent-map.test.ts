import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RecentMap } from './recent-map.ts'

it('is a map, whatever it was asked for before', () => {
  const operation = fc.record({
    what: fc.constantFrom('get', 'get', 'set', 'delete'),
    sid: fc.constantFrom('', 'WT1', 'WT2', 'WT3'),
    value: fc.record({ n: fc.nat(9) })
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 50 }), (operations) => {
      const plain = new Map<string, object>()
      const recent = new RecentMap<object>()
      for (const { what, sid, value } of operations) {
        if (what === 'get') expect(recent.get(sid)).toBe(plain.get(sid))
        else if (what === 'set') {
          plain.set(sid, value)
          recent.set(sid, value)
        } else {
          plain.delete(sid)
          recent.delete(sid)
        }
        expect(recent.size).toBe(plain.size)
        expect([...recent.values()]).toEqual([...plain.values()])
      }
    })
  )
})
