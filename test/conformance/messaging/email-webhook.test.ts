import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { receiver } from '../../support/receiver.ts'
import { world as opened, type World } from '../../support/world.ts'

/* Letters that a mail server or a provider brings by requests: signed or with a secret, in each form, again, and as nonsense. */

const ours = 'help@acme.test'
const secret = 'a secret of the webhook'
let world: World
let door: string
let n = 0

beforeAll(async () => {
  world = await opened()
  const address = { Type: 'email', Address: ours, 'AutoCreation.Enabled': 'true', 'AutoCreation.Type': 'default' }
  expect((await world.call('/conversations/v1/Configuration/Addresses', address)).status).toBe(201)
  const { body } = await world.call('/ringdown/v1/Carriers', {
    Type: 'email',
    FriendlyName: 'Mail',
    Senders: [ours, 'sales@acme.test'],
    Configuration: JSON.stringify({ smtp_host: '127.0.0.1', smtp_port: 9 }),
    Secrets: JSON.stringify({ webhook_secret: secret })
  })
  expect(body.webhook_path).toMatch(/^\/ringdown\/v1\/Carriers\/XC[0-9a-f]{32}\/Webhook$/)
  door = body.webhook_path
})
afterAll(() => world.close())

function letter(head: Readonly<Record<string, string>> = {}, ...lines: readonly string[]): string {
  n += 1
  const usual = {
    From: `Ana <ana${n}@x.test>`,
    To: ours,
    Subject: `Case ${n}`,
    'Message-ID': `<${crypto.randomUUID()}@x.test>`
  }
  const fields = Object.entries({ ...usual, ...head }).filter(([, value]) => value !== '')
  return [...fields.map(([name, value]) => `${name}: ${value}`), '', ...(lines.length > 0 ? lines : ['Hello'])].join(
    '\r\n'
  )
}

