import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'

describe('workers', () => {
  it('are told to exist when a name is taken', async () => {
    const { center, call } = await agent()
    expect((await call('manage_workers', { action: 'create', friendlyName: 'Amelie' })).error.next).toBe(
      `a worker called amelie exists (${center.workers.amelie}); names ignore case; update that one`
    )
  })

  it('change themselves first and then the one channel', async () => {
    const { center, wire, call } = await agent()
    const changes = { activitySid: 'Available', taskChannel: 'chat', capacity: 9 }
    const { content } = await call('manage_workers', { action: 'update', workerSid: 'bob', ...changes })
    expect(wire.writes().map((sent) => sent.form)).toEqual([
      { ActivitySid: center.activities.Available },
      { Capacity: 9 }
    ])
    expect(content.workers[0]).toMatchObject({
      activityName: 'Available',
      channels: [{ taskChannel: 'chat', capacity: 9 }]
    })
  })

  it('say what stands when the channel did not change', async () => {
    const { center, wire, call } = await agent()
    wire.on('POST taskrouter/v1/Workspaces/:ws/Workers/:wk/Channels/:tc', async ({ path }) => {
      // Somebody deletes the channel's worker between the two requests.
      await center.workspace.workers(path.split('/')[5] ?? '').remove()
      return undefined
    })
    const changes = { friendlyName: 'bobby', taskChannel: 'chat', capacity: 9 }
    const { error } = await call('manage_workers', { action: 'update', workerSid: 'bob', ...changes })
    expect(error).toMatchObject({
      argument: 'taskChannel',
      message: expect.stringMatching(/^the worker was updated, but the channel was not: .+/)
    })
  })

  it('who leave with offers pending are warned about', async () => {
    const { center, call } = await agent()
    await center.offer()
    const { content } = await call('manage_workers', { action: 'update', workerSid: 'amelie', activitySid: 'Break' })
    expect(content.warnings).toEqual([expect.stringContaining('1 reservation stay pending')])
  })
})

describe('activities', () => {
  it('that are in use say by whom', async () => {
    const { call } = await agent()
    expect((await call('manage_activities', { action: 'delete', activitySid: 'Available' })).error.next).toBe(
      '1 worker is in Available: move them with manage_workers'
    )
    expect((await call('manage_activities', { action: 'delete', activitySid: 'Offline' })).error.next).toContain(
      "Offline is the workspace's default activity"
    )
  })
})

it('a list of the busiest floor stays small enough for every client', async () => {
  const { center, call } = await agent()
  const attributes = JSON.stringify({ note: 'x'.repeat(500) })
  for (let n = 0; n < 60; n++) await center.workspace.workers.create({ friendlyName: `worker ${n}`, attributes })
  const seen: string[] = []
  for (let pageToken: string | undefined, isFirst = true; isFirst || pageToken; isFirst = false) {
    const { text, content } = await call('manage_workers', { action: 'list', pageSize: 100, pageToken })
    expect(text.length).toBeLessThanOrEqual(20_500)
    seen.push(...content.workers.map((row: { friendlyName: string }) => row.friendlyName))
    pageToken = content.nextPageToken
  }
  const all = (await center.workspace.workers.list()).map((worker) => worker.friendlyName)
  expect(seen).toEqual(all)
})
