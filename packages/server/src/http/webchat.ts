import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isoMilliseconds } from '@ringdown/contract/instant'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import { valueIn } from '@ringdown/engine/core/json'
import { Refusal } from '@ringdown/engine/core/refusals'
import { firstMailbox } from '@ringdown/engine/messaging/email'
import { defaultLimits } from '@ringdown/engine/webchat/deployment'
import { filledForm } from '@ringdown/engine/webchat/form'
import type { WebchatDeploymentRow, WebchatSessionRow } from '@ringdown/engine/webchat/rows'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Admission } from '../access/admission.ts'
import { Buckets } from '../access/buckets.ts'
import type { KeyHolder } from '../access/keyring.ts'
import { TokenRefused } from '../access/token.ts'
import type { TokenCaller } from '../access/tokens.ts'
import { IdentityRefused, type SignedIdentity } from '../access/webchats.ts'
import { type Exchange, exchangeOf } from '../commit/exchange.ts'
import { Unavailable } from '../commit/ledger.ts'
import type { Context } from '../operations/handler.ts'
import { isWithinHours } from '../operations/ringdown/webchat-hours.ts'
import { shownSession } from '../realtime/webchat/frames.ts'
import { addressOf } from './address.ts'
import type { Subject } from './answer.ts'
import { HttpRefusal, NotImplemented, notAllowed, refused } from './errors.ts'
import { isOwnPage, type OriginOptions } from './origin.ts'
import { Turns } from './turns.ts'
import { asked } from './webchat-calls.ts'
import { begunOnce, onceKeyOf } from './webchat-once.ts'
import { addressOfCustomer, transcriptOf } from './webchat-transcript.ts'

export interface WebchatOptions {
  readonly admission: Admission
  readonly origin: OriginOptions
  /** What operations of an account work with. Throws Unavailable while it is not open here. */
  readonly contextFor: (account_sid: string, exchange?: Exchange) => Context
  readonly log: Logger
}

const sessionsPath = '/ringdown/v1/Webchat/Sessions'
const callsPath = '/ringdown/v1/Webchat/Calls'
/** Where the public web chat clients look for their back end (reference flex 15.2). */
const apiPath = '/webchat/api'
/** What a deployment shows without credentials; the address that pages know is led here. */
const publicPath = '/webchat/deployments'

const subject: Subject = { id: 'ringdown_v1.webchat', product: undefined, isPrivate: true }
const maxBodyBytes = 64 * 1024

/** Tries to come back, and new tokens, of one network. */
const returns = { burst: 60, aSecond: 1 }
/** Transcripts of one chat. */
const transcripts = { burst: 3, aSecond: 3 / 3600 }

/** Leads a request without credentials for a deployment to what is public of it. */
export function publicWebchatUrl({ method, headers }: IncomingMessage, url: string): string {
  if (method !== 'GET' || headers.authorization) return url
  const [, sid] = /^\/ringdown\/v1\/Webchat\/Deployments\/(WD[0-9a-f]{32})\/?(?:\?|$)/.exec(url) ?? []
  return sid === undefined ? url : `${publicPath}/${sid}`
}

/** Whether paths below are for pages of deployments, which are answered by their origins. */
export function isWebchatPath(url: string): boolean {
  return [sessionsPath, callsPath, apiPath].some((path) => url.startsWith(path))
}

/**
 * What customers' pages may ask without credentials of ours: to begin a chat or to come back to one, and what the public web
 * chat clients ask their own back end. No cookie, so nothing that a browser would send along by itself; CORS names the
 * origin, which must be one of the deployment's, and allows no credentials.
 */
