import { phoneMenu } from '@ringdown/engine/testing/flows'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { world as opened, type World } from '../../support/world.ts'
import { conforms } from '../conforms.ts'

let world: World
beforeAll(async () => {
  world = await opened()
  const { client } = world
  const { taskrouterWorkspaceSid } = await client.flexApi.v1.configuration().fetch()
  const [workflow] = await client.taskrouter.v1.workspaces(taskrouterWorkspaceSid).workflows.list()
  const flow = await client.studio.v2.flows.create({
    friendlyName: 'Phone',
    status: 'published',
    definition: phoneMenu(String(workflow?.sid ?? `WW${'0'.repeat(32)}`), 'voice')
  })
  for (const to of ['+1555', '+1556']) {
    await client.studio.v2.flows(flow.sid).executions.create({ to, from: '+1999' })
    await world.pass(60)
  }
  await client.conversations.v1.configuration
    .webhooks()
    .update({ filters: ['onNonsense'], postWebhookUrl: 'http://127.0.0.1:1/x' })
})
afterAll(() => world.close())

describe('alerts of Monitor', () => {
  it('are what the debugger lists, and each is fetched by its SID', async () => {
    const { alerts } = world.client.monitor.v1
    const listed = await alerts.list()
    expect(listed.map(({ logLevel, errorCode }) => `${logLevel} ${errorCode}`)).toEqual([
      'warning null',
      'error 20001',
      'error 20001'
    ])
    const raw = await world.call('/monitor/v1/Alerts?PageSize=2')
    expect(conforms('monitor_v1.ListAlert', raw.body)).toEqual([])
    const newest = await alerts(String(listed[1]?.sid)).fetch()
    expect(newest).toMatchObject({ sid: listed[1]?.sid, errorCode: '20001', logLevel: 'error' })
    expect(newest.alertText).toMatch(/no call for gather-input-on-call/)
    expect(newest.serviceSid).toMatch(/^FW/)
    await expect(alerts(`NO${'0'.repeat(32)}`).fetch()).rejects.toMatchObject({ status: 404, code: 20404 })
  })

  it('are found by level and time, in pages', async () => {
    const { alerts } = world.client.monitor.v1
    expect(await alerts.list({ logLevel: 'warning' })).toHaveLength(1)
    expect(await alerts.list({ logLevel: 'debug' })).toEqual([])
    expect(await alerts.list({ pageSize: 1 })).toHaveLength(3)
    const all = await alerts.list({ logLevel: 'error' })
    const until = new Date(Number(all[0]?.dateCreated) - 1000)
    expect((await alerts.list({ logLevel: 'error', endDate: until })).map(({ sid }) => sid)).toEqual([all[1]?.sid])
  })
})
