import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderTaken, reason, takeFolder } from '@ringdown/server/store/folder-lock'
import { openStore } from '@ringdown/server/store/open'
import { CannotOpen } from '@ringdown/server/store/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { child } from './children.ts'

describe('a data folder', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'ringdown-folder-'))
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  /** A process that takes the folder, announces itself and then stays. */
  const owner = (path: string) =>
    child(`
      const { takeFolder } = await load('folder-lock')
      const folder = await takeFolder(${JSON.stringify(path)})
      await folder.announce({ url: 'http://127.0.0.1:8080' })
      print('taken')
      await heard()
      await folder.release()
      print('released')`)

  it('is made where it is missing, for nobody else to read', async () => {
    const path = join(home, 'a', 'b')
    const folder = await takeFolder(path)
    expect(folder.path).toBe(path)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    await folder.release()
  })

  it('has one owner, and says who it is', async () => {
    const first = owner(home)
    await first.line()
    const refusal = await takeFolder(home).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(FolderTaken)
    const { owner: found, message } = refusal as FolderTaken // as: asserted above
    expect(found).toMatchObject({ pid: first.pid, url: 'http://127.0.0.1:8080' })
    expect(message).toContain(`in use by process ${first.pid}, which answers at http://127.0.0.1:8080`)
    expect(message).not.toContain('\n')

    first.say('let go')
    expect(await first.line()).toBe('released')
    await (await takeFolder(home)).release()
    await first.kill()
  })

  it('is free again when its owner was killed', async () => {
    const first = owner(home)
    await first.line()
    await first.kill()
    const folder = await takeFolder(home)
    expect(JSON.parse(await readFile(join(home, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid, url: null })
    await folder.release()
    expect(await readdir(home)).not.toContain('owner.json')
  })

  it('is refused to a second taker in the same process, too', async () => {
    const folder = await takeFolder(home)
    await expect(takeFolder(home)).rejects.toThrow(FolderTaken)
    // The refused one must not have freed the lock on its way out.
    await expect(takeFolder(home)).rejects.toThrow(FolderTaken)
    await folder.release()
    await folder.release()
    await (await takeFolder(home)).release()
  })

  it('that cannot be made or written is refused in one line', async () => {
    await writeFile(join(home, 'file'), '')
    for (const path of [join(home, 'file'), join(home, 'file', 'below')])
      for (const open of [() => takeFolder(path), () => openStore({ data: path })]) {
        const refusal = await open().catch((error: unknown) => error)
        expect(refusal).toBeInstanceOf(CannotOpen)
        const { message } = refusal as CannotOpen // as: asserted above
        expect(message).toContain(`Cannot use the data folder ${path}`)
        expect(message).not.toContain('\n')
      }
  })

  it('that is missing where a link leads, or takes no files, is told in words', async () => {
    await symlink(join(home, 'gone', 'deep'), join(home, 'link'))
    await expect(takeFolder(join(home, 'link'))).rejects.toThrow('/link: a part of its path does not exist. Choose')
    await mkdir(join(home, 'owner.lock'))
    await expect(takeFolder(home)).rejects.toThrow(
      `${home}: no file can be opened in it; perhaps it is read-only. Choose`
    )
    const readOnly = Object.assign(new Error('attempt to write a readonly database'), { errcode: 8 | (6 << 8) })
    expect(reason(readOnly)).toBe('it is read-only')
  })

  it('holds the store that is opened in it', async () => {
    const store = await openStore({ data: join(home, 'data') })
    await store.lock('AC1')
    await store.close()
    expect(await readdir(join(home, 'data'))).toEqual(['ringdown.sqlite', 'ringdown.sqlite.mark'])
    await expect(openStore({})).rejects.toThrow(CannotOpen)
  })
})
