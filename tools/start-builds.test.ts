import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/* `npm start` builds less than all: what it leaves out, nothing that runs may need. */

const root = join(import.meta.dirname, '..')
const json = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** They are built as pages, where they are older than their sources. */
const pages: readonly string[] = ['packages/desk', 'packages/webchat']

/** Folders of packages that building these builds: what their projects refer to, too. */
function built(folders: readonly string[]): Set<string> {
  const all = new Set<string>()
  const add = (folder: string): void => {
    if (all.has(folder)) return
    all.add(folder)
    const { references = [] }: { references?: readonly { path: string }[] } = json(`${folder}/tsconfig.json`)
    for (const { path } of references) add(join(folder, path))
  }
  folders.forEach(add)
  return all
}

it('npm start builds every package of ours that what it builds depends on', () => {
  const [, list = ''] = /name === 'start' \? \[([^\]]+)\]/.exec(readFileSync(join(root, 'tools/up.mjs'), 'utf8')) ?? []
  const wanted = [...list.matchAll(/'([^']+)'/g)].map(([, folder]) => String(folder))
  const folders = built(wanted)
  const needed = [...folders].flatMap((folder) => {
    const { dependencies = {}, optionalDependencies = {} } = json(`${folder}/package.json`)
    return Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) =>
      name.startsWith('@ringdown/') ? [name.replace('@ringdown/', 'packages/')] : []
    )
  })
  expect(needed).toContain('packages/voice-media')
  expect(needed.filter((folder) => !folders.has(folder) && !pages.includes(folder))).toEqual([])
})
