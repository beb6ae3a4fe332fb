import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CannotOpen } from './store.ts'

/**
 * The file of a thread or a process of its own of this folder. Such a one takes no TypeScript on Node 20, so it always runs
 * the compiled file: beside this one when this one is compiled, in `dist` when tests run this one from source
 * (`tsc -b packages/server` comes before them). Throws CannotOpen when it was not compiled.
 */
export function workerFile(name: string): URL {
  const folder = import.meta.url.endsWith('.js') ? './' : '../../dist/store/'
  const file = new URL(`${folder}${name}.js`, import.meta.url)
  if (!existsSync(file))
    throw new CannotOpen(`${fileURLToPath(file)} is missing: build it with "npx tsc -b packages/server".`)
  return file
}
