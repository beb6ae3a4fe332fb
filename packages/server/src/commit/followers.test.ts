import type { EngineEvent } from '@ringdown/engine/events'
import { describe, expect, it } from 'vitest'
import type { Entry } from './entry.ts'
import { Exchange } from './exchange.ts'
import { Followers } from './followers.ts'

/** A decision with one event, perhaps for a request. */
function entry(seq: number, exchange?: Exchange): Entry {
  const decision = { events: [{ seq } as EngineEvent] } // as: followers get whatever there is
  return { decision, head: { next_event: seq + 1 }, exchange } as unknown as Entry // as: what followers look at
}

describe('followers of an account', () => {
  it('hear of a batch when its requests are answered, and of nothing after they have left', () => {
    const followers = new Followers(4)
    const heard: number[] = []
    const leave = followers.subscribe((events) => heard.push(...events.map(({ seq }) => seq)))
    const exchange = new Exchange()
    followers.add([entry(5), entry(6, exchange)])
    expect([heard, followers.notified_seq]).toEqual([[], 4])
    exchange.end()
    expect([heard, followers.notified_seq]).toEqual([[5, 6], 6])
    leave()
    followers.add([entry(7)])
    expect([heard, followers.notified_seq]).toEqual([[5, 6], 7])
  })

  it('go on from where the log ends when the account was loaded anew', () => {
    const followers = new Followers(4)
    followers.add([entry(5, new Exchange())])
    followers.flush()
    followers.startAt(9)
    expect(followers.notified_seq).toBe(9)
  })
})
