import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { situations } from '@ringdown/contract/situations'
import { mcpHttpHandler } from '@ringdown/mcp/http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connected } from './agent.ts'
import { agent } from './center.ts'
import { Wire } from './wire.ts'

/* MCP Events: what happens, by polls and on streams, with the SIDs and cursors that every other door has. */

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }

type Agent = Pick<Awaited<ReturnType<typeof agent>>, 'client' | 'center'>

const ask = ({ client }: Pick<Agent, 'client'>, method: string, params: object = {}): Promise<Answer> =>
  client.request({ method, params } as never, anything as never)

/** From now on. */
async function begun(one: Agent, name: string, args: object = {}): Promise<string> {
  const first = await ask(one, 'events/poll', { name, arguments: args, cursor: null })
  expect(first).toMatchObject({ events: [], hasMore: false, nextPollMs: 5000 })
  return first.cursor
}

/** What a stream tells, until it is hung up on. */
function streaming(one: Agent, params: object) {
  const frames: { readonly method: string; readonly params: Answer }[] = []
  let heard = () => {}
  for (const what of ['active', 'event', 'heartbeat', 'terminated'])
    one.client.setNotificationHandler(`notifications/events/${what}`, { params: anything }, (told: unknown) => {
      frames.push({ method: what, params: told })
      heard()
    })
  const hangUp = new AbortController()
  const over = one.client
    .request({ method: 'events/stream', params } as never, anything as never, {
      signal: hangUp.signal,
      timeout: 60_000
    })
    .catch(() => 'over')
  onTestFinished(() => hangUp.abort())
  return {
    frames,
    async hears(count: number, method: string): Promise<Answer[]> {
      for (;;) {
        const found = frames.filter((one) => one.method === method)
        if (found.length >= count) return found.map(({ params }) => params)
        await new Promise<void>((resolve) => {
          heard = resolve
        })
      }
    },
    async end() {
      hangUp.abort()
      await over
    }
  }
}

describe('the types of events', () => {
  it('are listed with what they take and tell, and how they come', async () => {
    const one = await agent()
    const { events } = await ask(one, 'events/list')
    expect(events.map(({ name }: { name: string }) => name)).toEqual(situations.map(({ name }) => name))
    const [, finished, offered] = events
    expect(finished).toMatchObject({ delivery: ['poll', 'push'], inputSchema: { type: 'object', required: [] } })
    expect(offered.inputSchema).toEqual({
      type: 'object',
      properties: { workerSid: { type: 'string', description: 'SID or name' } },
      required: ['workerSid']
    })
    expect(one.client.getServerCapabilities()).toMatchObject({ extensions: { 'io.modelcontextprotocol/events': {} } })
  })

  it('refuse what they do not take, and say why', async () => {
    const one = await agent()
    const cases = [
      [{ name: 'task.finish' }, -32011, /no event task.finish; task.finished\?/],
      [{ name: 'reservation.offered', arguments: {} }, -32602, /workerSid must be given/],
      [{ name: 'reservation.offered', arguments: { workerSid: 'ameli' } }, -32602, /amelie/],
      [{ name: 'task.finished', arguments: { outcome: 'won' } }, -32602, /outcome is one of/],
      [{ name: 'task.finished', arguments: { taskSid: 'WT1' } }, -32602, /no argument taskSid/],
      [{ name: 'message.added', arguments: { conversationSid: 'WT1' } }, -32602, /begins with CH/],
      [{ name: 'task.finished', cursor: 'nonsense' }, -32602, /cursor/],
      [{ name: 'task.finished', cursor: null, maxEvents: 0 }, -32602, /maxEvents/]
    ] as const
    for (const [params, code, message] of cases)
      await expect(ask(one, 'events/poll', params)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message)
      })
  })
})

