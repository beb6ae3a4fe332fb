import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LegReport, VoiceLeg } from '@ringdown/contract/voice-leg'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { findWebRtc } from '../find-webrtc.ts'
import { Legs } from '../legs.ts'
import { writeRtp } from '../rtp.ts'
import { readWav } from '../wav.ts'
import { TestBrowser } from './browser.ts'
import { heardAnywhereIn, heardOf, toneOf } from './hearing.ts'

export const folder = mkdtempSync(join(tmpdir(), 'ringdown-legs-'))
export const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

export const [caller, agent] = [`CA${'1'.repeat(32)}`, `CA${'2'.repeat(32)}`]
const recording = `RE${'3'.repeat(32)}`

/** What a leg should be doing: it is up, and hears nothing. */
export function leg(call_sid: string, revision: number, more: Partial<VoiceLeg> = {}): VoiceLeg {
  return {
    call_sid,
    revision,
    wanted: 'up',
    address: { sdk: { identity: call_sid } },
    from: 'client:alice',
    to: 'client:bob',
    plays: null,
    hears: [],
    listens: null,
    records: [],
    dialog: null,
    ...more
  }
}

/** Legs with a clock of their own, and what they have reported. */
export function floor(
  webrtc: Awaited<ReturnType<typeof findWebRtc>>['webrtc'],
  warn = (message: string): void => {
    throw new Error(message)
  }
) {
  const reports: LegReport[] = []
  const lost: string[] = []
  const legs = new Legs({
    webrtc,
    shelf: {
      say: async () => Array.from({ length: 500 }, toneOf(1300)),
      play: () => Promise.reject(new Error('none'))
    },
    folder,
    ice_servers: [],
    port: undefined,
    report: (report) => reports.push(report),
    lost: (_call_sid, device) => lost.push(device),
    warn,
    now: () => performance.now()
  })
  const timer = setInterval(() => legs.tick(performance.now()), 20)
  closing.push(() => {
    clearInterval(timer)
    return legs.close()
  })
  const events = () =>
    reports.map(({ call_sid, number, event }) => [call_sid === caller ? 'caller' : 'agent', number, event])
  return { legs, lost, reports, events }
}

// Werift sends everything under one payload type, keys too: the browser is of the other library where that is there.
export const { webrtc: browsers } = await findWebRtc()

/** Waits until a browser is connected: one whose fresh connection has failed, as a few do, asks for another one. */
async function connected(legs: Legs, call_sid: string, devices: Readonly<Record<string, TestBrowser>>): Promise<void> {
  for (const [device, browser] of Object.entries(devices)) {
    const isConnected = expect.poll(() => browser.isConnected, { timeout: 5_000 }).toBe(true)
    await isConnected.catch(async () => {
      const answer = await legs.signal(call_sid, device, { answer: await browser.calls() })
      await browser.isAnswered(answer ?? '')
      await expect.poll(() => browser.isConnected, { timeout: 15_000 }).toBe(true)
    })
  }
}

/** Waits until a browser hears those tones, and no other. */
export async function heardBy(browser: TestBrowser, tones: number[]): Promise<void> {
  await expect
    .poll(
      () => {
        const sound = browser.heard()
        return sound.length < 1600 ? undefined : heardOf([400, 700, 1300], sound)
      },
      { interval: 250, timeout: 10_000 }
    )
    .toEqual(tones)
}

