/*
 * G.711 (ITU-T), mu-law: a byte a sample, 8000 samples a second. Everything in this package is in frames of 20 ms of it,
 * since that is what browsers and trunks send.
 */

/** Samples, and so bytes, of a frame. */
export const frameSamples = 160
export const frame_ms = 20
export const samplesPerSecond = 8000

/** The byte of a sample of nothing. */
export const silentByte = 0xff

/** A frame of nothing, shared: nobody writes to it. */
export const silentFrame: Uint8Array = new Uint8Array(frameSamples).fill(silentByte)

/** The sample (16 bits, signed) of each byte. */
const expanded = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
  return code & 0x80 ? -magnitude : magnitude
})

/** The byte of each sample, by the sample's 16 bits without sign. */
const compressed = Uint8Array.from({ length: 65_536 }, (_, bits) => {
  const sample = (bits << 16) >> 16
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84
  const exponent = 24 - Math.clz32(magnitude)
  const code = (sample < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)
  return ~code & 0xff
})

/** Samples of mu-law bytes. */
export function expand(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) samples[i] = expanded[bytes[i] ?? silentByte] ?? 0
  return samples
}

/** Mu-law bytes of samples. What is too loud for 16 bits is as loud as they go. */
export function compress(samples: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(samples.length)
  for (let i = 0; i < samples.length; i++) bytes[i] = compressedOf(samples[i] ?? 0)
  return bytes
}

/** Adds the samples of a frame to a sum. */
export function addTo(sum: Int32Array, frame: Uint8Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (expanded[frame[i] ?? silentByte] ?? 0)
}

/** The loudest sample of a frame, from 0 to 32124. */
export function peakOf(frame: Uint8Array): number {
  let peak = 0
  for (const byte of frame) {
    const sample = Math.abs(expanded[byte] ?? 0)
    if (sample > peak) peak = sample
  }
  return peak
}

function compressedOf(sample: number): number {
  const whole = sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : sample | 0
  return compressed[whole & 0xffff] ?? silentByte
}
