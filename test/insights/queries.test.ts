import { defaultSettings } from '@ringdown/engine/settings'
import { describe, expect, it } from 'vitest'
import { findPostgres } from '../store/places.ts'
import { type Floor, floor } from './floor.ts'

const database = await findPostgres()

/**
 * A quarter of an hour in Support: ada answers one contact after 12 s and another one after 40 s, misses and declines one
 * each; one customer gives up after 33 s, one after 3 s.
 */
async function quarter(here: Floor): Promise<void> {
  await here.move('ada', 'Available')
  const first = await here.task('Support', {
    lang: 'fr',
    conversations: { conversation_label_1: 'vip', outcome: 'sold' }
  })
  await here.pass(12)
  await here.reservation('ada', first, 'accepted')
  await here.pass(60)
  await here.finish(first, 'wrapping')
  await here.pass(15)
  await here.finish(first)
  await here.move('ada', 'Unavailable')
  const second = await here.task('Support', { lang: 'et' })
  await here.pass(10)
  await here.move('ada', 'Available')
  await here.pass(30)
  await here.move('ada', 'Available')
  await here.reservation('ada', second, 'accepted')
  await here.pass(100)
  await here.finish(second)
  await here.move('ada', 'Unavailable')
  const third = await here.task('Support', { lang: 'fr' })
  await here.pass(33)
  await here.finish(third, 'canceled')
  const fourth = await here.task('Support', { lang: 5 })
  await here.pass(3)
  await here.finish(fourth, 'canceled')
}

