import { createHmac, randomBytes } from 'node:crypto'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mountMcp } from '../../packages/cli/src/mount.ts'
import { type Received, receiver } from '../support/receiver.ts'
import { Center } from './center.ts'
import { eras, type Negotiation } from './doors.ts'

/* The fourth door of MCP Events: what happens is sent to an address, signed, and as long as it is wanted. */

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/** Whether a request is signed by a secret, as Standard Webhooks have it. */
function isSignedBy({ headers, raw }: Received, secret: string): boolean {
  const id = headers['webhook-id']
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const due = createHmac('sha256', key).update(`${id}.${headers['webhook-timestamp']}.${raw}`).digest('base64')
  return String(headers['webhook-signature']).split(' ').includes(`v1,${due}`)
}

const later: Negotiation = { mode: { pin: '2026-07-28' } }

/** A key of its own, and what says that it is it. */
async function keyOf(world: Center['world'], more: Readonly<Record<string, string>> = {}) {
  const { account_sid: AccountSid } = world.running.credentials
  const { body } = await world.call('/iam/v1/Keys', { AccountSid, FriendlyName: 'agent', ...more })
  const authorization = `Basic ${Buffer.from(`${body.sid}:${body.secret}`).toString('base64')}`
  return { sid: String(body.sid), authorization }
}

async function floor(options: Parameters<typeof mountMcp>[1] = undefined, server: object = {}) {
  const center = await Center.open({ mcp: mountMcp('0.0.0', options), ...server })
  const { world } = center
  onTestFinished(() => world.close())
  const ear = await receiver({ auth_token: world.running.credentials.auth_token })
  onTestFinished(() => ear.close())
  // Whoever wants this echoes.
  ear.answer('/hook', ({ json }) => (json.type === 'verification' ? { body: { challenge: json.challenge } } : {}))
  const clientOf = async (authorization = world.authorization, negotiation: Negotiation = later) => {
    const options = negotiation ? { versionNegotiation: negotiation } : {}
    const client = new Client({ name: 'test', version: '0.0.0' }, options)
    const url = new URL(`${world.running.url}/mcp`)
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization } } }))
    onTestFinished(() => client.close())
    return client
  }
  const connect = async (authorization?: string) => {
    const client = await clientOf(authorization)
    return (method: string, params: object = {}): Promise<Answer> =>
      client.request({ method, params } as never, anything as never)
  }
  const secret = newSecret()
  const to = (path = '/hook', own = secret) => ({ mode: 'webhook', url: ear.url + path, secret: own })
  const told = () => ear.to('/hook').filter(({ json }) => json.type === undefined)
  const arrived = async (count: number) => {
    await world.pass(0)
    await ear.until(() => told().length >= count)
    return told()
  }
  return { center, world, ear, clientOf, connect, ask: await connect(), secret, to, told, arrived }
}

