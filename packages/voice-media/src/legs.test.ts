import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TestBrowser } from './testing/browser.ts'
import { toneOf } from './testing/hearing.ts'
import { agent, browsers, caller, closing, floor, folder, heardBy, leg, legStories } from './testing/leg-stories.ts'
import type { Peer } from './webrtc.ts'

await legStories('node-datachannel')

const unwritten = `RE${'4'.repeat(32)}`

/** A disk without any room, where this system has one. */
const full = '/dev/full'
if (!existsSync(full)) process.stdout.write(`no ${full}: a full disk is not tried\n`)

const webrtc = browsers
describe.skipIf(!webrtc || !existsSync(full))('a disk that is full', () => {
  // skipIf: without the library there is no peer
  if (!webrtc) return

  test('ends what is recorded, with a warning, and nobody on the call hears of it', async () => {
    const warnings: string[] = []
    const { legs, events } = floor(webrtc, (message) => warnings.push(message))
    symlinkSync(full, join(folder, `${unwritten}.wav`))
    const alice = new TestBrowser(webrtc, toneOf(400))
    closing.push(() => alice.leaves())
    const records = [{ sid: unwritten, channels: 1 as const, trim: false }]
    const plays = { id: 1, loop: 0, items: [{ say: 'Hold on' }] }
    legs.update({ leg: leg(caller, 1, { plays, records }), heard: 0 })
    await alice.isAnswered((await legs.signal(caller, 'laptop', { answer: await alice.calls() })) ?? '')
    await heardBy(alice, [1300])
    await expect.poll(() => warnings, { timeout: 10_000 }).toEqual([expect.stringMatching(/cannot be written.*ENOSPC/)])
    await heardBy(alice, [1300])
    legs.update({ leg: leg(caller, 2, { plays }), heard: 0 })
    await expect
      .poll(events, { timeout: 15_000 })
      .toEqual([['caller', 1, { type: 'recorded', sid: unwritten, file: null, ms: 0 }]])
    await heardBy(alice, [1300])
  })
})

describe('without any browser', () => {
  test('an older state changes nothing, and what is not told any more is gone', () => {
    const { legs } = floor(undefined)
    legs.update({ leg: leg(caller, 5), heard: 0 })
    legs.update({ leg: leg(caller, 4, { wanted: 'down' }), heard: 0 })
    expect(legs.size).toBe(1)
    legs.updateAll([{ leg: leg(agent, 1), heard: 0 }])
    expect(legs.size).toBe(1)
    legs.update({ leg: leg(agent, 2, { wanted: 'down' }), heard: 0 })
    expect(legs.size).toBe(0)
  })

  test('reports that nobody has kept are told again, with their numbers', () => {
    const { legs, events } = floor(undefined)
    legs.update({ leg: leg(agent, 1), heard: 2 })
    legs.event(agent, { type: 'answered', device: 'headset' })
    legs.event(agent, { type: 'ended', status: 'completed', by: 'remote' })
    legs.heard(agent, 3)
    legs.updateAll([{ leg: leg(agent, 1), heard: 3 }])
    expect(events().map(([, number]) => number)).toEqual([3, 4, 4])
  })

  test('a connection that was being described when its leg ended is closed', async () => {
    let describe = (_sdp: string): void => {}
    const closed: string[] = []
    const peer: Peer = {
      offer: () => new Promise((resolve) => (describe = resolve)),
      accept: async () => {},
      answer: async () => '',
      send: () => {},
      close: () => closed.push('headset'),
      reach: () => {},
      events: undefined
    }
    const { legs } = floor({ name: 'slow', peer: () => peer })
    legs.update({ leg: leg(agent, 1, { wanted: 'ring' }), heard: 0 })
    const offer = legs.signal(agent, 'headset', { offer: true })
    legs.update({ leg: leg(agent, 2, { wanted: 'down' }), heard: 0 })
    describe('an offer')
    await expect(offer).rejects.toThrow('the leg has ended meanwhile')
    expect(closed).toEqual(['headset'])
  })
})
