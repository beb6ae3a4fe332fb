import { ApiError, basic, Client } from '@ringdown/client/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type World, world } from '../world.ts'

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
