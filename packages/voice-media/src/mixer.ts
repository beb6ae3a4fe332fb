import { addTo, compress, frame_ms, frameSamples, silentByte, silentFrame } from './g711.ts'

/** What a leg plays to itself: a frame each time, or undefined when there is nothing (more) to play. */
export type Source = () => Uint8Array | undefined

/** Called at each tick with what a leg said and what it heard. The frames are the mixer's: to keep them, copy them. */
export type Tap = (said: Uint8Array, heard: Uint8Array) => void

/** Legs whose sound a tap gets, whatever its own leg hears: what its own said, and the mix of all others. */
export type Tapped = () => readonly string[] | undefined

/** Frames of a leg's keys and the like that are still to be heard; whoever has so many is given no more. */
const maxSounds = 250
/** Frames of a leg that wait for their turn at most; of one that sends faster the oldest are lost. */
const maxQueue = 8
/**
 * Where a frame more than is due has waited at each of so many ticks, nothing has come so late that it was needed: one is left
 * out, and the sound is 20 ms earlier again.
 */
const patient_ticks = 100

interface Leg {
  readonly id: string
  readonly out: (frame: Uint8Array) => void
  readonly queue: { readonly frame: Uint8Array; readonly at: number }[]
  /** What came and is no whole frame yet. */
  rest: Uint8Array
  hears: readonly string[]
  source: Source | undefined
  readonly taps: Map<Tap, Tapped>
  /** Frames that are heard in the place of what it says. */
  readonly sounds: Uint8Array[]
  said: Uint8Array | undefined
  /** Ticks since the queue had last no more than what was due. */
  full: number
}

/** How the sound fares. */
export interface MixerFigures {
  readonly frames: number
  /** Frames that were thrown away, because too many waited. */
  readonly dropped: number
  /** Milliseconds that frames spent in the mixer: how many spent so many, by the millisecond; the last counts all longer ones. */
  readonly waited: readonly number[]
}

/**
 * Mixes the sound of all calls: who hears whom is said for each pair. It knows no clock: each `tick` takes one frame of
 * each leg, and gives one to each. So a whole call can be had in no time, and comes out the same each time.
 */
export class Mixer {
  readonly #legs = new Map<string, Leg>()
  readonly #sum = new Int32Array(frameSamples)
  readonly #waited: number[] = new Array<number>(201).fill(0)
  #frames = 0
  #dropped = 0

  /** Lets a leg in. `out` is given a frame of what it hears at each tick. */
  add(id: string, out: (frame: Uint8Array) => void): void {
    if (this.#legs.has(id)) throw new Error(`invariant: leg ${id} is in the mixer once`)
    const queue: Leg['queue'] = []
    const empty = { rest: new Uint8Array(0), hears: [], source: undefined, said: undefined, full: 0 }
    this.#legs.set(id, { id, out, queue, taps: new Map(), sounds: [], ...empty })
  }

  remove(id: string): void {
    this.#legs.delete(id)
  }

  /** Whom a leg hears, instead of whom it has heard. Who is not here (yet) is silent. */
  hears(id: string, speakers: readonly string[]): void {
    this.#leg(id).hears = speakers.filter((speaker) => speaker !== id)
  }

  /** What a leg hears beside them. */
  plays(id: string, source: Source | undefined): void {
    this.#leg(id).source = source
  }

  /** Has these frames heard in the place of what a leg says, after those that are still to be heard so. */
  sounds(id: string, frames: readonly Uint8Array[]): void {
    const { sounds } = this.#leg(id)
    if (sounds.length < maxSounds) sounds.push(...frames)
  }

  /** @param of - whose sound it is, where that is not what the leg says and hears. */
  tap(id: string, tap: Tap, of: Tapped = () => undefined): () => void {
    const { taps } = this.#leg(id)
    taps.set(tap, of)
    return () => taps.delete(tap)
  }

  /** Takes what a leg says, in pieces of any length; `now` in milliseconds, of the clock that `tick` goes by. */
  push(id: string, bytes: Uint8Array, now: number): void {
    const leg = this.#legs.get(id)
    if (!leg) return
    let left = bytes
    if (leg.rest.length > 0) {
      left = new Uint8Array(leg.rest.length + bytes.length)
      left.set(leg.rest)
      left.set(bytes, leg.rest.length)
    }
    let at = 0
    for (; at + frameSamples <= left.length; at += frameSamples) {
      leg.queue.push({ frame: left.subarray(at, at + frameSamples), at: now })
      if (leg.queue.length > maxQueue) {
        leg.queue.shift()
        this.#dropped++
      }
    }
    leg.rest = left.subarray(at)
  }

  /** 20 milliseconds of everything. */
  tick(now: number): void {
    for (const leg of this.#legs.values()) this.#take(leg, now)
    for (const leg of this.#legs.values()) {
      const heard = this.#mixOf(leg.hears, leg.source?.())
      leg.out(heard)
      for (const [tap, tapped] of leg.taps) {
        const of = tapped()
        const isSaid = of?.includes(leg.id) ?? true
        const others = of && this.#mixOf(of.filter((id) => id !== leg.id))
        tap((isSaid && leg.said) || silentFrame, others ?? heard)
      }
    }
  }

  get figures(): MixerFigures {
    return { frames: this.#frames, dropped: this.#dropped, waited: this.#waited }
  }

  #take(leg: Leg, now: number): void {
    leg.full = leg.queue.length > 1 ? leg.full + 1 : 0
    if (leg.full > patient_ticks) {
      leg.queue.shift()
      this.#dropped++
      leg.full = 0
    }
    const next = leg.queue.shift()
    leg.said = leg.sounds.shift() ?? next?.frame
    if (!next) return
    this.#frames++
    const waited = Math.min(200, Math.max(0, Math.round(now - next.at)))
    this.#waited[waited] = (this.#waited[waited] ?? 0) + 1
  }

  /** One voice passes as it is; several are added up. */
  #mixOf(speakers: readonly string[], played?: Uint8Array): Uint8Array {
    let [first, more]: [Uint8Array | undefined, boolean] = [played, false]
    for (const speaker of speakers) {
      const said = this.#legs.get(speaker)?.said
      if (!said) continue
      if (first === undefined) first = said
      else {
        if (!more) {
          this.#sum.fill(0)
          addTo(this.#sum, first)
          more = true
        }
        addTo(this.#sum, said)
      }
    }
    if (first === undefined) return silentFrame
    return more ? compress(this.#sum) : first
  }

  #leg(id: string): Leg {
    const leg = this.#legs.get(id)
    if (!leg) throw new Error(`invariant: leg ${id} is in the mixer`)
    return leg
  }
}

/** The mix of two frames, for recordings. */
export function mixed(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (other === silentFrame) return one
  if (one === silentFrame) return other
  const sum = new Int32Array(frameSamples)
  addTo(sum, one)
  addTo(sum, other)
  return compress(sum)
}

/** How many frames so many milliseconds are. */
export function framesIn(ms: number): number {
  return Math.max(1, Math.round(ms / frame_ms))
}

/** Fills up what is less than a frame with nothing. */
export function wholeFrame(bytes: Uint8Array): Uint8Array {
  if (bytes.length === frameSamples) return bytes
  const frame = new Uint8Array(frameSamples).fill(silentByte)
  frame.set(bytes.subarray(0, frameSamples))
  return frame
}
