import {
  type DeliveryMark,
  type DeliveryRow,
  DeliveryRows,
  deliverySid,
  deliveryWrites
} from '@ringdown/server/delivery/rows'
import { Fenced, type Store } from '@ringdown/server/store/store'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sid } from './batches.ts'
import type { Place } from './places.ts'
import { stores } from './stores.ts'

const acme = 'https://acme.example'
const other = 'https://other.example:8443'

/** A delivery because of the n-th event, due at the instant n. */
function queued(n: number, more: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    sid: deliverySid(n, `event_stream/${more.receiver_sid ?? 'DF1'}`),
    event_seq: n,
    event_sid: sid('EV', n),
    event_type: 'task.created',
    kind: 'event_stream',
    receiver_sid: 'DF1',
    destination: acme,
    order_key: null,
    state: 'queued',
    leg: 0,
    attempts: 0,
    tries: 0,
    due_at: n,
    created_at: n,
    updated_at: n,
    finished_at: null,
    window_ends_at: 1_000_000,
    fallback_url: null,
    about: '{"task_sid":"WT1"}',
    message: JSON.stringify({ method: 'POST', url: `${acme}/hook`, json: '["é\\u0000"]' }),
    attempts_log: '[]',
    first_refusal: null,
    last_error: null,
    ...more
  }
}

function marked(row: DeliveryRow, more: Partial<DeliveryRow>): DeliveryMark {
  return { row: { ...row, attempts: row.attempts + 1, ...more }, attempts_before: row.attempts }
}

function delivered(row: DeliveryRow, at: number): DeliveryMark {
  return marked(row, { state: 'delivered', due_at: null, finished_at: at, updated_at: at, attempts_log: '[{"at":1}]' })
}

