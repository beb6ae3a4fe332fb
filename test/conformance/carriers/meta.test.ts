import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Graph, graph } from '../../support/graph.ts'
import { world as opened, type World } from '../../support/world.ts'

/*
 * WhatsApp's Cloud API, Messenger and Instagram as carriers, against a double of Meta's that behaves, and one that does not.
 */

const secrets = { access_token: 'EAAG-token', app_secret: 'app-secret', verify_token: 'our-word' }
const number = '106540352242922'
const ours = {
  whatsapp_cloud: 'whatsapp:+37256000002',
  messenger: 'messenger:900800700',
  instagram: 'instagram:17841400'
}
const ana = { whatsapp_cloud: 'whatsapp:+33600000002', messenger: 'messenger:100200300', instagram: 'instagram:555666' }
type Type = keyof typeof ours
const objects = { whatsapp_cloud: 'whatsapp_business_account', messenger: 'page', instagram: 'instagram' } as const

const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

let world: World
let meta: Graph
const carriers = {} as Record<Type, { sid: string; path: string }>

beforeAll(async () => {
  meta = await graph({ access_token: secrets.access_token, numbers: { [number]: ours.whatsapp_cloud } })
  world = await opened({ publicUrl: 'https://ringdown.example' })
  for (const type of Object.keys(ours) as Type[]) {
    const made = await world.call('/ringdown/v1/Carriers', {
      Type: type,
      Senders: ours[type],
      Configuration: JSON.stringify({
        base_url: meta.url,
        ...(type === 'whatsapp_cloud' && { phone_number_id: number })
      }),
      Secrets: JSON.stringify(secrets)
    })
    expect(made.status).toBe(201)
    carriers[type] = { sid: made.body.sid, path: made.body.webhook_path }
    meta.subscribe(objects[type], { url: world.running.url + made.body.webhook_path, app_secret: secrets.app_secret })
  }
})
afterAll(async () => {
  await world.close()
  await meta.close()
})
beforeEach(() => meta.tells([]))

const messages = () => `/api/2010-04-01/Accounts/${world.running.credentials.account_sid}/Messages`
const message = async (sid: string) => (await world.call(`${messages()}/${sid}.json`)).body
const received = async (from: string) =>
  (await world.call(`${messages()}.json?From=${encodeURIComponent(from)}`)).body.messages

/** The customer writes, so that one may answer. */
async function saysHello(type: Type): Promise<void> {
  expect(await written(type, 'Hello')).toBe(200)
}

function written(type: Type, text: string): Promise<number> {
  const from = ana[type].split(':')[1] ?? ''
  if (type === 'whatsapp_cloud') return meta.write(number, from.slice(1), { type: 'text', text: { body: text } })
  const to = ours[type].split(':')[1]
  const event = { sender: { id: from }, recipient: { id: to }, message: { mid: `m_${Math.random()}`, text } }
  return meta.event(objects[type] as 'page', event)
}

async function send(type: Type, params: Record<string, string>) {
  const made = await world.call(`${messages()}.json`, { To: ana[type], From: ours[type], ...params })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body.sid as string
}

/** Time passes until the message is no more waiting. */
async function sent(sid: string) {
  for (let n = 0; n < 40; n++) {
    await world.pass(5)
    const now = await message(sid)
    if (now.status !== 'queued') return now
  }
  return message(sid)
}

