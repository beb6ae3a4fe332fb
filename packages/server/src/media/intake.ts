import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Incoming } from './store.ts'

/** Bytes at a file's beginning by which its type is told. */
const sampleBytes = 64 * 1024

/** A file was longer than it may be: what came of it is gone. */
export class TooLong extends Error {
  override name = 'TooLong'
}

/** A file that has arrived as a whole. */
export interface Arrived extends Incoming {
  /** Its beginning. */
  readonly sample: Buffer
}

/**
 * Writes what comes into a new file of the folder while it is counted and hashed, a piece at a time: who sends is read no
 * faster than the disk takes it. Resolves when it is safe there. Rejects with TooLong, with what the source or the disk
 * has against it, or with the signal's reason; then nothing is left. The source is not closed.
 */
export async function takeIn(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { limit, signal }: { readonly limit: number; readonly signal?: AbortSignal | undefined }
): Promise<Arrived> {
  const path = join(folder, randomBytes(16).toString('hex'))
  const file = await open(path, 'wx', 0o600)
  try {
    const arrived = await written(source, file, { limit, signal })
    await file.sync()
    await file.close()
    return { path, ...arrived }
  } catch (error) {
    await file.close().catch(() => {}) // it is removed
    await rm(path, { force: true })
    throw error
  }
}

async function written(
  source: AsyncIterable<Uint8Array>,
  file: FileHandle,
  { limit, signal }: { readonly limit: number; readonly signal?: AbortSignal | undefined }
): Promise<Omit<Arrived, 'path'>> {
  const hash = createHash('sha256')
  const sample: Uint8Array[] = []
  const pieces = new Pieces(source, signal)
  let size = 0
  let sampled = 0
  for (;;) {
    const value = await pieces.next()
    if (value === undefined) break
    size += value.length
    if (size > limit) throw new TooLong(`the file is longer than ${limit} bytes`)
    hash.update(value)
    if (sampled < sampleBytes) {
      // A copy: who sends may use its memory again.
      sample.push(Buffer.from(value.subarray(0, sampleBytes - sampled)))
      sampled += sample.at(-1)?.length ?? 0
    }
    await writeAll(file, value)
  }
  pieces.end()
  return { size, sha256: hash.digest('hex'), sample: Buffer.concat(sample) }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0
  while (at < bytes.length) at += (await file.write(bytes, at)).bytesWritten
}

/**
 * The pieces of a source, until a signal says that it is over. Not `for await`, which would close the source when it is
 * left: its sender is to be answered. And not a race of each piece with the signal, which would keep all of them.
 */
class Pieces {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal | undefined
  /** Of whoever waits for the next one. */
  #fail: (reason: unknown) => void = () => {}
  readonly #over = () => this.#fail(this.#signal?.reason)

  constructor(source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
    this.#pieces = source[Symbol.asyncIterator]()
    this.#signal = signal
    signal?.addEventListener('abort', this.#over)
  }

  /** Undefined at the end. */
  next(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#signal?.throwIfAborted()
      this.#fail = reject
      this.#pieces.next().then(({ done, value }) => resolve(done ? undefined : value), reject)
    })
  }

  end(): void {
    this.#signal?.removeEventListener('abort', this.#over)
  }
}
