import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { morning, type World, world } from '../world.ts'

/*
 * The feed of an account's events: whoever keeps a cursor misses nothing and gets nothing twice, through whichever door
 * it comes, whether it was here, late, or away while the server was started anew.
 */

const feed = '/ringdown/v1/Events'

interface Told {
  readonly sid: string
  readonly cursor: string
  readonly type: string
  readonly at: string
  readonly description: string
  readonly resource_type: string
  readonly resource_sid: string
  readonly workspace_sid?: string
  // biome-ignore lint/suspicious/noExplicitAny: what an event tells is what tests look at
  readonly data: Readonly<Record<string, any>>
}

interface Page {
  readonly events: readonly Told[]
  readonly cursor: string
  readonly has_more: boolean
  readonly truncated: boolean
}

type Query = Readonly<Record<string, string | number>>

/** A floor with one queue and one agent who is available, and the ways to read its feed. */
class Floor {
  readonly world: World
  readonly workspace: string
  readonly queue: string
  readonly workflow: string
  readonly worker: string
  readonly available: string

  private constructor(on: World, sids: Record<'workspace' | 'queue' | 'workflow' | 'worker' | 'available', string>) {
    this.world = on
    this.workspace = sids.workspace
    this.queue = sids.queue
    this.workflow = sids.workflow
    this.worker = sids.worker
    this.available = sids.available
  }

  static async open(on: World): Promise<Floor> {
    const { client } = on
    const { taskrouterWorkspaceSid: workspace } = await client.flexApi.v1.configuration().fetch()
    const inside = client.taskrouter.v1.workspaces(workspace)
    const queue = await inside.taskQueues.create({ friendlyName: 'Support' })
    const workflow = await inside.workflows.create({
      friendlyName: 'Default',
      configuration: JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } })
    })
    const [available] = await inside.activities.list({ friendlyName: 'Available' })
    const worker = await inside.workers.create({ friendlyName: 'amelie' })
    return new Floor(on, {
      workspace,
      queue: queue.sid,
      workflow: workflow.sid,
      worker: worker.sid,
      available: available?.sid ?? ''
    })
  }

  /** The same floor on a server that was started anew. */
  static at(on: World, { workspace, queue, workflow, worker, available }: Floor): Floor {
    return new Floor(on, { workspace, queue, workflow, worker, available })
  }

  async task(attributes: object = {}): Promise<string> {
    const tasks = this.world.client.taskrouter.v1.workspaces(this.workspace).tasks
    return (await tasks.create({ workflowSid: this.workflow, attributes: JSON.stringify(attributes) })).sid
  }

  ask(query: Query, init: RequestInit = {}) {
    return this.world.call(urlOf(feed, query), undefined, init)
  }

  async page(query: Query): Promise<Page> {
    const { status, body } = await this.ask(query)
    expect(status, JSON.stringify(body)).toBe(200)
    return body
  }

  /** The place where the log ends now. */
  async now(): Promise<string> {
    return (await this.page({ wait_s: 0 })).cursor
  }

  /** Everything after a cursor, page by page. */
  async rest(cursor: string, query: Query = {}): Promise<Told[]> {
    const events: Told[] = []
    for (let at = cursor; ; ) {
      const page = await this.page({ ...query, cursor: at, wait_s: 0 })
      events.push(...page.events)
      at = page.cursor
      if (!page.has_more) return events
    }
  }
}

function urlOf(path: string, query: Query): string {
  const text = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  ).toString()
  return text === '' ? path : `${path}?${text}`
}

/** A stream of server-sent events, read block by block. */
async function* sse(on: World, url: string, headers: Record<string, string> = {}, signal?: AbortSignal) {
  const response = await fetch(on.running.url + url, {
    headers: { authorization: on.authorization, ...headers },
    ...(signal && { signal })
  })
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line): [string, string] => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*: ?/, '')])
      )
      yield { id: fields.get('id'), event: fields.get('event'), data: JSON.parse(fields.get('data') ?? 'null') }
    }
  }
}

