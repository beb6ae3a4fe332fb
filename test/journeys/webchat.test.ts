import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { databases } from '../store/stores.ts'
import { credentials, type Started, started } from '../support/process.ts'
import { WebchatPage } from '../support/webchat-page.ts'
import { type World, world } from '../support/world.ts'

/* A customer on a page and an agent at a desk: the whole contact, on both stores, and on a server that is killed. */

const page = 'https://shop.example'

interface Session {
  readonly sid: string
  readonly token: string
  readonly resume: string
  readonly conversation_sid: string
  readonly chat_service_sid: string
  readonly identity: string
}

const begin = async (url: string, body: object): Promise<Session> => {
  const answer = await fetch(`${url}/ringdown/v1/Webchat/Sessions`, {
    method: 'POST',
    headers: { origin: page, 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  expect(answer.ok).toBe(true)
  return (await answer.json()) as Session
}

const socketOf = (url: string) => `${url.replace('http', 'ws')}/ringdown/v1/Webchat/Socket`

/** A picture: one dot. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

for (const { name, available, place } of databases)
  it.runIf(available)(
    `a customer writes, is answered with a picture, handed on, and says how it was: ${name}`,
    async () => {
      const there = await place()
      const here = await world({ ...(there && { database: there.url }) })
      try {
        await here.running.account
        await story(here)
      } finally {
        await here.close()
        await there?.clear()
      }
    },
    60_000
  )

async function story(here: World): Promise<void> {
  const { client, running } = here
  const { url } = running
  const flex = client.flexApi.v1
  const configuration = await flex.configuration().fetch()
  const floor = client.taskrouter.v1.workspaces(configuration.taskrouterWorkspaceSid)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const hire = async (friendlyName: string) => {
    const { sid } = await floor.workers.create({ friendlyName, activitySid: available })
    await floor.workers(sid).workerChannels('chat').update({ capacity: 5 })
    return sid
  }
  const ada = await hire('ada')
  // The flow makes the address, and says that a task is made of what a customer writes.
  await flex.flexFlow.create({
    friendlyName: 'Shop',
    chatServiceSid: configuration.chatServiceInstanceSid,
    channelType: 'web',
    contactIdentity: 'shop',
    enabled: true,
    integrationType: 'task',
    'integration.workspaceSid': configuration.taskrouterWorkspaceSid,
    'integration.workflowSid': configuration.taskrouterTargetWorkflowSid,
    'integration.channel': 'chat'
  })
  const [address] = await client.conversations.v1.addressConfigurations.list({ type: 'chat' })
  const made = await here.call('/ringdown/v1/Webchat/Deployments', {
    FriendlyName: 'Shop',
    AddressSid: address?.sid ?? '',
    AllowedOrigins: [page],
    Texts: '{"welcome":"One moment, please."}'
  })
  expect(made.status).toBe(201)
  const session = await begin(url, {
    key: made.body.sid,
    form: { friendlyName: 'Ana', topic: 'order', query: 'It is broken' }
  })
  const customer = new WebchatPage(socketOf(url), page)
  await customer.hello(session.token)
  const ready = await customer.hears('ready')
  expect(ready.messages.map(({ body }: { body: string }) => body)).toEqual(['It is broken', 'One moment, please.'])

  // It is a task, with what was written in the form, and Ada accepts.
  const acceptance = async (worker: string) => {
    const [reservation] = await floor.workers(worker).reservations.list({ reservationStatus: 'pending' })
    await floor
      .workers(worker)
      .reservations(reservation?.sid ?? '')
      .update({ reservationStatus: 'accepted' })
    return reservation?.taskSid ?? ''
  }
  const task = await acceptance(ada)
  const attributes = JSON.parse((await floor.tasks(task).fetch()).attributes)
  expect(attributes).toMatchObject({
    pre_engagement_data: { topic: 'order' },
    webchat: { verified: false },
    channelType: 'web'
  })
  const joined = await customer.hears('participant', ({ did }) => did === 'joined')
  expect(joined.participant.identity).toBe('ada')

  // Both write; the customer's picture arrives, an executable does not.
  const upload = (bytes: Uint8Array<ArrayBuffer>, type: string) =>
    fetch(`${url}/mcs/v1/Services/${session.chat_service_sid}/Media`, {
      method: 'POST',
      headers: { authorization: `Bearer ${session.token}`, 'content-type': type },
      body: bytes
    })
  const picture = (await (await upload(png, 'image/png')).json()) as { sid: string }
  expect((await upload(Buffer.from('#!/bin/sh\nrm -rf /'), 'text/x-sh')).status).toBe(400)
  customer.say({ type: 'message', id: 'p', body: 'Look', media_sid: picture.sid })
  const { message } = await customer.hears('sent')
  expect(message.media).toMatchObject([{ sid: picture.sid, content_type: 'image/png' }])
  const talk = client.conversations.v1.conversations(session.conversation_sid)
  await talk.messages.create({ author: 'ada', body: 'Oh dear' })
  expect((await customer.hears('message', (frame) => frame.message.author === 'ada')).message.body).toBe('Oh dear')
  const content = await fetch(`${url}/mcs/v1/Services/${session.chat_service_sid}/Media/${picture.sid}/Content`, {
    headers: { authorization: `Bearer ${session.token}` }
  })
  expect(Buffer.from(await content.arrayBuffer()).equals(png)).toBe(true)
  customer.say({ type: 'read', index: 3 })
  await customer.hears(
    'participant',
    ({ did, participant }) => did === 'updated' && participant.last_read_message_index === 3
  )

  // Handed on to Bob.
  const bob = await hire('bob')
  const interaction = attributes.flexInteractionSid as string
  const channel = flex.interaction(interaction).channels(attributes.flexInteractionChannelSid)
  const agent = (await channel.participants.list()).find(({ type }) => type === 'agent')
  await channel.transfers.create({ type: 'cold', from: agent?.sid ?? '', to: bob })
  await acceptance(bob)
  await customer.hears('participant', ({ did, participant }) => did === 'joined' && participant.identity === 'bob')
  await customer.hears('participant', ({ did, participant }) => did === 'left' && participant.identity === 'ada')

  // Closed, rated, and kept.
  await channel.update({ status: 'closed', routing: { status: 'closed' } })
  expect(await customer.hears('session')).toMatchObject({ status: 'over', reason: 'closed' })
  customer.say({ type: 'rate', rating: 5, comment: 'Quick!' })
  await customer.hears('rated')
  const again = await begin(url, { key: made.body.sid, resume: session.resume })
  const reader = new WebchatPage(socketOf(url), page)
  await reader.hello(again.token)
  expect((await reader.hears('ready')).messages).toHaveLength(4)
  const { body: shown } = await here.call(`/ringdown/v1/Webchat/Sessions/${session.sid}`)
  expect(shown).toMatchObject({ status: 'over', rating: 5, rating_comment: 'Quick!' })
  await here.pass(86_401)
  expect(await reader.isClosed()).toBe(4401)
  const { body: list } = await here.call(`/ringdown/v1/Webchat/Sessions?Status=ended&DeploymentSid=${made.body.sid}`)
  expect(list.webchat_sessions).toMatchObject([{ sid: session.sid, reason: 'closed' }])

  // Who is erased is erased here as well.
  await talk.remove()
  expect((await here.call(`/ringdown/v1/Webchat/Sessions/${session.sid}`)).status).toBe(404)
  customer.socket.terminate()
}

describe('a server that is killed in the middle of chats', () => {
  let data = ''
  const servers: Started[] = []
  afterEach(async () => {
    for (const { kill } of servers.splice(0)) await kill()
    await rm(data, { recursive: true, force: true })
  })

  const authorization = `Basic ${Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString('base64')}`
  const post = async (url: string, form: Record<string, string>) => {
    const answer = await fetch(url, { method: 'POST', headers: { authorization }, body: new URLSearchParams(form) })
    return (await answer.json()) as { sid: string }
  }

  it('has lost nothing that it acknowledged, does nothing twice, and sockets go on from their cursors', async () => {
    data = await mkdtemp(join(tmpdir(), 'ringdown-webchat-'))
    let server = await started(['--data', data])
    servers.push(server)
    const address = await post(`${server.url}/conversations/v1/Configuration/Addresses`, {
      Type: 'chat',
      Address: 'shop',
      'AutoCreation.Enabled': 'true',
      'AutoCreation.Type': 'default'
    })
    const limits = { messages_per_second: 100, message_burst: 1000 }
    const { sid: key } = await post(`${server.url}/ringdown/v1/Webchat/Deployments`, {
      FriendlyName: 'Shop',
      AddressSid: address.sid,
      AllowedOrigins: page,
      Limits: JSON.stringify(limits)
    })
    const first = await begin(server.url, { key, form: {} })
    let { token, resume } = first
    let cursor: string | undefined
    const acknowledged = new Map<string, number>()
    const heard = new Map<number, string>()
    const hears = ({ index, sid }: { index: number; sid: string }) => {
      // An index is one message's for ever, whatever happens to the server.
      expect(heard.get(index) ?? sid).toBe(sid)
      heard.set(index, sid)
    }
    let next = 0
    for (let round = 0; round < 3; round++) {
      const one = new WebchatPage(socketOf(server.url), page)
      await one.hello(token, cursor)
      const ready = await one.hears('ready')
      expect(ready.is_resumed).toBe(round > 0)
      for (const message of ready.messages) hears(message)
      // What was not acknowledged is sent again, under the same id.
      for (let n = Math.max(0, next - 5); n < next + 40; n++)
        one.say({ type: 'message', id: `m${n}`, body: `No. ${n}` })
      next += 40
      await one.hears('message', ({ message }) => message.index >= heard.size + 10 || message.index >= next - 20)
      servers.splice(0)
      await server.kill()
      await one.isClosed()
      cursor = ready.cursor
      for (const frame of one.frames) {
        if (frame.type === 'message') hears(frame.message)
        if (frame.type === 'message') cursor = frame.cursor
        if (frame.type === 'sent') acknowledged.set(frame.id, frame.message.index)
      }
      server = await started(['--data', data])
      servers.push(server)
      const back = await begin(server.url, { key, resume })
      expect(back).toMatchObject({ sid: first.sid, conversation_sid: first.conversation_sid })
      ;({ token, resume } = back)
    }
    expect(acknowledged.size).toBeGreaterThan(20)
    const url = `${server.url}/conversations/v1/Conversations/${first.conversation_sid}/Messages?PageSize=500`
    const { messages } = (await (await fetch(url, { headers: { authorization } })).json()) as {
      messages: { index: number; body: string; sid: string }[]
    }
    const bodies = messages.map(({ body }) => body)
    expect(new Set(bodies).size).toBe(bodies.length)
    for (const [id, index] of acknowledged) expect(messages[index]?.body).toBe(`No. ${id.slice(1)}`)
    for (const [index, sid] of heard) expect(messages[index]?.sid).toBe(sid)
    // The socket told everything before its cursor, and tells the rest.
    const last = new WebchatPage(socketOf(server.url), page)
    await last.hello(token, cursor)
    for (const message of (await last.hears('ready')).messages) hears(message)
    expect(heard.size).toBe(messages.length)
    last.socket.terminate()
  }, 120_000)
})
