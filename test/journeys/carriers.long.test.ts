import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Graph, graph } from '../support/graph.ts'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * Customers on WhatsApp and Messenger, by carriers, from the first word to the last, and agents who begin. Every now and then the
 * plug is pulled: nothing that was acknowledged is lost, and nobody is told anything twice.
 */

const { account_sid, auth_token } = credentials
const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
const secrets = { access_token: 'EAAG-token', app_secret: 'app-secret', verify_token: 'our-word' }
const number = '106540352242922'

interface Channel {
  readonly name: 'WhatsApp' | 'Messenger'
  readonly carrier: 'whatsapp_cloud' | 'messenger'
  readonly object: 'whatsapp_business_account' | 'page'
  readonly flow_type: 'whatsapp' | 'facebook'
  readonly type: 'whatsapp' | 'messenger'
  readonly customer: string
  readonly ours: string
}

const channels: readonly Channel[] = [
  {
    name: 'WhatsApp',
    carrier: 'whatsapp_cloud',
    object: 'whatsapp_business_account',
    flow_type: 'whatsapp',
    type: 'whatsapp',
    customer: 'whatsapp:+33600000002',
    ours: 'whatsapp:+37256000002'
  },
  {
    name: 'Messenger',
    carrier: 'messenger',
    object: 'page',
    flow_type: 'facebook',
    type: 'messenger',
    customer: 'messenger:100200300',
    ours: 'messenger:900800700'
  }
]

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

let folder: string
let server: Started
let url: string
let meta: Graph
let client: twilio.Twilio
let place: { workspace: string; workflow: string; queue: string; worker: string; service: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-carriers-'))
  url = `http://127.0.0.1:${await freePort()}`
  meta = await graph({ access_token: secrets.access_token, numbers: { [number]: '+37256000002' } })
  meta.tells(['sent', 'delivered'])
  await begin()
  client = twilio(account_sid, auth_token, { httpClient: ringdown({ url }) })
  place = await furnished()
})
afterAll(async () => {
  await server.kill()
  await meta.close()
  await rm(folder, { recursive: true, force: true })
})

async function begin(): Promise<void> {
  const port = new URL(url).port
  server = await started(['--data', folder, '--port', port, '--public-url', url, '--allow-private-destinations'])
}

/** The plug is pulled, and put in again. */
async function crash(): Promise<void> {
  await server.kill()
  await begin()
}