/** A socket of the feed, and what came through it. */
function socket(on: World, url: string) {
  const opened = new WebSocket(on.running.url.replace('http', 'ws') + url, {
    headers: { authorization: on.authorization }
  })
  // biome-ignore lint/suspicious/noExplicitAny: messages are what tests look at
  const messages: any[] = []
  const heard = new Set<() => void>()
  opened.on('message', (data) => {
    messages.push(JSON.parse(String(data)))
    for (const look of heard) look()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    opened.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  const refused = new Promise<{ status: number | undefined; body: string }>((resolve) => {
    opened.on('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (part) => {
        body += part
      })
      response.on('end', () => resolve({ status: response.statusCode, body }))
    })
    opened.on('error', () => {})
  })
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isThere()) return
        heard.delete(look)
        resolve()
      }
      heard.add(look)
      look()
    })
  return {
    opened,
    messages,
    closed,
    refused,
    until,
    events: () => messages.flatMap((message): Told[] => message.events ?? []),
    ready: () => until(() => messages.length > 0)
  }
}

const sids = (events: readonly Told[]) => events.map(({ sid }) => sid)
const types = (events: readonly Told[]) => events.map(({ type }) => type)

let here: World
let floor: Floor

beforeAll(async () => {
  here = await world()
  floor = await Floor.open(here)
})
afterAll(() => here.close())

describe('a page of the feed', () => {
  test('tells what happened after a cursor, in the order of the log, each event with a cursor of its own', async () => {
    const before = await floor.now()
    const task = await floor.task({ topic: 'order' })
    const { events, cursor, has_more, truncated } = await floor.page({ cursor: before })
    expect(types(events)).toEqual(['task.created', 'workflow.entered', 'task-queue.entered'])
    expect(events[0]).toEqual({
      sid: expect.stringMatching(/^EV[0-9a-f]{32}$/),
      cursor: expect.any(String),
      type: 'task.created',
      at: new Date(morning).toISOString(),
      workspace_sid: floor.workspace,
      description: `Task ${task} created`,
      resource_type: 'task',
      resource_sid: task,
      data: expect.objectContaining({ task_sid: task, task_attributes: '{"topic":"order"}', workflow_name: 'Default' })
    })
    expect({ has_more, truncated, last: events.at(-1)?.cursor }).toEqual({
      has_more: false,
      truncated: false,
      last: cursor
    })
    const second = await floor.page({ cursor: events[1]?.cursor ?? '' })
    expect(sids(second.events)).toEqual(sids(events.slice(2)))
    expect(second.events).toHaveLength(1)
  })

  test('is the log of TaskRouter, event by event', async () => {
    const before = await floor.now()
    const task = await floor.task()
    const told = await floor.rest(before)
    const logged = await here.client.taskrouter.v1.workspaces(floor.workspace).events.list({ taskSid: task })
    expect(told.map(({ sid, type, description }) => [sid, type, description]).reverse()).toEqual(
      logged.map(({ sid, eventType, description }) => [sid, eventType, description])
    )
  })

  test('begins now without a cursor, or some time back, at most a day', async () => {
    await floor.task()
    expect((await floor.page({ wait_s: 0 })).events).toEqual([])
    await here.pass(3600)
    const task = await floor.task()
    for (const since of ['PT10M', new Date(morning + 1_800_000).toISOString()]) {
      const { events } = await floor.page({ since, types: 'task.created' })
      expect(events.map(({ data }) => data.task_sid)).toEqual([task])
    }
    const early = await floor.page({ since: 'P1D', limit: 1000 })
    expect(early.events.length).toBeGreaterThan(20)
    expect(early.events[0]?.at).toBe(new Date(morning).toISOString())
    expect(await floor.ask({ since: 'P2D' })).toMatchObject({ status: 400, body: { code: 20001 } })
    // The cursor wins: a program can leave `since` in its URL.
    expect((await floor.page({ since: 'PT10M', cursor: await floor.now(), wait_s: 0 })).events).toEqual([])
  })

  test('holds as many events as are asked for, and says that there are more', async () => {
    const before = await floor.now()
    await floor.task()
    const all = await floor.rest(before)
    const first = await floor.page({ cursor: before, limit: 2 })
    expect([sids(first.events), first.has_more]).toEqual([sids(all.slice(0, 2)), true])
    const second = await floor.page({ cursor: first.cursor, limit: 2 })
    expect([sids(second.events), second.has_more]).toEqual([sids(all.slice(2)), false])
  })

  test('moves its cursor on past what nobody asked for', async () => {
    const before = await floor.now()
    await floor.task()
    const { events, cursor } = await floor.page({ cursor: before, types: 'reservation.timeout', wait_s: 0 })
    expect(events).toEqual([])
    expect(cursor).toBe(await floor.now())
    const waited = floor.page({ cursor, types: 'reservation.timeout', wait_s: 1 })
    await floor.task()
    expect((await waited).cursor).toBe(await floor.now())
  })
})

