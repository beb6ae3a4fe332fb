import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { login, type MailServers, mailServers } from '../../support/mail-servers.ts'
import { world as opened, type World } from '../../support/world.ts'

/* E-mail by servers of mail from npm: letters in and out, threads, what opens no contact, and servers that misbehave. */

const ours = 'help@acme.test'
let world: World
let mail: MailServers
let carrier: string
let n = 0

beforeAll(async () => {
  mail = await mailServers()
  world = await opened()
  const address = { Type: 'email', Address: ours, 'AutoCreation.Enabled': 'true', 'AutoCreation.Type': 'default' }
  expect((await world.call('/conversations/v1/Configuration/Addresses', address)).status).toBe(201)
  const made = await world.call('/ringdown/v1/Carriers', {
    Type: 'email',
    FriendlyName: 'Mail',
    Senders: [ours],
    Configuration: JSON.stringify(mail.configuration),
    Secrets: JSON.stringify({ password: login.password })
  })
  expect(made.body).toMatchObject({ type: 'email', state: 'ready', secret_names: ['password'] })
  expect(made.body).not.toHaveProperty('cursor')
  carrier = made.body.sid
})
afterAll(async () => {
  await world.close()
  await mail.close()
})
beforeEach(() => {
  n += 1
  mail.answer = undefined
})

/** A letter as a program writes it. */
function letter(head: Readonly<Record<string, string>>, ...lines: readonly string[]): string {
  const usual = {
    From: `Ana <ana${n}@x.test>`,
    To: ours,
    Subject: 'Broken',
    'Message-ID': `<${crypto.randomUUID()}@x.test>`
  }
  const fields = Object.entries({ ...usual, ...head }).filter(([, value]) => value !== '')
  return [...fields.map(([name, value]) => `${name}: ${value}`), '', ...lines].join('\r\n')
}

const messagesFrom = async (address: string) =>
  (await world.call(`/2010-04-01/Accounts/${world.running.credentials.account_sid}/Messages.json?From=${address}`)).body
    .messages
const conversations = async () =>
  (await world.call('/conversations/v1/Conversations?PageSize=100')).body.conversations as {
    sid: string
    friendly_name: string
  }[]
const talk = async (sid: string) => (await world.call(`/conversations/v1/Conversations/${sid}/Messages`)).body.messages

/** The conversation with that subject, as soon as there is one with so many messages. */
async function arrived(subject: string, messages = 1): Promise<string> {
  let sid = ''
  await expect
    .poll(
      async () => {
        sid = (await conversations()).find((one) => one.friendly_name === subject)?.sid ?? ''
        return sid === '' ? 0 : (await talk(sid)).length
      },
      { timeout: 8000 }
    )
    .toBe(messages)
  return sid
}

async function answered(conversation: string, body: string, more: Readonly<Record<string, string>> = {}) {
  const before = mail.taken.length
  const path = `/conversations/v1/Conversations/${conversation}/Messages`
  const { body: message } = await world.call(path, { Author: 'amelie', Body: body, ...more })
  await world.pass(1)
  await expect.poll(() => mail.taken.length).toBe(before + 1)
  return { message, letter: mail.taken.at(-1) }
}

