import type { IncomingMessage } from 'node:http'
import { InvalidRequest } from '@ringdown/contract/form'
import { isoMilliseconds } from '@ringdown/contract/instant'
import { defaultLimits } from '@ringdown/engine/webchat/deployment'
import type { WebchatLimits } from '@ringdown/engine/webchat/rows'
import type { FastifyInstance } from 'fastify'
import { type Allowance, Buckets } from '../access/buckets.ts'
import type { TokenCaller } from '../access/tokens.ts'
import type { Account } from '../commit/account.ts'
import { Unavailable } from '../commit/ledger.ts'
import type { Feeds } from '../realtime/feed/feeds.ts'
import { onUpgrade } from '../realtime/upgrade.ts'
import type { AdmittedPage, PageAnswers } from '../realtime/webchat/connection.ts'
import { type PageFrame, shownSession } from '../realtime/webchat/frames.ts'
import { WebchatHub } from '../realtime/webchat/hub.ts'
import { type WebchatSocketLimits, WebchatSockets } from '../realtime/webchat/sockets.ts'
import { addressOf } from './address.ts'
import type { Subject } from './answer.ts'
import { envelopeOf, HttpRefusal, notAllowed } from './errors.ts'
import { isOwnPage } from './origin.ts'
import { mayUse, type WebchatOptions } from './webchat.ts'
import { asked, historyOf, sendMessage, snapshotOf, within } from './webchat-calls.ts'

export interface WebchatSocketOptions extends WebchatOptions {
  readonly account: (account_sid: string) => Account | undefined
  readonly feeds: Feeds
  readonly limits?: Partial<WebchatSocketLimits> | undefined
}

const path = '/ringdown/v1/Webchat/Socket'
const subject: Subject = { id: 'ringdown_v1.webchat_socket', product: undefined, isPrivate: true }

/** What a page says beside messages: to type, to have read, to look back. */
const others = { burst: 60, aSecond: 10 }
/** Sockets that pages of one chat open, and tokens that they bring there. */
const hellos = { burst: 30, aSecond: 0.5 }

function waitFor(buckets: Buckets, name: string, allowance: Allowance): void {
  const seconds = buckets.take(name, allowance)
  if (seconds > 0)
    throw new HttpRefusal({ status: 429, code: 20429, message: `Too many at once: try again in ${seconds} s` })
}

/** The one socket of customers' pages: messages, who types, what is read, what was before, how it was, and the end. */
export function mountWebchatSocket(app: FastifyInstance, options: WebchatSocketOptions): void {
  const { admission, origin, contextFor, account: accountOf, feeds, log } = options
  const buckets = new Buckets()
  const hubs = new Map<Account, WebchatHub>()
  const hubOf = (account_sid: string): WebchatHub => {
    const [account, feed] = [accountOf(account_sid), feeds.of(account_sid)]
    if (!account || !feed) throw new Unavailable(`account ${account_sid} is not served here`)
    const hub = hubs.get(account) ?? new WebchatHub(account, feed)
    hubs.set(account, hub)
    return hub
  }
  const deploymentOf = ({ account_sid, session_sid }: Pick<AdmittedPage, 'account_sid' | 'session_sid'>) => {
    const { state } = contextFor(account_sid)
    return state.find('webchat_deployment', state.resident('webchat_session', session_sid)?.deployment_sid)
  }
  const limitsOf = (page: AdmittedPage) => deploymentOf(page)?.limits ?? defaultLimits

  const sockets = new WebchatSockets({
    enter(request) {
      return { network: addressOf(request, origin), origin: foreignOrigin(request, options) }
    },
    async admit(token, page) {
      const admitted = admittedBy(await admission.tokens.caller(token))
      const deployment = deploymentOf(admitted)
      // Which deployment it is of, only the token says.
      if (page !== undefined && !deployment?.allowed_origins.includes(page)) throw new HttpRefusal(foreign)
      // What each of them hears first is read from the store.
      waitFor(buckets, `hello ${admitted.session_sid}`, hellos)
      return admitted
    },
    hubOf,
    snapshot: (page, cursor) => snapshotOf(page, cursor, contextFor(page.account_sid)),
    socketsOf: (page) => limitsOf(page).sockets,
    actions: actionsOf(options, buckets, limitsOf),
    envelopeOf,
    log,
    machineNow: () => Date.now(),
    ...(options.limits && { limits: options.limits })
  })
  onUpgrade(app.server, {
    takes: ({ url }) => (url ?? '').split('?', 1)[0]?.replace(/\/$/, '') === path,
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head)
  })
  const socketOnly = (): never => {
    throw new HttpRefusal({ status: 426, code: 20001, message: 'Upgrade required: this is the address of a WebSocket' })
  }
  app.route({ method: 'GET', url: path, exposeHeadRoute: false, config: { subject }, handler: socketOnly })
  app.route({
    method: ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: path,
    config: { subject },
    handler: notAllowed
  })
  app.addHook('preClose', async () => sockets.close())
}

const foreign = { status: 403, code: 20403, message: 'Forbidden: the page is of an origin that is not allowed here' }

/**
 * The origin of a page that is none of ours; it must be one of some deployment's. A program says none, and brings nothing
 * that a browser would send along by itself.
 */
