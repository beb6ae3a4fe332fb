import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sender } from '@ringdown/server/delivery/sender'
import { Served, served } from '@ringdown/server/http/fixture'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOwnPage } from './origin.ts'

let server: Served
let workspace: string
const list = '/v1/Workspaces'

beforeAll(async () => {
  const sender = { list: async () => [] } as unknown as Sender // a list of none is all that is asked of it
  server = await Served.open({ sender: () => sender })
  workspace = (await server.post(`/taskrouter${list}`, { FriendlyName: 'Floor', Template: 'FIFO' })).body.sid
  for (let n = 0; n < 55; n++)
    await server.post(`/taskrouter${list}/${workspace}/Workers`, { FriendlyName: `worker ${n}` })
  await server.app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => server.close())

function port(): number {
  return (server.app.server.address() as AddressInfo).port // it listens on a port
}

/** Every URL of an answer that is one of ours, wherever it stands. */
function urlsIn(body: unknown): string[] {
  if (typeof body === 'string') return /^https?:/.test(body) && !body.includes('/docs/errors/') ? [body] : []
  return typeof body === 'object' && body !== null ? Object.values(body).flatMap(urlsIn) : []
}

describe('the URLs of an answer', () => {
  it.each([
    ['taskrouter.twilio.com', 'https://taskrouter.twilio.com'],
    ['TaskRouter.Twilio.COM', 'https://taskrouter.twilio.com'],
    ['taskrouter.twilio.com.', 'https://taskrouter.twilio.com'],
    ['taskrouter.twilio.com:8080', 'https://taskrouter.twilio.com'],
    ['taskrouter.us1.twilio.com', 'https://taskrouter.us1.twilio.com'],
    ['taskrouter.dublin.ie1.twilio.com:80', 'https://taskrouter.dublin.ie1.twilio.com'],
    ['taskrouter.localhost:8080', 'http://taskrouter.localhost:8080'],
    ['TaskRouter.ie1.localhost:8080', 'http://taskrouter.ie1.localhost:8080']
  ])('to a request for %s begin with %s', async (host, base) => {
    for (const path of [list, `${list}/${workspace}`, `${list}/${workspace}/Workers?PageSize=5`]) {
      const { status, body } = await server.get(path, undefined, { host })
      expect(status).toBe(200)
      const urls = urlsIn(body)
      expect(urls.length).toBeGreaterThan(1)
      expect(urls.filter((url) => !url.startsWith(`${base}/v1/`))).toEqual([])
    }
    const made = await server.post(`${list}/${workspace}/Activities`, { FriendlyName: `for ${host}` }, { host })
    expect(made.body.url).toBe(`${base}/v1/Workspaces/${workspace}/Activities/${made.body.sid}`)
    const { body } = await server.get(`${list}/${workspace}/RealTimeStatistics`, undefined, { host })
    expect(urlsIn(body)).toEqual([`${base}/v1/Workspaces/${workspace}/RealTimeStatistics`])
  })

  it('are those of each request, whoever has asked before', async () => {
    const ways = [
      ['taskrouter.twilio.com', '', 'https://taskrouter.twilio.com'],
      ['one.example', '/taskrouter', 'http://one.example/taskrouter'],
      ['taskrouter.twilio.com', '/taskrouter', 'https://taskrouter.twilio.com/taskrouter'],
      ['two.example:81', '/taskrouter', 'http://two.example:81/taskrouter'],
      ['no host;', '/taskrouter', 'http://localhost/taskrouter']
    ]
    const path = `${list}/${workspace}`
    for (const [host = '', prefix, base] of [...ways, ...ways.toReversed(), ...ways]) {
      const { body } = await server.get(`${prefix}${path}`, undefined, { host })
      expect(body.url).toBe(`${base}${path}`)
    }
  })

  it.each([
    ['of conversations', 'conversations.twilio.com', '/v1/Conversations', 'https://conversations.twilio.com/v1/'],
    ['of Flex', 'flex-api.us1.twilio.com', '/v1/Configuration', 'https://flex-api.us1.twilio.com/v1/'],
    ['of Event Streams', 'events.twilio.com', '/v1/Sinks', 'https://events.twilio.com/v1/'],
    ['by its prefix', 'taskrouter.twilio.com', `/taskrouter${list}`, 'https://taskrouter.twilio.com/taskrouter/v1/'],
    [
      'by a prefix with a region',
      'ringdown.example',
      `/taskrouter.ie1${list}`,
      'http://ringdown.example/taskrouter/v1/'
    ],
    ['of ours', 'taskrouter.twilio.com', '/ringdown/v1/Deliveries', 'https://taskrouter.twilio.com/ringdown/v1/']
  ])('to a request for an API %s lead back, too', async (_what, host, path, base) => {
    const { status, body } = await server.get(path, undefined, { host })
    expect(status).toBe(200)
    expect(urlsIn(body).filter((url) => !url.startsWith(base))).toEqual([])
    expect(urlsIn(body)).not.toEqual([])
  })

  it('are not what a forwarding header says, unless the proxy is trusted', async () => {
    const forwarded = { host: 'taskrouter.twilio.com', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }
    const { body } = await server.get(list, undefined, forwarded)
    expect(urlsIn(body).filter((url) => !url.startsWith('https://taskrouter.twilio.com/v1/'))).toEqual([])
  })

  it('follow the host that a request in the form for proxies names, whatever Host says', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const path = `http://taskrouter.twilio.com${list}?PageSize=1`
      get({ port: port(), path, auth: `${served.account_sid}:${served.token}`, headers: { host: 'x' } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
        response.on('end', () => resolve(text))
      }).on('error', reject)
    })
    const { meta } = JSON.parse(answer) as { meta: { url: string } } // as the API answers
    expect(meta.url).toBe('https://taskrouter.twilio.com/v1/Workspaces?PageSize=1&Page=0')
  })

  it('keep the official SDK here, page after page, when only its connections are led elsewhere', async () => {
    const asked: string[] = []
    /** Dials this server for whatever host is asked for, in the clear, and touches nothing of the request. */
    class Dialing extends twilio.RequestClient {
      override async request<T>(
        options: Parameters<twilio.RequestClient['request']>[0]
      ): Promise<import('twilio/lib/http/response.js').default<T>> {
        asked.push(options.uri)
        const { host, pathname, search, protocol } = new URL(options.uri)
        if (protocol !== 'https:') throw new Error(`${options.uri} would leave in the clear`)
        const uri = `http://127.0.0.1:${port()}${pathname}${search}`
        return super.request<T>({ ...options, uri, headers: { ...options.headers, Host: host } } as never) // the SDK types the request by the body it sends
      }
    }
    for (const place of [{}, { edge: 'dublin', region: 'ie1' }]) {
      const client = twilio(served.account_sid, served.token, { httpClient: new Dialing(), ...place })
      const workers = await client.taskrouter.v1.workspaces(workspace).workers.list({ pageSize: 10 })
      expect(new Set(workers.map(({ sid }) => sid)).size).toBe(55)
      const page = await client.taskrouter.v1.workspaces(workspace).workers.page({ pageSize: 50 })
      expect((await page.nextPage())?.instances.length).toBe(5)
    }
    expect(asked.length).toBeGreaterThan(12)
    expect(new Set(asked.map((uri) => new URL(uri).host))).toEqual(
      new Set(['taskrouter.twilio.com', 'taskrouter.dublin.ie1.twilio.com'])
    )
  })
})

