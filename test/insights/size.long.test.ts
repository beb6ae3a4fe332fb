import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findPostgres, postgresPlace, sqlitePlace } from '../store/places.ts'
import { Many, now, questionsOf } from './many.ts'

/*
 * A million contacts, each with an order of its own in its attributes. Whoever groups by that is told that there is more
 * than is shown, and this process does not hold it all meanwhile.
 */

const database = await findPostgres()
const contacts = 1_000_000
const MB = 1_048_576
/** An answer has ten thousand groups of a line each; a million of them would be ten times as much as this. */
const max_MB = 150

describe.each([
  { name: 'SQLite', place: undefined },
  { name: 'PostgreSQL', place: database }
])('a million distinct values of an attribute, on $name', ({ name, place }) => {
  it.runIf(name === 'SQLite' || place !== undefined)(
    'are cut, which the answer says; memory stays bounded',
    async () => {
      const there = place === undefined ? await sqlitePlace() : await postgresPlace(place)
      onTestFinished(() => there.clear())
      const store = await there.open()
      await store.migrate()
      const many = new Many(contacts)
      await many.into(store)
      const questions = questionsOf(store)
      const before = settled()
      let peak = before
      let isOver = false
      const watching = (async () => {
        while (!isOver) {
          peak = Math.max(peak, process.memoryUsage().rss)
          await pause(20)
        }
      })()
      const byOrder = many.asked({ metrics: ['handled'], group_by: ['attributes.order'], page_size: 1000 })
      const report = await questions.report(byOrder, now)
      expect(report).toMatchObject({ is_complete: false, has_more: true, total_rows: 10_000 })
      expect(new Set(report.rows.map((row) => row['attributes.order'])).size).toBe(1000)
      const ranked = await questions.report(
        many.asked({ metrics: ['talk_time_p90'], group_by: ['attributes.order'], page_size: 1 }),
        now
      )
      expect(ranked.is_complete).toBe(false)
      const narrowed = await questions.report(
        { ...byOrder, where: { 'attributes.order': ['o5', `o${contacts - 1}`, 'none'] } },
        now
      )
      expect(narrowed).toMatchObject({ is_complete: true, total_rows: 2 })
      const whole = await questions.report(many.asked({ metrics: ['handled'] }), now)
      expect(whole).toMatchObject({ is_complete: true, rows: [{ handled: contacts }] })
      isOver = true
      await watching
      expect((peak - before) / MB).toBeLessThan(max_MB)
    },
    600_000
  )
})

/** Bytes that this process has when nothing of what was before is wanted any more. */
function settled(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}
