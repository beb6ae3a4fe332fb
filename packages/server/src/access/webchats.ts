import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJsonObject } from '@ringdown/contract/json-text'
import { defaultLimits } from '@ringdown/engine/webchat/deployment'
import type { WebchatDeploymentRow, WebchatSessionRow } from '@ringdown/engine/webchat/rows'
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { Buckets } from './buckets.ts'
import { type RoleStanding, remembered, type StandingRows, type WebchatStanding } from './caller.ts'
import type { KeyHolder } from './keyring.ts'
import { ownToken, type SessionToken } from './own-token.ts'
import type { Sealing } from './sealing.ts'

/** How long a customer's token lives. */
const token_s = 15 * 60
/** How long a token for a call lives, until it is begun; and how many calls somebody may begin with one. */
const callToken_s = 5 * 60
const callsOfOne = { burst: 3, aSecond: 3 / callToken_s }
/** How long an identity may be signed for, and how far the clock of who signs it may be ahead. */
const maxIdentity_s = 86_400
const leeway_s = 60
/** That somebody types, and has read, of one chat. */
const signs = { burst: 60, aSecond: 10 }

interface WebchatsOptions {
  readonly holders: () => Iterable<KeyHolder>
  readonly sealing: Sealing
  readonly machineNow: () => number
}

/** Who somebody is, as a customer's own server has signed it. */
export interface SignedIdentity {
  readonly sub: string
  readonly name: string | undefined
  readonly email: string | undefined
}

/** An identity is not taken; says why. */
export class IdentityRefused extends Error {
  override name = 'IdentityRefused'
}

/** What a deployment's secret is sealed for. */
export function sealedForWebchat(account_sid: string): string {
  return `${account_sid} webchat`
}

/** A token that is signed by the secret of a session or a deployment. */
interface Signing {
  readonly sid: string
  readonly account_sid: string
  readonly grants: object
  readonly lives_s: number
}

/** Customers on pages: their tokens, the handles by which they come back, and what their own servers say of them. */
export class Webchats {
  readonly #options: WebchatsOptions
  readonly #buckets = new Buckets()

  constructor(options: WebchatsOptions) {
    this.#options = options
  }

  /** A token that opens the one conversation of its session. */
  async token(account_sid: string, session: WebchatSessionRow): Promise<SessionToken> {
    const { sid, identity, chat_service_sid, conversation_sid } = session
    const grants = {
      identity,
      chat: { service_sid: chat_service_sid },
      ringdown: { webchat_session_sid: sid, conversation_sid }
    }
    return this.#signed({ sid, account_sid, grants, lives_s: token_s })
  }

  /** A token by which a customer's page calls the application of a deployment, and nothing else. */
  async callToken(
    account_sid: string,
    { sid, application_sid }: WebchatDeploymentRow,
    { identity, params }: { readonly identity: string; readonly params: Readonly<Record<string, string>> }
  ): Promise<SessionToken> {
    const grants = { identity, voice: { outgoing: { application_sid, params } } }
    return this.#signed({ sid, account_sid, grants, lives_s: callToken_s })
  }

  #signed({ sid: issuer, account_sid, grants, lives_s }: Signing): Promise<SessionToken> {
    const [secret, now] = [this.secretOf(issuer), this.#options.machineNow()]
    return ownToken({ issuer, account_sid, grants, lives_s, secret, now })
  }

  /** Takes one call of somebody who has such a token; whether it may be begun. */
  takeCall(identity: string): boolean {
    return this.#buckets.take(`call ${identity}`, callsOfOne) === 0
  }

  /** What the tokens of a session, or of a deployment's calls, are signed with: it follows from the server's key, and is kept nowhere. */
  secretOf(sid: string): Buffer {
    return this.#options.sealing.derived(`webchat ${sid}`)
  }