describe('what of Twilio’s is not here', () => {
  it.each([
    ['mcs.twilio.com', '/v1/Services'],
    ['assistants.twilio.com', '/v1/Assistants'],
    ['ASSETS.dublin.ie1.Twilio.com', '/anything/at-all.js'],
    ['a-product-of-tomorrow.twilio.com', '/v3/Things'],
    ['api.localhost:8080', '/2010-04-01/Accounts/AC1/SIP/Domains.json'],
    ['ringdown.example', '/2010-04-01/Accounts/AC1/Usage/Triggers.json'],
    ['ringdown.example', '/2010-04-01/Accounts/AC1/Usage/Records/Daily.json'],
    ['ringdown.example', '/2010-04-01/Accounts/AC1/AvailablePhoneNumbers/US/Local.json'],
    ['ringdown.example', '/2010-04-01/Accounts/AC1/OutgoingCallerIds.json'],
    ['ringdown.example', '/2010-04-01/Accounts/AC1/SIP/CredentialLists/CL1/Credentials.json'],
    ['trunking.twilio.com', '/v1/Trunks'],
    ['iam.twilio.com', '/v1/token'],
    ['ringdown.example', '/mcs/v1/Services'],
    ['ringdown.example', '/mcs.us1/v1/Services'],
    ['ringdown.example', '/assistants/v1/Assistants'],
    ['taskrouter.twilio.com', '/sync/v1/Services']
  ])('answers 501 at %s%s, to who may ask', async (host, path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status, body } = await server.ask(method, path, undefined, { host })
      expect({ status, code: body.code }, method).toEqual({ status: 501, code: 20501 })
    }
    expect((await server.get(path, undefined, { host, authorization: '' })).status).toBe(401)
  })

  it.each([
    ['ringdown.example', '/nonsense/v1/Services'],
    ['ringdown.example', '/nonsense.us1/v1/Services'],
    ['nonsense.localhost', '/v1/Services'],
    ['eviltwilio.com', '/v1/Services'],
    ['mcs.twilio.com.evil.example', '/v1/Services'],
    ['taskrouter.twilio.com', '/v1/Nowhere'],
    ['taskrouter.us1.twilio.com', '/v2/Workspaces']
  ])('is not what is nobody’s: %s%s is 404', async (host, path) => {
    const { status, body } = await server.get(path, undefined, { host })
    expect({ status, code: body.code }).toEqual({ status: 404, code: 20404 })
  })
})

it('a page without TLS is of another origin where ours have it', () => {
  const from = (origin: string, encrypted: boolean) =>
    isOwnPage({ headers: { origin, host: 'desk.example' }, socket: { encrypted } } as unknown as IncomingMessage, {
      trustProxy: false,
      publicUrl: undefined
    })
  expect(from('https://desk.example', true)).toBe(true)
  expect(from('http://desk.example', true)).toBe(false)
  expect(from('http://desk.example', false)).toBe(true)
  // There is a proxy that nobody has told us of.
  expect(from('https://desk.example', false)).toBe(true)
  expect(from('https://other.example', true)).toBe(false)
})
