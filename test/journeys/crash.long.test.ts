import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Row } from '@ringdown/engine/core/row'
import { coldKinds } from '@ringdown/server/commit/kinds'
import { replay } from '@ringdown/server/commit/replay'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store } from '@ringdown/server/store/store'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * Journey (c): the plug is pulled in the middle of contacts under load. After a restart nothing that was acknowledged is
 * missing, every contact goes on to its end, and the rows on disk are what a replay of the journal gives.
 */

const { account_sid, auth_token } = credentials
const headers = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` }

let folder: string
let server: Started

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-crash-'))
  server = await started(['--data', folder, '--journal'])
})
afterEach(async () => {
  await server.kill()
  await rm(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

class Refused extends Error {}

async function call(path: string, form?: Record<string, string>): Promise<Answer> {
  const body = form && new URLSearchParams(form)
  const response = await fetch(server.url + path, { ...(body && { method: 'POST', body }), headers })
  const answer = await response.json()
  if (response.status >= 500) throw new Error(`${path}: ${response.status}`)
  if (!response.ok) throw new Refused(`${path}: ${JSON.stringify(answer)}`)
  return answer
}

interface Contact {
  readonly name: string
  conversation_sid?: string
  task_sid?: string
  /** Message SID -> body, as acknowledged. */
  readonly messages: Map<string, string>
  /** The furthest status that was acknowledged. */
  reached: 'none' | 'offered' | 'assigned' | 'completed'
}

let workspace: string
let workflow_sid: string

async function setUp(): Promise<void> {
  const configuration = await call('/flex-api/v1/Configuration')
  workspace = `/taskrouter/v1/Workspaces/${configuration.taskrouter_workspace_sid}`
  const { activities } = await call(`${workspace}/Activities?FriendlyName=Available`)
  const queue = await call(`${workspace}/TaskQueues`, { FriendlyName: 'Everybody' })
  const Configuration = JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } })
  workflow_sid = (
    await call(`${workspace}/Workflows`, { FriendlyName: 'Default', Configuration, TaskReservationTimeout: '3600' })
  ).sid
  for (let i = 0; i < 4; i++) {
    const worker = await call(`${workspace}/Workers`, { FriendlyName: `worker ${i}`, ActivitySid: activities[0].sid })
    await call(`${workspace}/Workers/${worker.sid}/Channels/sms`, { Capacity: '50' })
  }
}

/** Takes a contact one step further; every acknowledged step is written down. */
async function step(contact: Contact): Promise<void> {
  if (!contact.conversation_sid) {
    contact.conversation_sid = (await call('/conversations/v1/Conversations', { FriendlyName: contact.name }))
      .sid as string
    return
  }
  const conversation = `/conversations/v1/Conversations/${contact.conversation_sid}`
  if (contact.reached === 'none') {
    const { participants } = await call(`${conversation}/Participants`)
    if (participants.length === 0) await call(`${conversation}/Participants`, { Identity: contact.name })
    if (contact.messages.size < 2) {
      const Body = `message ${contact.messages.size} of ${contact.name}`
      contact.messages.set((await call(`${conversation}/Messages`, { Body, Author: contact.name })).sid, Body)
      return
    }
    const { routing } = await call('/flex-api/v1/Interactions', {
      Channel: JSON.stringify({
        type: 'sms',
        initiated_by: 'customer',
        properties: { media_channel_sid: contact.conversation_sid }
      }),
      Routing: JSON.stringify({
        properties: {
          workflow_sid,
          workspace_sid: workspace.split('/').pop(),
          task_channel_unique_name: 'sms',
          attributes: {}
        }
      })
    })
    // Nobody may have heard that an interaction was made: the conversation is in that one, then, and in no second.
    contact.task_sid = routing?.properties.sid ?? (await taskOf(contact.conversation_sid))
    contact.reached = 'offered'
  } else if (contact.reached === 'offered') {
    const { reservations } = await call(`${workspace}/Tasks/${contact.task_sid}/Reservations`)
    if (reservations[0].reservation_status === 'pending') {
      await call(`${workspace}/Tasks/${contact.task_sid}/Reservations/${reservations[0].sid}`, {
        ReservationStatus: 'accepted'
      })
    }
    contact.reached = 'assigned'
  } else if (contact.reached === 'assigned') {
    const { assignment_status } = await call(`${workspace}/Tasks/${contact.task_sid}`)
    if (assignment_status !== 'completed')
      await call(`${workspace}/Tasks/${contact.task_sid}`, { AssignmentStatus: 'completed', Reason: 'done' })
    contact.reached = 'completed'
  }
}

async function taskOf(conversation_sid: string): Promise<string> {
  const wanted = new URLSearchParams({ EvaluateTaskAttributes: `conversationSid == '${conversation_sid}'` })
  const { tasks } = await call(`${workspace}/Tasks?${wanted}`)
  expect(tasks).toHaveLength(1)
  return tasks[0].sid
}

/** Runs many contacts at once until told to stop, or until each is completed; answers them all. */
async function load(contacts: Contact[], many: number, isOver: () => boolean): Promise<void> {
  const one = async (contact: Contact) => {
    while (contact.reached !== 'completed' && !isOver()) {
      try {
        await step(contact)
      } catch (error) {
        if (error instanceof Refused) throw error
        if (isOver()) return // the plug was pulled: this step was not acknowledged
        throw error
      }
    }
  }
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      while (contacts.length < many && !isOver()) {
        const contact: Contact = { name: `customer ${contacts.length}`, messages: new Map(), reached: 'none' }
        contacts.push(contact)
        await one(contact)
      }
    })
  )
  await Promise.all(contacts.map(one))
}

const statuses = {
  none: [],
  offered: ['reserved', 'pending', 'assigned'],
  assigned: ['assigned', 'completed'],
  completed: ['completed']
}

it('loses nothing that was acknowledged, goes on, and equals its replay', async () => {
  await setUp()
  const contacts: Contact[] = []
  for (let crash = 0; crash < 3; crash++) {
    let isOver = false
    const pulled = new Promise<void>((resolve) => {
      const check = setInterval(() => {
        const messages = contacts.reduce((sum, contact) => sum + contact.messages.size, 0)
        if (messages < 60 * (crash + 1)) return
        clearInterval(check)
        isOver = true
        server.kill().then(resolve)
      }, 1)
    })
    await load(contacts, 10_000, () => isOver)
    await pulled
    server = await started(['--data', folder, '--journal'])

    for (const contact of contacts) {
      if (contact.conversation_sid) {
        const { messages } = await call(`/conversations/v1/Conversations/${contact.conversation_sid}/Messages`)
        const there = new Map(messages.map((message: Answer) => [message.sid, message.body]))
        for (const [sid, body] of contact.messages) expect(there.get(sid)).toBe(body)
      }
      if (contact.task_sid) {
        const { assignment_status } = await call(`${workspace}/Tasks/${contact.task_sid}`)
        expect(statuses[contact.reached]).toContain(assignment_status)
      }
    }
  }
  await load(contacts, contacts.length, () => false)
  expect(contacts.every(({ reached }) => reached === 'completed')).toBe(true)
  expect(contacts.length).toBeGreaterThan(60)

  expect(await server.stop()).toBe(0)
  const store = await openStore({ schema, data: folder })
  try {
    const replayed = await replay(store, account_sid)
    const expected = new Map(
      Object.values(replayed.tables).flatMap((table) =>
        table.all().map((row) => [`${table.kind}/${row.sid}`, row as Row])
      )
    )
    const stored = await rowsOf(store)
    expect(stored.size).toBe(expected.size)
    for (const [key, row] of stored) expect(row).toEqual(expected.get(key))
  } finally {
    await store.close()
  }
}, 120_000)

/** Every row that the store holds, of resident and of cold kinds. */
async function rowsOf(store: Store): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>()
  for (const { kind, row } of await store.load(account_sid)) rows.set(`${kind}/${row.sid}`, row)
  for (const kind of coldKinds.keys()) {
    const page = await store.page({ account_sid, kind, where: [], order: ['seq'], descending: false, limit: 100_000 })
    for (const row of page) rows.set(`${kind}/${row.sid}`, row)
  }
  return rows
}