for (const { name, place } of [
  { name: 'SQLite', place: undefined },
  { name: 'PostgreSQL', place: database }
])
  describe.runIf(name === 'SQLite' || place !== undefined)(`questions on ${name}`, () => {
    it('take attributes for what they say, however they are written', async () => {
      const here = await floor(place)
      const written = [
        '"city": "Médico", "x": 1',
        '"city": "M\\u00e9dico", "x": 1.0',
        '"city":"M\\u00E9dico"  , "x": 10e-1',
        '"city": "a\\/\\u0022b", "x": 10.50',
        '"city": "a/\\"b", "x": 1.05e1',
        '"city": null, "x": 12345678901234567890, "both": [1, {"a": "b"}]',
        '"x": 12345678901234567891, "both": [1,{"a":"b"}]'
      ]
      for (const more of written)
        await here.finish(await here.task('Support', {}, { Attributes: `{"queue": "Support", ${more}}` }), 'canceled')
      for (const metrics of [['entered'], ['entered', 'queue_time_p90']]) {
        const by = async (attribute: string) => {
          const rows = await here.rows({ metrics, groupBy: [attribute], order: [attribute] })
          return rows.map((row) => [row[attribute], row.entered])
        }
        expect(await by('attributes.city')).toEqual([
          ['Médico', 3],
          ['a/"b', 2],
          [null, 2]
        ])
        expect(await by('attributes.both')).toEqual([
          [[1, { a: 'b' }], 2],
          [null, 5]
        ])
        const [one, half, ...large] = await by('attributes.x')
        expect([one, half]).toEqual([
          [1, 3],
          [10.5, 2]
        ])
        // More digits than a reader of JSON keeps.
        expect(large).toEqual([
          ['12345678901234567890', 1],
          ['12345678901234567891', 1]
        ])
      }
      for (const [where, entered] of [
        [{ 'attributes.city': 'Médico' }, 3],
        [{ 'attributes.city': { contains: 'éd' } }, 3],
        [{ 'attributes.city': { gt: 'a/' } }, 2],
        [{ 'attributes.city': 'a/"b' }, 2],
        [{ 'attributes.city': null }, 2],
        [{ 'attributes.city': { exists: true } }, 5],
        [{ 'attributes.x': 1 }, 3],
        [{ 'attributes.x': [10.5, 2] }, 2],
        [{ 'attributes.x': '12345678901234567891' }, 1],
        [{ 'attributes.x': { not: 1 } }, 4],
        [{ 'attributes.x': [1, 10.5, '12345678901234567890', null] }, 6],
        [{ 'attributes.x': { gte: 10.5 } }, 4]
      ] as const)
        expect([where, await here.rows({ metrics: ['entered'], where })]).toEqual([where, [{ entered }]])
    })

    it('answer whatever numbers attributes have', async () => {
      const here = await floor(place)
      for (const x of [
        '7',
        '5e-05',
        '0.00005',
        '-0.0',
        '9500000000000000.0',
        '1e400',
        '-1e999999',
        '1e-400',
        `1${'0'.repeat(400)}`,
        `0.${'0'.repeat(400)}1`,
        '"1e999999"'
      ])
        await here.finish(await here.task('Support', {}, { Attributes: `{"queue": "Support", "x": ${x}}` }), 'canceled')
      const entered = async (where: object) => (await here.rows({ metrics: ['entered'], where }))[0].entered
      expect(await entered({})).toBe(11)
      // What nobody can count is null; what is written out can be compared all the same.
      expect(await entered({ 'attributes.x': null })).toBe(2)
      expect(await entered({ 'attributes.x': { gt: 5 } })).toBe(3)
      expect(await entered({ 'attributes.x': { lt: 5 } })).toBe(5)
      expect(await entered({ 'attributes.x': 0.00005 })).toBe(2)
      expect(await entered({ 'attributes.x': 0 })).toBe(3)
      expect(await entered({ 'attributes.x': '1e999999' })).toBe(1)
      const rows = await here.rows({ metrics: ['entered'], groupBy: ['attributes.x'] })
      expect(rows.reduce((sum: number, row: { entered: number }) => sum + row.entered, 0)).toBe(11)
      const told = (x: number) => rows.filter((row) => row['attributes.x'] === x).map((row) => row.entered)
      expect([told(0.00005), told(9.5e15)]).toEqual([[2], [1]])
      const expression = { aggregate: 'max', field: 'attributes.x' }
      expect((await here.rows({ expression, where: { 'attributes.x': { lt: 100 } } }))[0].expression).toBe(7)
    })

    it('may name a thousand values, of what is kept and of attributes', async () => {
      const here = await floor(place)
      await here.finish(await here.task('Support', { lang: 'fr' }), 'canceled')
      const values = Array.from({ length: 999 }, (_, n) => `x${n}`)
      for (const where of [
        { channel: [...values, 'default'] },
        { 'attributes.lang': [...values, 'fr'] },
        { 'attributes.lang': { not: [...values, null] } },
        { abandoned_phase: { not: values } },
        { all: [...Array(190)].map(() => ({})) }
      ])
        expect(await here.rows({ metrics: ['entered'], where })).toEqual([{ entered: 1 }])
      expect(await here.rows({ metrics: ['entered'], where: { 'attributes.lang': values } })).toEqual([{ entered: 0 }])
    })

    it('are answered by queue, as the worked example of the catalogue', async () => {
      const here = await floor(place)
      await quarter(here)
      const question = {
        metrics: [
          'handled',
          'abandoned',
          'short_abandoned',
          'service_level',
          'speed_of_answer',
          'talk_time',
          'wrap_up_time',
          'entered',
          'queue_time_p50'
        ],
        groupBy: ['task_queue'],
        interval: 'PT1H',
        timeZone: 'Europe/Paris'
      }
      const expected = {
        interval: '2026-03-02T10:00:00+01:00',
        task_queue: 'Support',
        task_queue_sid: here.queues.Support,
        handled: 2,
        abandoned: 1,
        short_abandoned: 1,
        service_level: 0.5,
        speed_of_answer: 26,
        talk_time: 80,
        wrap_up_time: 7.5,
        entered: 4,
        queue_time_p50: 12
      }
      expect(await here.rows(question)).toEqual([expected])
      // The same when it is in the store.
      await here.pass(120)
      await here.task('Support')
      expect(await here.rows({ ...question, to: '2026-03-02T09:06:00Z' })).toEqual([expected])
    })

    it('chooses, groups and compares by whatever contacts have', async () => {
      const here = await floor(place)
      await quarter(here)
      const entered = async (where: object) => (await here.rows({ metrics: ['entered'], where }))[0].entered
      const cases: readonly (readonly [object, number])[] = [
        [{}, 4],
        [{ task_queue: 'support' }, 4],
        [{ task_queue: here.queues.Sales }, 0],
        [{ 'attributes.lang': 'fr' }, 2],
        [{ 'attributes.lang': ['fr', 'et'] }, 3],
        [{ 'attributes.lang': { not: 'fr' } }, 2],
        [{ 'attributes.lang': { gt: 4 } }, 1],
        [{ 'attributes.lang': { gt: 'et' } }, 2],
        [{ 'attributes.lang': { contains: 'r' } }, 2],
        [{ 'attributes.lang': { exists: true } }, 4],
        [{ 'attributes.conversations.outcome': 'sold' }, 1],
        [{ 'attributes.nothing': null }, 4],
        [{ "attributes.x'); drop table segment; --": 1 }, 0],
        [{ queue_time: { gt: 11.5, lte: 33 } }, 2],
        [{ label: 'vip' }, 1],
        [{ label: { not: 'vip' } }, 3],
        [{ outcome: null }, 3],
        [{ is_abandoned: true }, 2],
        [{ any: [{ queue_time: { lt: 5 } }, { outcome: 'sold' }] }, 2],
        [{ none: [{ queue_time: { lt: 5 } }, { outcome: 'sold' }] }, 2],
        [{ abandoned_phase: 'Short Queue' }, 1]
      ]
      for (const [where, many] of cases) expect([where, await entered(where)]).toEqual([where, many])
      const by = async (name: string, metric = 'entered') =>
        Object.fromEntries(
          (await here.rows({ metrics: [metric], groupBy: [name] })).map((row) => [
            JSON.stringify(row[name]),
            row[metric]
          ])
        )
      expect(await by('attributes.lang')).toEqual({ '"fr"': 2, '"et"': 1, '5': 1 })
      expect(await by('label')).toEqual({ '"vip"': 1, null: 3 })
      expect(await by('outcome', 'handled')).toEqual({ '"sold"': 1, null: 1 })
      expect(await by('team', 'handled')).toEqual({ '"north"': 2 })
      expect(await by('worker', 'busy_time')).toEqual({ '"ada"': 175 })
      // What attributes hold is measured where it is a number, and passed over where it is none.
      const measured = async (aggregate: object, field = 'attributes.lang') => {
        const expression = { ...aggregate, field, where: { kind: 'queue' } }
        return (await here.rows({ expression }))[0].expression
      }
      expect(await measured({ aggregate: 'sum' })).toBe(5)
      expect(await measured({ aggregate: 'mean' })).toBe(5)
      expect(await measured({ aggregate: 'percentile', percentile: 90 })).toBe(5)
      expect(await measured({ aggregate: 'distinct' })).toBe(3)
      expect(await measured({ aggregate: 'max' }, 'attributes.nothing')).toBeNull()
      const [compared] = await here.rows({
        metrics: ['entered', 'service_level'],
        from: '2026-03-02T09:02:00Z',
        compareTo: 'previous_period'
      })
      expect(compared).toMatchObject({ entered: 2, previous: { entered: 2, service_level: 1 } })
    })

    it('keeps its time', async () => {
      const here = await floor(place, {
        settings: { ...defaultSettings, insights: { kept_days: 396, query_s: 0.000001 } }
      })
      const { status, body } = await here.json('/ringdown/v1/Insights/Query', { metrics: ['handled'] })
      expect([status, body.message]).toEqual([400, expect.stringMatching(/took more than .* ask for less at once/)])
    })
  })

/** Reference flex 26, row 13. */
it('an inbound contact of 5 s of ringing, 60 s of talk with 10 on hold, and 20 s of wrap-up took 80 s', async () => {
  const here = await floor()
  await here.move('ada', 'Available')
  const task = await here.task('Support', { direction: 'inbound' })
  await here.pass(5)
  await here.reservation('ada', task, 'accepted')
  await here.pass(30)
  const attributes = { queue: 'Support', direction: 'inbound', conversations: { hold_time: 10 } }
  await here.post(`/taskrouter/v1/Workspaces/${here.workspace}/Tasks/${task}`, {
    Attributes: JSON.stringify(attributes)
  })
  await here.pass(30)
  await here.finish(task, 'wrapping')
  await here.pass(20)
  await here.finish(task)
  const metrics = ['handling_time', 'queue_time', 'ring_time', 'talk_time', 'hold_time', 'wrap_up_time']
  expect(await here.rows({ metrics })).toEqual([
    { handling_time: 80, queue_time: 5, ring_time: 5, talk_time: 60, hold_time: 10, wrap_up_time: 20 }
  ])
})
