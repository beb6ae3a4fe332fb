import { frameSamples } from './g711.ts'

/** A packet of RTP (RFC 3550, 5.1). */
export interface RtpPacket {
  readonly payload_type: number
  readonly marker: boolean
  /** Of 16 bits. */
  readonly sequence: number
  /** Of 32 bits, in samples. */
  readonly timestamp: number
  readonly ssrc: number
  readonly payload: Uint8Array
}

/** Reads a packet; undefined for what is none, and for RTCP, which comes on the same port (RFC 5761, 4). */
export function readRtp(bytes: Uint8Array): RtpPacket | undefined {
  const [first = 0, second = 0] = bytes
  if (bytes.length < 12 || first >> 6 !== 2 || (second >= 192 && second <= 223)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 12 + 4 * (first & 0x0f)
  if (first & 0x10) {
    if (bytes.length < at + 4) return undefined
    at += 4 + 4 * view.getUint16(at + 2)
  }
  const end = bytes.length - (first & 0x20 ? (bytes.at(-1) ?? 0) : 0)
  if (at > end) return undefined
  return {
    payload_type: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: bytes.subarray(at, end)
  }
}

export function writeRtp({ payload_type, marker, sequence, timestamp, ssrc, payload }: RtpPacket): Buffer {
  const packet = Buffer.allocUnsafe(12 + payload.length)
  packet[0] = 0x80
  packet[1] = payload_type | (marker ? 0x80 : 0)
  packet.writeUInt16BE(sequence & 0xffff, 2)
  packet.writeUInt32BE(timestamp >>> 0, 4)
  packet.writeUInt32BE(ssrc >>> 0, 8)
  packet.set(payload, 12)
  return packet
}

const keys = '0123456789*#ABCD'

/** What a leg sends: sound as bytes of mu-law, and keys as events (RFC 4733). */
export class RtpReceiver {
  readonly #onSound: (bytes: Uint8Array) => void
  readonly #onDigit: (digit: string) => void
  /** Payload type of its telephone events; undefined where it has none. */
  readonly #events: number | undefined
  #last: { readonly ssrc: number; sequence: number } | undefined
  #pressed: number | undefined

  constructor(
    events: number | undefined,
    heard: { readonly sound: (bytes: Uint8Array) => void; readonly digit: (digit: string) => void }
  ) {
    this.#events = events
    this.#onSound = heard.sound
    this.#onDigit = heard.digit
  }

  /** Takes a packet as it came. What is late, comes twice or is in another codec is left out. */
  take(bytes: Uint8Array): void {
    const packet = readRtp(bytes)
    if (packet) this.#take(packet)
  }

  #take({ payload_type, sequence, ssrc, timestamp, payload }: RtpPacket): void {
    // A key comes in several packets, so that one of them arrives: those with the same timestamp are one key.
    if (payload_type === this.#events) {
      const digit = keys[payload[0] ?? 255]
      if (digit === undefined || payload.length < 4 || timestamp === this.#pressed) return
      this.#pressed = timestamp
      this.#onDigit(digit)
      return
    }
    if (payload_type !== 0) return
    if (this.#last?.ssrc === ssrc) {
      const ahead = (sequence - this.#last.sequence) & 0xffff
      if (ahead === 0 || ahead > 0x8000) return
      this.#last.sequence = sequence
    } else this.#last = { ssrc, sequence }
    this.#onSound(payload)
  }
}

/** Makes the packets of the sound that a leg is sent, a frame each. */
export class RtpSender {
  readonly #ssrc: number
  #sequence: number
  #timestamp: number
  #isFirst = true

  constructor({ ssrc, sequence, timestamp }: Pick<RtpPacket, 'ssrc' | 'sequence' | 'timestamp'>) {
    this.#ssrc = ssrc
    this.#sequence = sequence
    this.#timestamp = timestamp
  }

  packet(frame: Uint8Array): Buffer {
    const written = writeRtp({
      payload_type: 0,
      marker: this.#isFirst,
      sequence: this.#sequence,
      timestamp: this.#timestamp,
      ssrc: this.#ssrc,
      payload: frame
    })
    this.#isFirst = false
    this.#sequence = (this.#sequence + 1) & 0xffff
    this.#timestamp = (this.#timestamp + frameSamples) >>> 0
    return written
  }
}
