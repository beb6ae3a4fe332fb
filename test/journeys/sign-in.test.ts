import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../support/world.ts'

/*
 * Somebody signs in at an OpenID provider of the house, which runs on this machine: through its own pages, as a browser
 * would, with a cookie jar in the place of one.
 */

let folder: string
let ringdown: World
let house: Server
let issuer: string
let base: string

/** Who is who at the provider. */
const people: Readonly<Record<string, readonly string[]>> = {
  ada: ['floor'],
  nora: ['floor', 'leads'],
  guest: ['visitors']
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-sign-in-'))
  let answer: RequestListener = (_request, response) => void response.writeHead(503).end()
  house = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => house.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(house.address() as AddressInfo).port}`
  const signIn = join(folder, 'sign-in.json')
  const settings = {
    issuer,
    client_id: 'ringdown',
    client_secret: 'a-secret-of-this-test',
    roles: { claim: 'groups', map: { floor: 'agent', leads: 'supervisor' } },
    create: true
  }
  await writeFile(
    signIn,
    JSON.stringify({ providers: { house: settings, other: { ...settings, client_id: 'other' } } })
  )
  ringdown = await world({ signIn, data: join(folder, 'data') })
  base = ringdown.running.url
  answer = new Provider(issuer, {
    clients: [
      {
        client_id: 'ringdown',
        client_secret: 'a-secret-of-this-test',
        redirect_uris: [`${base}/ringdown/v1/Sessions/Oidc/house/Callback`]
      }
    ],
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email'], profile: ['name', 'groups'] },
    findAccount: async (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.com`, name: id.toUpperCase(), groups: people[id] })
    })
  }).callback()
})

