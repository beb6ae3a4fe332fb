import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peakOf } from './g711.ts'
import { plainText, SoundMaker } from './speech.ts'
import { heardOf, toneOf } from './testing/hearing.ts'
import { wavHeader } from './wav.ts'

const maker = new SoundMaker()
const folder = mkdtempSync(join(tmpdir(), 'ringdown-sounds-'))
afterAll(() => {
  maker.close()
  rmSync(folder, { recursive: true, force: true })
})

const voices = await maker.voices()
if (!voices.english) process.stdout.write(`No English voice: ${voices.why.join('; ')}\n`)
if (!voices.others) process.stdout.write(`No voice for other languages: ${voices.why.join('; ')}\n`)

describe('a spoken text', () => {
  test.skipIf(!voices.english)('is heard, and is spoken once for all who hear it', async () => {
    // skipIf: without the voice there is nothing to hear
    const frames = await maker.say('Welcome to Example. Please hold the line.', 'Polly.Joanna', 'en-US')
    expect(frames.length).toBeGreaterThan(50)
    expect(frames.filter((frame) => peakOf(frame) > 2000).length).toBeGreaterThan(20)
    expect(await maker.say('Welcome to Example. Please hold the line.', 'Polly.Joanna', 'en-US')).toBe(frames)
    expect(await maker.say('<speak> </speak>', undefined, undefined)).toEqual([])
  })

  test.skipIf(!voices.others)('is spoken in other languages where a voice for them was found', async () => {
    // skipIf: without the program there is none
    expect((await maker.say('Bonjour, un instant.', undefined, 'fr-FR')).length).toBeGreaterThan(30)
    await expect(maker.say('?', undefined, 'xx-XX')).rejects.toThrow(/no voice/)
  })
})

test('marks of SSML are not spoken', () => {
  expect(plainText('<speak>Ada &amp; Bob<break time="1s"/>here &unknown;\n</speak>')).toBe('Ada & Bob. here &unknown;')
})

test('a file is read in a thread, and what is wrong with one is said', async () => {
  const tone = Buffer.concat(Array.from({ length: 50 }, toneOf(440)))
  const path = join(folder, 'tone.wav')
  writeFileSync(path, Buffer.concat([wavHeader(tone.length, 1), tone]))
  const frames = await maker.read(path)
  expect(frames).toHaveLength(50)
  expect(heardOf([440, 880], Buffer.concat(frames))).toEqual([440])
  writeFileSync(join(folder, 'page.wav'), '<html>')
  await expect(maker.read(join(folder, 'page.wav'))).rejects.toThrow('it is no WAV file')
  await expect(maker.read(join(folder, 'none.wav'))).rejects.toThrow(/ENOENT/)
})