test('a letter makes a conversation, is answered, and its answer comes into it', async () => {
  const boundary = 'b1'
  mail.arrive(
    letter(
      {
        Subject: '=?UTF-8?Q?D=C3=A9fectueux?=',
        'Message-ID': '<first@x.test>',
        Cc: 'Bob <bob@x.test>',
        'Reply-To': 'ana-home@x.test',
        'Content-Type': `multipart/mixed; boundary=${boundary}`
      },
      `--${boundary}`,
      'Content-Type: text/html; charset=utf-8',
      '',
      '<p onclick="alert(1)">It is <b>broken</b>.</p><script>alert(2)</script><img src="https://spy.test/1.png">',
      `--${boundary}`,
      'Content-Type: text/plain; name=notes.txt',
      'Content-Disposition: attachment; filename=notes.txt',
      '',
      'one two',
      `--${boundary}--`
    )
  )
  const conversation = await arrived('Défectueux')
  const [first] = await talk(conversation)
  expect(first).toMatchObject({ author: `ana${n}@x.test`, body: 'It is broken.' })
  expect(
    first.media.map((one: { filename: string; content_type: string }) => [one.filename, one.content_type])
  ).toEqual([
    ['message.html', 'text/html'],
    ['notes.txt', 'text/plain']
  ])
  expect(JSON.parse(first.attributes).email).toMatchObject({
    message_id: 'first@x.test',
    from_name: 'Ana',
    reply_to: 'ana-home@x.test',
    to: [{ address: ours, name: null }],
    cc: [{ address: 'bob@x.test', name: 'Bob' }]
  })
  const { body: roster } = await world.call(`/conversations/v1/Conversations/${conversation}/Participants`)
  expect(roster.participants[0].messaging_binding).toEqual({
    type: 'email',
    address: `ana${n}@x.test`,
    name: 'Ana',
    level: 'from'
  })
  const page = await fetch(
    `${world.running.url}/mcs/v1/Services/${first.chat_service_sid ?? (await serviceOf(conversation))}/Media/${first.media[0].sid}/Content`,
    {
      headers: { authorization: world.authorization }
    }
  )
  if (page.ok) expect(await page.text()).not.toMatch(/script|onclick|img/)

  const { letter: answer } = await answered(conversation, 'Please send it <back>.')
  expect(answer).toMatchObject({ from: ours, to: ['ana-home@x.test'] })
  expect(answer?.mail).toMatchObject({
    subject: 'Re: Défectueux',
    inReplyTo: '<first@x.test>',
    references: '<first@x.test>'
  })
  expect(answer?.mail.text?.trim()).toBe('Please send it <back>.')
  expect(answer?.mail.html).toContain('&lt;back&gt;')
  const id = answer?.mail.messageId ?? ''
  expect(id).toMatch(/^<SM[0-9a-f]{32}@acme\.test>$/)

  mail.arrive(
    letter(
      { Subject: 'AW: Défectueux', 'In-Reply-To': id, References: `<first@x.test> ${id}` },
      'Sent.',
      '',
      'On Monday, Help wrote:',
      '> Please send it <back>.'
    )
  )
  await arrived('Défectueux', 3)
  const last = (await talk(conversation)).at(-1)
  expect(last.body).toBe('Sent.')
  expect(JSON.parse(last.attributes).email.quoted).toContain('> Please send it')
  const { letter: second } = await answered(conversation, 'Thanks.')
  expect(second?.mail.references).toEqual(['<first@x.test>', id, expect.stringMatching(/@x\.test>$/)])
})

async function serviceOf(sid: string): Promise<string> {
  return (await world.call(`/conversations/v1/Conversations/${sid}`)).body.chat_service_sid
}

test('what no person wrote opens no contact and is not answered', async () => {
  const before = (await conversations()).length
  const heads = [
    { 'Auto-Submitted': 'auto-replied' },
    { Precedence: 'bulk' },
    { 'List-Id': 'News <news.x.test>' },
    { 'Return-Path': '<>' },
    { From: 'MAILER-DAEMON@x.test' }
  ]
  for (const head of heads) mail.arrive(letter(head, 'I am away.'))
  mail.arrive(letter({ From: `real${n}@x.test`, Subject: `Real ${n}` }, 'Hello'))
  await arrived(`Real ${n}`)
  expect((await conversations()).length).toBe(before + 1)
  expect(await messagesFrom(`ana${n}@x.test`)).toHaveLength(4)
})

test('a letter that comes back moves its receipt', async () => {
  mail.arrive(letter({ Subject: `Bounce ${n}` }, 'Hello'))
  const conversation = await arrived(`Bounce ${n}`)
  const { message, letter: answer } = await answered(conversation, 'Hello, Ana')
  const b = 'r1'
  mail.arrive(
    letter(
      {
        From: 'MAILER-DAEMON@mx.test',
        'Return-Path': '<>',
        'Content-Type': `multipart/report; report-type=delivery-status; boundary=${b}`
      },
      `--${b}`,
      'Content-Type: text/plain',
      '',
      'It could not be delivered.',
      `--${b}`,
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.test',
      '',
      `Final-Recipient: rfc822; ana${n}@x.test`,
      'Action: failed',
      'Status: 5.1.1',
      `Diagnostic-Code: smtp; 550 5.1.1 <ana${n}@x.test> nobody of that name`,
      `--${b}`,
      'Content-Type: text/rfc822-headers',
      '',
      `Message-ID: ${answer?.mail.messageId}`,
      'Subject: Re: Bounce',
      `--${b}--`
    )
  )
  const path = `/conversations/v1/Conversations/${conversation}/Messages/${message.sid}/Receipts`
  await expect
    .poll(async () => (await world.call(path)).body.delivery_receipts[0], { timeout: 8000 })
    .toMatchObject({ status: 'undelivered', error_code: 30005 })
})