describe('what narrows the feed', () => {
  test('is the type, exactly or by its beginning', async () => {
    const before = await floor.now()
    await floor.task()
    const all = await floor.rest(before)
    const some = await floor.rest(before, { types: 'task.created, workflow.*' })
    expect(types(some)).toEqual(['task.created', 'workflow.entered'])
    expect(sids(await floor.rest(before, { types: '*' }))).toEqual(sids(all))
    expect(sids(await floor.rest(before, { types: 'TASK.Created, Workflow.*' }))).toEqual(sids(some))
  })

  test('is whom or what it is about', async () => {
    const before = await floor.now()
    const [one, other] = [await floor.task(), await floor.task()]
    await here.call(`/taskrouter/v1/Workspaces/${floor.workspace}/Workers/${floor.worker}`, {
      Attributes: JSON.stringify({ note: `"task_sid":"${one}"` })
    })
    const all = await floor.rest(before)
    const about = (sid: string, name: string) => sids(all.filter(({ data }) => data[name] === sid))
    expect(sids(await floor.rest(before, { task_sid: one }))).toEqual(about(one, 'task_sid'))
    expect(sids(await floor.rest(before, { task_sid: other }))).toEqual(about(other, 'task_sid'))
    expect(types(await floor.rest(before, { worker_sid: floor.worker }))).toEqual(['worker.attributes.update'])
    expect(await floor.rest(before, { worker_sid: floor.worker, task_sid: one })).toEqual([])
    expect(sids(await floor.rest(before, { task_queue_sid: floor.queue }))).toEqual(
      about(floor.queue, 'task_queue_sid')
    )
    expect(sids(await floor.rest(before, { workspace_sid: floor.workspace }))).toEqual(sids(all))
    expect(await floor.rest(before, { workspace_sid: `WS${'0'.repeat(32)}` })).toEqual([])
  })

  test('is a conversation, with the channel that it carries, or an interaction', async () => {
    const before = await floor.now()
    const { client } = here
    const conversation = await client.conversations.v1.conversations.create({ friendlyName: 'Ana' })
    await client.conversations.v1.conversations(conversation.sid).participants.create({
      'messagingBinding.address': '+33600000001',
      'messagingBinding.proxyAddress': '+15005550006'
    })
    await client.conversations.v1
      .conversations(conversation.sid)
      .messages.create({ body: 'Bonjour', author: '+33600000001' })
    const interaction = await client.flexApi.v1.interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation.sid } },
      routing: {
        properties: { workspace_sid: floor.workspace, workflow_sid: floor.workflow, task_channel_unique_name: 'sms' }
      }
    })
    const talk = await floor.rest(before, { conversation_sid: conversation.sid })
    expect(types(talk)).toEqual(
      expect.arrayContaining(['conversation.added', 'message.added', 'interaction.channel.created'])
    )
    expect(talk.find(({ type }) => type === 'message.added')?.data).toMatchObject({ body: 'Bonjour' })
    const contact = await floor.rest(before, { interaction_sid: interaction.sid })
    expect(new Set(contact.map(({ data }) => data.interaction_sid))).toEqual(new Set([interaction.sid]))
    expect(types(contact)).toContain('interaction.created')
  })
})

