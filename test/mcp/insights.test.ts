import { ringdownBackend } from '@ringdown/mcp/backend'
import { describe, expect, it, onTestFinished } from 'vitest'
import { floor } from '../insights/floor.ts'
import { connected } from './agent.ts'

/*
 * Three days of a small floor. On the second afternoon, Sales has nobody: its one agent is on a break, and customers give up.
 */

const hour = 3600

describe('query_insights', () => {
  it('says in three calls which queue abandoned most yesterday afternoon, and why', { timeout: 120_000 }, async () => {
    const here = await floor()
    const { running } = here.world
    const backend = ringdownBackend({
      url: running.url,
      credentials: { username: running.credentials.account_sid, password: running.credentials.auth_token }
    })
    const { call, close } = await connected(backend)
    onTestFinished(() => close())

    // Bea is there for Sales alone.
    await here.post(`/taskrouter/v1/Workspaces/${here.workspace}/Workers/${here.workers.bea}`, {
      Attributes: '{"queues":["Sales"]}'
    })
    const lost: Record<string, number> = { Support: 0, Sales: 0 }
    for (let day = 0; day < 3; day++) {
      // From 9:00 to 18:00 UTC, a contact an hour in each queue; more on the second afternoon in Sales.
      for (let n = 0; n < 9; n++) {
        const isAfternoon = day === 1 && n >= 4
        await here.move('ada', 'Available')
        await here.move('bea', isAfternoon ? 'Unavailable' : 'Available')
        const support = await here.task('Support')
        await here.pass(10)
        await here.reservation('ada', support, 'accepted')
        const sales = await here.task('Sales')
        await here.pass(15)
        if (isAfternoon) {
          await here.pass(45)
          await here.finish(sales, 'canceled')
          lost.Sales = (lost.Sales ?? 0) + 1
        } else {
          await here.reservation('bea', sales, 'accepted')
          await here.pass(30)
          await here.finish(sales)
        }
        if (n === 7 && day === 1) {
          const given = await here.task('Support', {})
          await here.pass(28)
          await here.finish(given, 'canceled')
          lost.Support = (lost.Support ?? 0) + 1
        }
        await here.finish(support)
        await here.pass(hour - 100)
      }
      await here.pass(15 * hour)
    }
    const afternoon = { from: '2026-03-03T12:30', to: '2026-03-03T18:00', timeZone: 'Etc/UTC' }
    const which = await call('query_insights', {
      metrics: ['abandoned', 'entered', 'abandon_time'],
      groupBy: ['task_queue'],
      ...afternoon
    })
    const [worst, ...others] = which.content.rows
    expect(worst).toMatchObject({ task_queue: 'Sales', abandoned: lost.Sales, entered: lost.Sales })
    expect(others).toMatchObject([{ task_queue: 'Support', abandoned: lost.Support }])

    const how = await call('query_insights', {
      metrics: ['entered', 'handled', 'abandoned', 'missed', 'rejected'],
      where: { task_queue: 'Sales' },
      interval: 'P1D',
      from: '2026-03-02',
      timeZone: 'Etc/UTC'
    })
    expect(how.content.rows.map((row: { handled: number }) => row.handled).slice(0, 3)).toEqual([9, 4, 9])
    // Nobody let an offer pass: there was none.
    expect(how.content.rows[1]).toMatchObject({ missed: 0, rejected: 0 })

    const why = await call('query_insights', {
      metrics: ['activity_time'],
      groupBy: ['worker', 'activity'],
      ...afternoon
    })
    const away = why.content.rows.filter((row: { worker: string }) => row.worker === 'bea')
    expect(away[0]).toMatchObject({ activity: 'Unavailable' })
    expect(away[0].activity_time).toBeGreaterThan(4 * hour)
  })

  it('tells what may be asked for, and what is near', async () => {
    const here = await floor()
    const { running } = here.world
    const backend = ringdownBackend({
      url: running.url,
      credentials: { username: running.credentials.account_sid, password: running.credentials.auth_token }
    })
    const { call, close } = await connected(backend)
    onTestFinished(() => close())
    await here.json('/ringdown/v1/Insights/Kpis', {
      name: 'loss',
      expression: { ratio: [{ metric: 'abandoned' }, { metric: 'entered' }] }
    })
    const all = await call('query_insights')
    expect(all.content.metrics).toContainEqual(expect.objectContaining({ name: 'service_level', unit: 'ratio' }))
    expect(all.content.metrics.at(-1)).toMatchObject({ name: 'loss', unit: 'ratio' })
    expect(all.text.length).toBeLessThan(20_000)
    const wrong = await call('query_insights', { metrics: ['handeld'] })
    expect(wrong.error).toMatchObject({ code: 20001, argument: 'metrics', message: expect.stringContaining('handled') })
    const none = await call('query_insights', { kpi: 'loss', groupBy: ['task_queue'] })
    expect(none.content).toEqual({ rows: [] })
    await here.task('Support')
    expect(
      (
        await call('query_insights', {
          metrics: ['entered'],
          groupBy: ['task_queue'],
          where: { task_queue: 'Support' },
          pageSize: 1
        })
      ).content.rows
    ).toMatchObject([{ task_queue: 'Support', entered: 1 }])
  })

  it('lets KPIs be made, tried, used, changed and taken away, where the configuration has them', async () => {
    const here = await floor()
    const { running } = here.world
    const { account_sid: username, auth_token: password } = running.credentials
    const { call, close } = await connected(ringdownBackend({ url: running.url, credentials: { username, password } }))
    onTestFinished(() => close())
    const named = async () => {
      const { content } = await call('query_insights')
      return content.metrics
        .filter(({ definition }: { definition: string }) => definition.startsWith('a KPI'))
        .map(({ name }: { name: string }) => name)
    }
    const loss = { ratio: [{ metric: 'abandoned' }, { sum: [{ metric: 'handled' }, { metric: 'abandoned' }] }] }
    await here.task('Support')
    // Tried before it is kept: nobody has been lost yet, of nobody.
    const tried = await call('query_insights', { expression: loss, metrics: ['entered'] })
    expect(tried.content.rows).toMatchObject([{ entered: 1 }])
    const wrong = await call('query_insights', {
      expression: { ratio: [{ metric: 'abandond' }, { metric: 'handled' }] }
    })
    expect(wrong.error.message).toContain('abandoned')
    const set = (kpis: object) => call('update_flex_configuration', { set: { attributes: { kpis } } })
    expect((await set({ loss: { expression: loss, format: 'percent', target: 0.05 } })).isError).toBe(false)
    await set({ waiting: { expression: { metric: 'queue_time' } } })
    expect(await named()).toEqual(['loss', 'waiting'])
    expect((await call('query_insights', { kpi: 'waiting' })).isError).toBe(false)
    await set({ loss: { expression: { metric: 'abandoned' } } })
    expect((await here.world.call('/ringdown/v1/Insights/Kpis/loss')).body).toMatchObject({
      expression: { metric: 'abandoned' }
    })
    await set({ loss: null })
    expect(await named()).toEqual(['waiting'])
    const gone = await call('query_insights', { kpi: 'loss' })
    expect(gone.error).toMatchObject({ argument: 'kpi', message: expect.stringContaining('loss') })
  })
})
