import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentials, main, type Started, started } from '../support/process.ts'

/*
 * Journey (b): an AI agent runs the same contact with the sixteen tools alone: over stdio with a Ringdown embedded in
 * `ringdown mcp`, over HTTP at a server's /mcp, and over stdio with `--backend twilio` pointed at a server under Twilio's
 * own host names.
 */

// biome-ignore lint/suspicious/noExplicitAny: a result's fields are what tests look at
type Result = any

/** Calls a tool and answers its structured content; an error result is thrown with its text. */
function caller(client: Client) {
  return async (name: string, args: Record<string, unknown>): Promise<Result> => {
    const { isError, structuredContent, content } = await client.callTool({ name, arguments: args })
    const [block] = content as { text: string }[]
    if (isError) throw new Error(`${name}: ${block?.text}`)
    expect(JSON.parse(block?.text ?? '')).toEqual(structuredContent)
    return structuredContent
  }
}

async function journey(call: ReturnType<typeof caller>): Promise<void> {
  await call('manage_task_queues', { action: 'create', friendlyName: 'Support', targetWorkers: '1==1' })
  await call('manage_task_queues', { action: 'create', friendlyName: 'French', targetWorkers: "languages HAS 'fr'" })
  await call('manage_workflows', {
    action: 'create',
    friendlyName: 'Default',
    configuration: {
      task_routing: {
        filters: [
          {
            filter_friendly_name: 'French',
            expression: "language == 'fr'",
            targets: [{ queue: 'French', priority: 5 }]
          }
        ],
        default_filter: { queue: 'Support' }
      }
    }
  })
  for (const [friendlyName, languages] of [
    ['amelie', ['fr', 'en']],
    ['bob', ['en']]
  ] as const) {
    await call('manage_workers', {
      action: 'create',
      friendlyName,
      attributes: { languages },
      activitySid: 'Available'
    })
    await call('manage_workers', { action: 'update', workerSid: friendlyName, taskChannel: 'sms', capacity: 3 })
  }
  const { conversations } = await call('manage_conversations', {
    action: 'create',
    friendlyName: 'Ana',
    uniqueName: 'ana',
    participants: [{ address: '+33600000001', proxyAddress: '+15005550006' }]
  })
  const conversationSid = conversations[0].conversationSid
  await call('send_conversation_message', {
    conversationSid,
    author: '+33600000001',
    body: 'Bonjour, ma commande est cassée.'
  })
  const contact = await call('create_interaction', {
    channelType: 'sms',
    conversationSid: 'ana',
    workflowSid: 'Default',
    taskChannel: 'sms',
    attributes: { language: 'fr', customerName: 'Ana' }
  })
  expect(contact).toMatchObject({ channelStatus: 'active', conversationSid, assignmentStatus: 'reserved' })

  const offered = await call('manage_tasks', { action: 'list', workerSid: 'amelie' })
  expect(offered.tasks.map((task: Result) => task.taskSid)).toEqual([contact.taskSid])
  await call('manage_tasks', { action: 'accept', taskSid: contact.taskSid, workerSid: 'amelie' })
  await call('send_conversation_message', { conversationSid, author: 'amelie', body: 'Bonjour Ana !' })
  await call('manage_interaction_participants', {
    action: 'transfer',
    interactionSid: contact.interactionSid,
    workerSid: 'bob'
  })
  const forBob = await call('manage_tasks', { action: 'list', workerSid: 'bob' })
  const second = forBob.tasks[0].taskSid
  await call('manage_tasks', { action: 'accept', taskSid: second, workerSid: 'bob' })
  const inside = await call('manage_interaction_participants', {
    action: 'list',
    interactionSid: contact.interactionSid
  })
  const agents = inside.participants.filter((participant: Result) => participant.type === 'agent')
  expect(agents.map((agent: Result) => agent.workerName)).toEqual(['bob'])
  await call('send_conversation_message', { conversationSid, author: 'bob', body: 'Bob prend la suite.' })
  await call('manage_interaction_channel', { action: 'close', interactionSid: contact.interactionSid })
  const wrapping = await call('manage_tasks', { action: 'get', taskSid: second })
  expect(wrapping.tasks[0].assignmentStatus).toBe('wrapping')
  await call('manage_tasks', { action: 'complete', taskSid: second, reason: 'replaced' })

  const history = await call('list_conversation_messages', { conversationSid })
  expect(history.messages.map(({ author, role, body }: Result) => [author, role, body])).toEqual([
    ['+33600000001', 'customer', 'Bonjour, ma commande est cassée.'],
    ['amelie', 'agent', 'Bonjour Ana !'],
    ['bob', 'agent', 'Bob prend la suite.']
  ])
  const figures = await call('get_workspace_statistics', { view: 'realtime' })
  expect(figures.summary).toMatchObject({ availableWorkers: 2, totalWorkers: 2, waitingTasks: 0 })
  await expect(call('send_conversation_message', { conversationSid, body: 'too late' })).rejects.toThrow('50377')
  const today = await call('get_workspace_statistics', { view: 'cumulative' })
  expect(today.cumulative).toMatchObject({ tasks_created: 2, tasks_completed: 2, reservations_accepted: 2 })
}

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-mcp-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const keys = { RINGDOWN_ACCOUNT_SID: credentials.account_sid, RINGDOWN_AUTH_TOKEN: credentials.auth_token }

async function overStdio(args: string[], env: Record<string, string>): Promise<Client> {
  const client = new Client({ name: 'journey', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [main, 'mcp', ...args], env, stderr: 'inherit' })
  )
  return client
}

describe('an AI agent takes the contact through', () => {
  it('over stdio, with a Ringdown of its own', async () => {
    const client = await overStdio(['--data', join(folder, 'embedded')], keys)
    try {
      expect((await client.listTools()).tools).toHaveLength(24)
      await journey(caller(client))
    } finally {
      await client.close()
    }
  })

  describe('on a running server', () => {
    let server: Started
    beforeAll(async () => {
      server = await started(['--data', join(folder, 'http')])
    })
    afterAll(() => server.kill())

    it('over HTTP at /mcp, with the REST credentials', async () => {
      const client = new Client({ name: 'journey', version: '1.0.0' })
      const authorization = `Bearer ${credentials.account_sid}:${credentials.auth_token}`
      const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), {
        requestInit: { headers: { authorization } }
      })
      await client.connect(transport)
      try {
        await journey(caller(client))
      } finally {
        await client.close()
      }
    })

    it('not without credentials', async () => {
      const response = await fetch(`${server.url}/mcp`, { method: 'POST', body: '{}' })
      expect(response.status).toBe(401)
    })
  })

  it('over stdio with the backend twilio, which asks the server under Twilio’s host names', async () => {
    const server = await started(['--data', join(folder, 'twilio')])
    try {
      const env = { TWILIO_ACCOUNT_SID: credentials.account_sid, TWILIO_AUTH_TOKEN: credentials.auth_token }
      const client = await overStdio(['--backend', 'twilio', '--url', server.url, '--confirm', 'off'], env)
      try {
        await journey(caller(client))
        expect(await caller(client)('manage_studio_flows', { action: 'list' })).toMatchObject({ flows: [] })
      } finally {
        await client.close()
      }
    } finally {
      await server.kill()
    }
  })
})
