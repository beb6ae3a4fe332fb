import { once } from 'node:events'
import twilio from 'twilio'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type Floor, floor } from './floor.ts'

const Q = '/ringdown/v1/Insights/Query'
const K = '/ringdown/v1/Insights/Kpis'

function some<T>(many: number, one: (n: number) => T): T[] {
  return Array.from({ length: many }, (_, n) => one(n))
}

describe('a question that cannot be answered', () => {
  const cases: readonly (readonly [question: object, why: RegExp])[] = [
    [{ metrics: ['handeld'] }, /Parameter metrics is invalid: there is no metric 'handeld'; near (is|are) handled/],
    [{}, /metrics, a kpi or an expression are expected/],
    [{ metrics: ['handled'], groupBy: ['queue'] }, /nothing called 'queue' to group by; near is task_queue/],
    [
      { metrics: ['occupancy'], groupBy: ['task_queue'] },
      /occupancy is of agents' time in activities, which have no task_queue/
    ],
    [{ metrics: ['handled'], from: '2026-03-02T10:00:00Z', to: '2026-03-02T09:00:00Z' }, /it must be before to/],
    [{ metrics: ['handled'], from: '2026-03-03T10:00:00Z', to: '2026-03-04T09:00:00Z' }, /lies in the future/],
    [{ metrics: ['handled'], from: 'yesterday' }, /an instant .* is expected, not 'yesterday'/],
    [{ metrics: ['handled'], from: '2026-02-30' }, /an instant .* is expected, not '2026-02-30'/],
    [{ metrics: ['handled'], from: '0000-01-01', to: '0000-01-02' }, /an instant .* is expected, not '0000-01-0/],
    [{ metrics: ['handled'], where: { any: some(201, () => ({})) } }, /more than 200 conditions/],
    [
      { metrics: ['handled'], where: { any: [{ channel: some(600, String) }, { channel: some(600, String) }] } },
      /at most 1000 values are possible/
    ],
    [
      {
        metrics: ['handled', 'abandoned', 'entered'],
        kpi: [],
        expression: { sum: some(20, (n) => ({ metric: 'handled', where: { team: some(900, (m) => `${n} ${m}`) } })) }
      },
      /at most 10000 conditions and values are possible in all columns/
    ],
    [{ metrics: ['handled'], interval: 'PT7M' }, /PT5M, .* are possible/],
    [{ metrics: ['handled'], interval: 'PT5M', from: 'P30D' }, /more than 2000 intervals/],
    [{ metrics: ['handled'], timeZone: 'Mars/Olympus' }, /name of a time zone/],
    [{ metrics: ['handled'], where: { chanel: 'voice' } }, /there is no field 'chanel'; near (is|are) channel/],
    [
      { metrics: ['handled'], where: { queue_time: { gt: 'x' } } },
      /where.queue_time.gt is invalid: a number of seconds is expected/
    ],
    [{ metrics: ['handled'], where: { task_queue: 'Suport' } }, /no task queue is called 'Suport'; near is Support/],
    [{ metrics: ['handled'], order: ['-x'] }, /handled, interval are possible/],
    [{ metrics: ['handled'], group: ['worker'] }, /there is no such parameter/],
    [{ kpi: 'mine' }, /there is no KPI 'mine'/],
    [
      { expression: { ratio: [{ metric: 'abandonned' }, 1] } },
      /expression.ratio\[0\].metric is invalid: .* near (is|are) abandoned/
    ],
    [{ expression: { aggregate: 'mean', field: 'time', where: { channel: 'voice' } } }, /it mixes/]
  ]

  it('says why', async () => {
    const here = await floor()
    for (const [question, why] of cases) {
      const { status, body } = await here.json(Q, question)
      expect([status, body.code], JSON.stringify(question)).toEqual([400, 20001])
      expect(body.message).toMatch(why)
    }
  })
})

describe('a question that is long', () => {
  it('is refused, however long the name is that nothing has', async () => {
    const here = await floor()
    const long = 'handeld'.repeat(20_000)
    for (const question of [{ metrics: [long] }, { metrics: ['handled'], where: { [long]: 1 } }, { kpi: long }]) {
      const { status, body } = await here.json(Q, question)
      expect([status, body.code]).toEqual([400, 20001])
      // It is neither repeated nor compared with what there is.
      expect(body.message.length).toBeLessThan(600)
      expect(body.message).not.toMatch(/near (is|are)/)
    }
  })
})

describe('an answer of many rows', () => {
  it('comes in pages, in an order, up to a limit, and the same as a bookmark', async () => {
    const here = await floor()
    for (const [lang, many] of Object.entries({ fr: 3, et: 2, de: 2, en: 1 }))
      for (let n = 0; n < many; n++) await here.finish(await here.task('Support', { lang }), 'canceled')
    const asked = { metrics: ['entered'], groupBy: ['attributes.lang'], order: ['-entered', 'attributes.lang'] }
    const page = async (more: object) => {
      const { status, body } = await here.json(Q, { ...asked, ...more })
      expect(status).toBe(200)
      const langs = body.rows.map((row: Record<string, unknown>) => row['attributes.lang'])
      return [langs, body.total_rows, body.page, body.page_size, body.has_more]
    }
    expect(await page({})).toEqual([['fr', 'de', 'et', 'en'], 4, 0, 100, false])
    expect(await page({ pageSize: 3 })).toEqual([['fr', 'de', 'et'], 4, 0, 3, true])
    expect(await page({ pageSize: 3, page: 1 })).toEqual([['en'], 4, 1, 3, false])
    expect(await page({ pageSize: 3, page: 9 })).toEqual([[], 4, 9, 3, false])
    expect(await page({ pageSize: 2, limit: 3, page: 1 })).toEqual([['et'], 3, 1, 2, false])
    expect(await page({ order: ['attributes.lang'] })).toEqual([['de', 'en', 'et', 'fr'], 4, 0, 100, false])
    const bookmark = 'Metrics=entered&GroupBy=attributes.lang&Order=-entered,attributes.lang&RowsPerPage=3&RowPage=1'
    expect(await here.get(`${Q}?${bookmark}`)).toMatchObject({
      rows: [{ 'attributes.lang': 'en', entered: 1 }],
      ...{ total_rows: 4, page: 1, page_size: 3, has_more: false }
    })
    for (const wrong of [{ page: -1 }, { pageSize: 0 }, { pageSize: 'many' }, { limit: 0 }, { order: ['-lang'] }]) {
      const { status, body } = await here.json(Q, { ...asked, ...wrong })
      expect([wrong, status, body.code]).toEqual([wrong, 400, 20001])
    }
  })
})

describe('KPIs', () => {
  it('are defined, asked for, changed, and live in the configuration alone', async () => {
    const here = await floor()
    const loss = { ratio: [{ metric: 'abandoned' }, { sum: [{ metric: 'handled' }, { metric: 'abandoned' }] }] }
    const created = await here.json(K, { name: 'loss', expression: loss, format: 'percent', target: 0.05 })
    expect([created.status, created.body]).toMatchObject([
      201,
      { name: 'loss', expression: loss, format: 'percent', target: 0.05, unit: 'ratio', error: null }
    ])
    // Nothing has happened: a ratio of nothing is unknown, and no number.
    expect(await here.rows({ kpi: 'loss' })).toEqual([{ loss: null }])
    const task = await here.task('Support')
    await here.pass(30)
    await here.finish(task, 'canceled')
    expect(await here.rows({ kpi: 'loss', metrics: ['abandoned'] })).toEqual([{ abandoned: 1, loss: 1 }])
    const configuration = await here.get('/flex-api/v1/Configuration')
    expect(configuration.attributes.kpis.loss.expression).toEqual(loss)
    expect((await here.json(`${K}/loss`, { target: null, format: '' })).body).toMatchObject({
      target: null,
      format: null,
      expression: loss
    })
    const refused = async (body: object) => (await here.json(K, body)).body.message
    expect(await refused({ name: 'loss', expression: loss })).toMatch(/There is a KPI loss already/)
    expect(await refused({ name: 'handled', expression: loss })).toMatch(/handled is a metric/)
    expect(await refused({ name: 'x', expression: { metric: 'nothing_such' } })).toMatch(/there is no metric/)
    expect(await refused({ name: 'No', expression: loss })).toMatch(/must begin with a letter/)
    for (const name of ['interval', 'previous', 'expression', 'task_queue', 'worker_sid', 'outcome'])
      expect(await refused({ name, expression: loss })).toMatch(/is the name of another column/)
    // Whoever writes attributes without them is told.
    const { account_sid } = here.world.running.credentials
    const written = await here.json('/flex-api/v1/Configuration', { account_sid, attributes: { mine: 1 } })
    expect(written.headers.get('ringdown-warnings')).toMatch(/kpis_lost.*loss/)
    expect((await here.get(K)).kpis).toEqual([])
    await here.json('/flex-api/v1/Configuration', {
      account_sid,
      attributes: {
        kpis: { bare: { metric: 'handled' }, broken: { expression: { metric: 'no' } }, interval: { metric: 'handled' } }
      }
    })
    expect((await here.get(K)).kpis).toMatchObject([
      { name: 'bare', unit: 'count' },
      { name: 'broken', unit: null, error: expect.stringMatching(/no metric/) },
      { name: 'interval', unit: null, error: expect.stringMatching(/another column/) }
    ])
    expect((await here.json(Q, { kpi: 'interval', interval: 'PT1H' })).body.message).toMatch(/needs another name/)
    expect((await here.world.call(`${K}/bare`, undefined, { method: 'DELETE' })).status).toBe(204)
    expect((await here.world.call(`${K}/bare`)).status).toBe(404)
  })
})

describe('a KPI of nothing', () => {
  it('is null wherever it is asked for, and never infinite', async () => {
    const here = await floor()
    const handled = { metric: 'handled' }
    const kpis = {
      by_zero: { ratio: [{ metric: 'abandoned' }, handled] },
      zero_by_zero: { ratio: [handled, handled] },
      by_a_number: { ratio: [{ metric: 'abandoned' }, { difference: [1, 1] }] },
      inside: { sum: [1, { ratio: [{ metric: 'abandoned' }, handled] }] },
      too_large: { product: [1e308, 1e308] },
      too_large_inside: { ratio: [1, { product: [1e308, { product: [1e308, 10] }] }] },
      tiny: { ratio: [1e308, 1e-300] },
      mean_of_none: { aggregate: 'mean', field: 'talk_time' },
      percentile_of_none: { aggregate: 'percentile', percentile: 90, field: 'talk_time' },
      least_of_none: { aggregate: 'min', field: 'talk_time' }
    }
    for (const [name, expression] of Object.entries(kpis))
      expect([name, (await here.json(K, { name, expression })).status]).toEqual([name, 201])
    const task = await here.task('Support')
    await here.pass(30)
    await here.finish(task, 'canceled')
    const names = Object.keys(kpis)
    const none = Object.fromEntries(names.map((name) => [name, null]))
    expect(await here.rows({ metrics: names })).toEqual([none])
    const [grouped] = await here.rows({
      metrics: ['abandoned', ...names],
      groupBy: ['task_queue'],
      order: ['-by_zero', 'too_large'],
      interval: 'PT1H',
      compareTo: 'previous_period'
    })
    expect(grouped).toMatchObject({ abandoned: 1, ...none, previous: none })
    for (const name of names) {
      const series = await here.get(
        `/ringdown/v1/Workspaces/${here.workspace}/Series?Metric=${name}&Step=PT15M&From=2026-03-02T09:00:00Z`
      )
      expect([name, series.values]).toEqual([name, [null]])
    }
  })
})

describe('a customer who is to be forgotten', () => {
  it('is forgotten in memory and in the store, and the figures stay', async () => {
    const here = await floor()
    const who = {
      customerAddress: '+37255500001',
      from: 'Ann',
      customers: { phone: '+37255500001' },
      conversations: { outcome: 'sold' }
    }
    const give = async () => here.finish(await here.task('Support', who), 'canceled')
    await give()
    await here.pass(130)
    await give()
    const counts = async () =>
      (await here.rows({ metrics: ['entered'], groupBy: ['attributes.customerAddress', 'outcome'] })).map((row) => [
        row['attributes.customerAddress'],
        row.outcome,
        row.entered
      ])
    expect(await counts()).toEqual([['+37255500001', 'sold', 2]])
    const { contacts } = await here.post('/ringdown/v1/Insights/Erasures', { Customer: '+37255500001' })
    expect(contacts).toBeGreaterThanOrEqual(1)
    expect(await counts()).toEqual([[null, 'sold', 2]])
    await here.pass(130)
    await here.task('Support')
    expect(await counts()).toContainEqual([null, 'sold', 2])
    // Whoever comes again afterwards is known again.
    await here.pass(1)
    await give()
    expect(await counts()).toContainEqual(['+37255500001', 'sold', 1])
  })
})

describe('the board', () => {
  it('shows every queue now, in half an hour and today, and only what has changed since', async () => {
    const here = await floor()
    const board = (since = '') =>
      here.get(`/ringdown/v1/Workspaces/${here.workspace}/Board${since === '' ? '' : `?Since=${since}`}`)
    await here.move('ada', 'Available')
    const first = await here.task('Support')
    await here.pass(12)
    await here.reservation('ada', first, 'accepted')
    await here.task('Support')
    await here.pass(5)
    const whole = await board()
    expect(whole).toMatchObject({ is_whole: true, workspace_sid: here.workspace })
    const support = whole.task_queues.find((row: { friendly_name: string }) => row.friendly_name === 'Support')
    expect(support).toMatchObject({
      now: {
        waiting: 1,
        active: 1,
        longest_wait: 5,
        eligible_workers: 2,
        available_workers: 1,
        workers_by_activity: { Available: 1, Offline: 1 }
      },
      last_30_minutes: { entered: 2, handled: 1, service_level: 1, speed_of_answer: 12 },
      today: { entered: 2, abandoned: 0 },
      next_breach: { at: '2026-03-02T09:00:32.000Z' }
    })
    const { breaches } = await here.get(`/ringdown/v1/Workspaces/${here.workspace}/Breaches?Within=PT1M`)
    expect(breaches).toMatchObject([{ kind: 'service_level', in_seconds: 15, waited: 5, task_queue: 'Support' }])
    const ada = { worker_sid: here.workers.ada, friendly_name: 'ada', activity: 'Available', available: true }
    expect(whole.workers).toMatchObject([
      { ...ada, since: '2026-03-02T09:00:00.000Z' },
      { friendly_name: 'bea', activity: 'Offline', available: false }
    ])
    const second = await here.task('Sales')
    const changed = await board(whole.version)
    expect(changed.workers).toEqual([])
    expect(changed.is_whole).toBe(false)
    expect(changed.task_queues.map((row: { friendly_name: string }) => row.friendly_name)).toEqual(['Sales'])
    const nothing = await board(changed.version)
    expect(nothing.task_queues).toEqual([])
    await here.move('ada', 'Unavailable')
    const moved = await board(nothing.version)
    expect(moved.workers).toMatchObject([{ ...ada, activity: 'Unavailable', available: false }])
    expect(moved.workers).toEqual([expect.objectContaining({ since: '2026-03-02T09:00:17.000Z' })])
    await here.finish(second, 'canceled')
    const series = await here.get(
      `/ringdown/v1/Workspaces/${here.workspace}/Series?Metric=entered&Step=PT15M&From=2026-03-02T08:45:00Z`
    )
    expect(series).toMatchObject({
      unit: 'count',
      starts: ['2026-03-02T08:45:00Z', '2026-03-02T09:00:00Z'],
      values: [0, 3],
      previous: [0, 0]
    })
    for (const [asked, why] of [
      ['Metric=entered,handled', /Metric is invalid: one metric/],
      ['Metric=entered&Step=PT7M', /Step is invalid: PT5M, .* are possible/]
    ] as const) {
      const refused = await here.world.call(`/ringdown/v1/Workspaces/${here.workspace}/Series?${asked}`)
      expect([refused.status, refused.body.message]).toEqual([400, expect.stringMatching(why)])
    }
  })
})

describe('a reply that is due', () => {
  it('is a breach as long as the customer of an agent waits for it', async () => {
    const here = await floor()
    const { account_sid } = here.world.running.credentials
    const configured = await here.json('/flex-api/v1/Configuration', {
      account_sid,
      ui_attributes: { custom_data: { ringdown: { reply_target_s: 90 } } }
    })
    expect(configured.status).toBe(200)
    const replies = async (more = '') => {
      const path = `/ringdown/v1/Workspaces/${here.workspace}/Breaches?Within=PT5M${more}`
      return (await here.get(path)).breaches.filter(({ kind }: { kind: string }) => kind === 'reply')
    }
    const { sid: conversation_sid } = await here.post('/conversations/v1/Conversations')
    const inside = `/conversations/v1/Conversations/${conversation_sid}`
    await here.post(`${inside}/Participants`, {
      'MessagingBinding.Address': '+37255500001',
      'MessagingBinding.ProxyAddress': '+3726000'
    })
    await here.post(`${inside}/Participants`, { Identity: 'ada' })
    await here.move('ada', 'Available')
    const task = await here.task('Support', { conversationSid: conversation_sid })
    await here.reservation('ada', task, 'accepted')
    const writes = (Author: string) => here.post(`${inside}/Messages`, { Author, Body: '?' })
    await writes('+37255500001')
    await here.pass(20)
    // What is written again makes nothing later.
    await writes('+37255500001')
    await here.pass(10)
    const due = {
      ...{ kind: 'reply', in_seconds: 60, waited: 30, task_sid: task, task_queue: 'Support' },
      ...{ conversation_sid, worker_sid: here.workers.ada, breaches_at: '2026-03-02T09:01:30.000Z' }
    }
    expect(await replies()).toMatchObject([due])
    expect(await replies(`&TaskQueueSid=${here.queues.Support}`)).toMatchObject([due])
    expect(await replies(`&TaskQueueSid=${here.queues.Sales}`)).toEqual([])
    await writes('ada')
    expect(await replies()).toEqual([])
    await writes('+37255500001')
    expect(await replies()).toMatchObject([{ in_seconds: 90 }])
    await here.finish(task)
    expect(await replies()).toEqual([])
  })
})

describe('the board as it changes', () => {
  it('is told over the doors of the feed: all of it, then what is new', { timeout: 30_000 }, async () => {
    const here = await floor()
    const { url } = here.world.running
    const open = (sid: string) =>
      fetch(`${url}/ringdown/v1/Events/stream?board=${sid}`, { headers: { authorization: here.world.authorization } })
    const response = await open(here.workspace)
    const reader = response.body?.getReader()
    let text = ''
    const boards = () => [...text.matchAll(/event: board\ndata: (.*)\n/g)].map(([, data = '']) => JSON.parse(data))
    const until = async (many: number) => {
      while (reader && boards().length < many) {
        const { value, done } = await reader.read()
        if (done) return
        text += Buffer.from(value).toString()
      }
    }
    await until(1)
    expect(boards()[0]).toMatchObject({ is_whole: true, task_queues: [{}, {}] })
    await here.task('Support')
    await until(2)
    const [, change] = boards()
    expect(change).toMatchObject({ is_whole: false, activities: [] })
    expect(change.task_queues.map((row: { friendly_name: string }) => row.friendly_name)).toEqual(['Support'])
    await reader?.cancel()
    expect((await open('WQ0')).status).toBe(400)
  })

  it('is told over a socket as over a stream, with what they answer who ask', { timeout: 30_000 }, async () => {
    const here = await floor()
    const follow = await socket(here, `board=${here.workspace}`)
    const late = await socket(here)
    const [whole] = await follow.boards(1)
    expect(whole).toMatchObject({ is_whole: true, workspace_sid: here.workspace, task_queues: [{}, {}] })
    const asked = (since = '') => here.get(`/ringdown/v1/Workspaces/${here.workspace}/Board${since}`)
    const ageless = ({ at: _, ...board }: { at: string }) => board
    expect(ageless(whole)).toEqual(ageless(await asked()))
    await here.task('Support')
    const [, change] = await follow.boards(2)
    expect(namesOf(change.task_queues)).toEqual(['Support'])
    expect(ageless(change)).toEqual(ageless(await asked(`?Since=${whole.version}`)))
    await here.move('ada', 'Available')
    const [, , moved] = await follow.boards(3)
    expect(namesOf(moved.workers)).toEqual(['ada'])
    // Whoever comes later, by a first message, begins with all of it.
    late.say({ board: here.workspace })
    const [begun] = await late.boards(1)
    expect(begun).toMatchObject({ is_whole: true, version: moved.version })
    // Events come beside it.
    expect(follow.frames.flatMap(({ events = [] }) => events.map(({ type }: { type: string }) => type))).toContain(
      'task.created'
    )
    const wrong = await socket(here)
    wrong.say({ board: 'WQ0' })
    await expect.poll(() => wrong.frames.at(-1)?.end?.reason, { timeout: 10_000 }).toBe('invalid')
  })
})

// biome-ignore lint/suspicious/noExplicitAny: frames are looked at by name
type Frame = any

const namesOf = (rows: readonly { friendly_name: string }[]) => rows.map(({ friendly_name }) => friendly_name)

/** A socket of the feed, and what it is told. */
async function socket(here: Floor, query = '') {
  const url = `${here.world.running.url.replace('http', 'ws')}/ringdown/v1/Events/socket${query && `?${query}`}`
  const opened = new WebSocket(url, { headers: { authorization: here.world.authorization } })
  onTestFinished(() => opened.terminate())
  const frames: Frame[] = []
  opened.on('message', (text) => frames.push(JSON.parse(String(text))))
  await once(opened, 'open')
  const told = () => frames.flatMap(({ board }) => (board === undefined ? [] : [board]))
  return {
    frames,
    say: (message: object) => opened.send(JSON.stringify(message)),
    async boards(many: number): Promise<Frame[]> {
      await expect.poll(() => told().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(many)
      return told()
    }
  }
}

describe('who sees what', () => {
  it('agents are answered about their own work, supervisors about their team, and neither about the rest', {
    timeout: 60_000
  }, async () => {
    const here = await floor()
    const base = `/taskrouter/v1/Workspaces/${here.workspace}`
    // Users are of the workspace of Flex: this one.
    const boss = await here.post(`${base}/Workers`, { FriendlyName: 'cleo', Attributes: '{"team_name":"north"}' })
    for (const worker of ['ada', 'bea']) {
      await here.move(worker, 'Available')
      const task = await here.task(worker === 'ada' ? 'Support' : 'Sales')
      await here.pass(1)
      await here.reservation(worker, task, 'accepted')
    }
    const { account_sid, auth_token } = here.world.running.credentials
    const as = async (name: string, worker: string, role: string) => {
      const token = new twilio.jwt.AccessToken(account_sid, account_sid, auth_token, { identity: name, ttl: 3600 })
      token.addGrant(
        new twilio.jwt.AccessToken.TaskRouterGrant({ workspaceSid: here.workspace, workerSid: worker, role })
      )
      const authorization = `Bearer ${token.toJwt()}`
      const asked = (path: string) => here.world.call(path, undefined, { headers: { authorization } })
      const rows = (await asked(`${Q}?Metrics=handled,busy_time&GroupBy=worker`)).body
      return { rows, asked }
    }
    const agent = await as('ada', here.workers.ada ?? '', 'worker')
    expect(agent.rows.rows?.map((row: { worker: string }) => row.worker)).toEqual(['ada'])
    expect((await agent.asked(`/ringdown/v1/Workspaces/${here.workspace}/Board`)).status).toBe(403)
    expect((await agent.asked(`/ringdown/v1/Events/stream?board=${here.workspace}`)).status).toBe(403)
    const lead = await as('cleo', boss.sid, 'supervisor')
    expect(lead.rows.rows?.map((row: { worker: string }) => row.worker)).toEqual(['ada'])
    expect((await lead.asked(`/ringdown/v1/Insights/Erasures`)).status).toBeGreaterThanOrEqual(400)
    // Others' tasks that wait take no place of the team's own.
    const waiting = [await here.task('Sales'), await here.task('Support')]
    const breaches = `/ringdown/v1/Workspaces/${here.workspace}/Breaches?Within=PT1H`
    const everybody = await here.get(breaches)
    expect(new Set(everybody.breaches.map((one: { task_sid: string }) => one.task_sid))).toEqual(new Set(waiting))
    const { body: own } = await lead.asked(breaches)
    expect(own.breaches.map((one: { task_queue: string }) => one.task_queue)).toEqual(['Support'])
    expect(own.is_complete).toBe(true)
    // Which queues are the team's changes while the queues stay as they are.
    const board = async (since = '') =>
      (await lead.asked(`/ringdown/v1/Workspaces/${here.workspace}/Board?Since=${since}`)).body
    const { body: team } = await lead.asked(`/ringdown/v1/Workspaces/${here.workspace}/Board`)
    expect(team.workers.map((row: { friendly_name: string }) => row.friendly_name).sort()).toEqual(['ada', 'cleo'])
    const namesOn = ({ task_queues }: { task_queues: { friendly_name: string }[] }) =>
      task_queues.map(({ friendly_name }) => friendly_name)
    const first = await board()
    expect(namesOn(first)).toContain('Support')
    await here.post(`${base}/Workers/${here.workers.ada}`, { Attributes: '{"team_name":"south"}' })
    const later = await board(first.version)
    expect([later.is_whole, namesOn(later).includes('Support')]).toEqual([true, false])
  })
})
