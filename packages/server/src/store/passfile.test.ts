import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withPassword } from './passfile.ts'

let folder: string
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-passfile-'))
  env = { PGPASSFILE: join(folder, 'passes') }
  const lines = [
    '# host:port:database:user:password',
    'db.example:5432:ringdown:ada:simple',
    'db.example:*:ringdown:bo\\:b:with\\:colon\\\\and/slash@',
    'localhost:5432:*:ada:by-socket',
    '[::1]:5432:ringdown:ada:never',
    'too:few',
    '*:6432:*:*:anybody'
  ]
  await writeFile(join(folder, 'passes'), `${lines.join('\n')}\n`, { mode: 0o600 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it.each([
  ['postgres://ada@db.example/ringdown', 'simple'],
  ['postgres://ada@db.example:5433/ringdown', ''],
  ['postgres://ada@db.example/other', ''],
  ['postgres://bo%3Ab@db.example:5433/ringdown', 'with:colon\\and/slash@'],
  ['postgres://who@elsewhere:6432/any', 'anybody'],
  ['postgres://ada@localhost/x?host=/var/run/postgresql', 'by-socket'],
  ['postgres://ada:given@db.example/ringdown', 'given']
])('%s has the password %j', async (url, password) => {
  const found = new URL(await withPassword(url, env))
  expect(decodeURIComponent(found.password)).toBe(password)
  expect(found.host).toBe(new URL(url).host)
  expect(found.search).toBe(new URL(url).search)
})

it('takes the file for nothing when the environment has the password, or others may read the file', async () => {
  const url = 'postgres://ada@db.example/ringdown'
  expect(await withPassword(url, { ...env, PGPASSWORD: 'other' })).toBe(url)
  expect(await withPassword(url, { PGPASSFILE: join(folder, 'none') })).toBe(url)
  expect(await withPassword('not a url', env)).toBe('not a url')
  const open = join(folder, 'open')
  await writeFile(open, '*:*:*:*:seen\n')
  await chmod(open, 0o644)
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  expect(await withPassword(url, { PGPASSFILE: open })).toBe(url)
  expect((await warned).message).toContain('chmod 600')
})