export function mountWebchat(app: FastifyInstance, options: WebchatOptions): void {
  const doors = new WebchatDoors(options)
  app.register(async (scope) => {
    const post = (url: string, answer: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) => {
      const settings = { url, exposeHeadRoute: false, bodyLimit: maxBodyBytes, config: { subject } }
      const onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        doors.checkPage(request.raw, reply)
        done()
      }
      scope.route({ ...settings, method: 'POST', onRequest, handler: answer })
      scope.route({
        ...settings,
        method: 'OPTIONS',
        handler: (request, reply) => {
          doors.checkPage(request.raw, reply)
          return reply.code(204).headers(preflight).send()
        }
      })
      // The list of sessions is an operation, and stands at the same path.
      if (url !== sessionsPath)
        scope.route({ ...settings, method: ['GET', 'PUT', 'PATCH', 'DELETE'], handler: notAllowed })
    }
    post(sessionsPath, (request, reply) => doors.session(request, reply))
    post(callsPath, (request, reply) => doors.call(request, reply))
    post(`${apiPath}/initWebchat`, (request, reply) => doors.initWebchat(request, reply))
    post(`${apiPath}/refreshToken`, (request, reply) => doors.refreshToken(request, reply))
    post(`${apiPath}/email`, (request, reply) => doors.email(request, reply))
  })
  app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      if (reply.statusCode === 200) reply.header('Cache-Control', 'public, max-age=300')
    })
    scope.route({
      method: 'GET',
      url: `${publicPath}/:sid`,
      exposeHeadRoute: false,
      config: { subject: { id: 'ringdown_v1.webchat_deployment', product: undefined } satisfies Subject },
      handler: (request, reply) => doors.deployment(request, reply)
    })
  })
}

const preflight = {
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Accept, Content-Type, Idempotency-Key',
  'Access-Control-Max-Age': '600'
} as const

/** What somebody brings to begin a chat. */
interface Beginning {
  readonly holder: KeyHolder
  readonly deployment: WebchatDeploymentRow
  readonly signed: SignedIdentity | undefined
  readonly form: unknown
  /** The request's Idempotency-Key. */
  readonly once?: string | undefined
}

class WebchatDoors {
  readonly #options: WebchatOptions
  readonly #buckets = new Buckets()
  /** Who says the first words of a chat. */
  readonly #greetings = new Turns()

  constructor(options: WebchatOptions) {
    this.#options = options
  }

