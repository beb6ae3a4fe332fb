import { getEventListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { patienceOf } from './patience.ts'

describe('the patience of one attempt', () => {
  it('ends with the time, or with the server, and says which', async () => {
    const server = new AbortController()
    const short = patienceOf(1, server.signal)
    const long = patienceOf(60_000, server.signal)
    await wait(20)
    expect([short.signal.aborted, short.isLate()]).toEqual([true, true])
    expect([long.signal.aborted, long.isLate()]).toEqual([false, false])
    server.abort()
    expect([long.signal.aborted, long.isLate()]).toEqual([true, false])
    expect(patienceOf(60_000, server.signal).signal.aborted).toBe(true)
    long.end()
  })

  it('leaves nothing with a signal that lives on', () => {
    const server = new AbortController()
    for (let n = 0; n < 100; n++) patienceOf(60_000, server.signal).end()
    expect(getEventListeners(server.signal, 'abort')).toEqual([])
  })
})
