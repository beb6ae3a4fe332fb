import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import type { Browser, Page } from 'playwright-core'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'
import { hasChromium, launched } from './chromium.ts'
import { microphone, telephonePage } from './telephone-page.ts'

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: calls that outlive their server are left out (${why.join('; ')}).`)

const tones = { carol: 450, bob: 850 } as const
const quiet = 'data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA=='

describe.skipIf(!webrtc || !hasChromium())('a server that is killed', { timeout: 120_000 }, () => {
  // without either, which a line says
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-voice-crash-'))
  let browser: Browser
  let server: Started

  beforeAll(async () => {
    server = await started(['--data', folder])
    browser = await launched(microphone)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = async (path: string, form?: Record<string, string>) => {
    const { account_sid, auth_token } = credentials
    const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
    const place = `${server.url}/2010-04-01/Accounts/${account_sid}/${path}`
    const answer = await fetch(place, {
      headers: { authorization },
      ...(form && { method: 'POST', body: new URLSearchParams(form) })
    })
    // biome-ignore lint/suspicious/noExplicitAny: an answer's shape is what tests look at
    return (await answer.json()) as any
  }
  const phone = async (identity: keyof typeof tones, signer: { readonly sid: string; readonly secret: string }) => {
    const { AccessToken } = twilio.jwt
    const token = new AccessToken(credentials.account_sid, signer.sid, signer.secret, { identity })
    token.addGrant(new AccessToken.VoiceGrant({ incomingAllow: true }))
    const page = await telephonePage(browser, `${server.url}/ringdown/v1/openapi.json`, tones[identity])
    await page.evaluate(
      ([jwt, host, sound]) =>
        telephone.register(jwt, {
          ...{ chunderw: host, publishEvents: false, codecPreferences: ['pcmu'], maxCallSignalingTimeoutMs: 30_000 },
          sounds: { incoming: sound, outgoing: sound, disconnect: sound }
        }),
      [token.toJwt(), new URL(server.url).host, quiet] as const
    )
    return page
  }
  const happens = (page: Page, event: string) =>
    expect.poll(() => page.evaluate(() => telephone.happened), { timeout: 30_000 }).toContain(event)
  const hears = (page: Page, heard: number[]) =>
    expect
      .poll(() => page.evaluate((all) => telephone.hears(all), Object.values(tones)), { timeout: 45_000 })
      .toEqual(heard)

  it('is not noticed by those who talk: the next one has their call', async () => {
    const signer = await ask('Keys.json', { FriendlyName: 'Tokens' })
    const [carol, bob] = [await phone('carol', signer), await phone('bob', signer)]
    const Twiml = '<Response><Dial><Client>bob</Client></Dial></Response>'
    const call = await ask('Calls.json', { To: 'client:carol', From: 'client:center', Twiml })
    await happens(carol, 'incoming')
    await carol.evaluate(() => telephone.current?.accept())
    await happens(bob, 'incoming')
    await bob.evaluate(() => telephone.current?.accept())
    await Promise.all([hears(carol, [tones.bob]), hears(bob, [tones.carol])])

    const { port } = new URL(server.url)
    await server.kill()
    // Nobody is there to ask, and the sound goes on.
    await Promise.all([hears(carol, [tones.bob]), hears(bob, [tones.carol])])
    server = await started(['--data', folder, '--port', port])
    await Promise.all([happens(carol, 'reconnected'), happens(bob, 'reconnected')])
    expect((await ask(`Calls/${call.sid}.json`)).status).toBe('in-progress')
    await Promise.all([hears(carol, [tones.bob]), hears(bob, [tones.carol])])
    await bob.evaluate(() => telephone.current?.disconnect())
    await happens(carol, 'disconnect')
    await expect.poll(async () => (await ask(`Calls/${call.sid}.json`)).status, { timeout: 10_000 }).toBe('completed')
  })
  it('a page that vanishes leaves music to the other one, until it is not waited for any more', async () => {
    const signer = await ask('Keys.json', { FriendlyName: 'Tokens' })
    const [carol, bob] = [await phone('carol', signer), await phone('bob', signer)]
    const Twiml = '<Response><Dial><Client>bob</Client></Dial></Response>'
    const call = await ask('Calls.json', { To: 'client:carol', From: 'client:center', Twiml })
    await happens(carol, 'incoming')
    await carol.evaluate(() => telephone.current?.accept())
    await happens(bob, 'incoming')
    await bob.evaluate(() => telephone.current?.accept())
    await hears(carol, [tones.bob])
    const gone = bob.waitForEvent('crash')
    bob.goto('chrome://crash').catch(() => {}) // it does not arrive
    await gone
    const gone_at = performance.now()
    // The first note of the music.
    const music = 330
    await expect
      .poll(() => carol.evaluate((all) => telephone.hears(all), [music, tones.bob]), { timeout: 10_000, interval: 20 })
      .toEqual([music])
    expect((await ask(`Calls/${call.sid}.json`)).status).toBe('in-progress')
    await happens(carol, 'disconnect')
    expect(performance.now() - gone_at).toBeGreaterThan(10_000)
  })
})