  get #webchats() {
    return this.#options.admission.webchats
  }

  /** Refuses pages that may use no deployment at all; which one a page may use, its key says. */
  checkPage(request: IncomingMessage, reply: FastifyReply): void {
    const { origin } = request.headers
    const isKnown = this.#webchats.deployments().some((one) => mayUse(one, request, this.#options.origin))
    if (!isKnown && !isOwnPage(request, this.#options.origin)) throw new HttpRefusal(foreign)
    reply.raw.setHeader('Vary', 'Origin')
    if (origin !== undefined) reply.raw.setHeader('Access-Control-Allow-Origin', origin)
  }

  async deployment(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { sid = '' } = request.params as { readonly sid?: string } // as the URL names it
    const found = this.#webchats.deployment(sid)
    // As everything else that is there only for who is known.
    if (!found) throw new HttpRefusal(refused.authenticate)
    const { state, now } = this.#options.contextFor(found.holder.account_sid)
    // Who has credentials is shown more, at the same address.
    return reply
      .header('Vary', 'Authorization')
      .header('Access-Control-Allow-Origin', '*')
      .header('Content-Type', 'application/json')
      .send(JSON.stringify(shownDeployment(state, found.deployment, now())))
  }

  /** Begins a chat, or comes back to one. */
  async session(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = bodyOf(request)
    const { holder, deployment } = this.#deploymentOf(request, textIn(body.key) ?? textIn(body.deployment_sid))
    const signed = await this.#signedIn(holder, deployment, textIn(body.identity_token))
    const handle = textIn(body.resume)
    const once = onceKeyOf(request)
    const found =
      handle === undefined
        ? await this.#begin(request, reply, { holder, deployment, signed, form: body.form, once })
        : await this.#resume(request, reply, { holder, deployment, signed, handle })
    const { token, expires_at } = await this.#webchats.token(holder.account_sid, found)
    return reply.code(handle === undefined ? 201 : 200).send({
      ...shownSession(found),
      token,
      expires_at: isoMilliseconds(expires_at),
      resume: this.#webchats.handleOf(found)
    })
  }

  /** Lets a page call the deployment's application: answers the token that the voice SDK takes. */
  async call(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = bodyOf(request)
    const { holder, deployment } = this.#deploymentOf(request, textIn(body.key) ?? textIn(body.deployment_sid))
    const { account_sid, state } = holder
    const { application_sid = null, limits } = deployment
    if (!deployment.enabled || !state.find('application', application_sid)) throw new HttpRefusal(noCalls)
    const signed = await this.#signedIn(holder, deployment, textIn(body.identity_token))
    const calls_per_hour = limits.calls_per_hour ?? defaultLimits.calls_per_hour ?? 1
    const network = addressOf(request.raw, this.#options.origin)
    this.#wait(reply, [
      [`calls of ${deployment.sid}`, network, { burst: calls_per_hour, aSecond: calls_per_hour / 3600 }],
      ...this.#inAll(holder)
    ])
    const identity = signed ? `web:${signed.sub}` : randomBytes(16).toString('hex')
    // What the page says of itself comes with the call; this is said here.
    const params = {
      WebchatDeploymentSid: deployment.sid,
      CustomerVerified: String(signed !== undefined),
      ...(signed?.name && { CustomerName: signed.name }),
      ...(signed?.email && { CustomerEmail: signed.email })
    }
    const { token, expires_at } = await this.#webchats.callToken(account_sid, deployment, { identity, params })
    return reply.code(201).send({ identity, token, expires_at: isoMilliseconds(expires_at) })
  }

  /** How many strangers an account takes each second. */
  #inAll({ account_sid, state }: KeyHolder): (readonly [string, string, Parameters<Buckets['take']>[1]])[] {
    const { webchat_chats } = state.settings.rates
    return webchat_chats === null ? [] : [['chats', account_sid, { burst: webchat_chats, aSecond: webchat_chats }]]
  }

  /** Begins a chat as the sample's back end does; nobody comes back by it, since such clients keep the token. */
  async initWebchat(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = bodyOf(request)
    const { holder, deployment } = this.#deploymentOf(request, textIn(body.deploymentKey) ?? textIn(body.key))
    const signed = await this.#signedIn(holder, deployment, textIn(body.identityToken))
    const session = await this.#begin(request, reply, { holder, deployment, signed, form: body.formData })
    const { token, expires_at } = await this.#webchats.token(holder.account_sid, session)
    return reply.send({ token, conversationSid: session.conversation_sid, expiration: expires_at })
  }

  async refreshToken(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { token: given } = bodyOf(request)
    this.#wait(reply, [['return', addressOf(request.raw, this.#options.origin), returns]])
    const { session, account_sid } = await this.#sessionOf(textIn(given) ?? '')
    const deployment = this.#webchats.deployment(session.deployment_sid)?.deployment
    if (!deployment || !mayUse(deployment, request.raw, this.#options.origin)) throw new HttpRefusal(foreign)
    const { execute } = this.#contextOf(account_sid, reply, session.identity)
    await execute({ type: 'webchat_session.touch', sid: session.sid })
    const { token, expires_at } = await this.#webchats.token(account_sid, session)
    return reply.send({ token, expiration: expires_at })
  }

  /** Sends the customer what was said, by e-mail: to its own address alone, or anybody could have letters sent to anybody. */
  async email(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = bodyOf(request)
    const { session, account_sid } = await this.#sessionOf(textIn(body.token) ?? '')
    const context = this.#contextOf(account_sid, reply, session.identity)
    const from = firstMailbox(context.state)
    if (from === null) throw new NotImplemented('Transcripts are not sent by e-mail: no carrier for it is connected')
    const to = addressOfCustomer(context, session)
    const wanted = textIn(body.recipientAddress) ?? to
    if (to === undefined || wanted?.toLowerCase() !== to.toLowerCase())
      throw new HttpRefusal({
        status: 403,
        code: 20403,
        message: 'Forbidden: a transcript goes to the address of the form alone'
      })
    this.#wait(reply, [['transcripts of', session.sid, transcripts]])
    const text = await transcriptOf(context, session)
    if (text !== '')
      await context.execute({ type: 'channel_message.create', from, to, body: text, subject: 'Your chat with us' })
    return reply.code(202).send({ message: 'Transcript email sent' })
  }

  /** Begins a chat; under a key, once: who asks again is led to the chat that the first request has begun. */
  async #begin(request: FastifyRequest, reply: FastifyReply, asked: Beginning): Promise<WebchatSessionRow> {
    const { holder, deployment, signed, form, once } = asked
    // Who has left something out tries again, as often as need be.
    filledForm(deployment.form, form)
    // A customer's own server may name people as colleagues are named: nobody becomes one of them by that.
    const identity = signed ? `web:${signed.sub}` : randomBytes(16).toString('hex')
    const context = this.#contextOf(holder.account_sid, reply, identity)
    const open = async ({ answer }: Context): Promise<WebchatSessionRow> => {
      this.#waitToBegin(request, reply, asked)
      const session = await answer(
        {
          type: 'webchat_session.open',
          deployment_sid: deployment.sid,
          identity,
          ...(form !== undefined && { form }),
          ...(signed && {
            verified: { ...(signed.name && { name: signed.name }), ...(signed.email && { email: signed.email }) }
          }),
          outside_hours: !isWithinHours(context.state, deployment.hours, context.now())
        },
        ({ webchat_session }) => webchat_session
      )
      await this.#sayFirst(session, deployment, form, context)
      return session
    }
    if (once === undefined) return open(context)
    this.#wait(reply, [['return', addressOf(request.raw, this.#options.origin), returns]])
    const session = await begunOnce(context, { deployment, signed, form, once }, open)
    // A server that was stopped in between may have said nothing yet, or half of it.
    if (session.status === 'open')
      await this.#sayFirst(session, deployment, form, this.#contextOf(holder.account_sid, reply, session.identity))
    return session
  }

  #waitToBegin(request: FastifyRequest, reply: FastifyReply, { holder, deployment }: Beginning): void {
    const { chats_per_hour } = deployment.limits
    const network = addressOf(request.raw, this.#options.origin)
    this.#wait(reply, [
      [`chats of ${deployment.sid}`, network, { burst: chats_per_hour, aSecond: chats_per_hour / 3600 }],
      ...this.#inAll(holder)
    ])
  }

  /**
   * What the customer has asked in the form is its first message, and is answered with a word of welcome: each once, however
   * many requests at once begin the same chat.
   */
  #sayFirst(
    session: WebchatSessionRow,
    deployment: WebchatDeploymentRow,
    form: unknown,
    context: Context
  ): Promise<void> {
    return this.#greetings.take(session.sid, async () => {
      const { next_index = 0 } = context.state.resident('conversation', session.conversation_sid) ?? {}
      if (next_index >= 2) return
      const said = next_index === 0 ? [] : await authorsIn(context, session.conversation_sid)
      if (said.includes(greeter)) return
      await this.#greet(session, deployment, { query: said.length > 0 ? undefined : queryIn(form), context })
    })
  }

  async #greet(
    session: WebchatSessionRow,
    deployment: WebchatDeploymentRow,
    { query, context }: { readonly query: string | undefined; readonly context: Context }
  ): Promise<void> {
    const { account_sid, chat_service_sid, conversation_sid } = session
    const { token } = await this.#webchats.token(account_sid, session)
    const caller = await this.#options.admission.tokens.caller(token)
    const path = { chat_service_sid, conversation_sid }
    try {
      if (query)
        await asked(
          'conversations_v1.CreateServiceConversationMessage',
          caller,
          { path, params: { body: query } },
          context
        )
    } catch (error) {
      // What may pass is no reason to welcome somebody who was not heard: who asks again under the key is heard then.
      if (error instanceof Unavailable) throw error
      // A webhook may refuse what is said first: the chat has begun all the same. Its words may stand in the error.
      if (!(error instanceof Refusal))
        this.#options.log.warn(
          { reason: error instanceof Error ? error.name : 'unknown' },
          'the first message of a web chat was not taken'
        )
    }
    const welcome = textsOf(deployment).welcome
    if (typeof welcome === 'string' && welcome.trim() !== '')
      await context.execute({ type: 'message.create', ...path, author: greeter, body: welcome.slice(0, 4096) })
  }

  async #resume(
    request: FastifyRequest,
    reply: FastifyReply,
    {
      holder,
      deployment,
      signed,
      handle
    }: {
      readonly holder: KeyHolder
      readonly deployment: WebchatDeploymentRow
      readonly signed: SignedIdentity | undefined
      readonly handle: string
    }
  ): Promise<WebchatSessionRow> {
    this.#wait(reply, [['return', addressOf(request.raw, this.#options.origin), returns]])
    const read = this.#webchats.readHandle(handle)
    const session = read && holder.state.resident('webchat_session', read.sid)
    if (!read || !session || session.status === 'ended' || session.deployment_sid !== deployment.sid)
      throw new HttpRefusal(leadsNowhere)
    // Who is somebody else by now begins a chat of its own.
    if (signed && session.identity !== `web:${signed.sub}`) throw new HttpRefusal(leadsNowhere)
    const { execute } = this.#contextOf(holder.account_sid, reply, session.identity)
    const { webchat_session, isStolen } = await execute({ type: 'webchat_session.resume', ...read })
    if (!isStolen) return webchat_session
    this.#options.log.warn({ webchat_session_sid: session.sid }, 'a handle of a web chat was used by two: it has ended')
    throw new HttpRefusal(leadsNowhere)
  }

  #contextOf(account_sid: string, reply: FastifyReply, identity: string): Context {
    return this.#options.contextFor(account_sid, exchangeOf(reply.raw, { actor: { type: 'customer', sid: identity } }))
  }

  /** The session of a token of ours: 403 for every other token, since the clients know no other answer. */
  async #sessionOf(token: string): Promise<{ readonly session: WebchatSessionRow; readonly account_sid: string }> {
    const { admission, contextFor } = this.#options
    let caller: TokenCaller
    try {
      caller = await admission.tokens.caller(token)
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      throw new HttpRefusal({ status: 403, code: error.code, message: error.message })
    }
    const standing = caller.standing()
    const sid = standing?.kind === 'roles' ? standing.webchat?.session_sid : undefined
    const session = contextFor(caller.account_sid).state.resident('webchat_session', sid)
    if (!session) throw new HttpRefusal({ status: 403, code: 20403, message: 'Forbidden: the token is no customer’s' })
    return { session, account_sid: caller.account_sid }
  }

  /** By its key; without one, the only one that the page may use. */
  #deploymentOf(request: FastifyRequest, key: string | undefined) {
    const { origin } = this.#options
    const usable = () => this.#webchats.deployments().filter((one) => one.enabled && mayUse(one, request.raw, origin))
    const [only, another] = key === undefined ? usable() : []
    const sid = key ?? (another ? undefined : only?.sid)
    const found = sid === undefined ? undefined : this.#webchats.deployment(sid)
    if (!found)
      throw new HttpRefusal({
        status: key === undefined ? 400 : 404,
        code: key === undefined ? 20001 : 20404,
        message:
          key === undefined ? 'The key of a deployment is expected' : `There is no deployment ${key.slice(0, 64)}`
      })
    if (!mayUse(found.deployment, request.raw, origin)) throw new HttpRefusal(foreign)
    return found
  }

  async #signedIn(
    { account_sid }: KeyHolder,
    deployment: WebchatDeploymentRow,
    token: string | undefined
  ): Promise<SignedIdentity | undefined> {
    if (token === undefined) return undefined
    try {
      return await this.#webchats.signedIdentity(account_sid, deployment, token)
    } catch (error) {
      if (!(error instanceof IdentityRefused)) throw error
      const message = `Forbidden: the identity is not taken: ${error.message}`
      throw new HttpRefusal({ status: 403, code: 20403, message })
    }
  }

  #wait(
    reply: FastifyReply,
    all: readonly (readonly [what: string, of: string, Parameters<Buckets['take']>[1]])[]
  ): void {
    for (const [what, of, allowance] of all) {
      const seconds = this.#buckets.take(`${what} ${of}`, allowance)
      if (seconds === 0) continue
      reply.raw.setHeader('Retry-After', String(seconds))
      throw new HttpRefusal({ status: 429, code: 20429, message: `Too many requests: try again in ${seconds} s` })
    }
  }
}