  /** The account of a session by which somebody may come in. */
  accountOf(session_sid: string): string | undefined {
    for (const { state, account_sid } of this.#options.holders())
      if (state.resident('webchat_session', session_sid)) return account_sid
    return undefined
  }

  /** Where a deployment is; undefined for one that is not, or not here. */
  deployment(sid: string): { readonly holder: KeyHolder; readonly deployment: WebchatDeploymentRow } | undefined {
    for (const holder of this.#options.holders()) {
      const deployment = holder.state.find('webchat_deployment', sid)
      if (deployment) return { holder, deployment }
    }
    return undefined
  }

  /** All of them. By one that is not enabled nobody begins a chat, and those who are in one go on. */
  deployments(): WebchatDeploymentRow[] {
    return [...this.#options.holders()].flatMap(({ state, account_sid }) =>
      state.tables.webchat_deployment.list('account_sid', account_sid)
    )
  }

  /** Takes one message, or one sign beside messages, of a customer; answers how many seconds it has to wait for it, 0 for none. */
  take(what: 'message' | 'sign', { session_sid, limits }: WebchatStanding): number {
    const { message_burst: burst, messages_per_second: aSecond } = limits
    return this.#buckets.take(`${what} ${session_sid}`, what === 'message' ? { burst, aSecond } : signs)
  }

  /** What a page keeps to come back by, once: whose it is, how many there were before, and that it was made here. */
  handleOf({ sid, generation }: WebchatSessionRow): string {
    return [sid, generation, this.#mark(sid, generation).toString('base64url')].join('.')
  }

  /** What a handle says; undefined for one that was not made here. */
  readHandle(handle: string): { readonly sid: string; readonly generation: number } | undefined {
    const [, sid = '', digits = '', mark = ''] = /^(WB[0-9a-f]{32})\.([1-9]\d{0,9})\.([\w-]{43})$/.exec(handle) ?? []
    const generation = Number(digits)
    const right = this.#mark(sid, generation)
    const given = Buffer.from(mark, 'base64url')
    return given.length === right.length && timingSafeEqual(given, right) ? { sid, generation } : undefined
  }

  #mark(sid: string, generation: number): Buffer {
    return createHmac('sha256', this.#options.sealing.derived('webchat handles'))
      .update(`${sid}.${generation}`)
      .digest()
  }

  /** Reads an identity that is signed with the deployment's secret. Rejects with IdentityRefused. */
  async signedIdentity(account_sid: string, deployment: WebchatDeploymentRow, token: string): Promise<SignedIdentity> {
    const { sealed_secret } = deployment
    const secret = sealed_secret && this.#options.sealing.open(sealed_secret, sealedForWebchat(account_sid))
    if (!secret) throw new IdentityRefused('the deployment has no secret to check it by')
    const now = this.#options.machineNow()
    const { sub, name, email, exp = 0 } = await verified(token, secret, now)
    if (exp - now / 1000 > maxIdentity_s + leeway_s) throw new IdentityRefused('it is signed for more than 24 hours')
    if (typeof sub !== 'string' || sub === '' || sub.length > 200)
      throw new IdentityRefused('its sub must be a text of 1 to 200 characters')
    return { sub, name: textOf(name), email: textOf(email) }
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 256) : undefined
}

async function verified(token: string, secret: string, now: number): Promise<JWTPayload> {
  try {
    decodeJwt(token)
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      requiredClaims: ['sub', 'exp'],
      currentDate: new Date(now)
    })
    return isJsonObject(payload) ? payload : {}
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new IdentityRefused('it is expired', { cause: error })
    if (error instanceof errors.JWSSignatureVerificationFailed)
      throw new IdentityRefused('it is not signed with the secret of the deployment', { cause: error })
    throw new IdentityRefused('it must be a JWT of HS256 with sub and exp', { cause: error })
  }
}

/** What a token for a call of a deployment is worth now: nothing where nobody may call by it any more. */
export function webchatCallStandings(
  deployment_sid: string,
  identity: string | undefined
): (state: StandingRows) => RoleStanding | undefined {
  return remembered(
    (state) => {
      const deployment = state.find('webchat_deployment', deployment_sid)
      return [deployment, state.find('application', deployment?.application_sid)]
    },
    ([deployment, application]) =>
      deployment?.enabled && application
        ? {
            ...{ kind: 'roles', roles: [], identity },
            ...{ workspace_sid: undefined, worker_sid: undefined, chat_service_sid: undefined }
          }
        : undefined
  )
}

/** What a customer's session is worth now: undefined once it has ended. */
export function webchatStandings(session_sid: string): (state: StandingRows) => RoleStanding | undefined {
  return remembered(
    (state) => {
      const session = state.resident('webchat_session', session_sid)
      return [session, state.find('webchat_deployment', session?.deployment_sid)]
    },
    ([session, deployment]) => {
      if (!session || session.status === 'ended') return undefined
      const { identity, chat_service_sid, conversation_sid } = session
      return {
        kind: 'roles',
        roles: [{ role: 'chat', isTaskRouter: false }],
        workspace_sid: undefined,
        worker_sid: undefined,
        identity,
        chat_service_sid,
        webchat: {
          session_sid,
          conversation_sid,
          file_bytes: deployment?.limits.file_bytes ?? 0,
          file_types: deployment?.limits.file_types ?? [],
          limits: deployment?.limits ?? defaultLimits
        }
      }
    }
  )
}
