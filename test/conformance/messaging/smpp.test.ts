import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type MessageCenter, messageCenter, smppLogin } from '../../support/message-center.ts'
import { world as opened, type World } from '../../support/world.ts'

/* SMPP by the server side of its library: texts in and out, in parts, receipts, a center that is slow, away, or talks nonsense. */

const ours = '+37256000009'
let world: World
let center: MessageCenter
let carrier: string
let phone: string
let n = 0

const settings = (more: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({
    host: '127.0.0.1',
    port: center.port,
    system_id: smppLogin.system_id,
    per_second: 100,
    response_s: 1,
    ...more
  })

beforeAll(async () => {
  center = await messageCenter()
  world = await opened()
  const address = { Type: 'sms', Address: ours, 'AutoCreation.Enabled': 'true', 'AutoCreation.Type': 'default' }
  expect((await world.call('/conversations/v1/Configuration/Addresses', address)).status).toBe(201)
  const { body } = await world.call('/ringdown/v1/Carriers', {
    Type: 'smpp',
    FriendlyName: 'Texts',
    Senders: [ours],
    Configuration: settings(),
    Secrets: JSON.stringify({ password: smppLogin.password })
  })
  carrier = body.sid
})
afterAll(async () => {
  await world.close()
  await center.close()
})
beforeEach(async () => {
  n += 1
  phone = `+3360000010${n}`
  center.status = 0
  await bound()
})

const bound = () => expect.poll(() => center.bound, { timeout: 8000 }).toBe(1)
const account = () => `/2010-04-01/Accounts/${world.running.credentials.account_sid}/Messages`
const state = async () => (await world.call(`/ringdown/v1/Carriers/${carrier}`)).body
const message = async (sid: string) => (await world.call(`${account()}/${sid}.json`)).body

async function sent(Body: string, To = phone): Promise<string> {
  const { body } = await world.call(`${account()}.json`, { From: ours, To, Body })
  await world.pass(1)
  return body.sid
}

async function received(from: string): Promise<string[]> {
  const { body } = await world.call(`${account()}.json?From=${encodeURIComponent(from)}&To=${encodeURIComponent(ours)}`)
  return body.messages.map((one: { body: string }) => one.body).reverse()
}

const from = () => ({ source_addr: phone.slice(1), destination_addr: ours.slice(1) })

test('a text goes out, and its receipt comes back', async () => {
  const sid = await sent('Hello [€]')
  await expect
    .poll(() => center.submitted.at(-1))
    .toMatchObject({ from: ours.slice(1), to: phone.slice(1), text: 'Hello [€]', wantsReceipt: true })
  await expect.poll(async () => (await message(sid)).status).toBe('sent')
  const one = center.submitted.at(-1)
  if (!one) throw new Error('nothing was sent')
  expect(await center.receipt(one, 'DELIVRD')).toBe(0)
  expect((await message(sid)).status).toBe('delivered')
})

test('what a center could not deliver is told by its error', async () => {
  const sid = await sent('Anybody?')
  await expect.poll(() => center.submitted.at(-1)?.text).toBe('Anybody?')
  const one = center.submitted.at(-1)
  if (!one) throw new Error('nothing was sent')
  await expect.poll(async () => (await message(sid)).status).toBe('sent')
  await center.receipt({ ...one, id: 'other' }, 'UNDELIV', { receipted_message_id: one.id, message_state: 8 })
  expect(await message(sid)).toMatchObject({ status: 'undelivered', error_code: 30007 })
})

test('long texts go in parts that end with whole characters', async () => {
  const cases = ['x'.repeat(152) + '€'.repeat(10), 'ж'.repeat(66) + '😀'.repeat(20)]
  for (const text of cases) {
    const before = center.submitted.length
    await sent(text)
    await expect
      .poll(() =>
        center.submitted
          .slice(before)
          .map((one) => one.text)
          .join('')
      )
      .toBe(text)
    const parts = center.submitted.slice(before)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.map((one) => one.udh?.slice(3))).toEqual(parts.map((_, at) => [parts.length, at + 1]))
    expect(new Set(parts.map((one) => one.udh?.[2])).size).toBe(1)
    expect(parts.map((one) => one.wantsReceipt)).toEqual(parts.map((_, at) => at === parts.length - 1))
  }
})