describe.each(Object.keys(ours) as Type[])('%s', (type) => {
  it('is confirmed by our word, tested, and shows no secret', async () => {
    const { path, sid } = carriers[type]
    const ask = (word: string) =>
      fetch(`${world.running.url}${path}?hub.mode=subscribe&hub.verify_token=${word}&hub.challenge=1158201444`)
    const right = await ask(secrets.verify_token)
    expect([right.status, await right.text()]).toEqual([200, '1158201444'])
    expect((await ask('guessed')).status).toBe(403)
    const tested = await world.call(`/ringdown/v1/Carriers/${sid}/Test`, {})
    expect([tested.status, tested.body.last_error]).toEqual([201, null])
    expect(JSON.stringify(tested.body)).not.toContain('EAAG')
    expect(tested.body.secret_names).toEqual(['access_token', 'app_secret', 'verify_token'])
  })

  it('takes in a message once, with the name, and answers it', async () => {
    await saysHello(type)
    const [first] = await received(ana[type])
    expect(first).toMatchObject({ body: 'Hello', to: ours[type], status: 'received' })
    const sid = await send(type, { Body: 'Hi Ana' })
    const answer = await sent(sid)
    expect(answer.status).toBe('sent')
    const [last] = meta.sent.slice(-1)
    const text = last?.body.text?.body ?? last?.body.message.text
    expect([text, `${type === 'whatsapp_cloud' ? '+' : ''}${last?.to}`]).toEqual(['Hi Ana', ana[type].split(':')[1]])
  })

  it('keeps a file that comes, and sends one that is kept', async () => {
    const { id, url } = meta.holds(pixel, 'image/png')
    if (type === 'whatsapp_cloud')
      await meta.write(number, '33600000002', { type: 'image', image: { id, caption: 'Look' } })
    else {
      const [from, to] = [ana[type].split(':')[1], ours[type].split(':')[1]]
      const message = { mid: `m_f${type}`, text: 'Look', attachments: [{ type: 'image', payload: { url } }] }
      await meta.event(objects[type] as 'page', { sender: { id: from }, recipient: { id: to }, message })
    }
    const [one] = await received(ana[type])
    expect(one).toMatchObject({ body: 'Look', num_media: '1' })
    const { body } = await world.call(`${messages()}/${one.sid}/Media.json`)
    const file = await fetch(`${world.running.url}${messages()}/${one.sid}/Media/${body.media_list[0].sid}`, {
      headers: { authorization: world.authorization }
    })
    expect(Buffer.from(await file.arrayBuffer())).toEqual(pixel)
  })

  it('says what Meta refuses by Twilio’s numbers', async () => {
    const code = type === 'whatsapp_cloud' ? { code: 131047 } : { code: 10, error_subcode: 2018278 }
    meta.misbehave({ error: code })
    const refused = await sent(await send(type, { Body: 'Too late' }))
    expect(refused).toMatchObject({ status: 'failed', error_code: 63016 })
    // The token has run out: messages fail, and the carrier says so until the next one is taken.
    meta.misbehave({ error: { code: 190, message: 'Session has expired' } })
    expect(await sent(await send(type, { Body: 'Who?' }))).toMatchObject({ status: 'failed', error_code: 63001 })
    const { path, sid } = carriers[type]
    expect(path).toBe(`/ringdown/v1/Carriers/${sid}/Webhook`)
    const failing = (await world.call(`/ringdown/v1/Carriers/${sid}`)).body
    expect([failing.state, failing.last_error]).toEqual(['failing', 'Meta 190: Session has expired'])
    expect((await sent(await send(type, { Body: 'Us' }))).status).toBe('sent')
    expect((await world.call(`/ringdown/v1/Carriers/${sid}`)).body.state).toBe('ready')
  })

  it('waits and tries again where Meta is slow, away or has too much to do, and sends nothing twice', async () => {
    const before = meta.sent.length
    meta.misbehave('429', '500', { error: { code: type === 'whatsapp_cloud' ? 130429 : 613 } }, { slow_ms: 50 })
    const sid = await send(type, { Body: 'Patience' })
    await world.pass(1)
    expect((await message(sid)).status).toBe('queued')
    expect((await sent(sid)).status).toBe('sent')
    expect(meta.sent.length - before).toBe(1)
    expect((await world.call(`/ringdown/v1/Deliveries?Receiver=${sid}`)).body.deliveries[0].attempts).toBeGreaterThan(3)
  })

  it('sends no second time what Meta tells that it has, though its answer was lost', async () => {
    const before = meta.sent.length
    meta.tells(['sent'])
    meta.misbehave('take and drop', 'take and babble')
    for (const text of ['Dropped', 'Babbled']) {
      const sid = await send(type, { Body: text })
      const now = await sent(sid)
      await meta.settled()
      expect([text, now.status]).toEqual([text, 'sent'])
    }
    // Instagram tells nothing of it: after a minute it is sent once more, since else it might be lost.
    expect(meta.sent.length - before).toBe(type === 'instagram' ? 4 : 2)
  })

  it('waits for a minute before it sends again what may have been sent', async () => {
    const before = meta.sent.length
    meta.misbehave('nonsense')
    const sid = await send(type, { Body: 'Perhaps' })
    await world.pass(40)
    expect([meta.sent.length - before, (await message(sid)).status]).toEqual([0, 'queued'])
    await world.pass(40)
    expect([meta.sent.length - before, (await message(sid)).status]).toEqual([1, 'sent'])
  })

  it('takes nothing that is not signed, or signed by somebody else, and reads it no further', async () => {
    const url = world.running.url + carriers[type].path
    const body = JSON.stringify({ object: objects[type], entry: [] })
    const before = (await received(ana[type])).length
    const forged = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }
    const cases = [{}, forged, { 'x-hub-signature-256': 'sha256=é' }]
    for (const headers of cases)
      expect((await fetch(url, { method: 'POST', body, headers: headers as never })).status).toBe(403)
    expect((await received(ana[type])).length).toBe(before)
    expect(await written(type, 'Still here')).toBe(200)
  })

  it('makes nothing of nonsense that is signed, and goes on', async () => {
    const nonsense: unknown[] = [
      ...[null, [], 7, 'x', {}, { changes: 7 }, { changes: [null, { field: 'messages', value: 'x' }] }],
      {
        changes: [
          {
            field: 'messages',
            value: { metadata: { phone_number_id: number }, messages: [{}, { id: 1 }, { id: 'a', from: {}, type: [] }] }
          }
        ]
      },
      {
        changes: [
          {
            field: 'messages',
            value: { metadata: { phone_number_id: number }, statuses: [{ id: 'x', status: 'constructor' }, {}] }
          }
        ]
      },
      {
        messaging: [
          null,
          {},
          { sender: { id: 7 } },
          { sender: { id: 'a' }, recipient: { id: '900800700' }, message: { mid: {}, text: [] } }
        ]
      },
      {
        messaging: [{ sender: { id: '\u0000' }, recipient: { id: '17841400' }, read: { watermark: 'x' }, reaction: 5 }]
      }
    ]
    for (const entry of nonsense) expect(await meta.tell(objects[type], entry as never)).toBe(200)
    const large = await fetch(world.running.url + carriers[type].path, {
      method: 'POST',
      body: 'x'.repeat(5_000_000)
    }).then(
      ({ status }) => status,
      () => 413
    )
    expect(large).toBe(413)
    expect(await written(type, 'Fine')).toBe(200)
  })
})

