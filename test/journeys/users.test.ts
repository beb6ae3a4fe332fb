import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, fetch as fetchWith } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../support/process.ts'
import { world } from '../support/world.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-users-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('who runs the server', () => {
  it.each([
    [['users', 'invite', 'x'], /no action 'invite'/],
    [['users', 'add'], /needs a NAME/],
    [['users', 'role', 'x'], /needs --role/],
    [['start', '--tls-cert', 'x'], /belong together/],
    [['start', '--port', '0', '--data', 'FOLDER', '--tls-cert', 'none', '--tls-key', 'none'], /Cannot read none/]
  ])('is told in a line what is wrong with %j', async (args, text) => {
    const { code, errors } = await run(args.map((one) => (one === 'FOLDER' ? join(folder, 'tls') : one)))
    expect(code).toBe(1)
    expect(errors).toMatch(text)
    expect(errors.trim().split('\n')).toHaveLength(1)
  })

  it('cannot seal with half a key', async () => {
    const start = ['start', '--port', '0', '--data', join(folder, 'half')]
    expect(await run(start, { RINGDOWN_SECRET_KEY: 'abc' })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('RINGDOWN_SECRET_KEY')
    })
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)('with a certificate', () => {
  // Made by openssl, where there is one.
  it('serves TLS and nothing else, and says that it may be remembered', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    spawnSync('openssl', [...made, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert])
    const ringdown = await world({ tls: { cert, key } })
    expect(ringdown.running.url).toMatch(/^https:/)
    const { port } = new URL(ringdown.running.url)
    const dispatcher = new Agent({ connect: { ca: await readFile(cert) } })
    const { authorization } = ringdown
    const answer = await fetchWith(`https://localhost:${port}/taskrouter/v1/Workspaces`, {
      dispatcher,
      headers: { authorization }
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(((await answer.json()) as { meta: { url: string } }).meta.url).toMatch(/^https:/)
    await expect(fetch(`http://localhost:${port}/health`)).rejects.toThrow()
    await dispatcher.close()
    await ringdown.close()
  })
})