describe('a question that makes no sense', () => {
  test.each([
    [
      { cursor: 'garbage' },
      'Parameter cursor is invalid: give a cursor as an earlier answer had it, or none and since'
    ],
    [{ types: 'task.creatd' }, "no event is called 'task.creatd'; there are workspace.*, activity.*"],
    [{ types: 'tusk.*' }, "no event is called 'tusk.*'"],
    [{ task_sid: `WK${'0'.repeat(32)}` }, 'Parameter task_sid is invalid: a SID that begins with WT is expected'],
    [{ worker_sid: 'amelie' }, 'Parameter worker_sid is invalid'],
    [{ task_id: 'WT1' }, 'Parameter task_id is unknown: there are cursor, since, types, workspace_sid'],
    [{ since: 'yesterday' }, 'Parameter since is invalid'],
    [{ wait_s: 51 }, 'Parameter wait_s is invalid: an integer from 0 to 50 is expected'],
    [{ limit: 0 }, 'Parameter limit is invalid: an integer from 1 to 1000 is expected']
  ])('%j is 400 at every door, and says why', async (query, message) => {
    const refusal = { code: 20001, status: 400, message: expect.stringContaining(message) }
    expect((await floor.ask(query)).body).toMatchObject(refusal)
    expect((await here.call(urlOf(`${feed}/stream`, query))).body).toMatchObject(refusal)
    const { status, body } = await socket(here, urlOf(`${feed}/socket`, query)).refused
    expect([status, JSON.parse(body)]).toMatchObject([400, refusal])
  })

  test('a cursor that was cut or belongs to another account is not taken for one', async () => {
    const cursor = await floor.now()
    expect(cursor).toHaveLength(20)
    expect((await floor.ask({ cursor: cursor.slice(0, -1) })).status).toBe(400)
    for (let place = 0; place < cursor.length; place++) {
      const wrong = `${cursor.slice(0, place)}${cursor[place] === 'A' ? 'B' : 'A'}${cursor.slice(place + 1)}`
      expect((await floor.ask({ cursor: wrong, wait_s: 0 })).status, wrong).toBe(400)
    }
    const elsewhere = await world({ seed: 2 })
    const { body } = await elsewhere.call(urlOf(feed, { wait_s: 0 }))
    await elsewhere.close()
    expect((await floor.ask({ cursor: body.cursor })).body.message).toContain('belongs to the log of another account')
  })

  test('nobody is told anything without credentials, nor by another method', async () => {
    for (const door of ['', '/stream', '/socket']) {
      const response = await fetch(here.running.url + feed + door)
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 20003 })
      for (const method of ['POST', 'PUT', 'DELETE'])
        expect(await here.call(feed + door, undefined, { method })).toMatchObject({
          status: 405,
          body: { code: 20004 }
        })
    }
    expect((await here.call(`${feed}/socket`)).status).toBe(426)
    const stranger = new WebSocket(`${here.running.url.replace('http', 'ws')}${feed}/socket`)
    const status = await new Promise((resolve) => {
      stranger.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      stranger.on('error', () => {})
    })
    expect(status).toBe(401)
  })
})

describe('waiting', () => {
  test('ends with the batch that brings something', async () => {
    const waiting = floor.page({ types: 'task.created', wait_s: 50 })
    await here.call(urlOf(feed, { wait_s: 0 })) // the first is there by now
    const task = await floor.task()
    const { events } = await waiting
    expect(events.map(({ data }) => data.task_sid)).toEqual([task])
  })

  test('is real time under a test clock: what moving it brings is told at once', async () => {
    const task = await floor.task()
    const cursor = await floor.now()
    const waiting = floor.page({ cursor, types: 'task.canceled', task_sid: task, wait_s: 50 })
    await here.pass(86_400)
    const { events } = await waiting
    expect(events).toMatchObject([{ type: 'task.canceled', at: '2026-03-03T10:00:00.000Z' }])
  })

  test('ends when its time is over, with nothing', async () => {
    const begun = performance.now()
    const { events, has_more } = await floor.page({ wait_s: 1 })
    expect({ events, has_more }).toEqual({ events: [], has_more: false })
    expect(performance.now() - begun).toBeGreaterThan(990)
  })
})

