import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@ringdown/contract/errors'
import { InvalidRequest } from '@ringdown/contract/form'
import type { State } from '@ringdown/engine/center'
import type { EngineEvent } from '@ringdown/engine/events'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { Tokens } from '../../access/tokens.ts'
import type { Account } from '../../commit/account.ts'
import { exchangeOf } from '../../commit/exchange.ts'
import { Unavailable } from '../../commit/ledger.ts'
import { answerPings } from '../pongs.ts'
import { strangers } from '../strangers.ts'
import { onUpgrade, refuseUpgrade } from '../upgrade.ts'
import { type Access, accessBy } from './access.ts'
import { likelyTokenIn, maxCallBytes, readCall } from './call.ts'
import { pushedBy } from './pushed-event.ts'
import { answerCall } from './rpc.ts'
import {
  defaultLimits,
  isOfWorker,
  type SessionLimits,
  type Wishes,
  type WorkerAccess,
  WorkerSessions
} from './sessions.ts'

export interface EventBridgeOptions {
  /** The account, or undefined while this process does not own it. */
  readonly account: (account_sid: string) => Account | undefined
  /** Who brings a token. */
  readonly tokens: Tokens
  /** Milliseconds; the test clock's where there is one. */
  readonly now: () => number
  /** The machine's time, whatever the account's clock says: tokens are others' work. The wall clock by default. */
  readonly machineNow?: () => number
  /** The envelope of whatever is thrown. */
  readonly envelopeOf: (error: unknown) => ErrorBody
  readonly log: Logger
  readonly limits?: Partial<SessionLimits>
}

/** The path for sockets and calls; without the label where the Host says it. */
const path = '/event-bridge/v1/wschannels'

const cors = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'apiversion, clientversion, if-match, content-type, accept',
  'Access-Control-Max-Age': '86400'
} as const

/**
 * Mounts what the JavaScript SDK for workers talks to (reference taskrouter 9.3 and 9.4): a WebSocket that events are
 * pushed to, and calls by POST, both at the same path. To be called before the server listens.
 */
export function mountEventBridge(app: FastifyInstance, options: EventBridgeOptions): void {
  const bridge = new EventBridge(options)
  app.options(path, (_request, reply) => reply.code(204).headers(cors).send())
  app.register(async (scope) => {
    // Clients name no content type, or any.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.post(path, { bodyLimit: maxCallBytes }, (request, reply) => bridge.answer(request, reply))
    scope.all(`${path}/*`, () => Promise.reject(oldProtocol()))
  })
  // Whatever nobody else takes, so that a wrong path is refused in the API's words.
  onUpgrade(app.server, {
    takes: () => true,
    upgrade: (request, socket, head) => bridge.upgrade(request, socket, head)
  })
  app.addHook('preClose', async () => bridge.close())
}

