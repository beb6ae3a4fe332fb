import type { Account } from '@ringdown/server/commit/account'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { readWav } from '@ringdown/voice-media/wav'
import type { Browser, Page } from 'playwright-core'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heardOf } from '../../packages/voice-media/src/testing/hearing.ts'
import { receiver } from '../support/receiver.ts'
import type { World } from '../support/world.ts'
import { hasChromium, launched } from './chromium.ts'
import { eventually } from './eventually.ts'
import { type Floor, floor } from './floor.ts'
import { story_ms } from './patience.ts'
import { microphone, microphoneOf, telephonePage } from './telephone-page.ts'

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
  let desks: Floor
  let center: World
  let account: Account
  let key: { sid: string; secret: string }

  beforeAll(async () => {
    browser = await launched(microphone)
    desks = await floor(browser, { testClock: false, voice: true })
    center = desks.ringdown
    account = await center.running.account
    const { account_sid } = center.running.credentials
    const made = await center.call(`/2010-04-01/Accounts/${account_sid}/Keys.json`, { FriendlyName: 'Tokens' })
    key = made.body
  }, story_ms)
  afterAll(async () => {
    await desks?.close()
    await browser?.close()
  })

  const tokenOf = (identity: string, application?: string) => {
    const { AccessToken } = twilio.jwt
    const token = new AccessToken(center.running.credentials.account_sid, key.sid, key.secret, { identity })
    const outgoing = application !== undefined && { outgoingApplicationSid: application }
    token.addGrant(new AccessToken.VoiceGrant({ incomingAllow: true, ...outgoing }))
    return token.toJwt()
  }
  const phone = async (identity: string, tone: number, application?: string) => {
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
      [tokenOf(identity, application), [new URL(url).host, quiet]] as const
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

  it('rings at a desk, is taken with one press, held, heard again, hung up and wrapped up', async () => {
    const program = await receiver({ auth_token: center.running.credentials.auth_token })
    const task = JSON.stringify({ topic: 'support', customerName: 'Ana' })
    program.answer('/voice', {
      headers: { 'content-type': 'text/xml' },
      body: `<Response><Enqueue workflowSid="${desks.workflow_sid}"><Task>${task}</Task></Enqueue></Response>`
    })
    try {
      const { account_sid } = center.running.credentials
      const post = async (path: string, form: Record<string, string>) =>
        (await center.call(`/2010-04-01/Accounts/${account_sid}/${path}`, form)).body
      const application = await post('Applications.json', { FriendlyName: 'Support', VoiceUrl: `${program.url}/voice` })
      const desk = await desks.open('amelie', { permissions: ['microphone'] })
      await desk.evaluate(microphoneOf(tones.agent))
      await desk.getByRole('button', { name: /Activity: Offline/ }).click()
      await desk.getByRole('menuitem', { name: 'Available', exact: true }).click()
      const ana = await phone('ana', tones.caller, application.sid)
      await ana.evaluate(() => telephone.call('', {}))
      const offer = desk.getByRole('region', { name: 'Ringing: Ana' })
      await offer.getByRole('button', { name: 'Accept' }).click()
      const panel = desk.getByRole('region', { name: 'Phone' })
      await panel.getByText('Connected').waitFor()
      await hears(ana, [tones.agent])
      await panel.getByRole('button', { name: 'Hold' }).click()
      await panel.getByText('On hold').waitFor()
      await hears(ana, [])
      await panel.getByRole('button', { name: 'Hold' }).click()
      await hears(ana, [tones.agent])
      await panel.getByRole('button', { name: 'Mute' }).click()
      await hears(ana, [])
      await panel.getByRole('button', { name: 'Hang up' }).click()
      await happens(ana, 'disconnect')
      await desk.getByRole('radio', { name: 'Resolved' }).click()
      await desk.getByRole('button', { name: 'Complete' }).click()
      await desk.getByText('Nothing waits for you').waitFor()
    } finally {
      await program.close()
    }
  })
})