describe('a stream of server-sent events', () => {
  test('begins with its place, tells each event under its cursor, and goes on where it was left', async () => {
    const leave = new AbortController()
    const before = await floor.now()
    await floor.task()
    const stream = sse(here, feed, { accept: 'text/event-stream', 'last-event-id': before }, leave.signal)
    const opened = await stream.next()
    expect(opened.value).toEqual({ id: before, event: 'opened', data: { cursor: before } })
    const late = await floor.rest(before)
    const seen: { id: string | undefined; data: Told }[] = []
    for (let i = 0; i < late.length; i++) seen.push((await stream.next()).value as { id: string; data: Told })
    await floor.task()
    for (let i = 0; i < 2; i++) seen.push((await stream.next()).value as { id: string; data: Told })
    leave.abort()
    const all = await floor.rest(before)
    expect(seen.map(({ data }) => data.sid)).toEqual(sids(all.slice(0, seen.length)))
    expect(seen.map(({ id }) => id)).toEqual(all.slice(0, seen.length).map(({ cursor }) => cursor))
    const again = sse(here, urlOf(`${feed}/stream`, { since: 'PT1M' }), { 'last-event-id': seen.at(-1)?.id ?? '' })
    await again.next()
    expect((await again.next()).value?.data.sid).toBe(all[seen.length]?.sid)
    await again.return()
  })

  test('says why it ends when the server stops, and a new one goes on without a gap', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ringdown-feed-'))
    const first = await world({ data: folder })
    const its = await Floor.open(first)
    const cursor = await its.now()
    const stream = sse(first, `${feed}/stream`)
    await stream.next()
    const talk = socket(first, urlOf(`${feed}/socket`, { types: 'task.*' }))
    await talk.ready()
    const waiting = its.page({ wait_s: 50 })
    await its.now()
    await its.task()
    await waiting
    const idle = its.page({ wait_s: 50, types: 'task.deleted' })
    const said: unknown[] = []
    await its.now() // it waits by now
    const closing = first.running.close()
    expect((await idle).events).toEqual([])
    for await (const block of stream) said.push(block.event)
    expect(said.at(-1)).toBe('end')
    expect(await talk.closed).toMatchObject({ code: 1001, reason: expect.stringContaining('go on from cursor') })
    await closing
    const kept = talk.messages.at(-1).end
    const second = await world({ data: folder })
    const on = Floor.at(second, its)
    expect(types(await on.rest(cursor, { types: 'task.*' }))).toEqual(types(talk.events()))
    expect(await on.rest(kept.cursor, { types: 'task.*' })).toEqual([])
    await second.close()
    await rm(folder, { recursive: true })
  })
})

describe('a socket', () => {
  test('takes its parameters from the query, or from its first message', async () => {
    const before = await floor.now()
    const task = await floor.task()
    const byQuery = socket(here, urlOf(`${feed}/socket`, { cursor: before, types: 'task.*' }))
    const byMessage = socket(here, `${feed}/socket`)
    await new Promise((resolve) => byMessage.opened.once('open', resolve))
    byMessage.opened.send(JSON.stringify({ cursor: before, types: ['task.created', 'task.wrapup'], task_sid: task }))
    for (const one of [byQuery, byMessage]) {
      await one.until(() => one.events().length > 0)
      expect(one.messages[0]).toEqual({ events: [], cursor: before, has_more: true, truncated: false })
      expect(one.events().map(({ data }) => data.task_sid)).toEqual([task])
      one.opened.close()
    }
  })

  test('is told what was wrong with its first message', async () => {
    for (const [message, why] of [
      ['{', 'a JSON object with cursor'],
      ['{"cursor":"x"}', 'Parameter cursor is invalid'],
      ['{"types":["tusk"]}', "no event is called 'tusk'"]
    ]) {
      const one = socket(here, `${feed}/socket`)
      await new Promise((resolve) => one.opened.once('open', resolve))
      one.opened.send(message ?? '')
      expect(await one.closed).toMatchObject({ code: 1008 })
      expect(one.messages.at(-1)).toMatchObject({
        end: { reason: 'invalid', message: expect.stringContaining(why ?? '') }
      })
    }
  })

  test('misses nothing and gets nothing twice while everybody writes', async () => {
    const before = await floor.now()
    const early = Array.from({ length: 60 }, () => floor.task())
    const talks = []
    const streams: Promise<string[]>[] = []
    for (let i = 0; i < 10; i++) {
      const talk = socket(here, urlOf(`${feed}/socket`, { cursor: before }))
      talks.push(talk)
      streams.push(untilType(sse(here, urlOf(`${feed}/stream`, { cursor: before })), 'workspace.updated'))
      if (i % 3 === 0) await early[i * 5]
    }
    await Promise.all([...early, ...Array.from({ length: 60 }, () => floor.task())])
    await here.call(`/taskrouter/v1/Workspaces/${floor.workspace}`, { FriendlyName: 'The end' })
    const all = sids(await floor.rest(before, { limit: 1000 }))
    expect(all.length).toBeGreaterThan(360)
    for (const talk of talks) {
      await talk.until(() => talk.events().at(-1)?.type === 'workspace.updated')
      expect(sids(talk.events())).toEqual(all)
      talk.opened.close()
    }
    for (const stream of await Promise.all(streams)) expect(stream).toEqual(all)
  })
})

