import type { ServerEvent } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ResourceChanges } from './resource-changes.ts'
import type { RingdownApi } from './ringdown-api.ts'

const conversation_sid = `CH${'0'.repeat(32)}`
const uri = `ringdown://conversations/${conversation_sid}`
const written = { type: 'message.added', data: { conversation_sid } }

/** A feed that answers what a test gives it, one after the other. */
class Feed {
  asked = 0
  /** Whether the last question was given up by who asked. */
  isLeft = false
  #answer: ((answer: () => unknown) => void) | undefined

  readonly api = {
    get: (_path: string, _query: unknown, signal: AbortSignal) => {
      this.asked++
      this.isLeft = false
      return new Promise<unknown>((resolve, reject) => {
        this.#answer = (answer) => {
          try {
            resolve(answer())
          } catch (error) {
            reject(error)
          }
        }
        signal.addEventListener('abort', () => {
          this.isLeft = true
          reject(signal.reason)
        })
      })
    }
  } as unknown as RingdownApi // nothing else of it is asked

  async tells(...events: readonly object[]): Promise<void> {
    this.#answer?.(() => ({ events, cursor: 'c' }))
    await vi.advanceTimersByTimeAsync(0)
  }

  async refuses(status: number): Promise<void> {
    this.#answer?.(() => {
      throw Object.assign(new Error('Forbidden'), { status, code: 20403 })
    })
    await vi.advanceTimersByTimeAsync(0)
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('resources that change', () => {
  it('are followed while somebody listens, and told once a second each', async () => {
    const feed = new Feed()
    const changes = new ResourceChanges(feed.api)
    expect(feed.asked).toBe(0)
    const told: ServerEvent[] = []
    const leave = changes.subscribe((event) => void told.push(event))
    await feed.tells()
    await feed.tells(written, written)
    await vi.advanceTimersByTimeAsync(500)
    await feed.tells(written)
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(500)
    const once = [uri, `${uri}/transcript`].map((one) => ({ kind: 'resource_updated', uri: one }))
    expect(told).toEqual(once)
    await feed.tells(written)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(told).toEqual([...once, ...once])
    leave()
    expect(feed.isLeft).toBe(true)
  })

  it('are told to nobody who may not see them, and tried for again when somebody listens anew', async () => {
    const feed = new Feed()
    const errors: unknown[] = []
    const changes = new ResourceChanges(feed.api, (error) => errors.push(error))
    const told: ServerEvent[] = []
    changes.subscribe((event) => void told.push(event))
    await feed.refuses(403)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([feed.asked, errors]).toEqual([1, []])
    changes.subscribe(() => {})
    await feed.tells(written)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(told).toHaveLength(2)
  })

  it('are asked for again after a while where the feed does not answer', async () => {
    const feed = new Feed()
    const errors: unknown[] = []
    new ResourceChanges(feed.api, (error) => errors.push(error)).subscribe(() => {})
    await feed.refuses(503)
    expect([feed.asked, errors.length]).toEqual([1, 1])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(feed.asked).toBe(2)
  })
})