/** Who welcomes customers. */
const greeter = 'Concierge'

function queryIn(form: unknown): string | undefined {
  return isJsonObject(form) ? textIn(form.query)?.trim() : undefined
}

/** Who has said the first messages of a conversation. */
async function authorsIn({ ledger }: Context, conversation_sid: string): Promise<readonly string[]> {
  await ledger.settled()
  const rows = await ledger.page({
    kind: 'message',
    where: [['conversation_sid', '=', conversation_sid]],
    order: ['index'],
    descending: false,
    limit: 2
  })
  return rows.map(({ author }) => author)
}

const foreign = { status: 403, code: 20403, message: 'Forbidden: the page is of an origin that is not allowed here' }
const noCalls = { status: 403, code: 20403, message: 'Forbidden: nobody calls by this deployment' }
const leadsNowhere = { status: 403, code: 20403, message: 'Forbidden: the handle leads to no chat any more' }

/** Whether a page may use a deployment: one of the allowed origins, or a page of our own. */
export function mayUse(
  { allowed_origins }: WebchatDeploymentRow,
  request: IncomingMessage,
  origin: OriginOptions
): boolean {
  const { origin: page } = request.headers
  return (page !== undefined && allowed_origins.includes(page.toLowerCase())) || isOwnPage(request, origin)
}

