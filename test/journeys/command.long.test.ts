import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { openDatabase } from '@ringdown/server/store/sqlite-driver'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentials, run, started } from '../support/process.ts'

/* What people meet at the terminal: one clear line and exit code 1 for what they can mend, and a clean stop. */

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-command-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const authorization = `Basic ${Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString('base64')}`

/** Ended with 1, one line on standard error, and no stack trace. */
function oneLine(result: { code: number | null; errors: string }, text: RegExp | string): void {
  expect(result.code).toBe(1)
  const lines = result.errors.trim().split('\n')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(text)
}

describe('ringdown', () => {
  it('shows how it is used', async () => {
    const { code, output } = await run(['help'])
    expect(code).toBe(0)
    expect(output).toContain('ringdown start')
    expect((await run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+/)
  })

  it.each([
    [['serve'], /no command 'serve'/],
    [['start', '--port', 'eighty'], /--port must be a number/],
    [['start', '--colour'], /Unknown option '--colour'/],
    [['start', '--at', '2026-01-01'], /give --test-clock/],
    [['mcp', '--backend', 'azure'], /one of ringdown, twilio/],
    [['mcp', '--port', '1'], /--port is not an option of ringdown mcp/],
    [['start', '--database', 'mysql://x'], /must be a postgres:\/\/ URL/]
  ])('%j ends with one line', async (args, text) => {
    oneLine(await run(args), text)
  })

  it('says that a port is in use', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    oneLine(await run(['start', '--port', String(port), '--data', join(folder, 'port')]), `Port ${port} is in use`)
    other.close()
  })

  it('says that a data folder cannot be used', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    oneLine(await run(['start', '--port', '0', '--data', join(file, 'below')]), /Cannot use the data folder/)
  })

  it.skipIf(process.getuid?.() === 0)(
    'says that a data folder may not be written (root may write everywhere)',
    async () => {
      const closed = join(folder, 'closed')
      await mkdtemp(closed)
      await chmod(closed, 0o500)
      oneLine(await run(['start', '--port', '0', '--data', closed]), /Cannot use the data folder/)
    }
  )

  it('says that a database is not there', async () => {
    const database = 'postgres://nobody@127.0.0.1:1/nothing'
    oneLine(await run(['start', '--port', '0', '--data', join(folder, 'db'), '--database', database]), /127\.0\.0\.1:1/)
  })

  it('takes DATABASE_URL when neither --database nor --data says where, and never repeats a password', async () => {
    const named = { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/named' }
    const refused = await run(['start', '--port', '0'], named)
    oneLine(refused, /Cannot open the database 127\.0\.0\.1:1\/named/)
    const other = 'postgres://nobody:secret@127.0.0.1:1/other'
    const chosen = await run(['start', '--port', '0', '--database', other], named)
    oneLine(chosen, /127\.0\.0\.1:1\/other/)
    const strange = await run(['start', '--port', '0'], { DATABASE_URL: 'mysql://nobody:secret@127.0.0.1/x' })
    oneLine(strange, /DATABASE_URL must be a postgres:\/\/ URL/)
    for (const { errors, output } of [refused, chosen, strange]) expect(errors + output).not.toContain('secret')
    // Whoever names a folder, or plays, does not mean a database that programs share.
    const server = await started(['--data', join(folder, 'named')], named)
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
    expect(await server.stop()).toBe(0)
  })

  it('has the password of its database from wherever PostgreSQL’s own programs have it', async () => {
    // A server that asks for the password in clear text, and lets nobody in.
    const told: string[] = []
    const server = createServer((socket) => {
      socket.on('error', () => {}) // the other side hangs up
      socket.once('data', () => {
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
        socket.once('data', (answer) => {
          told.push(answer.subarray(5, -1).toString())
          const text = Buffer.from('SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0')
          const head = Buffer.from([0x45, 0, 0, 0, text.length + 4])
          socket.end(Buffer.concat([head, text]))
        })
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const passes = join(folder, 'passes')
    await writeFile(passes, `127.0.0.1:${port}:calls:ada:from-the-file\n`, { mode: 0o600 })
    const place = `127.0.0.1:${port}/calls`
    const cases: [string, NodeJS.ProcessEnv, string[]][] = [
      ['from-the-url', { DATABASE_URL: `postgres://ada:from-the-url@${place}` }, []],
      ['from-the-environment', { PGPASSWORD: 'from-the-environment' }, ['--database', `postgres://ada@${place}`]],
      ['from-the-file', { PGPASSFILE: passes }, ['--database', `postgres://ada@${place}`]],
      ['from-the-file', { PGPASSFILE: passes, DATABASE_URL: `postgres://ada@${place}` }, []]
    ]
    for (const [password, env, args] of cases) {
      const refused = await run(['start', '--port', '0', ...args], env)
      oneLine(refused, /Cannot open the database .*password authentication failed/)
      expect(refused.errors).not.toContain(password)
      expect(told.pop()).toBe(password)
    }
    server.close()
  })

  it('says who has the data folder, and `ringdown mcp` goes there', async () => {
    const data = join(folder, 'taken')
    const server = await started(['--data', data])
    try {
      oneLine(
        await run(['start', '--port', '0', '--data', data]),
        `in use by process ${server.child.pid}, which answers at ${server.url}`
      )
    } finally {
      await server.kill()
    }
  })

  it.each([
    ['credentials.json', 'Dear Ada', /credentials\.json does not hold an account_sid and an auth_token/],
    ['credentials.json', 'null', /credentials\.json does not hold/],
    ['credentials.json', '', /credentials\.json does not hold/],
    [
      'ringdown.sqlite',
      'Dear Ada, this is not a database. '.repeat(100),
      /Cannot open .*ringdown\.sqlite: .*not a database/
    ],
    ['ringdown.sqlite.mark', '\0'.repeat(500), /ringdown\.sqlite\.mark is damaged.*--accept-data-loss/],
    ['owner.lock', 'Dear Ada, this is not a database. '.repeat(100), /owner\.lock is no file of ours/],
    ['settings.json', '{\n"rates":\nDear Ada }', /settings\.json are not valid JSON/],
    ['settings.json', '[]', /setting file must be an object/]
  ])('says in one line that %s is malformed (%j)', async (file, text, said) => {
    const data = await mkdtemp(join(folder, 'malformed-'))
    await writeFile(join(data, file), text)
    const settings = file === 'settings.json' ? ['--settings', join(data, file)] : []
    const env = file === 'credentials.json' ? { RINGDOWN_ACCOUNT_SID: '', RINGDOWN_AUTH_TOKEN: '' } : {}
    oneLine(await run(['start', '--port', '0', '--data', data, ...settings], env), said)
  })

  it.each(['null', '[1]', '"Dear Ada"', '{"pid":"x"}', ''])(
    'takes an owner.json that holds %j for none',
    async (text) => {
      const data = await mkdtemp(join(folder, 'owner-'))
      const server = await started(['--data', data])
      await writeFile(join(data, 'owner.json'), text)
      oneLine(await run(['start', '--port', '0', '--data', data]), 'is in use by another process: stop it first')
      await server.kill()
    }
  )

  it('says which row cannot be read', async () => {
    const data = join(folder, 'rows')
    expect(await (await started(['--data', data])).stop()).toBe(0)
    for (const [set, said] of [
      ["data = 'Dear Ada'", /Cannot load account AC5+: its rows cannot be read \(.*JSON.*\)/],
      [
        `data = '{"sid":"WS1","seq":1}', kind = 'letter'`,
        /the row WS1 of the kind letter cannot be read \(there is no such kind\)/
      ]
    ] as const) {
      const database = await openDatabase(join(data, 'ringdown.sqlite'))
      database.exec(`update row set ${set} where kind = (select min(kind) from row)`)
      database.close()
      oneLine(await run(['start', '--port', '0', '--data', data]), said)
    }
  })

  it('does not start with less than it had acknowledged, unless it is told to', async () => {
    const data = join(folder, 'less')
    const server = await started(['--data', data])
    const made = await fetch(`${server.url}/taskrouter/v1/Workspaces`, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ FriendlyName: 'Kept' })
    })
    expect(made.status).toBe(201)
    await server.kill()
    await truncate(join(data, 'ringdown.sqlite'), 0)
    await rm(join(data, 'ringdown.sqlite-wal'), { force: true })
    oneLine(
      await run(['start', '--port', '0', '--data', data]),
      /is not whole: account AC5+ had come to.*--accept-data-loss/
    )
    const again = await started(['--data', data, '--accept-data-loss'])
    expect(await again.stop()).toBe(0)
    expect(await (await started(['--data', data])).stop()).toBe(0)
  })

  it('keeps its files to their owner, also in a folder that is open to others, and says so', async () => {
    const data = await mkdtemp(join(folder, 'open-'))
    await chmod(data, 0o755)
    await writeFile(join(data, 'ringdown.sqlite'), '', { mode: 0o644 })
    const none = { RINGDOWN_ACCOUNT_SID: '', RINGDOWN_AUTH_TOKEN: '' }
    /** How files are open to others, and folders by their own rule: whoever may not enter them sees nothing in them. */
    const modes = async () => {
      const found: Record<string, number> = {}
      for (const name of await readdir(data)) {
        const { mode } = await stat(join(data, name))
        found[name] = (mode & 0o777) ^ (name === 'media' ? 0o100 : 0)
      }
      return found
    }
    const server = await started(['--data', data], none)
    await expect.poll(() => server.output()).toMatch(/"mode":"0755".*the data folder is open to other users/)
    const running = await modes()
    expect(Object.keys(running)).toEqual(
      expect.arrayContaining([
        'credentials.json',
        'owner.json',
        'owner.lock',
        'ringdown.sqlite',
        'ringdown.sqlite-wal',
        'ringdown.sqlite-shm',
        'ringdown.sqlite.mark'
      ])
    )
    expect(new Set(Object.values(running))).toEqual(new Set([0o600]))
    await server.kill()
    for (const name of await readdir(data)) await chmod(join(data, name), 0o644)
    const again = await started(['--data', data], none)
    expect(new Set(Object.values(await modes()))).toEqual(new Set([0o600]))
    await again.kill()
    // A folder that it makes itself is closed, and nothing is said.
    const own = await started(['--data', join(data, 'own')], none)
    expect(own.output()).not.toContain('open to other users')
    await own.kill()
  })

  it('makes credentials at its first start, readable by their owner only, and keeps them', async () => {
    const data = join(folder, 'first')
    const none = { RINGDOWN_ACCOUNT_SID: '', RINGDOWN_AUTH_TOKEN: '' }
    const server = await started(['--data', data], none)
    const path = join(data, 'credentials.json')
    const made = JSON.parse(await readFile(path, 'utf8'))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await expect.poll(() => server.output()).toContain(made.auth_token)
    await expect
      .poll(() => server.output())
      .toMatch(/admin chooses a password by this link, once, .*:\n {2}\S+\/desk\/setup#[\w-]{43}\n/)
    const call = (token: string) =>
      fetch(`${server.url}/taskrouter/v1/Workspaces`, {
        headers: { authorization: `Basic ${Buffer.from(`${made.account_sid}:${token}`).toString('base64')}` }
      })
    expect((await call(made.auth_token)).status).toBe(200)
    expect((await call('guess')).status).toBe(401)
    expect(await server.stop()).toBe(0)

    const again = await started(['--data', data], none)
    await expect.poll(() => again.output()).toContain(`in ${path}`)
    expect(again.output()).not.toContain(made.auth_token)
    await expect.poll(async () => (await fetch(`${again.url}/ready`)).status).toBe(200)
    expect(again.output()).not.toContain('chooses a password')
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(made)
    expect(await again.stop()).toBe(0)
  })

  it('stops cleanly: requests under way are answered, and what was decided is on disk', async () => {
    const data = join(folder, 'stop')
    const server = await started(['--data', data])
    const create = (i: number) =>
      fetch(`${server.url}/taskrouter/v1/Workspaces`, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ FriendlyName: `W${i}` })
      }).then(
        (response) => response.status,
        () => 0 // no connection any more: nothing was promised
      )
    const asked = Array.from({ length: 50 }, (_, i) => create(i))
    await Promise.race(asked)
    expect(await server.stop()).toBe(0)
    const statuses = await Promise.all(asked)
    expect(statuses.every((status) => status === 201 || status === 503 || status === 0)).toBe(true)
    const kept = statuses.flatMap((status, i) => (status === 201 ? [`W${i}`] : []))

    const again = await started(['--data', data])
    const response = await fetch(`${again.url}/taskrouter/v1/Workspaces?PageSize=1000`, { headers: { authorization } })
    const { workspaces } = (await response.json()) as { workspaces: { friendly_name: string }[] }
    const names = new Set(workspaces.map(({ friendly_name }) => friendly_name))
    expect(kept.length).toBeGreaterThan(0)
    for (const name of kept) expect(names).toContain(name)
    expect(await again.stop()).toBe(0)
  })

  it('seeds a demo with a customer waiting, and says what to try', async () => {
    const data = join(folder, 'demo')
    const server = await started(['--data', data, '--demo'])
    await expect.poll(() => server.output(), { timeout: 10_000 }).toContain('A customer is waiting')
    const line = server
      .output()
      .split('\n')
      .find((text) => text.includes('curl -u')) as string
    const [, user, url] = /curl -u (\S+) (\S+)/.exec(line) as unknown as [string, string, string]
    const task = (await (await fetch(url, { headers: { authorization: `Basic ${btoa(user)}` } })).json()) as Record<
      string,
      unknown
    >
    expect(task).toMatchObject({ assignment_status: 'pending', task_queue_friendly_name: 'Sales' })
    const invited = [...server.output().matchAll(/^(\w+) chooses a password/gm)].map(([, name]) => name)
    expect(invited).toEqual(['admin', 'amelie', 'nora'])
    const headers = { authorization: `Basic ${btoa(user)}` }
    const { users } = (await (await fetch(`${server.url}/ringdown/v1/Users`, { headers })).json()) as {
      users: { username: string; roles: string[]; worker_sid: string | null }[]
    }
    expect(users.map(({ username, roles, worker_sid }) => [username, roles[0], worker_sid !== null])).toEqual([
      ['admin', 'admin', false],
      ['amelie', 'agent', true],
      ['nora', 'supervisor', false]
    ])
    // The MCP configuration works as it is printed, from any folder.
    const configured = JSON.parse(
      server
        .output()
        .split('\n')
        .find((text) => text.includes('mcpServers')) as string
    )
    const { command, args, env } = configured.mcpServers.ringdown
    const client = new Client({ name: 'terminal', version: '1.0.0' })
    await client.connect(new StdioClientTransport({ command, args, env, cwd: tmpdir() }))
    const { structuredContent } = await client.callTool({ name: 'manage_tasks', arguments: { action: 'list' } })
    expect(structuredContent).toMatchObject({ tasks: [{ assignmentStatus: 'pending' }] })
    await client.close()
    expect(await server.stop()).toBe(0)

    const again = await started(['--data', data, '--demo'])
    await expect.poll(() => again.output(), { timeout: 10_000 }).toMatch(/as it was left, and task WT\w+ is waiting/)
    await fetch(url.replace(server.url, again.url), {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(user)}` },
      body: new URLSearchParams({ AssignmentStatus: 'canceled' })
    })
    expect(await again.stop()).toBe(0)
    const third = await started(['--data', data, '--demo'])
    await expect.poll(() => third.output(), { timeout: 10_000 }).toContain('nobody is waiting any more')
    expect(await third.stop()).toBe(0)
  })

  it('keeps the test clock where it was', async () => {
    const data = join(folder, 'clock')
    const at = ['--data', data, '--test-clock', '--at', '2026-03-02T09:00:00Z']
    const server = await started(at)
    const move = {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{"advance":"PT1H"}'
    }
    expect((await fetch(`${server.url}/ringdown/v1/clock`, move)).status).toBe(200)
    const body = new URLSearchParams({ FriendlyName: 'Later' })
    expect(
      (await fetch(`${server.url}/taskrouter/v1/Workspaces`, { method: 'POST', headers: { authorization }, body }))
        .status
    ).toBe(201)
    await server.stop()
    const again = await started(at)
    const now = await (await fetch(`${again.url}/ringdown/v1/clock`, { headers: { authorization } })).json()
    expect(now).toMatchObject({ now: '2026-03-02T10:00:00.000Z' })
    expect(await again.stop()).toBe(0)
  })
})

const database = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const hasPostgres =
  spawnSync(process.execPath, [
    '-e',
    `require('net').connect(${new URL(database).port || 5432}, '${new URL(database).hostname}').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`
  ]).status === 0
if (!hasPostgres) console.warn('No PostgreSQL at DATABASE_URL or 127.0.0.1:5432: the stand-by is not tried.')

describe.runIf(hasPostgres)('two nodes on one PostgreSQL', () => {
  const name = `ringdown_standby_${process.pid}`
  const url = new URL(database)
  url.pathname = `/${name}`

  async function sql(text: string): Promise<void> {
    const { Client } = (await import('pg')).default
    const client = new Client({ connectionString: database })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  beforeAll(() => sql(`create database ${name}`))
  afterAll(() => sql(`drop database ${name} with (force)`))

  it('the second stands by, and takes over when the first is killed', async () => {
    const first = await started(['--data', join(folder, 'one'), '--database', url.href])
    const workspaces = (server: { url: string }, init: RequestInit = {}) =>
      fetch(`${server.url}/taskrouter/v1/Workspaces`, { ...init, headers: { authorization } })
    await expect.poll(async () => (await fetch(`${first.url}/ready`)).status, { timeout: 20_000 }).toBe(200)
    const made = await workspaces(first, { method: 'POST', body: new URLSearchParams({ FriendlyName: 'Kept' }) })
    expect(made.status).toBe(201)

    const second = await started(['--data', join(folder, 'two'), '--database', url.href])
    expect((await fetch(`${second.url}/health`)).status).toBe(200)
    expect((await fetch(`${second.url}/ready`)).status).toBe(503)
    expect((await workspaces(second)).status).toBe(503)

    await first.kill()
    await expect.poll(async () => (await fetch(`${second.url}/ready`)).status, { timeout: 20_000 }).toBe(200)
    const listed = (await (await workspaces(second)).json()) as { workspaces: { friendly_name: string }[] }
    expect(listed.workspaces.map(({ friendly_name }) => friendly_name)).toContain('Kept')
    expect(await second.stop()).toBe(0)
  }, 60_000)
})