function foreignOrigin(request: IncomingMessage, { admission, origin }: WebchatOptions): string | undefined {
  if (request.headers.origin === undefined || isOwnPage(request, origin)) return undefined
  if (!admission.webchats.deployments().some((one) => mayUse(one, request, origin))) throw new HttpRefusal(foreign)
  return request.headers.origin.toLowerCase()
}

function admittedBy(caller: TokenCaller): AdmittedPage {
  const standing = caller.standing()
  if (standing?.kind !== 'roles' || !standing.webchat || standing.identity === undefined)
    throw new HttpRefusal({ status: 403, code: 20403, message: 'Forbidden: the token is no customer’s' })
  const { session_sid, conversation_sid } = standing.webchat
  const { identity, chat_service_sid = '' } = standing
  return { caller, account_sid: caller.account_sid, session_sid, conversation_sid, chat_service_sid, identity }
}

type Actions = Readonly<Record<string, (frame: PageFrame, page: AdmittedPage) => Promise<PageAnswers>>>

function actionsOf(
  { admission, contextFor }: WebchatSocketOptions,
  buckets: Buckets,
  limitsOf: (page: AdmittedPage) => WebchatLimits
): Actions {
  const paced = (page: AdmittedPage) => waitFor(buckets, `other ${page.session_sid}`, others)
  const writing = <T>(page: AdmittedPage, act: (context: ReturnType<typeof contextFor>) => Promise<T>) =>
    within(page.identity, (exchange) => act(contextFor(page.account_sid, exchange)))

  return {
    async message(frame, page) {
      const { body, media_sid, attributes, id } = frame
      const { message_bytes: bytes } = limitsOf(page)
      if (body !== undefined && typeof body !== 'string') throw wrong('body must be a text')
      if (typeof body === 'string' && Buffer.byteLength(body) > bytes) throw wrong(`body is longer than ${bytes} bytes`)
      if (media_sid !== undefined && !isMedia(media_sid)) throw wrong('media_sid must be the SID of a file')
      if (!body?.trim() && media_sid === undefined) throw wrong('a message has a body or a media_sid')
      if (attributes !== undefined && typeof attributes !== 'string') throw wrong('attributes must be JSON text')
      if (id !== undefined && !(typeof id === 'string' && /^[\x20-\x7e]{1,128}$/.test(id)))
        throw wrong('id must be a text of at most 128 characters of ASCII')
      const params = {
        ...(body && { body }),
        ...(media_sid !== undefined && { media_sid }),
        ...(attributes !== undefined && { attributes })
      }
      const message = await writing(page, (context) => sendMessage(page, params, { id, context }))
      return [{ type: 'sent', id: id ?? null, message }]
    },

    async typing({ active = true }, page) {
      paced(page)
      const { conversation_sid, identity } = page
      const call = { path: { conversation_sid }, params: { identity, active: active !== false } }
      await asked('ringdown_v1.UpdateConversationTyping', page.caller, call, contextFor(page.account_sid))
      return []
    },

    async read({ index }, page) {
      paced(page)
      if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
        throw wrong('index must be that of a message')
      const { chat_service_sid, conversation_sid, identity } = page
      const call = {
        path: { chat_service_sid, user_sid: identity, conversation_sid },
        params: { last_read_message_index: index }
      }
      await writing(page, (context) =>
        asked('conversations_v1.UpdateServiceUserConversation', page.caller, call, context)
      )
      return []
    },

    async history({ before, limit: most, id }, page) {
      paced(page)
      const history = await historyOf(page, { before, limit: most }, contextFor(page.account_sid))
      return [{ type: 'history', id: typeof id === 'string' ? id.slice(0, 128) : null, ...history }]
    },

    async rate({ rating, comment }, page) {
      paced(page)
      if (typeof rating !== 'number') throw wrong('rating must be a number from 1 to 5')
      if (comment !== undefined && typeof comment !== 'string') throw wrong('comment must be a text')
      const { webchat_session } = await writing(page, ({ execute }) =>
        execute({
          type: 'webchat_session.rate',
          sid: page.session_sid,
          rating,
          ...(comment !== undefined && { comment })
        })
      )
      return [{ type: 'rated', rating: webchat_session.rating }]
    },

    async end(_frame, page) {
      paced(page)
      const { webchat_session } = await writing(page, ({ execute }) =>
        execute({ type: 'webchat_session.leave', sid: page.session_sid })
      )
      return [{ type: 'session', ...shownSession(webchat_session) }]
    },

    async renew(_frame, page) {
      paced(page)
      const { webchat_session } = await writing(page, ({ execute }) =>
        execute({ type: 'webchat_session.touch', sid: page.session_sid })
      )
      const { token, expires_at } = await admission.webchats.token(page.account_sid, webchat_session)
      return [{ type: 'token', token, expires_at: isoMilliseconds(expires_at) }]
    }
  }
}

function isMedia(value: unknown): value is string {
  return typeof value === 'string' && /^ME[0-9a-f]{32}$/.test(value)
}

function wrong(why: string): InvalidRequest {
  return new InvalidRequest(`The frame is invalid: ${why}`)
}
