import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where SQLite has files for sorting, on systems like Unix, when nobody has said where: the first that can be written. */
const usual = ['/var/tmp', '/usr/tmp', '/tmp']

/**
 * Where SQLite could write no file for sorting, as in a container whose root is read-only, they belong to the data. It
 * reads the environment once, when it is first used: so this comes before any data is opened.
 */
export function sortBeside(data: string, env: NodeJS.ProcessEnv = process.env, folders = usual): void {
  const asked = [env.SQLITE_TMPDIR, env.TMPDIR, ...folders]
  if (!asked.some((folder) => folder && canBeWritten(folder))) env.SQLITE_TMPDIR = resolve(data)
}

function canBeWritten(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return statSync(folder).isDirectory()
  } catch {
    return false
  }
}