describe('a webhook', () => {
  it('is asked once whether it wants this, and then told with the SIDs and cursors that a poll has', async () => {
    const { center, ask, ear, secret, to, arrived } = await floor()
    const { events } = await ask('events/list')
    expect(events[0].delivery).toEqual(['poll', 'push', 'webhook'])
    const offers = { name: 'reservation.offered', arguments: { workerSid: 'amelie' } }
    const { cursor } = await ask('events/poll', { ...offers, cursor: null })
    const made = await ask('events/subscribe', { ...offers, delivery: to() })
    expect(made).toMatchObject({
      id: expect.stringMatching(/^sub_[0-9a-f]{32}$/),
      refreshBefore: '2026-03-02T10:00:00.000Z',
      truncated: false,
      deliveryStatus: { active: true, lastDeliveryAt: null, lastError: null }
    })
    // Another subscription to the same address needs no challenge.
    await ask('events/subscribe', { name: 'message.added', delivery: to() })
    const [challenge, ...more] = ear.to('/hook')
    expect(more).toEqual([])
    expect(challenge?.json).toEqual({ type: 'verification', challenge: expect.any(String) })
    expect(challenge && isSignedBy(challenge, secret)).toBe(true)
    expect(challenge?.headers['webhook-id']).toMatch(/^msg_verification_/)
    const { task } = await center.offer()
    const [sent] = await arrived(1)
    const polled = await ask('events/poll', { ...offers, cursor })
    expect(sent?.json).toEqual(polled.events[0])
    expect(sent?.json.data.taskSid).toBe(task)
    expect(sent && isSignedBy(sent, secret)).toBe(true)
    expect(sent?.headers).toMatchObject({
      'webhook-id': polled.events[0].eventId,
      'x-mcp-subscription-id': made.id,
      'content-type': 'application/json'
    })
  })

  it('is refused that does not echo, is not there, or is not to be dialed; and so is a bad secret', async () => {
    const { ask, ear, to } = await floor()
    const offers = { name: 'task.finished' }
    ear.answer('/liar', { body: { challenge: 'something else' } })
    ear.answer('/broken', { status: 500 })
    ear.answer('/elsewhere', { status: 302, headers: { location: `${ear.url}/hook` } })
    const url = (address: string) => ({ ...to(), url: address })
    const cases = [
      [to('/liar'), -32015, 'challenge_failed'],
      [to('/broken'), -32015, 'challenge_failed'],
      [to('/elsewhere'), -32015, 'challenge_failed'],
      [url('http://127.0.0.1:1/hook'), -32015, 'connection_refused'],
      [url('http://example.com/hook'), -32602, undefined],
      [url('https://ann:secret@example.com/hook'), -32602, undefined],
      [url('nonsense'), -32602, undefined],
      [to('/hook', 'whsec_c2hvcnQ='), -32602, undefined],
      [to('/hook', 'secret'), -32602, undefined],
      [{ ...to(), mode: 'push' }, -32014, undefined],
      [undefined, -32602, undefined]
    ] as const
    for (const [delivery, code, reason] of cases)
      await expect(ask('events/subscribe', { ...offers, delivery }), JSON.stringify(delivery)).rejects.toMatchObject({
        code,
        ...(reason && { data: { reason } })
      })
    await expect(ask('events/subscribe', { name: 'task.lost', delivery: to() })).rejects.toMatchObject({ code: -32011 })
    expect(ear.to('/hook')).toEqual([])
  })

  it('is not dialed where it is not on the public Internet', async () => {
    const { ask, to } = await floor(undefined, { allowPrivateDestinations: false })
    await expect(ask('events/subscribe', { name: 'task.finished', delivery: to() })).rejects.toMatchObject({
      code: -32015,
      data: { reason: 'connection_refused' }
    })
  })

  it('gets what has happened since a cursor, and nothing twice when it is asked for again', async () => {
    const { center, ask, to, arrived, told } = await floor()
    const ended = { name: 'task.finished' }
    const { cursor } = await ask('events/poll', { ...ended, cursor: null })
    const tasks = [await center.task(), await center.task(), await center.task()]
    const cancel = (sid = '') => center.workspace.tasks(sid).update({ assignmentStatus: 'canceled' })
    await cancel(tasks[0])
    await cancel(tasks[1])
    const made = await ask('events/subscribe', { ...ended, cursor, delivery: to() })
    expect(made).toMatchObject({ cursor, truncated: false })
    await arrived(2)
    await cancel(tasks[2])
    await arrived(3)
    expect((await ask('events/subscribe', { ...ended, cursor, delivery: to() })).id).toBe(made.id)
    await center.world.pass(600)
    const { events } = await ask('events/poll', { ...ended, cursor })
    expect(told().map(({ json }) => json)).toEqual(events)
    expect(events.map(({ data }: Answer) => data.taskSid)).toEqual(tasks)
  })

  it('is tried again in order, but not after 410; its status says how it is', async () => {
    const { center, ask, ear, to, told, arrived } = await floor()
    const ended = { name: 'task.finished' }
    await ask('events/subscribe', { ...ended, delivery: to() })
    const statuses = [503, 200, 410, 200]
    ear.answer('/hook', () => ({ status: statuses.shift() ?? 200 }))
    for (const _ of [1, 2, 3]) {
      const sid = await center.task()
      await center.workspace.tasks(sid).update({ assignmentStatus: 'canceled' })
    }
    await center.world.pass(120)
    await arrived(4)
    const ids = told().map(({ json }) => json.eventId)
    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[3]])
    expect(new Set(ids).size).toBe(3)
    const again = await ask('events/subscribe', { ...ended, delivery: to() })
    expect(again.deliveryStatus).toMatchObject({ active: true, lastError: null, lastDeliveryAt: expect.any(String) })
  })

  it('is signed by both secrets for ten minutes when it gets another one', async () => {
    const { center, world, ask, secret, to, arrived } = await floor()
    const ended = { name: 'task.finished' }
    const { id } = await ask('events/subscribe', { ...ended, delivery: to() })
    const other = newSecret()
    expect((await ask('events/subscribe', { ...ended, delivery: to('/hook', other) })).id).toBe(id)
    const cancel = async () => center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
    await cancel()
    const [first] = await arrived(1)
    expect([secret, other].map((one) => first && isSignedBy(first, one))).toEqual([true, true])
    await world.pass(601)
    await cancel()
    const [, second] = await arrived(2)
    expect([secret, other].map((one) => second && isSignedBy(second, one))).toEqual([false, true])
  })

  it('ends with its time, when it is unsubscribed, and with its key', async () => {
    const { center, world, ask, connect, to, told, arrived } = await floor()
    const ended = { name: 'task.finished' }
    const cancel = async () => {
      await center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
      await world.pass(0)
    }
    const { refreshBefore } = await ask('events/subscribe', { ...ended, delivery: to(), ttlMs: 120_000 })
    expect(refreshBefore).toBe('2026-03-02T09:02:00.000Z')
    await world.pass(121)
    await cancel()
    expect(told()).toEqual([])
    await ask('events/subscribe', { ...ended, delivery: to(), ttlMs: null })
    await cancel()
    await arrived(1)
    const ending = { ...ended, delivery: { url: to().url } }
    await ask('events/unsubscribe', ending)
    const none = { code: -32011, data: { kind: 'subscription' } }
    await expect(ask('events/unsubscribe', ending)).rejects.toMatchObject(none)
    await cancel()
    expect(told()).toHaveLength(1)
    const key = await keyOf(world)
    const own = await connect(key.authorization)
    await own('events/subscribe', { ...ended, delivery: to() })
    // Nobody ends what somebody else has subscribed to.
    await expect(ask('events/unsubscribe', ending)).rejects.toMatchObject(none)
    await cancel()
    await arrived(2)
    await world.call(`/iam/v1/Keys/${key.sid}`, undefined, { method: 'DELETE' })
    await cancel()
    expect(told()).toHaveLength(2)
  })

  it('is told when its key is gone, signed, and nothing else of what was to come', async () => {
    const { center, world, ear, connect, secret, to, told } = await floor()
    const { sid, authorization } = await keyOf(world)
    const own = await connect(authorization)
    const ended = { name: 'task.finished' }
    const { id } = await own('events/subscribe', { ...ended, delivery: to() })
    ear.answer('/hook', { status: 503 })
    await center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
    await world.pass(0)
    await ear.until(() => told().length === 1)
    await world.call(`/iam/v1/Keys/${sid}`, undefined, { method: 'DELETE' })
    const ends = () => ear.to('/hook').filter(({ json }) => json.type === 'terminated')
    // In its turn, after what was to be tried again.
    await world.pass(5)
    await ear.until(() => ends().length >= 1)
    const listed = await world.call('/ringdown/v1/SituationSubscriptions')
    expect(listed.body.situation_subscriptions).toEqual([])
    // It is tried again under the same id, as everything is.
    ear.answer('/hook', {})
    await world.pass(60)
    await ear.until(() => ends().length >= 2)
    await world.pass(3_600)
    expect(new Set(ends().map(({ raw }) => raw)).size).toBe(1)
    const [first, last] = [ends()[0], ends().at(-1)]
    expect(last?.json).toEqual({ type: 'terminated', error: { code: -32012, message: expect.any(String) } })
    expect(last && isSignedBy(last, secret)).toBe(true)
    expect(last?.headers).toMatchObject({
      'webhook-id': expect.stringMatching(/^msg_terminated_/),
      'x-mcp-subscription-id': id
    })
    expect(first?.headers['webhook-id']).toBe(last?.headers['webhook-id'])
    expect(told()).toHaveLength(1)
  })

  it('is told when the policy of its key has changed, and may be asked for again', async () => {
    const { center, world, ear, connect, to, told } = await floor()
    const policy = (...allow: string[]) => JSON.stringify({ allow })
    const { sid, authorization } = await keyOf(world, {
      KeyType: 'restricted',
      Policy: policy('/twilio/*', '/ringdown/*')
    })
    const own = await connect(authorization)
    const wanted = { name: 'task.finished', delivery: to() }
    const { id } = await own('events/subscribe', wanted)
    await world.call(`/iam/v1/Keys/${sid}`, { Policy: policy('/ringdown/*') })
    await world.pass(0)
    await ear.until(() => ear.to('/hook').some(({ json }) => json.type === 'terminated'))
    expect(told()).toEqual([])
    await world.call(`/iam/v1/Keys/${sid}`, { Policy: policy('/twilio/*', '/ringdown/*') })
    expect(await own('events/subscribe', wanted)).toMatchObject({ id, truncated: false })
    await center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
    await world.pass(0)
    await ear.until(() => told().length === 1)
  })

  it('is told of a gap where something was given up, once and until it knows; the cursor is one to go on from', async () => {
    const { center, world, ask, ear, secret, to, told } = await floor()
    const ended = { name: 'task.finished' }
    const { id } = await ask('events/subscribe', { ...ended, delivery: to(), ttlMs: null })
    const cancel = async () => center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
    const gaps = () => ear.to('/hook').filter(({ json }) => json.type === 'gap')
    ear.answer('/hook', { status: 503 })
    await cancel()
    await cancel()
    await expect
      .poll(
        async () => {
          await world.pass(120)
          return gaps().length
        },
        { timeout: 20_000, interval: 50 }
      )
      .toBeGreaterThan(1)
    expect(new Set(told().map(({ json }) => json.eventId)).size).toBe(2)
    ear.answer('/hook', {})
    const before = gaps().length
    await expect
      .poll(
        async () => {
          await world.pass(60)
          return gaps().length
        },
        { timeout: 20_000, interval: 50 }
      )
      .toBeGreaterThan(before)
    const gap = gaps().at(-1)
    expect(gap?.json).toEqual({ type: 'gap', cursor: expect.any(String) })
    expect(gap && isSignedBy(gap, secret)).toBe(true)
    expect(gap?.headers).toMatchObject({
      'webhook-id': expect.stringMatching(/^msg_gap_/),
      'x-mcp-subscription-id': id
    })
    await cancel()
    await world.pass(3_600)
    const { events } = await ask('events/poll', { ...ended, cursor: gap?.json.cursor })
    expect(events).toHaveLength(1)
    expect(told().at(-1)?.json).toEqual(events[0])
    expect(gaps().at(-1)).toBe(gap)
  })

  it('has no gap where its address does not want something', async () => {
    const { center, world, ask, ear, to, told, arrived } = await floor()
    await ask('events/subscribe', { name: 'task.finished', delivery: to() })
    const cancel = async () => center.workspace.tasks(await center.task()).update({ assignmentStatus: 'canceled' })
    ear.answer('/hook', [{ status: 410 }, {}])
    await cancel()
    await arrived(1)
    await cancel()
    await arrived(2)
    await world.pass(1_200)
    expect(ear.to('/hook').filter(({ json }) => json.type === 'gap')).toEqual([])
    expect(told()).toHaveLength(2)
  })

  it('is of one key a hundred times at most', async () => {
    const { center, ask, to } = await floor()
    const conversation = await center.conversation('one')
    const sids = Array.from({ length: 101 }, (_, i) => `CH${i.toString(16).padStart(32, '0')}`)
    for (const conversationSid of [conversation, ...sids.slice(0, 99)])
      await ask('events/subscribe', { name: 'message.added', arguments: { conversationSid }, delivery: to() })
    await expect(
      ask('events/subscribe', { name: 'message.added', arguments: { conversationSid: sids[100] }, delivery: to() })
    ).rejects.toMatchObject({ code: -32013 })
  }, 30_000)

  it('forgets what was written when that is removed', async () => {
    const { center, world, ask, ear, to } = await floor()
    const sid = await center.conversation('one')
    await ask('events/subscribe', { name: 'message.added', arguments: { conversationSid: sid }, delivery: to() })
    ear.answer('/hook', { status: 503 })
    const { messages } = world.client.conversations.v1.conversations(sid)
    const message = await messages.create({ author: '+33600000001', body: 'CANARY' })
    await world.pass(1)
    const kept = async () => {
      const { body } = await world.call('/ringdown/v1/Deliveries?Kind=situation_webhook')
      return (await world.call(`/ringdown/v1/Deliveries/${body.deliveries[0].sid}`)).body
    }
    expect(JSON.stringify(await kept())).toContain('CANARY')
    await world.client.conversations.v1.conversations(sid).messages(message.sid).remove()
    await world.pass(60)
    await expect.poll(async () => JSON.stringify(await kept()).includes('CANARY'), { timeout: 10_000 }).toBe(false)
    const left = JSON.stringify(await kept())
    expect(left).not.toContain('33600000001')
    expect(left).toContain(message.sid)
  })

  it('is told what customers write as far as it may be shown', async () => {
    const { center, ask, to, arrived } = await floor({ hideCustomerText: true, redact: true })
    const sid = await center.conversation('one')
    await ask('events/subscribe', {
      name: 'message.added',
      arguments: { conversationSid: sid, role: 'customer' },
      delivery: to()
    })
    const { messages } = center.world.client.conversations.v1.conversations(sid)
    await messages.create({ author: 'amelie', body: 'I am here' })
    await messages.create({ author: '+33600000001', body: 'CANARY, call +33699999999' })
    const [sent, ...others] = await arrived(1)
    expect(others).toEqual([])
    expect(sent?.json.data).toMatchObject({ role: 'customer', notice: expect.stringContaining('never instructions') })
    expect(sent?.raw).not.toMatch(/CANARY|33600000001|33699999999/)
  })
})

describe('a stream of a key', () => {
  it.each(eras)(
    'says that it is over when the key is gone, in protocol %s',
    async (_version, negotiation) => {
      const { world, clientOf } = await floor()
      const { sid, authorization } = await keyOf(world)
      const client = await clientOf(authorization, negotiation)
      const frames: Answer[] = []
      for (const what of ['active', 'terminated'])
        client.setNotificationHandler(`notifications/events/${what}`, { params: anything }, (told: unknown) => {
          frames.push([what, told])
        })
      const over = client
        .request(
          { method: 'events/stream', params: { name: 'task.finished', cursor: null } } as never,
          anything as never,
          {
            timeout: 60_000
          }
        )
        .catch((error: unknown) => error)
      await expect.poll(() => frames.length, { timeout: 10_000 }).toBe(1)
      await world.call(`/iam/v1/Keys/${sid}`, undefined, { method: 'DELETE' })
      await over
      expect(frames.map(([what]) => what)).toEqual(['active', 'terminated'])
      expect(frames[1][1].error).toMatchObject({ code: -32012 })
    },
    60_000
  )
})
