import { nameKey } from '@ringdown/engine/core/names'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Admission } from '../access/admission.ts'
import type { KeyHolder } from '../access/keyring.ts'
import { type Identity, type Providers, SignInRefused, type Visit } from '../access/providers.ts'
import { messageOf } from '../store/thrown.ts'
import { HttpRefusal, notFound } from './errors.ts'
import { isSecure, type OriginOptions, ownBase } from './origin.ts'

interface SignInOptions {
  readonly admission: Admission
  readonly origin: OriginOptions
  readonly providers: Providers
  /** Below which the paths of sign-in stand. */
  readonly path: string
  /** Milliseconds, by the machine's clock. */
  readonly machineNow: () => number
  /** Sets the cookie of somebody who has signed in. */
  readonly start: (
    request: FastifyRequest,
    reply: FastifyReply,
    holder: KeyHolder,
    flex_user_sid: string
  ) => Promise<void>
}

const cookieName = 'ringdown_visit'
const visit_ms = 10 * 60_000
/** What a visit is sealed for. */
const sealedFor = 'visit'

/**
 * Signing in at a provider: the way there, and the way back. What is remembered meanwhile is in a cookie that only this
 * server can read: a restart in between ends nothing.
 */
export class SignIn {
  readonly #options: SignInOptions

  constructor(options: SignInOptions) {
    this.#options = options
  }

  async leave(request: FastifyRequest, reply: FastifyReply, name: string): Promise<FastifyReply> {
    const { providers, admission, machineNow, path, origin } = this.#options
    if (!providers.has(name)) throw notFound(`/Sessions/Oidc/${name}`)
    const { url, visit } = await providers
      .leave(name, this.#returnUrl(request, name), machineNow() + visit_ms)
      .catch((error: unknown) => {
        throw new HttpRefusal({
          status: 503,
          code: 20503,
          message: `The provider cannot be reached: ${messageOf(error)}`
        })
      })
    const value = admission.sealing.seal(JSON.stringify(visit), sealedFor)
    const secure = isSecure(request.raw, origin) ? '; Secure' : ''
    const cookie = `${cookieName}=${value}; Path=${path}/Oidc; HttpOnly; SameSite=Lax; Max-Age=${visit_ms / 1000}${secure}`
    return reply.header('Set-Cookie', cookie).redirect(url, 302)
  }

  async comeBack(request: FastifyRequest, reply: FastifyReply, name: string): Promise<FastifyReply> {
    const { providers, path, start } = this.#options
    const visit = this.#visitOf(request)
    // Who was sent to one provider comes back from that one.
    if (!visit || visit.provider !== name || !providers.has(name)) throw refusedVisit()
    const query = request.originalUrl.split('?', 2)[1] ?? ''
    try {
      const identity = await providers.comeBack(new URL(`${this.#returnUrl(request, name)}?${query}`), visit)
      const { holder, sid } = await this.#userOf(identity)
      reply.header('Set-Cookie', `${cookieName}=; Path=${path}/Oidc; HttpOnly; SameSite=Lax; Max-Age=0`)
      await start(request, reply, holder, sid)
      return reply.redirect('/desk/', 302)
    } catch (error) {
      if (error instanceof SignInRefused) throw new HttpRefusal({ status: 403, code: 20403, message: error.message })
      throw error
    }
  }

  /** Who is known by the provider's word; a name alone is nobody's proof. Roles are those that the provider gives now. */
  async #userOf({ subject, username, email, full_name, roles, mayBeCreated }: Identity) {
    const { sessions, account } = this.#options.admission
    const known = sessions.bySubject(subject)
    const about = { roles, ...(email !== undefined && { email }), ...(full_name !== undefined && { full_name }) }
    if (known) {
      const { holder, user } = known
      const isSame = user.roles.join() === roles.join() && (email ?? user.email) === user.email
      if (!isSame) await holder.execute({ type: 'flex_user.update', sid: user.sid, ...about })
      return { holder, sid: user.sid }
    }
    const holder = account()
    if (!mayBeCreated || !holder) throw new SignInRefused('The provider knows you, but nobody has let you in here')
    if (username === undefined) throw new SignInRefused('The provider does not say what you are called')
    // By its name it would be in the conversations of whoever has that name there.
    if (await isTaken(holder, username))
      throw new SignInRefused(`Somebody in conversations is called ${username} already: let your administrator add you`)
    const { flex_user } = await holder.execute({ type: 'flex_user.create', username, subject, ...about })
    return { holder, sid: flex_user.sid }
  }

  #visitOf({ headers }: FastifyRequest): Visit | undefined {
    const part = (headers.cookie ?? '').split(';').find((one) => one.trim().startsWith(`${cookieName}=`))
    const sealed = part?.trim().slice(cookieName.length + 1) ?? ''
    const text = this.#options.admission.sealing.open(sealed, sealedFor)
    const visit: Visit | undefined = text === undefined ? undefined : JSON.parse(text) // as `leave` wrote it
    return visit && visit.ends_at > this.#options.machineNow() ? visit : undefined
  }

  #returnUrl(request: FastifyRequest, name: string): string {
    return `${ownBase(request.raw, this.#options.origin)}${this.#options.path}/Oidc/${name}/Callback`
  }
}

/** Whether a name is an identity in conversations: that of a customer, or of a worker. */
async function isTaken(holder: KeyHolder, identity: string): Promise<boolean> {
  if ((await holder.find('user', { identity })).length > 0) return true
  if ((await holder.find('participant', { identity })).length > 0) return true
  const { state, account_sid } = holder
  return [...state.tables.chat_service.by('account_sid', account_sid)].some(
    ({ sid }) => state.tables.participant.firstBy('identity', nameKey(sid, identity)) !== undefined
  )
}

function refusedVisit(): HttpRefusal {
  const message = 'Forbidden: nobody was sent there from this browser within the last ten minutes'
  return new HttpRefusal({ status: 403, code: 20403, message })
}
