import { RealClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import type { Draft } from '@ringdown/server/delivery/delivery'
import { deliveryKinds } from '@ringdown/server/delivery/kinds'
import { rowOf } from '@ringdown/server/delivery/queued'
import { DeliveryRows, deliveryWrites } from '@ringdown/server/delivery/rows'
import { Sender } from '@ringdown/server/delivery/sender'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { findPostgres, postgresPlace } from '../store/places.ts'
import { receiver } from '../support/receiver.ts'

const endHolder = `select pg_terminate_backend(pid) from pg_locks
  where locktype = 'advisory' and granted and pid in (select backend from node)`

/*
 * Journey (f): two nodes on one PostgreSQL. The one that loses the account stops sending, and the other one sends what is
 * left.
 */
const database = await findPostgres()
const account_sid = `AC${'0'.repeat(32)}`
const auth_token = 'a-token-for-tests-only'
const log = pino({ level: 'silent' })

describe.runIf(database !== undefined)('a node that loses its account', () => {
  it('sends nothing more; the next one sends the rest, under the same tokens', async () => {
    const place = await postgresPlace(database as string) // as: it runs only where there is one
    onTestFinished(() => place.clear())
    const customer = await receiver({ auth_token })
    onTestFinished(() => customer.close())
    customer.answer('/hook', { delay_ms: 30 })
    const clock = new RealClock()
    // Whoever loses the store begins anew: a slow machine loses it more often than it is taken away.
    const lost = vi.spyOn(Sender.prototype, 'reset')
    onTestFinished(() => lost.mockRestore())

    const node = async (name: string) => {
      const store = await place.open()
      await store.migrate()
      const account = await Account.open({ store, account_sid, clock, log })
      const kinds = { ...deliveryKinds, event_stream: { ...deliveryKinds.event_stream, isWanted: () => true } }
      const more = { auth_token, allowPrivate: true, concurrency: 2, webhookSecret: name, kinds }
      return { store, account, sender: new Sender({ store, account, clock, log, ...more }) }
    }
    const first = await node('first')
    const next = node('next')
    const rows = Array.from({ length: 120 }, (_, n) => {
      const event = { seq: n + 1, sid: `EV${String(n).padStart(32, '0')}`, type: 'task.created' }
      const message = { method: 'POST', url: `${customer.url}/hook`, json: JSON.stringify({ n }) } as const
      const draft: Draft = { kind: 'event_stream', receiver_sid: 'DF1', event, message }
      return rowOf(draft, clock.now(), deliveryKinds.event_stream)
    })
    const from = await first.store.cursor(account_sid, 'deliveries')
    const step = { account_sid, reader: 'deliveries', from, to: 1 }
    await first.store.advance({ ...step, writes: deliveryWrites(rows) })
    await first.sender.settle()
    first.sender.offer(rows)
    await customer.until(({ length }) => length > 10)
    // The connection that holds the lock breaks, until it is the other node that takes the account.
    let second: Awaited<typeof next> | undefined
    next.then((node) => {
      second = node
    })
    const endUntilTaken = async () => {
      if (second === undefined) await place.query(endHolder)
      return second !== undefined
    }
    await expect.poll(endUntilTaken, { timeout: 20_000, interval: 300 }).toBe(true)
    const nodes = [first, await next]
    // The last connection that was broken may have been the second's: whoever holds the account in the end sends the rest.
    const state = () => {
      const holder = nodes.find(({ account }) => account.isReady)
      if (holder === undefined) return 'nobody holds the account'
      const { queued, sending } = holder.sender.figures
      return holder.sender.isSettled && queued === 0 ? 'all sent' : `${queued} queued, ${sending} under way`
    }
    await expect.poll(state, { timeout: 30_000 }).toBe('all sent')

    expect(new Set(customer.requests.map(({ token }) => token))).toEqual(new Set(rows.map(({ sid }) => sid)))
    for (const { sid } of rows)
      expect(await new DeliveryRows(first.store).find(account_sid, sid)).toMatchObject({ state: 'delivered' })
    // What was under way when it was lost, or sent and not yet marked, came again: once for each time.
    expect(lost).toHaveBeenCalled()
    for (const { sid } of rows)
      expect(customer.requests.filter(({ token }) => token === sid).length).toBeLessThanOrEqual(
        1 + lost.mock.calls.length
      )
    for (const { sender, account } of nodes) {
      await sender.close()
      await account.close()
    }
  }, 60_000)
})
