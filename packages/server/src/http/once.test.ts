import { afterEach, beforeEach, expect, it } from 'vitest'
import { Served } from './fixture.ts'

/** A create that is asked for again: what the first request has done is not done twice. */

let world: Served
let workspace: string

beforeEach(async () => {
  world = await Served.open()
  const created = await world.post('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor' })
  workspace = `/taskrouter/v1/Workspaces/${created.body.sid}`
})
afterEach(() => world.close())

const key = { 'idempotency-key': 'bubble-1' }

async function names(): Promise<string[]> {
  const { body } = await world.get(`${workspace}/Workers`)
  return body.workers.map((worker: { friendly_name: string }) => worker.friendly_name)
}

it('answers the same request under its key with the first answer, to the byte, whatever has changed since', async () => {
  const first = await world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, key)
  expect(first).toMatchObject({ status: 201, body: { friendly_name: 'Emil' } })
  expect(first.headers['idempotent-replayed']).toBeUndefined()
  await world.post(`${workspace}/Workers/${first.body.sid}`, { FriendlyName: 'Emilia' })
  const second = await world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, key)
  expect(second.body).toEqual(first.body)
  expect(second.status).toBe(201)
  expect(second.headers.etag).toBe(first.headers.etag)
  expect(second.headers['idempotent-replayed']).toBe('true')
  expect(await names()).toEqual(['Emilia'])
})

it('makes one row for requests that come at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, key))
  )
  expect(new Set(answers.map(({ body }) => body.sid)).size).toBe(1)
  expect(answers.every(({ status }) => status === 201)).toBe(true)
  expect(await names()).toEqual(['Emil'])
})

it('refuses the key for another body, path or operation, and leaves other verbs alone', async () => {
  const { body: worker } = await world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, key)
  const used = { status: 409, body: { code: 20409, message: 'The Idempotency-Key was used for another request' } }
  expect(await world.post(`${workspace}/Workers`, { FriendlyName: 'Nora' }, key)).toMatchObject(used)
  expect(await world.post(`${workspace}/TaskQueues`, { FriendlyName: 'Emil' }, key)).toMatchObject(used)
  const update = () => world.post(`${workspace}/Workers/${worker.sid}`, { FriendlyName: 'Nora' }, key)
  expect(await update()).toMatchObject({ status: 200, body: { friendly_name: 'Nora' } })
  expect(await update()).toMatchObject({ status: 200 })
  expect(await world.delete(`${workspace}/Workers/${worker.sid}`, key)).toMatchObject({ status: 204 })
})

it('keeps nothing of what was refused: it has done nothing', async () => {
  await world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' })
  const create = () => world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, key)
  expect(await create()).toMatchObject({ status: 400 })
  const { body } = await world.get(`${workspace}/Workers`)
  await world.delete(`${workspace}/Workers/${body.workers[0].sid}`)
  expect(await create()).toMatchObject({ status: 201 })
})

it('forgets a key after 24 hours', async () => {
  const create = () => world.post(`${workspace}/Tasks`, { Attributes: '{}' }, key)
  await world.post(`${workspace}/TaskQueues`, { FriendlyName: 'Everybody' })
  const queue = (await world.get(`${workspace}/TaskQueues`)).body.task_queues[0].sid
  const Configuration = JSON.stringify({ task_routing: { default_filter: { queue } } })
  await world.post(`${workspace}/Workflows`, { FriendlyName: 'Default', Configuration })
  const { sid } = (await create()).body
  await world.clock.advance(24 * 3_600_000 - 1)
  expect((await create()).body.sid).toBe(sid)
  await world.clock.advance(1)
  const later = await create()
  expect(later.status).toBe(201)
  expect(later.body.sid).not.toBe(sid)
  expect((await create()).body).toEqual(later.body)
})

it('takes keys of 1 to 255 printable characters', async () => {
  for (const bad of ['', 'x'.repeat(256), 'tab\there', 'é'])
    expect(
      await world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, { 'idempotency-key': bad })
    ).toMatchObject({
      status: 400,
      body: { code: 20001, message: expect.stringContaining('Idempotency-Key') }
    })
  const long = { 'idempotency-key': '"'.repeat(255) }
  expect(await world.post(`${workspace}/Workers`, { FriendlyName: 'Emil' }, long)).toMatchObject({ status: 201 })
})

it('makes one message of a bubble that is sent twice', async () => {
  const { body: conversation } = await world.post('/conversations/v1/Conversations', {}, { 'idempotency-key': 'c' })
  expect((await world.post('/conversations/v1/Conversations', {}, { 'idempotency-key': 'c' })).body).toEqual(
    conversation
  )
  const messages = `/conversations/v1/Conversations/${conversation.sid}/Messages`
  const write = () => world.post(messages, { Body: 'Bonjour', Author: 'ana' }, key)
  const [first, second] = [await write(), await write()]
  expect(second.body).toEqual(first.body)
  expect((await world.get(messages)).body.messages).toHaveLength(1)
})
