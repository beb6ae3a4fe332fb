import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bucket } from '../conformance/media/bucket.ts'
import { findPostgres, postgresPlace } from '../store/places.ts'
import { credentials, run, type Started, started } from '../support/process.ts'

/* Files of messages on servers that are killed, have no room, are many at once, or stand by for one another. */

const { account_sid, auth_token } = credentials
const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
const headers = { authorization, 'Content-Type': 'text/plain' }
const mib = 1024 * 1024
const shaOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let data = ''
const servers: Started[] = []

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'ringdown-media-journey-'))
})
afterEach(async () => {
  for (const { child, kill } of servers.splice(0)) {
    child.kill('SIGCONT')
    await kill()
  }
  await rm(data, { recursive: true, force: true })
})

async function start(args: readonly string[] = ['--data', data], env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const server = await started(args, env)
  servers.push(server)
  return server
}

async function end(server: Started): Promise<void> {
  servers.splice(servers.indexOf(server), 1)
  await server.kill()
}

async function placeOf({ url }: Started): Promise<string> {
  const answer = await fetch(`${url}/conversations/v1/Configuration`, { headers })
  const { default_chat_service_sid } = (await answer.json()) as { default_chat_service_sid: string }
  return `${url}/mcs/v1/Services/${default_chat_service_sid}/Media`
}

interface Shown {
  readonly sid: string
  readonly links: { readonly content: string; readonly content_direct_temporary: string }
}

async function upload(place: string, body: Uint8Array<ArrayBuffer>): Promise<{ status: number; media: Shown }> {
  const answer = await fetch(place, { method: 'POST', headers, body })
  return { status: answer.status, media: (await answer.json()) as Shown }
}

async function filesIn(folder: string): Promise<{ kept: string[]; incoming: string[] }> {
  const found = await readdir(join(folder, account_sid), { recursive: true }).catch(() => [])
  return {
    kept: found.flatMap((name) => /[0-9a-f]{64}$/.exec(name)?.[0] ?? []),
    incoming: found.filter((name) => /^incoming./.test(name))
  }
}

describe('a server that is killed', () => {
  it('has every file that it has acknowledged, and sweeps the others, whole or in half', {
    timeout: 120_000
  }, async () => {
    const acknowledged = new Map<string, string>()
    for (let round = 0; round < 4; round++) {
      const server = await start(['--data', data, '--test-clock'])
      const place = await placeOf(server)
      let isOver = false
      const load = Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const bytes = randomBytes(100_000)
          const answer = await upload(place, bytes).catch(() => undefined)
          if (answer?.status === 201) acknowledged.set(answer.media.sid, shaOf(bytes))
        }
      })
      // One that is half there when the plug is pulled.
      const half = request(place, { method: 'POST', headers: { ...headers, 'Content-Length': String(mib) } })
      half.on('error', () => {}) // the server is killed
      half.write(Buffer.alloc(mib / 2))
      await delay(250 + round * 40)
      await end(server)
      isOver = true
      await Promise.all(load)
      const { kept, incoming } = await filesIn(join(data, 'media'))
      expect(incoming.length).toBeGreaterThan(0)
      expect(kept).toEqual(expect.arrayContaining([...acknowledged.values()]))
      const again = await start(['--data', data, '--test-clock'])
      const fresh = await placeOf(again)
      // Whatever was in a row that nobody was told of counts as there; what is in none is swept after a minute.
      const pass = (advance: string) =>
        fetch(`${again.url}/ringdown/v1/clock`, {
          method: 'POST',
          headers: { authorization, 'Content-Type': 'application/json' },
          body: JSON.stringify({ advance })
        }).then(({ status }) => expect(status).toBe(200))
      await pass('PT2M')
      for (const [sid, sha256] of acknowledged) {
        const answer = await fetch(`${fresh}/${sid}/Content`, { headers })
        expect(shaOf(Buffer.from(await answer.arrayBuffer()))).toBe(sha256)
      }
      expect((await filesIn(join(data, 'media'))).incoming).toEqual([])
      await pass('P1DT1H')
      expect(await filesIn(join(data, 'media'))).toEqual({ kept: [], incoming: [] })
      acknowledged.clear()
      await end(again)
    }
  })
})

const prlimit = spawnSync('prlimit', ['--version']).status === 0

describe.runIf(prlimit)('a server whose disk is full', () => {
  it('says so, keeps nothing in half, and takes files when there is room', async () => {
    const server = await start()
    const place = await placeOf(server)
    const limit = (bytes: string) =>
      spawnSync('prlimit', ['--pid', String(server.child.pid), `--fsize=${bytes}:unlimited`])
    // More than the store's own files grow to meanwhile.
    limit(String(20_000_000))
    const large = randomBytes(21_000_000)
    const { status, media } = await upload(place, large)
    expect({ status, media }).toMatchObject({ status: 507, media: { code: 20507, status: 507 } })
    expect(await filesIn(join(data, 'media'))).toEqual({ kept: [], incoming: [] })
    limit('unlimited')
    expect((await upload(place, large)).status).toBe(201)
  })
})

const status = (pid: number) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
const hasProc = (await status(process.pid)) !== undefined

