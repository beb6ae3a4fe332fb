import { type FileHandle, open } from 'node:fs/promises'
import { frame_ms, frameSamples, peakOf, silentFrame } from './g711.ts'
import { framesIn, mixed } from './mixer.ts'
import { frameBytes, soundMs, wavHeader, wavHeaderBytes } from './wav.ts'

export interface RecorderOptions {
  /** Of a file that is made, or gone on with where a process before has left it. */
  readonly path: string
  /** One for both sides, or what the leg says and what it hears beside each other. */
  readonly channels: 1 | 2
  /** Leaves out the quiet before the first and after the last sound. */
  readonly trim: boolean
  /** Milliseconds of quiet after which `onSilent` is called, once. */
  readonly silence_ms?: number | undefined
  /** Milliseconds of sound after which `onLongest` is called, once. */
  readonly max_ms?: number | undefined
  readonly onSilent?: (() => void) | undefined
  readonly onLongest?: (() => void) | undefined
  /** Called once when the file cannot be written (any more); what comes then is lost, and what was written stays. */
  readonly onFailed: (error: Error) => void
}

/** Sound that is louder than that is somebody speaking; of 32124. */
const audible = 400
/** Frames between two times that the file is brought to disk. */
const sync_frames = 1000 / frame_ms

/**
 * Writes what a leg says and hears to a WAV file of mu-law. A second after it was said it is on disk: whoever dies in
 * between has lost one second, and the next process goes on with the same file.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #frameBytes: number
  #file: FileHandle | undefined
  /** What the disk is doing; each thing after the one before. */
  #work: Promise<void>
  /** Bytes of sound in the file. */
  #written = 0
  #waiting: Uint8Array[] = []
  #frames = 0
  /** Frames up to the end of the last audible one, for trimming. */
  #audibleFrames = 0
  #quiet = 0
  #toldSilent = false
  #toldLongest = false
  #failure: Error | undefined
  #pause: 'skip' | 'silence' | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#frameBytes = frameBytes(options.channels)
    this.#work = this.#open().catch((error: unknown) => this.#fail(error))
  }

  /** While it is paused nothing is kept (`skip`), or the time alone is (`silence`). */
  set pause(pause: 'skip' | 'silence' | undefined) {
    this.#pause = pause
  }

  /** Takes a frame of what the leg said and what it heard. */
  take(said: Uint8Array, heard: Uint8Array): void {
    if (this.#pause === 'skip' || this.#failure) return
    const isHidden = this.#pause === 'silence'
    const [one, other] = isHidden ? [silentFrame, silentFrame] : [said, heard]
    this.#listen(one, isHidden)
    const isAudible = peakOf(one) > audible || peakOf(other) > audible
    if (this.#options.trim && !isAudible && this.#frames === 0) return
    this.#waiting.push(this.#options.channels === 1 ? Uint8Array.from(mixed(one, other)) : interleaved(one, other))
    this.#frames++
    if (isAudible) this.#audibleFrames = this.#frames
    this.#checkLength()
    if (this.#waiting.length >= sync_frames) this.#flush()
  }

  /** Milliseconds of sound so far, by this process. */
  get ms(): number {
    return this.#frames * frame_ms
  }

  /**
   * Ends the file: its header says how long it is. Resolves with its milliseconds, 0 where nothing was heard; where the disk
   * was full at some time, what was written until then. Rejects where nothing could be.
   */
  async end(): Promise<number> {
    this.#flush()
    await this.#work
    const { channels, trim } = this.#options
    const tail = trim ? (this.#frames - this.#audibleFrames) * this.#frameBytes : 0
    const bytes = Math.max(0, this.#written - tail)
    try {
      if (this.#failure && bytes === 0) throw this.#failure
      await this.#file?.truncate(wavHeaderBytes + bytes)
      await this.#file?.write(wavHeader(bytes, channels), 0, wavHeaderBytes, 0)
      await this.#file?.datasync()
    } finally {
      await this.#file?.close()
    }
    return soundMs(bytes, channels)
  }

  async #open(): Promise<void> {
    const { path, channels } = this.#options
    // A file that is there is gone on with; `w+` would empty it.
    const file = await open(path, 'r+').catch(() => open(path, 'w+', 0o600))
    this.#file = file
    const { size } = await file.stat()
    this.#written = Math.max(0, Math.floor((size - wavHeaderBytes) / this.#frameBytes) * this.#frameBytes)
    if (size < wavHeaderBytes) await file.write(wavHeader(0, channels), 0, wavHeaderBytes, 0)
  }

  #flush(): void {
    if (this.#waiting.length === 0) return
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#work = this.#work.then(() => this.#write(bytes)).catch((error: unknown) => this.#fail(error))
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#failure || !this.#file) return
    await this.#file.write(bytes, 0, bytes.length, wavHeaderBytes + this.#written)
    this.#written += bytes.length
    await this.#file.datasync()
  }

  /** Silence is the speaker's own: what the leg hears meanwhile does not count. */
  #listen(said: Uint8Array, isHidden: boolean): void {
    const { silence_ms, onSilent } = this.#options
    this.#quiet = !isHidden && peakOf(said) <= audible ? this.#quiet + 1 : 0
    if (silence_ms === undefined || this.#toldSilent || this.#quiet < framesIn(silence_ms)) return
    this.#toldSilent = true
    onSilent?.()
  }

  #checkLength(): void {
    const { max_ms, onLongest } = this.#options
    if (max_ms === undefined || this.#toldLongest || this.ms < max_ms) return
    this.#toldLongest = true
    onLongest?.()
  }

  #fail(error: unknown): void {
    if (this.#failure) return
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#waiting = []
    this.#options.onFailed(this.#failure)
  }
}

function interleaved(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * frameSamples)
  for (let i = 0; i < frameSamples; i++) {
    both[2 * i] = one[i] ?? 0
    both[2 * i + 1] = other[i] ?? 0
  }
  return both
}
