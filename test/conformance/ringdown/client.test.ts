import { ApiError } from '@ringdown/client/api-error'
import { basic, Client } from '@ringdown/client/client'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/* The typed client on a whole server: what the desk, the web chat and programs of ours use. */

let floor: World
let client: Client
let workspace_sid: string

beforeAll(async () => {
  floor = await world()
  const { account_sid, auth_token } = floor.running.credentials
  client = new Client({ url: `${floor.running.url}/`, authorization: basic(account_sid, auth_token) })
  workspace_sid =
    (await client.call('taskrouter_v1.CreateWorkspace', { params: { friendly_name: 'Zürich & Söhne' } })).sid ?? ''
})
afterAll(() => floor.close())

test('a resource is made, read, changed and deleted', async () => {
  const queue = await client.call('taskrouter_v1.CreateTaskQueue', {
    path: { workspace_sid },
    params: { friendly_name: 'All' }
  })
  const configuration = JSON.stringify({ task_routing: { default_filter: { queue: queue.sid } } })
  await client.call('taskrouter_v1.CreateWorkflow', {
    path: { workspace_sid },
    params: { friendly_name: 'All', configuration }
  })
  const task = await client.call('taskrouter_v1.CreateTask', {
    path: { workspace_sid },
    params: {
      attributes: '{"id":17841444523369053}',
      virtual_start_time: Date.parse('2026-03-01T00:00:00Z'),
      timeout: 60
    }
  })
  expect(task).toMatchObject({
    attributes: '{"id":17841444523369053}',
    timeout: 60,
    virtual_start_time: '2026-03-01T00:00:00Z'
  })
  const path = { workspace_sid, sid: task.sid ?? '' }
  expect(await client.call('taskrouter_v1.FetchTask', { path })).toEqual(task)
  expect((await client.call('taskrouter_v1.UpdateTask', { path, params: { priority: 7 } })).priority).toBe(7)
  expect(await client.call('taskrouter_v1.DeleteTask', { path, params: {} })).toBeNull()
})

test('a create under a key is done once', async () => {
  const create = () =>
    client.call('taskrouter_v1.CreateActivity', {
      path: { workspace_sid },
      params: { friendly_name: 'Lunch' },
      idempotency_key: 'lunch'
    })
  expect(await create()).toEqual(await create())
})

test('text of every script goes through paths, forms and answers', async () => {
  const { friendly_name } = await client.call('taskrouter_v1.FetchWorkspace', { path: { sid: workspace_sid } })
  expect(friendly_name).toBe('Zürich & Söhne')
  const unique_name = 'a/b?ü 1'
  await client.call('conversations_v1.CreateConversation', { params: { unique_name } })
  const found = await client.call('conversations_v1.FetchConversation', { path: { sid: unique_name } })
  expect(found.unique_name).toBe(unique_name)
})

test('an operation that takes JSON gets JSON', async () => {
  const { account_sid } = floor.running.credentials
  const changed = await client.call('flex_v1.UpdateConfiguration', { params: { account_sid, ui_language: 'de-CH' } })
  expect(changed.ui_language).toBe('de-CH')
})

describe('a list', () => {
  test('goes on from page to page, with its filters', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `Queue ${i}`)
    for (const friendly_name of names)
      await client.call('taskrouter_v1.CreateTaskQueue', { path: { workspace_sid }, params: { friendly_name } })
    const all: (string | null)[] = []
    for await (const queue of client.list('taskrouter_v1.ListTaskQueue', { path: { workspace_sid }, page_size: 2 }))
      all.push(queue.friendly_name)
    expect(all.filter((name) => name?.startsWith('Queue'))).toEqual(names)
    const some: (string | null)[] = []
    const asking = { path: { workspace_sid }, params: { friendly_name: 'Queue 3' }, page_size: 1 }
    for await (const { friendly_name } of client.list('taskrouter_v1.ListTaskQueue', asking)) some.push(friendly_name)
    expect(some).toEqual(['Queue 3'])
  })

  test('asks for no more than is wanted', async () => {
    const asked: string[] = []
    const watching = new Client({
      url: floor.running.url,
      authorization: () => floor.authorization,
      fetch: (url, init) => {
        asked.push(String(url))
        return fetch(url, init)
      }
    })
    for await (const _ of watching.list('taskrouter_v1.ListTaskQueue', { path: { workspace_sid }, page_size: 2 })) break
    expect(asked).toHaveLength(1)
  })
})