async function untilType(stream: ReturnType<typeof sse>, last: string): Promise<string[]> {
  const seen: string[] = []
  for await (const { data, event } of stream) {
    if (event === 'opened') continue
    seen.push(data.sid)
    if (data.type === last) break
  }
  return seen
}

test('any way to cut the log into polls gives the same events', async () => {
  const before = await floor.now()
  for (let i = 0; i < 25; i++) await floor.task()
  const all = await floor.rest(before, { limit: 1000 })
  const wanted = ['*', 'task.*', 'workflow.entered', 'task-queue.*']
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...wanted),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
      async (pattern, limits) => {
        const seen: Told[] = []
        let cursor = before
        for (let i = 0; ; i++) {
          const limit = limits[i % limits.length] ?? 1
          const page = await floor.page({ cursor, types: pattern, limit, wait_s: 0 })
          expect(page.events.length).toBeLessThanOrEqual(limit)
          seen.push(...page.events)
          cursor = page.cursor
          if (!page.has_more) break
        }
        const fits = (type: string) =>
          pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
        expect(sids(seen)).toEqual(sids(all.filter(({ type }) => fits(type))))
      }
    ),
    { numRuns: 30 }
  )
})

test('a cursor from before the oldest event goes on from there, and says that something is missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-feed-'))
  const first = await world({ data: folder })
  const its = await Floor.open(first)
  const before = await its.now()
  await its.task()
  await first.pass(15 * 86_400)
  const middle = await its.now()
  const task = await its.task()
  await first.pass(17 * 86_400)
  // What is still in memory is told; it is forgotten with the process.
  expect((await its.page({ cursor: before, limit: 1 })).truncated).toBe(false)
  await first.close()
  const second = await world({ data: folder })
  const again = Floor.at(second, its)
  const { events, truncated } = await again.page({ cursor: before, limit: 1 })
  expect({ truncated, task: events[0]?.data.task_sid, type: events[0]?.type }).toEqual({
    truncated: true,
    task,
    type: 'task.created'
  })
  expect((await again.page({ cursor: events[0]?.cursor ?? '' })).truncated).toBe(false)
  expect((await again.page({ cursor: middle })).truncated).toBe(false)
  const stream = sse(second, urlOf(`${feed}/stream`, { cursor: before }))
  expect((await stream.next()).value).toMatchObject({ id: before, event: 'opened' })
  expect((await stream.next()).value).toMatchObject({ event: 'truncated' })
  expect((await stream.next()).value?.data.sid).toBe(events[0]?.sid)
  await stream.return()
  await second.pass(40 * 86_400)
  const gone = await again.page({ cursor: middle, wait_s: 0 })
  expect(gone).toEqual({ events: [], cursor: await again.now(), has_more: false, truncated: true })
  await second.close()
  await rm(folder, { recursive: true })
})
