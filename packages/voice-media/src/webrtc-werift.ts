import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift'
import { audioIn, candidatesIn, eventsIn, type Peer, type PeerEvents, type PeerOptions, type WebRtc } from './webrtc.ts'

/** WebRTC in JavaScript, where no binary fits: three times the work, and everybody waits while a connection is set up. */
export const overWerift: WebRtc = {
  name: 'werift',
  peer: (options, events) => new WeriftPeer(options, events)
}

class WeriftPeer implements Peer {
  readonly #events: PeerEvents
  readonly #options: PeerOptions
  #connection: RTCPeerConnection | undefined
  readonly #track = new MediaStreamTrack({ kind: 'audio' })
  #isClosed = false
  #isUp = false
  events: number | undefined

  constructor(options: PeerOptions, events: PeerEvents) {
    this.#options = options
    this.#events = events
  }

  async offer(): Promise<string> {
    const connection = this.#connect(101)
    connection.addTransceiver(this.#track, { direction: 'sendrecv' })
    await connection.setLocalDescription(await connection.createOffer())
    return this.#described(connection)
  }

  async accept(answer: string): Promise<void> {
    if (!this.#connection || this.#isClosed) throw new Error('there is no offer to be answered')
    audioIn(answer)
    this.events = eventsIn(answer)
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  async answer(offer: string): Promise<string> {
    audioIn(offer)
    this.events = eventsIn(offer)
    const connection = this.#connect(this.events ?? 101)
    await connection.setRemoteDescription({ type: 'offer', sdp: offer })
    const [transceiver] = connection.getTransceivers()
    await transceiver?.sender.replaceTrack(this.#track)
    transceiver?.setDirection('sendrecv')
    await connection.setLocalDescription(await connection.createAnswer())
    return this.#described(connection)
  }

  reach(sdp: string): void {
    const sdpMid = audioIn(sdp)
    for (const candidate of candidatesIn(sdp))
      this.#connection?.addIceCandidate({ candidate, sdpMid, sdpMLineIndex: 0 }).catch(() => {}) // one that does not fit is not tried
  }

  send(packet: Buffer): void {
    if (this.#isUp && !this.#isClosed) this.#track.writeRtp(packet)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#connection?.close().catch(() => {}) // it is not needed any more
  }

  #connect(telephoneEvents: number): RTCPeerConnection {
    if (this.#isClosed) throw new Error('the connection was closed')
    const { ice_servers } = this.#options
    const codec = (name: string, payloadType: number) =>
      new RTCRtpCodecParameters({ mimeType: `audio/${name}`, clockRate: 8000, channels: 1, payloadType })
    const connection = new RTCPeerConnection({
      codecs: { audio: [codec('PCMU', 0), codec('telephone-event', telephoneEvents)], video: [] },
      iceServers: ice_servers.map((urls) => ({ urls }))
    })
    this.#connection = connection
    connection.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe((packet) => {
        if (!this.#isClosed) this.#events.packet(packet.serialize())
      })
    })
    connection.connectionStateChange.subscribe((state) => {
      if (this.#isClosed) return
      this.#isUp = state === 'connected'
      if (state === 'connected') this.#events.connected()
      else if (state === 'failed' || state === 'closed') this.#events.failed()
    })
    return connection
  }

  #described({ localDescription }: RTCPeerConnection): string {
    if (!localDescription || this.#isClosed) throw new Error('the connection was closed')
    return localDescription.sdp
  }
}
