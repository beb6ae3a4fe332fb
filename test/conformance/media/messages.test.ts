import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/* Files of messages, from the upload to the last byte (reference conversations 8.6). The helper libraries do not know them:
 * programs send them by themselves, and so do these tests; messages are the SDK's. */

/** The beginning of a PNG, and something that no other has. */
const png = (bytes = 64) =>
  Buffer.concat([
    Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154', 'hex'),
    randomBytes(bytes)
  ])
const mib = 1024 * 1024
const nobody = `ME${'0'.repeat(32)}`

let floor: World
let v1: World['client']['conversations']['v1']
let service = ''

beforeAll(async () => {
  floor = await world()
  v1 = floor.client.conversations.v1
  service = (await v1.configuration().fetch()).defaultChatServiceSid
})
afterAll(() => floor.close())

const place = (of = service) => `/mcs/v1/Services/${of}/Media`

type Sent = Uint8Array<ArrayBuffer> | string | FormData

/** As a program without a library sends a file. */
function upload(body: Sent, headers: Record<string, string> = {}, query = '') {
  const type = body instanceof FormData ? {} : { 'Content-Type': 'image/png' }
  return floor.call(place() + query, undefined, { method: 'POST', body, headers: { ...type, ...headers } })
}

async function uploaded(body: Sent = png(), headers: Record<string, string> = {}, query = '') {
  const { status, body: media } = await upload(body, headers, query)
  expect({ status, media }).toMatchObject({ status: 201 })
  return media
}

async function open(params = {}) {
  return (await v1.conversations.create(params)).sid
}

async function bytesOf(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const url = path.startsWith('/') ? floor.running.url + path : path
  const response = await fetch(url, { method, headers: { authorization: floor.authorization, ...headers } })
  const bytes = Buffer.from(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, bytes }
}

/** The files that are on the disk, and those that have not arrived. */
async function files() {
  const folder = join(floor.folder, 'media', floor.running.credentials.account_sid)
  const found = await readdir(folder, { recursive: true })
  return {
    kept: found.flatMap((name) => /[0-9a-f]{64}$/.exec(name)?.[0] ?? []),
    incoming: found.filter((name) => /^incoming./.test(name))
  }
}

const shaOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A token of a customer's page, as somebody's server makes it. */
function tokenOf(identity: string, service_sid = service): string {
  const { account_sid, auth_token } = floor.running.credentials
  const { AccessToken } = twilio.jwt
  const token = new AccessToken(account_sid, account_sid, auth_token, { identity, ttl: 3600 })
  token.addGrant(new AccessToken.ChatGrant({ serviceSid: service_sid }))
  return token.toJwt()
}

