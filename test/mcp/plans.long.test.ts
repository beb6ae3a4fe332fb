import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ringdownBackend } from '@ringdown/mcp/backend'
import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import { expect, it, onTestFinished } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'
import { connected } from './agent.ts'

/* Plans are kept by the server: they are good after the plug was pulled. */

const { account_sid, auth_token } = credentials

async function floor() {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-plans-'))
  let server: Started = await started(['--data', folder])
  onTestFinished(async () => {
    await server.kill()
    await rm(folder, { recursive: true, force: true })
  })
  const agent = async () => {
    const { url } = server
    const backend = ringdownBackend({ url, credentials: { username: account_sid, password: auth_token } })
    const one = await connected(backend)
    onTestFinished(() => one.close())
    return one.call
  }
  const client = () => twilio(account_sid, auth_token, { httpClient: ringdown({ url: server.url }) })
  const workspace = async () => {
    const { taskrouterWorkspaceSid } = await client().flexApi.v1.configuration().fetch()
    return client().taskrouter.v1.workspaces(taskrouterWorkspaceSid)
  }
  const killed = async () => {
    await server.kill()
    server = await started(['--data', folder])
  }
  return { agent, client, workspace, killed }
}

const act = (action: string, planId: string) => ({ action, planId })

it('are applied and undone byte for byte by other processes than planned them', async () => {
  const { agent, workspace, killed } = await floor()
  const worker = await (await workspace()).workers.create({ friendlyName: 'bob', attributes: '{"n":1.0,  "a" : "ü"}' })
  const changes = [
    { tool: 'manage_task_queues', arguments: { action: 'create', friendlyName: 'Night', targetWorkers: '1 == 1' } },
    { tool: 'manage_workers', arguments: { action: 'update', workerSid: 'bob', patchAttributes: { shift: 'night' } } }
  ]
  const call = await agent()
  const { planId } = (await call('apply_changes', { action: 'plan', changes })).content
  await killed()
  const second = await agent()
  expect((await second('apply_changes', act('apply', planId))).content).toMatchObject({ planId, state: 'applied' })
  const present = async () => (await (await workspace()).workers(worker.sid).fetch()).attributes
  expect(await present()).toContain('shift')
  await killed()
  const third = await agent()
  expect((await third('apply_changes', act('undo', planId))).content).toMatchObject({ state: 'undone' })
  expect(await present()).toBe('{"n":1.0,  "a" : "ü"}')
  const queues = await (await workspace()).taskQueues.list()
  expect(queues.map(({ friendlyName }) => friendlyName)).not.toContain('Night')
  expect((await third('apply_changes', act('undo', planId))).error).toMatchObject({ found: 'undone' })
}, 60_000)

it('that were broken off are undone as far as they had come', async () => {
  const { agent, workspace, killed } = await floor()
  const names = Array.from({ length: 30 }, (_, i) => `worker ${i}`)
  for (const friendlyName of names)
    await (await workspace()).workers.create({ friendlyName, attributes: '{"shift": "day"}' })
  const changes = names.map((workerSid) => ({
    tool: 'manage_workers',
    arguments: { action: 'update', workerSid, patchAttributes: { shift: 'night' } }
  }))
  const call = await agent()
  const { planId } = (await call('apply_changes', { action: 'plan', changes })).content
  const attributes = async () => (await (await workspace()).workers.list()).map((one) => one.attributes)
  const nights = async () => (await attributes()).filter((text) => text.includes('night')).length
  const broken = call('apply_changes', act('apply', planId)).catch(() => undefined)
  await expect.poll(nights, { interval: 10, timeout: 20_000 }).toBeGreaterThan(2)
  await killed()
  await broken
  expect(await nights()).toBeGreaterThan(2)
  const again = await agent()
  expect((await again('apply_changes', act('apply', planId))).error).toMatchObject({ found: 'applying' })
  expect((await again('apply_changes', act('undo', planId))).content).toMatchObject({ state: 'undone' })
  expect(new Set(await attributes())).toEqual(new Set(['{"shift": "day"}']))
}, 60_000)
