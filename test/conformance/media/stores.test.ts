import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeIn } from '@ringdown/server/media/intake'
import { Media, type SafeFile } from '@ringdown/server/media/media'
import { openMediaStore } from '@ringdown/server/media/open'
import type { MediaStore } from '@ringdown/server/media/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bucket } from './bucket.ts'

const account_sid = `AC${'a'.repeat(32)}`
const shaOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function* pieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function bytesOf(store: MediaStore, sha256: string, range?: { first: number; last: number }) {
  const stream = await store.read(sha256, range)
  return stream && Buffer.concat(await stream.toArray())
}

/** Where files may be, each opened in a folder of its own. */
const places = {
  'a folder': async (data: string) => ({
    store: await openMediaStore({ account_sid, data, env: {} }),
    close: async () => {}
  }),
  'a bucket': async (data: string) => {
    const { place, env, close } = await bucket()
    return { store: await openMediaStore({ account_sid, data, media: place, env }), close }
  }
} as const

describe.each(Object.entries(places))('files in %s', (_name, open) => {
  let data = ''
  let store: MediaStore
  let close: () => Promise<void>

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'ringdown-media-'))
    const opened = await open(data)
    store = opened.store
    close = opened.close
  })
  afterAll(async () => {
    store.close()
    await close()
    await rm(data, { recursive: true, force: true })
  })

  const put = async (bytes: Uint8Array) => {
    const arrived = await takeIn(pieces(bytes), store.incoming, { limit: 1e9 })
    await store.keep(arrived)
    await rm(arrived.path, { force: true })
    return arrived.sha256
  }
  const all = async () => {
    const found = new Map<string, number>()
    for await (const { sha256, modified } of store.list()) found.set(sha256, modified)
    return found
  }

  it('are read as they were written, as a whole and in part', async () => {
    const bytes = randomBytes(3 * 1024 * 1024 + 17)
    const sha256 = await put(bytes)
    expect(sha256).toBe(shaOf(bytes))
    expect((await bytesOf(store, sha256))?.equals(bytes)).toBe(true)
    expect(
      (await bytesOf(store, sha256, { first: 1_000_000, last: 2_100_000 }))?.equals(
        bytes.subarray(1_000_000, 2_100_001)
      )
    ).toBe(true)
    expect((await bytesOf(store, sha256, { first: bytes.length - 1, last: bytes.length - 1 }))?.length).toBe(1)
    expect(await store.has(sha256)).toBe(true)
  })

  it('are there once, however often they come, and young again', async () => {
    const before = Date.now() - 5_000
    const bytes = Buffer.from('the same')
    expect(await put(bytes)).toBe(await put(bytes))
    const found = await all()
    expect([...found.keys()].filter((name) => name === shaOf(bytes))).toHaveLength(1)
    expect(found.get(shaOf(bytes))).toBeGreaterThan(before)
  })

  it('are not there when nobody has brought or somebody has removed them', async () => {
    const sha256 = await put(Buffer.from('gone'))
    await store.remove(sha256)
    await store.remove(sha256)
    expect(await store.read(sha256)).toBeUndefined()
    expect(await store.has(sha256)).toBe(false)
    expect((await all()).has(sha256)).toBe(false)
  })

  it('leave nothing behind where they arrive, whatever came of them', async () => {
    const broken = async function* () {
      yield Buffer.from('half a')
      throw new Error('the line was cut')
    }
    await expect(takeIn(broken(), store.incoming, { limit: 100 })).rejects.toThrow('the line was cut')
    await expect(takeIn(pieces(randomBytes(101)), store.incoming, { limit: 100 })).rejects.toThrow('longer than 100')
    const abort = new AbortController()
    const endless = async function* () {
      yield Buffer.from('and then')
      await new Promise(() => {})
    }
    const waiting = takeIn(endless(), store.incoming, { limit: 100, signal: abort.signal })
    setTimeout(() => abort.abort(new Error('too late')), 20)
    await expect(waiting).rejects.toThrow('too late')
    expect(await readdir(store.incoming)).toEqual([])
  })

  it('are for the one who runs the server', async () => {
    const { mode } = await stat(store.incoming)
    expect(mode & 0o077).toBe(0)
  })

  it('stay while somebody makes a row of them, and go when nobody has one', async () => {
    const media = new Media({ store, key: Buffer.alloc(32), account_sid })
    const bytes = Buffer.from('a file that comes while it is swept')
    const rows = new Set<string>()
    const isNeeded = (sha256: string) => async () => rows.has(sha256)
    const sweep = (sha256: string) => media.removeUnless(sha256, isNeeded(sha256))
    const file = await media.keep(pieces(bytes), { limit: 100 }, async (safe): Promise<SafeFile> => {
      // Between the file and its row.
      expect(await sweep(safe.sha256)).toBe(false)
      rows.add(safe.sha256)
      return safe
    })
    expect(await sweep(file.sha256)).toBe(false)
    rows.clear()
    // It comes again just when it is found that nobody has it.
    let found = () => {}
    const looked = new Promise<void>((resolve) => {
      found = resolve
    })
    const removal = media.removeUnless(file.sha256, async () => {
      await looked
      return false
    })
    const again = media.keep(pieces(bytes), { limit: 100 }, async ({ sha256 }) => rows.add(sha256))
    setTimeout(found, 50)
    expect(await removal).toBe(true)
    await again
    expect(await store.has(file.sha256)).toBe(true)
    rows.clear()
    expect(await sweep(file.sha256)).toBe(true)
    expect(await store.has(file.sha256)).toBe(false)
  })
})

describe('a place for files', () => {
  it.each([
    ['s3://', 'names no bucket'],
    ['/dev/null/media', 'Cannot keep media in /dev/null/media']
  ])('is refused in one line: %s', async (media, line) => {
    const opened = openMediaStore({ account_sid, data: tmpdir(), media, env: {} })
    await expect(opened).rejects.toMatchObject({ name: 'CannotOpen', message: expect.stringContaining(line) })
  })

  it('is refused where the bucket is not there', async () => {
    const { env, close } = await bucket('other')
    const data = await mkdtemp(join(tmpdir(), 'ringdown-media-'))
    const opened = openMediaStore({ account_sid, data, media: 's3://missing', env })
    await expect(opened).rejects.toMatchObject({
      name: 'CannotOpen',
      message: expect.stringMatching(/^Cannot keep media in s3:\/\/missing: .*bucket/)
    })
    await close()
    await rm(data, { recursive: true })
  })
})
