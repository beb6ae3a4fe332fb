import { mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { codeOf } from '../store/thrown.ts'
import { type ByteRange, type Incoming, isFileName, type KeptFile, type MediaStore } from './store.ts'

/** Read from a file at a time. */
const piece = 64 * 1024

/** Files in a folder, each below the first two digits of its name. Several machines may see the folder. */
export class FolderStore implements MediaStore {
  readonly place: string
  readonly incoming: string
  readonly #made = new Set<string>()

  private constructor(folder: string) {
    this.place = folder
    this.incoming = join(folder, 'incoming')
  }

  /** Makes the folder where there is none. Rejects with what the system says. */
  static async open(folder: string): Promise<FolderStore> {
    const store = new FolderStore(folder)
    await mkdir(store.incoming, { recursive: true, mode: 0o700 })
    return store
  }

  async keep({ path, sha256 }: Incoming): Promise<void> {
    const target = this.#pathOf(sha256)
    const folder = dirname(target)
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await syncFolder(this.place)
      this.#made.add(folder)
    }
    // One that is there has the same bytes; it is young again.
    await rename(path, target)
    await syncFolder(folder)
  }

  async read(sha256: string, range?: ByteRange): Promise<Readable | undefined> {
    const file = await open(this.#pathOf(sha256)).catch(nothingThere)
    const part = range && { start: range.first, end: range.last }
    return file?.createReadStream({ highWaterMark: piece, ...part })
  }

  async has(sha256: string): Promise<boolean> {
    return (await stat(this.#pathOf(sha256)).catch(nothingThere)) !== undefined
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.#pathOf(sha256), { force: true })
  }

  async *list(): AsyncGenerator<KeptFile> {
    for (const part of await readdir(this.place)) {
      if (!/^[0-9a-f]{2}$/.test(part)) continue
      const folder = await opendir(join(this.place, part)).catch(nothingThere)
      if (!folder) continue
      for await (const { name } of folder) {
        const found = isFileName(name) ? await stat(join(this.place, part, name)).catch(nothingThere) : undefined
        if (found) yield { sha256: name, modified: found.mtimeMs }
      }
    }
  }

  close(): void {}

  #pathOf(sha256: string): string {
    return join(this.place, sha256.slice(0, 2), sha256)
  }
}

function nothingThere(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

/** What a folder holds is on disk when the folder is, too. Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