/** What holds of legs over a library for WebRTC, which is told on it; with a line where it is not there. */
export async function legStories(name: 'node-datachannel' | 'werift'): Promise<void> {
  const { webrtc, why } = await findWebRtc([name])
  if (!webrtc) process.stdout.write(`${name} is not tried: ${why.join('; ')}\n`)
  describe.skipIf(!webrtc)(`over ${name}`, () => {
    // skipIf: without the library there is no peer
    if (!webrtc) return

    test('a browser that calls and one that is called hear each other, press keys, are held and recorded', async () => {
      const { legs, events } = floor(webrtc)
      const [alice, bob] = [
        new TestBrowser(browsers ?? webrtc, toneOf(400)),
        new TestBrowser(browsers ?? webrtc, toneOf(700))
      ]
      closing.push(
        () => alice.leaves(),
        () => bob.leaves()
      )
      legs.update({ leg: leg(caller, 1), heard: 0 })
      legs.update({ leg: leg(agent, 1, { wanted: 'ring' }), heard: 4 })

      const answer = await legs.signal(caller, 'laptop', { answer: await alice.calls() })
      await alice.isAnswered(answer ?? '')
      const offer = await legs.signal(agent, 'headset', { offer: true })
      await legs.signal(agent, 'headset', { accept: await bob.answers(offer ?? '') })
      await connected(legs, caller, { laptop: alice })
      await connected(legs, agent, { headset: bob })

      const records = [{ sid: recording, channels: 2 as const, trim: false }]
      legs.update({ leg: leg(caller, 2, { hears: [agent], listens: { digits: true }, records }), heard: 0 })
      legs.update({ leg: leg(agent, 2, { hears: [caller] }), heard: 4 })
      await heardBy(alice, [700])
      await heardBy(bob, [400])

      alice.presses('5')
      alice.presses('#')
      alice.heard()
      bob.presses('1') // no document listens to his keys
      await expect.poll(events, { timeout: 15_000 }).toEqual([
        ['caller', 1, { type: 'digit', digit: '5' }],
        ['caller', 2, { type: 'digit', digit: '#' }]
      ])
      let key: Uint8Array = new Uint8Array(0)
      const sounding = () => {
        key = Buffer.concat([key, alice.heard()])
        return heardOf([697, 1209], key)
      }
      await expect.poll(sounding, { interval: 20, timeout: 10_000 }).toEqual([697, 1209])

      // Held: music for her, nothing for him.
      legs.update({ leg: leg(caller, 3, { plays: { id: 9, loop: 0, items: [{ say: 'La la' }] }, records }), heard: 1 })
      legs.update({ leg: leg(agent, 3), heard: 4 })
      await heardBy(alice, [1300])
      await heardBy(bob, [])

      legs.update({ leg: leg(caller, 4, { wanted: 'down' }), heard: 2 })
      await expect.poll(events, { timeout: 15_000 }).toHaveLength(3)
      const [, , [, number, event] = []] = events()
      expect(number).toBe(3)
      expect(event).toMatchObject({ type: 'recorded', sid: recording, file: join(folder, `${recording}.wav`) })
      const sound = readWav(readFileSync(join(folder, `${recording}.wav`)))
      expect(heardAnywhereIn(sound, [400, 700])).toEqual([400, 700])
      legs.heard(caller, 3)
      legs.update({ leg: leg(agent, 4, { wanted: 'down' }), heard: 4 })
      expect(legs.size).toBe(0)
    })

    test('what strangers send to its port is heard by nobody, and harms nobody', async () => {
      const { legs, reports } = floor(webrtc)
      const [alice, bob] = [
        new TestBrowser(browsers ?? webrtc, toneOf(400)),
        new TestBrowser(browsers ?? webrtc, toneOf(700))
      ]
      const stranger = createSocket('udp4')
      closing.push(
        () => alice.leaves(),
        () => bob.leaves(),
        () => stranger.close()
      )
      const ports: number[] = []
      for (const [sid, browser] of [
        [caller, alice],
        [agent, bob]
      ] as const) {
        legs.update({
          leg: leg(sid, 1, { hears: [sid === caller ? agent : caller], listens: { digits: true } }),
          heard: 0
        })
        const answer = (await legs.signal(sid, 'laptop', { answer: await browser.calls() })) ?? ''
        await browser.isAnswered(answer)
        for (const [, port] of answer.matchAll(/^a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 (\d+) typ host/gim))
          ports.push(Number(port))
        if (ports.length === 0)
          for (const [, port] of answer.matchAll(/^a=candidate:\S+ 1 UDP \d+ \S+ (\d+) typ host/gim))
            ports.push(Number(port))
      }
      expect(ports.length).toBeGreaterThan(0)
      await expect.poll(() => alice.isConnected && bob.isConnected, { timeout: 10_000 }).toBe(true)
      await heardBy(bob, [400])
      const voice = toneOf(1900)
      let sent = 0
      const flood = setInterval(() => {
        for (const port of ports) {
          const about = { ssrc: 7, sequence: 65_500 + sent, timestamp: 160 * sent, marker: false }
          stranger.send(writeRtp({ ...about, payload_type: 0, payload: voice() }), port, '127.0.0.1')
          // A key, a receipt that is none, a question of STUN without a name, and nonsense.
          stranger.send(
            writeRtp({ ...about, payload_type: 101, payload: Uint8Array.of(5, 0x8a, 1, 64) }),
            port,
            '127.0.0.1'
          )
          stranger.send(Buffer.from([0x80, 200, 255, 255]), port, '127.0.0.1')
          stranger.send(Buffer.from(`000100002112a442${'ab'.repeat(12)}`, 'hex'), port, '127.0.0.1')
          stranger.send(Buffer.alloc(1400, sent), port, '127.0.0.1')
        }
        sent++
      }, 10)
      closing.push(() => clearInterval(flood))
      await expect.poll(() => sent, { timeout: 20_000 }).toBeGreaterThan(100)
      for (const [browser, tones] of [
        [bob, [400]],
        [alice, [700]]
      ] as const) {
        browser.heard()
        await expect
          .poll(
            () => {
              const sound = browser.heard()
              return sound.length < 1600 ? undefined : heardOf([400, 700, 1900], sound)
            },
            { interval: 250, timeout: 10_000 }
          )
          .toEqual(tones)
      }
      expect(reports).toEqual([])
    })

    test('nothing that comes is told after five seconds and a minute of sound, and that something comes again', async () => {
      const { legs, events } = floor(webrtc)
      const alice = new TestBrowser(browsers ?? webrtc, toneOf(400))
      closing.push(() => alice.leaves())
      legs.update({ leg: leg(caller, 1), heard: 0 })
      await alice.isAnswered((await legs.signal(caller, 'laptop', { answer: await alice.calls() })) ?? '')
      await expect.poll(() => alice.isConnected, { timeout: 10_000 }).toBe(true)
      alice.fallsSilent()
      // A process that was not there for an hour has not listened for an hour.
      legs.tick(performance.now() + 3_600_000)
      expect(events()).toEqual([])
      const listen = (seconds: number) => {
        for (let frame = 0; frame < seconds * 50; frame++) legs.tick(performance.now())
      }
      listen(6)
      expect(events()).toEqual([['caller', 1, { type: 'no_sound', seconds: 5 }]])
      alice.speaks()
      await expect.poll(events, { timeout: 15_000 }).toEqual([
        ['caller', 1, { type: 'no_sound', seconds: 5 }],
        ['caller', 2, { type: 'sound_again' }]
      ])
      listen(61)
      expect(events().slice(2)).toEqual([
        ['caller', 3, { type: 'no_sound', seconds: 5 }],
        ['caller', 4, { type: 'no_sound', seconds: 60 }]
      ])
    })

    test('it is told after a second where the page has lost its socket, and later where that is back', async () => {
      const { legs, events } = floor(webrtc)
      const alice = new TestBrowser(browsers ?? webrtc, toneOf(400))
      closing.push(() => alice.leaves())
      legs.update({ leg: leg(caller, 1), heard: 0 })
      const offer = await alice.calls()
      await alice.isAnswered((await legs.signal(caller, 'laptop', { answer: offer })) ?? '')
      await expect.poll(() => alice.isConnected, { timeout: 10_000 }).toBe(true)
      alice.fallsSilent()
      const listen = (frames: number) => {
        for (let frame = 0; frame < frames; frame++) legs.tick(performance.now())
      }
      await legs.signal(caller, 'laptop', { watch: true })
      const toldAfter = (frames: number) => () => {
        listen(frames)
        return events()
      }
      const silent = ['caller', 1, { type: 'no_sound', seconds: 1 }]
      await expect.poll(toldAfter(51), { timeout: 15_000 }).toEqual([silent])
      alice.speaks()
      await expect.poll(toldAfter(0), { timeout: 15_000 }).toEqual([silent, ['caller', 2, { type: 'sound_again' }]])
      // The page is there again, by another name, and has its connection still; whoever had the leg before has nothing to do with it.
      expect(await legs.signal(caller, 'a laptop again', { resume: offer })).toBeNull()
      await legs.signal(caller, 'laptop', { watch: true })
      expect(toldAfter(200)()).toHaveLength(2)
    })

    test('two devices ring, and the first to answer has the leg', async () => {
      const { legs } = floor(webrtc)
      legs.update({ leg: leg(agent, 1, { wanted: 'ring' }), heard: 0 })
      const [desk, mobile] = [
        new TestBrowser(browsers ?? webrtc, toneOf(400)),
        new TestBrowser(browsers ?? webrtc, toneOf(700))
      ]
      closing.push(
        () => desk.leaves(),
        () => mobile.leaves()
      )
      const offers = await Promise.all(['desk', 'mobile'].map((name) => legs.signal(agent, name, { offer: true })))
      const late = await desk.answers(offers[0] ?? '')
      await legs.signal(agent, 'mobile', { accept: await mobile.answers(offers[1] ?? '') })
      await expect(legs.signal(agent, 'desk', { accept: late })).rejects.toThrow('does not ring')
      await connected(legs, agent, { mobile })
    })

    test('a browser that comes again is answered anew, and hears what it has heard before', async () => {
      const { legs, reports } = floor(webrtc)
      const plays = { id: 1, loop: 0, items: [{ say: 'Hold on' }] }
      legs.update({ leg: leg(caller, 1, { plays, listens: { digits: true } }), heard: 7 })
      const alice = new TestBrowser(browsers ?? webrtc, toneOf(400))
      closing.push(() => alice.leaves())
      for (const digit of ['1', '2']) {
        const answer = await legs.signal(caller, 'laptop', { answer: await alice.calls() })
        await alice.isAnswered(answer ?? '')
        await heardBy(alice, [1300])
        alice.presses(digit)
        await expect
          .poll(() => reports.map(({ event }) => event), { timeout: 15_000 })
          .toContainEqual({ type: 'digit', digit })
      }
      expect(reports.map(({ number }) => number)).toEqual([8, 9])
    })

    test.each([
      ['no description', 'hello'],
      [
        'a description without audio',
        'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n'
      ],
      ['one without PCMU', 'v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n']
    ])('%s is refused, and the leg stands', async (_name, sdp) => {
      const { legs } = floor(webrtc)
      legs.update({ leg: leg(caller, 1), heard: 0 })
      await expect(legs.signal(caller, 'laptop', { answer: sdp })).rejects.toThrow()
      await expect(legs.signal(caller, 'laptop', { accept: sdp })).rejects.toThrow()
      const offer = await legs.signal(caller, 'laptop', { offer: true })
      await expect(legs.signal(caller, 'laptop', { accept: sdp })).rejects.toThrow()
      expect(offer).toMatch(/^m=audio/m)
      expect(legs.size).toBe(1)
    })
  })
}
