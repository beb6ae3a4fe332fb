import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { RtpSender, readRtp } from '@ringdown/voice-media/rtp'
import { type Peer, type WebRtc, withoutCandidates } from '@ringdown/voice-media/webrtc'
import { WebSocket } from 'ws'
import { account_sid, type Server } from './server.ts'

/*
 * A phone as the voice SDK is one: its frames over a socket, its sound over WebRTC, its descriptions without candidates. What
 * it says is one byte all the time, which passes the mixer as it is: so it is known to the frame when somebody is heard.
 */

/** Milliseconds without a packet after which it asks for another connection; the SDK waits somewhat longer. */
const patience_ms = 3000
const frame_ms = 20
/**
 * Milliseconds after which browsers begin the handshake again, whose first packet is lost where it comes before ours is ready.
 * This phone's library would wait for a second: so it begins no sooner than browsers begin again, and has ours speak first.
 */
const again_ms = 50

export interface PhoneCall {
  readonly sid: string
  /** When it was accepted, by `performance`. */
  readonly accepted_at: number
  /** When the other side was heard for the first time. */
  readonly heard_at: Promise<number>
  readonly ended: Promise<void>
  /** How often its connection was made anew. */
  readonly remade: () => number
  hangUp(): void
}

interface Connected {
  peer: Peer
  sender: RtpSender
  isConnected: boolean
}