class EventBridge {
  readonly #options: EventBridgeOptions
  readonly #sessions: WorkerSessions
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: 16 * 1024
  })
  /** Accounts whose batches are followed, and the state that their sockets know. */
  readonly #followed = new Map<Account, State>()

  constructor(options: EventBridgeOptions) {
    this.#options = options
    this.#sessions = new WorkerSessions({ ...defaultLimits, ...options.limits }, options.log, {
      gone: (access) => this.#goOffline(access),
      beat: () => {
        for (const account of this.#followed.keys()) this.#checkLoaded(account)
      }
    })
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { log, envelopeOf, now } = this.#options
    let status = 200
    let body: object
    let isKnown = false
    try {
      const access = await this.#read(likelyTokenIn(request.body))
      isKnown = true
      const call = readCall(request.body, headerOf(request.headers['if-match']))
      const exchange = exchangeOf(reply.raw, { actor: access.actor })
      body = { payload: await answerCall(call, access, this.#account(access), { now: now(), exchange }) }
    } catch (error) {
      const envelope = envelopeOf(error)
      status = envelope.status
      body = envelope
      if (isOurs(status)) log.error({ request_id: request.id, err: error }, 'event bridge call failed')
    }
    log.debug({ request_id: request.id, status }, 'event bridge call')
    if (!isKnown)
      await new Promise<void>((resolve) =>
        strangers.inTurn(request.raw.socket.remoteAddress, resolve, () => {
          reply.raw.destroy()
          resolve()
        })
      )
    return reply
      .code(status)
      .headers({ ...cors, 'Content-Type': 'application/json', 'Twilio-Request-Id': request.id })
      .send(JSON.stringify(body))
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const onError = () => socket.destroy()
    socket.on('error', onError)
    this.#admit(request).then(
      ({ access, wishes }) => {
        socket.off('error', onError)
        this.#sockets.handleUpgrade(request, socket, head, (opened) => {
          answerPings(opened)
          this.#sessions.open(opened, access, wishes, this.#machineNow())
        })
      },
      (error: unknown) => {
        const envelope = this.#options.envelopeOf(error)
        if (isOurs(envelope.status)) this.#options.log.error({ err: error }, 'event bridge socket failed')
        refuseUpgrade(socket, envelope)
      }
    )
  }

  close(): void {
    this.#sessions.close()
    this.#sockets.close()
  }

  async #admit(request: IncomingMessage): Promise<{ readonly access: WorkerAccess; readonly wishes: Wishes }> {
    const [asked = '', query = ''] = (request.url ?? '').split('?', 2)
    const place = `${isOwnHost(request) && /^\/v\d/.test(asked) ? '/event-bridge' : ''}${asked.replace(/\/$/, '')}`
    if (place.startsWith(`${path}/`)) throw oldProtocol()
    if (place !== path) {
      throw new InvalidRequest(`The requested resource ${asked} was not found`, null, { status: 404, code: 20404 })
    }
    const wished = new URLSearchParams(query)
    const access = await this.#read(wished.get('token') ?? '')
    const account = this.#account(access)
    const { worker_sid, workspace_sid } = access
    if (!isOfWorker(access) || account.state.find('worker', access.worker_sid)?.workspace_sid !== workspace_sid) {
      throw new InvalidRequest(`Worker ${worker_sid ?? '(none)'} does not exist in Workspace ${workspace_sid}`, null, {
        status: 403,
        code: 20106
      })
    }
    const wishes: Wishes = {
      closeExistingSessions: wished.get('closeExistingSessions') === 'true',
      setWorkerOfflineIfDisconnected: wished.get('setWorkerOfflineIfDisconnected') === 'true'
    }
    if (!this.#sessions.hasRoom(access, wishes))
      throw new InvalidRequest('Too many sessions of this Worker', null, { status: 429, code: 20429 })
    this.#follow(account)
    return { access, wishes }
  }

  #read(token: string): Promise<Access> {
    return accessBy(token, this.#options.tokens)
  }

  #machineNow(): number {
    return this.#options.machineNow?.() ?? Date.now()
  }

  #account({ account_sid }: Access): Account {
    const account = this.#options.account(account_sid)
    if (!account?.isReadable) throw new Unavailable(`account ${account_sid} is not served here`)
    return account
  }

  /** Pushes what an account's batches tell, from now on. */
  #follow(account: Account): void {
    if (this.#followed.has(account)) return
    this.#followed.set(account, account.state)
    account.subscribe((events) => {
      this.#checkLoaded(account)
      if (this.#sessions.size > 0) for (const event of events) this.#push(event, account.state)
    })
  }

  /** After memory was reloaded, what clients were told may not hold: they fetch everything when they come back. */
  #checkLoaded(account: Account): void {
    if (this.#followed.get(account) === account.state) return
    this.#followed.set(account, account.state)
    this.#sessions.endWhere(({ account_sid }) => account_sid === account.account_sid, 'reloaded')
  }

  #push(event: EngineEvent, state: State): void {
    const pushed = pushedBy(event, state)
    if (pushed) {
      const { worker_sids, workspace_sid, event_type, payload } = pushed
      this.#sessions.push(worker_sids, workspace_sid, event_type, payload)
    }
    const { worker, workspace } = event.refs
    if (event.type === 'worker.deleted') {
      this.#sessions.endWhere(({ worker_sid }) => worker_sid === worker?.sid, 'deleted')
    } else if (event.type === 'workspace.deleted') {
      this.#sessions.endWhere(({ workspace_sid }) => workspace_sid === workspace?.sid, 'deleted')
    }
  }

  /** The worker's last socket is gone: it goes where nothing is offered to it, if it is available. */
  #goOffline({ account_sid, workspace_sid, worker_sid }: WorkerAccess): void {
    const account = this.#options.account(account_sid)
    const state = account?.state
    const worker = state?.find('worker', worker_sid)
    if (!account || !state || !worker || !state.find('activity', worker.activity_sid)?.available) return
    const offline = state.tables.activity.firstBy('name', `${workspace_sid}/Offline`)
    const activity_sid = offline?.sid ?? state.find('workspace', workspace_sid)?.default_activity_sid
    if (activity_sid === undefined) return
    account
      .execute({ type: 'worker.update', workspace_sid, sid: worker_sid, activity_sid })
      .catch((err: unknown) => this.#options.log.warn({ err, worker_sid }, 'the worker did not go offline'))
  }
}

/** `event-bridge.twilio.com`, `event-bridge.dublin.ie1.twilio.com`, `event-bridge.localhost:8080`. */
function isOwnHost({ headers }: IncomingMessage): boolean {
  return /^event-bridge(?:(?:\.[a-z0-9-]+){0,2}\.twilio\.com|\.localhost)(?::\d+)?$/i.test(headers.host ?? '')
}

/** The 1.x SDK names account and channel in the path, and brings a capability token (reference taskrouter 9.9). */
function oldProtocol(): InvalidRequest {
  const message = 'The protocol of the 1.x SDK is not implemented: use twilio-taskrouter 2.x with an access token'
  return new InvalidRequest(message, null, { status: 501, code: 20501 })
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** Failures that somebody should look into; 501 and 503 are answers. */
function isOurs(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 503
}