describe('what becomes of messages', () => {
  it('is told by receipts, whatever is told twice or the wrong way round', async () => {
    const { client } = world
    const { sid } = await client.conversations.v1.conversations.create({ friendlyName: 'Receipts' })
    const conversation = client.conversations.v1.conversations(sid)
    for (const type of ['whatsapp_cloud', 'messenger'] as const) {
      await saysHello(type)
      await conversation.participants.create({
        'messagingBinding.address': ana[type],
        'messagingBinding.proxyAddress': ours[type]
      })
    }
    meta.tells(['sent', 'delivered', 'read'], { twice: true, reverse: true })
    const said = await conversation.messages.create({ author: 'bob', body: 'To both of you' })
    await world.pass(2)
    await meta.settled()
    await world.pass(1)
    const receipts = await conversation.messages(said.sid).deliveryReceipts.list()
    expect(receipts.map(({ status }) => status)).toEqual(['read', expect.stringMatching(/^(read|delivered)$/)])
    meta.tells(['sent', 'delivered', 'read'])
    const more = await conversation.messages.create({ author: 'bob', body: 'And again' })
    await world.pass(2)
    await meta.settled()
    const others = await conversation.messages(more.sid).deliveryReceipts.list()
    expect(others.map(({ status }) => status)).toEqual(['read', 'read'])
  })

  it('is told when Meta takes a message, and will not have it later', async () => {
    await saysHello('whatsapp_cloud')
    const sid = await send('whatsapp_cloud', { Body: 'Later' })
    await sent(sid)
    const { id } = meta.sent.at(-1) ?? { id: '' }
    const statuses = [
      { id, status: 'failed', timestamp: '1', errors: [{ code: 131026, title: 'Message undeliverable' }] }
    ]
    const value = { metadata: { phone_number_id: number, display_phone_number: '37256000002' }, statuses }
    expect(await meta.tell('whatsapp_business_account', { changes: [{ field: 'messages', value }] })).toBe(200)
    expect(await message(sid)).toMatchObject({ status: 'failed', error_code: 63024 })
  })
})