describe('a photo in a conversation', () => {
  it('is uploaded, sent, shown and opened', async () => {
    const photo = png()
    const media = await uploaded(photo, {}, '?Filename=car.png')
    expect(media).toMatchObject({
      sid: expect.stringMatching(/^ME[0-9a-f]{32}$/),
      account_sid: floor.running.credentials.account_sid,
      service_sid: service,
      channel_sid: null,
      message_sid: null,
      author: null,
      category: 'media',
      size: photo.length,
      content_type: 'image/png',
      filename: 'car.png',
      is_multipart_upstream: false,
      date_created: '2026-03-02T09:00:00Z',
      date_updated: '2026-03-02T09:00:00Z',
      date_upload_updated: '2026-03-02T09:00:00Z',
      url: `${floor.running.url}${place()}/${media.sid}`,
      links: {
        content: `${floor.running.url}${place()}/${media.sid}/Content`,
        content_direct_temporary: expect.stringMatching(/\?Expires=\d+&Signature=[\w-]{43}$/)
      }
    })
    const conversation = await open()
    const { messages } = v1.conversations(conversation)
    const message = await messages.create({ mediaSid: media.sid, author: 'ada' })
    const shown = [{ sid: media.sid, size: photo.length, content_type: 'image/png', filename: 'car.png' }]
    expect(message).toMatchObject({ body: null, media: shown })
    expect((await messages.list()).map((one) => one.media)).toEqual([shown])
    const fetched = await floor.call(`${place()}/${media.sid}`)
    expect(fetched.body).toMatchObject({ channel_sid: conversation, message_sid: message.sid })
    const content = await bytesOf(media.links.content)
    expect(content.bytes.equals(photo)).toBe(true)
    expect(Object.fromEntries(content.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="car.png"',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, no-cache',
      'cross-origin-resource-policy': 'cross-origin',
      etag: `"${shaOf(photo)}"`
    })
  })

  it('goes with its message, and its bytes a minute later', async () => {
    const photo = png()
    const { sid } = await uploaded(photo)
    const conversation = await open()
    const message = await v1.conversations(conversation).messages.create({ mediaSid: sid })
    await floor.pass(3600)
    expect((await files()).kept).toContain(shaOf(photo))
    await v1.conversations(conversation).messages(message.sid).remove()
    expect((await floor.call(`${place()}/${sid}`)).status).toBe(404)
    await floor.pass(61)
    expect((await files()).kept).not.toContain(shaOf(photo))
  })

  it('goes with its conversation', async () => {
    const photo = png()
    const { sid } = await uploaded(photo)
    const conversation = await open()
    await v1.conversations(conversation).messages.create({ mediaSid: sid })
    await v1.conversations(conversation).remove()
    expect((await floor.call(`${place()}/${sid}/Content`)).status).toBe(404)
    await floor.pass(660)
    expect((await files()).kept).not.toContain(shaOf(photo))
  })

  it('that nobody sends is gone the next day', async () => {
    const photo = png()
    const { sid } = await uploaded(photo)
    await floor.pass(24 * 3600 - 1)
    expect((await floor.call(`${place()}/${sid}`)).status).toBe(200)
    await floor.pass(1)
    expect((await floor.call(`${place()}/${sid}`)).status).toBe(404)
    const late = await floor.call(`/conversations/v1/Conversations/${await open()}/Messages`, { MediaSid: sid })
    expect(late).toMatchObject({ status: 400, body: { code: 20001 } })
    await floor.pass(660)
    expect((await files()).kept).not.toContain(shaOf(photo))
  })

  it('that comes twice is kept once, until nobody has it', async () => {
    const photo = png()
    const conversation = await open()
    const { messages } = v1.conversations(conversation)
    const sent = []
    for (const Filename of ['a.png', 'b.png']) {
      const { sid } = await uploaded(photo, {}, `?Filename=${Filename}`)
      sent.push(await messages.create({ mediaSid: sid }))
    }
    expect((await files()).kept.filter((name) => name === shaOf(photo))).toHaveLength(1)
    const [first, second] = sent
    await messages(first?.sid ?? '').remove()
    await floor.pass(660)
    const content = await bytesOf(`${place()}/${second?.media[0]?.sid}/Content`)
    expect(content.bytes.equals(photo)).toBe(true)
    expect(content.headers.get('content-disposition')).toBe('inline; filename="b.png"')
  })

  it('of which there is no row, as when a server was killed in between, is swept', async () => {
    const orphan = 'ab'.repeat(32)
    const folder = join(floor.folder, 'media', floor.running.credentials.account_sid, 'ab')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, orphan), 'nobody’s')
    await writeFile(join(folder, 'notes.txt'), 'of somebody who looks after the disk')
    const photo = png()
    await uploaded(photo)
    await floor.pass(6 * 3600)
    expect((await files()).kept).not.toContain(orphan)
    expect((await files()).kept).toContain(shaOf(photo))
    expect(await readdir(folder)).toContain('notes.txt')
  })

  it('is taken from the uploader by deleting it before it is sent', async () => {
    const { sid } = await uploaded()
    expect((await floor.call(`${place()}/${sid}`, undefined, { method: 'DELETE' })).status).toBe(204)
    expect((await floor.call(`${place()}/${sid}`)).status).toBe(404)
  })
})

