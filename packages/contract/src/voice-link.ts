import type { LegEvent, LegReport, VoiceLeg } from './voice-leg.ts'

/*
 * What server and voice-media write to each other, a line of JSON each (docs/decisions/048-sound-is-a-process-beside.md).
 * The server says what each leg should be doing, as often as it likes; voice-media makes it so. Descriptions of WebRTC
 * (SDP) pass through, since the SDK's sockets end in the server: they are questions with an answer, and nobody keeps them.
 */

/** What a leg should be doing, with the number of its last report that is kept: the next one is numbered from there. */
export interface LegOrder {
  readonly leg: VoiceLeg
  readonly heard: number
}

/** What is done with the connection of one device. */
export type LinkSignal =
  /** Make an offer for it. */
  | { readonly offer: true }
  /** It has answered the offer: it has the leg, and all other devices have lost it. */
  | { readonly accept: string }
  /** It has made an offer: answer it, and use that connection in place of the one before. */
  | { readonly answer: string }
  /** The same of one that may have its connection still: without an answer, it has. */
  | { readonly resume: string }
  /** Its socket is gone: tell soon where its sound is gone as well. */
  | { readonly watch: true }
  /** It does not have the leg any more. */
  | { readonly drop: true }

/** From the server. */
export type LinkOrder =
  /** The first line: without the right one, nothing else is listened to. */
  | { readonly type: 'hello'; readonly secret: string }
  /** All legs that live: whatever else there is goes. */
  | { readonly type: 'legs'; readonly legs: readonly LegOrder[] }
  | ({ readonly type: 'leg' } & LegOrder)
  /** A report is kept, and need not be sent again. */
  | { readonly type: 'heard'; readonly call_sid: string; readonly number: number }
  /** Something that the server has noticed of a leg, to be numbered among its reports. */
  | { readonly type: 'event'; readonly call_sid: string; readonly event: LegEvent }
  | {
      readonly type: 'signal'
      readonly id: number
      readonly call_sid: string
      readonly device: string
      readonly signal: LinkSignal
    }
  /** A sound that was asked for is in this file. */
  | { readonly type: 'fetched'; readonly id: number; readonly path: string }
  | { readonly type: 'fetched'; readonly id: number; readonly error: string }
  | { readonly type: 'figures'; readonly id: number }
  /** Nobody needs the sound any more. */
  | { readonly type: 'stop' }

/** What of sound is on, and why what is missing is. */
export interface SoundOn {
  /** The library that connects browsers; null where there is none. */
  readonly webrtc: string | null
  readonly english: boolean
  readonly other_languages: boolean
  readonly why: readonly string[]
}

export interface SoundFigures {
  readonly legs: number
  /** Ticks of 20 ms so far, and those that began more than 20 ms late. */
  readonly ticks: number
  readonly late: number
  readonly frames: number
  readonly dropped: number
  /** Milliseconds that a frame spent in the mixer. */
  readonly waited_p50: number
  readonly waited_p95: number
  readonly memory_bytes: number
}

/** From voice-media. */
export type LinkReport =
  | ({ readonly type: 'ready' } & SoundOn)
  /** Sent until it is `heard`. The file of a recording is a path. */
  | ({ readonly type: 'report' } & LegReport)
  | { readonly type: 'signaled'; readonly id: number; readonly sdp: string | null }
  | { readonly type: 'signaled'; readonly id: number; readonly error: string }
  /** There is no connection with the device any more, though nobody ended it. */
  | { readonly type: 'lost'; readonly call_sid: string; readonly device: string }
  /** A sound is needed. */
  | { readonly type: 'fetch'; readonly id: number; readonly address: string }
  | { readonly type: 'figures'; readonly id: number; readonly figures: SoundFigures }
  | { readonly type: 'warning'; readonly message: string }

/** The lines of a stream of text; what is no JSON is left out. */
export class Lines<T> {
  readonly #take: (line: T) => void
  #rest = ''

  constructor(take: (line: T) => void) {
    this.#take = take
  }

  push(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') continue
      let read: T
      try {
        read = JSON.parse(line) as T // as: both ends are ours
      } catch {
        continue
      }
      this.#take(read)
    }
  }
}
