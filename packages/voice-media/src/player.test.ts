import type { LegPlays } from '@ringdown/contract/voice-leg'
import { expect, test } from 'vitest'
import { silentFrame } from './g711.ts'
import { Player, type SoundShelf } from './player.ts'
import { heardOf, toneOf } from './testing/hearing.ts'

const welcome = toneOf(600)
const shelf: SoundShelf = {
  say: async () => Array.from({ length: 25 }, welcome),
  play: (address) => Promise.reject(new Error(`nobody answers at ${address}`))
}

function player(plays: Partial<LegPlays>) {
  const told: string[] = []
  const one = new Player({ id: 1, loop: 1, items: [], ...plays }, shelf, {
    played: () => told.push('played'),
    failed: (item, error) => told.push(`item ${item}: ${error}`)
  })
  /** So many frames, each after whatever is under way is done. */
  const hear = async (frames: number) => {
    const heard: Uint8Array[] = []
    for (let i = 0; i < frames; i++) {
      await Promise.resolve()
      heard.push(one.next() ?? silentFrame)
    }
    return heardOf([440, 600, 1000], Buffer.concat(heard))
  }
  return { one, told, hear }
}

test('items follow one another, and the end is told once', async () => {
  const { told, hear } = player({ items: [{ say: 'Welcome' }, { pause_ms: 500 }, { tone: 'beep' }] })
  expect(await hear(26)).toEqual([600])
  expect(await hear(24)).toEqual([])
  expect(await hear(20)).toEqual([1000])
  expect(told).toEqual([])
  await hear(10)
  expect(told).toEqual(['played'])
})

test('what cannot be had is left out and told of, once in all rounds', async () => {
  const { told, hear } = player({ loop: 3, items: [{ play: 'https://sounds.example.com/a' }, { pause_ms: 20 }] })
  await hear(20)
  expect(told).toEqual(['item 0: nobody answers at https://sounds.example.com/a', 'played'])
})

test('a round without anything to play is not gone through for ever', async () => {
  const { told, hear } = player({ loop: 0, items: [{ pause_ms: 0 }] })
  await hear(3)
  expect(told).toEqual(['played'])
})

test('who waits hears ringing, round after round, until something else is wanted', async () => {
  const { one, told, hear } = player({ loop: 0, items: [{ tone: 'ringback' }] })
  for (let round = 0; round < 3; round++) {
    expect(await hear(100)).toEqual([440])
    expect(await hear(200)).toEqual([])
  }
  one.stop()
  expect(await hear(50)).toEqual([])
  expect(told).toEqual([])
})