test('a mailbox that is read again has the letters it had', async () => {
  mail.arrive(letter({ Subject: `Again ${n}` }, 'Hello'))
  await arrived(`Again ${n}`)
  const before = (await conversations()).length
  mail.renumber()
  await mail.hangUp()
  mail.arrive(letter({ Subject: `After ${n}` }, 'Hello'))
  await arrived(`After ${n}`)
  expect((await conversations()).length).toBe(before + 1)
})

test('a server that is away, or refuses, is told of, and letters wait or fail', async () => {
  mail.arrive(letter({ Subject: `Wait ${n}` }, 'Hello'))
  const conversation = await arrived(`Wait ${n}`)
  mail.answer = { code: 451, text: 'try again later' }
  const path = `/conversations/v1/Conversations/${conversation}/Messages`
  const { body: waiting } = await world.call(path, { Author: 'amelie', Body: 'Wait' })
  await world.pass(1)
  const state = async () => (await world.call(`/ringdown/v1/Carriers/${carrier}`)).body
  await expect.poll(state).toMatchObject({ state: 'failing', last_error: expect.stringContaining('451'), queued: 1 })
  mail.answer = undefined
  const before = mail.taken.length
  await world.pass(60)
  await expect.poll(() => mail.taken.length).toBe(before + 1)
  await expect.poll(state).toMatchObject({ state: 'ready', queued: 0 })
  const receipts = async (sid: string) => (await world.call(`${path}/${sid}/Receipts`)).body.delivery_receipts[0]
  expect(await receipts(waiting.sid)).toMatchObject({ status: 'sent' })
  mail.answer = { code: 550, text: `5.1.1 <ana${n}@x.test> unknown` }
  const { body: refused } = await world.call(path, { Author: 'amelie', Body: 'No' })
  await world.pass(1)
  await expect.poll(() => receipts(refused.sid)).toMatchObject({ status: 'failed', error_code: 30005 })
  expect((await state()).state).toBe('ready')
})

test('the connection is tried, and a wrong password is said', async () => {
  const tried = await world.call(`/ringdown/v1/Carriers/${carrier}/Test`, {})
  expect(tried.body).toMatchObject({ state: 'ready' })
  const wrong = await world.call('/ringdown/v1/Carriers', {
    Type: 'email',
    FriendlyName: 'Wrong',
    Senders: ['other@acme.test'],
    Configuration: JSON.stringify(mail.configuration),
    Secrets: JSON.stringify({ password: 'wrong' })
  })
  const { body } = await world.call(`/ringdown/v1/Carriers/${wrong.body.sid}/Test`, {})
  expect(body).toMatchObject({
    state: 'failing',
    last_error: expect.stringMatching(/SMTP.*wrong password|Invalid login/)
  })
  // The other one feels nothing.
  mail.arrive(letter({ Subject: `Well ${n}` }, 'Hello'))
  await arrived(`Well ${n}`)
  expect((await world.call(`/ringdown/v1/Carriers/${wrong.body.sid}`, undefined, { method: 'DELETE' })).status).toBe(
    204
  )
  const metrics = await (
    await fetch(`${world.running.url}/metrics`, { headers: { authorization: world.authorization } })
  ).text()
  expect(metrics).toContain(`ringdown_carrier_connected{carrier="${carrier}",type="email"} 1`)
})

