import { beforeEach, describe, expect, it } from 'vitest'
import type { Draft } from './delivery.ts'
import { deliveryKinds } from './kinds.ts'
import { Lanes } from './lanes.ts'
import { rowOf } from './queued.ts'
import type { DeliveryRow } from './rows.ts'

let lanes: Lanes

beforeEach(() => {
  lanes = new Lanes(deliveryKinds)
})

/** The delivery of the n-th event to a path of the customer's. */
function delivery(seq: number, path = '/hook'): DeliveryRow {
  const draft: Draft = {
    kind: 'taskrouter_event',
    receiver_sid: `WS${'0'.repeat(32)}`,
    event: { seq, sid: `EV${String(seq).padStart(32, '0')}`, type: 'task.created' },
    message: { method: 'POST', url: `https://acme.example${path}`, parameters: [] }
  }
  return rowOf(draft, 0, deliveryKinds.taskrouter_event)
}

function queued(): Record<string, number> {
  return Object.fromEntries([...lanes].map((lane) => [new URL(lane.destination).pathname, lane.queued]))
}

describe('the lanes of a sender', () => {
  it('count each delivery once, whether the store was quicker or the reader of the log', () => {
    const [counted, late, fresh] = [delivery(1), delivery(2), delivery(3)]
    expect([...lanes.offer([counted, late])]).toEqual([])
    lanes.counted({ destinations: [{ destination: counted.destination, queued: 1 }], through: counted.sid })
    expect(queued()).toEqual({ '/hook': 2 })
    const touched = [...lanes.offer([late, fresh, delivery(4, '/other')])]
    expect(touched.map(({ destination }) => new URL(destination).pathname)).toEqual(['/hook', '/other'])
    expect(queued()).toEqual({ '/hook': 3, '/other': 1 })
    expect([lanes.has(fresh.sid), lanes.has(delivery(5).sid)]).toEqual([true, false])
  })

  it('count what is sent of an event that was long ago, though later ones are counted', () => {
    lanes.counted({ destinations: [], through: '' })
    lanes.offer([delivery(5)])
    const old = delivery(2, '/late')
    expect([...lanes.offer([old], new Set([old.sid]))].map((lane) => lane.queued)).toEqual([1])
    expect(queued()).toEqual({ '/hook': 1, '/late': 1 })
  })

  it('let go of one that has nothing left, and of no other', () => {
    lanes.counted({ destinations: [], through: '' })
    const [lane] = lanes.offer([delivery(1)])
    if (!lane) throw new Error('what is offered has a lane')
    lanes.dropEmpty(lane)
    expect([...lanes]).toEqual([lane])
    const empty = lanes.laneOf('https://acme.example/empty')
    lanes.dropEmpty(empty)
    expect([...lanes]).toEqual([lane])
  })

  it('have a bounded number of deliveries in memory: each less where all together have many, or its destination is away', () => {
    lanes.counted({ destinations: [], through: '' })
    let seq = 0
    const offered = (path: string) => {
      const rows = Array.from({ length: 600 }, () => delivery(++seq, path))
      const [lane] = lanes.offer(rows)
      return { lane, inMemory: lane?.sids.length, queued: lane?.queued }
    }
    const [first, ...others] = Array.from({ length: 12 }, (_, n) => offered(`/${n}`))
    expect(first).toMatchObject({ inMemory: 512, queued: 600 })
    expect(others.slice(0, 7).every(({ inMemory }) => inMemory === 512)).toBe(true)
    expect(others.slice(7).map(({ inMemory }) => inMemory)).toEqual([64, 64, 64, 64])
    for (let n = 0; n < 5; n++) first?.lane?.breaker.tell({ failed: 'connection', reason: 'nobody there' }, 0)
    first?.lane?.trim(0)
    expect(first?.lane?.sids).toHaveLength(8)
    lanes.forget()
    lanes.counted({ destinations: [], through: '' })
    expect(offered('/anew')).toMatchObject({ inMemory: 512 })
  })

  it('that were forgotten are over for whoever waited, and begin anew', () => {
    lanes.counted({ destinations: [], through: '' })
    lanes.offer([delivery(1)])
    const { generation } = lanes
    lanes.forget()
    expect([generation.isOver, lanes.generation.isOver, [...lanes]]).toEqual([true, false, []])
    expect([...lanes.offer([delivery(2)])]).toEqual([])
  })
})
