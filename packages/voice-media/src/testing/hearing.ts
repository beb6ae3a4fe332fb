import { expand, frameSamples, samplesPerSecond } from '../g711.ts'
import { inFrames } from '../tones.ts'

/** A tone without an end, a frame at each call: what somebody says in tests. */
export function toneOf(hertz: number): () => Uint8Array {
  let at = 0
  return () => {
    const samples = Array.from(
      { length: frameSamples },
      (_, i) => 6000 * Math.sin((2 * Math.PI * hertz * (at + i)) / samplesPerSecond)
    )
    at += frameSamples
    return inFrames(samples)[0] ?? new Uint8Array(0)
  }
}

/** How much of a frequency there is in bytes of mu-law, from 0 to 1, by Goertzel's algorithm. */
export function loudnessOf(hertz: number, bytes: Uint8Array): number {
  const samples = expand(bytes)
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / samplesPerSecond)
  let [one, two] = [0, 0]
  for (const sample of samples) [one, two] = [sample / 32_768 + coefficient * one - two, one]
  const power = one * one + two * two - coefficient * one * two
  return (2 * Math.sqrt(Math.max(0, power))) / samples.length
}

/** Which of these tones are heard in bytes of mu-law. */
export function heardOf(hertz: readonly number[], bytes: Uint8Array): number[] {
  return hertz.filter((one) => loudnessOf(one, bytes) > 0.03)
}

/** Which of these tones are heard in any half second of bytes of mu-law. */
export function heardAnywhereIn(bytes: Uint8Array, hertz: readonly number[]): number[] {
  const heard = new Set<number>()
  for (let at = 0; at + halfSecond <= bytes.length; at += halfSecond)
    for (const tone of heardOf(hertz, bytes.subarray(at, at + halfSecond))) heard.add(tone)
  return hertz.filter((tone) => heard.has(tone))
}

const halfSecond = samplesPerSecond / 2
