import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import { lineComplaints } from '../support/line-invariants.ts'

describe('the invariants of our addresses', () => {
  it('hold for a pool, and see what is left of a number that is gone, and of a pool', () => {
    const world = new World()
    const { state } = world
    const pool = () => world.do({ type: 'messaging_service.create', friendly_name: 'Pool' }).messaging_service.sid
    const number = (phone_number: string) =>
      world.do({ type: 'incoming_phone_number.create', phone_number }).incoming_phone_number.sid
    const service_sid = pool()
    const phone_number_sid = number('+15005550101')
    world.do({ type: 'pool.add_phone_number', service_sid, phone_number_sid })
    expect(lineComplaints(state)).toEqual([])
    state.evict('incoming_phone_number', phone_number_sid)
    expect(lineComplaints(state)).toEqual([expect.stringContaining('which is not it')])
    state.evict('messaging_service', service_sid)
    expect(lineComplaints(state)).toHaveLength(2)
  })
})
