import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { importMedia } from '../media/import.ts'
import type { Media } from '../media/media.ts'

const maxSoundBytes = 25 * 1024 * 1024
/** Milliseconds for which a sound is not fetched again, and how many are kept at once. */
const fresh_ms = 5 * 60_000
const maxSounds = 200
const convert_ms = 30_000

interface Known {
  readonly path: Promise<string>
  readonly at: number
}

/**
 * The sounds that documents play: fetched under the guard of deliveries, and kept as files for the process of the sound. That
 * one may live longer than this server, and knows a sound by its path: no two sounds ever have the same.
 */
export class Sounds {
  readonly #folder: string
  readonly #media: Media
  readonly #known = new Map<string, Known>()
  #hasFolder = false

  constructor(folder: string, media: Media) {
    this.#folder = folder
    this.#media = media
  }

  /**
   * The path of a WAV file with the sound of an address. Other kinds are converted where `ffmpeg` is installed. Rejects
   * with what `importMedia` does, or with an error that says what is missing.
   */
  async fetch(address: string): Promise<string> {
    const known = this.#known.get(address)
    if (known && performance.now() - known.at < fresh_ms) return known.path
    const path = this.#fetch(address)
    this.#forget(address)
    this.#known.set(address, { path, at: performance.now() })
    path.catch(() => this.#known.delete(address))
    for (const eldest of this.#known.keys()) {
      if (this.#known.size <= maxSounds) break
      this.#forget(eldest)
    }
    return path
  }

  async #fetch(address: string): Promise<string> {
    this.#makeFolder()
    const path = join(this.#folder, `${randomUUID()}.wav`)
    const original = `${path}.in`
    try {
      return await importMedia(this.#media, address, { limit: maxSoundBytes }, async (file) => {
        const bytes = await this.#media.read(file)
        if (!bytes) throw new Error('the sound is gone again')
        const isWav = /^audio\/(?:x-|vnd\.)?wave?$/.test(file.content_type)
        await pipeline(bytes, createWriteStream(isWav ? path : original, { mode: 0o600 }))
        if (!isWav) await convert(original, path, file.content_type)
        return path
      })
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await rm(original, { force: true })
    }
  }

  /** What a server before this one has left goes. */
  #makeFolder(): void {
    if (this.#hasFolder) return
    this.#hasFolder = true
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
  }

  #forget(address: string): void {
    const known = this.#known.get(address)
    this.#known.delete(address)
    // The process of the sound may be about to read it.
    known?.path.then((path) => setTimeout(() => void rm(path, { force: true }), fresh_ms).unref()).catch(() => {})
  }
}

const run = promisify(execFile)

/** Writes a file of another kind as WAV. It comes from outside: `ffmpeg` may read nothing but the file itself. */
async function convert(from: string, to: string, content_type: string): Promise<void> {
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-i', from]
  try {
    await run('ffmpeg', [...input, '-ac', '1', '-ar', '8000', '-f', 'wav', '-y', to], { timeout: convert_ms })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new Error(
      isMissing ? `a sound of the type ${content_type} can be played where ffmpeg is installed` : 'it is no sound'
    )
  }
}
