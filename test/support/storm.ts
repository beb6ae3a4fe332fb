import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seedOf } from '@ringdown/engine/core/ids'
import { TestClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import type { Draft } from '@ringdown/server/delivery/delivery'
import { deliveryKinds } from '@ringdown/server/delivery/kinds'
import { rowOf } from '@ringdown/server/delivery/queued'
import { DeliveryRows, deliveryWrites } from '@ringdown/server/delivery/rows'
import { Sender } from '@ringdown/server/delivery/sender'
import { schema } from '@ringdown/server/schema'
import { openSqlite } from '@ringdown/server/store/sqlite'
import { pino } from 'pino'
import { expect, onTestFinished } from 'vitest'
import { Dice } from './dice.ts'
import { type Receiver, type Reply, receiver } from './receiver.ts'

const account_sid = `AC${'0'.repeat(32)}`
const auth_token = 'a-token-for-tests-only'
const morning = Date.parse('2026-03-02T09:00:00Z')
const log = pino({ level: 'silent' })

interface Seen {
  readonly n: number
  readonly key: string
  readonly isTaken: boolean
}

/** Resets, in a hundred acts: the store was away for a moment, and what was under way is sent again. */
interface Storm {
  readonly seed: number
  readonly resets: number
}

/**
 * A storm: receivers that fail, hang up and are slow in turn, bursts that memory does not hold, senders that are stopped
 * and begin anew. In the end everything has arrived, what belongs together in its order.
 */
export async function weathered({ seed, resets }: Storm): Promise<void> {
  const dice = new Dice(seedOf(seed, 0))
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-storm-'))
  const store = await openSqlite({ schema, path: join(folder, 'store.sqlite') })
  await store.migrate()
  const clock = new TestClock(morning)
  const account = await Account.open({ store, account_sid, clock, log })
  const customers = await Promise.all([1, 2, 3].map(() => receiver({ auth_token })))
  const forAnybody = { ...deliveryKinds, event_stream: { ...deliveryKinds.event_stream, isWanted: () => true } }
  const begin = () => {
    const more = { auth_token, allowPrivate: true, concurrency: 4, inOrder: true, held: 16 }
    return new Sender({ store, account, clock, log, kinds: forAnybody, ...more })
  }
  let sender = begin()
  // The clock asks whoever is at work now.
  clock.register({ nextDue: () => sender.nextDue(), doDue: () => sender.doDue(), settle: () => sender.settle() })
  onTestFinished(async () => {
    await sender.close()
    await account.close()
    await store.close()
    for (const customer of customers) await customer.close()
    await rm(folder, { recursive: true, force: true })
  })

  const seen: Seen[] = []
  /** Attempts under way under an order key. */
  const under = new Map<string, number>()
  let most = 0
  let isStorm = true
  for (const customer of customers)
    customer.answer('/hook', ({ json }) => {
      const { n, key } = json
      under.set(key, (under.get(key) ?? 0) + 1)
      if (key !== '') most = Math.max(most, under.get(key) ?? 0)
      const fate = isStorm ? dice.roll(10) : 9
      seen.push({ n, key, isTaken: fate > 4 })
      return ended(key, fate)
    })
  const ended = (key: string, fate: number): Reply => ({
    delay_ms: fate % 3,
    by: (response) => {
      under.set(key, (under.get(key) ?? 0) - 1)
      if (fate < 2) response.destroy()
      else response.writeHead(fate > 4 ? 200 : 503).end()
    }
  })

  let many = 0
  let cursor = await store.cursor(account_sid, 'deliveries')
  const queue = async (size: number) => {
    const deliveries = Array.from({ length: size }, () => {
      many += 1
      const key = dice.chance(60) ? `key ${dice.roll(5)}` : ''
      const to = customers[key === '' ? dice.roll(3) : Number(key.at(-1)) % 3] as Receiver // there are three
      const event = { seq: many, sid: `EV${String(many).padStart(32, '0')}`, type: 'task.created' }
      const json = JSON.stringify({ n: many, key })
      const message = { method: 'POST', url: `${to.url}/hook`, json } as const
      const draft: Draft = { kind: 'event_stream', receiver_sid: 'DF1', event, message }
      return rowOf(key === '' ? draft : { ...draft, order_key: key }, clock.now(), deliveryKinds.event_stream)
    })
    const step = { account_sid, reader: 'deliveries', from: cursor, to: cursor + 1 }
    await store.advance({ ...step, writes: deliveryWrites(deliveries) })
    cursor += 1
    sender.offer(deliveries)
  }

  let restarts = 0
  for (let act = 0; act < 25; act++) {
    await queue(dice.chance(20) ? 70 + dice.roll(60) : dice.roll(12))
    if (dice.chance(60)) await clock.advance(dice.roll(30_000))
    if (dice.chance(resets)) sender.reset()
    if (!dice.chance(15)) continue
    restarts += 1
    await sender.close()
    sender = begin()
  }
  isStorm = false
  await clock.advance(2 * 3_600_000)

  expect((await new DeliveryRows(store).queued(account_sid)).destinations).toEqual([])
  const taken = seen.filter(({ isTaken }) => isTaken)
  expect(new Set(taken.map(({ n }) => n)).size).toBe(many)
  if (resets === 0) {
    // Outcomes are waited for and written when a sender stops: nothing comes twice.
    expect(taken).toHaveLength(many)
    expect(most).toBe(1)
  }
  for (const key of new Set(taken.map((one) => one.key))) {
    if (key === '') continue
    const order = [...new Set(taken.filter((one) => one.key === key).map(({ n }) => n))]
    expect(order).toEqual([...order].sort((a, b) => a - b))
  }
  expect(sender.figures).toEqual({ queued: 0, sending: 0, away: 0 })
  expect(many).toBeGreaterThan(100)
  expect(restarts + seen.length).toBeGreaterThan(many)
}
