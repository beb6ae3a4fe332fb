import { setMaxListeners } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { ContentRejected, type Store } from '@ringdown/server/store/store'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FeedEvent, FeedFilter } from './event.ts'
import { Feed, type FeedAccount, type FeedLimits, type FeedPage, type StreamDoor, type StreamEnd } from './feed.ts'
import type { FeedQuestion } from './question.ts'

const account_sid = `AC${'0'.repeat(32)}`
const log = pino({ level: 'silent' })
const never = new AbortController().signal
setMaxListeners(0, never)
const everything = new FeedFilter([], [])

let folder: string
let store: Store
let account: Account
let workspace_sid: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-feed-'))
  store = await openStore({ schema, data: folder })
  const clock = new TestClock(Date.parse('2026-03-02T09:00:00Z'))
  account = await Account.open({ store, account_sid, clock, log, seed: 7 })
  workspace_sid = (await account.execute({ type: 'workspace.create', friendly_name: 'Floor' })).workspace.sid
})

afterEach(async () => {
  await account.close()
  await store.close()
  await rm(folder, { recursive: true })
})

let named = 0

/** One event. */
async function write(): Promise<void> {
  named++
  await account.execute({ type: 'workspace.update', sid: workspace_sid, friendly_name: `Floor ${named}` })
}

/** The account, counting how often its log is read from the store. */
function counted() {
  const reads = { log: 0 }
  const followed: FeedAccount = {
    account_sid,
    get state() {
      return account.state
    },
    get isReadable() {
      return account.isReadable
    },
    notified: () => account.notified(),
    reading: (ask) => account.reading(ask),
    subscribe: (listener) => account.subscribe(listener),
    log(cursor, limit) {
      reads.log++
      return account.log(cursor, limit)
    }
  }
  return { account: followed, reads }
}

function question(feed: Feed, position: number | undefined, more: Partial<FeedQuestion> = {}): FeedQuestion {
  const cursor = position === undefined ? undefined : feed.cursors.at(position)
  return { cursor, since: undefined, filter: everything, limit: 100, wait_ms: 0, presence: false, ...more }
}

const seqs = ({ events }: Pick<FeedPage, 'events'>) => events.map(({ seq }) => seq)
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** The other end of a stream, in memory. */
class Ear implements StreamDoor {
  readonly told: string[] = []

  readonly heard: number[] = []
  readonly ended: Promise<{ why: StreamEnd; position: number }>
  end: (why: StreamEnd, position: number) => void = () => {}
  waiting = 0

  constructor() {
    this.ended = new Promise((resolve) => {
      this.end = (why, position) => resolve({ why, position })
    })
  }

  send(page: FeedPage): void {
    this.heard.push(...seqs(page))
  }

  tell(name: string, text: string): void {
    this.told.push(`${name} ${text}`)
  }

  unread(): number {
    return this.waiting
  }

  drained(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
  }
}

describe('followers who are not behind', () => {
  it('cost no query of the store, however many they are', async () => {
    const { account: followed, reads } = counted()
    const feed = new Feed(followed, log)
    const ears = Array.from({ length: 50 }, () => new Ear())
    for (const ear of ears) void (await feed.open(question(feed, undefined)))(ear, never)
    const end = account.state.next_event - 1
    for (let i = 0; i < 20; i++) {
      const waiting = feed.poll(question(feed, end + i, { wait_ms: 50_000 }), never)
      await write()
      expect(seqs(await waiting)).toEqual([end + 1 + i])
    }
    await new Promise((resolve) => setImmediate(resolve))
    for (const ear of ears) expect(ear.heard).toEqual(range(end + 1, end + 20))
    expect(reads.log).toBe(0)
    feed.close()
    expect(await ears[0]?.ended).toEqual({ why: 'stopping', position: end + 20 })
  })

  it('share the text of an event', async () => {
    const feed = new Feed(account, log)
    const [one, other] = [1, 2].map(() => feed.poll(question(feed, undefined, { wait_ms: 50_000 }), never))
    await feed.poll(question(feed, undefined), never)
    await write()
    expect((await one)?.events[0]).toBeInstanceOf(FeedEvent)
    expect((await one)?.events[0]).toBe((await other)?.events[0])
    feed.close()
  })
})

