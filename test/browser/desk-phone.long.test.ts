import { readFileSync } from 'node:fs'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { wavHeaderBytes } from '@ringdown/voice-media/wav'
import type { Browser, Page } from 'playwright-core'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heardAnywhereIn } from '../../packages/voice-media/src/testing/hearing.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { calm } from './calm.ts'
import { hasChromium, launched } from './chromium.ts'
import { eventually } from './eventually.ts'
import { type Floor, floor } from './floor.ts'
import { patience_ms, story_ms } from './patience.ts'
import { microphone, microphoneOf, telephonePage } from './telephone-page.ts'

/*
 * The desk's phone as people use it: a customer calls with the SDK, Amelie takes the call, Nora listens and whispers, Bob is
 * asked and has it in the end. Each says a tone, so that it is heard who hears whom, there and in what was recorded.
 */

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: the desk's phone is left out (${why.join('; ')}).`)

const tones = { ana: 450, amelie: 850, bob: 1250, nora: 1650 } as const
type Who = keyof typeof tones
/** What is asked of a player in a page. */
interface Audio extends EventTarget {
  readonly duration: number
  readonly readyState: number
  currentTime: number
}
const quiet = 'data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA=='
const listening = readFileSync(new URL('./listening.js', import.meta.url), 'utf8')

