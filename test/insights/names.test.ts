import { describe, expect, it } from 'vitest'
import { findPostgres } from '../store/places.ts'
import { type Floor, floor } from './floor.ts'

/* Names are somebody's words: whatever they look like, they are answered as they are, and mean nothing to what answers. */

const database = await findPostgres()

const names = [
  "O'Brien'); drop table segment; --",
  '"quoted", and\\escaped',
  '=HYPERLINK("https://acme example","x")',
  '+1-2',
  '<script>alert(1)</script>&amp;',
  '100% of_it',
  '{{7*7}} $1 %s ?1 :name @p1',
  'line\u2028separated\u202eturned',
  '😀 é',
  'constructor'
]

/** Each of the names as a queue in which one customer has given up, who has it as an attribute, key and value, as well. */
async function namesake(here: Floor): Promise<void> {
  for (const name of names) {
    const queue = await here.post(`/taskrouter/v1/Workspaces/${here.workspace}/TaskQueues`, { FriendlyName: name })
    const attributes = { note: name, keyed: { [name]: name }, conversations: { outcome: name } }
    const task = await here.task('Support', attributes, { RoutingTarget: queue.sid })
    await here.pass(30)
    await here.finish(task, 'canceled')
  }
}

for (const { name: store, place } of [
  { name: 'SQLite', place: undefined },
  { name: 'PostgreSQL', place: database }
])
  describe.runIf(store === 'SQLite' || place !== undefined)(`names on ${store}`, () => {
    it('are told as they are, and asked for as they are', async () => {
      const here = await floor(place)
      await namesake(here)
      const metrics = ['entered']
      for (const by of ['task_queue', 'outcome', 'attributes.note']) {
        const rows = await here.rows({ metrics, groupBy: [by] })
        expect(rows.map((row) => row[by]).sort(), by).toEqual([...names].sort())
      }
      for (const name of names) {
        const asked: readonly object[] = [
          { task_queue: name },
          { outcome: name },
          { outcome: { contains: [...name].slice(1).join('') } },
          { 'attributes.note': name },
          { 'attributes.note': { contains: name } },
          ...(/["\\.]/.test(name) ? [] : [{ [`attributes.keyed.${name}`]: name }])
        ]
        for (const where of asked)
          expect([where, await here.rows({ metrics, where })]).toEqual([where, [{ entered: 1 }]])
      }
      expect(await here.rows({ metrics })).toEqual([{ entered: names.length }])
    })

    it('stand in KPIs and on boards as they are', async () => {
      const here = await floor(place)
      await namesake(here)
      for (const [n, name] of names.entries()) {
        const kpi = `kpi_${n}`
        const expression = { metric: 'abandoned', where: { task_queue: name, 'attributes.note': { not: 'x' } } }
        const made = await here.json('/ringdown/v1/Insights/Kpis', { name: kpi, expression, format: name })
        if (made.status === 201) expect(made.body).toMatchObject({ expression, format: name })
        else await here.json('/ringdown/v1/Insights/Kpis', { name: kpi, expression })
        expect(await here.rows({ kpi })).toEqual([{ [kpi]: 1 }])
      }
      // A name that nobody has is said to be none where the KPI is made, where it is changed, and where it is asked for.
      const expression = { metric: 'abandoned', where: { task_queue: 'Suport' } }
      const right = { metric: 'abandoned', where: { task_queue: 'Support' } }
      const kpis = '/ringdown/v1/Insights/Kpis'
      expect((await here.json(kpis, { name: 'lost', expression: right })).status).toBe(201)
      for (const [path, asked] of [
        [kpis, { name: 'lost_too', expression: { ratio: [{ metric: 'handled' }, expression] } }],
        [`${kpis}/lost`, { expression }],
        ['/ringdown/v1/Insights/Query', { expression }]
      ] as const) {
        const { status, body } = await here.json(path, asked)
        expect([status, body.message]).toEqual([400, expect.stringMatching(/'Suport'; near is Support/)])
      }
      expect((await here.get(`${kpis}/lost`)).expression).toEqual(right)
      // Written by hand, it is no figure of nothing either.
      const { account_sid } = await here.get('/flex-api/v1/Configuration')
      await here.json('/flex-api/v1/Configuration', { account_sid, attributes: { kpis: { lost: { expression } } } })
      const { status, body } = await here.json('/ringdown/v1/Insights/Query', { kpi: 'lost' })
      expect([status, body.message]).toEqual([400, expect.stringMatching(/'Suport'; near is Support/)])
      const { task_queues } = await here.get(`/ringdown/v1/Workspaces/${here.workspace}/Board`)
      const shown = task_queues.map(({ friendly_name }: { friendly_name: string }) => friendly_name)
      expect(shown).toEqual(expect.arrayContaining(names))
    })

    it('of KPIs are plain, and what is no name of anything is a refusal, never a fault', async () => {
      const here = await floor(place)
      await namesake(here)
      const expression = { metric: 'abandoned' }
      for (const name of [...names, '__proto__', 'a\0', 'toString()', ' ', 'x'.repeat(300)]) {
        const { status, body } = await here.json('/ringdown/v1/Insights/Kpis', { name, expression })
        if (status === 201) await here.world.call(`/ringdown/v1/Insights/Kpis/${name}`, undefined, { method: 'DELETE' })
        else expect([name, status, body.code]).toEqual([name, 400, 20001])
      }
      for (const text of [...names, '__proto__', 'a\0b', '\ud800', 'toString'])
        for (const question of [
          { metrics: [text] },
          { kpi: `${text} ` },
          { metrics: ['entered'], groupBy: [text] },
          { metrics: ['entered'], groupBy: [`attributes."${text}`] },
          { metrics: ['entered'], where: { [`${text}!`]: 1 } },
          { metrics: ['entered'], where: { task_queue: `${text} of nobody` } },
          { metrics: ['entered'], order: [text] },
          { metrics: ['entered'], timeZone: text },
          { metrics: ['entered'], interval: text },
          { metrics: ['entered'], from: text }
        ]) {
          const { status, body } = await here.json('/ringdown/v1/Insights/Query', question)
          expect([question, status, body.code]).toEqual([question, 400, 20001])
        }
      for (const text of ['a\0b', '\ud800', '\\u0000'])
        for (const where of [{ outcome: text }, { 'attributes.note': text }, { [`attributes.${text}`]: 1 }]) {
          const { status, body } = await here.json('/ringdown/v1/Insights/Query', { metrics: ['entered'], where })
          expect([where, status]).toEqual([where, status === 200 ? 200 : 400])
          if (status === 200) expect(body.rows).toEqual([{ entered: 0 }])
        }
      expect(await here.rows({ metrics: ['entered'] })).toEqual([{ entered: names.length }])
    })
  })
