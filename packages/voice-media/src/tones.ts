import { compress, frameSamples, samplesPerSecond, silentFrame } from './g711.ts'

/** Tones that a call may play, as frames that go round. */
export type ToneName = 'ringback' | 'busy' | 'beep' | 'silence' | 'music'

interface Cadence {
  readonly hertz: readonly number[]
  readonly on_ms: number
  readonly off_ms: number
}

/** The precise tone plan of North America, as callers of the original hear it. */
const cadences = {
  ringback: { hertz: [440, 480], on_ms: 2000, off_ms: 4000 },
  busy: { hertz: [480, 620], on_ms: 500, off_ms: 500 },
  beep: { hertz: [1000], on_ms: 400, off_ms: 0 }
} as const satisfies Record<string, Cadence>

/** As loud as speech is, of 32767. */
const loudness = 5000

const made = new Map<string, readonly Uint8Array[]>()

/** The frames of one round of a tone. */
export function toneFrames(name: ToneName): readonly Uint8Array[] {
  if (name === 'silence') return [silentFrame]
  if (name === 'music') return once('music', () => music())
  const { hertz, on_ms, off_ms } = cadences[name]
  return once(name, () => inFrames([...sounding(hertz, on_ms), ...new Array<number>((off_ms * 8) | 0).fill(0)]))
}

/** Keys' two frequencies (ITU-T Q.23), by row and column. */
const rows = { '123A': 697, '456B': 770, '789C': 852, '*0#D': 941 }
const columns = [1209, 1336, 1477, 1633]

/** The frames of keys as they sound: `w` waits for half a second, what is no key is left out. */
export function digitFrames(digits: string): readonly Uint8Array[] {
  return [...digits].flatMap((digit) => once(`key ${digit}`, () => keyFrames(digit)))
}

function keyFrames(digits: string): readonly Uint8Array[] {
  const samples: number[] = []
  for (const digit of digits.toUpperCase()) {
    if (digit === 'W') samples.push(...new Array<number>(samplesPerSecond / 2).fill(0))
    for (const [keys, low] of Object.entries(rows)) {
      const high = columns[keys.indexOf(digit)]
      if (high !== undefined) samples.push(...sounding([low, high], 120), ...new Array<number>(640).fill(0))
    }
  }
  return inFrames(samples)
}

/** Cuts samples into frames of mu-law; the last one is filled up with nothing. */
export function inFrames(samples: ArrayLike<number>): readonly Uint8Array[] {
  const whole = new Int16Array(Math.ceil(samples.length / frameSamples) * frameSamples)
  whole.set(Int16Array.from(samples))
  const bytes = compress(whole)
  return Array.from({ length: bytes.length / frameSamples }, (_, i) =>
    bytes.subarray(i * frameSamples, (i + 1) * frameSamples)
  )
}

function once(name: string, make: () => readonly Uint8Array[]): readonly Uint8Array[] {
  const known = made.get(name) ?? make()
  made.set(name, known)
  return known
}

function sounding(hertz: readonly number[], ms: number): number[] {
  return Array.from({ length: (ms * samplesPerSecond) / 1000 }, (_, i) => {
    const sum = hertz.reduce((all, one) => all + Math.sin((2 * Math.PI * one * i) / samplesPerSecond), 0)
    return (sum * loudness) / hertz.length
  })
}

/** The music for calls that wait: eight broken chords of four notes, made for this project, in half tones above E4. */
const bars = [
  [0, 4, 7, 12],
  [-3, 0, 4, 9],
  [-7, -3, 0, 5],
  [-5, -1, 2, 7],
  [0, 7, 4, 12],
  [-3, 4, 0, 9],
  [-7, 0, -3, 5],
  [-5, 2, -1, 11]
] as const
const note_ms = 500

function music(): readonly Uint8Array[] {
  const notes = bars.flat()
  const samples = new Float64Array((notes.length * note_ms * samplesPerSecond) / 1000)
  notes.forEach((step, index) => {
    const hertz = 330 * 2 ** (step / 12)
    const start = (index * note_ms * samplesPerSecond) / 1000
    // Each note fades while the next ones sound; what goes past the end is at the beginning, so that the round closes.
    for (let i = 0; i < samplesPerSecond * 1.5; i++) {
      const fade = Math.exp(-i / (samplesPerSecond * 0.45)) * Math.min(1, i / 80)
      const angle = (2 * Math.PI * hertz * i) / samplesPerSecond
      const at = (start + i) % samples.length
      samples[at] = (samples[at] ?? 0) + 2600 * fade * (Math.sin(angle) + 0.25 * Math.sin(2 * angle))
    }
  })
  return inFrames(samples)
}
