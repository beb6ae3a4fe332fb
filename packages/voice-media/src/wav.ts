import { compress, expand, frameSamples, samplesPerSecond } from './g711.ts'

/** A file that is no WAV, or one of a kind that is not read. */
export class NotSound extends Error {
  override name = 'NotSound'
}

const formats = { 1: 'pcm', 6: 'a-law', 7: 'mu-law' } as const
/** Extensible: the format is in what follows. */
const extensible = 0xfffe

interface Format {
  readonly coding: (typeof formats)[keyof typeof formats]
  readonly channels: number
  readonly rate: number
  readonly bits: number
}

/**
 * The sound of a WAV file as mu-law, one channel, 8000 a second: PCM of 8, 16, 24 or 32 bits at any rate from 8000 to
 * 48000, A-law and mu-law. A file that ends early has the sound that is there. Throws NotSound.
 */
export function readWav(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 12 || text(file, 0) !== 'RIFF' || text(file, 8) !== 'WAVE') throw new NotSound('it is no WAV file')
  let format: Format | undefined
  for (let at = 12; at + 8 <= file.length; ) {
    const length = view.getUint32(at + 4, true)
    const start = at + 8
    if (text(file, at) === 'fmt ' && start + 16 <= file.length) format = formatAt(view, start, length)
    if (text(file, at) === 'data') {
      if (!format) throw new NotSound('its format comes after its sound')
      const bytes = file.subarray(start, Math.min(file.length, start + length))
      if (format.coding === 'mu-law' && format.rate === samplesPerSecond && format.channels === 1) return bytes
      return compress(resampled(monoOf(bytes, format), format.rate, samplesPerSecond))
    }
    at = start + length + (length & 1)
  }
  throw new NotSound('it has no sound')
}

function formatAt(view: DataView, start: number, length: number): Format {
  const named = view.getUint16(start, true)
  const number = named === extensible && length >= 26 ? view.getUint16(start + 24, true) : named
  const coding = formats[number as keyof typeof formats] // as: a number that is none has no format
  const [channels, rate] = [view.getUint16(start + 2, true), view.getUint32(start + 4, true)]
  const bits = view.getUint16(start + 14, true)
  const isRight = coding === 'pcm' ? [8, 16, 24, 32].includes(bits) : bits === 8
  if (coding === undefined || !isRight) throw new NotSound(`format ${number} of ${bits} bits is not read`)
  if (channels < 1 || channels > 8) throw new NotSound(`it has ${channels} channels`)
  if (rate < 8000 || rate > 48_000) throw new NotSound(`${rate} samples a second are not read`)
  return { coding, channels, rate, bits }
}

/** All channels as one, in samples of 16 bits. */
function monoOf(bytes: Uint8Array, { coding, channels, bits }: Format): Float32Array {
  const width = bits / 8
  const frames = Math.floor(bytes.length / width / channels)
  const mono = new Float32Array(frames)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const plain = coding === 'mu-law' ? expand(bytes) : undefined
  const sampleAt = (at: number): number => {
    if (plain) return plain[at] ?? 0
    if (coding === 'a-law') return expandedALaw(bytes[at] ?? 0xd5)
    if (bits === 8) return (view.getUint8(at) - 128) * 256
    if (bits === 16) return view.getInt16(at, true)
    // The low bytes are below what 16 bits can tell.
    return view.getInt16(at + width - 2, true)
  }
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += sampleAt((frame * channels + channel) * width)
    mono[frame] = sum / channels
  }
  return mono
}

function expandedALaw(byte: number): number {
  const code = byte ^ 0x55
  const exponent = (code >> 4) & 7
  const mantissa = (code & 0x0f) * 16 + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1)
  return code & 0x80 ? magnitude : -magnitude
}

/** Zero crossings of the filter on each side. */
const lobes = 8

/**
 * Samples at another rate: a windowed sinc, which lets nothing through that the lower of both rates cannot tell. The ends
 * are taken to be quiet.
 */
function resampled(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples
  const step = from / to
  const cut = Math.min(1, to / from) * 0.95
  const reach = lobes / cut
  const result = new Float32Array(Math.floor(samples.length / step))
  // The places between two samples repeat: 8000 into 44100 has 80 of them, and their weights are made once.
  const weights = new Map<number, { readonly first: number; readonly values: Float32Array }>()
  for (let i = 0; i < result.length; i++) {
    const center = i * step
    const whole = Math.floor(center)
    const between = Math.round((center - whole) * 1e6) / 1e6
    let known = weights.get(between)
    if (!known) {
      known = weightsAt(between, cut, reach)
      weights.set(between, known)
    }
    let sum = 0
    const { first, values } = known
    for (let j = 0; j < values.length; j++) sum += (samples[whole + first + j] ?? 0) * (values[j] ?? 0)
    result[i] = sum
  }
  return result
}

function weightsAt(between: number, cut: number, reach: number) {
  const first = Math.ceil(between - reach)
  const last = Math.floor(between + reach)
  const values = new Float32Array(last - first + 1)
  for (let j = first; j <= last; j++) {
    const x = (j - between) * cut
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
    const window = 0.5 + 0.5 * Math.cos((Math.PI * (j - between)) / reach)
    values[j - first] = cut * sinc * window
  }
  return { first, values }
}

/** Bytes before the sound of a file that `wavHeader` begins. */
export const wavHeaderBytes = 58

/** The beginning of a WAV file of mu-law with so many bytes of sound. */
export function wavHeader(soundBytes: number, channels: 1 | 2): Buffer {
  const header = Buffer.alloc(wavHeaderBytes)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(wavHeaderBytes - 8 + soundBytes + (soundBytes & 1), 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(18, 16)
  header.writeUInt16LE(7, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(samplesPerSecond, 24)
  header.writeUInt32LE(samplesPerSecond * channels, 28)
  header.writeUInt16LE(channels, 32)
  header.writeUInt16LE(8, 34)
  header.write('fact', 38, 'latin1')
  header.writeUInt32LE(4, 42)
  header.writeUInt32LE(soundBytes / channels, 46)
  header.write('data', 50, 'latin1')
  header.writeUInt32LE(soundBytes, 54)
  return header
}

/** Milliseconds of so many bytes of sound. */
export function soundMs(bytes: number, channels: 1 | 2): number {
  return Math.round((bytes / channels / samplesPerSecond) * 1000)
}

/** Bytes of a frame in a file of so many channels. */
export function frameBytes(channels: 1 | 2): number {
  return frameSamples * channels
}

function text(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4))
}