test('a server that talks nonsense or says nothing is told of, and no other carrier feels it', async () => {
  for (const greeting of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
    const odd = createServer((socket) => {
      socket.on('error', () => {})
      if (greeting === '') socket.destroy()
      else socket.end(greeting)
    })
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
    const { port } = odd.address() as AddressInfo
    const { body } = await world.call('/ringdown/v1/Carriers', {
      Type: 'email',
      FriendlyName: 'Odd',
      Senders: ['odd@acme.test'],
      Configuration: JSON.stringify({ ...mail.configuration, smtp_port: port, imap_port: port }),
      Secrets: JSON.stringify({ password: login.password })
    })
    const path = `/ringdown/v1/Carriers/${body.sid}`
    await expect.poll(async () => (await world.call(path)).body.state, { timeout: 5000 }).toBe('failing')
    expect((await world.call(`${path}/Test`, {})).body.last_error).toMatch(/^SMTP: /)
    mail.arrive(letter({ Subject: `Besides ${port}` }, 'Hello'))
    await arrived(`Besides ${port}`)
    await world.call(path, undefined, { method: 'DELETE' })
    await new Promise<void>((resolve) => odd.close(() => resolve()))
  }
})

test('what is missing in a configuration is said', async () => {
  const { body } = await world.call('/ringdown/v1/Carriers', {
    Type: 'email',
    FriendlyName: 'Bare',
    Senders: ['bare@acme.test']
  })
  await expect
    .poll(async () => (await world.call(`/ringdown/v1/Carriers/${body.sid}`)).body)
    .toMatchObject({ state: 'failing', last_error: 'Configuration: smtp_host is missing' })
  await world.call(`/ringdown/v1/Carriers/${body.sid}`, undefined, { method: 'DELETE' })
})

test('a customer begins, and an agent answers within a contact; an agent begins', async () => {
  const { client } = world
  const configuration = await client.flexApi.v1.configuration().fetch()
  const workspace = configuration.taskrouterWorkspaceSid
  const floor = client.taskrouter.v1.workspaces(workspace)
  const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
  const worker = await floor.workers.create({ friendlyName: 'amelie', activitySid: available })
  const queue = await floor.taskQueues.create({ friendlyName: 'Mail', targetWorkers: '1 == 1' })
  const workflow = await floor.workflows.create({
    friendlyName: 'Mail',
    configuration: JSON.stringify({ task_routing: { default_filter: { queue: queue.sid } } })
  })
  mail.arrive(letter({ Subject: `Contact ${n}` }, 'Hello'))
  const conversation = await arrived(`Contact ${n}`)
  const asked = await client.flexApi.v1.interaction.create({
    channel: { type: 'email', initiated_by: 'customer', properties: { media_channel_sid: conversation } },
    routing: { properties: { workspace_sid: workspace, workflow_sid: workflow.sid } }
  })
  const attributes = JSON.parse(asked.routing.properties.attributes)
  expect(attributes).toMatchObject({
    customerAddress: `ana${n}@x.test`,
    channelType: 'email',
    customers: { email: `ana${n}@x.test` }
  })
  const [offer] = await floor.workers(worker.sid).reservations.list({ reservationStatus: 'pending' })
  await floor
    .workers(worker.sid)
    .reservations(offer?.sid ?? '')
    .update({ reservationStatus: 'accepted' })
  const within = await answered(conversation, 'At once', { Author: 'amelie' })
  expect(within.letter?.mail.subject).toBe(`Re: Contact ${n}`)
  const made = await client.flexApi.v1.interaction.create({
    channel: {
      type: 'email',
      initiated_by: 'agent',
      participants: [{ level: 'to', address: 'zoe@x.test', name: 'Zoe', proxy_address: ours }]
    },
    routing: { properties: { workspace_sid: workspace, worker_sid: worker.sid, queue_sid: queue.sid } }
  })
  const { conversationSid } = JSON.parse(made.routing.properties.attributes)
  const { letter: first } = await answered(conversationSid, 'Hello, Zoe', { Subject: 'Your order' })
  expect(first?.mail).toMatchObject({ subject: 'Your order', to: { text: '"Zoe" <zoe@x.test>' } })
  mail.arrive(
    letter(
      { From: 'Zoe <ZOE@x.test>', Subject: 'Re: Your order', 'In-Reply-To': first?.mail.messageId ?? '' },
      'Yes, please'
    )
  )
  await expect.poll(async () => (await talk(conversationSid)).length, { timeout: 8000 }).toBe(2)
  expect((await talk(conversationSid)).at(-1)).toMatchObject({ author: 'zoe@x.test', body: 'Yes, please' })
})