describe.skipIf(!webrtc || !hasChromium())('a call at the desk', { timeout: 2 * story_ms }, () => {
  // without either, which a line says
  let browser: Browser
  let desks: Floor
  let program: Receiver
  let signer: { sid: string; secret: string }
  let application: { sid: string }
  /** Hosts that desks have asked anything; their own images and sounds have none. */
  const asked = new Set<string>()
  const pages = {} as Record<Exclude<Who, 'ana'>, Page> // filled below

  beforeAll(async () => {
    browser = await launched(microphone)
    desks = await floor(browser, { testClock: false, voice: true })
    program = await receiver({ auth_token: desks.ringdown.running.credentials.auth_token })
    const task = JSON.stringify({ topic: 'support', customerName: 'Ana' })
    program.answer('/voice', {
      headers: { 'content-type': 'text/xml' },
      body: `<Response><Enqueue workflowSid="${desks.workflow_sid}"><Task>${task}</Task></Enqueue></Response>`
    })
    const { account_sid } = desks.ringdown.running.credentials
    const post = async (path: string, form: Record<string, string>) =>
      (await desks.ringdown.call(`/2010-04-01/Accounts/${account_sid}/${path}`, form)).body
    application = await post('Applications.json', { FriendlyName: 'Support', VoiceUrl: `${program.url}/voice` })
    signer = await post('Keys.json', { FriendlyName: 'Tokens' })
    await desks.ringdown.call('/flex-api/v1/Configuration', undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account_sid, call_recording_enabled: true })
    })
    for (const name of ['amelie', 'bob', 'nora'] as const) {
      const page = await desks.open(name, { permissions: ['microphone'] })
      page.on('request', (request) => asked.add(new URL(request.url()).host))
      page.on('websocket', (socket) => asked.add(new URL(socket.url()).host))
      await page.evaluate(listening)
      await page.evaluate(microphoneOf(tones[name]))
      pages[name] = page
    }
  }, story_ms)
  afterAll(async () => {
    await browser?.close()
    await program?.close()
    await desks?.close()
  })

  const available = async (page: Page) => {
    await page.getByRole('button', { name: /Activity: / }).click()
    await page.getByRole('menuitem', { name: 'Available', exact: true }).click()
    await page.getByRole('button', { name: /Activity: Available/ }).waitFor()
  }
  const calls = async () => {
    const { AccessToken } = twilio.jwt
    const { url, credentials } = desks.ringdown.running
    const token = new AccessToken(credentials.account_sid, signer.sid, signer.secret, { identity: 'ana' })
    token.addGrant(new AccessToken.VoiceGrant({ outgoingApplicationSid: application.sid }))
    const page = await telephonePage(browser, `${url}/ringdown/v1/openapi.json`, tones.ana)
    await page.evaluate(
      ([jwt, host, sound]) =>
        telephone.register(jwt, {
          ...{ chunderw: host, publishEvents: false, codecPreferences: ['pcmu'], maxCallSignalingTimeoutMs: 30_000 },
          sounds: { incoming: sound, outgoing: sound, disconnect: sound }
        }),
      [token.toJwt(), new URL(url).host, quiet] as const
    )
    await page.evaluate(() => telephone.call('', {}))
    return page
  }
  const all = Object.values(tones)
  const inTones = (names: readonly Who[]) => all.filter((tone) => names.some((name) => tones[name] === tone))
  const hears = async (heard: Partial<Record<Who, readonly Who[]>>, ana: Page) => {
    for (const [who, names] of Object.entries(heard) as [Who, readonly Who[]][])
      await expect
        .poll(
          () =>
            who === 'ana'
              ? ana.evaluate((asked) => telephone.hears(asked), all)
              : pages[who].evaluate<number[]>(`heardTones(${JSON.stringify(all)})`),
          { timeout: patience_ms, message: `what ${who} hears` }
        )
        .toEqual(inTones(names))
  }
  const phoneOf = (page: Page) => page.getByRole('region', { name: 'Phone' })

  it('is held, supervised, handed on warm, recorded as it was said to all, wrapped up, and heard again', async () => {
    const { amelie, bob, nora } = pages
    await available(amelie)
    const ana = await calls()
    await amelie.getByRole('region', { name: 'Ringing: Ana' }).getByRole('button', { name: 'Accept' }).click()
    await phoneOf(amelie).getByText('Connected').waitFor()
    await phoneOf(amelie).getByText('This call is recorded').waitFor()
    await hears({ ana: ['amelie'], amelie: ['ana'] }, ana)
    await phoneOf(amelie)
      .getByText(/connection/)
      .waitFor()

    // Nora listens, whispers, and speaks to all while nothing is recorded; nobody at the desk is told of her.
    await nora.getByRole('link', { name: 'Calls' }).click()
    const row = nora.getByRole('row', { name: /Ana/ })
    await row.getByRole('button', { name: 'Listen' }).click()
    await hears({ nora: ['ana', 'amelie'], ana: ['amelie'], amelie: ['ana'] }, ana)
    await row.getByRole('button', { name: 'Whisper' }).click()
    await hears({ amelie: ['ana', 'nora'], ana: ['amelie'] }, ana)
    await expect(phoneOf(amelie).getByRole('list', { name: 'In this call' }).count()).resolves.toBe(0)
    await calm(nora)
    await phoneOf(amelie).getByRole('button', { name: 'Pause recording' }).click()
    await phoneOf(amelie).getByText('The recording is paused').waitFor()
    await row.getByRole('button', { name: 'Speak' }).click()
    await hears({ amelie: ['ana', 'nora'], ana: ['amelie', 'nora'] }, ana)
    await row.getByRole('button', { name: 'Leave' }).click()
    await hears({ ana: ['amelie'] }, ana)
    await phoneOf(amelie).getByRole('button', { name: 'Go on recording' }).click()
    await phoneOf(amelie).getByText('This call is recorded').waitFor()

    await phoneOf(amelie).getByRole('button', { name: 'Hold' }).click()
    await phoneOf(amelie).getByText('On hold').waitFor()
    await hears({ ana: [], amelie: [] }, ana)
    await phoneOf(amelie).getByRole('button', { name: 'Hold' }).click()
    await hears({ ana: ['amelie'], amelie: ['ana'] }, ana)

    await phoneOf(amelie).getByRole('button', { name: 'Mute' }).click()
    await hears({ ana: [], amelie: ['ana'] }, ana)
    await phoneOf(amelie).getByRole('button', { name: 'Mute' }).click()
    await hears({ ana: ['amelie'] }, ana)

    // A key that she presses is heard by Ana, as it sounds.
    await phoneOf(amelie).getByRole('button', { name: 'Keypad' }).click()
    const key = phoneOf(amelie).getByRole('group', { name: 'Keypad' }).getByRole('button', { name: '5' })
    const five = [770, 1336]
    await expect
      .poll(async () => (await Promise.all([ana.evaluate((asked) => telephone.hears(asked), five), key.click()]))[0], {
        timeout: patience_ms
      })
      .toEqual(five)
    await phoneOf(amelie).getByRole('button', { name: 'Keypad' }).click()

    // The call is Amelie's on every screen of hers.
    await phoneOf(amelie).getByRole('button', { name: 'Microphone and loudspeaker' }).click()
    await phoneOf(amelie).getByRole('button', { name: 'Try them' }).click()
    const level = phoneOf(amelie).getByRole('meter', { name: 'What your microphone hears' })
    await eventually(() => level.getAttribute('value').then(Number)).toBeGreaterThan(0.2)
    await calm(amelie)
    await phoneOf(amelie).getByRole('button', { name: 'Microphone and loudspeaker' }).click()

    // Bob is asked while Ana waits; then all three talk, and Amelie leaves.
    await available(bob)
    await amelie.getByRole('button', { name: 'Transfer' }).click()
    await amelie.getByRole('option', { name: /bob/ }).click()
    await amelie.getByRole('checkbox').check()
    await amelie.getByRole('dialog').getByRole('button', { name: 'Transfer' }).click()
    await phoneOf(amelie).getByText('On hold').waitFor()
    await bob.getByRole('region', { name: 'Ringing: Ana' }).getByRole('button', { name: 'Accept' }).click()
    await hears({ amelie: ['bob'], bob: ['amelie'], ana: [] }, ana)
    await phoneOf(amelie).getByRole('list', { name: 'In this call' }).getByText('bob').waitFor()
    await phoneOf(bob).getByRole('button', { name: 'Hold' }).click()
    await hears({ amelie: ['ana', 'bob'], bob: ['ana', 'amelie'], ana: ['amelie', 'bob'] }, ana)
    await phoneOf(amelie).getByRole('button', { name: 'Hang up' }).click()
    await hears({ bob: ['ana'], ana: ['bob'] }, ana)
    await amelie.getByRole('radio', { name: 'Resolved' }).click()
    await amelie.getByRole('button', { name: 'Complete' }).click()
    await amelie.getByText('Nothing waits for you').waitFor()

    // He is the last one who works on it: the call ends with him.
    await phoneOf(bob).getByRole('button', { name: 'Hang up' }).click()
    await eventually(() => ana.evaluate(() => telephone.happened)).toContain('disconnect')

    await bob.getByRole('tab', { name: 'Task' }).click()
    const player = bob.locator('audio')
    await player.waitFor()
    const sought = await player.evaluate(async (element) => {
      const audio = element as unknown as Audio // a player in the page
      const told = (event: string) => new Promise((resolve) => audio.addEventListener(event, resolve, { once: true }))
      if (audio.readyState < 1) await told('loadedmetadata')
      const there = told('seeked')
      audio.currentTime = audio.duration / 2
      await there
      return { duration: audio.duration, at: audio.currentTime }
    })
    expect(sought.duration).toBeGreaterThan(5)
    expect(sought.at).toBeCloseTo(sought.duration / 2, 0)
    await calm(bob)
    await bob.getByRole('radio', { name: 'Resolved' }).click()
    await bob.getByRole('button', { name: 'Complete' }).click()
    await bob.getByText('Nothing waits for you').waitFor()
    await ana.context().close()

    // What was said to all, the customer apart from the others; no whisper, no music, nothing of the pause.
    const { url, credentials } = desks.ringdown.running
    const base = `/2010-04-01/Accounts/${credentials.account_sid}/Recordings`
    const { recordings } = (await desks.ringdown.call(`${base}.json`)).body
    expect(recordings).toHaveLength(1)
    expect(recordings[0]).toMatchObject({ status: 'completed', channels: 2, source: 'Conference' })
    const { authorization } = desks.ringdown
    const file = await fetch(`${url}${base}/${recordings[0].sid}.wav`, { headers: { authorization } })
    const bytes = new Uint8Array(await file.arrayBuffer()).subarray(wavHeaderBytes)
    const channel = (which: 0 | 1) => bytes.filter((_, at) => at % 2 === which)
    expect(heardAnywhereIn(channel(0), all)).toEqual(inTones(['ana']))
    expect(heardAnywhereIn(channel(1), all)).toEqual(inTones(['amelie', 'bob']))
  })

  it('is handed on cold: the customer hears nobody until the next one is there', async () => {
    const { amelie, bob } = pages
    await available(amelie)
    const ana = await calls()
    await amelie.getByRole('region', { name: 'Ringing: Ana' }).getByRole('button', { name: 'Accept' }).click()
    await hears({ ana: ['amelie'], amelie: ['ana'] }, ana)
    await amelie.getByRole('button', { name: 'Transfer' }).click()
    await amelie.getByRole('option', { name: /bob/ }).click()
    await amelie.getByRole('dialog').getByRole('button', { name: 'Transfer' }).click()
    await bob.getByRole('region', { name: 'Ringing: Ana' }).waitFor()
    await hears({ ana: [] }, ana)
    expect(await ana.evaluate(() => telephone.happened)).not.toContain('disconnect')
    await bob.getByRole('region', { name: 'Ringing: Ana' }).getByRole('button', { name: 'Accept' }).click()
    await hears({ ana: ['bob'], bob: ['ana'], amelie: [] }, ana)
    await phoneOf(bob).getByRole('button', { name: 'Hang up' }).click()
    await eventually(() => ana.evaluate(() => telephone.happened)).toContain('disconnect')
    await bob.getByRole('radio', { name: 'Resolved' }).click()
    await bob.getByRole('button', { name: 'Complete' }).click()
    await bob.getByText('Nothing waits for you').waitFor()
    await ana.context().close()
  })

  it('brings in somebody outside, who goes on with the customer; and its supervisor hears it again', async () => {
    const { amelie, nora } = pages
    const number = '+15005550199'
    const { body: expert } = await desks.ringdown.call('/ringdown/v1/Phones', {
      ...{ Address: number, CallOutcome: 'answers', AnsweredAfterMs: '500' }
    })
    const heard = async () =>
      JSON.stringify((await desks.ringdown.call(`/ringdown/v1/Phones/${expert.sid}/Heard?PageSize=1000`)).body.heard)
    await available(amelie)
    const ana = await calls()
    await amelie.getByRole('region', { name: 'Ringing: Ana' }).getByRole('button', { name: 'Accept' }).click()
    await phoneOf(amelie).getByText('Connected').waitFor()
    await hears({ ana: ['amelie'] }, ana)
    await amelie.getByRole('button', { name: 'Transfer' }).click()
    await amelie.getByRole('combobox', { name: /number/ }).fill('+1 (500) 555-0199')
    await amelie.getByRole('option', { name: number }).waitFor()
    await calm(amelie)
    await amelie.getByRole('dialog').getByRole('button', { name: 'Call', exact: true }).click()
    await phoneOf(amelie).getByText('On hold').waitFor()
    await phoneOf(amelie).getByRole('list', { name: 'In this call' }).getByText(number).waitFor()
    await expect.poll(heard, { timeout: 15_000 }).toContain('client:amelie')
    await hears({ ana: [] }, ana)
    expect(await heard()).not.toContain('client:ana')
    await phoneOf(amelie).getByRole('button', { name: 'Hold' }).click()
    await hears({ ana: ['amelie'] }, ana)
    await expect.poll(heard, { timeout: 15_000 }).toContain('client:ana')
    await phoneOf(amelie).getByRole('button', { name: 'Hang up' }).click()
    await amelie.getByRole('radio', { name: 'Resolved' }).click()
    await amelie.getByRole('button', { name: 'Complete' }).click()
    await amelie.getByText('Nothing waits for you').waitFor()
    // The two are still there, until one of them goes.
    expect(await ana.evaluate(() => telephone.happened)).not.toContain('disconnect')
    const [line] = (await desks.ringdown.call(`/ringdown/v1/Phones/${expert.sid}/Calls`)).body.phone_calls
    expect(line).toMatchObject({ status: 'in-progress', with: ['client:ana'] })
    await desks.ringdown.call(`/ringdown/v1/Phones/${expert.sid}/Calls/${line.sid}`, { Action: 'hang-up' })
    await expect.poll(() => ana.evaluate(() => telephone.happened), { timeout: 15_000 }).toContain('disconnect')
    await ana.context().close()

    const recorded = nora.getByRole('region', { name: 'Recorded calls' })
    await expect.poll(() => recorded.getByRole('row', { name: /Ana/ }).count(), { timeout: 20_000 }).toBe(3)
    const first = recorded.getByRole('row', { name: /Ana/ }).last()
    await first.getByText('amelie, bob').waitFor()
    const duration = await first.locator('audio').evaluate(async (element) => {
      const audio = element as unknown as Audio & { load(): void; preload: string } // a player in the page
      const told = new Promise((resolve) => audio.addEventListener('loadedmetadata', resolve, { once: true }))
      audio.preload = 'metadata'
      audio.load()
      await told
      return audio.duration
    })
    expect(duration).toBeGreaterThan(5)
    await calm(nora)
    // Neither the vendor's network nor anybody else was asked for a sound, a figure or a word.
    expect([...asked].filter((host) => host !== '')).toEqual([new URL(desks.ringdown.running.url).host])
  })
})
