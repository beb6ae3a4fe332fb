import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endWithRun } from './lifetime.ts'

export interface Revision {
  /** The commit's name, in short. */
  readonly sha: string
  /** The main file of that revision's own bench. */
  readonly main: string
}

/**
 * A revision of this repository, installed and built in a folder of its own, `.build/against/SHA`, which is kept for the
 * next time. It measures itself: its bench knows its engine.
 *
 * @throws Error where git does not know the revision, or it does not build.
 */
export async function buildRevision(revision: string, root: string): Promise<Revision> {
  const sha = commitOf(revision, root)
  const folder = join(root, '.build', 'against', sha)
  const main = join(folder, '.build', 'test', 'bench', 'main.js')
  if (!existsSync(main)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    process.stdout.write(`Building ${sha} in ${join('.build', 'against', sha)}…\n`)
    const archive = execFileSync('git', ['archive', '--format=tar', sha], { cwd: root, maxBuffer: 2 ** 30 })
    execFileSync('tar', ['-xf', '-'], { cwd: folder, input: archive })
    // Its own set-up installs what its own lock file says, and ends with its own usage.
    const child = spawn(process.execPath, ['tools/up.mjs', 'bench', '--help'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit']
    })
    endWithRun(child)
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0 || !existsSync(main)) throw new Error(`revision ${sha} does not build`)
  }
  return { sha, main }
}

function commitOf(revision: string, root: string): string {
  try {
    const command = ['rev-parse', '--verify', '--quiet', '--short', `${revision}^{commit}`]
    return execFileSync('git', command, { cwd: root, encoding: 'utf8' }).trim()
  } catch {
    throw new Error(`git knows no revision '${revision}'`)
  }
}
