import { operations } from '@ringdown/contract/generated/operations'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'

/*
 * Which of the API of 2010's operations of calls answer, and which say that they are not built (reference voice 10): the
 * former with the row that is asked for, or 404, the latter with 501 in Twilio's envelope.
 */

const built =
  /^(?:\w*Call|\w*Queue|\w*Member|\w*Conference|\w*Participant|\w*Recording|\w*IncomingPhoneNumber|\w*Application|CreateToken)$/
const notBuilt =
  /(?:CallEvent|CallNotification|Payments|Siprec|Stream|Transcription|UserDefinedMessage\w*|OutgoingCallerId|AvailablePhoneNumber\w*|Sip\w+)$/

const ofCalls = operations.filter(({ api }) => api === 'api_v2010')
const nameOf = (id: string) => id.slice('api_v2010.'.length)

let here: World
beforeAll(async () => {
  here = await world()
})
afterAll(() => here.close())

async function ask({ method, path, extension }: (typeof ofCalls)[number]) {
  const { account_sid } = here.running.credentials
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'AccountSid') return account_sid
    const prefix = { CallSid: 'CA', ConferenceSid: 'CF', QueueSid: 'QU', RecordingSid: 'RE' }[name] ?? 'XX'
    return prefix + '0'.repeat(32)
  })
  const url = `${filled}${filled.endsWith('.json') ? '' : (extension ?? '')}`
  return here.call(url, method === 'POST' ? {} : undefined, method === 'POST' ? {} : { method })
}

describe('an operation of calls', () => {
  const known = ofCalls.filter(({ id }) => built.test(nameOf(id)) && !notBuilt.test(nameOf(id)))
  const unknown = ofCalls.filter(({ id }) => notBuilt.test(nameOf(id)))

  it('is one or the other', () => {
    expect(known.length).toBeGreaterThan(40)
    expect(unknown.length).toBeGreaterThan(12)
  })

  it.each(known.map((operation) => [nameOf(operation.id), operation] as const))('%s answers', async (_, operation) => {
    const { status } = await ask(operation)
    expect([200, 201, 400, 404]).toContain(status)
  })

  it.each(unknown.map((operation) => [nameOf(operation.id), operation] as const))('%s is 501', async (_, operation) => {
    const { status, body } = await ask(operation)
    expect(status).toBe(501)
    expect(body).toMatchObject({ status: 501, code: expect.any(Number), message: expect.any(String) })
  })
})
