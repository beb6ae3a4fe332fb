import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { endWhenUnwanted } from './unwanted.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A response that is not over until it is destroyed. */
class Open extends EventEmitter {
  writableNeedDrain = false
  destroyed = false

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function opened(stands?: () => boolean): Open {
  const response = new Open()
  endWhenUnwanted(response as unknown as ServerResponse, stands) // what of it is used
  return response
}

it('a response goes on while it is read and its credential stands', () => {
  const response = opened(() => true)
  vi.advanceTimersByTime(3_600_000)
  expect(response.destroyed).toBe(false)
  response.destroy()
  expect(vi.getTimerCount()).toBe(0)
})

it('a response ends within a second after its credential is gone, and has a moment to say so', () => {
  let stands = true
  const response = opened(() => stands)
  vi.advanceTimersByTime(10_100)
  stands = false
  // By then a session has ended the streams that it has.
  vi.advanceTimersByTime(600)
  expect(response.destroyed).toBe(false)
  vi.advanceTimersByTime(300)
  expect(response.destroyed).toBe(true)
})

it('a response ends that nobody reads for half a minute, and none that is read slowly', () => {
  const [slow, unread] = [opened(), opened()]
  unread.writableNeedDrain = true
  for (let second = 0; second < 32; second++) {
    slow.writableNeedDrain = second % 10 < 9
    vi.advanceTimersByTime(1000)
  }
  expect([slow.destroyed, unread.destroyed]).toEqual([false, true])
})
