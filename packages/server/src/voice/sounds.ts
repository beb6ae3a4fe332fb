import { execFile } from 'node:child_process'
import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { importMedia } from '../media/import.ts'
import type { Media } from '../media/media.ts'

/** Bytes of a sound. */
const longest = 25 * 1024 * 1024
/** Milliseconds for which a sound is not fetched again, and how many are there at once. */
const fresh_ms = 5 * 60_000
const most = 200
const convert_ms = 30_000

interface Known {
  readonly path: Promise<string>
  readonly at: number
}

/** The sounds that documents play: fetched under the guard of deliveries, and put where who plays them finds them. */
export class Sounds {
  readonly #folder: string
  readonly #media: Media
  readonly #known = new Map<string, Known>()
  #next = 0

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
      if (this.#known.size <= most) break
      this.#forget(eldest)
    }
    return path
  }

  async #fetch(address: string): Promise<string> {
    if (this.#next === 0) {
      rmSync(this.#folder, { recursive: true, force: true })
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    }
    const path = join(this.#folder, `${++this.#next}.wav`)
    return importMedia(this.#media, address, { limit: longest }, async (file) => {
      const bytes = await this.#media.read(file)
      if (!bytes) throw new Error('the sound is gone again')
      const isWav = /^audio\/(?:x-|vnd\.)?wave?$/.test(file.content_type)
      const fetched = isWav ? path : `${path}.in`
      await pipeline(bytes, createWriteStream(fetched, { mode: 0o600 }))
      if (!isWav) await convert(fetched, path, file.content_type)
      return path
    })
  }

  #forget(address: string): void {
    const known = this.#known.get(address)
    this.#known.delete(address)
    // Who is about to read it, has a while to do so.
    known?.path.then((path) => setTimeout(() => void rm(path, { force: true }), fresh_ms).unref()).catch(() => {})
  }
}

const run = promisify(execFile)

/** A file of another kind as WAV. It is somebody else's: nothing but itself is read. */
async function convert(from: string, to: string, content_type: string): Promise<void> {
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-i', from]
  try {
    await run('ffmpeg', [...input, '-ac', '1', '-ar', '8000', '-f', 'wav', '-y', to], { timeout: convert_ms })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new Error(
      isMissing ? `a sound of the type ${content_type} can be played where ffmpeg is installed` : 'it is no sound'
    )
  } finally {
    await rm(from, { force: true })
  }
}
