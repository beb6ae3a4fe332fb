import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentials, main, type Started, started } from '../support/process.ts'

/*
 * An AI worker gets its work: it waits for an offer, a program creates a task, and what it is told needs no second look.
 * Over HTTP at the server's /mcp in both protocol eras, over stdio, and over stdio as on a Twilio account.
 */

// biome-ignore lint/suspicious/noExplicitAny: a result's fields are what tests look at
type Result = any

let folder: string
let server: Started
let sids: { workspace: string; workflow: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-mcp-events-'))
  server = await started(['--data', join(folder, 'data')])
  const { taskrouterWorkspaceSid: workspace } = await sdk().flexApi.v1.configuration().fetch()
  const inside = sdk().taskrouter.v1.workspaces(workspace)
  const queue = await inside.taskQueues.create({ friendlyName: 'Support' })
  const workflow = await inside.workflows.create({
    friendlyName: 'Default',
    configuration: JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } })
  })
  sids = { workspace, workflow: workflow.sid }
})

afterAll(async () => {
  await server.kill()
  await rm(folder, { recursive: true, force: true })
})

function sdk() {
  const { account_sid, auth_token } = credentials
  return twilio(account_sid, auth_token, { httpClient: ringdown({ url: server.url }) })
}

/** A program, which knows nothing of agents. */
async function createTask(topic: string): Promise<string> {
  const { tasks } = sdk().taskrouter.v1.workspaces(sids.workspace)
  return (await tasks.create({ workflowSid: sids.workflow, attributes: JSON.stringify({ topic }) })).sid
}

async function call(client: Client, name: string, args: Record<string, unknown>): Promise<Result> {
  const { isError, structuredContent, content } = await client.callTool({ name, arguments: args })
  if (isError) throw new Error(`${name}: ${(content as { text: string }[])[0]?.text}`)
  return structuredContent
}

/** Waits for an offer to a worker of its own, takes it, and goes on from the cursor. */
async function works(client: Client, friendlyName: string, isRingdown = true): Promise<void> {
  await client.listTools() // from here on the client checks results against the schemas
  await call(client, 'manage_workers', { action: 'create', friendlyName, activitySid: 'Available' })
  const start = await call(client, 'wait_for_events', {
    workerSid: friendlyName,
    types: ['reservation.*'],
    waitSeconds: 0
  })
  const waiting = call(client, 'wait_for_events', {
    cursor: start.cursor,
    workerSid: friendlyName,
    types: ['reservation.created'],
    waitSeconds: 50
  })
  const task = await createTask('order')
  const offered = await waiting
  expect(offered).toMatchObject({
    events: [
      {
        eventSid: expect.stringMatching(/^EV/),
        type: 'reservation.created',
        summary: `Task offered to ${friendlyName} in Support (waited 0 s)`,
        taskSid: task
      }
    ]
  })
  const acceptance = await client.callTool({
    name: 'manage_tasks',
    arguments: { action: 'accept', taskSid: task, workerSid: friendlyName }
  })
  const before = acceptance._meta?.['ringdown/cursor']
  if (isRingdown) {
    const { events } = await call(client, 'wait_for_events', { cursor: before, taskSid: task })
    expect(events[0].summary).toContain(`${friendlyName} accepted a task`)
  } else expect(before).toBeUndefined()
  await call(client, 'manage_tasks', { action: 'complete', taskSid: task, reason: 'helped' })
  const rest: Result[] = []
  for (let cursor = offered.cursor; !rest.some(({ type }) => type === 'task.completed'); ) {
    const page = await call(client, 'wait_for_events', { cursor, taskSid: task, waitSeconds: 10 })
    rest.push(...page.events)
    cursor = page.cursor
  }
  expect(rest.map(({ summary }) => summary)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(`^${friendlyName} accepted a task in Support \\(waited \\d s\\)$`),
      'Task completed in Support: helped'
    ])
  )
  expect(new Set(rest.map(({ eventSid }) => eventSid)).size).toBe(rest.length)
  await call(client, 'manage_workers', { action: 'update', workerSid: friendlyName, activitySid: 'Offline' })
}

const eras = [
  ['2025-11-25', {}],
  ['2026-07-28', { versionNegotiation: { mode: { pin: '2026-07-28' } } }]
] as const

/** An agent at the server's /mcp. */
async function overHttp(options: ConstructorParameters<typeof Client>[1] = {}): Promise<Client> {
  const client = new Client({ name: 'journey', version: '1.0.0' }, options)
  const authorization = `Bearer ${credentials.account_sid}:${credentials.auth_token}`
  const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), {
    requestInit: { headers: { authorization } }
  })
  await client.connect(transport)
  return client
}

