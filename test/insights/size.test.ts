import { forgetSegments } from '@ringdown/server/analytics/segments'
import type { Questions } from '@ringdown/server/insights/questions'
import type { Store } from '@ringdown/server/store/store'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { findPostgres, type Place, postgresPlace, sqlitePlace } from '../store/places.ts'
import { account_sid, day, Many, now, questionsOf } from './many.ts'

/* Many contacts, each with a number of its own: what is bounded says so, and what is too old goes. */

const database = await findPostgres()
const contacts = 12_000
const many = new Many(contacts)

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
      await many.into(store)
      questions = questionsOf(store)
    }, 60_000)
    afterAll(() => there.clear())

    it('are answered up to ten thousand groups, and it says that there are more', async () => {
      const report = await questions.report(
        many.asked({ metrics: ['handled'], group_by: ['attributes.order'], page_size: 1000 }),
        now
      )
      expect(report.is_complete).toBe(false)
      expect(report.rows).toHaveLength(1000)
      const whole = await questions.report(many.asked({ metrics: ['handled'] }), now)
      expect(whole).toMatchObject({ is_complete: true, rows: [{ handled: contacts }] })
    })

    it('are answered the same twenty times at once', async () => {
      const question = many.asked({ metrics: ['handled', 'talk_time_p90'], group_by: ['channel'], interval: 'P1D' })
      const first = await questions.report(question, now)
      const all = await Promise.all(Array.from({ length: 20 }, () => questions.report(question, now)))
      for (const one of all) expect(one.rows).toEqual(first.rows)
      expect(first.rows.length).toBeGreaterThanOrEqual(60)
    })

    it('are asked for in the same words whatever days it is about, so that stores read few texts', async () => {
      const analyze = vi.spyOn(store, 'analyze')
      onTestFinished(() => analyze.mockRestore())
      const wordsOf = async (days: number) => {
        analyze.mockClear()
        const [from, to] = [now - (days + 10) * day, now - days * day].map((at) => new Date(at).toISOString())
        const metrics = ['handled', 'service_level', 'talk_time_p90', 'activity_time']
        await questions.report({ metrics, interval: 'P1D', from, to, time_zone: 'Etc/UTC' }, now)
        return analyze.mock.calls.map(([{ sql }]) => sql)
      }
      const words = await wordsOf(1)
      expect(words.length).toBeGreaterThanOrEqual(3)
      expect(await wordsOf(17)).toEqual(words)
    })

    it.each([
      ['attributes.order', ['-talk_time', 'attributes.order']],
      ['attributes.mixed', ['attributes.mixed']],
      ['attributes.mixed', ['-attributes.mixed']]
    ])('stand on their pages in one order, however many a page has: %s by %j', async (attribute, order) => {
      const asked = { metrics: ['talk_time'], group_by: [attribute], order }
      const days = { ...many.asked(asked), from: new Date(now - 4 * day).toISOString() }
      const { rows, total_rows } = await questions.report({ ...days, page_size: 1000 }, now)
      expect(total_rows).toBe(800)
      expect(new Set(rows.map((row) => row[attribute])).size).toBe(800)
      if (order[0] === '-talk_time') {
        const talks = rows.map((row) => Number(row.talk_time))
        expect(talks).toEqual(talks.toSorted((a, b) => b - a))
      }
      for (const page_size of [7, 100, 399, 500]) {
        const pages: object[] = []
        for (let page = 0; page * page_size < total_rows; page++)
          pages.push(...(await questions.report({ ...days, page, page_size }, now)).rows)
        expect(pages).toEqual(rows)
      }
      const best = await questions.report({ ...days, limit: 10, page_size: 1000 }, now)
      expect(best).toMatchObject({ rows: rows.slice(0, 10), total_rows: 10, has_more: false })
    })

    it('go a piece at a time when they are too old, with what was said of them', async () => {
      const before = now - 30 * day
      let gone = 0
      for (let piece = 1; piece > 0; gone += piece) piece = await forgetSegments(store, account_sid, before, 500)
      // Each has a segment and a text.
      const old = Array.from({ length: contacts }, (_, n) => n).filter((n) => many.beganAt(n) < before).length
      expect(gone).toBe(2 * old)
      const left = await questions.report(many.asked({ metrics: ['handled'] }), now)
      expect(left.rows).toMatchObject([{ handled: contacts - old }])
      const texts = await store.query<{ many: number }>({
        sql: 'select count(*) as many from contact_text',
        values: []
      })
      expect(Number(texts[0]?.many)).toBe(contacts - old)
    })
  })