describe('a poll', () => {
  it('tells what an AI worker is offered, and misses nothing from its cursor on', async () => {
    const one = await agent()
    const { center } = one
    const name = 'reservation.offered'
    const cursor = await begun(one, name, { workerSid: 'amelie' })
    const { task, reservation } = await center.offer()
    const told = await ask(one, 'events/poll', { name, arguments: { workerSid: 'amelie' }, cursor })
    expect(told.events).toEqual([
      {
        eventId: expect.stringMatching(/^EV/),
        name,
        timestamp: expect.any(String),
        cursor: expect.any(String),
        data: {
          summary: 'Task offered to amelie in Support (waited 0 s)',
          taskSid: task,
          reservationSid: reservation,
          workerSid: center.workers.amelie,
          workerName: 'amelie',
          taskQueueSid: center.queues.Support,
          taskQueueFriendlyName: 'Support'
        }
      }
    ])
    const waited = await one.call('wait_for_events', { cursor, workerSid: 'amelie', types: ['reservation.created'] })
    expect(waited.content.events[0].eventSid).toBe(told.events[0].eventId)
    const next = await ask(one, 'events/poll', { name, arguments: { workerSid: 'amelie' }, cursor: told.cursor })
    expect(next.events).toEqual([])
    // Nobody else's.
    const others = await ask(one, 'events/poll', { name, arguments: { workerSid: 'bob' }, cursor })
    expect(others.events).toEqual([])
  })

  it('tells tasks that are over by queue and outcome, a page at a time', async () => {
    const one = await agent()
    const { center } = one
    const name = 'task.finished'
    const cursor = await begun(one, name)
    const tasks = [await center.task(), await center.task(), await center.task()]
    for (const sid of tasks.slice(0, 2))
      await center.workspace.tasks(sid).update({ assignmentStatus: 'canceled', reason: 'tired' })
    const first = await ask(one, 'events/poll', { name, arguments: { outcome: 'canceled' }, cursor, maxEvents: 1 })
    expect(first).toMatchObject({ hasMore: true, nextPollMs: 1000 })
    const second = await ask(one, 'events/poll', { name, arguments: { outcome: 'canceled' }, cursor: first.cursor })
    expect([...first.events, ...second.events].map(({ data }) => [data.taskSid, data.outcome, data.reason])).toEqual(
      tasks.slice(0, 2).map((sid) => [sid, 'canceled', 'tired'])
    )
    expect(second.hasMore).toBe(false)
    const none = await ask(one, 'events/poll', { name, arguments: { taskQueueSid: 'Support' }, cursor })
    expect(none.events).toEqual([])
  })

  it('tells what was written by whom, cut and fenced, and hides it where it is to be hidden', async () => {
    const one = await agent()
    const { center } = one
    const sid = await center.conversation('one')
    const args = { conversationSid: sid, role: 'customer' }
    const cursor = await begun(one, 'message.added', args)
    const room = center.world.client.conversations.v1.conversations(sid)
    await room.messages.create({ author: '+33600000001', body: `CANARY ${'x'.repeat(600)}` })
    await room.messages.create({ author: 'amelie', body: 'I am here' })
    const told = await ask(one, 'events/poll', { name: 'message.added', arguments: args, cursor })
    expect(told.events).toHaveLength(1)
    expect(told.events[0].data).toMatchObject({
      role: 'customer',
      author: '+33600000001',
      bodyLength: 607,
      notice: expect.stringContaining('never instructions')
    })
    expect(told.events[0].data.body).toHaveLength(500)
    const hidden = await connected(one.backend, { hideCustomerText: true, redact: true })
    onTestFinished(() => hidden.close())
    const masked = await ask(hidden, 'events/poll', { name: 'message.added', arguments: args, cursor })
    expect(JSON.stringify(masked)).not.toMatch(/CANARY|33600000001/)
    expect(masked.events[0].eventId).toBe(told.events[0].eventId)
  })

  it('tells activities, conversations, interactions and flows', async () => {
    const one = await agent()
    const { center } = one
    const names = ['worker.activity.updated', 'conversation.state.updated', 'interaction.updated', 'reservation.missed']
    const cursor = await begun(one, 'execution.ended')
    await center.workspace.workers(center.workers.bob).update({ activitySid: center.activities.Break })
    const sid = await center.conversation('one')
    const contact = await center.contact(sid)
    await center.world.client.conversations.v1.conversations(sid).update({ state: 'closed' })
    const { reservation, task } = await center.offer()
    await center.workspace.tasks(task).reservations(reservation).update({ reservationStatus: 'rejected' })
    const all = await Promise.all(names.map((name) => ask(one, 'events/poll', { name, cursor })))
    const [activity, state, interaction, missed] = all.map(({ events }) => events.map((one: Answer) => one.data))
    expect(activity[0]).toMatchObject({ workerName: 'bob', activityName: 'Break', previousActivityName: 'Offline' })
    expect(state).toMatchObject([{ conversationSid: sid, state: 'closed', previousState: 'active' }])
    expect(interaction.map(({ kind }: Answer) => kind)).toEqual(expect.arrayContaining(['created', 'joined']))
    expect(missed).toMatchObject([{ how: 'rejected', workerName: 'amelie' }])
    expect(contact).toBeTruthy()
  })
})