/** A token for `client:IDENTITY`, in the layout of Twilio's helper library, signed by the account. */
function tokenOf({ authorization }: Server, identity: string): string {
  const [, secret = ''] = Buffer.from(authorization.slice(6), 'base64').toString().split(':')
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    ...{ jti: `${account_sid}-${now}`, iss: account_sid, sub: account_sid, iat: now, exp: now + 3600 },
    grants: { identity, voice: { incoming: { allow: true } } }
  }
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${text({ cty: 'twilio-fpa;v=1', typ: 'JWT', alg: 'HS256' })}.${text(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** All phones of a process speak by one clock. */
const speaking = new Set<SdkPhone>()
let clock: NodeJS.Timeout | undefined
let due = 0

function tick(): void {
  for (const now = performance.now(); due <= now; due += frame_ms) for (const phone of speaking) phone.speak()
  clock = speaking.size > 0 ? setTimeout(tick, Math.max(0, due - performance.now())) : undefined
}

export class SdkPhone {
  readonly #socket: WebSocket
  readonly #webrtc: WebRtc
  readonly #frame: Uint8Array
  #connected: Connected | undefined
  #ended: () => void = () => {}
  #heard: (() => void) | undefined
  /** When the last packet came, or its connection was described. */
  #packet_at = 0
  #answered: ((sdp: string) => void) | undefined
  #onCall: (call: PhoneCall) => void = () => {}

  private constructor(socket: WebSocket, webrtc: WebRtc, says: number) {
    this.#socket = socket
    this.#webrtc = webrtc
    this.#frame = new Uint8Array(160).fill(says)
    socket.on('message', (data) => void this.#take(String(data)))
  }

  /** Registers a phone that answers whatever rings. @param says - the byte that it says. */
  static async register(server: Server, webrtc: WebRtc, identity: string, says: number): Promise<SdkPhone> {
    const socket = new WebSocket(`ws://${server.host}:${server.port}/voice-sdk/signal`, { perMessageDeflate: false })
    await once(socket, 'open')
    const phone = new SdkPhone(socket, webrtc, says)
    const ready = new Promise<void>((resolve, reject) => {
      socket.on('message', (data) => {
        const text = String(data)
        if (text.startsWith('{"type":"ready"')) resolve()
        else if (text.startsWith('{"type":"error"')) reject(new Error(text))
      })
    })
    phone.#say('listen', { token: tokenOf(server, identity), browserinfo: {} })
    phone.#say('register', { media: { audio: true } })
    await ready
    return phone
  }

  /** The next call that rings here, once it is accepted. */
  called(): Promise<PhoneCall> {
    return new Promise((resolve) => {
      this.#onCall = resolve
    })
  }

  close(): void {
    this.#hangUp()
    this.#socket.terminate()
  }

  /** 20 milliseconds of what it says. */
  speak(): void {
    const { peer, sender, isConnected } = this.#connected ?? {}
    if (isConnected && sender) peer?.send(sender.packet(this.#frame))
  }

  #say(type: string, payload: object): void {
    this.#socket.send(JSON.stringify({ type, payload, version: '1.6' }))
  }

  async #take(text: string): Promise<void> {
    if (text === '\n') return this.#socket.send('\n')
    const { type, payload } = JSON.parse(text) as { type: string; payload: { callsid: string; sdp?: string } } // by the protocol
    if (type === 'invite' && payload.sdp) await this.#accept(payload.callsid, payload.sdp)
    else if (type === 'answer' && payload.sdp) this.#answered?.(payload.sdp)
    else if (type === 'hangup' || type === 'cancel') this.#hangUp()
  }

  async #accept(sid: string, offer: string): Promise<void> {
    this.#hangUp()
    let remade = 0
    const heard_at = new Promise<number>((resolve) => {
      this.#heard = () => resolve(performance.now())
    })
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    const first = this.#connect()
    const sdp = withoutCandidates(await first.peer.answer(waiting(withoutCandidates(offer))))
    const accepted_at = performance.now()
    this.#packet_at = accepted_at
    this.#say('answer', { callsid: sid, sdp })
    setTimeout(() => first === this.#connected && first.peer.reach(offer), again_ms)
    const again = setInterval(() => {
      const isSilent = performance.now() - this.#packet_at > patience_ms
      if (this.#heard && this.#connected && isSilent)
        void this.#restart(sid).then(
          () => remade++,
          () => {}
        )
    }, patience_ms)
    void Promise.race([heard_at, ended]).then(() => clearInterval(again))
    this.#onCall({
      ...{ sid, accepted_at, heard_at, ended },
      remade: () => remade,
      hangUp: () => {
        this.#say('hangup', { callsid: sid })
        this.#hangUp()
      }
    })
  }

  /** What the SDK does where nothing is heard: it describes itself anew. */
  async #restart(sid: string): Promise<void> {
    this.#packet_at = performance.now()
    this.#connected?.peer.close()
    const { peer } = this.#connect()
    const answered = new Promise<string>((resolve) => {
      this.#answered = resolve
    })
    this.#say('reinvite', { callsid: sid, sdp: withoutCandidates(await peer.offer()) })
    await peer.accept(await answered)
  }

  #connect(): Connected {
    const ssrc = 1 + Math.floor(Math.random() * 0xffff_fffe)
    const peer = this.#webrtc.peer(
      { ssrc, ice_servers: [], port: undefined },
      {
        packet: (bytes) => this.#hear(bytes),
        connected: () => {
          made.isConnected = true
        },
        failed: () => {
          made.isConnected = false
        }
      }
    )
    const made: Connected = { peer, sender: new RtpSender({ ssrc, sequence: 0, timestamp: 0 }), isConnected: false }
    this.#connected = made
    speaking.add(this)
    if (clock === undefined) {
      due = performance.now()
      tick()
    }
    return made
  }

  /** What somebody says who is one of us is one byte all over; music, rings and silence are not. */
  #hear(bytes: Uint8Array): void {
    this.#packet_at = performance.now()
    if (!this.#heard) return
    const { payload_type, payload } = readRtp(bytes) ?? {}
    const [said] = payload ?? []
    if (payload_type !== 0 || said === undefined || said === 0xff || !payload?.every((one) => one === said)) return
    this.#heard()
    this.#heard = undefined
  }

  #hangUp(): void {
    this.#connected?.peer.close()
    this.#connected = undefined
    this.#heard = undefined
    speaking.delete(this)
    this.#ended()
  }
}

/** An offer whose handshake the one who offers is to begin (RFC 5763, 5). */
function waiting(offer: string): string {
  return offer.replace(/^a=setup:actpass/gm, 'a=setup:active')
}
