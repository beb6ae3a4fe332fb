import { once } from 'node:events'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { TestBrowser } from '../../../packages/voice-media/src/testing/browser.ts'
import { toneOf } from '../../../packages/voice-media/src/testing/hearing.ts'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { twiml } from '../../support/switchboard.ts'
import { type World, world } from '../../support/world.ts'

/*
 * What a page that calls may do with its token: three calls, one at a time, however many sockets it opens. The socket is
 * the SDK's, spoken by hand; the browser behind it is one without a page.
 */

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: calls of pages are left out (${why.join('; ')}).`)

const page = 'https://shop.example'

interface Told {
  readonly type: string
  readonly payload: { readonly callsid?: string; readonly error?: { readonly code: number; readonly message: string } }
}

describe.skipIf(!webrtc)('a page that calls', { timeout: 60_000 }, () => {
  // without it, which a line says
  let here: World
  let hooks: Receiver
  let key: string
  const browsers: TestBrowser[] = []
  const sockets: WebSocket[] = []

  beforeAll(async () => {
    here = await world({ testClock: false, voice: true })
    const { auth_token } = here.running.credentials
    hooks = await receiver({ auth_token })
    hooks.answer('/voice', {
      body: twiml((response) => response.gather({ timeout: 600 })),
      headers: { 'content-type': 'text/xml' }
    })
    hooks.answer('/nothing', { body: twiml((response) => response.hangup()), headers: { 'content-type': 'text/xml' } })
    const application = await here.client.applications.create({
      ...{ friendlyName: 'Shop', voiceUrl: `${hooks.url}/voice` }
    })
    const address = await here.call('/conversations/v1/Configuration/Addresses', {
      ...{ Type: 'chat', Address: 'shop', 'AutoCreation.Enabled': 'true', 'AutoCreation.Type': 'default' }
    })
    const made = await here.call('/ringdown/v1/Webchat/Deployments', {
      ...{ FriendlyName: 'Shop', AddressSid: address.body.sid, AllowedOrigins: page, ApplicationSid: application.sid }
    })
    expect(made.status).toBe(201)
    key = made.body.sid
  })
  afterAll(async () => {
    for (const socket of sockets) socket.terminate()
    for (const browser of browsers) browser.leaves()
    await here?.close()
    await hooks?.close()
  })

  const token = async (): Promise<string> => {
    const answer = await fetch(`${here.running.url}/ringdown/v1/Webchat/Calls`, {
      method: 'POST',
      body: JSON.stringify({ key }),
      headers: { 'content-type': 'application/json', origin: page }
    })
    expect(answer.status).toBe(201)
    return ((await answer.json()) as { token: string }).token // by the contract
  }

  /** A page with a socket on which it has said its token. */
  async function opened(jwt: string) {
    const socket = new WebSocket(`${here.running.url.replace('http', 'ws')}/voice-sdk/signal`)
    sockets.push(socket)
    const told: Told[] = []
    socket.on('message', (data) => {
      const text = String(data)
      if (text.startsWith('{')) told.push(JSON.parse(text))
    })
    await once(socket, 'open')
    const say = (type: string, payload: object) => socket.send(JSON.stringify({ type, payload, version: '1.6' }))
    /** What is said next of one of those types. */
    const next = async (...types: readonly string[]): Promise<Told> => {
      const isMeant = ({ type }: Told) => types.includes(type)
      await expect.poll(() => told.some(isMeant), { timeout: 15_000, message: types.join() }).toBe(true)
      const at = told.findIndex(isMeant)
      return told.splice(at, 1)[0] as Told // it was found
    }
    say('listen', { token: jwt, browserinfo: {} })
    await next('connected')
    return {
      /** Calls; answers the call's SID, or the code of what refused it. */
      async calls(name: string): Promise<string | number> {
        if (!webrtc) throw new Error('it is skipped without')
        const browser = new TestBrowser(webrtc, toneOf(400))
        browsers.push(browser)
        say('invite', { callsid: name, sdp: await browser.calls(), twilio: { params: '' } })
        const { type, payload } = await next('answer', 'hangup')
        return type === 'answer' ? (payload.callsid ?? '') : (payload.error?.code ?? 0)
      },
      async hangsUp(callsid: string | number) {
        say('hangup', { callsid })
        const status = async () => (await here.client.calls(String(callsid)).fetch()).status
        await expect.poll(status, { timeout: 15_000 }).toBe('completed')
      }
    }
  }

  it('has three calls by one token, one at a time, on whatever socket; another token counts anew', async () => {
    const jwt = await token()
    const shop = await opened(jwt)
    const first = await shop.calls('TJS1')
    expect(first).toMatch(/^CA/)
    expect(await shop.calls('TJS2')).toBe(31_486)
    const other = await opened(jwt)
    expect(await other.calls('TJS3')).toBe(31_486)
    await shop.hangsUp(first)
    const second = await shop.calls('TJS4')
    expect(second).toMatch(/^CA/)
    await shop.hangsUp(second)
    const third = await other.calls('TJS5')
    expect(third).toMatch(/^CA/)
    await other.hangsUp(third)
    expect(await shop.calls('TJS6')).toBe(31_486)
    expect(await other.calls('TJS7')).toBe(31_486)
    const again = await opened(await token())
    expect(await again.calls('TJS8')).toMatch(/^CA/)
  })

  it('of somebody who is known calls as often as it likes, ten at a time', async () => {
    const { account_sid } = here.running.credentials
    const signer = await here.call(`/2010-04-01/Accounts/${account_sid}/Keys.json`, { FriendlyName: 'Tokens' })
    const application = await here.client.applications.create({
      ...{ friendlyName: 'Brief', voiceUrl: `${hooks.url}/nothing` }
    })
    const { AccessToken } = (await import('twilio')).default.jwt
    const jwt = new AccessToken(account_sid, signer.body.sid, signer.body.secret, { identity: 'bob' })
    jwt.addGrant(new AccessToken.VoiceGrant({ outgoingApplicationSid: application.sid }))
    const phone = await opened(jwt.toJwt())
    // Each is hung up on at once; none of them counts any more when the next one begins.
    for (let n = 1; n <= 12; n++) {
      expect(await phone.calls(`TJS${n}`)).not.toBe(31_486)
      await expect
        .poll(async () => (await here.client.calls.list({ from: 'client:bob', status: 'completed' })).length, {
          timeout: 15_000
        })
        .toBe(n)
    }
  })
})
