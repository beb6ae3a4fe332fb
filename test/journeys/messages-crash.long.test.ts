import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * The plug is pulled while messages are on their way to virtual phones, between giving and noting as well. Each that was
 * acknowledged arrives, none arrives twice, and what a phone has written has come in once.
 */

const { account_sid } = credentials
const ours = '+15005550006'

let folder: string
let server: Started

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-messages-'))
  server = await started(['--data', folder])
})
afterAll(async () => {
  await server.kill()
  await rm(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const call: Started['call'] = (...asked) => server.call(...asked)

const messages = `/api/2010-04-01/Accounts/${account_sid}/Messages`

interface Phone {
  readonly sid: string
  readonly address: string
}

/** All that a phone has of one direction. */
async function all({ sid }: Phone, direction: 'received' | 'written'): Promise<Answer[]> {
  const found: Answer[] = []
  let page = `/ringdown/v1/Phones/${sid}/Messages?PageSize=1000&Direction=${direction}`
  for (;;) {
    const { phone_messages, meta } = await call(page)
    found.push(...phone_messages)
    if (meta.next_page_url === null) return found
    const { pathname, search } = new URL(meta.next_page_url)
    page = pathname + search
  }
}

it('brings each message once, whenever it is killed', async () => {
  const phones: Phone[] = []
  for (let n = 0; n < 4; n++) phones.push(await call('/ringdown/v1/Phones', { Address: `+3360000000${n}` }))
  const acknowledged = new Map<string, string>()
  const written = new Map<string, number>()
  let n = 0
  for (const ms of [100, 37, 203]) {
    let isUp = true
    const busy = phones.map(async ({ sid, address }) => {
      while (isUp)
        try {
          acknowledged.set((await call(`${messages}.json`, { To: address, From: ours, Body: `m${n++}` })).sid, address)
          const body = `w${n++}`
          await call(`/ringdown/v1/Phones/${sid}/Messages`, { To: ours, Body: body })
          written.set(body, 1)
        } catch {
          // It is gone in the middle of it: whether that was done nobody knows.
        }
    })
    // However slow the machine is, there is something to lose.
    for (const before = acknowledged.size; acknowledged.size < before + 12; ) await delay(10)
    await delay(ms)
    await server.kill()
    isUp = false
    await Promise.all(busy)
    server = await started(['--data', folder])
  }
  expect(acknowledged.size).toBeGreaterThan(30)
  const isUnderWay = async () => (await call('/ringdown/v1/Deliveries?State=queued')).deliveries.length
  await expect.poll(isUnderWay, { timeout: 30_000 }).toBe(0)
  const received = (await Promise.all(phones.map((phone) => all(phone, 'received')))).flat()
  const sids = received.map(({ channel_message_sid }) => channel_message_sid)
  expect(new Set(sids).size).toBe(sids.length)
  expect([...acknowledged.keys()].filter((sid) => !sids.includes(sid))).toEqual([])
  for (const sid of sids) expect((await call(`${messages}/${sid}.json`)).status).toBe('delivered')
  const came = new Map<string, number>()
  for (const one of (await Promise.all(phones.map((phone) => all(phone, 'written')))).flat())
    came.set(one.body, (came.get(one.body) ?? 0) + 1)
  expect([...came.values()].every((times) => times === 1)).toBe(true)
  expect([...written.keys()].filter((body) => !came.has(body))).toEqual([])
}, 120_000)
