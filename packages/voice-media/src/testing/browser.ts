import { readRtp, writeRtp } from '../rtp.ts'
import { type Peer, type WebRtc, withoutCandidates } from '../webrtc.ts'

/**
 * The other end of a leg, as a browser with the SDK is one: its descriptions are without candidates. It says one tone, and
 * keeps what it hears.
 */
export class TestBrowser {
  readonly #webrtc: WebRtc
  readonly #say: () => Uint8Array
  readonly #heard: Uint8Array[] = []
  /** Both soon begin anew. */
  #sequence = 65_500
  #timestamp = 4_294_960_000
  #peer: Peer | undefined
  #timer: NodeJS.Timeout | undefined
  isConnected = false

  constructor(webrtc: WebRtc, say: () => Uint8Array) {
    this.#webrtc = webrtc
    this.#say = say
  }

  /** Calls: what it offers. */
  async calls(): Promise<string> {
    return withoutCandidates(await this.#connect().offer())
  }

  async isAnswered(sdp: string): Promise<void> {
    await this.#peer?.accept(sdp)
  }

  /** Is called: what it answers. */
  async answers(sdp: string): Promise<string> {
    return withoutCandidates(await this.#connect().answer(sdp))
  }

  /** Presses a key, told thrice as browsers do. */
  presses(digit: string): void {
    const key = '0123456789*#'.indexOf(digit)
    for (const [index, duration] of [160, 320, 480].entries()) {
      const payload = Uint8Array.from([key, index === 2 ? 0x8a : 10, duration >> 8, duration & 0xff])
      this.#send(this.#peer?.events ?? 101, payload, index === 0)
    }
    this.#timestamp += 480
  }

  /** What it has heard since it was asked last. */
  heard(): Uint8Array {
    return Buffer.concat(this.#heard.splice(0))
  }

  /** Says nothing any more, as a network that is gone: its connection stands. */
  fallsSilent(): void {
    clearInterval(this.#timer)
  }

  /** Says something once more, a frame of it. */
  speaks(): void {
    this.#send(0, this.#say(), false)
  }

  leaves(): void {
    clearInterval(this.#timer)
    this.#peer?.close()
  }

  #send(payload_type: number, payload: Uint8Array, marker: boolean): void {
    this.#sequence++
    this.#peer?.send(
      writeRtp({ payload_type, payload, marker, ssrc: 7, sequence: this.#sequence, timestamp: this.#timestamp })
    )
  }

  #connect(): Peer {
    this.leaves()
    this.isConnected = false
    const peer = this.#webrtc.peer(
      { ssrc: 7, ice_servers: [], port: undefined },
      {
        packet: (bytes) => {
          const packet = readRtp(bytes)
          if (packet?.payload_type === 0) this.#heard.push(Uint8Array.from(packet.payload))
        },
        connected: () => {
          this.isConnected = true
        },
        failed: () => {
          this.isConnected = false
        }
      }
    )
    this.#peer = peer
    this.#timer = setInterval(() => {
      this.#send(0, this.#say(), false)
      this.#timestamp += 160
    }, 20)
    return peer
  }
}