describe.runIf(hasProc)('ten clients with 150 MB each', () => {
  it('take the server less than 150 MB of memory', { timeout: 180_000 }, async () => {
    const server = await start()
    const place = await placeOf(server)
    await upload(place, randomBytes(100_000))
    const resident = async () => {
      const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec((await status(server.child.pid ?? 0)) ?? '') ?? []
      return Number(kib) / 1024
    }
    const before = await resident()
    let most = before
    const watch = setInterval(() => {
      void resident().then((now) => {
        most = Math.max(most, now)
      })
    }, 20)
    const piece = randomBytes(mib)
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const sent = request(place, { method: 'POST', headers: { ...headers, 'Content-Length': String(150 * mib) } })
        const answered = once(sent, 'response')
        sent.write(Buffer.alloc(mib, n))
        for (let i = 1; i < 150; i++) if (!sent.write(piece)) await once(sent, 'drain')
        sent.end()
        const [response] = await answered
        response.resume()
        return response.statusCode
      })
    )
    clearInterval(watch)
    expect(statuses).toEqual(Array(10).fill(201))
    expect(most - before).toBeLessThan(150)
  })
})

describe('files in a bucket', () => {
  it('are there for the next server, wherever it stands', async () => {
    const { place: at, env, close } = await bucket()
    const args = (name: string) => ['--data', join(data, name), '--media', at]
    const one = await start(args('one'), env)
    const bytes = randomBytes(6 * mib)
    const { media } = await upload(await placeOf(one), bytes)
    const answer = await fetch(media.links.content, { headers: { ...headers, Range: 'bytes=1000000-' } })
    expect(shaOf(Buffer.from(await answer.arrayBuffer()))).toBe(shaOf(bytes.subarray(1_000_000)))
    expect(await readdir(join(data, 'one', 'media', 'incoming'))).toEqual([])
    expect((await fetch(media.links.content_direct_temporary)).status).toBe(200)
    await close()
    // Who keeps the files is gone: that is not the caller's fault.
    expect((await fetch(media.links.content, { headers })).status).toBe(503)
  })

  it('are asked for before the server answers', async () => {
    const env = { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    const { code, errors } = await run(['start', '--port', '0', '--data', data, '--media', 's3://nowhere'], env)
    expect({ code, errors }).toEqual({
      code: 1,
      errors: expect.stringContaining('Cannot keep media in s3://nowhere: ')
    })
  })
})

const database = await findPostgres()

describe.runIf(database !== undefined)('two nodes on one database', () => {
  it('need one place for files: a second one that has none of them does not stand by', {
    timeout: 60_000
  }, async () => {
    const place = await postgresPlace(database as string) // as: it runs only where there is one
    const shared = join(data, 'shared')
    const args = (name: string, ...more: string[]) => ['--data', join(data, name), '--database', place.url, ...more]
    const one = await start(args('one'))
    const isReady = () => fetch(`${one.url}/ready`).then((answer) => answer.status)
    await expect.poll(isReady, { timeout: 20_000 }).toBe(200)
    expect((await upload(await placeOf(one), randomBytes(10))).status).toBe(201)
    const refused = await run(['start', '--port', '0', ...args('two')])
    expect(refused.code).toBe(1)
    expect(refused.errors).toMatch(
      /The database tells of files of messages that are not in .*: give all nodes one place/
    )
    // The first one comes back to its own files.
    await end(one)
    const again = await start(args('one'))
    await expect.poll(() => fetch(`${again.url}/ready`).then((answer) => answer.status), { timeout: 20_000 }).toBe(200)
    await end(again)
    const lost = await run(['start', '--port', '0', ...args('two', '--media', shared)])
    expect(lost.errors).toMatch(/give --media the place where they are/)
    await place.clear()
  })

  it('one that stands by from before the first file goes when that is there, and not where it looks', {
    timeout: 60_000
  }, async () => {
    const place = await postgresPlace(database as string) // as above
    const args = (name: string) => ['--data', join(data, name), '--database', place.url]
    const one = await start(args('one'))
    await expect.poll(() => fetch(`${one.url}/ready`).then((answer) => answer.status), { timeout: 20_000 }).toBe(200)
    const two = run(['start', '--port', '0', ...args('two')])
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect((await upload(await placeOf(one), randomBytes(10))).status).toBe(201)
    const { code, errors } = await two
    expect({ code, errors }).toEqual({
      code: 1,
      errors: expect.stringMatching(/^The database tells of files .*--media/m)
    })
    await end(one)
    await place.clear()
  })

  it('have the files of one another where both see them', { timeout: 60_000 }, async () => {
    const place = await postgresPlace(database as string) // as above
    const env = { RINGDOWN_SECRET_KEY: '5'.repeat(64) }
    const node = (name: string) =>
      start(['--data', join(data, name), '--database', place.url, '--media', join(data, 'shared')], env)
    const ready = ({ url }: Started) => fetch(`${url}/ready`).then((answer) => answer.status)
    const one = await node('one')
    await expect.poll(() => ready(one), { timeout: 20_000 }).toBe(200)
    const bytes = randomBytes(10_000)
    const { media } = await upload(await placeOf(one), bytes)
    const two = await node('two')
    // While it stands by it takes no file.
    const { pathname, search } = new URL(media.links.content_direct_temporary)
    const early = await fetch(`${two.url}${new URL(media.links.content).pathname.replace(/\/ME.*/, '')}`, {
      method: 'POST',
      headers,
      body: bytes
    })
    expect(early.status).toBe(503)
    await end(one)
    await expect.poll(() => ready(two), { timeout: 20_000 }).toBe(200)
    const answer = await fetch(two.url + pathname + search)
    expect(shaOf(Buffer.from(await answer.arrayBuffer()))).toBe(shaOf(bytes))
    await end(two)
    await place.clear()
  })
})
