import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../../../test/receiver.ts'
import { type Clock, TestClock } from '../clock/clock.ts'
import { Account } from '../commit/account.ts'
import { Unavailable } from '../commit/ledger.ts'
import { type DeliveryRow, deliveryTable } from '../store/deliveries.ts'
import { openSqlite } from '../store/sqlite.ts'
import { openDatabase } from '../store/sqlite-driver.ts'
import type { Store } from '../store/store.ts'
import type { Answered, DeliveryKind, Draft, Kind } from './delivery.ts'
import { deliveryKinds } from './kinds.ts'
import { rowOf } from './queued.ts'
import { Sender, type SenderOptions } from './sender.ts'

const account_sid = `AC${'0'.repeat(32)}`
const auth_token = 'a-token-for-tests-only'
const morning = Date.parse('2026-03-02T09:00:00Z')
const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' })
const hour = 3_600_000
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'

let folder: string
let store: Store
let account: Account
let clock: TestClock
let customer: Receiver
let sender: Sender
let cursor: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-sender-'))
  store = await openSqlite({ path: join(folder, 'store.sqlite') })
  await store.migrate()
  clock = new TestClock(morning)
  account = await Account.open({ store, account_sid, clock, log })
  customer = await receiver({ auth_token })
  cursor = await store.cursor(account_sid, 'deliveries')
})
afterEach(async () => {
  await sender.close()
  await account.close()
  await store.close()
  await customer.close()
  await rm(folder, { recursive: true, force: true })
})

/** A sender at work, on the test clock unless told otherwise. */
async function begin(more: Partial<SenderOptions> = {}): Promise<void> {
  // Most stories' receivers are nobody's.
  const kinds = kindsWith('event_stream', { isWanted: () => true })
  const options = { store, account, clock, log, auth_token, allowPrivate: true, concurrency: 16, inOrder: true, kinds }
  sender = new Sender({ ...options, ...more })
  await sender.settle()
  if (more.clock === undefined) clock.register(sender)
}

function kindsWith(kind: DeliveryKind, more: Partial<Kind>): Readonly<Record<DeliveryKind, Kind>> {
  return { ...deliveryKinds, [kind]: { ...deliveryKinds[kind], ...more } }
}

