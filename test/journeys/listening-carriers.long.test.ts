import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { PostgresPlace } from '../store/places.ts'
import { databases } from '../store/stores.ts'
import { login, type MailServers, mailServers } from '../support/mail-servers.ts'
import { type MessageCenter, messageCenter, smppLogin } from '../support/message-center.ts'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * Contacts by e-mail and SMPP, begun by the customer and by an agent, while the plug is pulled in the middle of them: what
 * a mailbox or a center has given comes in once, what was acknowledged goes out.
 */

const { account_sid, auth_token } = credentials
const headers = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` }
const mailbox = 'help@acme.test'
const number = '+37256000009'
const ana = '+33600000001'

let folder: string
let server: Started
let mail: MailServers
let center: MessageCenter

let there: PostgresPlace | undefined

/** Starts a server; on a database the account is its own once the one before is known to be gone. */
async function start(): Promise<Started> {
  const store = there ? ['--database', there.url, '--media', join(folder, 'media')] : []
  const begun = await started(['--data', folder, '--allow-private-destinations', ...store])
  await vi.waitFor(
    async () => expect((await fetch(`${begun.url}/ringdown/v1/Carriers`, { headers })).status).toBe(200),
    { timeout: 30_000, interval: 100 }
  )
  return begun
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const call: Started['call'] = (...asked) => server.call(...asked)

const wait = { timeout: 40_000, interval: 100 }

/** The plug is pulled, and it comes back; what happens meanwhile is between. Resolves when the center has its bind again. */
async function again(between: () => void = () => {}): Promise<void> {
  const { binds } = center
  await server.kill()
  between()
  server = await start()
  await expect.poll(() => center.binds, wait).toBeGreaterThan(binds)
}

const letter = (n: number, ...more: readonly string[]) =>
  [
    `From: Ana <ana@x.test>`,
    `To: ${mailbox}`,
    `Subject: Case ${n}`,
    `Message-ID: <case${n}@x.test>`,
    ...more,
    '',
    `Letter ${n}`
  ].join('\r\n')

const conversations = async (): Promise<Answer[]> =>
  (await call('/conversations/v1/Conversations?PageSize=100')).conversations

/** Conversations by their names, as soon as each of these is there. */
async function named(names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  await expect
    .poll(async () => {
      for (const { friendly_name, sid } of await conversations()) found.set(friendly_name, sid)
      return names.filter((name) => !found.has(name))
    }, wait)
    .toEqual([])
  return found
}

describe.each(databases)('on $name', ({ available, place }) => {
  beforeAll(async () => {
    if (!available) return
    there = await place()
    folder = await mkdtemp(join(tmpdir(), 'ringdown-carriers-'))
    mail = await mailServers()
    center = await messageCenter()
    server = await start()
  }, 60_000)
  afterAll(async () => {
    if (!available) return
    await server.kill()
    await Promise.all([mail.close(), center.close(), there?.clear()])
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  it.runIf(available)('brings and sends each letter and text, whenever it is killed', wholeStory, 180_000)
})

async function wholeStory(): Promise<void> {
  for (const [Type, Address] of [
    ['email', mailbox],
    ['sms', number]
  ] as const) {
    const auto = { 'AutoCreation.Enabled': 'true', 'AutoCreation.Type': 'default' }
    await call('/conversations/v1/Configuration/Addresses', { Type, Address, ...auto })
  }
  const connect = (Type: string, Senders: string, configuration: object, password: string) =>
    call('/ringdown/v1/Carriers', {
      ...{ Type, Senders, FriendlyName: Type },
      Configuration: JSON.stringify(configuration),
      Secrets: JSON.stringify({ password })
    })
  await connect('email', mailbox, mail.configuration, login.password)
  const settings = { host: '127.0.0.1', port: center.port, system_id: smppLogin.system_id, per_second: 100 }
  await connect('smpp', number, settings, smppLogin.password)

  // Customers begin, by letters and by a text in two parts; the plug is pulled, and more letters come while nobody is there.
  await expect.poll(() => center.bound, wait).toBe(1)
  const from = { source_addr: ana.slice(1), destination_addr: number.slice(1), data_coding: 0 }
  const part = (n: number, message: string) => ({
    ...from,
    short_message: { udh: Buffer.from([5, 0, 3, 1, 2, n]), message }
  })
  for (let n = 0; n < 6; n++) mail.arrive(letter(n))
  expect(await center.deliver({ ...from, short_message: 'Hi' })).toBe(0)
  expect(await center.deliver(part(2, 'is it?'))).toBe(0)
  await named(['Case 0'])
  await again(() => {
    for (let n = 6; n < 9; n++) mail.arrive(letter(n))
  })
  expect(await center.deliver(part(1, 'Where '))).toBe(0)
  const found = await named([ana, ...Array.from({ length: 9 }, (_, n) => `Case ${n}`)])
  const mine = async () => (await conversations()).filter(({ friendly_name }) => friendly_name.startsWith('Case'))
  expect(await mine()).toHaveLength(9)
  const talk = (sid = '') => call(`/conversations/v1/Conversations/${sid}/Messages`)
  const said = async (name: string) => (await talk(found.get(name))).messages.map(({ body }: { body: string }) => body)
  expect(await said(ana)).toEqual(['Hi', 'Where is it?'])

  // Agents answer and begin while nobody takes anything; the plug is pulled, and then it is taken, once each.
  mail.answer = { code: 451, text: 'later' }
  center.status = 0x58
  const say = (sid: string, Body: string) =>
    call(`/conversations/v1/Conversations/${sid}/Messages`, { Author: 'amelie', Body })
  for (let n = 0; n < 3; n++) await say(found.get('Case 0') ?? '', `Answer ${n}`)
  const begin = async (more: Record<string, string>, participant: Record<string, string>) => {
    const { sid } = await call('/conversations/v1/Conversations', { FriendlyName: 'Begun', ...more })
    await call(`/conversations/v1/Conversations/${sid}/Participants`, participant)
    return sid as string
  }
  const zoe = '+33600000002'
  const byText = await begin({}, { 'MessagingBinding.Address': zoe, 'MessagingBinding.ProxyAddress': number })
  const byLetter = await begin(
    { 'Bindings.Email.Address': mailbox },
    { 'MessagingBinding.Address': 'zoe@x.test', 'MessagingBinding.Level': 'to' }
  )
  const long = `${'x'.repeat(200)}.`
  const sent = await say(byText, long)
  await say(byLetter, 'Good morning')
  // Each first one has been tried: what was in the middle of it would have a minute to be told of.
  const tried = async () => {
    const { deliveries } = await call('/ringdown/v1/Deliveries?State=queued')
    return deliveries.filter(({ attempts }: { attempts: number }) => attempts > 0).length
  }
  await expect.poll(tried, wait).toBeGreaterThanOrEqual(3)
  mail.renumber()
  await again()
  mail.answer = undefined
  center.status = 0
  const letters = (address: string) =>
    mail.taken.filter(({ to }) => to.includes(address)).map((one) => one.mail.text?.trim())
  await expect.poll(() => letters('ana@x.test'), wait).toEqual(['Answer 0', 'Answer 1', 'Answer 2'])
  await expect.poll(() => letters('zoe@x.test'), wait).toEqual(['Good morning'])
  const parts = () => center.submitted.filter(({ to }) => to === zoe.slice(1))
  await expect
    .poll(
      () =>
        parts()
          .map(({ text }) => text)
          .join(''),
      wait
    )
    .toBe(long)

  // Answers to answers come into their threads, and a mailbox that was read twice has brought nothing twice.
  const answered = (n: number, address: string) => {
    const ids = mail.taken.filter(({ to }) => to.includes(address)).map((one) => one.mail.messageId)
    mail.arrive(letter(n, `In-Reply-To: ${ids.at(-1)}`))
  }
  answered(90, 'ana@x.test')
  answered(91, 'zoe@x.test')
  await expect.poll(async () => (await said('Case 0')).at(-1), wait).toBe('Letter 90')
  await expect.poll(async () => (await talk(byLetter)).messages.at(-1).body, wait).toBe('Letter 91')
  expect(await mine()).toHaveLength(9)

  // A receipt that comes after the next plug.
  const receipt = async () =>
    (await call(`/conversations/v1/Conversations/${byText}/Messages/${sent.sid}/Receipts`)).delivery_receipts[0]?.status
  await expect.poll(receipt, wait).toBe('sent')
  const last = parts().at(-1)
  if (!last) throw new Error('nothing was sent')
  await again()
  expect(await center.receipt(last, 'DELIVRD')).toBe(0)
  expect(await receipt()).toBe('delivered')
}
