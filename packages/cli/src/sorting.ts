import { resolve } from 'node:path'

/**
 * Where nobody has said where SQLite's files for sorting belong, they belong to the data: that folder can be written even
 * where the root cannot, and is its owner's. Threads read the environment, so it is said before there are any.
 */
export function sortBeside(data: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!env.SQLITE_TMPDIR && !env.TMPDIR) env.SQLITE_TMPDIR = resolve(data)
}