/** Bytes that are really in use. */
function inUse(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

let events = 0

function draft(more: Partial<Draft> & { url?: string } = {}): Draft {
  events += 1
  const { url = `${customer.url}/hook`, ...rest } = more
  return {
    kind: 'event_stream',
    receiver_sid: 'DF1',
    event: { seq: events, sid: `EV${String(events).padStart(32, '0')}`, type: 'task.created' },
    message: { method: 'POST', url, json: JSON.stringify([{ n: events }]) },
    ...rest
  }
}

/** Queues what the reader would, and hands it over as it does. */
async function queue(drafts: readonly Draft[], { isTold = true } = {}): Promise<DeliveryRow[]> {
  const deliveries = drafts.map((one) => rowOf(one, clock.now(), deliveryKinds[one.kind]))
  const to = cursor + 1
  await store.advance({ account_sid, reader: 'deliveries', from: cursor, to, rollups: [], stays: [], deliveries })
  cursor = to
  if (isTold) sender.offer(deliveries)
  return deliveries
}

async function rowsOf(rows: readonly DeliveryRow[]): Promise<DeliveryRow[]> {
  return Promise.all(rows.map(async ({ sid }) => (await store.delivery(account_sid, sid)) as DeliveryRow)) // they are there
}

const numbers = () => customer.requests.map(({ json }) => json[0].n - first)
let first = 0
beforeEach(() => {
  first = events + 1
})

describe('a delivery', () => {
  it('is sent once it is queued, and marked', async () => {
    await begin()
    const rows = await queue([draft(), draft(), draft()])
    await clock.advance(0)
    expect(customer.requests.map(({ token }) => token)).toEqual(rows.map(({ sid }) => sid))
    expect(customer.requests.every(({ isSigned }) => isSigned)).toBe(true)
    for (const row of await rowsOf(rows))
      expect(row).toMatchObject({
        state: 'delivered',
        attempts: 1,
        due_at: null,
        finished_at: morning,
        last_error: null
      })
    expect(sender.figures).toEqual({ queued: 0, sending: 0, away: 0 })
  })

  it('that was queued before the start is sent then', async () => {
    await begin()
    await sender.close()
    const rows = await queue([draft(), draft({ order_key: 'a' }), draft({ order_key: 'a' })], { isTold: false })
    await begin()
    await clock.advance(0)
    expect(numbers()).toEqual([0, 1, 2])
    expect((await rowsOf(rows)).every(({ state }) => state === 'delivered')).toBe(true)
  })

  it('is tried for four hours under one token, in the time of a test, and then given up', async () => {
    await begin()
    customer.answer('/hook', { status: 503 })
    const [row] = await queue([draft()])
    await clock.advance(10 * 60_000)
    expect(await store.delivery(account_sid, row?.sid ?? '')).toMatchObject({
      state: 'queued',
      last_error: 'answered 503'
    })
    expect(customer.requests.length).toBeGreaterThan(7)
    await clock.advance(4 * hour)
    const [failed] = await rowsOf([row as DeliveryRow]) // it was queued above
    expect(failed).toMatchObject({ state: 'failed', attempts: customer.requests.length, due_at: null })
    expect(new Set(customer.requests.map(({ token }) => token)).size).toBe(1)
    const log = JSON.parse(failed?.attempts_log ?? '') as { at: number; status: number }[]
    expect(log).toHaveLength(10)
    const waits = log.slice(1).map(({ at }, n) => at - (log[n]?.at ?? 0))
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60_000 * 1.2)
    expect(failed?.finished_at ?? 0).toBeGreaterThan(morning + 3 * hour)
    expect(failed?.finished_at ?? 0).toBeLessThanOrEqual(morning + 4 * hour)
  })

  it('arrives as soon as its receiver is back', async () => {
    await begin()
    customer.answer('/hook', [{ status: 500 }, { status: 500 }, { status: 200 }])
    const rows = await queue([draft()])
    await clock.advance(60_000)
    expect((await rowsOf(rows))[0]).toMatchObject({ state: 'delivered', attempts: 3 })
  })

  it('waits for as long as its receiver asks, within its time', async () => {
    await begin()
    customer.answer('/hook', [{ status: 429, headers: { 'Retry-After': '1800' } }, {}])
    const later = new Date(Date.now() + 3 * hour).toUTCString()
    customer.answer('/date', [{ status: 503, headers: { 'Retry-After': later } }, {}])
    customer.answer('/never', { status: 503, headers: { 'Retry-After': '86400' } })
    const [a, b, c] = await queue([
      draft(),
      draft({ url: `${customer.url}/date` }),
      draft({ url: `${customer.url}/never` })
    ])
    await clock.advance(0)
    expect(await rowsOf([a, b, c] as DeliveryRow[])).toMatchObject([
      { due_at: morning + 1_800_000 },
      { due_at: expect.closeTo(morning + 3 * hour, -4) },
      { state: 'failed' }
    ])
    await clock.advance(4 * hour)
    expect(await rowsOf([a, b] as DeliveryRow[])).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }])
  })

  it('that is refused for good is not sent again', async () => {
    await begin()
    customer.answer('/hook', { status: 404 })
    const rows = await queue([draft({ kind: 'status_callback' }), draft({ url: 'nowhere' })])
    await clock.advance(4 * hour)
    expect(await rowsOf(rows)).toMatchObject([
      { state: 'failed', attempts: 1, last_error: 'answered 404' },
      { state: 'failed', attempts: 1, destination: 'invalid' }
    ])
  })

  it('goes to the fallback when the first address is done for', async () => {
    await begin()
    const message = { method: 'POST', url: `${nowhere}/x`, parameters: [['A', '1']] } as const
    const rows = await queue([
      draft({ kind: 'assignment_callback', message, fallback_url: `${customer.url}/fallback` }),
      draft({ kind: 'conversation_webhook', message, fallback_url: `${customer.url}/fallback` })
    ])
    await clock.advance(60_000)
    expect(customer.to('/fallback').map(({ form }) => form)).toEqual([{ A: '1' }, { A: '1', RetryCount: '2' }])
    expect(customer.requests.every(({ isSigned }) => isSigned)).toBe(true)
    expect(await rowsOf(rows)).toMatchObject(
      [
        {
          state: expect.any(String),
          attempts: 2,
          leg: 1,
          destination: `${customer.url}/fallback`,
          first_refusal: /^connection/
        },
        { state: 'delivered', attempts: 3, leg: 1, tries: 1 }
      ].map((expected) => ({ ...expected, first_refusal: expect.stringMatching(/^connection/) }))
    )
  })

  it('is sent again on demand, under the same token', async () => {
    await begin()
    customer.answer('/hook', [{ status: 404 }, { hang: true }])
    const kinds = kindsWith('status_callback', { timeout_ms: 100, retry: { delays_ms: [] } })
    await sender.close()
    await begin({ kinds })
    const [row] = await queue([draft({ kind: 'status_callback' })])
    await clock.advance(0)
    expect(await sender.replay(row?.sid ?? '')).toMatchObject({ state: 'queued', attempts: 1, tries: 0 })
    expect(await sender.replay(row?.sid ?? '')).toBe('queued')
    expect(await sender.replay('DV1')).toBeUndefined()
    await clock.advance(0)
    expect(customer.requests.map(({ token }) => token)).toEqual([row?.sid, row?.sid])
    expect((await rowsOf([row as DeliveryRow]))[0]).toMatchObject({ state: 'failed', attempts: 2 }) // it was queued above
  })
})

