import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import type { Actor } from '@ringdown/engine/core/events'
import { Unavailable } from '../commit/ledger.ts'
import { type Caller, type HeldRole, type RoleStanding, remembered, type StandingRows, untilChanged } from './caller.ts'
import type { Keyring } from './keyring.ts'
import { sessionStandings, type UserSessions } from './sessions.ts'
import { identityOf } from './sight.ts'
import { readToken, refuseToken, type Signer, type Token, TokenRefused } from './token.ts'
import { type Webchats, webchatCallStandings, webchatStandings } from './webchats.ts'

/** Somebody who came with a token. */
export interface TokenCaller extends Caller {
  /** Who has signed it: an account, a key, a session, or a deployment of web chat. */
  readonly issuer: string
  /** Milliseconds, by the machine's clock. */
  readonly expires_at: number
  /** What the token says; what of it still holds, `standing` says. */
  readonly grants: Grants
}

/** The grants of a token that mean something here, in the layout of Twilio's helper library (reference rest-conventions 7). */
export interface Grants {
  readonly identity: string | undefined
  readonly task_router:
    | { readonly workspace_sid: string; readonly worker_sid: string | undefined; readonly role: TaskRouterRole }
    | undefined
  readonly chat: { readonly service_sid: string | undefined } | undefined
  /** Of a device that calls and is called. */
  readonly voice: VoiceGrant | undefined
  /** Of our own tokens. */
  readonly ringdown: { readonly user_sid: string; readonly roles: readonly string[] } | undefined
}

/** What a token lets a device do (reference rest-conventions 7). */
export interface VoiceGrant {
  readonly incoming: boolean
  readonly outgoing: { readonly application_sid: string; readonly params: Readonly<Record<string, string>> } | undefined
}

/** What a token lets its holder do in TaskRouter (reference taskrouter 9.8). */
export type TaskRouterRole = 'worker' | 'supervisor' | 'admin'

interface TokensOptions {
  /** An account's auth token, which signs for the account itself; undefined for an account that is not known. */
  readonly authToken: (account_sid: string) => string | undefined
  readonly keyring: Keyring
  readonly sessions: UserSessions
  readonly webchats: Webchats
  /** The account's rows; undefined while it is not open here. */
  readonly stateOf: (account_sid: string) => State | undefined
  /** Whether all accounts are open here. */
  readonly isWhole: () => boolean
  /** Milliseconds; the machine's own, under a test clock too. */
  readonly machineNow: () => number
}

/** Tokens whose signature need not be checked again. */
const maxKnown = 10_000

/** The one verifier of bearer tokens, whichever door they come to. */
export class Tokens {
  readonly #options: TokensOptions
  readonly #known = new Map<string, TokenCaller>()

  constructor(options: TokensOptions) {
    this.#options = options
  }

  /**
   * Who brings a token: at once where it is known already. Throws and rejects with TokenRefused, and with Unavailable while
   * the account is not open here.
   */
  caller(token: string): TokenCaller | Promise<TokenCaller> {
    const known = this.#known.get(token)
    if (!known) return this.#read(token)
    if (known.standing()) return known
    this.#checkOpen(known.account_sid)
    this.#known.delete(token)
    return refuseToken(known.expires_at <= this.#options.machineNow() ? 'expired' : 'issuer')
  }

  async #read(token: string): Promise<TokenCaller> {
    const { keyring, machineNow } = this.#options
    const read = await readToken(token, (issuer) => this.#signer(issuer), machineNow())
    const key = keyring.find(read.issuer)
    if (key) keyring.used(key)
    this.#checkOpen(read.account_sid)
    const caller = this.#callerOf(read)
    if (!caller.standing()) throw new TokenRefused('grants')
    if (this.#known.size >= maxKnown) this.#forgetSome()
    this.#known.set(token, caller)
    return caller
  }

  #checkOpen(account_sid: string): void {
    if (!this.#options.stateOf(account_sid)) throw new Unavailable(`account ${account_sid} is not served here`)
  }

  #signer(issuer: string): Signer | undefined {
    const { authToken, keyring, sessions, webchats, isWhole } = this.#options
    const session = issuer.startsWith('SN') ? sessions.accountOf(issuer) : undefined
    if (session !== undefined) return { account_sid: session, secret: sessions.secretOf(issuer) }
    const webchat = issuer.startsWith('WB') ? webchats.accountOf(issuer) : undefined
    if (webchat !== undefined) return { account_sid: webchat, secret: webchats.secretOf(issuer) }
    const deployment = issuer.startsWith('WD') ? webchats.deployment(issuer) : undefined
    if (deployment) return { account_sid: deployment.holder.account_sid, secret: webchats.secretOf(issuer) }
    const secret = authToken(issuer)
    if (secret !== undefined) return { account_sid: issuer, secret }
    const key = keyring.find(issuer)
    if (!key && /^(?:S[KN]|W[BD])/.test(issuer) && !isWhole())
      throw new Unavailable(`who has signed as ${issuer} is not known yet`)
    // A key that may do less than all makes no tokens that may do something else (reference rest-conventions 1).
    if (!key || key.row.key_type === 'restricted') return undefined
    return { account_sid: key.caller.account_sid, secret: key.secret }
  }

  #callerOf(token: Token): TokenCaller {
    const { account_sid, issuer, expires_at } = token
    const grants = grantsOf(token)
    const { keyring, stateOf, machineNow, authToken } = this.#options
    const own = issuer.startsWith('SN') ? grants.ringdown : undefined
    const actor: Actor | undefined = own ? { type: 'user', sid: own.user_sid } : actorOf(grants, issuer)
    const standingIn = own
      ? sessionStandings(issuer, own.roles)
      : issuer.startsWith('WB')
        ? webchatStandings(issuer)
        : issuer.startsWith('WD')
          ? webchatCallStandings(issuer, grants.identity)
          : standingsOf(grants)
    const isOfSession = own !== undefined || /^W[BD]/.test(issuer)
    const signs = () => isOfSession || authToken(issuer) !== undefined || keyring.find(issuer) !== undefined
    const inRows = untilChanged(
      () => stateOf(account_sid),
      (state) => (signs() ? standingIn(state) : undefined)
    )
    const standing = () => (expires_at > machineNow() ? inRows() : undefined)
    return { account_sid, issuer, expires_at, grants, actor, standing }
  }