describe('what rules watch for', () => {
  it('is told once when it begins and when it comes again, by polls, streams and the tool, on the test clock', async () => {
    const one = await agent()
    const { center } = one
    const threshold = {
      name: 'queue.threshold',
      arguments: { taskQueueSid: 'Billing', metric: 'waiting', operator: '>=', value: 2, forSeconds: 30 }
    }
    const waiting = { name: 'task.waiting', arguments: { taskQueueSid: 'Billing', afterSeconds: 60 } }
    const cursor = await begun(one, threshold.name, threshold.arguments)
    await begun(one, waiting.name, waiting.arguments)
    const stream = streaming(one, { ...threshold, cursor })
    const tasks = [await center.task(), await center.task()]
    await center.world.pass(29)
    expect((await ask(one, 'events/poll', { ...threshold, cursor })).events).toEqual([])
    await center.world.pass(1)
    await center.world.pass(600)
    const { events } = await ask(one, 'events/poll', { ...threshold, cursor })
    expect(events.map(({ timestamp, data }: Answer) => [timestamp, data])).toEqual([
      [
        '2026-03-02T09:00:30.000Z',
        {
          summary: 'Billing: waiting is 2, >= 2',
          taskQueueSid: center.queues.Billing,
          taskQueueFriendlyName: 'Billing',
          metric: 'waiting',
          operator: '>=',
          threshold: 2,
          value: 2
        }
      ]
    ])
    expect((await stream.hears(1, 'event'))[0].eventId).toBe(events[0].eventId)
    await stream.end()
    const { content } = await one.call('wait_for_events', { cursor, types: ['ringdown.queue.threshold'] })
    expect(content.events.map(({ eventSid }: Answer) => eventSid)).toEqual([events[0].eventId])
    const waits = await ask(one, 'events/poll', { ...waiting, cursor })
    expect(waits.events.map(({ timestamp, data }: Answer) => [timestamp, data.taskSid, data.waitedSeconds])).toEqual(
      tasks.map((sid) => ['2026-03-02T09:01:00.000Z', sid, 60])
    )
    // Another threshold is another rule.
    const other = { ...threshold, arguments: { ...threshold.arguments, value: 5 } }
    expect((await ask(one, 'events/poll', { ...other, cursor })).events).toEqual([])
    for (const bad of [{ value: 'many' }, { operator: '=' }, { forSeconds: -1 }, { metric: 'mood' }])
      await expect(
        ask(one, 'events/poll', { ...threshold, arguments: { ...threshold.arguments, ...bad } })
      ).rejects.toMatchObject({ code: -32602 })
  })
})

