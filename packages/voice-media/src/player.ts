import type { LegItem, LegPlays } from '@ringdown/contract/voice-leg'
import { silentFrame } from './g711.ts'
import { framesIn } from './mixer.ts'
import { digitFrames, toneFrames } from './tones.ts'

/** Where the sound of texts and files comes from: frames, or why there are none. */
export interface SoundShelf {
  say(text: string, voice: string | undefined, language: string | undefined): Promise<readonly Uint8Array[]>
  /** The sound of an address. */
  play(address: string): Promise<readonly Uint8Array[]>
}

export interface PlayerEvents {
  /** All rounds are over. */
  readonly played: () => void
  /** An item that could not be had is left out. */
  readonly failed: (item: number, error: string) => void
}

/** What `ringdown:music` stands for. */
const ownMusic = 'ringdown:music'

type Ready = readonly Uint8Array[] | { readonly error: string }

/**
 * Plays the items of a leg one after the other, a frame at each call. Texts are spoken and files are read while the ones
 * before are heard; where one is not ready, there is silence until it is.
 */
export class Player {
  readonly #plays: LegPlays
  readonly #shelf: SoundShelf
  readonly #events: PlayerEvents
  readonly #ready = new Map<number, Ready>()
  readonly #asked = new Set<number>()
  readonly #told = new Set<number>()
  #item = 0
  #frame = 0
  #round = 0
  #isOver = false
  /** Whether a round had anything to play: one that had not would go round for ever, in no time. */
  #hasPlayed = false

  constructor(plays: LegPlays, shelf: SoundShelf, events: PlayerEvents) {
    this.#plays = plays
    this.#shelf = shelf
    this.#events = events
    this.#ask(0)
    this.#ask(1)
  }

  /** The next frame; undefined when all is over. */
  next(): Uint8Array | undefined {
    while (!this.#isOver) {
      const item = this.#plays.items[this.#item]
      if (item === undefined) {
        this.#nextRound()
        continue
      }
      this.#ask(this.#item + 1)
      const ready = this.#ready.get(this.#item)
      if (ready === undefined) return silentFrame
      if ('error' in ready) {
        if (!this.#told.has(this.#item)) {
          this.#told.add(this.#item)
          this.#events.failed(this.#item, ready.error)
        }
        this.#nextItem()
        continue
      }
      const frame = ready[this.#frame++]
      if (frame !== undefined) {
        this.#hasPlayed = true
        return frame
      }
      this.#nextItem()
    }
    return undefined
  }

  /** Ends it without a word. */
  stop(): void {
    this.#isOver = true
  }

  get isOver(): boolean {
    return this.#isOver
  }

  #nextItem(): void {
    this.#item++
    this.#frame = 0
  }

  #nextRound(): void {
    this.#round++
    const { loop } = this.#plays
    if ((loop !== 0 && this.#round >= loop) || !this.#hasPlayed) {
      this.#isOver = true
      this.#events.played()
      return
    }
    this.#item = 0
    this.#hasPlayed = false
  }

  #ask(index: number): void {
    const item = this.#plays.items[index]
    if (item === undefined || this.#asked.has(index)) return
    this.#asked.add(index)
    const made = this.#framesOf(item)
    if (Array.isArray(made)) {
      this.#ready.set(index, made)
      return
    }
    Promise.resolve(made).then(
      (frames) => this.#ready.set(index, frames),
      (error: unknown) => this.#ready.set(index, { error: error instanceof Error ? error.message : String(error) })
    )
  }

  #framesOf(item: LegItem): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    if ('say' in item) return this.#shelf.say(item.say, item.voice, item.language)
    if ('play' in item) return item.play === ownMusic ? toneFrames('music') : this.#shelf.play(item.play)
    if ('pause_ms' in item)
      return item.pause_ms <= 0 ? [] : new Array<Uint8Array>(framesIn(item.pause_ms)).fill(silentFrame)
    if ('tone' in item) return toneFrames(item.tone)
    return digitFrames(item.digits)
  }
}
