import { parseForm } from '@ringdown/contract/form'
import { isoMilliseconds } from '@ringdown/contract/instant'
import { isJsonObject } from '@ringdown/contract/json-text'
import { foldedName } from '@ringdown/engine/core/names'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Admission } from '../access/admission.ts'
import type { KeyHolder } from '../access/keyring.ts'
import { weakness } from '../access/passwords.ts'
import type { Providers } from '../access/providers.ts'
import { unknownCaller } from '../access/refusals.ts'
import type { SignedIn } from '../access/sessions.ts'
import { SignInTries } from '../access/tries.ts'
import { safeHeaders } from '../realtime/worker-sdk/hang-up.ts'
import { addressOf } from './address.ts'
import type { Subject } from './answer.ts'
import { HttpRefusal, notAllowed } from './errors.ts'
import { isOwnPage, isSecure, type OriginOptions } from './origin.ts'
import { SignIn } from './sign-in.ts'

interface SessionOptions {
  readonly admission: Admission
  readonly origin: OriginOptions
  /** Where else people may sign in; undefined for nowhere. */
  readonly providers?: Providers | undefined
}

/** What a browser's cookie opens. */
export const sessionsPath = '/ringdown/v1/Sessions'
const path = sessionsPath
const subject: Subject = { id: 'ringdown_v1.session', product: undefined, isPrivate: true }
const maxBodyBytes = 16 * 1024

/** Browsers keep a `__Host-` cookie where it came by TLS. */
const secureName = '__Host-ringdown_session'
/** On the machine itself, where there is no TLS and nobody between. */
const loopbackName = 'ringdown_session'

/**
 * Signing in with a name and a password, and what a browser that has done so may ask: who it is, a token, to sign out. The
 * cookie opens these paths and nothing else; each of them is for our own pages alone, and none has a header of CORS.
 */
export function mountSessions(app: FastifyInstance, options: SessionOptions): void {
  const { origin, admission } = options
  const { sessions } = admission
  const tries = new SignInTries()
  const signedIn = (request: FastifyRequest): SignedIn => {
    const cookie = cookieOf(request, origin)
    const found = cookie === undefined ? undefined : sessions.of(cookie)
    if (!found) throw unknownCaller()
    return found
  }
  const begin = async (request: FastifyRequest, reply: FastifyReply, holder: KeyHolder, flex_user_sid: string) => {
    const { cookie, signedIn } = await sessions.start(holder, flex_user_sid)
    reply.header('Set-Cookie', cookieText(request, origin, cookie))
    return signedIn
  }
  const start = async (request: FastifyRequest, reply: FastifyReply, holder: KeyHolder, flex_user_sid: string) =>
    reply.code(201).send(shown(await begin(request, reply, holder, flex_user_sid)))

  const handlers: Readonly<Record<string, Handler>> = {
    async [`POST ${path}`](request, reply) {
      checkPlace(request, origin)
      const { username, password } = bodyOf(request)
      const [name, address] = [
        `name ${foldedName(username.slice(0, 256))}`,
        `address ${addressOf(request.raw, origin)}`
      ]
      await patience(tries.begin([name, address]), reply)
      const found = await sessions.byPassword(username, password)
      if (!found) throw new HttpRefusal({ status: 401, code: 20003, message: 'The name or the password is wrong' })
      tries.right(name, address)
      return start(request, reply, found.holder, found.user.sid)
    },

    async [`POST ${path}/Setup`](request, reply) {
      checkPlace(request, origin)
      const { secret, password } = bodyOf(request)
      const weak = weakness(password)
      if (weak !== undefined) throw new HttpRefusal({ status: 400, code: 20001, message: weak })
      await patience(tries.begin([`address ${addressOf(request.raw, origin)}`]), reply)
      const found = await sessions.bySetupLink(secret, password)
      if (!found)
        throw new HttpRefusal({
          status: 400,
          code: 20001,
          message: 'The link leads nowhere: it was used, or its time is over'
        })
      return start(request, reply, found.holder, found.user.sid)
    },

    async [`GET ${path}/Current`](request, reply) {
      return reply.send(shown(signedIn(request)))
    },

    async [`POST ${path}/Current/Token`](request, reply) {
      const one = signedIn(request)
      await sessions.touch(one)
      const { token, expires_at } = await sessions.token(one)
      return reply.code(201).send({ token, expires_at: isoMilliseconds(expires_at), ...shown(one) })
    },

    async [`DELETE ${path}/Current`](request, reply) {
      const { holder, session } = signedIn(request)
      await holder.execute({ type: 'session.end', sid: session.sid, reason: 'signed-out' })
      return reply
        .header('Set-Cookie', cookieText(request, origin, '', 0))
        .code(204)
        .send()
    }
  }
  app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.headers(safeHeaders)
    })
    if (options.providers) mountSignIn(scope, options, options.providers, async (...who) => void (await begin(...who)))
    const urls = new Set(Object.keys(handlers).map((route) => route.split(' ')[1] ?? ''))
    for (const url of urls) {
      scope.route({
        method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url,
        exposeHeadRoute: false,
        bodyLimit: maxBodyBytes,
        config: { subject },
        onRequest: (request, _reply, done) => {
          checkOwnPage(request, origin)
          done()
        },
        handler: (request, reply) => (handlers[`${request.method} ${url}`] ?? notAllowed)(request, reply)
      })
    }
  })
}