function textsOf({ texts }: WebchatDeploymentRow): Readonly<Record<string, unknown>> {
  return JSON.parse(texts) // an object, as was checked when it was given
}

/** What everybody may know of a deployment. */
export function shownDeployment(state: State, row: WebchatDeploymentRow, now: number): object {
  const { sid, enabled, theme, texts, form, hours, rating, limits, application_sid = null } = row
  const { message_bytes, file_bytes, file_types } = limits
  return {
    sid,
    key: sid,
    enabled,
    theme: JSON.parse(theme),
    texts: JSON.parse(texts),
    form: JSON.parse(form),
    hours: JSON.parse(hours),
    is_open: isWithinHours(state, hours, now),
    rating,
    calls: application_sid !== null,
    limits: { message_bytes, file_bytes, file_types }
  }
}

/** Members of a body of JSON; a form's are texts. */
function bodyOf({ body, headers }: FastifyRequest): Readonly<Record<string, unknown>> {
  const text = typeof body === 'string' ? body : ''
  const type = headers['content-type'] ?? ''
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Object.fromEntries(new URLSearchParams(text))
  const value = valueIn(text)
  if (isJsonObject(value)) return value
  throw new HttpRefusal({ status: 400, code: 20001, message: 'The request body is not a JSON object' })
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
