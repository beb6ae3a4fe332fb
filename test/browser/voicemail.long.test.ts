import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { wavHeaderBytes } from '@ringdown/voice-media/wav'
import type { Browser } from 'playwright-core'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heardOf } from '../../packages/voice-media/src/testing/hearing.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { twiml } from '../support/switchboard.ts'
import { hasChromium, launched } from './chromium.ts'
import { type Floor, floor } from './floor.ts'
import { microphone, microphoneOf, telephonePage } from './telephone-page.ts'

/*
 * A message that a caller leaves from a browser, with its sound: recorded until a key is pressed, made a task by a program,
 * and heard by an agent at the desk.
 */

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: voicemail is left out (${why.join('; ')}).`)

const tones = { ana: 450, amelie: 850 } as const
const quiet = 'data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA=='

/** What is asked of a player in a page. */
interface Audio extends EventTarget {
  readonly duration: number
  readonly readyState: number
  readonly src: string
}

describe.skipIf(!webrtc || !hasChromium())('a message that a caller leaves', { timeout: 120_000 }, () => {
  // without either, which a line says
  let browser: Browser
  let desks: Floor
  let program: Receiver

  beforeAll(async () => {
    browser = await launched(microphone)
    desks = await floor(browser, { testClock: false, voice: true })
    program = await receiver({ auth_token: desks.ringdown.running.credentials.auth_token })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await program?.close()
    await desks?.close()
  })

  it('is recorded as it was said, becomes a task, and is heard by who takes it', async () => {
    const { ringdown, workflow_sid, workspace_sid } = desks
    const { url, credentials } = ringdown.running
    const document = (path: string, write: Parameters<typeof twiml>[0]) =>
      program.answer(path, { body: twiml(write), headers: { 'content-type': 'text/xml' } })
    document('/voice', (response) => response.record({ action: '/recorded', finishOnKey: '#', timeout: 30 }))
    document('/recorded', (response) => response.hangup())
    const account = `/2010-04-01/Accounts/${credentials.account_sid}`
    const post = async (path: string, form: Record<string, string>) => (await ringdown.call(path, form)).body
    const application = await post(`${account}/Applications.json`, {
      ...{ FriendlyName: 'Voicemail', VoiceUrl: `${program.url}/voice` }
    })
    const signer = await post(`${account}/Keys.json`, { FriendlyName: 'Tokens' })

    const { AccessToken } = twilio.jwt
    const token = new AccessToken(credentials.account_sid, signer.sid, signer.secret, { identity: 'ana' })
    token.addGrant(new AccessToken.VoiceGrant({ outgoingApplicationSid: application.sid }))
    const ana = await telephonePage(browser, `${url}/ringdown/v1/openapi.json`, tones.ana)
    await ana.evaluate(
      ([jwt, host, sound]) =>
        telephone.register(jwt, {
          ...{ chunderw: host, publishEvents: false, codecPreferences: ['pcmu'], maxCallSignalingTimeoutMs: 30_000 },
          sounds: { incoming: sound, outgoing: sound, disconnect: sound }
        }),
      [token.toJwt(), new URL(url).host, quiet] as const
    )
    await ana.evaluate(() => telephone.call('', {}))
    const happened = (event: string) =>
      expect.poll(() => ana.evaluate(() => telephone.happened), { timeout: 20_000 }).toContain(event)
    await happened('accept')
    await new Promise((resolve) => setTimeout(resolve, 3000)) // a message takes its time
    await ana.evaluate(() => telephone.current?.sendDigits('#'))
    await happened('disconnect')
    await expect.poll(() => program.to('/recorded').length, { timeout: 20_000 }).toBe(1)
    const form = program.to('/recorded')[0]?.form ?? {}
    expect(form).toMatchObject({ Digits: '#', RecordingSid: expect.stringMatching(/^RE/), From: 'client:ana' })

    const attributes = {
      ...{ taskType: 'voicemail', direction: 'inbound', from: form.From, call_sid: form.CallSid },
      ...{ customerName: 'Ana', topic: 'support', recording_url: form.RecordingUrl }
    }
    await post(`/taskrouter/v1/Workspaces/${workspace_sid}/Tasks`, {
      ...{ WorkflowSid: workflow_sid, TaskChannel: 'voice', Attributes: JSON.stringify(attributes) }
    })
    const desk = await desks.open('amelie', { permissions: ['microphone'] })
    await desk.evaluate(microphoneOf(tones.amelie))
    await desk.getByRole('button', { name: /Activity: / }).click()
    await desk.getByRole('menuitem', { name: 'Available', exact: true }).click()
    await desk.getByRole('region', { name: 'Ringing: Ana' }).getByRole('button', { name: 'Accept' }).click()
    await desk.getByRole('tab', { name: 'Task' }).click()
    const player = desk.locator('audio')
    await player.waitFor({ timeout: 20_000 })
    const { duration, src } = await player.evaluate(async (element) => {
      const audio = element as unknown as Audio // a player in the page
      if (audio.readyState < 1)
        await new Promise((resolve) => audio.addEventListener('loadedmetadata', resolve, { once: true }))
      return { duration: audio.duration, src: audio.src }
    })
    expect(duration).toBeGreaterThan(1)
    // The link opens it without credentials, as the player does.
    const sound = new Uint8Array(await (await fetch(src)).arrayBuffer()).subarray(wavHeaderBytes)
    expect(heardOf(Object.values(tones), sound.subarray(sound.length >> 1))).toEqual([tones.ana])
    // Nobody is called for it: it is wrapped up like any task.
    await desk.getByRole('button', { name: 'End', exact: true }).click()
    await desk.getByRole('radio', { name: 'Resolved' }).click()
    await desk.getByRole('button', { name: 'Complete' }).click()
    await desk.getByText('Nothing waits for you').waitFor({ timeout: 20_000 })
    await ana.context().close()
  })
})