describe('an agent waits for its work', () => {
  it.each(eras)('over HTTP at /mcp, in protocol %s', async (version, options) => {
    const client = await overHttp(options)
    try {
      expect(client.getNegotiatedProtocolVersion()).toBe(version)
      await works(client, `amelie ${version}`)
    } finally {
      await client.close()
    }
  })

  it.each([
    ['ringdown', { RINGDOWN_ACCOUNT_SID: credentials.account_sid, RINGDOWN_AUTH_TOKEN: credentials.auth_token }],
    ['twilio', { TWILIO_ACCOUNT_SID: credentials.account_sid, TWILIO_AUTH_TOKEN: credentials.auth_token }]
  ])('over stdio with the backend %s', async (backend, env) => {
    const args = [main, 'mcp', '--backend', backend, '--url', server.url]
    if (backend === 'ringdown') args.push('--data', join(folder, 'data'))
    const client = new Client({ name: 'journey', version: '1.0.0' })
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args,
        env: env as Record<string, string>,
        stderr: 'inherit'
      }) // as: its values are texts
    )
    try {
      await works(client, `bob at ${backend}`, backend === 'ringdown')
    } finally {
      await client.close()
    }
  })

  it('and keeps its place while the plug is pulled', async () => {
    const before = await overHttp()
    const { cursor } = await call(before, 'wait_for_events', { waitSeconds: 0 })
    const tasks = [await createTask('before'), await createTask('the plug')]
    await server.kill()
    await before.close()
    server = await started(['--data', join(folder, 'data')])
    const after = await overHttp()
    try {
      tasks.push(await createTask('was pulled'))
      const { events } = await call(after, 'wait_for_events', { cursor, types: ['task.created'] })
      expect(events.map(({ taskSid }: Result) => taskSid)).toEqual(tasks)
    } finally {
      await after.close()
    }
  })

  it.each(eras)('and is told the same by every door, however the plug is pulled: protocol %s', async (_, options) => {
    const { tasks } = sdk().taskrouter.v1.workspaces(sids.workspace)
    const cancel = (sid: string) => tasks(sid).update({ assignmentStatus: 'canceled', reason: 'late' })
    const before = await overHttp(options)
    const { cursor } = await ask(before, 'events/poll', { name: 'task.finished', cursor: null })
    const made = [await createTask('one'), await createTask('two'), await createTask('three')]
    for (const sid of made.slice(0, 2)) await cancel(sid)
    await server.kill()
    await before.close()
    server = await started(['--data', join(folder, 'data')])
    await sdk().taskrouter.v1.workspaces(sids.workspace).tasks(String(made[2])).update({ assignmentStatus: 'canceled' })
    const after = await overHttp(options)
    try {
      const arguments_ = { outcome: 'canceled' }
      const polled = await ask(after, 'events/poll', { name: 'task.finished', arguments: arguments_, cursor })
      expect(polled.events.map(({ data }: Result) => data.taskSid)).toEqual(made)
      const ids = polled.events.map(({ eventId }: Result) => eventId)
      const { events } = await call(after, 'wait_for_events', { cursor, types: ['task.canceled'] })
      expect(events.map(({ eventSid }: Result) => eventSid)).toEqual(ids)
      const authorization = `Basic ${Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString('base64')}`
      const feed = await fetch(`${server.url}/ringdown/v1/Events?types=task.canceled&cursor=${cursor}`, {
        headers: { authorization }
      })
      const { events: fed } = (await feed.json()) as Result
      expect(fed.map(({ sid }: Result) => sid)).toEqual(ids)
      expect(await streamed(after, { name: 'task.finished', arguments: arguments_, cursor }, ids.length)).toEqual(ids)
    } finally {
      await after.close()
    }
  })
})

const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }

function ask(client: Client, method: string, params: object, signal?: AbortSignal): Promise<Result> {
  return client.request({ method, params } as never, anything as never, { ...(signal && { signal }) })
}

/** SIDs of so many events of a stream. */
async function streamed(client: Client, params: object, count: number): Promise<string[]> {
  const hangUp = new AbortController()
  const ids: string[] = []
  client.setNotificationHandler('notifications/events/event', { params: anything }, (told) => {
    ids.push((told as { eventId: string }).eventId)
    if (ids.length === count) hangUp.abort()
  })
  await ask(client, 'events/stream', params, hangUp.signal).catch(() => {}) // it was hung up on
  return ids
}