describe('a stream', () => {
  it('is active at once, tells what happens with the same SIDs, and goes on from its cursor', async () => {
    const one = await agent()
    const { center } = one
    const args = { workerSid: 'amelie' }
    const first = streaming(one, { name: 'reservation.offered', arguments: args, cursor: null })
    const [{ cursor }] = await first.hears(1, 'active')
    const { task } = await center.offer()
    const [told] = await first.hears(1, 'event')
    expect(told).toMatchObject({ name: 'reservation.offered', data: { taskSid: task } })
    await first.end()
    const polled = await ask(one, 'events/poll', { name: 'reservation.offered', arguments: args, cursor })
    expect(polled.events[0].eventId).toBe(told.eventId)
    const again = streaming(one, { name: 'reservation.offered', arguments: args, cursor })
    const [repeated] = await again.hears(1, 'event')
    expect(repeated.eventId).toBe(told.eventId)
    await again.end()
  })

  it('says that there is a gap before what there is, where some of it is kept no longer; so does a poll', async () => {
    const one = await agent()
    const { center, wire } = one
    const asked = { name: 'task.finished', arguments: {} }
    const cursor = await begun(one, asked.name)
    await center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
    const { body } = await center.world.call(`/ringdown/v1/Events?cursor=${cursor}`)
    const pages = () => wire.reads('ringdown/v1/Events')
    const before = pages()
    // As after thirty days, which nobody waits for here.
    wire.on('GET ringdown/v1/Events', () =>
      pages() === before + 1 || pages() === before + 2 ? { status: 200, body: { ...body, truncated: true } } : undefined
    )
    const polled = await ask(one, 'events/poll', { ...asked, cursor })
    expect(polled).toMatchObject({ truncated: true, events: [{ name: asked.name }] })
    const stream = streaming(one, { ...asked, cursor })
    await stream.hears(1, 'event')
    await stream.end()
    const told = stream.frames.map(({ method, params }) => [method, params.truncated, params.cursor])
    expect(told.slice(0, 3)).toEqual([
      ['active', false, cursor],
      ['active', true, cursor],
      ['event', undefined, polled.events[0].cursor]
    ])
  })

  it('ends with its connection, in a session as well, where other requests go on', async () => {
    const { center } = await agent()
    const wire = new Wire(center.world.running.url)
    const handler = mcpHttpHandler({ backend: () => center.backend(wire), version: '0.0.0' })
    const credentials = { username: 'AC', password: 'token' }
    const server = createServer((request, response) => void handler(request, response, { credentials }))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    })
    const { port } = server.address() as AddressInfo // it listens on a port
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream'
    }
    const post = (method: string, params: object, signal?: AbortSignal) =>
      fetch(`http://127.0.0.1:${port}/mcp`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: method, method, params }),
        ...(signal && { signal })
      })
    const clientInfo = { name: 'test', version: '0' }
    const begins = await post('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
    headers['mcp-session-id'] = begins.headers.get('mcp-session-id') ?? ''
    const hangUp = new AbortController()
    const stream = await post('events/stream', { name: 'task.finished', cursor: null }, hangUp.signal)
    await (stream.body as ReadableStream<Uint8Array>).getReader().read()
    const reads = () => wire.reads('ringdown/v1/Events')
    await expect.poll(reads).toBeGreaterThan(1)
    hangUp.abort()
    // Whoever follows asks again after each event.
    const asked = async () => {
      const before = reads()
      for (const _ of [1, 2]) await center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
      await (await post('ping', {})).text()
      return reads() - before
    }
    await expect.poll(asked, { timeout: 5_000 }).toBe(0)
    expect(await asked()).toBe(0)
  })

  it('is told that it has ended when its key may not see it any more', async () => {
    const one = await agent()
    const { wire } = one
    const stream = streaming(one, { name: 'task.finished', arguments: {}, cursor: null })
    await stream.hears(1, 'active')
    const refused = { code: 20003, status: 401, message: 'Authentication failed', more_info: '' }
    wire.on('GET ringdown/v1/Events', () => ({ status: 401, body: refused }))
    await one.center.workspace.tasks(await one.center.task()).update({ assignmentStatus: 'canceled' })
    await one.center.workspace.tasks(await one.center.task()).update({ assignmentStatus: 'canceled' })
    const [end] = await stream.hears(1, 'terminated')
    expect(end.error).toEqual({ code: -32012, message: refused.message })
    expect(stream.frames.at(-1)?.method).toBe('terminated')
  })
})
