import { Store } from '../live/store.ts'

/** Who has signed in, as the server shows it. */
export interface SignedInUser {
  readonly sid: string
  readonly username: string
  readonly full_name: string | null
  readonly locale: string | null
  readonly roles: readonly string[]
  readonly worker_sid: string | null
  readonly workspace_sid: string | null
}

/** `lapsed`: somebody has worked here, and has to sign in again over the page. */
export type SessionState =
  | { readonly is: 'unknown' | 'out' }
  | { readonly is: 'in' | 'lapsed'; readonly user: SignedInUser }

/** Where whoever has signed in works: the path of its worker. */
export function ownPlace(): { readonly workspace_sid: string; readonly worker_sid: string } {
  const state = session.state.get()
  const { workspace_sid, worker_sid }: Partial<SignedInUser> = 'user' in state ? state.user : {}
  return { workspace_sid: String(workspace_sid), worker_sid: String(worker_sid) }
}

/** Whether who has signed in leads others. */
export function mayLead(state: SessionState): boolean {
  return 'user' in state && state.user.roles.some((role) => role === 'supervisor' || role === 'admin')
}

export class SignInFailed extends Error {
  readonly status: number
  /** Seconds to wait, where there were too many tries. */
  readonly wait_s: number

  constructor(status: number, message: string, wait_s: number) {
    super(message)
    this.status = status
    this.wait_s = wait_s
  }
}

interface Answer {
  readonly user: SignedInUser
  readonly token?: string
  readonly expires_at?: string
}

const path = '/ringdown/v1/Sessions'

/**
 * The session of this browser: a cookie that no script sees, and tokens of minutes that stay in a variable. One of these is
 * asked for at a time, whoever wants one.
 */
class Session {
  readonly state = new Store<SessionState>({ is: 'unknown' })
  #token: { readonly text: string; readonly renewAt: number } | undefined
  #renewing: Promise<string> | undefined
  readonly #listeners = new Set<(token: string) => void>()

  /** Whether this browser is signed in already. */
  async begin(): Promise<void> {
    await this.renew().catch(() => {})
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.#enter(path, { username, password })
  }

  /** By the secret of a link, which lets somebody choose a password once. */
  async setUp(secret: string, password: string): Promise<void> {
    await this.#enter(`${path}/Setup`, { secret, password })
  }

  async signOut(): Promise<void> {
    await sent('DELETE', `${path}/Current`)
    this.#token = undefined
    this.state.set({ is: 'out' })
  }

  /** A token that counts for a while. */
  async token(): Promise<string> {
    const held = this.#token
    return held && performance.now() < held.renewAt ? held.text : this.renew()
  }

  renew(): Promise<string> {
    this.#renewing ??= this.#renewed().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /** Calls a listener with each new token; answers how to stop. */
  onToken(listener: (token: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Another sign-in has taken this one's place, or it was ended elsewhere. */
  lapse(): void {
    const now = this.state.get()
    this.#token = undefined
    if (now.is === 'in') this.state.set({ is: 'lapsed', user: now.user })
  }

  async #renewed(): Promise<string> {
    try {
      const { token = '', expires_at = '', user } = await sent('POST', `${path}/Current/Token`)
      const lasts_ms = lifetimeOf(token, expires_at)
      this.#token = { text: token, renewAt: performance.now() + lasts_ms * 0.8 }
      const now = this.state.get()
      // What somebody may do is taken away as well.
      if (now.is !== 'in' || JSON.stringify(now.user) !== JSON.stringify(user)) this.state.set({ is: 'in', user })
      for (const listener of this.#listeners) listener(token)
      return token
    } catch (error) {
      if (error instanceof SignInFailed && (error.status === 401 || error.status === 403)) {
        this.lapse()
        if (this.state.get().is === 'unknown') this.state.set({ is: 'out' })
      }
      throw error
    }
  }

  async #enter(url: string, body: object): Promise<void> {
    await sent('POST', url, body)
    await this.renew()
  }
}

/** How long a token counts, by its own two instants: the machine's clock is not asked. */
function lifetimeOf(token: string, expires_at: string): number {
  try {
    const [, claims = ''] = token.split('.')
    const { exp, iat, nbf } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as Record<
      string,
      number
    > // our own server's
    const lasts = (exp ?? 0) - (iat ?? nbf ?? 0)
    if (lasts > 0 && lasts < 86_400) return lasts * 1000
  } catch {
    // as long as tokens usually do
  }
  return expires_at === '' ? 60_000 : 600_000
}

async function sent(method: string, url: string, body?: object): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) })
  })
  const text = await response.text()
  const answer = (text.startsWith('{') ? JSON.parse(text) : {}) as Answer & { message?: string } // by the contract
  if (response.ok) return answer
  const wait_s = Number(response.headers.get('retry-after') ?? 0)
  throw new SignInFailed(response.status, answer.message ?? `HTTP ${response.status}`, wait_s)
}

export const session = new Session()