describe('an upload', () => {
  it('may be a form with one file, as SDKs of pages send it', async () => {
    const form = new FormData()
    const photo = png(200_000)
    form.append('Category', 'media')
    form.append('Media', new Blob([photo], { type: 'image/png' }), '../../Auto é.png')
    const media = await uploaded(form, {}, '?Category=media')
    expect(media).toMatchObject({ filename: 'Auto é.png', content_type: 'image/png', size: photo.length })
    expect((await bytesOf(media.links.content)).bytes.equals(photo)).toBe(true)
  })

  it.each([
    [
      'without a file',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    ],
    ['without a boundary', 'multipart/form-data', 'nothing'],
    [
      'that breaks off',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nhalf a'
    ],
    ['that is none', 'multipart/form-data; boundary=b', 'nothing of the kind']
  ])('is refused with a form %s', async (_what, type, body) => {
    const { status, body: envelope } = await upload(body, { 'Content-Type': type })
    expect({ status, code: envelope.code }).toEqual({ status: 400, code: 20001 })
    expect((await files()).incoming).toEqual([])
  })

  it.each([
    ['an empty file', () => upload(''), 400],
    [
      'a service that is not there',
      () =>
        upload(png(), {}, '').then(() =>
          floor.call(place(`IS${'0'.repeat(32)}`), undefined, { method: 'POST', body: png() })
        ),
      404
    ],
    ['no SID', () => floor.call(place('IS1'), undefined, { method: 'POST', body: png() }), 404],
    ['a category that is none', () => upload(png(), {}, '?Category=secret'), 400],
    ['nobody', () => upload(png(), { authorization: 'Basic bm9ib2R5Om5vdGhpbmc=' }), 401]
  ])('is refused for %s', async (_what, act, status) => {
    expect((await act()).status).toBe(status)
    expect((await files()).incoming).toEqual([])
  })

  it('under an Idempotency-Key is done once', async () => {
    const photo = png()
    const key = { 'Idempotency-Key': 'photo-1' }
    const first = await upload(photo, key)
    const again = await upload(photo, key)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await upload(png(), key)).status).toBe(409)
  })

  it.each([
    ['page', '<script>alert(1)</script>', 'image/png', 'cat.png', 'application/octet-stream'],
    ['page as such', '<script>alert(1)</script>', 'text/html', 'a.html', 'text/html'],
    [
      'drawing',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
      'image/svg+xml',
      'a.svg',
      'image/svg+xml'
    ]
  ])('of a %s is only ever saved', async (_what, text, type, name, told) => {
    const media = await uploaded(text, { 'Content-Type': type }, `?Filename=${name}`)
    expect(media.content_type).toBe(told)
    const { headers } = await bytesOf(media.links.content)
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${name}"`)
    expect(headers.get('content-type')).toBe(told)
  })
})

