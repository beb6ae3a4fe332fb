import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Database, errorCode, openDatabase } from './sqlite-driver.ts'
import { CannotOpen } from './store.ts'
import { codeOf, messageOf } from './thrown.ts'

/** Who holds a data folder, as its `owner.json` says. */
export interface FolderOwner {
  readonly pid: number
  /** Where it answers; null until it listens. */
  readonly url: string | null
  /** ISO instant. */
  readonly started: string
}

export interface Folder {
  /** Absolute. */
  readonly path: string
  /** Writes down where this process answers, for others that find the folder taken. */
  announce(place: { url: string }): Promise<void>
  release(): Promise<void>
}

/** Another process holds the data folder. */
export class FolderTaken extends CannotOpen {
  override name = 'FolderTaken'
  /** What it said about itself; undefined when it has not said anything yet. */
  readonly owner: FolderOwner | undefined

  constructor(path: string, owner: FolderOwner | undefined) {
    const who = owner === undefined ? 'another process' : `process ${owner.pid}`
    const where = owner?.url == null ? '' : `, which answers at ${owner.url}`
    super(`The data folder ${path} is in use by ${who}${where}: stop it first, or choose another folder with --data.`)
    this.owner = owner
  }
}

/**
 * Makes this process the only owner of a data folder, which is created where it is missing (mode 0700). The lock is
 * SQLite's own on a small file, held by a transaction that never ends: the system frees it however the process ends.
 * Throws FolderTaken when another process has it, and CannotOpen when the folder cannot be created or written.
 */
export async function takeFolder(folder: string): Promise<Folder> {
  const path = resolve(folder)
  const ownerFile = join(path, 'owner.json')
  const started = new Date().toISOString()
  let lock: Database | undefined

  const write = async (url: string | null) => {
    const owner: FolderOwner = { pid: process.pid, url, started }
    // Renamed into place, so that nobody reads half of it.
    await writeFile(`${ownerFile}.next`, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
    await rename(`${ownerFile}.next`, ownerFile)
  }

  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    lock = await openDatabase(join(path, 'owner.lock'))
    lock.exec('pragma busy_timeout = 0; begin exclusive')
    await write(null)
  } catch (error) {
    lock?.close()
    if ((errorCode(error) & 0xff) === busy) throw new FolderTaken(path, await readOwner(ownerFile))
    throw new CannotOpen(`Cannot use the data folder ${path}: ${reason(error)}. Choose another one with --data.`, {
      cause: error
    })
  }

  const held = lock
  let released = false
  return {
    path,
    async announce({ url }) {
      if (!released) await write(url)
    },
    async release() {
      if (released) return
      released = true
      await rm(ownerFile, { force: true })
      held.close()
    }
  }
}

const busy = 5

async function readOwner(file: string): Promise<FolderOwner | undefined> {
  try {
    const found: Partial<FolderOwner> | null = JSON.parse(await readFile(file, 'utf8')) // looked at below
    const { pid, url, started } = found ?? {}
    if (!Number.isSafeInteger(pid) || (url !== null && typeof url !== 'string')) return undefined
    return { pid: Number(pid), url, started: String(started) }
  } catch {
    return undefined // it has taken the folder a moment ago, or the file is no longer what it was
  }
}

/** Why a folder cannot be used, in words where the system or SQLite has only a number or speaks of a file of ours. */
export function reason(error: unknown): string {
  const known: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOENT: 'a part of its path does not exist',
    ENOTDIR: 'a part of its path is a file',
    EEXIST: 'it is a file',
    ENOSPC: 'no space left'
  }
  return known[codeOf(error) ?? ''] ?? sqliteReasons[errorCode(error) & 0xff] ?? messageOf(error)
}

/** By SQLite's primary result code: READONLY, FULL, CANTOPEN, NOTADB. */
const sqliteReasons: Readonly<Record<number, string>> = {
  8: 'it is read-only',
  13: 'no space left',
  14: 'no file can be opened in it; perhaps it is read-only',
  26: 'its owner.lock is no file of ours'
}
