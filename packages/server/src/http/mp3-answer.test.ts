import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FolderStore } from '../media/folder-store.ts'
import { Media } from '../media/media.ts'
import { Served, served } from './fixture.ts'

/* The sound of a recording as MP3. The program that makes it is one of the test's: it says what it was given. */

const { account_sid, authorization } = served
const sound = Buffer.from('RIFF, and what is said')

describe('a recording', () => {
  let server: Served
  let folder: string
  let place: string

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringdown-mp3-'))
    const media = new Media({
      store: await FolderStore.open(join(folder, 'media')),
      key: Buffer.alloc(32, 3),
      account_sid
    })
    server = await Served.open({ media: () => media })
    const { account } = server
    const { call } = await account.execute({
      type: 'call.create',
      to: 'client:ada',
      from: 'client:center',
      verbs: [{ verb: 'Pause', attributes: { length: '60' } }]
    })
    await account.execute({
      type: 'call.report',
      call_sid: call.sid,
      number: 1,
      event: { type: 'answered', device: 'd' }
    })
    const { sid: call_sid } = call
    const { recording } = await account.execute({ type: 'recording.create', call_sid })
    await account.execute({ type: 'recording.update', call_sid, sid: recording.sid, status: 'stopped' })
    const options = { limit: 1000, claimed: 'audio/x-wav' }
    const file = await media.keep(Readable.from([sound]), options, async ({ sha256, size }) => {
      const made = await account.execute({ type: 'media.create', content_type: 'audio/x-wav', sha256, size })
      return made.media.sid
    })
    const event = { type: 'recorded', sid: recording.sid, file, ms: 1000 } as const
    await account.execute({ type: 'call.report', call_sid, number: 2, event })
    place = `${await server.app.listen({ port: 0, host: '127.0.0.1' })}/2010-04-01/Accounts/${account_sid}/Recordings/${recording.sid}`
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    server.app.hangUp()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const fetched = (ending: string) => fetch(`${place}${ending}`, { headers: { authorization } })
  /** What stands in the place of `ffmpeg`: a script, or nothing. */
  const converter = (script: string | undefined) => {
    const path = join(folder, 'ffmpeg')
    if (script !== undefined) {
      writeFileSync(path, `#!/bin/sh\n${script}\n`)
      chmodSync(path, 0o755)
    }
    vi.stubEnv('PATH', script === undefined ? folder : [folder, process.env.PATH].join(delimiter))
  }

  it('is MP3 where the program for that is installed', async () => {
    converter('printf "ID3 "; cat')
    const answer = await fetched('.mp3')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'audio/mpeg'])
    expect(await answer.text()).toBe(`ID3 ${sound}`)
    expect(await (await fetched('.wav')).text()).toBe(String(sound))
  })

  it('says what is missing where it is not, and is there as it is kept', async () => {
    converter(undefined)
    const answer = await fetched('.mp3')
    expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([
      406,
      expect.stringContaining('ffmpeg')
    ])
    expect((await fetched('.wav')).status).toBe(200)
    expect((await fetched('0.mp3')).status).toBe(404)
  })

  it('is converted twice at once, and a program that fails keeps nobody out', async () => {
    const go = join(folder, 'go')
    converter(`while [ ! -e ${go} ]; do sleep 0.05; done; cat`)
    const asked = ['.mp3', '.mp3', '.mp3'].map(fetched)
    expect((await Promise.race(asked)).status).toBe(429)
    writeFileSync(go, '')
    const three = await Promise.all(asked)
    expect(three.map(({ status }) => status).sort()).toEqual([200, 200, 429])
    for (const one of three) await one.arrayBuffer()
    converter('exit 1')
    for (let n = 0; n < 3; n++) expect(await (await fetched('.mp3')).text()).toBe('')
    converter('cat')
    expect(await (await fetched('.mp3')).text()).toBe(String(sound))
  })
})
