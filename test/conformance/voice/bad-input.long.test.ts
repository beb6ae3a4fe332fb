import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Switchboard, switchboard } from '../../support/switchboard.ts'

/* Programs that take too long, and a thousand callers at once. Whoever is on another call is not harmed. */

let center: Switchboard
beforeEach(async () => {
  center = await switchboard()
})
afterEach(() => center.close())

/** A caller who is asked for a key, and who is answered as soon as it is pressed. */
async function somebodyElse() {
  const { here, hooks } = center
  const number = '+14155550188'
  await here.client.incomingPhoneNumbers.create({ phoneNumber: number, voiceUrl: `${hooks.url}/menu` })
  center.answers('/menu', (response) => {
    response.gather({ numDigits: 1, action: '/menu', timeout: 600 }).say('Press a key')
  })
  const phone = await center.phone('+33612340001')
  await phone.call(number)
  return phone
}

it('a program that takes sixteen seconds is not waited for: its fallback is asked, and told why', async () => {
  const { here, hooks } = center
  const number = '+14155550187'
  await here.client.incomingPhoneNumbers.create({
    ...{ phoneNumber: number, voiceUrl: `${hooks.url}/slow`, voiceFallbackUrl: `${hooks.url}/instead` }
  })
  hooks.answer('/slow', { hang: true })
  center.answers('/instead', (response) => response.say('Sorry'))
  const other = await somebodyElse()
  const { body } = await here.call('/ringdown/v1/Phones', { Address: '+33612340002' })
  const begun = performance.now()
  const calls = `/ringdown/v1/Phones/${body.sid}/Calls`
  expect((await here.call(calls, { To: number })).status).toBe(201)
  await expect.poll(() => hooks.to('/slow').length, { timeout: 20_000 }).toBe(1)
  // Time stands still for whoever waits for a program, and for nobody else.
  await other.press('1')
  expect(hooks.to('/menu')).toHaveLength(2)
  await here.pass(1)
  expect(performance.now() - begun).toBeGreaterThan(14_000)
  await expect.poll(() => hooks.to('/instead').length, { timeout: 20_000 }).toBe(1)
  expect(hooks.to('/instead')[0]?.form).toMatchObject({ ErrorCode: '11205', ErrorUrl: `${hooks.url}/slow` })
  const { heard } = (await here.call(`/ringdown/v1/Phones/${body.sid}/Heard`)).body
  expect(heard[0]).toMatchObject({ what: 'say', content: 'Sorry' })
}, 90_000)

it('a thousand callers at once all hear something; more than a queue takes are told so', async () => {
  const { here, hooks } = center
  const most = 1000
  const other = await somebodyElse()
  center.answers('/voice', (response) => {
    response.enqueue({ maxQueueSize: 100, action: '/full' }, 'line')
  })
  center.answers('/full', (response, { form }) => response.say(`It was ${form.QueueResult}`))
  const phones: string[] = []
  for (let n = 0; n < most / 2; n += 50)
    phones.push(
      ...(await Promise.all(
        Array.from({ length: 50 }, async (_, k) => {
          const Address = `+3361${String(2_000_000 + n + k)}`
          return (await here.call('/ringdown/v1/Phones', { Address })).body.sid as string
        })
      ))
    )
  // Each has two lines.
  const made = await Promise.all(
    [...phones, ...phones].map((sid) => here.call(`/ringdown/v1/Phones/${sid}/Calls`, { To: center.number }))
  )
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]))
  await other.press('1')
  expect(hooks.to('/menu')).toHaveLength(2)
  for (let round = 0; round < 20 && hooks.to('/full').length < most - 100; round++) await center.pass(0.1)
  expect(hooks.to('/voice')).toHaveLength(most)
  expect(new Set(hooks.to('/full').map(({ form }) => form.QueueResult))).toEqual(new Set(['queue-full']))
  const [line] = await here.client.queues.list()
  expect(line).toMatchObject({ currentSize: 100 })
  await center.pass(5)
  const living = await here.client.calls.list({ status: 'in-progress', limit: 2000 })
  expect(living).toHaveLength(101)
}, 240_000)