describe('what customers of WhatsApp send', () => {
  const cases: readonly (readonly [name: string, message: object, body: string, told: Record<string, string>])[] = [
    [
      'a place',
      { type: 'location', location: { latitude: 59.4, longitude: 24.7, name: 'Viru', address: 'Tallinn' } },
      'Viru\nTallinn\n59.4,24.7',
      { Latitude: '59.4', Label: 'Viru', MessageType: 'location' }
    ],
    [
      'somebody’s card',
      { type: 'contacts', contacts: [{ name: { formatted_name: 'Bob' }, phones: [{ phone: '+1555' }] }] },
      'Bob, +1555',
      { MessageType: 'contacts' }
    ],
    [
      'a button that was tapped',
      { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'yes', title: 'Yes!' } } },
      'Yes!',
      { ButtonText: 'Yes!', ButtonPayload: 'yes' }
    ],
    [
      'an item of a list',
      { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: '3', title: 'Third' } } },
      'Third',
      { ListId: '3', ListTitle: 'Third' }
    ],
    [
      'a template’s button',
      { type: 'button', button: { text: 'Stop it', payload: 'STOP' } },
      'Stop it',
      { ButtonPayload: 'STOP' }
    ],
    [
      'what has no name yet',
      { type: 'unsupported', errors: [{ code: 131051 }] },
      '(unsupported)',
      { MessageType: 'unsupported' }
    ]
  ]

  it.each(cases)('%s', async (_, sends, body, told) => {
    const from = '33600000077'
    expect(await meta.write(number, from, sends)).toBe(200)
    const [one] = await received(`whatsapp:+${from}`)
    expect(one.body).toBe(body)
    const events = (
      await world.call('/ringdown/v1/Events?types=channel_message.received&since=PT1H&limit=1000&wait_s=0')
    ).body.events
    const { data } = events.find((event: { resource_sid: string }) => event.resource_sid === one.sid)
    expect(JSON.parse(data.told)).toMatchObject({ ...told, ProfileName: 'Ana', WaId: from })
  })

  it('a customer without a number, by the name that the business knows', async () => {
    const value = {
      metadata: { phone_number_id: number, display_phone_number: '37256000002' },
      contacts: [{ user_id: 'US.13491208655302741918', profile: { username: 'ana' } }],
      messages: [
        {
          id: 'wamid.bsuid',
          from_user_id: 'US.13491208655302741918',
          timestamp: '1',
          type: 'text',
          text: { body: 'Hi' }
        }
      ]
    }
    expect(await meta.tell('whatsapp_business_account', { changes: [{ field: 'messages', value }] })).toBe(200)
    const [one] = await received('whatsapp:US.13491208655302741918')
    expect(one.body).toBe('Hi')
    const made = await world.call(`${messages()}.json`, { To: one.from, From: one.to, Body: 'Hello Ana' })
    await sent(made.body.sid)
    expect(meta.sent.at(-1)?.body).toMatchObject({ recipient: 'US.13491208655302741918', text: { body: 'Hello Ana' } })
  })

  it('a file that cannot be had yet is waited for, and one that never can is told of', async () => {
    const { id } = meta.holds(pixel, 'image/png')
    meta.breakFiles(503)
    const message = { id: 'wamid.slow', type: 'image', image: { id } }
    expect(
      await meta.write(number, '33600000088', {
        ...message,
        timestamp: String(Date.parse('2026-03-02T09:00:00Z') / 1000)
      })
    ).toBe(503)
    expect(await received('whatsapp:+33600000088')).toEqual([])
    meta.breakFiles(undefined)
    expect(await meta.write(number, '33600000088', message)).toBe(200)
    expect(await meta.write(number, '33600000088', message)).toBe(200)
    expect(await received('whatsapp:+33600000088')).toMatchObject([{ num_media: '1', body: '' }])
    meta.breakFiles(404)
    expect(await meta.write(number, '33600000089', { type: 'image', image: { id }, timestamp: '1' })).toBe(200)
    expect(await received('whatsapp:+33600000089')).toMatchObject([{ body: '(a file that could not be fetched)' }])
    meta.breakFiles(undefined)
  })
})