describe('whoever reads the log in steps of any size, from memory, from the store, or both', () => {
  it('gets every event once, in order', async () => {
    let reads = 0
    let recent = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          recent: fc.integer({ min: 1, max: 12 }),
          chunk: fc.integer({ min: 1, max: 9 }),
          passed: fc.integer({ min: 1, max: 40 }),
          idle_ms: fc.constantFrom(0, 60_000)
        }),
        fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('write' as const) }, fc.integer({ min: 1, max: 12 })), {
          minLength: 20,
          maxLength: 60
        }),
        async (limits: Partial<FeedLimits>, steps) => {
          const { account: followed, reads: own } = counted()
          const feed = new Feed(followed, log, limits)
          const start = account.state.next_event - 1
          const ear = new Ear()
          void (await feed.open(question(feed, start)))(ear, never)
          const seen: number[] = []
          let position = start
          const poll = async (limit: number) => {
            const page = await feed.poll(question(feed, position, { limit }), never)
            expect(page.isTruncated).toBe(false)
            seen.push(...seqs(page))
            position = page.position
            return page.hasMore
          }
          const writes: Promise<void>[] = []
          for (const step of steps) {
            if (step === 'write') writes.push(write())
            else await poll(step)
          }
          await Promise.all(writes)
          while (await poll(7));
          const all = range(start + 1, account.state.next_event - 1)
          expect(seen).toEqual(all)
          const late = new Ear()
          void (await feed.open(question(feed, start)))(late, never)
          await write()
          const end = account.state.next_event - 1
          while (late.heard.at(-1) !== end || ear.heard.at(-1) !== end) await new Promise((next) => setImmediate(next))
          expect([ear.heard, late.heard]).toEqual([range(start + 1, end), range(start + 1, end)])
          feed.close()
          reads += own.log
          recent += seen.length
        }
      ),
      { numRuns: 60 }
    )
    // Otherwise this would not have tried much.
    expect(reads).toBeGreaterThan(50)
    expect(recent).toBeGreaterThan(100)
  })
})

describe('after the account was loaded again', () => {
  it('events that nobody announced are told with the next one', async () => {
    const feed = new Feed(account, log)
    const ear = new Ear()
    void (await feed.open(question(feed, undefined)))(ear, never)
    const start = account.state.next_event - 1
    await write()
    const { write: kept } = store
    let refusals = 1
    store.write = (batch) =>
      refusals-- > 0 ? Promise.reject(new ContentRejected('for the test')) : kept.call(store, batch)
    const again = write()
    await again
    store.write = kept
    await write()
    const end = account.state.next_event - 1
    expect(end).toBe(start + 3)
    while (ear.heard.at(-1) !== end) await new Promise((next) => setImmediate(next))
    expect(ear.heard).toEqual(range(start + 1, end))
    feed.close()
  })
})

describe('a reader that does not keep up', () => {
  it('is dropped after a while, and told where to go on', async () => {
    const feed = new Feed(account, log, { unread_bytes: 100, patience_ms: 30 })
    const ear = new Ear()
    void (await feed.open(question(feed, undefined)))(ear, never)
    await write()
    const end = account.state.next_event - 1
    ear.waiting = 1_000
    await write()
    expect(await ear.ended).toEqual({ why: 'slow', position: end + 1 })
    expect(ear.heard).toEqual([end, end + 1])
    feed.close()
  })
})

it('leaves the account alone when nobody has followed for a while', async () => {
  let listeners = 0
  const followed: FeedAccount = Object.create(account, {
    subscribe: {
      value: (listener: Parameters<Account['subscribe']>[0]) => {
        listeners++
        const end = account.subscribe(listener)
        return () => {
          listeners--
          end()
        }
      }
    },
    state: { get: () => account.state },
    isReadable: { get: () => account.isReady },
    notified: { value: () => account.notified() }
  })
  const feed = new Feed(followed, log, { idle_ms: 10 })
  await feed.poll(question(feed, undefined), never)
  expect(listeners).toBe(1)
  while (listeners > 0) await new Promise((next) => setTimeout(next, 5))
  await expect(feed.poll(question(feed, account.state.next_event), never)).rejects.toThrow('does not reach so far')
  feed.close()
})
