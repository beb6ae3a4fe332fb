/*
 * What we need of WebRTC: one audio track of PCMU with telephone events, over whatever library is there. The browsers of
 * the SDK send their descriptions without candidates and never send any later, so ours have all of them.
 */

/** The other end of a connection with a browser. */
export interface Peer {
  /** Our description, for one that is to answer. Once. */
  offer(): Promise<string>
  /** Takes the answer to our offer. Throws and rejects where it does not fit. */
  accept(answer: string): Promise<void>
  /** Our answer to a description of theirs. Once. Rejects where it cannot be used. */
  answer(offer: string): Promise<string>
  /** Takes the candidates of a description of theirs, where it was given without them. */
  reach(sdp: string): void
  /** Sends a packet of RTP; nothing happens while there is no connection. */
  send(packet: Buffer): void
  close(): void
  /** Payload type of their telephone events, once both sides have described themselves. */
  readonly events: number | undefined
}

export interface PeerEvents {
  /** A packet of RTP or RTCP, decrypted. */
  readonly packet: (packet: Uint8Array) => void
  readonly connected: () => void
  /** There is no connection any more, or none comes about. Not called after `close`. */
  readonly failed: () => void
}

export interface PeerOptions {
  readonly ssrc: number
  readonly ice_servers: readonly string[]
  /** The one UDP port of all peers, where one is to be enough. */
  readonly port: number | undefined
}

/** A library that makes peers. */
export interface WebRtc {
  readonly name: string
  peer(options: PeerOptions, events: PeerEvents): Peer
}

/** The payload type of telephone events at 8000 a second in a description. */
export function eventsIn(sdp: string): number | undefined {
  const [, type] = /^a=rtpmap:(\d+) telephone-event\/8000\s*$/im.exec(sdp) ?? []
  return type === undefined ? undefined : Number(type)
}

/** A description without its candidates, as the SDK's are. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(?:candidate|end-of-candidates).*\r?\n/gm, '')
}

/** The candidates of a description, as lines without `a=`. */
export function candidatesIn(sdp: string): string[] {
  return [...sdp.matchAll(/^a=(candidate:.*?)\r?$/gm)].flatMap(([, candidate]) => candidate ?? [])
}

/** The name of the audio track of a description. Throws where it has none, or none that we can speak. */
export function audioIn(sdp: string): string {
  const audio = sdp.split(/^(?=m=)/m).find((section) => section.startsWith('m=audio'))
  const [, mid] = /^a=mid:(\S+)/m.exec(audio ?? '') ?? []
  const types = /^m=audio \d+ \S+ ([\d ]+)/.exec(audio ?? '')?.[1]?.split(' ') ?? []
  if (mid === undefined) throw new Error('the description has no audio')
  if (!types.includes('0')) throw new Error('the description has no PCMU')
  return mid
}
