import library from 'node-datachannel'
import { audioIn, candidatesIn, eventsIn, type Peer, type PeerEvents, type PeerOptions, type WebRtc } from './webrtc.ts'

/** WebRTC by libdatachannel, whose binaries come with npm for the usual platforms. */
export const overDataChannel: WebRtc = {
  name: 'node-datachannel',
  peer: (options, events) => new DataChannelPeer(options, events)
}

type Connection = InstanceType<typeof library.PeerConnection>
type Track = InstanceType<typeof library.Track>

/** Milliseconds for the addresses of this machine, and for those that servers of STUN tell. */
const gathering_ms = 3000

let made = 0

class DataChannelPeer implements Peer {
  readonly #options: PeerOptions
  readonly #events: PeerEvents
  readonly #connection: Connection
  #track: Track | undefined
  #isClosed = false
  events: number | undefined

  constructor(options: PeerOptions, events: PeerEvents) {
    this.#options = options
    this.#events = events
    const { port, ice_servers } = options
    this.#connection = new library.PeerConnection(`leg-${++made}`, {
      iceServers: [...ice_servers],
      ...(port !== undefined && { enableIceUdpMux: true, portRangeBegin: port, portRangeEnd: port })
    })
    this.#connection.onStateChange((state) => {
      if (this.#isClosed) return
      if (state === 'connected') events.connected()
      else if (state === 'failed' || state === 'closed') events.failed()
    })
  }

  async offer(): Promise<string> {
    const gathered = this.#gathered()
    this.#addTrack('0', 101)
    this.#connection.setLocalDescription('offer')
    await gathered
    return this.#described()
  }

  async accept(answer: string): Promise<void> {
    // The library ends the process where it is told of what does not fit the state that it is in.
    if (this.#connection.signalingState() !== 'have-local-offer') throw new Error('there is no offer to be answered')
    this.#checkCalm()
    audioIn(answer)
    this.events = eventsIn(answer)
    this.#connection.setRemoteDescription(answer, 'answer')
  }

  async answer(offer: string): Promise<string> {
    this.#checkCalm()
    const mid = audioIn(offer)
    this.events = eventsIn(offer)
    const gathered = this.#gathered()
    this.#addTrack(mid, this.events)
    // It answers by itself.
    this.#connection.setRemoteDescription(offer, 'offer')
    await gathered
    return this.#described()
  }

  reach(sdp: string): void {
    this.#checkCalm()
    const mid = audioIn(sdp)
    for (const candidate of candidatesIn(sdp)) this.#connection.addRemoteCandidate(candidate, mid)
  }

  send(packet: Buffer): void {
    if (this.#isClosed || !this.#track?.isOpen()) return
    try {
      this.#track.sendMessageBinary(packet)
    } catch {
      // What cannot be sent now is lost, like any packet; that the connection is gone is told by its state.
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#track?.close()
    this.#connection.close()
  }

  #addTrack(mid: string, telephoneEvents: number | undefined): void {
    const audio = new library.Audio(mid, 'SendRecv')
    audio.addAudioCodec(0, 'PCMU')
    if (telephoneEvents !== undefined) audio.addAudioCodec(telephoneEvents, 'telephone-event/8000', '0-16')
    audio.addSSRC(this.#options.ssrc, 'ringdown', 'ringdown', 'voice')
    const track = this.#connection.addTrack(audio)
    track.onMessage((packet) => {
      if (!this.#isClosed) this.#events.packet(packet)
    })
    this.#track = track
  }

  #gathered(): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, gathering_ms)
      this.#connection.onGatheringStateChange((state) => {
        if (state !== 'complete') return
        clearTimeout(late)
        resolve()
      })
    })
  }

  #described(): string {
    const sdp = this.#isClosed ? undefined : this.#connection.localDescription()?.sdp
    if (sdp === undefined) throw new Error('the connection was closed')
    return sdp
  }

  #checkCalm(): void {
    if (this.#isClosed) throw new Error('the connection was closed')
  }
}