describe('files of messages that are sent', () => {
  it('are kept, given on, and there for who asks for them', async () => {
    await saysHello('whatsapp_cloud')
    await saysHello('messenger')
    const { url } = meta.holds(pixel, 'image/png')
    for (const type of ['whatsapp_cloud', 'messenger'] as const) {
      const sid = await send(type, { Body: 'See', MediaUrl: url })
      expect((await sent(sid)).status).toBe('sent')
      const [{ sid: media_sid, content_type }] = (await world.call(`${messages()}/${sid}/Media.json`)).body.media_list
      expect(content_type).toBe('image/png')
      const kept = await fetch(`${world.running.url}${messages()}/${sid}/Media/${media_sid}`, {
        headers: { authorization: world.authorization }
      })
      expect(Buffer.from(await kept.arrayBuffer())).toEqual(pixel)
      const bodies = meta.sent.map(({ body }) => body)
      if (type === 'whatsapp_cloud') {
        const { image } = bodies.findLast((body) => body.type === 'image')
        expect([image.caption, meta.uploads.get(image.id)]).toEqual(['See', { type: 'image/png', bytes: pixel }])
      } else {
        const { attachment } = bodies.findLast((body) => body.message?.attachment).message
        const [place, link] = attachment.payload.url.split('/mcs/')
        expect(place).toBe('https://ringdown.example')
        const linked = await fetch(`${world.running.url}/mcs/${link}`)
        expect(Buffer.from(await linked.arrayBuffer())).toEqual(pixel)
        expect(meta.sent.at(-1)?.body.message.text).toBe('See')
      }
    }
  })

  it('may be several, each of them a message there', async () => {
    await saysHello('whatsapp_cloud')
    const before = meta.sent.length
    const files = [
      meta.holds(pixel, 'image/png').url,
      meta.holds(Buffer.from('%PDF-1.4\n1 0 obj\n'), 'application/pdf').url
    ]
    meta.tells(['sent', 'delivered'])
    const made = await world.call(`${messages()}.json`, {
      ...{ To: ana.whatsapp_cloud, From: ours.whatsapp_cloud, Body: 'Both' },
      MediaUrl: files
    })
    await sent(made.body.sid)
    await meta.settled()
    expect((await message(made.body.sid)).status).toBe('delivered')
    const parts = meta.sent
      .slice(before)
      .flatMap(({ body }) => (body.messaging_product ? [[body.type, body.biz_opaque_callback_data.slice(34)]] : []))
    expect(parts).toEqual([
      ['image', '.0'],
      ['document', '.1'],
      ['text', '']
    ])
  })

  it('go on behind the part that is known, when an answer is lost in between', async () => {
    await saysHello('messenger')
    const before = meta.sent.length
    meta.tells(['sent'])
    meta.misbehave({ slow_ms: 1 }, 'take and drop')
    const files = [meta.holds(pixel, 'image/png').url, meta.holds(pixel, 'image/png').url]
    const made = await world.call(`${messages()}.json`, {
      To: ana.messenger,
      From: ours.messenger,
      Body: 'Three',
      MediaUrl: files
    })
    await meta.settled()
    expect((await sent(made.body.sid)).status).toBe('sent')
    const parts = meta.sent
      .slice(before)
      .flatMap(({ body }) => (body.message ? [body.message.attachment?.type ?? body.message.text] : []))
    expect(parts).toEqual(['image', 'image', 'Three'])
  })
})

describe('what one customer writes while something of it takes long', () => {
  it('is not taken when its time is over, and is when it is told again', async () => {
    const from = '33600000055'
    const write = (text: string) =>
      meta.write(number, from, { type: 'text', id: `wamid.${text}`, text: { body: text } })
    const { id } = meta.holds(pixel, 'image/png')
    const release = meta.holdBackFiles()
    onTestFinished(release)
    const image = meta.write(number, from, { type: 'image', image: { id } })
    // The door lets sixteen of one customer wait: when one is turned away, all before it are waiting.
    const waiting: Promise<number>[] = []
    let isFull = false
    for (let n = 0; !isFull && n < 200; n++) {
      const told = write(`Number ${n}`)
      waiting.push(told)
      void told.then((status) => {
        isFull ||= status === 429
      })
      await delay(20)
    }
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 26_000)
    onTestFinished(() => clock.mockRestore())
    release()
    const statuses = await Promise.all(waiting)
    clock.mockRestore()
    expect(await image).toBe(200)
    expect(new Set(statuses)).toEqual(new Set([429, 503]))
    const bodies = async () => (await received(`whatsapp:+${from}`)).map(({ body }: { body: string }) => body).sort()
    expect(await bodies()).toEqual([''])
    expect([await write('Number 0'), await write('Number 0')]).toEqual([200, 200])
    expect(await bodies()).toEqual(['', 'Number 0'])
  })
})

