import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Served } from './fixture.ts'
import { hasWebchat } from './webchat-pages.ts'

/* What pages of customers load: the loader, the frame, and a shop that is made up. */

let folder: string
let server: Served
let key: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-webchat-pages-'))
  expect(hasWebchat(folder)).toBe(false)
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'v1.js'), 'load()')
  writeFileSync(join(folder, 'frame.html'), '<title>Chat</title>')
  writeFileSync(join(folder, 'demo.html'), '<title>Shop</title><!-- webchat -->')
  writeFileSync(join(folder, 'assets', 'frame-abc.js'), 'run()')
  server = await Served.open({ webchat: folder })
  await server.account.execute({ type: 'flex.setup' })
  const address = await server.post('/conversations/v1/Configuration/Addresses', {
    Type: 'chat',
    Address: 'shop',
    'AutoCreation.Enabled': true,
    'AutoCreation.Type': 'default'
  })
  const made = await server.post('/ringdown/v1/Webchat/Deployments', {
    FriendlyName: 'Shop',
    AddressSid: address.body.sid,
    AllowedOrigins: ['https://shop.example', 'https://www.shop.example'],
    Theme: '{"accent":"#0a7","logo":"https://cdn.example/logo.png?x=;script-src *"}'
  })
  key = made.body.sid
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const ask = (url: string) => server.ask('GET', url, undefined, { authorization: '' })
const policyOf = async (url: string) => (await ask(url)).headers['content-security-policy']

describe('the pages of web chat', () => {
  it('bring the loader to every page for five minutes, and what has a hash for a year', async () => {
    const loader = await ask('/webchat/v1.js')
    expect(loader.body).toBe('load()')
    expect(loader.headers).toMatchObject({
      'cache-control': 'public, max-age=300',
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
      'content-type': 'text/javascript; charset=utf-8'
    })
    const file = await ask('/webchat/assets/frame-abc.js')
    expect(file.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  })

  it('say what is public of a deployment in a script, and no more', async () => {
    const { body: script } = await ask(`/webchat/v1/${key}.js`)
    const [, json = ''] = /^Ringdown\._\((.*)\)$/.exec(script) ?? []
    expect(JSON.parse(json)).toMatchObject({ key, theme: { accent: '#0a7' }, is_open: true })
    expect(script).not.toMatch(/secret|address_sid|allowed_origins/)
  })

  it('let the frame be shown by pages of the deployment, and by nobody else', async () => {
    const policy = await policyOf(`/webchat/frame?key=${key}`)
    expect(policy).toContain("frame-ancestors 'self' https://shop.example https://www.shop.example;")
    expect(policy).toContain("img-src 'self' blob: https://cdn.example;")
    expect(policy).toContain("script-src 'self';")
  })

  it('put the tag of the only deployment into the made-up shop', async () => {
    const { body: page } = await ask('/webchat/demo')
    expect(page).toContain(`<script async src="/webchat/v1.js" data-key="${key}"></script>`)
    expect(await policyOf('/webchat/demo')).toContain("frame-ancestors 'none'")
  })

  it.each([
    '/webchat/frame',
    '/webchat/frame?key=WD00000000000000000000000000000000',
    '/webchat/v1/WD00000000000000000000000000000000.js',
    '/webchat/v1/x.js',
    '/webchat/demo?key=<script>',
    '/webchat/assets/..%2fframe.html',
    '/webchat/assets/frame-old.js'
  ])('have nothing at %s', async (url) => {
    expect((await ask(url)).status).toBe(404)
  })
})