describe('what is ours', () => {
  test('is called as the others are: deliveries, page after page, and one of them once more', async () => {
    const customer = await receiver({ auth_token: floor.running.credentials.auth_token })
    onTestFinished(() => customer.close())
    const { sid: told = '' } = await client.call('taskrouter_v1.CreateWorkspace', {
      params: { friendly_name: 'Told', event_callback_url: `${customer.url}/events` }
    })
    const path = { workspace_sid: told ?? '' }
    for (const friendly_name of ['Lunch', 'Supper'])
      await client.call('taskrouter_v1.CreateActivity', { path, params: { friendly_name } })
    await floor.pass(0)
    const asking = { params: { receiver: told ?? '', state: 'delivered' } } as const
    const { meta, deliveries } = await client.call('ringdown_v1.ListDelivery', asking)
    expect(meta).toMatchObject({ page: 0, page_size: 50, key: 'deliveries', next_page_url: null })
    expect(deliveries.length).toBeGreaterThan(2)
    const listed: unknown[] = []
    for await (const one of client.list('ringdown_v1.ListDelivery', { ...asking, page_size: 2 })) listed.push(one)
    expect(listed).toEqual(deliveries)
    const sid = deliveries[0]?.sid ?? ''
    const once = await client.call('ringdown_v1.FetchDelivery', { path: { sid } })
    expect(once).toMatchObject({ ...deliveries[0], last_attempts: [{ status: 200 }], date_due: null })
    const again = await client.call('ringdown_v1.UpdateDelivery', { path: { sid } })
    expect(again).toMatchObject({ sid, state: 'queued', url: once.url })
    await floor.pass(0)
    expect((await client.call('ringdown_v1.FetchDelivery', { path: { sid } })).last_attempts).toHaveLength(2)
    const wrong = client.call('ringdown_v1.ListDelivery', { params: { state: 'lost' as 'failed' } }) // as who writes no types would
    await expect(wrong).rejects.toMatchObject({ status: 400, code: 20001 })
  })

  test('moves the clock, explains, and waits for events', async () => {
    const { now_ms } = await client.call('ringdown_v1.FetchClock', {})
    const moved = await client.call('ringdown_v1.UpdateClock', { params: { advance_ms: 1500 } })
    expect(moved).toEqual({ now: new Date(now_ms + 1500).toISOString(), now_ms: now_ms + 1500, stands_still: true })
    const { cursor } = await client.call('ringdown_v1.ListEvent', { params: { wait_s: 0 } })
    const worker = await client.call('taskrouter_v1.CreateWorker', {
      path: { workspace_sid },
      params: { friendly_name: 'Amélie' }
    })
    const types = ['worker.created', 'task.*']
    const { events } = await client.call('ringdown_v1.ListEvent', { params: { cursor, types, limit: 5, wait_s: 5 } })
    expect(events).toMatchObject([{ type: 'worker.created', at: moved.now, resource_sid: worker.sid }])
    const explained = await client.call('ringdown_v1.FetchWorkerExplanation', {
      path: { workspace_sid, worker_sid: worker.sid ?? '' },
      params: { limit: 1 }
    })
    expect(explained).toMatchObject({ worker_sid: worker.sid, at: moved.now, date_status_changed: moved.now })
  })
})

describe('an error', () => {
  test('is told in the words of the API', async () => {
    const sid = `WT${'0'.repeat(32)}`
    const failed = client.call('taskrouter_v1.FetchTask', { path: { workspace_sid, sid } })
    await expect(failed).rejects.toThrow(ApiError)
    await expect(failed).rejects.toMatchObject({ status: 404, code: 20404, message: expect.stringContaining(sid) })
  })

  test('of who is not let in', async () => {
    const stranger = new Client({ url: floor.running.url, authorization: basic('AC', 'ö') })
    await expect(stranger.call('taskrouter_v1.ListWorkspace', {})).rejects.toMatchObject({ status: 401, code: 20003 })
  })

  test('of whoever speaks no JSON', async () => {
    const proxied = new Client({
      url: floor.running.url,
      authorization: () => '',
      fetch: async () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' })
    })
    await expect(proxied.call('taskrouter_v1.ListWorkspace', {})).rejects.toMatchObject({
      status: 502,
      code: null,
      message: 'HTTP 502 Bad Gateway'
    })
  })

  test('of ours is thrown before anything is sent', async () => {
    const path = { workspace_sid } as { workspace_sid: string; sid: string } // as who writes no types would
    await expect(client.call('taskrouter_v1.FetchTask', { path })).rejects.toThrow('needs sid in its path')
  })

  test('ends the waiting when it is no longer wanted', async () => {
    await expect(client.call('taskrouter_v1.ListWorkspace', { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })
})
