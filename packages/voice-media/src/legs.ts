import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { LegEvent, LegRecords, LegReport, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { LegOrder, LinkSignal, SoundFigures } from '@ringdown/contract/voice-link'
import { frame_ms } from './g711.ts'
import { Mixer } from './mixer.ts'
import { Player, type SoundShelf } from './player.ts'
import { Recorder } from './recorder.ts'
import { RtpReceiver, RtpSender } from './rtp.ts'
import { digitFrames } from './tones.ts'
import type { Peer, WebRtc } from './webrtc.ts'

export interface LegsOptions {
  readonly webrtc: WebRtc | undefined
  readonly shelf: SoundShelf
  /** The folder of recordings in progress. */
  readonly folder: string
  readonly ice_servers: readonly string[]
  readonly port: number | undefined
  readonly report: (report: LegReport) => void
  readonly lost: (call_sid: string, device: string) => void
  readonly warn: (message: string) => void
  /** Milliseconds, of the clock that ticks are state. */
  readonly now: () => number
}

interface Device {
  device: string
  readonly peer: Peer
  readonly sender: RtpSender
  receiver: RtpReceiver | undefined
  isConnected: boolean
  /** What its description calls the connection. */
  theirs: string | undefined
}

interface Recording {
  readonly recorder: Recorder
  readonly untap: () => void
  isEnding: boolean
}

interface Leg {
  state: VoiceLeg
  /** Of the last report. */
  number: number
  /** Reports that nobody has kept yet. */
  readonly unheard: LegReport[]
  /** Connections with devices that ring, or are to have the leg. */
  readonly devices: Map<string, Device>
  /** The device that has the leg. */
  active: Device | undefined
  /** Whether it has ever been heard: nothing is played before, for it would be lost. */
  isConnected: boolean
  player: { readonly id: number; readonly player: Player } | undefined
  readonly recordings: Map<string, Recording>
  /** Those that are over: the center may want them until it has heard so. */
  readonly recorded: Set<string>
  /** How much had been listened when it was heard last, in milliseconds. */
  heard_at: number
  /** Seconds of silence that were state. */
  silent: number
  /** Whether its page may be gone. */
  isWatched: boolean
}

/** Seconds without a packet that are reported: a network that is gone, and somebody who is. */
const silences = [5, 60]
/** The same where the page has lost its socket: its sound is either there, or will not come again by itself. */
const silencesWatched = [1, ...silences]

/**
 * All legs, each as it should be. It has no clock: `tick` is given the time. An order for a leg may come any
 * number of times; an older state than it knows changes nothing.
 */
export class Legs {
  readonly #options: LegsOptions
  readonly #mixer = new Mixer()
  readonly #legs = new Map<string, Leg>()
  /** Milliseconds of sound that there were for each to be heard in: where this process has not come to it, nobody was silent. */
  #listened = 0

  constructor(options: LegsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#legs.size
  }

  /** All legs that live. Whatever else there is ends, and is forgotten without a word. */
  updateAll(legs: readonly LegOrder[]): void {
    const living = new Set(legs.map(({ leg }) => leg.call_sid))
    for (const [sid, leg] of this.#legs)
      if (!living.has(sid)) {
        this.#end(leg)
        if (leg.unheard.length === 0 && leg.recordings.size === 0) this.#legs.delete(sid)
      }
    for (const leg of legs) this.update(leg)
    for (const { unheard } of this.#legs.values()) for (const report of unheard) this.#options.report(report)
  }

  update({ leg: state, heard }: LegOrder): void {
    const known = this.#legs.get(state.call_sid)
    if (known && (state.revision < known.state.revision || known.state.wanted === 'down')) return
    if (!known && state.wanted === 'down') return
    const leg = known ?? this.#add(state)
    leg.state = state
    leg.number = Math.max(leg.number, heard)
    this.heard(state.call_sid, heard)
    if (state.wanted === 'down') this.#end(leg)
    else {
      this.#mixer.hears(state.call_sid, state.hears)
      this.#play(leg)
      this.#record(leg, state.records)
    }
  }

  /** What was reported up to this number is kept. */
  heard(call_sid: string, number: number): void {
    const leg = this.#legs.get(call_sid)
    if (!leg) return
    while (leg.unheard[0] !== undefined && leg.unheard[0].number <= number) leg.unheard.shift()
    this.#forgetEnded(leg)
  }

  /** Numbers something that happened on a leg, and reports it. */
  event(call_sid: string, event: LegEvent): void {
    const leg = this.#legs.get(call_sid)
    if (leg) this.#report(leg, event)
  }

  /** Does something with a device's connection; resolves with our description where there is one. */
  async signal(call_sid: string, device: string, signal: LinkSignal): Promise<string | null> {
    const leg = this.#legs.get(call_sid)
    if ('drop' in signal) {
      if (leg) this.#drop(leg, device)
      return null
    }
    if (!leg || hasEnded(leg)) throw new Error('there is no such leg')
    leg.isWatched = 'watch' in signal && leg.active?.device === device
    if ('watch' in signal) return null
    if ('accept' in signal) {
      const rung = leg.devices.get(device)
      if (!rung) throw new Error('it does not ring')
      await rung.peer.accept(signal.accept)
      rung.theirs = connectionIn(signal.accept)
      this.#activate(leg, rung)
      return null
    }
    if ('resume' in signal && this.#hasStill(leg, device, signal.resume)) return null
    const made = this.#connect(leg, device)
    try {
      // Descriptions take a while, in which the leg may end.
      const theirs = 'resume' in signal ? signal.resume : 'answer' in signal ? signal.answer : undefined
      const sdp = theirs === undefined ? await made.peer.offer() : await made.peer.answer(theirs)
      if (hasEnded(leg)) throw new Error('the leg has ended meanwhile')
      leg.devices.get(device)?.peer.close()
      leg.devices.set(device, made)
      if (theirs !== undefined) {
        made.theirs = connectionIn(theirs)
        this.#activate(leg, made)
      }
      return sdp
    } catch (error) {
      made.peer.close()
      throw error
    }
  }

  /** 20 milliseconds of all of them; `now` in milliseconds. */
  tick(now: number): void {
    this.#listened += frame_ms
    this.#mixer.tick(now)
    for (const leg of this.#legs.values()) this.#checkSound(leg)
  }

  /** Ends everything; resolves when the recordings are whole. */
  async close(): Promise<void> {
    const recordings = [...this.#legs.values()].flatMap(({ recordings }) => [...recordings.values()])
    for (const leg of this.#legs.values()) this.#disconnect(leg)
    await Promise.all(recordings.map(({ recorder, isEnding }) => !isEnding && recorder.end().catch(() => {})))
  }

  get figures(): Pick<SoundFigures, 'legs' | 'frames' | 'dropped' | 'waited_p50' | 'waited_p95'> {
    const { frames, dropped, waited } = this.#mixer.figures
    const at = (part: number) => {
      let left = frames * part
      for (const [ms, count] of waited.entries()) {
        left -= count
        if (left <= 0) return ms
      }
      return 0
    }
    return { legs: this.#legs.size, frames, dropped, waited_p50: at(0.5), waited_p95: at(0.95) }
  }

  #add(state: VoiceLeg): Leg {
    const leg: Leg = {
      state,
      number: 0,
      unheard: [],
      devices: new Map(),
      active: undefined,
      isConnected: false,
      player: undefined,
      recordings: new Map(),
      recorded: new Set(),
      heard_at: this.#listened,
      silent: 0,
      isWatched: false
    }
    this.#legs.set(state.call_sid, leg)
    this.#mixer.add(state.call_sid, (frame) => {
      const { active } = leg
      if (active?.isConnected) active.peer.send(active.sender.packet(frame))
    })
    return leg
  }

  #connect(leg: Leg, device: string): Device {
    const { webrtc, ice_servers, port, lost } = this.#options
    if (!webrtc) throw new Error('no browser can be connected here')
    const ssrc = randomInt(1, 2 ** 32)
    const peer = webrtc.peer(
      { ssrc, ice_servers, port },
      {
        packet: (packet) => {
          if (leg.active !== made) return
          this.#soundsAgain(leg)
          made.receiver?.take(packet)
        },
        connected: () => {
          made.isConnected = true
          if (leg.active === made) this.#connected(leg)
        },
        failed: () => {
          made.isConnected = false
          if (leg.devices.get(made.device) === made) lost(leg.state.call_sid, made.device)
        }
      }
    )
    const made: Device = {
      device,
      peer,
      sender: new RtpSender({ ssrc, sequence: randomInt(65_536), timestamp: randomInt(2 ** 32) }),
      receiver: undefined,
      isConnected: false,
      theirs: undefined
    }
    return made
  }

  /** Whether the leg's connection is the one that a description is of; the page may have another name by now. */
  #hasStill(leg: Leg, device: string, sdp: string): boolean {
    const { active } = leg
    const theirs = connectionIn(sdp)
    if (!active?.isConnected || theirs === undefined || active.theirs !== theirs) return false
    leg.devices.delete(active.device)
    active.device = device
    leg.devices.set(device, active)
    return true
  }

  /** The device has the leg; those that rang as well have lost it. */
  #activate(leg: Leg, chosen: Device): void {
    const { call_sid } = leg.state
    chosen.receiver = new RtpReceiver(chosen.peer.events, {
      sound: (bytes) => this.#mixer.push(call_sid, bytes, this.#options.now()),
      digit: (digit) => this.#digit(leg, digit)
    })
    leg.active = chosen
    for (const other of [...leg.devices.values()]) if (other !== chosen) this.#drop(leg, other.device)
    if (chosen.isConnected) this.#connected(leg)
  }

  #connected(leg: Leg): void {
    leg.isConnected = true
    leg.heard_at = this.#listened
  }

  #drop(leg: Leg, device: string): void {
    const dropped = leg.devices.get(device)
    leg.devices.delete(device)
    dropped?.peer.close()
    if (leg.active === dropped) leg.active = undefined
  }

  #disconnect(leg: Leg): void {
    for (const device of [...leg.devices.keys()]) this.#drop(leg, device)
  }

  #digit(leg: Leg, digit: string): void {
    const { call_sid, plays, listens } = leg.state
    if (!/[0-9*#]/.test(digit)) return
    // A key that no document waits for is for whoever hears the leg, as it sounds; what is typed for one is heard by nobody.
    if (!listens?.digits) {
      this.#mixer.sounds(call_sid, digitFrames(digit))
      return
    }
    // The center knows by the key that it is over.
    if (plays?.stop_on_digit) leg.player?.player.stop()
    this.#report(leg, { type: 'digit', digit })
  }

  #play(leg: Leg): void {
    const { call_sid, plays } = leg.state
    if (leg.player?.id === plays?.id) return
    leg.player?.player.stop()
    leg.player = undefined
    this.#mixer.plays(call_sid, undefined)
    if (!plays) return
    const player = new Player(plays, this.#options.shelf, {
      played: () => this.#report(leg, { type: 'played', id: plays.id }),
      failed: (item, error) => this.#report(leg, { type: 'play_failed', id: plays.id, item, error })
    })
    leg.player = { id: plays.id, player }
    this.#mixer.plays(call_sid, () => (leg.isConnected ? player.next() : undefined))
  }

  #record(leg: Leg, records: readonly LegRecords[]): void {
    for (const wanted of records) {
      if (leg.recorded.has(wanted.sid)) continue
      const recording = leg.recordings.get(wanted.sid) ?? this.#startRecording(leg, wanted)
      recording.recorder.pause = wanted.paused
    }
    for (const sid of leg.recordings.keys()) {
      if (!records.some((wanted) => wanted.sid === sid)) this.#endRecording(leg, sid)
    }
  }

  #startRecording(leg: Leg, { sid, channels, trim, silence_ms, max_ms }: LegRecords): Recording {
    const { call_sid } = leg.state
    const recorder = new Recorder({
      path: this.#pathOf(sid),
      channels,
      trim,
      silence_ms,
      max_ms,
      onSilent: () => this.#report(leg, { type: 'recording_silent', sid }),
      onLongest: () => this.#endRecording(leg, sid),
      onFailed: (error) => this.#options.warn(`recording ${sid} cannot be written: ${error.message}`)
    })
    const untap = this.#mixer.tap(
      call_sid,
      (said, heard) => {
        if (leg.isConnected) recorder.take(said, heard)
      },
      () => leg.state.records.find((one) => one.sid === sid)?.of
    )
    const recording = { recorder, untap, isEnding: false }
    leg.recordings.set(sid, recording)
    return recording
  }

  #endRecording(leg: Leg, sid: string): void {
    const recording = leg.recordings.get(sid)
    if (!recording || recording.isEnding) return
    recording.isEnding = true
    recording.untap()
    const path = this.#pathOf(sid)
    void recording.recorder
      .end()
      .catch(() => 0) // it was warned of
      .then((ms) => {
        this.#report(leg, { type: 'recorded', sid, file: ms > 0 ? path : null, ms })
        leg.recordings.delete(sid)
        leg.recorded.add(sid)
        this.#forgetEnded(leg)
      })
  }

  #pathOf(sid: string): string {
    if (!/^RE[0-9a-f]{32}$/.test(sid)) throw new Error('invariant: recordings have SIDs')
    return join(this.#options.folder, `${sid}.wav`)
  }

  #end(leg: Leg): void {
    leg.state = { ...leg.state, wanted: 'down', plays: null, hears: [] }
    leg.player?.player.stop()
    for (const sid of [...leg.recordings.keys()]) this.#endRecording(leg, sid)
    this.#disconnect(leg)
    this.#mixer.remove(leg.state.call_sid)
    this.#forgetEnded(leg)
  }

  #forgetEnded(leg: Leg): void {
    if (leg.state.wanted !== 'down' || leg.unheard.length > 0 || leg.recordings.size > 0) return
    this.#legs.delete(leg.state.call_sid)
  }

  #report(leg: Leg, event: LegEvent): void {
    const report: LegReport = { call_sid: leg.state.call_sid, number: ++leg.number, event }
    leg.unheard.push(report)
    this.#options.report(report)
  }

  #soundsAgain(leg: Leg): void {
    leg.heard_at = this.#listened
    if (leg.silent === 0) return
    leg.silent = 0
    this.#report(leg, { type: 'sound_again' })
  }

  #checkSound(leg: Leg): void {
    if (!leg.isConnected || leg.state.wanted === 'down') return
    const seconds = (this.#listened - leg.heard_at) / 1000
    const next = (leg.isWatched ? silencesWatched : silences).find((one) => one > leg.silent)
    if (next === undefined || seconds < next) return
    leg.silent = next
    this.#report(leg, { type: 'no_sound', seconds: next })
  }
}

function hasEnded({ state }: Leg): boolean {
  return state.wanted === 'down'
}

/** The name of a connection (RFC 8839, 5.4). */
function connectionIn(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1]
}
