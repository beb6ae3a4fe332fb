import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { credentialsFrom, ringdownBackend, twilioBackend } from '@ringdown/mcp/backend'
import { apiError, isApi } from '@ringdown/mcp/errors'
import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refusal, sid } from './wire.ts'

const credentials = { username: sid('AC'), password: 'token' }
const workspace = (number: number) => ({ sid: sid('WS', number), friendly_name: `Flex ${number}` })

let server: Server
let base: string
let requests: {
  method: string | undefined
  url: string | undefined
  host: string | undefined
  authorization: string | undefined
}[] = []
let answer: (request: IncomingMessage) => { status: number; body: unknown; headers?: Record<string, string> }

beforeAll(async () => {
  server = createServer((request, response) => {
    const { method, url, headers } = request
    requests.push({ method, url, host: headers.host, authorization: headers.authorization })
    const { status, body, headers: more } = answer(request)
    response
      .writeHead(status, { 'content-type': 'application/json', 'twilio-request-id': 'RQ1', ...more })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
})
afterAll(() => new Promise((closed) => server.close(closed)))

/** Two pages, whose URLs come back in the form in which the request came. */
const paged = (own: string) => (request: IncomingMessage) => {
  const second = request.url?.includes('PageToken')
  const next = second ? null : `${own}/v1/Workspaces?PageSize=1&Page=1&PageToken=PT1`
  return {
    status: 200,
    body: {
      workspaces: [workspace(second ? 2 : 1)],
      meta: { key: 'workspaces', next_page_url: next, page: 0, page_size: 1 }
    }
  }
}

beforeEach(() => {
  requests = []
})

describe('the official SDK with one changed line', () => {
  it('reaches a Ringdown under the product prefix, and follows its pages', async () => {
    answer = paged(`${base}/taskrouter`)
    const client = new twilio.Twilio(credentials.username, credentials.password, {
      httpClient: ringdown({ url: `${base}/` })
    })
    const found = await client.taskrouter.v1.workspaces.list({ pageSize: 1, limit: 5 })
    expect(found.map((one) => one.friendlyName)).toEqual(['Flex 1', 'Flex 2'])
    expect(requests.map(({ url }) => url)).toEqual([
      '/taskrouter/v1/Workspaces?PageSize=1',
      '/taskrouter/v1/Workspaces?PageSize=1&Page=1&PageToken=PT1'
    ])
    expect(requests[0]?.authorization).toBe(`Basic ${Buffer.from(`${sid('AC')}:token`).toString('base64')}`)
  })

  it.each([
    ['flex-api', (client: twilio.Twilio) => client.flexApi.v1.configuration().fetch()],
    ['conversations', (client: twilio.Twilio) => client.conversations.v1.conversations(sid('CH')).fetch()],
    ['studio', (client: twilio.Twilio) => client.studio.v2.flows(sid('FW')).fetch()],
    ['events', (client: twilio.Twilio) => client.events.v1.sinks(sid('DG')).fetch()],
    ['api', (client: twilio.Twilio) => client.api.v2010.accounts(sid('AC')).fetch()]
  ])('reaches %s as well', async (label, fetch) => {
    answer = () => ({ status: 200, body: {} })
    await fetch(new twilio.Twilio(credentials.username, credentials.password, { httpClient: ringdown({ url: base }) }))
    expect(requests[0]?.url).toMatch(new RegExp(`^/${label}/`))
  })

  it('refuses an address that is none', () => {
    expect(() => ringdown({ url: 'localhost:8080' })).toThrow(/http/)
  })
})

describe('the twilio backend', () => {
  it("dials another address under Twilio's own host names, and pages there", async () => {
    answer = paged('https://taskrouter.twilio.com')
    const { client, kind } = twilioBackend({ credentials, base })
    expect(await client.taskrouter.v1.workspaces.list({ pageSize: 1, limit: 5 })).toHaveLength(2)
    expect(kind).toBe('twilio')
    expect(requests.map(({ host }) => host)).toEqual(['taskrouter.twilio.com', 'taskrouter.twilio.com'])
    expect(requests[1]?.url).toBe('/v1/Workspaces?PageSize=1&Page=1&PageToken=PT1')
  })

  it('takes its credentials from the names that all Twilio tools read', () => {
    expect(credentialsFrom({ TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 't' })).toEqual({
      username: 'AC1',
      password: 't',
      accountSid: 'AC1'
    })
    expect(credentialsFrom({ TWILIO_API_KEY: 'SK1', TWILIO_API_SECRET: 's' })).toEqual({
      username: 'SK1',
      password: 's',
      accountSid: undefined
    })
    expect(() => credentialsFrom({ TWILIO_ACCOUNT_SID: 'AC1' })).toThrow(/TWILIO_AUTH_TOKEN/)
  })

  it('works with an API key alone', async () => {
    answer = paged(base)
    const { client } = twilioBackend({ credentials: { username: sid('SK'), password: 's' }, base })
    await client.taskrouter.v1.workspaces.list({ limit: 1 })
    expect(requests[0]?.authorization).toBe(`Basic ${Buffer.from(`${sid('SK')}:s`).toString('base64')}`)
  })
})

describe('what the SDK drops of an error', () => {
  const fetching = async (status: number, headers: Record<string, string> = {}) => {
    answer = () => ({
      ...refusal(status, 20500, 'oh'),
      status,
      body: refusal(status, 20500, 'oh', { place: 1 }).body,
      headers
    })
    return ringdownBackend({ url: base, credentials })
      .client.taskrouter.v1.workspaces(sid('WS'))
      .fetch()
      .then(
        () => undefined,
        (error: unknown) => error
      )
  }

  it('is kept: the request id and Retry-After, beside the details', async () => {
    const error = await fetching(500, { 'retry-after': '3' })
    expect(apiError(error)).toMatchObject({
      status: 500,
      code: 20500,
      message: 'oh',
      details: { place: 1, requestId: 'RQ1', retryAfter: '3' }
    })
    expect(isApi(error, 500)).toBe(true)
  })

  it('repeats after 429 a few times, and then tells it', async () => {
    expect(apiError(await fetching(429))?.status).toBe(429)
    expect(requests).toHaveLength(4)
  })

  it('never repeats after another error', async () => {
    await fetching(503)
    expect(requests).toHaveLength(1)
  })
})

describe('documents that come as JSON', () => {
  it.each([
    ['ringdown', () => ringdownBackend({ url: base, credentials })],
    ['twilio', () => twilioBackend({ credentials, base })]
  ])('keep the digits of long numbers, as text: %s', async (_kind, made) => {
    answer = () => ({ status: 200, body: '{"ui_version":"2","attributes":{"id":17841444523369053,"n":[15,1.5]}}' })
    const configuration = await made().client.flexApi.v1.configuration().fetch()
    expect(configuration.attributes).toEqual({ id: '17841444523369053', n: [15, 1.5] })
    expect(configuration.uiVersion).toBe('2')
  })
})
