import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetch as fetchWith } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { credentials, run } from '../support/process.ts'
import { world } from '../support/world.ts'

let data: string

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'ringdown-users-'))
}, 120_000)
afterAll(() => rm(data, { recursive: true, force: true }))

const page = { host: 'localhost', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

it('who runs the server lets people in at a terminal, gives them other roles, and takes them out', async () => {
  const users = (...args: string[]) => run(['users', ...args, '--data', data])
  const { output: added } = await users('add', 'nora', '--role', 'admin')
  expect(added).toMatch(/^FU[0-9a-f]{32}\tnora\tadmin\t-\thas no password yet\n/)
  const [, secret = ''] = /setup#([\w-]{43})$/m.exec(added) ?? []
  expect(secret).not.toBe('')
  expect((await users('role', 'Nora', '--role', 'supervisor,agent')).output).toContain('supervisor,agent')
  expect((await users('list')).output.trim().split('\n')).toHaveLength(1)
  expect(await users('add', 'nora')).toMatchObject({ code: 1, errors: expect.stringContaining('taken') })
  expect(await users('link', 'nobody')).toMatchObject({ code: 1, errors: 'There is no user nobody.\n' })
  // The secret opens, and what seals is its owner's alone.
  const sealing = await stat(join(data, 'secret.key'))
  if (process.platform !== 'win32') expect(sealing.mode & 0o777).toBe(0o600)
  const { account_sid, auth_token } = credentials
  const env = { RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token }
  const ringdown = await world({ data, env, testClock: false })
  const body = JSON.stringify({ secret, password: 'correct horse battery' })
  const { port } = new URL(ringdown.running.url)
  const answer = await fetchWith(`http://localhost:${port}/ringdown/v1/Sessions/Setup`, {
    method: 'POST',
    body,
    headers: { ...page, host: `localhost:${port}` }
  })
  expect(answer.status).toBe(201)
  await ringdown.close()
  expect((await users('remove', 'nora')).output).toContain('may not sign in')
  expect((await users('list')).output).toBe('')
}, 120_000)
