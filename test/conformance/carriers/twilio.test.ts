import { rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { world as opened, type World } from '../../support/world.ts'

/*
 * Twilio as a carrier. A second Ringdown plays Twilio: it has the number, and the customer's phone is a virtual one there. What it
 * cannot play (a network that answers nonsense, or takes a message and hangs up) is played by a plain server in front of it.
 */

const { getExpectedTwilioSignature } = twilio

const ours = '+37256000009'
const customer = '+33600000009'

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

let here: World
let there: World
let front: Receiver
let carrier: { sid: string; webhook_path: string }
let phone: string

beforeAll(async () => {
  here = await placed()
  there = await placed()
  front = await receiver({ auth_token: 'x' })
  const { account_sid, auth_token } = there.running.credentials
  const made = await here.call('/ringdown/v1/Carriers', {
    Type: 'twilio',
    Senders: ours,
    Configuration: JSON.stringify({ account_sid, base_url: there.running.url }),
    Secrets: JSON.stringify({ auth_token })
  })
  expect(made.status).toBe(201)
  carrier = made.body
  phone = (await there.call('/ringdown/v1/Phones', { Address: customer })).body.sid
  await there.call(`/api/2010-04-01/Accounts/${account_sid}/IncomingPhoneNumbers.json`, {
    PhoneNumber: ours,
    SmsUrl: here.running.url + carrier.webhook_path
  })
})
afterAll(async () => {
  await Promise.all([here.close(), there.close(), front.close()])
  for (const { folder } of [here, there]) await rm(folder, { recursive: true, force: true })
})

const list = (world: World) => `/api/2010-04-01/Accounts/${world.running.credentials.account_sid}/Messages`

async function send(params: Record<string, string>): Promise<string> {
  const made = await here.call(`${list(here)}.json`, { From: ours, To: customer, ...params })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body.sid
}

const message = async (sid: string) => (await here.call(`${list(here)}/${sid}.json`)).body
const got = async () => {
  await there.pass(1)
  const { body } = await there.call(`/ringdown/v1/Phones/${phone}/Messages?Direction=received&PageSize=100`)
  return body.phone_messages.map((one: { body: string }) => one.body)
}

const place = (base_url: string) => ({
  Configuration: JSON.stringify({ account_sid: there.running.credentials.account_sid, base_url })
})

describe('Twilio as a carrier', () => {
  it('is tested by what it knows of the account', async () => {
    const test = async () => (await here.call(`/ringdown/v1/Carriers/${carrier.sid}/Test`, {})).body
    expect(await test()).toMatchObject({ state: 'ready', last_error: null })
    await here.call(`/ringdown/v1/Carriers/${carrier.sid}`, { Secrets: JSON.stringify({ auth_token: 'wrong' }) })
    expect(await test()).toMatchObject({ state: 'failing', last_error: expect.stringContaining('20003') })
    const { auth_token } = there.running.credentials
    await here.call(`/ringdown/v1/Carriers/${carrier.sid}`, { Secrets: JSON.stringify({ auth_token }) })
    expect(await test()).toMatchObject({ state: 'ready' })
  })

  it('takes what goes out', async () => {
    const sid = await send({ Body: 'Hello by Twilio' })
    await here.pass(1)
    expect(await got()).toEqual(['Hello by Twilio'])
    expect((await message(sid)).status).toBe('delivered')
    // There is nobody: that is known only later, by a callback.
    const refused = await send({ To: '+33600000000', Body: 'Nobody' })
    await here.pass(1)
    await there.pass(1)
    expect(await message(refused)).toMatchObject({ status: 'failed', error_code: 30005 })
  })

  it('brings what comes in, with its files, once', async () => {
    const file = await receiver({ auth_token: 'x' })
    file.answer('/a.png', {
      by: (response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(pixel)
    })
    await there.call(`/ringdown/v1/Phones/${phone}/Messages`, { To: ours, Body: 'Here', MediaUrl: `${file.url}/a.png` })
    await there.pass(1)
    const { messages } = (await here.call(`${list(here)}.json?From=${encodeURIComponent(customer)}`)).body
    expect(messages).toMatchObject([{ body: 'Here', to: ours, status: 'received', num_media: '1' }])
    const media = (await here.call(`${list(here)}/${messages[0].sid}/Media.json`)).body.media_list[0]
    const kept = await fetch(`${here.running.url}${list(here)}/${messages[0].sid}/Media/${media.sid}`, {
      headers: { authorization: here.authorization }
    })
    expect(Buffer.from(await kept.arrayBuffer())).toEqual(pixel)
    await file.close()
  })

  it('lets one customer, whoever floods it, keep out no other', async () => {
    const held: ServerResponse[] = []
    const slow = await receiver({ auth_token: 'x' })
    slow.answer('/slow.png', { by: (response) => void held.push(response) })
    const url = here.running.url + carrier.webhook_path
    let count = 0
    const write = async (from: string, media?: string) => {
      const MessageSid = `SM${String(++count).padStart(32, '0')}`
      const files = media === undefined ? {} : { NumMedia: '1', MediaUrl0: media }
      const form = { MessageSid, SmsStatus: 'received', From: from, To: ours, Body: 'Hello?', ...files }
      const headers = { 'x-twilio-signature': signature(url, form) }
      return (await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers })).status
    }
    let answered = 0
    const flood = Array.from({ length: 70 }, async () => {
      const status = await write('+33600000066', `${slow.url}/slow.png`)
      answered += 1
      return status
    })
    await expect.poll(() => held.length).toBe(1)
    expect(await Promise.race(flood)).toBe(429)
    expect(await write('+33600000067')).toBe(200)
    // All that is too much has been turned away before any of the others is done.
    await expect.poll(() => answered, { timeout: 10_000 }).toBe(70 - 16)
    const finishing = setInterval(() => {
      for (const response of held.splice(0)) response.writeHead(200, { 'content-type': 'image/png' }).end(pixel)
    }, 5)
    const statuses = await Promise.all(flood)
    clearInterval(finishing)
    expect(statuses.filter((status) => status === 200)).toHaveLength(16)
    await slow.close()
  })

  it('says by callbacks what becomes of messages, and needs a signature for it', async () => {
    const sid = await send({ Body: 'Followed' })
    await here.pass(1)
    await got()
    expect((await message(sid)).status).toBe('delivered')
    const theirs = (await there.call(`${list(there)}.json?To=${encodeURIComponent(customer)}`)).body.messages[0]
    const url = `${here.running.url}${carrier.webhook_path}?Message=${sid}`
    const form = { MessageSid: theirs.sid, MessageStatus: 'undelivered', ErrorCode: '30003', To: customer, From: ours }
    const unsigned = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
    expect(unsigned.status).toBe(403)
    const signed = signature(url, form)
    const headers = { 'x-twilio-signature': signed }
    const again = async (status: string) => {
      const changed = { ...form, MessageStatus: status }
      const header = { 'x-twilio-signature': signature(url, changed) }
      return (await fetch(url, { method: 'POST', body: new URLSearchParams(changed), headers: header })).status
    }
    expect((await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers })).status).toBe(200)
    // What comes late, or twice, changes nothing.
    expect([await again('sent'), await again('delivered')]).toEqual([200, 200])
    expect((await message(sid)).status).toBe('delivered')
    expect([await again('read'), await again('read')]).toEqual([200, 200])
    expect((await message(sid)).status).toBe('read')
  })

  it('is asked before something is sent again of which nobody knows', async () => {
    front.answer(`/2010-04-01/Accounts/${there.running.credentials.account_sid}/Messages.json`, (request) => {
      if (request.method === 'GET') return { status: 503, body: 'away' }
      return { by: (response) => void passOn(request.raw).then(() => response.destroy()) }
    })
    await here.call(`/ringdown/v1/Carriers/${carrier.sid}`, place(front.url))
    const sid = await send({ Body: 'Only once' })
    await here.pass(2)
    await front.until((requests) => requests.length > 0)
    expect((await message(sid)).status).toBe('queued')
    // It is back, and has the message; another one says the same, and is another message.
    await here.call(`/ringdown/v1/Carriers/${carrier.sid}`, place(there.running.url))
    const second = await send({ Body: 'Only once' })
    await here.pass(120)
    for (const one of [sid, second]) expect((await message(one)).status).toMatch(/sent|delivered/)
    expect((await got()).filter((text: string) => text === 'Only once')).toHaveLength(2)
    const failing = (await here.call(`/ringdown/v1/Carriers/${carrier.sid}`)).body
    expect(failing.state).toBe('ready')
  })

  it('that is slow, or says nonsense, is waited for, and nothing is lost', async () => {
    const path = `/2010-04-01/Accounts/${there.running.credentials.account_sid}/Messages.json`
    front.answer(path, [
      { status: 429, headers: { 'retry-after': '2' } },
      { status: 200, body: '<html>' },
      { status: 503, body: 'away' },
      { status: 200, body: '[]' },
      { status: 200, body: { messages: [] } },
      { status: 201, body: { sid: `SM${'a'.repeat(32)}`, status: 'queued' } }
    ])
    await here.call(`/ringdown/v1/Carriers/${carrier.sid}`, place(front.url))
    const sid = await send({ Body: 'Whenever' })
    for (let n = 0; n < 30 && (await message(sid)).status === 'queued'; n++) await here.pass(10)
    expect((await message(sid)).status).toBe('sent')
    await here.call(`/ringdown/v1/Carriers/${carrier.sid}`, place(there.running.url))
  })

  it('takes nothing of a form that is none', async () => {
    const url = here.running.url + carrier.webhook_path
    for (const body of ['', '%', 'a=%ff', 'x'.repeat(100), '&'.repeat(500), '{"a":1}'])
      expect((await fetch(url, { method: 'POST', body })).status).toBe(403)
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(70_000) }).catch(() => ({ status: 413 }))).status).toBe(
      413
    )
    expect((await fetch(url)).status).toBe(403)
    expect(
      (await fetch(`${here.running.url}/ringdown/v1/Carriers/XC${'0'.repeat(32)}/Webhook`, { method: 'POST' })).status
    ).toBe(404)
  })
})

/** Without what would be told of it: who wants to know has to ask. */
async function passOn(body: string): Promise<void> {
  const { StatusCallback: _, ...form } = Object.fromEntries(new URLSearchParams(body))
  await there.call(`${list(there)}.json`, form)
}

function signature(url: string, form: Record<string, string>): string {
  return getExpectedTwilioSignature(there.running.credentials.auth_token, url, form)
}

/** A world that knows where it is: others fetch its files, and call it back. */
async function placed(): Promise<World> {
  const before = await opened()
  const { url } = before.running
  await before.running.close()
  return opened({ data: before.folder, publicUrl: url, port: Number(new URL(url).port) })
}