for (const { name, available, place } of stores)
  describe.runIf(available)(`deliveries on ${name}`, () => {
    let here: Place
    let store: Store
    let deliveries: DeliveryRows
    let stories = 0
    let account = ''
    /** Where the reader stands. */
    let cursor = 0

    beforeAll(async () => {
      here = await place()
      store = await here.open()
      await store.migrate()
      deliveries = new DeliveryRows(store)
    })
    afterAll(() => here.clear())
    beforeEach(async () => {
      account = sid('AC', ++stories)
      await store.lock(account)
      cursor = await store.cursor(account, 'deliveries')
    })

    async function insert(...rows: DeliveryRow[]): Promise<void> {
      const to = cursor + 1
      await store.advance({
        account_sid: account,
        reader: 'deliveries',
        from: cursor,
        to,
        writes: deliveryWrites(rows)
      })
      cursor = to
    }

    const due = async (now: number, limit = 64, besides: string[] = []) =>
      (await deliveries.due(account, { destination: acme, now, besides, limit })).map(({ row }) => row.event_seq)

    it('are there with the cursor, or not at all', async () => {
      expect(await deliveries.queued(account)).toEqual({ destinations: [], through: '' })
      const one = queued(1)
      await insert(one, queued(2, { destination: other }))
      expect(await deliveries.find(account, one.sid)).toEqual(one)
      expect(await deliveries.queued(account)).toEqual({
        destinations: [
          { destination: acme, queued: 1 },
          { destination: other, queued: 1 }
        ],
        through: queued(2).sid
      })
      const step = { account_sid: account, reader: 'deliveries', from: 0, to: 9 }
      await expect(store.advance({ ...step, writes: deliveryWrites([queued(3)]) })).rejects.toThrow(Fenced)
      expect(await deliveries.find(account, queued(3).sid)).toBeUndefined()
      expect(await deliveries.find(sid('AC', 999), one.sid)).toBeUndefined()
    })

    it('that are made twice are one, and stay as they are', async () => {
      const one = queued(1)
      await insert(one)
      await deliveries.mark(account, [delivered(one, 5)])
      await insert(one, queued(2))
      expect(await deliveries.find(account, one.sid)).toMatchObject({ state: 'delivered', finished_at: 5 })
      expect(await due(10)).toEqual([2])
    })

    it('are found when they are due, by destination, without those that are known', async () => {
      await insert(queued(1, { due_at: 50 }), queued(2), queued(3), queued(4, { destination: other }), queued(5))
      expect(await due(4)).toEqual([2, 3])
      expect(await due(100)).toEqual([2, 3, 5, 1])
      expect(await due(100, 2)).toEqual([2, 3])
      expect(await due(100, 2, [queued(2).sid])).toEqual([3, 5])
      expect(await deliveries.nextDue(account, acme, 5)).toBe(50)
      expect(await deliveries.nextDue(account, acme, 50)).toBeUndefined()
      expect(await deliveries.oldest(account)).toBe(1)
    })

    it('wait for what comes before them under their order key, however long that queue is', async () => {
      const first = queued(1, { order_key: 'CH1', due_at: 900 })
      const behind = Array.from({ length: 300 }, (_, n) => queued(n + 2, { order_key: 'CH1' }))
      await insert(first, ...behind, queued(400), queued(401, { order_key: 'CH2' }), queued(402, { order_key: 'CH2' }))
      // What comes one after the other is found together, as long as the first is.
      expect(await due(500)).toEqual([400, 401, 402])
      expect(await due(900)).toEqual([400, 401, 402, 1])
      expect(await due(500, 64, [queued(401).sid])).toEqual([400, 402])
      const [, , last] = await deliveries.due(account, { destination: acme, now: 500, besides: [], limit: 64 })
      expect(last).toEqual({ row: queued(402, { order_key: 'CH2' }), after: queued(401).sid })
      await deliveries.mark(account, [delivered(first, 901)])
      expect(await due(901)).toEqual(Array.from({ length: 64 }, (_, n) => n + 2))
    })

    it('take what came of an attempt once', async () => {
      const rows = Array.from({ length: 5 }, (_, n) => queued(n + 1))
      await insert(...rows)
      const marks = rows.map((row) => delivered(row, 7))
      expect(await deliveries.mark(account, marks)).toBe(5)
      expect(await deliveries.mark(account, marks)).toBe(0)
      expect(await deliveries.mark(account, [])).toBe(0)
      expect(await deliveries.find(account, queued(3).sid)).toEqual(delivered(queued(3), 7).row)
      expect(await deliveries.queued(account)).toEqual({ destinations: [], through: queued(5).sid })
      expect(await deliveries.oldest(account)).toBeUndefined()
    })

    it('may move to another destination, later', async () => {
      const one = queued(1)
      await insert(one)
      const moved = marked(one, { destination: other, leg: 1, due_at: 33, first_refusal: '500', last_error: '500' })
      expect(await deliveries.mark(account, [moved])).toBe(1)
      expect((await deliveries.queued(account)).destinations).toEqual([{ destination: other, queued: 1 }])
      // What was decided before does not count any more.
      expect(await deliveries.mark(account, [delivered(one, 9)])).toBe(0)
    })

    it('are sent again on demand, when they are finished', async () => {
      const one = queued(1, { order_key: 'CH1' })
      await insert(one)
      const again = { sid: one.sid, destination: acme, due_at: 70, window_ends_at: 170 }
      expect(await deliveries.replay(account, again)).toBe(false)
      const failed = marked(one, { state: 'failed', due_at: null, finished_at: 60, last_error: '500', tries: 1 })
      await deliveries.mark(account, [failed])
      expect(await deliveries.replay(account, again)).toBe(true)
      expect(await deliveries.replay(account, again)).toBe(false)
      expect(await deliveries.find(account, one.sid)).toEqual({
        ...failed.row,
        state: 'queued',
        tries: 0,
        order_key: null,
        due_at: 70,
        updated_at: 70,
        window_ends_at: 170,
        finished_at: null
      })
    })

    it('are listed in the order of their events, by what they are', async () => {
      const rows = [1, 2, 3, 4].map((n) =>
        queued(n, { receiver_sid: n % 2 ? 'DF1' : 'WW1', event_type: n < 3 ? 'task.created' : 'task.canceled' })
      )
      await insert(...rows, queued(4, { receiver_sid: 'DF9', destination: other }))
      await deliveries.mark(account, [delivered(queued(3), 8)])
      const list = async (where: object, more: object = {}) =>
        (await deliveries.page({ account_sid: account, where, descending: false, limit: 10, ...more })).map(
          ({ event_seq, receiver_sid }) => `${event_seq} ${receiver_sid}`
        )
      expect((await list({})).sort()).toEqual(['1 DF1', '2 WW1', '3 DF1', '4 DF9', '4 WW1'])
      expect(await list({ receiver_sid: 'DF1' })).toEqual(['1 DF1', '3 DF1'])
      expect(await list({ destination: other })).toEqual(['4 DF9'])
      expect(await list({ event_type: 'task.canceled', state: 'queued' })).toEqual(['4 WW1'])
      expect(await list({ state: 'delivered' })).toEqual(['3 DF1'])
      expect(await list({ kind: 'status_callback' })).toEqual([])
      expect(await list({}, { event_seq: 4 })).toHaveLength(2)
      expect(await list({}, { after: queued(2, { receiver_sid: 'WW1' }).sid })).toHaveLength(3)
      expect(await list({}, { limit: 1, descending: true, after: queued(3).sid })).toEqual(['2 WW1'])
    })

    it('are found by their events, finished or not, and say something else from then on', async () => {
      const rows = [queued(1), queued(2), queued(2, { receiver_sid: 'WW1' }), queued(3), queued(5)]
      await insert(...rows)
      await deliveries.mark(account, [delivered(queued(1), 10)])
      const found = await deliveries.messagesFor(account, [1, 2, 5, 9])
      const sids = [1, 2, 5].flatMap((n) => rows.filter(({ event_seq }) => event_seq === n).map((row) => row.sid))
      expect(found.map((one) => one.sid)).toEqual(sids.sort())
      expect(found[0]?.message).toBe(queued(1).message)
      expect(await deliveries.messagesFor(account, [])).toEqual([])
      await deliveries.rewrite(
        account,
        [1, 2].map((n) => ({ sid: queued(n).sid, kind: queued(n).kind, message: `"é${n}"` }))
      )
      await deliveries.rewrite(account, [])
      const messages = await Promise.all(rows.map(async ({ sid }) => (await deliveries.find(account, sid))?.message))
      expect(messages).toEqual(['"é1"', '"é2"', ...Array(3).fill(queued(3).message)])
      expect(await due(100)).toEqual([2, 2, 3, 5])
    })

    it('are forgotten when they have been finished for long enough', async () => {
      const rows = [1, 2, 3, 4].map((n) => queued(n))
      await insert(...rows)
      await deliveries.mark(account, [delivered(queued(1), 10), delivered(queued(2), 20), delivered(queued(3), 30)])
      expect(await deliveries.forget(account, 30, 1)).toBe(1)
      expect(await deliveries.find(account, queued(1).sid)).toBeUndefined()
      expect(await deliveries.forget(account, 30, 10)).toBe(1)
      expect(await deliveries.forget(account, 30, 10)).toBe(0)
      expect(await due(100)).toEqual([4])
    })
  })
