import { State } from '@ringdown/engine/center'
import { Insights } from '@ringdown/engine/insights/insights'
import { Recent } from '@ringdown/server/analytics/recent'
import { contactTextTable, forgetSegments, segmentTable } from '@ringdown/server/analytics/segments'
import type { Statistics } from '@ringdown/server/analytics/statistics'
import { Questions } from '@ringdown/server/insights/questions'
import type { Store } from '@ringdown/server/store/store'
import { insertsOf } from '@ringdown/server/store/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPostgres, type Place, postgresPlace, sqlitePlace } from '../store/places.ts'

/* Many contacts, each with a number of its own: what is bounded says so, and what is too old goes. */

const database = await findPostgres()
const account_sid = `AC${'7'.repeat(32)}`
const contacts = 12_000
const day = 86_400_000
const now = Date.parse('2026-03-02T09:00:00Z')
/** The oldest first, over sixty days. */
const beganAt = (n: number) => now - 60 * day + n * Math.floor((60 * day) / contacts)

for (const { name, place } of [
  { name: 'SQLite', place: undefined },
  { name: 'PostgreSQL', place: database }
])
  describe.runIf(name === 'SQLite' || place !== undefined)(`contacts that have nothing in common, on ${name}`, () => {
    let store: Store
    let there: Place
    let questions: Questions
    beforeAll(async () => {
      there = place === undefined ? await sqlitePlace() : await postgresPlace(place)
      store = await there.open()
      await store.migrate()
      await fill()
      const account = { state: new State(account_sid), account_sid, reading: <T>(work: () => Promise<T>) => work() }
      const statistics = {
        account,
        upToDate: async () => new Recent(0, [], new Insights()),
        keptText: <T>(text: T) => text
      }
      questions = new Questions({ store, statistics: statistics as unknown as Statistics, query_s: 30 }) // as: no more of it is asked
    }, 60_000)
    afterAll(() => there.clear())

    async function fill(): Promise<void> {
      const reader = 'size'
      let cursor = await store.cursor(account_sid, reader)
      for (let first = 0; first < contacts; first += 3_000) {
        const numbers = Array.from({ length: 3_000 }, (_, k) => first + k)
        const writes = [
          insertsOf(segmentTable, numbers.map(segmentOf)),
          insertsOf(contactTextTable, numbers.map(textOf))
        ]
        await store.advance({ account_sid, reader, from: cursor, to: cursor + 1, writes })
        cursor++
      }
    }

    const asked = (more: object) => ({
      from: new Date(beganAt(0)).toISOString(),
      to: new Date(now).toISOString(),
      ...more
    })

    it('are answered up to ten thousand groups, and it says that there are more', async () => {
      const report = await questions.report(
        asked({ metrics: ['handled'], group_by: ['attributes.order'], page_size: 1000 }),
        now
      )
      expect(report.is_complete).toBe(false)
      expect(report.rows).toHaveLength(1000)
      const whole = await questions.report(asked({ metrics: ['handled'] }), now)
      expect(whole).toMatchObject({ is_complete: true, rows: [{ handled: contacts }] })
    })

    it('are answered the same twenty times at once', async () => {
      const question = asked({ metrics: ['handled', 'talk_time_p90'], group_by: ['channel'], interval: 'P1D' })
      const first = await questions.report(question, now)
      const all = await Promise.all(Array.from({ length: 20 }, () => questions.report(question, now)))
      for (const one of all) expect(one.rows).toEqual(first.rows)
      expect(first.rows.length).toBeGreaterThanOrEqual(60)
    })

    it('go a piece at a time when they are too old, with what was said of them', async () => {
      const before = now - 30 * day
      let gone = 0
      for (let piece = 1; piece > 0; gone += piece) piece = await forgetSegments(store, account_sid, before, 500)
      // Each has a segment and a text.
      const old = Array.from({ length: contacts }, (_, n) => n).filter((n) => beganAt(n) < before).length
      expect(gone).toBe(2 * old)
      const left = await questions.report(asked({ metrics: ['handled'] }), now)
      expect(left.rows).toMatchObject([{ handled: contacts - old }])
      const texts = await store.query<{ many: number }>({
        sql: 'select count(*) as many from contact_text',
        values: []
      })
      expect(Number(texts[0]?.many)).toBe(contacts - old)
    })
  })

const sid = (prefix: string, n: number) => prefix + n.toString(16).padStart(32, '0')

function segmentOf(n: number) {
  const began_at = beganAt(n)
  return {
    began_at,
    seq: n + 1,
    kind: 'conversation',
    ended_at: began_at + 60_000,
    result: 'completed',
    talk_ms: 1_000 * (n % 90),
    wrap_up_ms: 0,
    responses: 0,
    response_ms: 0,
    workspace_sid: sid('WS', 1),
    worker_sid: sid('WK', n % 7),
    channel: 'chat',
    direction: 'inbound',
    task_sid: sid('WT', n),
    conversation_id: sid('WT', n)
  }
}

function textOf(n: number) {
  return { task_sid: sid('WT', n), at: beganAt(n), attributes: JSON.stringify({ order: `o${n}` }), customers: '[]' }
}