  /** The oldest half: those of callers who still come are read again. */
  #forgetSome(): void {
    let left = maxKnown / 2
    for (const token of this.#known.keys()) {
      if (left-- <= 0) return
      this.#known.delete(token)
    }
  }
}

/** Whoever holds a token acts as the worker or the customer that it names; who leads a workspace by one, as its key. */
function actorOf({ task_router, identity }: Grants, issuer: string): Actor | undefined {
  if (task_router?.worker_sid) return { type: 'worker', sid: task_router.worker_sid }
  if (identity !== undefined && !task_router) return { type: 'customer', sid: identity }
  return issuer.startsWith('SK') ? { type: 'key', sid: issuer } : undefined
}

/** What grants are worth now: a worker who is gone, or a service, takes them along. */
function standingsOf({ identity, task_router, chat }: Grants): (state: StandingRows) => RoleStanding | undefined {
  const ofChat = identity === undefined ? undefined : chat
  return remembered(
    (state) => [
      state.find('workspace', task_router?.workspace_sid),
      state.find('worker', task_router?.worker_sid),
      state.find('chat_service', ofChat?.service_sid)
    ],
    ([workspace, worker, service]) => {
      const roles: HeldRole[] = []
      if (task_router) {
        if (!workspace) return undefined
        if (task_router.worker_sid && worker?.workspace_sid !== task_router.workspace_sid) return undefined
        roles.push({ role: task_router.role === 'worker' ? 'agent' : task_router.role, isTaskRouter: true })
      }
      if (ofChat) {
        if (ofChat.service_sid !== undefined && !service) return undefined
        roles.push({ role: 'chat', isTaskRouter: false })
      }
      return {
        kind: 'roles',
        roles,
        workspace_sid: task_router?.workspace_sid,
        worker_sid: task_router?.worker_sid,
        identity: identity ?? (worker && identityOf(worker)),
        chat_service_sid: chat?.service_sid
      }
    }
  )
}

function grantsOf({ grants: { identity, task_router, chat, voice, ringdown } }: Token): Grants {
  if (identity !== undefined && typeof identity !== 'string') refuseToken('grants')
  return {
    identity: identity || undefined,
    task_router: isJsonObject(task_router) ? taskRouterGrant(task_router) : undefined,
    chat: isJsonObject(chat) ? { service_sid: sidIn('IS', chat.service_sid) } : undefined,
    voice: isJsonObject(voice) ? voiceGrant(voice) : undefined,
    // What is of a web chat is looked up by its session, which has signed the token.
    ringdown: isJsonObject(ringdown) && ringdown.webchat_session_sid === undefined ? ownGrant(ringdown) : undefined
  }
}

function taskRouterGrant({
  workspace_sid,
  worker_sid,
  role
}: Readonly<Record<string, unknown>>): Grants['task_router'] {
  const workspace = sidIn('WS', workspace_sid) ?? refuseToken('grants')
  const worker = sidIn('WK', worker_sid)
  if (role !== 'worker' && role !== 'supervisor' && role !== 'admin') return refuseToken('grants')
  // Lists of a workspace are asked for by who is none of its workers.
  if (role === 'worker' && worker === undefined) return refuseToken('grants')
  return { workspace_sid: workspace, worker_sid: worker, role }
}

/** As Twilio's helper library writes it; `params` may be given as an object or as a text of a form. */
function voiceGrant({ incoming, outgoing }: Readonly<Record<string, unknown>>): VoiceGrant {
  const application_sid = isJsonObject(outgoing) ? sidIn('AP', outgoing.application_sid) : undefined
  const params = isJsonObject(outgoing) ? outgoing.params : undefined
  const fields =
    typeof params === 'string' ? [...new URLSearchParams(params)] : Object.entries(isJsonObject(params) ? params : {})
  return {
    incoming: isJsonObject(incoming) && incoming.allow === true,
    outgoing:
      application_sid === undefined
        ? undefined
        : { application_sid, params: Object.fromEntries(fields.map(([name, value]) => [name, String(value)])) }
  }
}

function ownGrant({ user_sid, roles }: Readonly<Record<string, unknown>>): Grants['ringdown'] {
  const isRight = Array.isArray(roles) && roles.every((role) => typeof role === 'string')
  return { user_sid: sidIn('FU', user_sid) ?? refuseToken('grants'), roles: isRight ? roles : refuseToken('grants') }
}

/** Undefined where there is none; refused where it is none of these. */
function sidIn(prefix: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const isSid = typeof value === 'string' && value.startsWith(prefix) && /^..[0-9a-fA-F]{32}$/.test(value)
  return isSid ? value : refuseToken('grants')
}
