import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FolderStore } from '../media/folder-store.ts'
import { Media } from '../media/media.ts'
import { Sounds } from './sounds.ts'

/* Sounds of documents, as the process of the sound finds them: in files, for longer than a server lives. */

/** As much of a file as says that it is WAV. */
const soundOf = (name: string | undefined) => `RIFF\0\0\0\0WAVEfmt ${name}`

const own = { key: Buffer.alloc(32), account_sid: `AC${'a'.repeat(32)}`, allowPrivate: true }

let web: Server
let folder = ''
let media: Media
let url = ''

beforeAll(async () => {
  web = createServer((request, response) => {
    const isSound = request.url?.endsWith('.wav')
    response.writeHead(200).end(isSound ? soundOf(request.url) : 'no sound')
  })
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}` // it listens on a port
  folder = await mkdtemp(join(tmpdir(), 'ringdown-sounds-'))
  const store = await FolderStore.open(join(folder, 'media'))
  media = new Media({ ...own, store })
})
afterAll(async () => {
  web.closeAllConnections()
  web.close()
  await rm(folder, { recursive: true })
})

it('have a path that no sound of another start has had: who keeps one by its path never plays another', async () => {
  const sounds = () => new Sounds(join(folder, 'sounds'), media)
  const welcome = await sounds().fetch(`${url}/welcome.wav`)
  const restarted = sounds()
  const goodbye = await restarted.fetch(`${url}/goodbye.wav`)
  expect(goodbye).not.toBe(welcome)
  expect(await readFile(goodbye, 'utf8')).toBe(soundOf('/goodbye.wav'))
  expect(await restarted.fetch(`${url}/goodbye.wav`)).toBe(goodbye)
})

it('leave nothing behind where they are none, or cannot be read to their end', async () => {
  const store = await FolderStore.open(join(folder, 'torn'))
  const read = store.read.bind(store)
  store.read = async (...what) => {
    await read(...what)
    return Readable.from(torn())
  }
  const sounds = new Sounds(join(folder, 'none'), new Media({ ...own, store }))
  await expect(sounds.fetch(`${url}/welcome.wav`)).rejects.toThrow('the disk is gone')
  await expect(sounds.fetch(`${url}/words.txt`)).rejects.toThrow('the disk is gone')
  expect(await readdir(join(folder, 'none'))).toEqual([])
})

async function* torn(): AsyncGenerator<Buffer> {
  yield Buffer.from('RIFF')
  throw new Error('the disk is gone')
}