/** The way to a provider and back: a browser goes it by itself, and comes back from another site. */
function mountSignIn(
  scope: FastifyInstance,
  { admission, origin }: SessionOptions,
  providers: Providers,
  start: ConstructorParameters<typeof SignIn>[0]['start']
): void {
  const signIn = new SignIn({ admission, origin, providers, path, machineNow: () => Date.now(), start })
  const route = (url: string, go: SignIn['leave']) =>
    scope.route({
      method: 'GET',
      url,
      exposeHeadRoute: false,
      config: { subject },
      handler: (request, reply) => {
        checkPlace(request, origin)
        return go.call(signIn, request, reply, (request.params as { provider: string }).provider) // as the URL names it
      }
    })
  route(`${path}/Oidc/:provider`, signIn.leave)
  route(`${path}/Oidc/:provider/Callback`, signIn.comeBack)
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** A browser sends its cookie with whatever any page asks for: only our own pages are answered. */
function checkOwnPage(request: FastifyRequest, origin: OriginOptions): void {
  if (isOwnPage(request.raw, origin)) return
  throw new HttpRefusal({ status: 403, code: 20403, message: 'Forbidden: sessions are for pages of this origin' })
}

/** A cookie that goes in the clear is anybody's. */
function checkPlace(request: FastifyRequest, origin: OriginOptions): void {
  if (isSecure(request.raw, origin) || isLoopback(request)) return
  const message =
    'Forbidden: signing in needs TLS. Give --tls-cert and --tls-key, or a proxy with --public-url https://…'
  throw new HttpRefusal({ status: 403, code: 20403, message })
}

function isLoopback({ raw: { headers, socket } }: FastifyRequest): boolean {
  const { remoteAddress = '' } = socket
  const isNear = remoteAddress === '::1' || /^(?:::ffff:)?127\./.test(remoteAddress)
  return isNear && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i.test(headers.host ?? '')
}

async function patience(wait_ms: number, reply: FastifyReply): Promise<void> {
  if (wait_ms <= 0) return
  reply.raw.setHeader('Retry-After', String(Math.ceil(wait_ms / 1000)))
  throw new HttpRefusal({ status: 429, code: 20429, message: 'Too many tries: wait before the next one' })
}

/** Members of a body, JSON or a form; what is missing is empty. */
function bodyOf({ body, headers }: FastifyRequest): Readonly<Record<'username' | 'password' | 'secret', string>> {
  const text = typeof body === 'string' ? body : ''
  const members = /\bjson\b/i.test(headers['content-type'] ?? '') ? inJson(text) : Object.fromEntries(formIn(text))
  const one = (name: string) => (typeof members[name] === 'string' ? String(members[name]) : '')
  return { username: one('username'), password: one('password'), secret: one('secret') }
}

function formIn(text: string): [string, string][] {
  return [...parseForm(text)].map(([name, values]) => [name, values.at(-1) ?? ''])
}

function inJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (isJsonObject(value)) return value
  throw new HttpRefusal({ status: 400, code: 20001, message: 'The request body is not a JSON object' })
}

function nameOfCookie(request: FastifyRequest, origin: OriginOptions): string {
  return isSecure(request.raw, origin) ? secureName : loopbackName
}

function cookieOf(request: FastifyRequest, origin: OriginOptions): string | undefined {
  const name = nameOfCookie(request, origin)
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key = '', value = ''] = part.trim().split('=', 2)
    if (key === name && value !== '') return value
  }
  return undefined
}

/** Lax, since a provider of sign-in sends people back from its own site. */
function cookieText(request: FastifyRequest, origin: OriginOptions, value: string, maxAge_s?: number): string {
  const name = nameOfCookie(request, origin)
  const parts = [`${name}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
  if (name === secureName) parts.push('Secure')
  if (maxAge_s !== undefined) parts.push(`Max-Age=${maxAge_s}`)
  return parts.join('; ')
}

/** What a page needs to know of who has signed in. */
function shown({ session, user }: SignedIn) {
  const { sid, username, full_name, email, locale, roles, worker_sid, workspace_sid } = user
  return {
    session_sid: session.sid,
    ends_at: isoMilliseconds(Math.min(session.idle_at, session.ends_at)),
    user: { sid, username, full_name, email, locale, roles, worker_sid, workspace_sid }
  }
}
