import twilio from 'twilio'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'

/* Who is there, as long as it follows what happens (reference conversations 13). */

let here: World
let v1: World['client']['conversations']['v1']
let service: string

beforeAll(async () => {
  here = await world()
  v1 = here.client.conversations.v1
  service = (await v1.configuration().fetch()).defaultChatServiceSid
})
afterAll(() => here.close())

/** An access token as an app gets it from its own server. */
async function tokenOf(identity: string): Promise<string> {
  const key = await here.call('/iam/v1/Keys', { AccountSid: here.running.credentials.account_sid })
  const { AccessToken } = twilio.jwt
  const token = new AccessToken(here.running.credentials.account_sid, key.body.sid, key.body.secret, { identity })
  token.addGrant(new AccessToken.ChatGrant({ serviceSid: service }))
  return token.toJwt()
}

it('a user is online while a page of it follows the log', async () => {
  await v1.users.create({ identity: 'ann' })
  const isOnline = async () => (await v1.users('ann').fetch()).isOnline
  const authorization = `Bearer ${await tokenOf('ann')}`
  const follow = async () => {
    const gone = new AbortController()
    const url = `${here.running.url}/ringdown/v1/Events/stream`
    const stream = await fetch(url, { headers: { authorization }, signal: gone.signal })
    await stream.body?.getReader().read()
    return () => gone.abort()
  }
  expect(await isOnline()).toBeNull()
  await v1.services(service).configuration().update({ reachabilityEnabled: true })
  expect(await isOnline()).toBe(false)
  const leave = await follow()
  const leaveAgain = await follow()
  expect(await isOnline()).toBe(true)
  expect((await v1.services(service).users('ann').fetch()).isOnline).toBe(true)
  expect((await v1.users.list()).map((one) => one.isOnline)).toEqual([null])
  leave()
  await expect.poll(isOnline, { timeout: 200 }).toBe(true)
  leaveAgain()
  await expect.poll(isOnline, { timeout: 5_000 }).toBe(false)
  await v1.services(service).configuration().update({ reachabilityEnabled: false })
  expect(await isOnline()).toBeNull()
})

it('changes are counted where the settings say how many a second may be made', async () => {
  const { settingsOf } = await import('@ringdown/server/settings')
  const strict = await world({ settings: settingsOf({ rates: { conversation_changes: 3 } }) })
  try {
    const { conversations } = strict.client.conversations.v1
    const { sid } = await conversations.create({ friendlyName: 'Busy' })
    const say = () => conversations(sid).messages.create({ body: 'Hello' })
    for (let i = 0; i < 3; i++) await say()
    await expect(say()).rejects.toMatchObject({ status: 429, code: 20429 })
    // Reading is free, and another conversation is another matter.
    expect(await conversations(sid).messages.list()).toHaveLength(3)
    const other = await conversations.create()
    await conversations(other.sid).messages.create({ body: 'Hello' })
    await conversations.create()
    await expect(conversations.create()).rejects.toMatchObject({ status: 429, code: 20429 })
    await strict.pass(1)
    await say()
    await conversations.create()
  } finally {
    await strict.close()
  }
})