afterAll(async () => {
  await ringdown.close()
  house.closeAllConnections()
  await new Promise((resolve) => house.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

/** What a page is told of who has signed in. */
interface Shown {
  readonly user: { readonly sid: string; readonly roles: readonly string[] }
}

/** Cookies by host, as far as these pages need them. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>()

  async ask(url: string, form?: Readonly<Record<string, string>>): Promise<Response> {
    const jar = this.#jars.get(new URL(url).host) ?? new Map<string, string>()
    this.#jars.set(new URL(url).host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) })
    })
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = set.split(';', 1)[0]?.split(/=(.*)/) ?? []
      if (value === '' || /max-age=0/i.test(set)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  /** Goes where it is sent, until somebody has something to say. */
  async go(url: string): Promise<Response & { at: string }> {
    let at = url
    for (;;) {
      const response = await this.ask(at)
      const to = response.headers.get('location')
      if (to === null) return Object.assign(response, { at })
      at = new URL(to, at).href
      if (at === `${base}/desk/`) return Object.assign(response, { at })
    }
  }

  /** Through the provider's pages: who it is, `meanwhile`, and that it is meant. Answers where that leads. */
  async signIn(login: string, meanwhile = async () => {}): Promise<Response & { at: string }> {
    const first = await this.go(`${base}/ringdown/v1/Sessions/Oidc/house`)
    await meanwhile()
    const entered = await this.ask(first.at, { prompt: 'login', login, password: 'whatever' })
    const second = await this.go(new URL(entered.headers.get('location') ?? '', first.at).href)
    const meant = await this.ask(second.at, { prompt: 'consent' })
    return this.go(new URL(meant.headers.get('location') ?? '', second.at).href)
  }

  async current() {
    const response = await this.ask(`${base}/ringdown/v1/Sessions/Current`)
    return { status: response.status, body: (await response.json()) as Shown }
  }
}

describe('somebody who signs in at a provider', () => {
  it('becomes a user with the roles of its groups, and is the same one the next time', async () => {
    const browser = new Browser()
    expect((await browser.signIn('ada')).at).toBe(`${base}/desk/`)
    const first = await browser.current()
    expect(first).toMatchObject({
      status: 200,
      body: { user: { username: 'ada@example.com', full_name: 'ADA', roles: ['agent'] } }
    })
    const again = new Browser()
    await again.signIn('ada')
    expect((await again.current()).body.user.sid).toBe(first.body.user.sid)
    // The newest session wins.
    expect((await browser.current()).status).toBe(401)
    const nora = new Browser()
    await nora.signIn('nora')
    expect((await nora.current()).body.user.roles).toEqual(['agent', 'supervisor'])
  })

  it('is nobody here without a group that means something', async () => {
    const browser = new Browser()
    const end = await browser.signIn('guest')
    expect(end.status).toBe(403)
    expect(((await end.json()) as { message: string }).message).toMatch(/gives a role/)
    expect((await browser.current()).status).toBe(401)
  })

  it('does not take the name of somebody who is here already', async () => {
    await ringdown.call('/ringdown/v1/Users', { Username: 'eve@example.com', Roles: 'admin' })
    Object.assign(people, { eve: ['floor'] })
    const end = await new Browser().signIn('eve')
    expect(end.status).toBe(409)
  })

  it('does not come into the conversations of a customer who has that name', async () => {
    const { body } = await ringdown.call('/conversations/v1/Conversations', {})
    await ringdown.call(`/conversations/v1/Conversations/${body.sid}/Participants`, { Identity: 'mia@example.com' })
    Object.assign(people, { mia: ['floor'] })
    const end = await new Browser().signIn('mia')
    expect(end.status).toBe(403)
    expect(((await end.json()) as { message: string }).message).toMatch(/is called mia@example.com already/)
  })
})

describe('who comes back', () => {
  it('to a server that was started again meanwhile is signed in all the same', async () => {
    const browser = new Browser()
    const again = async () => {
      await ringdown.close()
      const port = Number(new URL(base).port)
      ringdown = await world({ signIn: join(folder, 'sign-in.json'), data: join(folder, 'data'), port })
    }
    expect((await browser.signIn('nora', again)).at).toBe(`${base}/desk/`)
    expect((await browser.current()).body.user.roles).toEqual(['agent', 'supervisor'])
  })

  const back = `/ringdown/v1/Sessions/Oidc/house/Callback`

  it('was sent there from this browser, to this provider, not long ago', async () => {
    const stranger = new Browser()
    expect((await stranger.ask(`${base}${back}?code=x&state=y`)).status).toBe(403)
    const browser = new Browser()
    await browser.ask(`${base}/ringdown/v1/Sessions/Oidc/house`)
    const other = `${base}/ringdown/v1/Sessions/Oidc/other/Callback?code=x&state=y`
    expect((await browser.ask(other)).status).toBe(403)
    const wrong = await browser.ask(`${base}${back}?code=x&state=y&iss=${encodeURIComponent(issuer)}`)
    expect(wrong.status).toBe(403)
    expect((await browser.current()).status).toBe(401)
  })

  it('brings a code that somebody else has got for nothing', async () => {
    const attacker = new Browser()
    const first = await attacker.go(`${base}/ringdown/v1/Sessions/Oidc/house`)
    const entered = await attacker.ask(first.at, { prompt: 'login', login: 'nora', password: 'x' })
    let at = new URL(entered.headers.get('location') ?? '', first.at).href
    for (let steps = 0; !at.startsWith(`${base}${back}`) && steps < 10; steps++) {
      const response = await attacker.ask(at)
      const to = response.headers.get('location')
      if (to === null) {
        const meant = await attacker.ask(at, { prompt: 'consent' })
        at = new URL(meant.headers.get('location') ?? '', at).href
      } else at = new URL(to, at).href
    }
    expect(at).toContain('code=')
    const victim = new Browser()
    await victim.ask(`${base}/ringdown/v1/Sessions/Oidc/house`)
    expect((await victim.ask(at)).status).toBe(403)
    expect((await victim.current()).status).toBe(401)
  })

  it('is not sent to a provider that nobody has named', async () => {
    expect((await new Browser().ask(`${base}/ringdown/v1/Sessions/Oidc/evil`)).status).toBe(404)
  })
})
