import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { credentials } from '../support/process.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const own = join(root, 'packages/cli')

let folder: string
let installed: string

/** The package as it would be packed, beside the packages that it says it depends on, and no others. */
beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'tools/command.mjs')], { stdio: 'ignore' })
  folder = mkdtempSync(join(tmpdir(), 'ringdown-installed-'))
  installed = join(folder, 'node_modules/ringdown')
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: own,
    encoding: 'utf8'
  })
  const [{ files }] = JSON.parse(packed) as [{ files: readonly { path: string }[] }] // what npm says of one package
  for (const { path } of files) {
    mkdirSync(dirname(join(installed, path)), { recursive: true })
    cpSync(join(own, path), join(installed, path))
  }
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  // Were one of the modules still needed, it would not be there.
  rmSync(join(installed, 'dist/main.js'))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the command as it is packed serves, writes, renders a template, and stops', async () => {
  const { account_sid, auth_token } = credentials
  const child = spawn(
    process.execPath,
    [join(installed, 'bin/ringdown.js'), 'start', '--port', '0', '--data', join(folder, 'data'), '--log-level', 'warn'],
    { env: { ...process.env, DATABASE_URL: '', RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token } }
  )
  const closed = once(child, 'close')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  try {
    const url = () => /http:\/\/\S+:\d+/.exec(said)?.[0]
    await expect.poll(url, { timeout: 30_000, message: said }).toBeDefined()
    const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
    const ask = async (path: string, init: RequestInit = {}) =>
      (await fetch(`${url()}${path}`, { ...init, headers: { authorization } })).json() as Promise<{
        readonly sid: string
      }>
    const body = new URLSearchParams({ FriendlyName: 'Installed' })
    const { sid } = await ask('/taskrouter/v1/Workspaces', { method: 'POST', body })
    expect(sid).toMatch(/^WS/)
    expect(await ask(`/taskrouter/v1/Workspaces/${sid}`)).toMatchObject({ friendly_name: 'Installed' })
    // What is looked for by name when it is first needed.
    const tools = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const answer = await fetch(`${url()}/mcp`, {
      method: 'POST',
      body: JSON.stringify(tools),
      headers: { authorization, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    })
    expect(await answer.text()).toContain('get_workspace_statistics')
  } finally {
    child.kill()
  }
  expect(await closed).toEqual([0, null])
}, 60_000)

it('a start loads nothing that only some need', () => {
  const bundle = join(installed, 'bundle')
  const begun = readdirSync(bundle).filter((name) => /^(?:main|start-.*)\.js$/.test(name))
  expect(begun).toHaveLength(2)
  const loaded = new Set<string>()
  const follow = (name: string) => {
    if (loaded.has(name)) return
    loaded.add(name)
    if (!name.endsWith('.js')) return
    const code = readFileSync(join(bundle, name), 'utf8')
    for (const [, from = ''] of code.matchAll(
      /^(?:import|export)\b[^'"`;]*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']/gm
    ))
      follow(from.replace(/^\.\//, ''))
    // Packages in CommonJS are required, at once.
    for (const [, name = ''] of code.matchAll(/^const \S+ = createRequire\(import\.meta\.url\)\("([^".][^"]*)"\)/gm))
      loaded.add(name)
  }
  for (const name of begun) follow(name)
  const outside = [...loaded].filter((name) => !name.endsWith('.js') && !name.startsWith('node:')).sort()
  expect(outside).toEqual([
    '@fastify/busboy',
    'email-reply-parser',
    'fastify',
    'jose',
    'pino',
    'prom-client',
    'saxes',
    'smpp',
    'ws'
  ])
})
