import { keepPrivate, makePrivate } from './permissions.ts'

/**
 * SQLite through the API of `node:sqlite`: Node's own where this Node has one, and @photostructure/sqlite elsewhere.
 * Only the part of the API that both have is named here.
 */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  /** A function that SQL may call; what it throws, its statement throws. */
  function(name: string, call: () => number): void
  close(): void
}

export interface Statement {
  run(...values: (string | number | null | Uint8Array)[]): { changes: number | bigint }
  all(...values: (string | number | null)[]): Record<string, unknown>[]
}

type Driver = new (path: string, options: { readOnly: boolean }) => Database

let driver: Promise<Driver> | undefined

/** Opens a database file; a missing one is created unless `readOnly`, for its owner only. Throws the driver's error (see `errorCode`). */
export async function openDatabase(path: string, { readOnly = false } = {}): Promise<Database> {
  driver ??= loadDriver()
  const DatabaseSync = await driver
  if (!readOnly) {
    makePrivate(path)
    keepPrivate(path, ...['-wal', '-shm', '-journal'].map((end) => path + end))
  }
  return new DatabaseSync(path, { readOnly })
}

async function loadDriver(): Promise<Driver> {
  // Not a literal: Node 20 has neither the module nor a type for it.
  const own = 'node:sqlite'
  const { DatabaseSync }: { DatabaseSync: Driver } = await import(own).catch(() => import('@photostructure/sqlite'))
  return DatabaseSync
}

/** SQLite's extended result code of an error, or 0 for an error that is not SQLite's. */
export function errorCode(error: unknown): number {
  const hasCode = typeof error === 'object' && error !== null && 'errcode' in error // where both drivers put it
  return hasCode && typeof error.errcode === 'number' ? error.errcode : 0
}