describe('the size of a file', () => {
  const url = () => new URL(floor.running.url + place())
  const headers = () => ({ Authorization: floor.authorization, 'Content-Type': 'image/png' })

  it('is refused when it is announced, before anything is read', async () => {
    const sent = request(url(), {
      method: 'POST',
      headers: { ...headers(), 'Content-Length': String(151 * mib), Expect: '100-continue' }
    })
    let isInvited = false
    sent.on('continue', () => {
      isInvited = true
    })
    sent.flushHeaders()
    const [response] = await once(sent, 'response')
    expect({ status: response.statusCode, isInvited }).toEqual({ status: 413, isInvited: false })
    sent.destroy()
  })

  it('is counted where it is not, and nothing is left', async () => {
    const sent = request(url(), { method: 'POST', headers: headers() })
    sent.on('error', () => {}).setMaxListeners(0) // the server hangs up on what is too long
    const answered = once(sent, 'response')
    const piece = Buffer.alloc(mib)
    for (let n = 0; n < 152 && !sent.destroyed; n++)
      if (!sent.write(piece)) await Promise.race([once(sent, 'drain'), answered, once(sent, 'close')])
    const [response] = await answered
    expect(response.statusCode).toBe(413)
    sent.destroy()
    expect((await files()).incoming).toEqual([])
  })

  it('that was announced and does not come leaves nothing', async () => {
    const sent = request(url(), { method: 'POST', headers: { ...headers(), 'Content-Length': String(mib) } })
    sent.on('error', () => {}) // we hang up
    sent.write(Buffer.alloc(mib / 2))
    while ((await files()).incoming.length === 0) await delay(5)
    sent.destroy()
    while ((await files()).incoming.length > 0) await delay(5)
  })

  it('that was announced too small is the next request, and no part of the file', async () => {
    const socket = connect(Number(url().port), '127.0.0.1')
    const { pathname } = url()
    socket.write(
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nAuthorization: ${floor.authorization}\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabcdef`
    )
    let answer = ''
    socket.on('data', (text) => {
      answer += text
    })
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 201 [\s\S]*"size":3[\s\S]*HTTP\/1\.1 400 /)
  })
})

describe('the bytes of a file', () => {
  const text = Buffer.from('0123456789')
  let content = ''
  let link = ''
  beforeAll(async () => {
    const media = await uploaded(text, { 'Content-Type': 'text/plain' })
    content = media.links.content
    link = media.links.content_direct_temporary
  })

  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, undefined, 'bytes */10'],
    ['bytes=-0', 416, undefined, 'bytes */10'],
    ['bytes=3-1', 200, '0123456789', null],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
    ['bytes=-', 200, '0123456789', null]
  ])('are answered in part: %s', async (range, status, part, told) => {
    const { bytes, headers, ...answer } = await bytesOf(content, { Range: range })
    expect(answer.status).toBe(status)
    expect(headers.get('content-range')).toBe(told)
    if (part !== undefined) expect(String(bytes)).toBe(part)
    if (part !== undefined) expect(headers.get('content-length')).toBe(String(part.length))
  })

  it('are the same as before where the caller has them', async () => {
    const etag = `"${shaOf(text)}"`
    expect((await bytesOf(content, { 'If-None-Match': etag })).status).toBe(304)
    expect((await bytesOf(content, { Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200)
    expect((await bytesOf(content, { Range: 'bytes=0-1', 'If-Range': etag })).status).toBe(206)
    const head = await bytesOf(content, {}, 'HEAD')
    expect({ status: head.status, length: head.headers.get('content-length') }).toEqual({ status: 200, length: '10' })
  })

  it('are opened by a link without credentials, for five minutes', async () => {
    const follow = (url: string) => fetch(url)
    const answer = await follow(link)
    expect(await answer.text()).toBe('0123456789')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=300')
    expect(answer.headers.get('content-disposition')).toBe('attachment')
    for (const other of [link.replace(/ME\w+/, nobody), link.replace(/=\d+/, '=9999999999'), link.replace(/&.*/, '')]) {
      const refused = await follow(other)
      expect({ status: refused.status, body: await refused.json() }).toMatchObject({
        status: 403,
        body: { code: 20403 }
      })
    }
    await floor.pass(299)
    expect((await follow(link)).status).toBe(200)
    await floor.pass(1)
    expect((await follow(link)).status).toBe(403)
  })

  it('are found at the host that SDKs name', async () => {
    const { sid } = await uploaded(text)
    const { pathname } = new URL(content.replace(/ME\w+/, sid))
    const sent = request(floor.running.url + pathname.replace('/mcs', ''), {
      headers: { Authorization: floor.authorization, Host: 'mcs.us1.twilio.com' }
    })
    sent.end()
    const [response] = await once(sent, 'response')
    expect(response.statusCode).toBe(200)
    response.destroy()
  })
})

describe('somebody with a token', () => {
  const withToken = (identity: string, of?: string) => ({ authorization: '', 'X-Twilio-Token': tokenOf(identity, of) })
  /** As a page does it: no other credentials. */
  async function page(path: string, identity: string, init: RequestInit & { readonly of?: string } = {}) {
    const { of, ...rest } = init
    const token = { 'X-Twilio-Token': tokenOf(identity, of) }
    const response = await fetch(floor.running.url + path, { ...rest, headers: { ...token, ...rest.headers } })
    const body = await response.text()
    return { status: response.status, body }
  }
  const send = (identity: string, conversation: string, MediaSid: string) =>
    fetch(`${floor.running.url}/conversations/v1/Conversations/${conversation}/Messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf(identity)}` },
      body: new URLSearchParams({ MediaSid })
    })
  const post = { method: 'POST', headers: { 'Content-Type': 'image/png' } }

  it('uploads, sends, and sees what is in the own conversations', async () => {
    const conversation = await open()
    for (const identity of ['ada', 'bea']) await v1.conversations(conversation).participants.create({ identity })
    const photo = await page(place(), 'ada', { ...post, body: png() })
    const media = JSON.parse(photo.body)
    expect(media).toMatchObject({ author: 'ada' })
    // Nobody else sees it before it is sent, nor can send it.
    expect((await page(`${place()}/${media.sid}`, 'ada')).status).toBe(200)
    expect((await page(`${place()}/${media.sid}/Content`, 'bea')).status).toBe(403)
    expect((await send('bea', conversation, media.sid)).status).toBe(400)
    const sent = await send('ada', conversation, media.sid)
    expect(await sent.json()).toMatchObject({ author: 'ada', media: [{ sid: media.sid }] })
    for (const identity of ['ada', 'bea'])
      expect((await page(`${place()}/${media.sid}/Content`, identity)).status).toBe(200)
    for (const path of [`${place()}/${media.sid}`, `${place()}/${media.sid}/Content`, `${place()}/${nobody}`])
      expect((await page(path, 'eve')).status).toBe(403)
    expect((await page(`${place()}/${media.sid}`, 'bea', { method: 'DELETE' })).status).toBe(400)
  })

  it('is in one service only', async () => {
    const other = await v1.services.create({ friendlyName: 'Other' })
    expect((await page(place(other.sid), 'ada', { ...post, body: png() })).status).toBe(403)
    expect((await page(place(other.sid), 'ada', { ...post, body: png(), of: other.sid })).status).toBe(201)
    const { sid } = await uploaded()
    expect((await page(`${place()}/${sid}`, 'ada', { of: other.sid })).status).toBe(403)
  })

  it('sends no file where its role does not let it', async () => {
    const role = await v1.roles.create({
      friendlyName: 'Words only',
      type: 'conversation',
      permission: ['sendMessage']
    })
    const conversation = await open()
    await v1.conversations(conversation).participants.create({ identity: 'ada', roleSid: role.sid })
    const media = JSON.parse((await page(place(), 'ada', { ...post, body: png() })).body)
    const refused = await send('ada', conversation, media.sid)
    expect(await refused.json()).toMatchObject({ status: 403, message: expect.stringContaining('sendMediaMessage') })
  })

  it('sends three files at once, and not more', async () => {
    const sending = [1, 2, 3].map(() => {
      const one = request(floor.running.url + place(), {
        method: 'POST',
        headers: { ...withToken('max'), 'Content-Length': '100' }
      })
      one.removeHeader('authorization')
      one.on('error', () => {}) // we hang up
      one.write('a')
      return one
    })
    while ((await files()).incoming.length < 3) await delay(5)
    const fourth = await page(place(), 'max', { ...post, body: png() })
    expect(fourth).toMatchObject({ status: 429, body: expect.stringContaining('20429') })
    for (const one of sending) one.destroy()
    while ((await files()).incoming.length > 0) await delay(5)
    expect((await page(place(), 'max', { ...post, body: png() })).status).toBe(201)
  })

  it('may come from a page of any origin', async () => {
    const preflight = await fetch(floor.running.url + place(), {
      method: 'OPTIONS',
      headers: { Origin: 'https://shop.test' }
    })
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/X-Twilio-Token/)
    const answer = await fetch(floor.running.url + place(), {
      ...post,
      headers: { 'X-Twilio-Token': tokenOf('ada'), Origin: 'https://shop.test' },
      body: png()
    })
    expect({ status: answer.status, allowed: answer.headers.get('access-control-allow-origin') }).toEqual({
      status: 201,
      allowed: '*'
    })
  })
})

describe('whoever is told of a message', () => {
  let bot: Receiver
  beforeAll(async () => {
    bot = await receiver({ auth_token: floor.running.credentials.auth_token })
  })
  afterAll(() => bot.close())

  it('is told of its files: webhooks before and after, and the log', async () => {
    const conversation = await open()
    await v1.configuration.webhooks().update({
      preWebhookUrl: `${bot.url}/before`,
      postWebhookUrl: `${bot.url}/after`,
      filters: ['onMessageAdd', 'onMessageAdded', 'onMessageRemoved']
    })
    const photo = png()
    const { sid } = await uploaded(photo, {}, '?Filename=car.png')
    const { messages } = v1.conversations(conversation)
    const told = { xTwilioWebhookEnabled: 'true' } as const
    const message = await messages.create({ mediaSid: sid, ...told })
    await floor.pass(0)
    const Media = [{ Sid: sid, ContentType: 'image/png', Filename: 'car.png', Size: photo.length }]
    for (const path of ['/before', '/after']) {
      const [form] = bot.to(path).map((one) => one.form)
      expect(JSON.parse(form?.Media ?? '')).toEqual(Media)
      expect(form).not.toHaveProperty('Body')
    }
    const log = () => floor.call(`/ringdown/v1/Events?conversation_sid=${conversation}&since=PT10M`)
    const mediaOf = (events: readonly { type: string; data: { media?: unknown } }[]) =>
      events.flatMap(({ type, data }) => (type === 'message.added' ? [data.media] : []))
    expect(mediaOf((await log()).body.events)).toEqual([JSON.stringify(message.media)])
    // A webhook that comes later is told of it as well.
    await v1.conversations(conversation).webhooks.create({
      target: 'webhook',
      'configuration.url': `${bot.url}/late`,
      'configuration.filters': ['onMessageAdded'],
      'configuration.replayAfter': 0
    })
    await floor.pass(0)
    expect(bot.to('/late').map(({ form }) => JSON.parse(form.Media ?? ''))).toEqual([Media])
    await messages(message.sid).remove(told)
    await floor.pass(61)
    expect(mediaOf((await log()).body.events)).toEqual([null])
    await v1.configuration.webhooks().update({ preWebhookUrl: '', postWebhookUrl: '', filters: [] })
  })
})

describe('a file of the web', () => {
  let shop: Receiver
  beforeAll(async () => {
    shop = await receiver({ auth_token: floor.running.credentials.auth_token })
    const by = (type: string, bytes: Uint8Array) => ({
      by: (response: ServerResponse) => void response.writeHead(200, { 'Content-Type': type }).end(bytes)
    })
    shop.answer('/car.png', by('image/png', png()))
    shop.answer('/long', by('image/png', png(5 * mib)))
    shop.answer('/table.csv', by('text/csv', Buffer.from('a;b')))
  })
  afterAll(() => shop.close())

  const imports = (Url: string, more: Record<string, string> = {}) =>
    floor.call(`/ringdown/v1/Services/${service}/MediaImports`, { Url, ...more })

  it('is fetched for a message, as far as its channel carries it', async () => {
    const { status, body } = await imports(`${shop.url}/car.png`)
    expect({ status, body }).toMatchObject({
      status: 201,
      body: { sid: expect.stringMatching(/^ME/), service_sid: service, content_type: 'image/png', filename: 'car.png' }
    })
    const message = await v1.conversations(await open()).messages.create({ mediaSid: body.sid })
    expect(message.media).toHaveLength(1)
    expect((await imports(`${shop.url}/long`)).status).toBe(201)
    expect((await imports(`${shop.url}/table.csv`)).status).toBe(201)
  })

  it.each([
    ['/long', { Channel: 'sms' }, 413, 'longer than 5242880 bytes'],
    ['/table.csv', { Channel: 'sms' }, 400, 'is not carried by sms'],
    ['/car.png', { Channel: 'pigeon' }, 400, 'pigeon'],
    ['', {}, 400, 'Url']
  ])('is refused: %s %j', async (path, more, status, message) => {
    const answer = await imports(path === '' ? 'file:///etc/passwd' : shop.url + path, more)
    expect(answer).toMatchObject({ status, body: { code: 20001, message: expect.stringContaining(message) } })
    expect((await files()).incoming).toEqual([])
  })

  it('is not fetched for a customer, nor from where only this machine leads', async () => {
    const guarded = await world({ allowPrivateDestinations: false })
    const configuration = await guarded.client.conversations.v1.configuration().fetch()
    const at = `/ringdown/v1/Services/${configuration.defaultChatServiceSid}/MediaImports`
    const { status, body } = await guarded.call(at, { Url: `${shop.url}/car.png` })
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('not a public address') }
    })
    await guarded.close()
    const customer = await fetch(`${floor.running.url}/ringdown/v1/Services/${service}/MediaImports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf('ada')}` },
      body: new URLSearchParams({ Url: `${shop.url}/car.png` })
    })
    expect(customer.status).toBe(403)
  })
})
