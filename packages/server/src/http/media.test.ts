import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { Agent, type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderStore } from '../media/folder-store.ts'
import { Media } from '../media/media.ts'
import { Served, served } from './fixture.ts'

/* What the door of files does that only shows on a connection; what files are, tests of the whole server tell. */

describe('a file on its way', () => {
  let server: Served
  let folder = ''
  let url = ''
  let service = ''

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringdown-door-'))
    const { account_sid } = served
    const media = new Media({ store: await FolderStore.open(folder), key: Buffer.alloc(32, 3), account_sid })
    server = await Served.open({
      media: () => media,
      connectionLimits: { headers_ms: 800, request_ms: 900, look_ms: 50 }
    })
    service = (await server.account.execute({ type: 'conversations.setup' })).conversation_configuration
      .default_chat_service_sid
    url = await server.app.listen({ port: 0, host: '127.0.0.1' })
  })
  afterEach(async () => {
    server.app.hangUp()
    await server.close()
    await rm(folder, { recursive: true })
  })

  const sending = (path: string, length: number, agent?: Agent): ClientRequest => {
    const headers = { Authorization: served.authorization, 'Content-Length': String(length) }
    return request(url + path, { method: 'POST', headers, ...(agent && { agent }) })
  }

  /** Sends a body a byte at a time, as many as `pieces`, and answers with what status it was answered. */
  const trickle = async (one: ClientRequest, pieces: number, isWhole: boolean): Promise<number> => {
    const answered = once(one, 'response')
    one.on('error', () => {}) // the server may hang up on it
    for (let n = 0; n < pieces; n++) {
      one.write('a')
      await delay(50)
    }
    if (isWhole) one.end()
    const [response] = await answered
    response.resume()
    await once(response, 'end')
    return response.statusCode
  }

  it('may take longer than other requests, as long as it comes', async () => {
    const file = trickle(sending(`/mcs/v1/Services/${service}/Media`, 40), 40, true)
    const other = trickle(sending('/taskrouter/v1/Workspaces', 40), 1, false)
    expect(await Promise.all([file, other])).toEqual([201, 408])
  })

  it('on a connection on which others come afterwards, which are looked after as before', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect(await trickle(sending(`/mcs/v1/Services/${service}/Media`, 40, agent), 40, true)).toBe(201)
    expect(await trickle(sending('/taskrouter/v1/Workspaces', 40, agent), 1, false)).toBe(408)
    agent.destroy()
  })

  it('is not there when its server stops, nor in half', async () => {
    const half = sending(`/mcs/v1/Services/${service}/Media`, 100)
    half.on('error', () => {}) // the server hangs up
    half.write('half')
    while ((await readdir(join(folder, 'incoming'))).length === 0) await delay(5)
    server.app.hangUp()
    while ((await readdir(join(folder, 'incoming'))).length > 0) await delay(5)
    expect((await readdir(folder)).filter((name) => name !== 'incoming')).toEqual([])
  })

  it('of which the disk has lost the bytes is told of as missing', async () => {
    const { body } = await server.ask('POST', `/mcs/v1/Services/${service}/Media`, 'abc', {
      'content-type': 'text/plain'
    })
    for (const part of await readdir(folder)) if (part !== 'incoming') await rm(join(folder, part), { recursive: true })
    const { pathname } = new URL(body.links.content)
    expect(await server.get(pathname)).toMatchObject({ status: 404, body: { code: 20404 } })
  })

  it('of a message to a phone is answered by the API of 2010 where its path does not end in .json', async () => {
    const { body } = await server.ask('POST', `/mcs/v1/Services/${service}/Media`, '%PDF-1.7', {
      'content-type': 'a/b'
    })
    const { state } = server.account
    const channel_message_sid = `MM${'1'.repeat(32)}`
    const sid = `ME${'2'.repeat(32)}`
    // As a message that came from a phone leaves it.
    state.admit('media', {
      ...state.get('media', body.sid),
      sid,
      channel_message_sid,
      status: 'attached',
      date_expires: null
    })
    const path = (message: string) => `/2010-04-01/Accounts/${served.account_sid}/Messages/${message}/Media/${sid}`
    const answer = await server.get(path(channel_message_sid))
    expect(answer).toMatchObject({ status: 200, body: '%PDF-1.7', headers: { 'content-type': 'application/pdf' } })
    expect((await server.get(path(`MM${'3'.repeat(32)}`))).status).toBe(404)
    expect((await server.get(`${path(channel_message_sid)}.json`)).headers['content-type']).toBe('application/json')
    state.evict('media', sid)
  })

  it('is nobody’s where there are no files', async () => {
    const bare = await Served.open()
    await bare.account.execute({ type: 'conversations.setup' })
    const answer = await bare.ask('POST', `/mcs/v1/Services/${service}/Media`, 'abc', { 'content-type': 'text/plain' })
    expect(answer.status).toBe(503)
    await bare.close()
  })
})
