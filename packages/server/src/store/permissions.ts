import { chmodSync, closeSync, openSync, statSync } from 'node:fs'

/*
 * What is kept is for the one who runs the server: customers' words, and credentials. A file that others may read stays so
 * however its folder is closed later on, so each is made and kept readable by its owner only.
 */

/**
 * Makes an empty file that only its owner may read, where there is none; SQLite's files beside it are made like it. One
 * that is there is not opened: closing it would take away every lock that this process has on it (POSIX `fcntl`), and with
 * them what keeps two connections to one database apart.
 */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch {
    // It is there, or whoever opens it next says what is wrong.
  }
}

/** Takes files and folders away from everybody but their owner. */
export function keepPrivate(...paths: readonly string[]): void {
  for (const path of paths)
    try {
      const found = statSync(path)
      const mode = found.isDirectory() ? 0o700 : 0o600
      if ((found.mode & 0o777) !== mode) chmodSync(path, mode)
    } catch {
      // There is none, or it is somebody else's.
    }
}

/** How far a folder is open to others, as `chmod` writes it; undefined when it is not. Windows has no such modes. */
export function opennessOf(folder: string): string | undefined {
  if (process.platform === 'win32') return undefined
  const mode = statSync(folder).mode & 0o777
  return (mode & 0o077) === 0 ? undefined : mode.toString(8).padStart(4, '0')
}