const signed = (body: string | Uint8Array) => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
})
const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`mail:${password}`).toString('base64')}` })

async function brought(
  body: string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'message/rfc822', ...signed(body) }
) {
  const response = await fetch(world.running.url + door, { method: 'POST', body, headers })
  await response.text()
  await world.pass(1)
  return response.status
}

const messagesFrom = async (address: string) =>
  (await world.call(`/2010-04-01/Accounts/${world.running.credentials.account_sid}/Messages.json?From=${address}`)).body
    .messages
const conversations = async () =>
  (await world.call('/conversations/v1/Conversations?PageSize=100')).body.conversations.map(
    (one: { friendly_name: string }) => one.friendly_name
  )

test('a letter comes in, once, however often it is brought', async () => {
  const text = letter({}, 'Where is it?')
  expect([await brought(text), await brought(text)]).toEqual([200, 200])
  expect(await conversations()).toEqual([`Case ${n}`])
  expect(await messagesFrom(`ana${n}@x.test`)).toMatchObject([{ body: 'Where is it?', to: ours, direction: 'inbound' }])
})

test('it comes in each form that providers have', async () => {
  const json = JSON.stringify({ RawEmail: letter(), OriginalRecipient: 'sales@acme.test' })
  const form = new URLSearchParams({ recipient: ours, 'body-mime': letter() }).toString()
  expect(await brought(json, { 'content-type': 'application/json', ...basic(secret) })).toBe(200)
  expect(await brought(form, { 'content-type': 'application/x-www-form-urlencoded', ...signed(form) })).toBe(200)
  const plain = letter({ To: 'undisclosed' })
  expect(await brought(plain, { 'x-envelope-to': 'sales@acme.test', ...signed(plain) })).toBe(200)
  const [first, second, third] = [n - 2, n - 1, n]
  expect(await messagesFrom(`ana${first}@x.test`)).toMatchObject([{ to: 'sales@acme.test' }])
  expect(await messagesFrom(`ana${second}@x.test`)).toMatchObject([{ to: ours }])
  expect(await messagesFrom(`ana${third}@x.test`)).toMatchObject([{ to: 'sales@acme.test' }])
})

test('it brings files and HTML, and stands in its thread', async () => {
  const id = crypto.randomUUID()
  const parts = [
    '--b',
    'Content-Type: text/html',
    '',
    '<p>Look<script>alert(1)</script></p>',
    '--b',
    'Content-Type: application/pdf; name="a.pdf"',
    'Content-Disposition: attachment; filename="a.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('%PDF-1.4 x').toString('base64'),
    '--b--'
  ]
  await brought(letter({ 'Message-ID': `<${id}@x.test>`, 'Content-Type': 'multipart/mixed; boundary=b' }, ...parts))
  const from = `ana${n}@x.test`
  const subject = `Case ${n}`
  await brought(letter({ From: from, Subject: `Re: ${subject}`, 'In-Reply-To': `<${id}@x.test>` }, 'And?'))
  expect((await conversations()).filter((name: string) => name.includes(subject))).toEqual([subject])
  const [answer, first] = await messagesFrom(from)
  expect([answer.body, first.body, first.num_media]).toEqual(['And?', 'Look', '2'])
})

test('a letter as programs store it is one without what they put in front', async () => {
  for (const before of ['From ana@x.test Thu Nov 26 09:00:00 2026\r\n', '\ufeff']) {
    expect(await brought(before + letter())).toBe(200)
    expect(await messagesFrom(`ana${n}@x.test`)).toHaveLength(1)
  }
})

test('what no person wrote opens no contact', async () => {
  expect(await brought(letter({ 'Auto-Submitted': 'auto-replied' }))).toBe(200)
  expect(await conversations()).not.toContain(`Case ${n}`)
  expect(await messagesFrom(`ana${n}@x.test`)).toHaveLength(1)
})

test.each<[string, (body: string) => Readonly<Record<string, string>>]>([
  ['nothing', () => ({})],
  ['another signature', (body) => signed(`${body} `)],
  ['half a signature', () => ({ 'x-hub-signature-256': 'sha256=ab' })],
  ['another password', () => basic('guessed')],
  ['a password beside a wrong signature', (body) => ({ ...signed(`${body} `), ...basic(secret) })],
  ['no password at all', () => ({ authorization: 'Basic !' })]
])('is not taken with %s', async (_what, headers) => {
  const text = letter()
  expect(await brought(text, headers(text))).toBe(403)
  expect(await messagesFrom(`ana${n}@x.test`)).toEqual([])
})

test('is not taken by a carrier without a secret', async () => {
  const { body } = await world.call('/ringdown/v1/Carriers', {
    Type: 'email',
    FriendlyName: 'Other',
    Senders: 'other@acme.test',
    Configuration: JSON.stringify({ smtp_host: '127.0.0.1', smtp_port: 9 })
  })
  const text = letter({ To: 'other@acme.test' })
  for (const headers of [signed(text), basic(''), basic('undefined')])
    expect((await fetch(world.running.url + body.webhook_path, { method: 'POST', body: text, headers })).status).toBe(
      403
    )
})

test('nonsense tells nothing, and harms nobody', async () => {
  const before = (await conversations()).length
  const nonsense: [string, string][] = [
    ['', 'message/rfc822'],
    ['\0\0\0', 'message/rfc822'],
    ['no letter at all', 'text/plain'],
    ['Subject: nobody\r\n\r\nHello', 'message/rfc822'],
    [`From: nobody\r\n\r\n${'x'.repeat(100_000)}`, 'message/rfc822'],
    [`From: ${'a'.repeat(5000)}@x.test\r\n\r\nHello`, 'message/rfc822'],
    ['{', 'application/json'],
    ['{"RawEmail": 5}', 'application/json'],
    ['[]', 'application/json'],
    ['body-mime=', 'application/x-www-form-urlencoded'],
    [`From: a@x.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(5000)}`, 'message/rfc822']
  ]
  for (const [body, type] of nonsense) expect(await brought(body, { 'content-type': type, ...signed(body) })).toBe(200)
  // Whoever brings letters in a form that is not taken is told so.
  const form = '--b\r\n\r\n'
  expect(await brought(form, { 'content-type': 'multipart/form-data; boundary=b', ...signed(form) })).toBe(400)
  expect((await conversations()).length - before).toBeLessThanOrEqual(1)
  let seed = 7
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed
  }
  for (let round = 0; round < 40; round++) {
    const text = letter({ 'Content-Type': 'multipart/alternative; boundary=b' }, '--b', '', 'Hi', '--b--')
    const characters = [...text]
    for (let at = 0; at < 8; at++) characters[random() % characters.length] = String.fromCharCode(random() % 256)
    const body = characters.join('')
    expect([200, 400]).toContain(await brought(body, { 'content-type': 'message/rfc822', ...signed(body) }))
  }
  expect(await brought(letter({}, 'Still here'))).toBe(200)
  expect(await messagesFrom(`ana${n}@x.test`)).toMatchObject([{ body: 'Still here' }])
})

test('a body that is too long is not read to its end, whether it says so or not', async () => {
  const long = await fetch(world.running.url + door, {
    method: 'POST',
    body: new Uint8Array(26 * 1024 * 1024)
  }).then(
    (response) => response.status,
    () => 'hung up'
  )
  expect([413, 'hung up']).toContain(long)
  const status = await new Promise<number | string>((resolve) => {
    const { hostname, port } = new URL(world.running.url)
    const out = request({ hostname, port, path: door, method: 'POST' }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    out.on('error', () => resolve('hung up'))
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    let sent = 0
    const more = () => {
      while (sent < 40) {
        sent += 1
        if (!out.write(chunk)) return void out.once('drain', more)
      }
      out.end()
    }
    more()
  })
  expect([413, 'hung up']).toContain(status)
  expect(await brought(letter())).toBe(200)
})

test('a form keeps the bytes of a letter that is in an old encoding', async () => {
  const raw = letter(
    { 'Content-Type': 'text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding': '8bit' },
    'Où ça ?'
  )
  const author = `ana${n}@x.test`
  const escaped = [...Buffer.from(raw, 'latin1')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const body = `recipient=${encodeURIComponent(`${ours}\0`)}&body-mime=${escaped}`
  expect(await brought(body, { 'content-type': 'application/x-www-form-urlencoded', ...signed(body) })).toBe(200)
  expect((await messagesFrom(author)).map((one: { body: string }) => one.body)).toEqual(['Où ça ?'])
})

test('four long letters of a carrier wait at most, and whoever brings a fifth is told to come again', async () => {
  const ear = await receiver({ auth_token: world.running.credentials.auth_token })
  const held: (() => void)[] = []
  const release = () => {
    for (const one of held.splice(0)) one()
  }
  ear.answer('/may-i', { by: (response) => void held.push(() => response.end('{}')) })
  const webhooks = '/conversations/v1/Configuration/Webhooks'
  const asking = { PreWebhookUrl: `${ear.url}/may-i`, Filters: 'onConversationAdd', Target: 'webhook' }
  expect((await world.call(webhooks, asking)).status).toBe(200)
  onTestFinished(async () => {
    await world.call(webhooks, { PreWebhookUrl: '' })
    await ear.close()
  })
  const long = 'So it goes on.\r\n'.repeat(100_000)
  const bring = async (body: string) => {
    const headers = { 'content-type': 'message/rfc822', ...signed(body) }
    const response = await fetch(world.running.url + door, { method: 'POST', body, headers })
    await response.text()
    return response
  }
  const letters = Array.from({ length: 5 }, () => letter({}, long))
  const four = letters.slice(0, 4).map(bring)
  await expect.poll(() => held.length).toBe(1)
  // So that the others are read as well: it is no matter of reading.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const fifth = letters[4] ?? ''
  await expect.poll(async () => (await bring(fifth)).headers.get('retry-after')).toBe('1')
  // What is short is read beside them, and waits for its turn.
  const short = brought(letter())
  let isOver = false
  const all = Promise.all([...four, short]).finally(() => {
    isOver = true
  })
  while (!isOver) {
    release()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect((await all).map((one) => (typeof one === 'number' ? one : one.status))).toEqual([200, 200, 200, 200, 200])
  const releasing = setInterval(release, 20)
  expect(await brought(fifth)).toBe(200)
  clearInterval(releasing)
})
