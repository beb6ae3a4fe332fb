import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * What becomes of a server when its disk is full, or when somebody tidies up and deletes what it works with: nothing is
 * acknowledged that is not kept, and whoever runs it is told why.
 */

const authorization = `Basic ${Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString('base64')}`

let folder: string
let data: string
let server: Started

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-lost-'))
  data = join(folder, 'data')
  server = await started(['--data', data])
})
afterEach(async () => {
  await server.kill()
  await rm(folder, { recursive: true, force: true })
})

async function ask(path: string, form?: Record<string, string>): Promise<{ status: number; body: Answer }> {
  const body = form && new URLSearchParams(form)
  const response = await fetch(server.url + path, { ...(body && { method: 'POST', body }), headers: { authorization } })
  return { status: response.status, body: (await response.json()) as Answer }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const create = (FriendlyName: string) => ask('/taskrouter/v1/Workspaces', { FriendlyName })
const names = async () => {
  const { status, body } = await ask('/taskrouter/v1/Workspaces?PageSize=1000')
  return status === 200 ? body.workspaces.map((one: { friendly_name: string }) => one.friendly_name) : status
}
const ready = async () => {
  const { status, body } = await ask('/ready')
  return status === 200 ? 'ready' : body.message
}

/** Lines of the log that tell of the loss. */
const told = () =>
  server
    .output()
    .split('\n')
    .filter((line) => /"level":(50|60)/.test(line))

const losses = {
  'the data folder is deleted': {
    lose: () => rm(data, { recursive: true }),
    why: /ringdown\.sqlite is gone \(ENOENT\)/
  },
  'the database is deleted': { lose: () => rm(join(data, 'ringdown.sqlite')), why: /ringdown\.sqlite is gone/ },
  'all of the folder is deleted but the folder': {
    lose: async () => {
      for (const name of await readdir(data)) await rm(join(data, name), { recursive: true })
    },
    why: /ringdown\.sqlite is gone/
  },
  'the database is replaced': {
    lose: async () => {
      await writeFile(join(data, 'other'), '')
      await rename(join(data, 'other'), join(data, 'ringdown.sqlite'))
    },
    why: /ringdown\.sqlite was replaced by another file: restart Ringdown/
  }
} as const

describe('a server whose files are lost', () => {
  it.each(Object.entries(losses))('says so and acknowledges nothing more when %s', async (_name, { lose, why }) => {
    expect((await create('Kept')).status).toBe(201)
    await lose()
    await expect.poll(ready, { timeout: 5_000 }).toMatch(why)
    expect((await create('Lost')).status).toBe(503)
    expect((await create('Lost as well')).status).toBe(503)
    // Lines of the log wait for others for a moment.
    await expect.poll(() => told().length, { timeout: 5_000 }).toBeGreaterThan(0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(told()).toHaveLength(1)
    expect(told()[0]).toMatch(why)
  })

  it('goes on when its folder is there again', async () => {
    expect((await create('Kept')).status).toBe(201)
    await rename(data, `${data}.away`)
    await expect.poll(ready, { timeout: 5_000 }).toMatch(/is gone/)
    await rename(`${data}.away`, data)
    await expect.poll(ready, { timeout: 5_000 }).toBe('ready')
    expect((await create('Kept as well')).status).toBe(201)
    await server.kill()
    server = await started(['--data', data])
    expect(await names()).toEqual(expect.arrayContaining(['Kept', 'Kept as well']))
  })

  it.each(['wal', 'shm'])(
    'loses nothing when only its write-ahead log is deleted, or the index of it (%s)',
    async (end) => {
      for (const name of ['One', 'Two', 'Three']) expect((await create(name)).status).toBe(201)
      // It looks twice a second, and has seen the log.
      await expect.poll(ready).toBe('ready')
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      await rm(join(data, `ringdown.sqlite-${end}`))
      await expect.poll(() => server.output(), { timeout: 5_000 }).toContain(`ringdown.sqlite-${end} is gone`)
      await expect.poll(ready, { timeout: 5_000 }).toBe('ready')
      expect((await create('Four')).status).toBe(201)
      await server.kill()
      server = await started(['--data', data])
      expect(await names()).toEqual(expect.arrayContaining(['One', 'Two', 'Three', 'Four']))
    }
  )
})

const prlimit = spawnSync('prlimit', ['--version']).status === 0

describe.runIf(prlimit)('a server whose disk is full', () => {
  /** No file may grow beyond so many bytes. */
  const limit = (bytes: string) => {
    const { status } = spawnSync('prlimit', ['--pid', String(server.child.pid), `--fsize=${bytes}:unlimited`])
    expect(status).toBe(0)
  }

  it('reads on, says why it does not write, and writes when there is room', async () => {
    expect((await create('Kept')).status).toBe(201)
    limit('1000')
    // What the log has room for is still written.
    const made: string[] = []
    const refused = async () => {
      const name = `W${made.length}`
      const { status } = await create(name)
      if (status === 201) made.push(name)
      return status
    }
    await expect.poll(refused, { timeout: 20_000, interval: 1 }).toBe(503)
    await expect.poll(names, { timeout: 5_000 }).toEqual(expect.arrayContaining(['Kept', ...made]))
    expect(await ready()).toMatch(/^Not ready: SQLite: /)
    expect((await ask('/ringdown/v1/Events?since=PT10M')).status).toBe(200)
    const { taskrouter_workspace_sid } = (await ask('/flex-api/v1/Configuration')).body
    const statistics = `/taskrouter/v1/Workspaces/${taskrouter_workspace_sid}/CumulativeStatistics`
    expect((await ask(statistics)).status).toBe(200)
    expect((await create('Lost')).status).toBe(503)
    limit('unlimited')
    await expect.poll(ready, { timeout: 5_000 }).toBe('ready')
    expect((await create('Kept as well')).status).toBe(201)
    await server.kill()
    server = await started(['--data', data])
    expect(await names()).toEqual(expect.arrayContaining(['Kept', ...made, 'Kept as well']))
    expect(await names()).not.toContain('Lost')
  })
})