describe('a delivery for somebody who has been removed', () => {
  it('is given up instead of sent', async () => {
    await begin({ kinds: deliveryKinds })
    const [row] = await queue([draft({ fallback_url: `${customer.url}/other` })])
    await clock.advance(0)
    expect(customer.requests).toHaveLength(0)
    expect((await rowsOf([row as DeliveryRow]))[0]).toMatchObject({
      // it was queued above
      state: 'failed',
      attempts: 0,
      last_error: 'DF1, which it was for, has been removed'
    })
  })
})

describe('an address that answers 500', () => {
  it('costs its neighbours on the same host nothing', async () => {
    await begin()
    customer.answer('/bad', { status: 500 })
    await queue(Array.from({ length: 40 }, () => draft({ url: `${customer.url}/bad?n=1` })))
    await clock.advance(0)
    expect(sender.figures).toMatchObject({ away: 1 })
    await queue(Array.from({ length: 20 }, () => draft({ url: `${customer.url}/good` })))
    await clock.advance(0)
    expect(customer.to('/good')).toHaveLength(20)
  })
})

describe('an order key', () => {
  it('has its deliveries sent one after the other, while others go on', async () => {
    await begin()
    let under = 0
    let most = 0
    const counted = (path: string) =>
      customer.answer(path, () => ({
        by: (response) => {
          under += 1
          most = Math.max(most, under)
          setTimeout(() => {
            under -= 1
            response.end()
          }, 50)
        }
      }))
    counted('/a')
    await queue(Array.from({ length: 10 }, () => draft({ url: `${customer.url}/a`, order_key: 'a' })))
    await clock.advance(0)
    expect(numbers()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(most).toBe(1)
    await queue(Array.from({ length: 10 }, (_, n) => draft({ url: `${customer.url}/a`, order_key: `b${n}` })))
    await clock.advance(0)
    expect(most).toBeGreaterThan(5)
  })

  it.each([
    ['in memory', 6],
    ['in the store', 400]
  ])('waits for its first delivery to be through, %s', async (_place, many) => {
    await begin()
    customer.answer('/a', [{ status: 500 }, { status: 500 }, {}])
    const rows = await queue([
      ...Array.from({ length: many }, () => draft({ url: `${customer.url}/a`, order_key: 'a' })),
      draft({ url: `${customer.url}/b`, order_key: 'b' })
    ])
    await clock.advance(500)
    expect(customer.to('/a')).toHaveLength(1)
    expect(customer.to('/b')).toHaveLength(1)
    await clock.advance(60_000)
    const sent = customer.to('/a').map(({ json }) => json[0].n - first)
    expect(sent).toEqual([0, 0, ...Array.from({ length: many }, (_, n) => n)])
    expect((await rowsOf(rows)).every(({ state }) => state === 'delivered')).toBe(true)
  })
})

describe('a destination that is away', () => {
  it('is asked with one delivery at a time, gets everything when it is back, and costs others nothing', async () => {
    await begin()
    const away = Array.from({ length: 300 }, () => draft({ url: `${customer.url}/away` }))
    customer.answer('/away', { status: 500 })
    const rows = await queue(away)
    await clock.advance(0)
    // Those that were under way when the fifth failed.
    expect(customer.requests.length).toBeLessThanOrEqual(5 + 16)
    expect(sender.figures).toMatchObject({ queued: 300, away: 1 })
    const asked = customer.requests.length
    await clock.advance(10 * 60_000)
    // One a minute, after the first few.
    expect(customer.requests.length - asked).toBeLessThan(20)
    expect(customer.requests.length - asked).toBeGreaterThan(10)

    const other = await receiver({ auth_token })
    const unaffected = await queue([draft({ url: `${other.url}/hook` })])
    await clock.advance(0)
    expect((await rowsOf(unaffected))[0]?.state).toBe('delivered')
    await other.close()

    customer.answer('/away', {})
    await clock.advance(20 * 60_000)
    expect((await rowsOf(rows)).every(({ state }) => state === 'delivered')).toBe(true)
    expect(sender.figures).toEqual({ queued: 0, sending: 0, away: 0 })
  })

  it('has its deliveries given up when their time is over, and not one by one', async () => {
    await begin()
    const rows = await queue(Array.from({ length: 200 }, () => draft({ url: `${nowhere}/x` })))
    await clock.advance(5 * hour)
    for (const row of await rowsOf(rows)) expect(row).toMatchObject({ state: 'failed', due_at: null })
    expect(sender.figures).toEqual({ queued: 0, sending: 0, away: 0 })
  })

  it('does not keep back what somebody waits for', async () => {
    const answers: Answered[] = []
    await begin({
      kinds: kindsWith('assignment_callback', {
        answered: async (answer) => void answers.push(answer)
      })
    })
    await queue(Array.from({ length: 300 }, () => draft({ url: `${nowhere}/x` })))
    await clock.advance(0)
    await queue([draft({ kind: 'assignment_callback', url: `${nowhere}/y`, about: { reservation_sid: 'WR1' } })])
    await clock.advance(0)
    expect(answers).toMatchObject([{ about: { reservation_sid: 'WR1' }, isDelivered: false }])
  })

  it('may have 100,000 deliveries waiting: memory does not grow with them, and another one is served', async () => {
    const message = { method: 'POST', url: `${nowhere}/x`, json: 'x'.repeat(1_000) } as const
    await begin()
    await sender.close()
    await queue([draft({ message })], { isTold: false })
    await copies(99_999)
    const before = inUse()
    await begin()
    await clock.advance(60_000)
    expect(sender.figures).toMatchObject({ queued: 100_000, away: 1 })
    await queue(Array.from({ length: 500 }, () => draft()))
    await clock.advance(0)
    expect(customer.requests).toHaveLength(500)
    customer.clear()
    // More than 100 MB of texts, were they in memory.
    expect(inUse() - before).toBeLessThan(20 * 1024 * 1024)
  }, 60_000)
})

/** As many deliveries like the only one there is, quicker than by the reader of the log. */
async function copies(many: number): Promise<void> {
  const database = await openDatabase(join(folder, 'store.sqlite'))
  // SIDs are in the order of events.
  const columns = Object.keys(deliveryTable.columns).map((column) =>
    column === 'sid' ? `printf('DV%012x%020x', ${events} + n, n)` : column
  )
  events += many
  database.exec(`with recursive number(n) as (select 1 union all select n + 1 from number where n < ${many})
    insert into delivery select ${columns.join(', ')} from delivery, number`)
  database.close()
}

describe('what an answer means', () => {
  it('is decided once, in the order in which the attempts began, before the delivery is marked', async () => {
    const told: string[] = []
    await begin({
      kinds: kindsWith('status_callback', {
        answered: async ({ about, outcome, isDelivered }) => {
          const status = 'status' in outcome ? outcome.status : outcome.failed
          told.push(`${about.n} ${status} ${isDelivered}`)
          if (about.n === '1') throw new Error('the task is gone')
        }
      })
    })
    customer.answer('/slow', { delay_ms: 60, status: 201 })
    customer.answer('/wrong', { status: 400 })
    const rows = await queue([
      draft({ kind: 'status_callback', url: `${customer.url}/slow`, about: { n: '0' } }),
      draft({ kind: 'status_callback', url: `${customer.url}/wrong`, about: { n: '1' } }),
      draft({ kind: 'status_callback', about: { n: '2' } })
    ])
    await clock.advance(0)
    expect(told).toEqual(['0 201 true', '1 400 false', '2 200 true'])
    expect(await rowsOf(rows)).toMatchObject([{ state: 'delivered' }, { state: 'failed' }, { state: 'delivered' }])
  })

  it('is asked for again when nobody knows what became of it', async () => {
    let tries = 0
    await begin({
      kinds: kindsWith('status_callback', {
        answered: async () => {
          tries += 1
          if (tries === 1) throw new Unavailable('the outcome is unknown')
        }
      })
    })
    const rows = await queue([draft({ kind: 'status_callback' })])
    await customer.until(({ length }) => length === 2)
    await clock.advance(0)
    expect(tries).toBe(2)
    expect((await rowsOf(rows))[0]?.state).toBe('delivered')
    expect(new Set(customer.requests.map(({ token }) => token)).size).toBe(1)
  })
})

describe('a sender', () => {
  it('whose account is not its own any more sends nothing', async () => {
    await begin()
    await account.close()
    await queue([draft()])
    await new Promise((resolve) => setImmediate(resolve))
    expect(customer.requests).toHaveLength(0)
  })

  it('goes on when the clock is set back', async () => {
    // Alarms ring after the time that was to pass, whatever the clock says then.
    let now = morning
    const alarms: (() => void)[] = []
    const at: Clock['at'] = (_instant, call) => {
      alarms.push(call)
      return () => {}
    }
    const odd: Clock = { now: () => now, at, notBefore: () => {} }
    await begin({ clock: odd })
    customer.answer('/hook', [{ status: 500 }, {}])
    const rows = await queue([draft()])
    await sender.settle()
    now -= hour
    alarms.at(-1)?.()
    await sender.settle()
    expect((await rowsOf(rows))[0]).toMatchObject({ state: 'delivered', attempts: 2 })
  })

  it('that stops leaves to the next one what it hung up on', async () => {
    await begin()
    customer.answer('/hook', [{ hang: true }, {}])
    const rows = await queue([draft()])
    await customer.until(({ length }) => length === 1)
    await sender.close()
    expect((await rowsOf(rows))[0]).toMatchObject({ state: 'queued', attempts: 0 })
    await begin()
    await clock.advance(0)
    expect((await rowsOf(rows))[0]).toMatchObject({ state: 'delivered', attempts: 1 })
    expect(customer.requests.map(({ token }) => token)).toEqual([rows[0]?.sid, rows[0]?.sid])
  })
})
