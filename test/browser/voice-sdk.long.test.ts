import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VoiceDevices } from '@ringdown/server/realtime/voice-sdk/devices'
import { mountVoiceSdk } from '@ringdown/server/realtime/voice-sdk/signal'
import { Switchboard } from '@ringdown/server/voice/switchboard'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { fastify } from 'fastify'
import { pino } from 'pino'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TokenRefused } from '../../packages/server/src/access/token.ts'
import type { TokenCaller, Tokens } from '../../packages/server/src/access/tokens.ts'
import { Exchange } from '../support/exchange.ts'
import { hasChromium, launched } from './chromium.ts'
import { microphone, telephonePage } from './telephone-page.ts'

/*
 * The unmodified `@twilio/voice-sdk` in Chromium, against our signalling and the process that has the sound: who rings, who
 * hears whom, and what becomes of a call when something dies.
 */

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: calls between browsers are left out (${why.join('; ')}).`)

const tones = { alice: 450, bob: 850, mobile: 1250 } as const
const account_sid = `AC${'0'.repeat(32)}`

describe.skipIf(!webrtc || !hasChromium())('browsers that call each other', { timeout: 60_000 }, () => {
  // without either, which a line says
  let browser: Browser
  let folder: string
  let exchange: Exchange
  let switchboard: Switchboard
  let devices: VoiceDevices
  let url: string
  const app = fastify()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringdown-sdk-'))
    exchange = new Exchange()
    const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' }, pino.destination(2))
    switchboard = new Switchboard({
      ledger: exchange,
      sound: { folder: join(folder, 'voice'), secret: 'a secret', ice_servers: [] },
      log
    })
    const reconnectKey = Buffer.from('a key')
    devices = new VoiceDevices({ account_sid, switchboard, reconnectKey, log })
    switchboard.start(devices)
    const tokens = {
      caller: (token: string) => {
        if (!token.startsWith('token of ')) throw new TokenRefused('signature')
        return { account_sid, expires_at: Date.now() + 3_600_000, standing: () => ({}), identity: token.slice(9) }
      }
    } as unknown as Tokens // as: who brings a token is another test's business
    mountVoiceSdk(app, {
      tokens,
      devices: () => devices,
      permission: (caller) => ({
        identity: (caller as TokenCaller & { readonly identity: string }).identity, // as: it is made above
        incoming: true,
        outgoing: { application_sid: `AP${'0'.repeat(32)}`, params: {} }
      }),
      machineNow: () => Date.now(),
      log
    })
    // A ring tone that is not there has each ring wait for two seconds.
    const quiet = Buffer.from('UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAgICAgICAgA==', 'base64')
    app.get('/quiet.wav', (_request, reply) => reply.type('audio/wav').send(quiet))
    app.get('/', (_request, reply) => reply.type('text/html').send('<!doctype html><title>A telephone</title>'))
    url = await app.listen({ port: 0, host: '127.0.0.1' })
    ;[browser] = await Promise.all([launched(microphone), switchboard.need()])
  }, 60_000)
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
  })
  afterAll(async () => {
    await browser?.close()
    await app.close()
    devices?.close()
    await switchboard?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const phone = async (identity: 'alice' | 'bob', tone: keyof typeof tones = identity) => {
    const page = await telephonePage(browser, url, tones[tone])
    await page.evaluate(
      ([token, host, origin]) => {
        const sounds = Object.fromEntries(
          ['incoming', 'outgoing', 'disconnect'].map((name) => [name, `${origin}/quiet.wav`])
        )
        return telephone.register(token, {
          chunderw: host,
          publishEvents: false,
          codecPreferences: ['pcmu'],
          enableImprovedSignalingErrorPrecision: true,
          sounds,
          maxCallSignalingTimeoutMs: 30_000
        })
      },
      [`token of ${identity}`, new URL(url).host, url] as const
    )
    return page
  }
  const happened = (page: Page) => page.evaluate(() => telephone.happened)
  const happens = (page: Page, event: string, timeout = 10_000) =>
    expect.poll(() => happened(page), { timeout }).toContain(event)
  const hears = (page: Page, heard: number[], timeout = 10_000) =>
    expect.poll(() => page.evaluate((all) => telephone.hears(all), Object.values(tones)), { timeout }).toEqual(heard)
  const calls = (page: Page, to: string) => page.evaluate((to) => telephone.call(to, { topic: 'a lamp' }), to)
  /** Alice and Bob talk. */
  const talking = async () => {
    const [alice, bob] = await Promise.all([phone('alice'), phone('bob')])
    await calls(alice, 'client:bob')
    await happens(bob, 'incoming')
    await bob.evaluate(() => telephone.current?.accept())
    await hears(alice, [tones.bob])
    await hears(bob, [tones.alice])
    const call_sid = await alice.evaluate(() => telephone.current?.parameters.CallSid ?? '')
    return { alice, bob, call_sid }
  }

  it('rings, is accepted, is heard on both sides, takes keys, is muted, and hangs up', async () => {
    const { alice, bob, call_sid } = await talking()
    expect(call_sid).toMatch(/^CA[0-9a-f]{32}$/)
    const told = await bob.evaluate(() => ({
      ...telephone.current?.parameters,
      custom: [...(telephone.current?.customParameters ?? [])]
    }))
    expect(told).toMatchObject({
      CallSid: exchange.otherOf(call_sid),
      AccountSid: account_sid,
      From: 'client:alice',
      To: 'client:bob',
      custom: [['topic', 'a lamp']]
    })
    await alice.evaluate(() => telephone.current?.sendDigits('4*7#'))
    const digits = () => exchange.events.flatMap(({ event }) => (event.type === 'digit' ? [event.digit] : [])).join('')
    await expect.poll(digits, { timeout: 10_000 }).toBe('4*7#')
    await bob.evaluate(() => telephone.current?.mute(true))
    await hears(alice, [])
    await bob.evaluate(() => telephone.current?.mute(false))
    await hears(alice, [tones.bob])
    await alice.evaluate(() => telephone.current?.disconnect())
    await happens(bob, 'disconnect')
    await expect.poll(() => exchange.leg(call_sid)?.leg.wanted, { timeout: 15_000 }).toBe('down')
  })

  it('rings everywhere, and the first to answer has the call', async () => {
    const [alice, bob, mobile] = await Promise.all([phone('alice'), phone('bob'), phone('bob', 'mobile')])
    await calls(alice, 'client:bob')
    await Promise.all([happens(bob, 'incoming'), happens(mobile, 'incoming'), happens(alice, 'ringing')])
    await mobile.evaluate(() => telephone.current?.accept())
    await happens(bob, 'cancel')
    await hears(alice, [tones.mobile])
    await mobile.evaluate(() => telephone.current?.disconnect())
    await happens(alice, 'disconnect')
  })

  it('is declined, and is not answered where nobody is there', async () => {
    const [alice, bob] = await Promise.all([phone('alice'), phone('bob')])
    await calls(alice, 'client:bob')
    await happens(bob, 'incoming')
    await bob.evaluate(() => telephone.current?.reject())
    await happens(alice, 'disconnect')
    expect(await happened(alice)).toContain('call error 31603')
    await calls(alice, 'client:nobody')
    await expect
      .poll(() => exchange.events.at(-1)?.event)
      .toEqual({ type: 'ended', status: 'unreachable', by: 'network' })
  })

  it('stops ringing when the caller hangs up', async () => {
    const [alice, bob] = await Promise.all([phone('alice'), phone('bob')])
    await calls(alice, 'client:bob')
    await happens(bob, 'incoming')
    await alice.evaluate(() => telephone.current?.disconnect())
    await happens(bob, 'cancel')
  })

  it('goes on talking when a socket is cut, and has its call back', async () => {
    const { alice, bob } = await talking()
    await bob.evaluate(() => telephone.cut())
    await happens(bob, 'reconnected')
    await hears(alice, [tones.bob])
    await bob.evaluate(() => telephone.current?.disconnect())
    await happens(alice, 'disconnect')
  })

  it('has its sound back when the process that has it is killed', { timeout: 90_000 }, async () => {
    const { alice, bob, call_sid } = await talking()
    process.kill(switchboard.sound?.pid ?? 0, 'SIGKILL')
    await hears(alice, [])
    await hears(alice, [tones.bob], 45_000)
    await hears(bob, [tones.alice], 45_000)
    expect(exchange.leg(call_sid)?.leg.wanted).toBe('up')
    await alice.evaluate(() => telephone.current?.disconnect())
    await happens(bob, 'disconnect')
  })

  it('has its sound back though that process is killed every few seconds', { timeout: 120_000 }, async () => {
    const { alice, bob, call_sid } = await talking()
    for (let kills = 0; kills < 4; kills++) {
      const pid = switchboard.sound?.pid ?? 0
      process.kill(pid, 'SIGKILL')
      await expect
        .poll(() => switchboard.on !== undefined && switchboard.sound?.pid !== pid, { timeout: 15_000 })
        .toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 3000)) // somebody is about to hear again
    }
    await hears(alice, [tones.bob], 45_000)
    await hears(bob, [tones.alice], 45_000)
    expect(exchange.leg(call_sid)?.leg.wanted).toBe('up')
    await alice.evaluate(() => telephone.current?.disconnect())
    await happens(bob, 'disconnect')
  })

  it('ends for the other one when a browser vanishes and does not come again', { timeout: 90_000 }, async () => {
    const { alice, bob, call_sid } = await talking()
    const other = exchange.otherOf(call_sid)
    const gone = bob.waitForEvent('crash')
    bob.goto('chrome://crash').catch(() => {})
    await gone
    const vanished_at = performance.now()
    await happens(alice, 'disconnect', 30_000)
    // It was waited for.
    expect(performance.now() - vanished_at).toBeGreaterThan(10_000)
    expect(exchange.events).toContainEqual(
      expect.objectContaining({ call_sid: other, event: { type: 'ended', status: 'completed', by: 'network' } })
    )
  })

  it('says what is wrong with a token', async () => {
    const page = await telephonePage(browser, url, 450)
    const register = (token: string) =>
      page.evaluate(
        ([token, host]) => {
          telephone.register(token, { chunderw: host, publishEvents: false }).catch(() => {})
        },
        [token, new URL(url).host] as const
      )
    await register('nonsense')
    await happens(page, 'device error 20101')
  })
})
