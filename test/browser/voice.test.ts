import type { Account } from '@ringdown/server/commit/account'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { readWav } from '@ringdown/voice-media/wav'
import type { Browser, Page } from 'playwright-core'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heardOf } from '../../packages/voice-media/src/testing/hearing.ts'
import { type World, world } from '../support/world.ts'
import { hasChromium, launched } from './chromium.ts'
import { eventually } from './eventually.ts'
import { story_ms } from './patience.ts'
import { microphone, telephonePage } from './telephone-page.ts'

/*
 * A whole center with sound: browsers with the unmodified SDK call it and are called by it, over documents of TwiML.
 */

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: calls of browsers are left out (${why.join('; ')}).`)

/** A ring tone that is not there has each ring wait for two seconds. */
const quiet = 'data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA=='
const tones = { caller: 450, agent: 850 } as const

describe.skipIf(!webrtc || !hasChromium())('a center that is called', { timeout: story_ms }, () => {
  // without either, which a line says
  let browser: Browser
  let center: World
  let account: Account
  let key: { sid: string; secret: string }

  beforeAll(async () => {
    browser = await launched(microphone)
    center = await world({ testClock: false, voice: true })
    account = await center.running.account
    const { account_sid } = center.running.credentials
    const made = await center.call(`/2010-04-01/Accounts/${account_sid}/Keys.json`, { FriendlyName: 'Tokens' })
    key = made.body
  }, story_ms)
  afterAll(async () => {
    await browser?.close()
    await center?.close()
  })

  const tokenOf = (identity: string) => {
    const { AccessToken } = twilio.jwt
    const token = new AccessToken(center.running.credentials.account_sid, key.sid, key.secret, { identity })
    token.addGrant(new AccessToken.VoiceGrant({ incomingAllow: true }))
    return token.toJwt()
  }
  const phone = async (identity: string, tone: number) => {
    const { url } = center.running
    const page = await telephonePage(browser, `${url}/ringdown/v1/openapi.json`, tone)
    await page.evaluate(
      ([token, host]) =>
        telephone.register(token, {
          chunderw: host[0],
          publishEvents: false,
          sounds: { incoming: host[1], outgoing: host[1], disconnect: host[1] },
          codecPreferences: ['pcmu'],
          maxCallSignalingTimeoutMs: 30_000
        }),
      [tokenOf(identity), [new URL(url).host, quiet]] as const
    )
    return page
  }
  const happens = (page: Page, event: string) =>
    eventually(() => page.evaluate(() => telephone.happened)).toContain(event)
  const hears = (page: Page, heard: number[]) =>
    eventually(() => page.evaluate((all) => telephone.hears(all), Object.values(tones))).toEqual(heard)
  const say = (text: string) => ({ verb: 'Say', attributes: {}, text })

  it('calls a browser, speaks to it, hears its keys, and hangs up', async () => {
    const page = await phone('bob', tones.agent)
    const { call } = await account.execute({
      type: 'call.create',
      to: 'client:bob',
      from: 'client:center',
      verbs: [{ verb: 'Gather', attributes: { numDigits: '2' }, children: [say('Press two keys.')] }, say('Goodbye.')]
    })
    await happens(page, 'incoming')
    await page.evaluate(() => telephone.current?.accept())
    await eventually(() => account.state.resident('call', call.sid)?.status).toBe('in-progress')
    await page.evaluate(() => telephone.current?.sendDigits('42'))
    await happens(page, 'disconnect')
    expect(account.state.resident('call', call.sid)).toBeUndefined()
    await page.context().close()
  })

  it('connects two browsers, holds one of them, and keeps what they said', async () => {
    const [caller, agent] = await Promise.all([phone('carol', tones.caller), phone('bob', tones.agent)])
    const dial = { verb: 'Dial', attributes: {}, children: [{ verb: 'Client', attributes: {}, text: 'bob' }] }
    const { call } = await account.execute({
      type: 'call.create',
      ...{ to: 'client:carol', from: 'client:center', verbs: [dial] }
    })
    await happens(caller, 'incoming')
    await caller.evaluate(() => telephone.current?.accept())
    await happens(agent, 'incoming')
    await agent.evaluate(() => telephone.current?.accept())
    await Promise.all([hears(caller, [tones.agent]), hears(agent, [tones.caller])])
    const { recording } = await account.execute({ type: 'recording.create', call_sid: call.sid })
    await new Promise((resolve) => setTimeout(resolve, 1500)) // what is recorded takes its time
    await agent.evaluate(() => telephone.current?.disconnect())
    await Promise.all([happens(caller, 'disconnect'), happens(agent, 'disconnect')])
    const found = () => account.find('recording', { sid: recording.sid }).then(([row]) => row)
    await eventually(async () => (await found())?.status).toBe('completed')
    const kept = await found()
    expect(kept?.duration_ms).toBeGreaterThan(1000)
    expect(kept?.media_sid).toMatch(/^ME/)
    const { url, credentials } = center.running
    const place = `${url}/2010-04-01/Accounts/${credentials.account_sid}/Recordings/${recording.sid}`
    const { authorization } = center
    const file = await fetch(`${place}.wav`, { headers: { authorization } })
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'audio/x-wav'])
    const sound = readWav(new Uint8Array(await file.arrayBuffer()))
    const seek = await fetch(`${place}.wav`, { headers: { authorization, range: 'bytes=58-157' } })
    expect([seek.status, (await seek.arrayBuffer()).byteLength]).toEqual([206, 100])
    expect(heardOf(Object.values(tones), sound)).toEqual([tones.caller, tones.agent])
    await fetch(`${place}.json`, { method: 'DELETE', headers: { authorization } })
    expect((await fetch(`${place}.wav`, { headers: { authorization } })).status).toBe(404)
    expect(await account.find('media', { sid: kept?.media_sid ?? '' })).toEqual([])
    await Promise.all([caller.context().close(), agent.context().close()])
  })
})
