import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { isKeyOf } from '@ringdown/engine/core/keys'
import type { MediaRow } from '@ringdown/engine/media/rows'
import { codeOf } from '../store/thrown.ts'
import { contentTypeOf } from './content-type.ts'
import { takeIn } from './intake.ts'
import { Links } from './links.ts'
import type { ByteRange, MediaStore } from './store.ts'

/** What is known of a file that is safe, as its row is made of it. */
export interface SafeFile {
  readonly sha256: string
  readonly size: number
  readonly content_type: string
}

export interface KeepOptions {
  /** Bytes; who sends more is refused. */
  readonly limit: number
  /** What whoever sends it says that it is. */
  readonly claimed?: string | undefined
  /** Ends it. */
  readonly signal?: AbortSignal | undefined
}

/** There is no room for a file. */
export class NoRoom extends Error {
  override name = 'NoRoom'
}

/** The files of one account, and the links that lead to them. */
export class Media {
  readonly store: MediaStore
  readonly links: Links
  /** Whether files may be fetched from addresses that are not on the public Internet. */
  readonly allowPrivate: boolean
  /** Files that somebody is making rows of, with how many do. */
  readonly #needed = new Map<string, number>()
  readonly #removals = new Map<string, Promise<unknown>>()

  /** @param key - signs links. */
  constructor({
    store,
    key,
    account_sid,
    allowPrivate = false
  }: {
    readonly store: MediaStore
    readonly key: Buffer
    readonly account_sid: string
    readonly allowPrivate?: boolean
  }) {
    this.store = store
    this.allowPrivate = allowPrivate
    this.links = new Links(key, account_sid)
  }

  /**
   * Takes in a file and calls `use` when it is safe: who makes a row of it there will find the file when the row is. Where
   * that fails, nobody has the file, and it is swept. Rejects with TooLong, NoRoom, StoreTrouble, and what else the source,
   * the signal or `use` had against it.
   */
  async keep<T>(
    source: AsyncIterable<Uint8Array>,
    { limit, claimed, signal }: KeepOptions,
    use: (file: SafeFile) => Promise<T>
  ): Promise<T> {
    const arrived = await withRoom(takeIn(source, this.store.incoming, { limit, signal }))
    const { path, sha256, size, sample } = arrived
    try {
      const content_type = await contentTypeOf(sample, claimed)
      return await this.#while(sha256, async () => {
        await withRoom(this.store.keep(arrived))
        return use({ sha256, size, content_type })
      })
    } finally {
      await rm(path, { force: true })
    }
  }

  /** The bytes of a file or of a part of it; undefined where they are lost. Rejects with StoreTrouble. */
  read({ sha256 }: Pick<MediaRow, 'sha256'>, range?: ByteRange): Promise<Readable | undefined> {
    return this.store.read(sha256, range)
  }

  /** Removes a file that nobody needs: `isNeeded` is asked while nobody can begin to. Resolves with whether it went. */
  async removeUnless(sha256: string, isNeeded: () => Promise<boolean>): Promise<boolean> {
    if (this.#needed.has(sha256)) return false
    const removal = isNeeded().then(async (needed) => {
      if (!needed) await this.store.remove(sha256)
      return !needed
    })
    this.#removals.set(sha256, removal)
    try {
      return await removal
    } finally {
      this.#removals.delete(sha256)
    }
  }

  async #while<T>(sha256: string, act: () => Promise<T>): Promise<T> {
    this.#needed.set(sha256, (this.#needed.get(sha256) ?? 0) + 1)
    try {
      await this.#removals.get(sha256)?.catch(() => {}) // whoever removes it is told
      return await act()
    } finally {
      const left = (this.#needed.get(sha256) ?? 1) - 1
      if (left > 0) this.#needed.set(sha256, left)
      else this.#needed.delete(sha256)
    }
  }
}

const full = { ENOSPC: true, EDQUOT: true, EFBIG: true } as const

async function withRoom<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isKeyOf(full, codeOf(error) ?? '')) throw new NoRoom('there is no room for the file', { cause: error })
    throw error
  }
}
