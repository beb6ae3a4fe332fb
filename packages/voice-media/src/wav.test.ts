import { expect, test } from 'vitest'
import { compress } from './g711.ts'
import { heardOf, loudnessOf } from './testing/hearing.ts'
import { NotSound, readWav, wavHeader, wavHeaderBytes } from './wav.ts'

/** A WAV file of a tone. */
function pcm(hertz: number, { rate = 8000, bits = 16, channels = 1, seconds = 1 }): Buffer {
  const frames = rate * seconds
  const body = Buffer.alloc((frames * channels * bits) / 8)
  for (let i = 0; i < frames * channels; i++) {
    const value = Math.sin((2 * Math.PI * hertz * Math.floor(i / channels)) / rate) * 0.5
    if (bits === 8) body.writeUInt8(Math.round(128 + 127 * value), i)
    else if (bits === 16) body.writeInt16LE(Math.round(32_767 * value), 2 * i)
    else body.writeIntLE(Math.round(8_388_607 * value), 3 * i, 3)
  }
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + body.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE((rate * channels * bits) / 8, 28)
  header.writeUInt16LE((channels * bits) / 8, 32)
  header.writeUInt16LE(bits, 34)
  header.write('data', 36)
  header.writeUInt32LE(body.length, 40)
  return Buffer.concat([header, body])
}

test.each([
  { rate: 8000, bits: 8, channels: 1 },
  { rate: 8000, bits: 16, channels: 1 },
  { rate: 16_000, bits: 16, channels: 2 },
  { rate: 22_050, bits: 16, channels: 1 },
  { rate: 44_100, bits: 16, channels: 2 },
  { rate: 48_000, bits: 24, channels: 1 }
])('a tone at $rate samples of $bits bits, $channels channels, is the same tone', (format) => {
  const sound = readWav(pcm(440, format))
  expect(sound.length).toBe(8000)
  expect(heardOf([440, 700, 1300], sound)).toEqual([440])
  expect(loudnessOf(440, sound)).toBeCloseTo(0.5, 1)
})

test('what a telephone cannot tell is left out, and comes back as nothing else', () => {
  const sound = readWav(pcm(6000, { rate: 48_000 }))
  expect(heardOf([2000, 6000 - 4000, 3999], sound)).toEqual([])
})

test('a recording of ours is read as it was written', () => {
  const sound = compress(Array.from({ length: 1600 }, (_, i) => 9000 * Math.sin(i / 3)))
  const file = Buffer.concat([wavHeader(sound.length, 1), sound])
  expect(wavHeader(0, 1).length).toBe(wavHeaderBytes)
  expect(Buffer.from(readWav(file))).toEqual(Buffer.from(sound))
  // A process that has died has not said how long it is.
  expect(readWav(Buffer.concat([wavHeader(0xfffffff, 1), sound])).length).toBe(1600)
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['an MP3', Buffer.from('ID3\u0003 and so on, which is no WAV')],
  ['a head without a body', pcm(440, {}).subarray(0, 30)],
  ['a rate that nobody hears', pcm(440, { rate: 4000 })],
  ['lengths that are lies', Buffer.concat([Buffer.from('RIFF\xff\xff\xff\xffWAVEjunk\xff\xff\xff\xff', 'latin1')])]
])('%s is refused', (_name, file) => {
  expect(() => readWav(file)).toThrow(NotSound)
})