test('texts of phones come in, in any coding and in parts in any order', async () => {
  expect(await center.deliver({ ...from(), data_coding: 0, short_message: 'Hi @£' })).toBe(0)
  expect(await center.deliver({ ...from(), data_coding: 8, short_message: 'Привет 😀' })).toBe(0)
  expect(await center.deliver({ ...from(), data_coding: 3, short_message: 'çà' })).toBe(0)
  const part = (number: number, text: string) => ({
    ...from(),
    data_coding: 8,
    short_message: { udh: Buffer.from([5, 0, 3, 77, 3, number]), message: text }
  })
  // A character of two units is split by some phones.
  expect(await center.deliver(part(3, '\ude00 end'))).toBe(0)
  expect(await center.deliver(part(1, 'begin '))).toBe(0)
  expect(await center.deliver(part(1, 'begin '))).toBe(0)
  expect(await received(phone)).toHaveLength(3)
  expect(await center.deliver(part(2, 'middle \ud83d'))).toBe(0)
  const sar = (number: number, short_message: string) =>
    center.deliver({
      ...from(),
      data_coding: 0,
      short_message,
      sar_msg_ref_num: 9,
      sar_total_segments: 2,
      sar_segment_seqnum: number
    })
  await sar(2, 'world')
  await sar(1, 'hello ')
  expect(await received(phone)).toEqual(['Hi @£', 'Привет 😀', 'çà', 'begin middle 😀 end', 'hello world'])
  // What never comes is not waited for for ever.
  await center.deliver({
    ...from(),
    data_coding: 0,
    short_message: { udh: Buffer.from([5, 0, 3, 78, 2, 1]), message: 'half' }
  })
  await world.pass(301)
  expect((await received(phone)).at(-1)).toBe('half')
})

test('what is delivered again by the next bind is the same text, and what is said again is not', async () => {
  const say = (text: string) => center.deliver({ ...from(), data_coding: 0, short_message: text })
  const again = async () => {
    const { binds } = center
    center.hangUp()
    await expect.poll(() => center.binds, { timeout: 8000 }).toBeGreaterThan(binds)
    await bound()
  }
  expect([await say('Ok'), await say('Where is it?'), await say('Ok')]).toEqual([0, 0, 0])
  expect(await received(phone)).toEqual(['Ok', 'Where is it?', 'Ok'])
  await again()
  // The last two come again; then somebody agrees once more.
  expect([await say('Where is it?'), await say('Ok'), await say('Ok')]).toEqual([0, 0, 0])
  expect(await received(phone)).toEqual(['Ok', 'Where is it?', 'Ok', 'Ok'])
  await again()
  // Who says something else has not been asked for anything again.
  expect([await say('Thanks'), await say('Ok')]).toEqual([0, 0])
  expect(await received(phone)).toEqual(['Ok', 'Where is it?', 'Ok', 'Ok', 'Thanks', 'Ok'])
  await world.pass(301)
  await again()
  expect(await say('Ok')).toBe(0)
  expect(await received(phone)).toHaveLength(7)
})

test('a center that has too much is given time, and one that is away is waited for', async () => {
  center.status = 0x58
  const sid = await sent('Slowly')
  await world.pass(3)
  expect(await state()).toMatchObject({ state: 'ready', queued: 1 })
  center.status = 0
  await world.pass(30)
  await expect.poll(async () => (await message(sid)).status).toBe('sent')
  center.hangUp()
  await expect.poll(async () => (await state()).state).toBe('failing')
  const binds = center.binds
  const later = await sent('Later')
  await expect.poll(() => center.binds, { timeout: 8000 }).toBe(binds + 1)
  await world.pass(60)
  await expect.poll(async () => (await message(later)).status).toBe('sent')
  expect((await state()).state).toBe('ready')
})

test('a center that does not answer is asked again', async () => {
  center.status = null
  const sid = await sent('Once more')
  await expect.poll(async () => (await state()).last_error, { timeout: 5000 }).toContain('no answer')
  expect((await message(sid)).status).toBe('queued')
  center.status = 0
  await world.pass(60)
  await expect.poll(async () => (await message(sid)).status).toBe('sent')
})

test('what a center will not have has failed', async () => {
  center.status = 0x0b
  const sid = await sent('Nobody')
  await expect.poll(async () => await message(sid)).toMatchObject({ status: 'failed', error_code: 30005 })
})

test('new secrets make a new bind, and wrong ones are said', async () => {
  const binds = center.binds
  await world.call(`/ringdown/v1/Carriers/${carrier}`, { Secrets: JSON.stringify({ password: 'wrong' }) })
  await expect
    .poll(state, { timeout: 5000 })
    .toMatchObject({ state: 'failing', last_error: 'SMPP: the password is wrong (status 0x0e)' })
  await world.call(`/ringdown/v1/Carriers/${carrier}`, { Secrets: JSON.stringify({ password: smppLogin.password }) })
  await expect.poll(() => center.binds, { timeout: 5000 }).toBe(binds + 1)
  await expect.poll(async () => (await state()).state).toBe('ready')
  expect((await world.call(`/ringdown/v1/Carriers/${carrier}/Test`, {})).body.state).toBe('ready')
})

test('a center that talks nonsense is left, and bound to again', async () => {
  const binds = center.binds
  center.babble(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await expect
    .poll(state, { timeout: 5000 })
    .toMatchObject({ state: 'failing', last_error: expect.stringContaining('too large') })
  const sid = await sent('Still there')
  await expect.poll(() => center.binds, { timeout: 8000 }).toBe(binds + 1)
  await world.pass(60)
  await expect.poll(async () => (await message(sid)).status).toBe('sent')
})
