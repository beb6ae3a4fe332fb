import { readFile } from 'node:fs/promises'
import { type UserRole, userRoles } from '@ringdown/engine/access/rows'
import type * as Client from 'openid-client'
import { CannotOpen } from '../store/store.ts'
import { messageOf } from '../store/thrown.ts'

/** How people sign in at an OpenID provider, by its name in `--sign-in FILE`. */
export interface ProviderSettings {
  /** `https://accounts.example.com`: what its discovery document stands below. */
  readonly issuer: string
  readonly client_id: string
  readonly client_secret?: string
  /** `openid profile email` by default. */
  readonly scope?: string
  /** The claim that a new user is named by; `email` by default. */
  readonly username?: string
  /** Roles by the values of a claim, which may be a list; they are taken anew at each sign-in. */
  readonly roles?: { readonly claim: string; readonly map: Readonly<Record<string, UserRole | readonly UserRole[]>> }
  /** Roles of who has none by the map; without them, nobody else is let in. */
  readonly default_roles?: readonly UserRole[]
  /** Whether somebody who is not known yet becomes a user. */
  readonly create?: boolean
}

/** Somebody at a provider. */
export interface Identity {
  /** The provider's name, a blank, and its word for the user. */
  readonly subject: string
  readonly username: string | undefined
  readonly email: string | undefined
  readonly full_name: string | undefined
  readonly roles: readonly UserRole[]
  readonly mayBeCreated: boolean
}

/** What has to be remembered while somebody is at the provider. */
export interface Visit {
  readonly provider: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Milliseconds, by the machine's clock. */
  readonly ends_at: number
}

/** Somebody did not come back from a provider as who was sent there, or may not come in. */
export class SignInRefused extends Error {
  override name = 'SignInRefused'
}

/** The providers of a settings file. Throws CannotOpen with one line. */
export async function readProviders(path: string): Promise<Providers> {
  try {
    const { providers } = JSON.parse(await readFile(path, 'utf8')) as { providers?: Record<string, ProviderSettings> } // each is checked below
    const all = Object.entries(providers ?? {})
    if (all.length === 0) throw new Error('it names no providers')
    for (const [name, settings] of all) check(name, settings)
    return new Providers(new Map(all))
  } catch (error) {
    throw new CannotOpen(`Cannot use ${path} for signing in: ${messageOf(error)}.`, { cause: error })
  }
}

function check(name: string, { issuer, client_id, roles, default_roles = [] }: ProviderSettings): void {
  if (!/^[a-z0-9-]{1,64}$/.test(name)) throw new Error(`'${name}' is no name of a provider`)
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) throw new Error(`the issuer of ${name} is no URL`)
  const { protocol, hostname } = new URL(issuer)
  if (protocol !== 'https:' && !isLoopbackName(hostname)) throw new Error(`the issuer of ${name} must be https`)
  if (typeof client_id !== 'string' || client_id === '') throw new Error(`${name} has no client_id`)
  const named = [...Object.values(roles?.map ?? {}).flat(), ...default_roles]
  const wrong = named.find((role) => !userRoles.includes(role))
  if (wrong !== undefined) throw new Error(`${name} gives the role '${wrong}': there are ${userRoles.join(', ')}`)
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}

/** OpenID providers: the authorization code flow with PKCE. Browsers never see the tokens of a provider. */
export class Providers {
  readonly #settings: ReadonlyMap<string, ProviderSettings>
  readonly #configurations = new Map<string, Promise<Client.Configuration>>()

  constructor(settings: ReadonlyMap<string, ProviderSettings>) {
    this.#settings = settings
  }

  get names(): readonly string[] {
    return [...this.#settings.keys()]
  }

  has(name: string): boolean {
    return this.#settings.has(name)
  }

  /** Where somebody is sent to, and what is to be remembered until then. Rejects where the provider cannot be reached. */
  async leave(
    name: string,
    redirect_uri: string,
    ends_at: number
  ): Promise<{ readonly url: string; readonly visit: Visit }> {
    const client = await clientLibrary()
    const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
    const url = client.buildAuthorizationUrl(await this.#configuration(name), {
      redirect_uri,
      scope: this.#settingsOf(name).scope ?? 'openid profile email',
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256'
    })
    return { url: url.href, visit: { provider: name, state, nonce, verifier, ends_at } }
  }

  /** Who comes back. Rejects with SignInRefused for anybody but who was sent, and for whom the map has no role. */
  async comeBack(current: URL, { provider, state, nonce, verifier }: Visit): Promise<Identity> {
    const client = await clientLibrary()
    const configuration = await this.#configuration(provider)
    const tokens = await client
      .authorizationCodeGrant(configuration, current, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true
      })
      .catch((error: unknown) => {
        throw new SignInRefused(`The provider does not say who it is: ${messageOf(error)}`, { cause: error })
      })
    const claims = tokens.claims()
    if (!claims) throw new SignInRefused('The provider does not say who it is')
    return this.#identityOf(provider, claims)
  }

  #identityOf(provider: string, claims: Readonly<Record<string, unknown>> & { readonly sub: string }): Identity {
    const { username = 'email', roles, default_roles = [], create = false } = this.#settingsOf(provider)
    const has = (roles ? [claims[roles.claim]].flat() : []).filter((one) => typeof one === 'string')
    const mapped = [
      ...new Set(has.flatMap((one) => (roles && Object.hasOwn(roles.map, one) ? roles.map[one] : undefined) ?? []))
    ]
    const found = mapped.length > 0 ? mapped : default_roles
    if (found.length === 0) throw new SignInRefused('Nothing that the provider says gives a role here')
    const text = (name: string) =>
      typeof claims[name] === 'string' && claims[name] !== '' ? String(claims[name]) : undefined
    return {
      subject: `${provider} ${claims.sub}`,
      username: text(username),
      email: text('email'),
      full_name: text('name'),
      roles: found,
      mayBeCreated: create
    }
  }

  #settingsOf(name: string): ProviderSettings {
    const settings = this.#settings.get(name)
    if (!settings) throw new Error(`invariant: ${name} is a provider`)
    return settings
  }

  /** What a provider says of itself; asked for once it is needed, and again where it could not be had. */
  #configuration(name: string): Promise<Client.Configuration> {
    const known = this.#configurations.get(name)
    if (known) return known
    const { issuer, client_id, client_secret } = this.#settingsOf(name)
    const url = new URL(issuer)
    const found = clientLibrary().then((client) =>
      client.discovery(url, client_id, client_secret, undefined, {
        ...(url.protocol === 'http:' && { execute: [client.allowInsecureRequests] })
      })
    )
    this.#configurations.set(name, found)
    found.catch(() => this.#configurations.delete(name))
    return found
  }
}

/** Loaded by the first who needs it: most servers know no provider. */
function clientLibrary(): Promise<typeof Client> {
  return import('openid-client')
}