async function freePort(): Promise<number> {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo // it listens on a port
  await new Promise((resolve) => taken.close(resolve))
  return port
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

async function call(path: string, form?: Record<string, string>, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url + path, {
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    ...init,
    headers: { authorization, ...init.headers }
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

/** Amelie in Support. */
async function furnished() {
  const configuration = await client.flexApi.v1.configuration().fetch()
  const workspace = configuration.taskrouterWorkspaceSid
  const floor = client.taskrouter.v1.workspaces(workspace)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const worker = await floor.workers.create({ friendlyName: 'amelie', activitySid: available })
  const queue = await floor.taskQueues.create({ friendlyName: 'Support', targetWorkers: '1 == 1' })
  const workflow = await floor.workflows.create({
    friendlyName: 'Contacts',
    configuration: JSON.stringify({ task_routing: { default_filter: { queue: queue.sid } } })
  })
  const { chatServiceInstanceSid: service } = configuration
  return { workspace, workflow: workflow.sid, queue: queue.sid, worker: worker.sid, service }
}

const floor = () => client.taskrouter.v1.workspaces(place.workspace)
const talk = (sid: string) => client.conversations.v1.services(place.service).conversations(sid)

interface Attributes {
  readonly conversationSid: string
  readonly flexInteractionSid: string
  readonly flexInteractionChannelSid: string
  readonly [name: string]: unknown
}

async function accepted(): Promise<{ task_sid: string; attributes: Attributes }> {
  const { reservations } = floor().workers(place.worker)
  const offers = () => reservations.list({ reservationStatus: 'pending' })
  await expect.poll(async () => (await offers()).length, { timeout: 10_000 }).toBe(1)
  const [offer] = await offers()
  await reservations(offer?.sid ?? '').update({ reservationStatus: 'accepted' })
  const task_sid = offer?.taskSid ?? ''
  return { task_sid, attributes: JSON.parse((await floor().tasks(task_sid).fetch()).attributes) }
}

async function uploaded(): Promise<string> {
  const init = { method: 'POST', body: new Uint8Array(pixel), headers: { 'content-type': 'image/png' } }
  return (await call(`/mcs/v1/Services/${place.service}/Media?Filename=new.png`, undefined, init)).sid
}

describe.each(channels)('a customer on $name', ({ carrier, object, name, flow_type, type, customer, ours }) => {
  const id = customer.replace(/^\w+:\+?/, '')
  const own = ours.replace(/^\w+:\+?/, '')
  const isWhatsApp = carrier === 'whatsapp_cloud'
  const mid = (text: string) => `${isWhatsApp ? 'wamid' : 'm'}.${text.replaceAll(' ', '-')}`

  /** Writes as the network brings it: again and again until it is taken. */
  async function writes(text: string, file?: { id: string; url: string }): Promise<void> {
    const once = () => {
      if (isWhatsApp) {
        const said = file
          ? { type: 'image', image: { id: file.id, caption: text } }
          : { type: 'text', text: { body: text } }
        return meta.write(number, id, { id: mid(text), ...said })
      }
      const attachments = file && [{ type: 'image', payload: { url: file.url } }]
      const message = { mid: mid(text), text, ...(attachments && { attachments }) }
      return meta.event('page', { sender: { id }, recipient: { id: own }, message })
    }
    await expect.poll(() => once().catch(() => 0), { timeout: 10_000, interval: 100 }).toBe(200)
  }

  /** What the customer has got, texts or the types of files. */
  const got = () =>
    meta.sent
      .filter(({ to }) => to === id)
      .map(({ body }) => body.text?.body ?? body.message?.text ?? body.type ?? body.message.attachment.type)

  let flow: { readonly sid: string }

  beforeAll(async () => {
    const made = await call('/ringdown/v1/Carriers', {
      Type: carrier,
      Senders: ours,
      Configuration: JSON.stringify({ base_url: meta.url, doubt_s: 6, ...(isWhatsApp && { phone_number_id: number }) }),
      Secrets: JSON.stringify(secrets)
    })
    meta.subscribe(object, { url: url + made.webhook_path, app_secret: secrets.app_secret })
    flow = await client.flexApi.v1.flexFlow.create({
      friendlyName: name,
      chatServiceSid: place.service,
      channelType: flow_type,
      contactIdentity: ours,
      integrationType: 'task',
      'integration.workspaceSid': place.workspace,
      'integration.workflowSid': place.workflow
    })
  })

  it('writes, is answered, and done with, whatever happens to the machine', async () => {
    await writes('My order is broken.')
    await crash()
    // Its network has not heard that it was taken, and says it again.
    await writes('My order is broken.')
    const { task_sid, attributes } = await accepted()
    expect(attributes).toMatchObject({ channelType: type, customerAddress: customer })
    const conversation = talk(attributes.conversationSid)
    const [who] = (await conversation.participants.list()).filter(({ identity }) => identity === null)
    expect(JSON.parse(who?.attributes ?? '{}')).toMatchObject({ profile_name: isWhatsApp ? 'Ana' : `Ana ${id}` })

    // The plug is pulled while the network is about to take the answer, before it could say so.
    meta.misbehave({ slow_ms: 400 })
    const said = await conversation.messages.create({ author: 'amelie', body: 'Show me, please.' })
    await delay(150)
    await crash()
    const receipt = async () => (await conversation.messages(said.sid).deliveryReceipts.list())[0]?.status
    await expect.poll(receipt, { timeout: 10_000 }).toBe('delivered')

    await writes('Here it is', meta.holds(pixel, 'image/png'))
    await conversation.messages.create({ author: 'amelie', mediaSid: await uploaded() })
    await conversation.messages.create({ author: 'amelie', body: 'A new one is on its way.' })
    await expect.poll(got, { timeout: 10_000 }).toEqual(['Show me, please.', 'image', 'A new one is on its way.'])

    const history = await conversation.messages.list()
    expect(
      history.map(({ author, body, media }) => [author, body, media === null ? 0 : (media as object[]).length])
    ).toEqual([
      [customer, 'My order is broken.', 0],
      ['amelie', 'Show me, please.', 0],
      [customer, 'Here it is', 1],
      ['amelie', null, 1],
      ['amelie', 'A new one is on its way.', 0]
    ])
    const contact = client.flexApi.v1
      .interaction(attributes.flexInteractionSid)
      .channels(attributes.flexInteractionChannelSid)
    await contact.update({ status: 'closed', routing: { status: 'closed' } })
    expect((await floor().tasks(task_sid).fetch()).assignmentStatus).toBe('completed')
    expect((await conversation.fetch()).state).toBe('closed')
  })

  it('is written to by an agent, who begins', async () => {
    const agent = new Client({ name: 'agent', version: '1.0.0' })
    await agent.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers: { authorization } } })
    )
    const { structuredContent, isError, content } = await agent.callTool({
      name: 'create_interaction',
      arguments: {
        channelType: type,
        customerAddress: customer,
        businessAddress: ours,
        workflowSid: 'Contacts',
        taskQueueSid: 'Support',
        workerSid: 'amelie'
      }
    })
    expect(isError ?? false, JSON.stringify(content)).toBe(false)
    await agent.close()
    const { taskSid: task_sid } = structuredContent as { readonly taskSid: string }
    const status = async () => (await floor().tasks(task_sid).fetch()).assignmentStatus
    await expect.poll(status, { timeout: 10_000 }).toBe('assigned')
    const attributes: Attributes = JSON.parse((await floor().tasks(task_sid).fetch()).attributes)
    const conversation = talk(attributes.conversationSid)
    await conversation.messages.create({ author: 'amelie', body: 'Did it arrive?' })
    await crash()
    await expect.poll(() => got().at(-1), { timeout: 10_000 }).toBe('Did it arrive?')
    await writes('It did, thank you!')
    expect((await conversation.messages.list()).map(({ author, body }) => [author, body])).toEqual([
      ['amelie', 'Did it arrive?'],
      [customer, 'It did, thank you!']
    ])
    expect(got().filter((text) => text === 'Did it arrive?')).toHaveLength(1)
    const contact = client.flexApi.v1
      .interaction(attributes.flexInteractionSid)
      .channels(attributes.flexInteractionChannelSid)
    await contact.update({ status: 'closed', routing: { status: 'closed' } })
    expect(await status()).toBe('completed')
  })

  it('of whom there are many is told everything once, whenever the machine dies', async () => {
    // Nobody is routed to anybody any more.
    await client.flexApi.v1.flexFlow(flow.sid).remove()
    const others = Array.from({ length: 4 }, (_, n) => `${id.slice(0, -1)}${n + 4}`)
    const prefix = customer.slice(0, customer.length - id.length)
    for (const other of others)
      await expect
        .poll(
          () =>
            isWhatsApp
              ? meta.write(number, other, { id: `wamid.first${other}`, type: 'text', text: { body: 'Hi' } })
              : meta.event('page', {
                  sender: { id: other },
                  recipient: { id: own },
                  message: { mid: `m.first${other}`, text: 'Hi' }
                }),
          { timeout: 5_000 }
        )
        .toBe(200)
    const path = `/api/2010-04-01/Accounts/${account_sid}/Messages`
    const acknowledged = new Map<string, string>()
    let n = 0
    for (const ms of [60, 20]) {
      let isUp = true
      const busy = others.map(async (other) => {
        while (isUp)
          try {
            const body = `m${n++}`
            acknowledged.set((await call(`${path}.json`, { To: prefix + other, From: ours, Body: body })).sid, body)
          } catch {
            // It is gone in the middle of it: whether that was taken nobody knows.
          }
      })
      for (const before = acknowledged.size; acknowledged.size < before + 12; ) await delay(10)
      await delay(ms)
      await server.kill()
      isUp = false
      await Promise.all(busy)
      await begin()
    }
    const underWay = async () => (await call('/ringdown/v1/Deliveries?State=queued')).deliveries.length
    await expect.poll(underWay, { timeout: 30_000 }).toBe(0)
    const texts = meta.sent
      .filter(({ to }) => others.includes(to))
      .map(({ body }) => body.text?.body ?? body.message.text)
    expect(texts.filter((text, at) => texts.indexOf(text) !== at)).toEqual([])
    expect([...acknowledged.values()].filter((body) => !texts.includes(body))).toEqual([])
    await meta.settled()
    const fates = await Promise.all(
      [...acknowledged.keys()].map(async (sid) => (await call(`${path}/${sid}.json`)).status)
    )
    expect(new Set(fates)).toEqual(new Set(['delivered']))
  }, 60_000)
})

it('a network that takes requests and never answers holds up no other', async () => {
  const path = `/api/2010-04-01/Accounts/${account_sid}/Messages.json`
  const [whatsapp, messenger] = channels
  const send = async (channel: Channel | undefined, body: string) =>
    (await call(path, { To: channel?.customer ?? '', From: channel?.ours ?? '', Body: body })).sid as string
  meta.misbehave('hang')
  const hung = await send(whatsapp, 'Hanging')
  await delay(300)
  const statusOf = async (sid: string) => (await call(path.replace('.json', `/${sid}.json`))).status
  const others = await Promise.all(Array.from({ length: 20 }, (_, n) => send(messenger, `Other ${n}`)))
  await expect
    .poll(async () => new Set(await Promise.all(others.map(statusOf))), { timeout: 5_000 })
    .toEqual(new Set(['delivered']))
  expect(await statusOf(hung)).toBe('queued')
  // Whoever comes after the crash does not know whether it is out, waits for a word of the network's, and sends it.
  await crash()
  await expect.poll(() => statusOf(hung), { timeout: 20_000 }).toBe('delivered')
  expect(meta.sent.filter(({ body }) => body.text?.body === 'Hanging')).toHaveLength(1)
}, 40_000)