describe('templates', () => {
  const content = async (types: object, approve: boolean) => {
    const made = await world.call('/content/v1/Content', undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ friendly_name: 'x', language: 'en', variables: { 1: 'there' }, types })
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    if (approve)
      await world.call(`/content/v1/Content/${made.body.sid}/ApprovalRequests/whatsapp`, undefined, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'order_ready', category: 'UTILITY' })
      })
    return made.body.sid as string
  }

  it('are what WhatsApp is sent a day later, if they are approved', async () => {
    await saysHello('whatsapp_cloud')
    await world.pass(25 * 3600)
    const types = { 'twilio/text': { body: 'Hi {{1}}, your order {{2}} is ready' } }
    const [approved, not] = [await content(types, true), await content(types, false)]
    const params = { ContentVariables: JSON.stringify({ 1: 'Ana', 2: '#7' }) }
    const yes = await sent(await send('whatsapp_cloud', { ContentSid: approved, ...params }))
    expect(yes).toMatchObject({ status: 'sent', body: 'Hi Ana, your order #7 is ready' })
    expect(meta.sent.at(-1)?.body.template).toEqual({
      name: 'order_ready',
      language: { code: 'en' },
      components: [
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Ana' },
            { type: 'text', text: '#7' }
          ]
        }
      ]
    })
    const before = meta.sent.length
    expect(await sent(await send('whatsapp_cloud', { ContentSid: not, ...params }))).toMatchObject({
      status: 'failed',
      error_code: 63016
    })
    expect(await sent(await send('whatsapp_cloud', { Body: 'Free' }))).toMatchObject({
      status: 'failed',
      error_code: 63016
    })
    expect(await sent(await send('messenger', { Body: 'Free' }))).toMatchObject({ status: 'failed', error_code: 63016 })
    expect(meta.sent.length).toBe(before)
  })

  it('say in a conversation what each channel shows', async () => {
    await saysHello('whatsapp_cloud')
    await saysHello('messenger')
    const replies = ['One', 'Two'].map((title) => ({ type: 'QUICK_REPLY', title, id: title.toLowerCase() }))
    const sid = await content({ 'twilio/quick-reply': { body: 'Which, {{1}}?', actions: replies } }, false)
    const { conversations } = world.client.conversations.v1
    const here = conversations((await conversations.create({ friendlyName: 'Templates' })).sid)
    for (const type of ['whatsapp_cloud', 'messenger'] as const)
      await here.participants.create({
        'messagingBinding.address': ana[type].replace('2', '3'),
        'messagingBinding.proxyAddress': ours[type]
      })
    await meta.write(number, '33600000003', { type: 'text', text: { body: 'Hi' } })
    await meta.event('page', {
      sender: { id: '100300300' },
      recipient: { id: '900800700' },
      message: { mid: 'm_t', text: 'Hi' }
    })
    const before = meta.sent.length
    await here.messages.create({ author: 'bob', contentSid: sid })
    await world.pass(2)
    const bodies = meta.sent
      .slice(before)
      .flatMap(({ body }) => (body.interactive || body.message?.quick_replies ? [body] : []))
    expect(bodies.find((one) => one.messaging_product)?.interactive).toEqual({
      type: 'button',
      body: { text: 'Which, there?' },
      action: {
        buttons: [
          { type: 'reply', reply: { id: 'one', title: 'One' } },
          { type: 'reply', reply: { id: 'two', title: 'Two' } }
        ]
      }
    })
    expect(bodies.find((one) => one.messaging_type)?.message).toMatchObject({
      text: 'Which, there?',
      quick_replies: [
        { content_type: 'text', title: 'One', payload: 'one' },
        { content_type: 'text', title: 'Two', payload: 'two' }
      ]
    })
  })
})

