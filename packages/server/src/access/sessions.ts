import { createHash, randomBytes } from 'node:crypto'
import type { FlexUserRow, SessionRow } from '@ringdown/engine/access/rows'
import { foldedName } from '@ringdown/engine/core/names'
import { type HeldRole, type RoleStanding, remembered, type StandingRows } from './caller.ts'
import type { KeyHolder } from './keyring.ts'
import { ownToken, type SessionToken } from './own-token.ts'
import { hashOf, isPassword, type PasswordCost } from './passwords.ts'
import type { Sealing } from './sealing.ts'
import { identityOf } from './sight.ts'

/** A session ends when it is not used for so long, and in any case. */
const idle_ms = 12 * 3_600_000
const maxSession_ms = 24 * 3_600_000
/** Between two times that the use of a session is kept. */
const touch_ms = 5 * 60_000
/** How long a token lives that a session gives. */
const token_s = 600
export const setupLink_ms = 30 * 60_000

/** Somebody who is signed in. */
export interface SignedIn {
  readonly holder: KeyHolder
  readonly session: SessionRow
  readonly user: FlexUserRow
}

interface UserSessionsOptions {
  readonly holders: () => Iterable<KeyHolder>
  readonly sealing: Sealing
  /** Milliseconds, by the clock of the accounts. */
  readonly now: () => number
  readonly machineNow: () => number
  /** Of the hashes that are made here; the usual one if it is not said. */
  readonly passwordCost?: PasswordCost | undefined
}

/** People who sign in, with what a browser keeps of it: a cookie whose hash is all that is stored. */
export class UserSessions {
  readonly #options: UserSessionsOptions

  constructor(options: UserSessionsOptions) {
    this.#options = options
  }

  /**
   * Who has this name and this password; undefined for anybody else, whether the name is known or not, after the same time.
   * Rejects with TooManySignIns.
   */
  async byPassword(username: string, password: string): Promise<{ holder: KeyHolder; user: FlexUserRow } | undefined> {
    const found = this.#userBy('username', foldedName(username))
    const isRight = await isPassword(password, found?.user.password, this.#options.passwordCost)
    // The password may have been changed meanwhile.
    return isRight && found && found.holder.state.find('flex_user', found.user.sid)?.password === found.user.password
      ? found
      : undefined
  }

  /** Who has chosen a password by a link. Rejects with the refusal of a link that leads nowhere. */
  async bySetupLink(secret: string, password: string): Promise<{ holder: KeyHolder; user: FlexUserRow } | undefined> {
    const secret_hash = hashOfSecret(secret)
    for (const holder of this.#options.holders()) {
      if (!holder.state.tables.setup_link.firstBy('secret_hash', secret_hash)) continue
      const hash = await hashOf(password, this.#options.passwordCost)
      const { flex_user } = await holder.execute({ type: 'setup_link.use', secret_hash, password: hash })
      return { holder, user: flex_user }
    }
    return undefined
  }

  /** Signs somebody in; answers the cookie's value, which is kept nowhere else. */
  async start(
    holder: KeyHolder,
    flex_user_sid: string
  ): Promise<{ readonly cookie: string; readonly signedIn: SignedIn }> {
    const cookie = newSecret()
    const cookie_hash = hashOfSecret(cookie)
    const { session, flex_user } = await holder.execute({
      type: 'session.start',
      flex_user_sid,
      cookie_hash,
      idle_ms,
      longest_ms: maxSession_ms
    })
    return { cookie, signedIn: { holder, session, user: flex_user } }
  }

  /** Whose cookie it is; undefined for nobody's, and for one of a session that has ended. */
  of(cookie: string): SignedIn | undefined {
    const hash = hashOfSecret(cookie)
    for (const holder of this.#options.holders()) {
      const session = holder.state.tables.session.firstBy('cookie_hash', hash)
      const user = holder.state.find('flex_user', session?.flex_user_sid)
      if (session && user) return { holder, session, user }
    }
    return undefined
  }

  /** Keeps that a session is used, once in a while. */
  async touch({ holder, session }: SignedIn): Promise<void> {
    const used_at = session.idle_at - idle_ms
    if (session.idle_at < session.ends_at && this.#options.now() - used_at > touch_ms)
      await holder.execute({ type: 'session.touch', sid: session.sid, idle_ms })
  }

  /** A token, which is worth nothing once its session is over. */
  async token({ holder, session, user }: SignedIn): Promise<SessionToken> {
    const { account_sid, state } = holder
    const worker = state.find('worker', user.worker_sid)
    const [role] = [...user.roles].sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))
    const grants = {
      identity: worker ? identityOf(worker) : user.username,
      ...(worker && {
        task_router: {
          workspace_sid: worker.workspace_sid,
          worker_sid: worker.sid,
          role: role === 'agent' ? 'worker' : role
        }
      }),
      chat: { service_sid: state.find('conversation_configuration', account_sid)?.default_chat_service_sid },
      ringdown: { user_sid: user.sid, session_sid: session.sid, roles: user.roles }
    }
    const [issuer, secret, now] = [session.sid, this.secretOf(session.sid), this.#options.machineNow()]
    return ownToken({ issuer, account_sid, grants, lives_s: token_s, secret, now })
  }

  /** What the tokens of a session are signed with: it follows from the server's key, and is kept nowhere. */
  secretOf(session_sid: string): Buffer {
    return this.#options.sealing.derived(`session ${session_sid}`)
  }

  /** The account of a session that is under way. */
  accountOf(session_sid: string): string | undefined {
    for (const { state, account_sid } of this.#options.holders())
      if (state.find('session', session_sid)) return account_sid
    return undefined
  }

  /** Who is this at a provider of sign-in. */
  bySubject(subject: string): { holder: KeyHolder; user: FlexUserRow } | undefined {
    return this.#userBy('subject', subject)
  }

  #userBy(index: 'username' | 'subject', key: string): { holder: KeyHolder; user: FlexUserRow } | undefined {
    for (const holder of this.#options.holders()) {
      const user = holder.state.tables.flex_user.firstBy(index, key)
      if (user) return { holder, user }
    }
    return undefined
  }
}

const ranks: readonly string[] = ['agent', 'supervisor', 'admin']

/** 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Of a secret that nobody can guess one round is enough. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/**
 * What a session is worth now: undefined once it is over, and once its user has other roles than its token says, so that
 * whoever holds the token fetches another one.
 */
export function sessionStandings(
  session_sid: string,
  roles: readonly string[]
): (state: StandingRows) => RoleStanding | undefined {
  return remembered(
    (state) => {
      const session = state.find('session', session_sid)
      const user = state.find('flex_user', session?.flex_user_sid)
      const worker = state.find('worker', user?.worker_sid)
      return [session, user, worker, state.find('flex_configuration', state.account_sid)]
    },
    ([_session, user, worker, configuration]) => {
      if (!user || user.roles.join() !== roles.join()) return undefined
      return {
        kind: 'roles',
        roles: user.roles.map((role): HeldRole => ({ role, isTaskRouter: false })),
        workspace_sid: worker?.workspace_sid ?? configuration?.taskrouter_workspace_sid,
        worker_sid: worker?.sid,
        identity: worker ? identityOf(worker) : user.username,
        chat_service_sid: undefined,
        flex_user_sid: user.sid
      }
    }
  )
}
