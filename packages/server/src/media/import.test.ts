import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FolderStore } from './folder-store.ts'
import { type ImportOptions, importMedia } from './import.ts'
import { Media } from './media.ts'

const gif = Buffer.concat([Buffer.from('GIF89a'), randomBytes(100_000)])

/** What a place on the web answers, by its path. */
const places: Record<string, (response: ServerResponse) => unknown> = {
  '/car.gif': (response) => response.writeHead(200, { 'Content-Type': 'image/gif' }).end(gif),
  '/download': (response) =>
    response.writeHead(200, { 'Content-Disposition': `attachment; filename*=UTF-8''%C3%9C.gif` }).end(gif),
  '/quoted': (response) =>
    response.writeHead(200, { 'Content-Disposition': 'attachment; filename="../a \\"b\\".gif"' }).end(gif),
  '/%E5%86%99.gif': (response) => response.writeHead(200).end(gif),
  '/moved': (response) => response.writeHead(302, { Location: '/car.gif' }).end(),
  '/round': (response) => response.writeHead(302, { Location: '/round' }).end(),
  '/file': (response) => response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
  '/missing': (response) => response.writeHead(404).end('no'),
  '/empty': (response) => response.writeHead(200).end(),
  '/half': (response) => {
    response.writeHead(200, { 'Content-Length': '1000' }).write('half')
    setTimeout(() => response.destroy(), 20)
  },
  '/endless': (response) => {
    response.writeHead(200)
    const more = () => {
      while (response.write(Buffer.alloc(16_384))) if (response.destroyed) return
      response.once('drain', more)
    }
    more()
  }
}

describe('a file of the web', () => {
  let server: Server
  let folder = ''
  let media: Media
  let url = ''
  const own = { key: Buffer.alloc(32), account_sid: `AC${'a'.repeat(32)}` }
  const asked: IncomingHttpHeaders[] = []

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.headers)
      response.on('error', () => {}) // whoever asked has hung up
      const answer = places[request.url ?? ''] ?? (() => response.destroy())
      answer(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
    folder = await mkdtemp(join(tmpdir(), 'ringdown-import-'))
    const store = await FolderStore.open(folder)
    media = new Media({ ...own, store, allowPrivate: true })
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(() => {
    asked.length = 0
  })

  const fetched = (path: string, options: Partial<ImportOptions> = {}, by = media) =>
    importMedia(by, path.startsWith('/') ? url + path : path, { limit: 1_000_000, ...options }, async (file) => file)

  it.each([
    ['/car.gif', 'car.gif'],
    ['/moved', 'car.gif'],
    ['/download', 'Ü.gif'],
    ['/quoted', 'a "b".gif'],
    ['/%E5%86%99.gif', '写.gif']
  ])('is kept, with its type and name: %s', async (path, filename) => {
    const file = await fetched(path)
    expect(file).toMatchObject({ size: gif.length, content_type: 'image/gif', filename })
    const bytes = await media.read(file)
    expect(Buffer.concat((await bytes?.toArray()) ?? []).equals(gif)).toBe(true)
  })

  it.each([
    ['/missing', 'NotImported', /answered 404/],
    ['/empty', 'NotImported', /empty/],
    ['/half', 'NotImported', /could not be fetched/],
    ['/nowhere', 'NotImported', /cannot be reached/],
    ['/round', 'NotImported', /more than 5 times/],
    ['/file', 'NotImported', /no address of the web/],
    ['ftp://a.test/b', 'NotImported', /no address of the web/],
    ['car.gif', 'NotImported', /no address of the web/],
    ['http://ada:secret@a.test/b', 'NotImported', /password/],
    ['/endless', 'TooLong', /longer than 1000000/]
  ])('is refused, and leaves nothing: %s', async (path, name, message) => {
    await expect(fetched(path)).rejects.toMatchObject({ name, message: expect.stringMatching(message) })
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
  })

  it('that is announced too long is not read', async () => {
    await expect(fetched('/car.gif', { limit: 100 })).rejects.toMatchObject({ name: 'TooLong' })
  })

  it('waits for its turn where many are being fetched', async () => {
    const silent: ServerResponse[] = []
    places['/silent'] = (response) => silent.push(response)
    const ask = () => fetched('/silent', { isAsked: true }).catch((error: Error) => error.name)
    const all = Array.from({ length: 33 }, ask)
    expect(await Promise.race(all)).toBe('TooManyImports')
    await expect.poll(() => silent.length).toBe(32)
    // What a message has brought does not wait for that.
    expect((await fetched('/car.gif')).size).toBe(gif.length)
    for (const response of silent) response.writeHead(200).end(gif)
    expect((await Promise.all(all)).filter((one) => typeof one === 'string')).toEqual(['TooManyImports'])
    expect((await fetched('/car.gif')).size).toBe(gif.length)
  })

  it('is not looked for where only this network leads', async () => {
    const guarded = new Media({ ...own, store: media.store })
    for (const place of [`${url}/car.gif`, 'http://localhost:1/a', 'http://169.254.169.254/latest', 'http://[::1]/a'])
      await expect(fetched(place, {}, guarded)).rejects.toMatchObject({ name: 'AddressRefused' })
    expect(asked).toEqual([])
  })

  it('is asked for with what its own address wants to know, and no other', async () => {
    await fetched('/moved', { headers: { Authorization: 'Bearer of-the-carrier' } })
    expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer of-the-carrier', 'Bearer of-the-carrier'])
    const other = createServer((request, response) => {
      asked.push(request.headers)
      response.writeHead(302, { Location: `${url}/car.gif` }).end()
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    asked.length = 0
    const away = `http://127.0.0.1:${(other.address() as AddressInfo).port}/a` // it listens on a port
    await fetched(away, { headers: { Authorization: 'Bearer of-the-carrier' } })
    other.close()
    expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer of-the-carrier', undefined])
  })
})