it('customers of Instagram come in by their address, and are written to by agents', async () => {
  const webhook = { 'AutoCreation.Enabled': 'true', 'AutoCreation.Type': 'default' }
  const address = { Type: 'instagram', Address: ours.instagram, ...webhook }
  expect((await world.call('/conversations/v1/Configuration/Addresses', address)).status).toBe(201)
  const event = {
    sender: { id: '777888' },
    recipient: { id: '17841400' },
    message: { mid: 'm_insta', text: 'Do you ship?' }
  }
  expect(await meta.event('instagram', event)).toBe(200)
  const { client } = world
  const [held] = await client.conversations.v1.participantConversations.list({ address: 'instagram:777888' })
  expect(held?.conversationFriendlyName).toBe('instagram:777888')
  const configuration = await client.flexApi.v1.configuration().fetch()
  const floor = client.taskrouter.v1.workspaces(configuration.taskrouterWorkspaceSid)
  const [queue] = await floor.taskQueues.list()
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const worker = await floor.workers.create({ friendlyName: 'amelie', activitySid: available })
  const workflow = await floor.workflows.create({
    friendlyName: 'Contacts',
    configuration: JSON.stringify({ task_routing: { default_filter: { queue: queue?.sid } } })
  })
  // Somebody else, who wrote before.
  await saysHello('instagram')
  const { channel } = await client.flexApi.v1.interaction.create({
    channel: {
      type: 'instagram',
      initiated_by: 'agent',
      participants: [{ address: ana.instagram, proxy_address: ours.instagram }]
    },
    routing: {
      properties: {
        workspace_sid: configuration.taskrouterWorkspaceSid,
        workflow_sid: workflow.sid,
        queue_sid: queue?.sid,
        worker_sid: worker.sid
      }
    }
  })
  expect(channel.type).toBe('instagram')
})

describe('the connection', () => {
  it('is closed for a while to who has brought many wrong signatures', async () => {
    const url = world.running.url + carriers.whatsapp_cloud.path
    const forged = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => (await fetch(url, { method: 'POST', body: '{}', headers: forged })).status)
    )
    expect(new Set(statuses)).toEqual(new Set([403, 429]))
    await expect.poll(() => written('whatsapp_cloud', 'Still here'), { timeout: 5_000, interval: 200 }).toBe(200)
  })

  it('has its new secrets with the next message', async () => {
    const { sid, path } = carriers.messenger
    await saysHello('messenger')
    await world.call(`/ringdown/v1/Carriers/${sid}`, {
      Secrets: JSON.stringify({ app_secret: 'another', access_token: 'old' })
    })
    expect(await written('messenger', 'By the old secret')).toBe(403)
    const message = await sent(await send('messenger', { Body: 'With an old token' }))
    expect(message).toMatchObject({ status: 'failed', error_code: 63001 })
    expect((await world.call(`/ringdown/v1/Carriers/${sid}/Test`, {})).body.last_error).toMatch(/^Meta 190/)
    meta.subscribe('page', { url: world.running.url + path, app_secret: 'another' })
    expect(await written('messenger', 'By the new one')).toBe(200)
    await world.call(`/ringdown/v1/Carriers/${sid}`, { Secrets: JSON.stringify(secrets) })
    meta.subscribe('page', { url: world.running.url + path, app_secret: secrets.app_secret })
    expect((await sent(await send('messenger', { Body: 'Again' }))).status).toBe('sent')
  })

  it('that is away holds up no other', async () => {
    await saysHello('messenger')
    await saysHello('whatsapp_cloud')
    const { sid } = carriers.whatsapp_cloud
    const away = JSON.stringify({ base_url: 'http://127.0.0.1:9', phone_number_id: number })
    await world.call(`/ringdown/v1/Carriers/${sid}`, { Configuration: away })
    const waiting = [await send('whatsapp_cloud', { Body: '1' }), await send('whatsapp_cloud', { Body: '2' })]
    expect((await sent(await send('messenger', { Body: 'Meanwhile' }))).status).toBe('sent')
    await world.pass(30)
    const failing = (await world.call(`/ringdown/v1/Carriers/${sid}`)).body
    expect(failing).toMatchObject({ state: 'failing', queued: 2, last_error: expect.stringContaining('ECONNREFUSED') })
    await world.call(`/ringdown/v1/Carriers/${sid}`, {
      Configuration: JSON.stringify({ base_url: meta.url, phone_number_id: number })
    })
    await world.pass(600)
    for (const one of waiting) expect((await message(one)).status).toBe('sent')
    expect(meta.sent.slice(-2).map(({ body }) => body.text.body)).toEqual(['1', '2'])
    const metrics = await (await fetch(`${world.running.url}/metrics`)).text()
    expect(metrics).toContain(`ringdown_carrier_webhooks_total{carrier="${sid}",outcome="taken"}`)
    expect(metrics).toContain(`ringdown_carrier_messages_total{carrier="${sid}",status="sent"}`)
  })
})
