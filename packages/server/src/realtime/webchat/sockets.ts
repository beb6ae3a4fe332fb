import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ErrorBody, errorBody } from '@ringdown/contract/errors'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { refuseUpgrade } from '../upgrade.ts'
import { type AdmittedPage, Connection, closes, type PageAnswers } from './connection.ts'
import { cursorText, type PageFrame, type Place } from './frames.ts'
import type { WebchatHub } from './hub.ts'

/** Where a page is, and what it is told to get there. */
export interface Snapshot {
  readonly frames: PageAnswers
  readonly place: Place
}

/** Where a socket comes from. */
export interface Entrance {
  readonly network: string
  /** Of the page; undefined for a page of our own, and for who is no page. */
  readonly origin: string | undefined
}

export interface WebchatSocketsOptions {
  /** Refuses a request of a page that may use no deployment. */
  readonly enter: (request: IncomingMessage) => Entrance
  /** Who brings a token, from which origin. Rejects with what the page is to be told. */
  readonly admit: (token: string, origin: string | undefined) => Promise<AdmittedPage>
  readonly hubOf: (account_sid: string) => WebchatHub
  /** What a page that comes with a cursor, or without one, has to hear first. */
  readonly snapshot: (page: AdmittedPage, cursor: unknown) => Promise<Snapshot>
  /** How many sockets one session may have. */
  readonly socketsOf: (page: AdmittedPage) => number
  /** Does what a frame asks, by its type; undefined for a type that is not known. */
  readonly actions: Readonly<Record<string, (frame: PageFrame, page: AdmittedPage) => Promise<PageAnswers>>>
  readonly envelopeOf: (error: unknown) => ErrorBody
  readonly log: Logger
  readonly machineNow: () => number
  readonly limits?: Partial<WebchatSocketLimits>
}

export interface WebchatSocketLimits {
  /** Sockets that have not said yet by whom they are: one more, and who has been silent for longest has to go. */
  readonly strangers: number
  /** Sockets of one network, and of all. */
  readonly per_network: number
  readonly all: number
  /** Milliseconds for the first frame, and between two looks at whether a page is still there. */
  readonly greeting_ms: number
  readonly ping_ms: number
}

const usual: WebchatSocketLimits = {
  strangers: 1000,
  per_network: 500,
  all: 50_000,
  greeting_ms: 10_000,
  ping_ms: 30_000
}

/** A message of 32 KB, each of whose characters is escaped, and what stands around it. */
const maxPayload = 256 * 1024

/** The sockets of customers' pages. */
export class WebchatSockets {
  readonly #options: WebchatSocketsOptions
  readonly #limits: WebchatSocketLimits
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload,
    clientTracking: false
  })
  readonly #connections = new Set<Connection>()
  readonly #strangers = new Set<Connection>()
  readonly #networks = new Map<string, number>()
  readonly #pinging: NodeJS.Timeout
  readonly #expiring: NodeJS.Timeout
  #isClosed = false

  constructor(options: WebchatSocketsOptions) {
    this.#options = options
    this.#limits = { ...usual, ...options.limits }
    this.#pinging = setInterval(() => {
      for (const connection of this.#connections) connection.ping()
    }, this.#limits.ping_ms).unref()
    this.#expiring = setInterval(() => this.#expire(), 1000).unref()
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    let entrance: Entrance
    try {
      entrance = this.#options.enter(request)
    } catch (error) {
      refuseUpgrade(socket, this.#options.envelopeOf(error), request)
      return
    }
    const { network, origin } = entrance
    const held = this.#networks.get(network) ?? 0
    if (held >= this.#limits.per_network || this.#connections.size >= this.#limits.all) {
      const message = 'Too many sockets are open: try again later'
      refuseUpgrade(socket, errorBody({ status: 429, code: 20429, message }), request)
      return
    }
    this.#networks.set(network, held + 1)
    const left = () => {
      const more = (this.#networks.get(network) ?? 1) - 1
      if (more > 0) this.#networks.set(network, more)
      else this.#networks.delete(network)
    }
    socket.once('close', left)
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      const connection = new Connection(opened, {
        answer: (frame, one) => this.#answer(frame, one, origin),
        refusal: (error, frame) => this.#refusal(error, frame)
      })
      if (this.#isClosed) connection.close(closes.goingAway, 'the server is stopping')
      else this.#greet(connection)
    })
  }

  /** Takes no more, and sends away those who are here: they come again with their cursors. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#pinging)
    clearInterval(this.#expiring)
    for (const connection of this.#connections) {
      connection.close(closes.goingAway, 'the server is stopping')
      setTimeout(() => connection.hangUp(), 250).unref()
    }
    this.#server.close()
  }

  get size(): number {
    return this.#connections.size
  }

  /** Waits for the first frame. */
  #greet(connection: Connection): void {
    const [eldest] = this.#strangers
    if (this.#strangers.size >= this.#limits.strangers) eldest?.hangUp()
    this.#connections.add(connection)
    this.#strangers.add(connection)
    const late = setTimeout(() => {
      if (this.#strangers.has(connection)) connection.close(closes.policy, 'no hello came')
    }, this.#limits.greeting_ms)
    connection.onceClosed(() => {
      clearTimeout(late)
      this.#connections.delete(connection)
      this.#strangers.delete(connection)
    })
  }

  async #answer(frame: PageFrame, connection: Connection, origin: string | undefined): Promise<PageAnswers> {
    const { page } = connection
    if (frame.type === 'hello') return page ? [] : this.#hello(frame, connection, origin)
    if (!page) {
      connection.close(closes.policy, 'the first frame is hello, with a token')
      return []
    }
    if (frame.type === 'ping') return [{ type: 'pong' }]
    if (!page.caller.standing()) {
      connection.close(closes.unauthorized, 'the token is not valid any more')
      return []
    }
    if (frame.type === 'token') return this.#renew(frame, connection, page, origin)
    const act = Object.hasOwn(this.#options.actions, frame.type) ? this.#options.actions[frame.type] : undefined
    if (act) return act(frame, page)
    return [
      {
        type: 'refused',
        id: idOf(frame),
        code: 20001,
        message: `There is no frame of the type ${frame.type.slice(0, 64)}`
      }
    ]
  }

  async #hello(frame: PageFrame, connection: Connection, origin: string | undefined): Promise<PageAnswers> {
    const { admit, hubOf, snapshot, socketsOf, envelopeOf } = this.#options
    try {
      const page = await admit(String(frame.token ?? ''), origin)
      const hub = hubOf(page.account_sid)
      if (!connection.isOpen) return []
      this.#strangers.delete(connection)
      connection.admit(page)
      // Who opens one more than it may loses the first.
      const others = hub.ofSession(page.session_sid, page.conversation_sid)
      for (const other of others.slice(0, Math.max(0, others.length + 1 - socketsOf(page))))
        if (other instanceof Connection) other.close(closes.replaced, 'there are newer sockets of this chat')
      hub.join(connection)
      // The account may have gone by then: it is left where it was joined.
      connection.onceClosed(() => hub.leave(connection))
      const { frames, place } = await snapshot(page, frame.cursor)
      connection.begin(frames, place)
      return []
    } catch (error) {
      const { status, code, message } = envelopeOf(error)
      connection.say({ type: 'end', code, message })
      connection.close(status < 429 ? closes.unauthorized : closes.tryAgain, 'it is not known who you are')
      return []
    }
  }

  /** Somebody else's token changes nothing. */
  async #renew(
    frame: PageFrame,
    connection: Connection,
    page: AdmittedPage,
    origin: string | undefined
  ): Promise<PageAnswers> {
    const renewed = await this.#options.admit(String(frame.token ?? ''), origin)
    if (renewed.session_sid === page.session_sid) connection.admit(renewed)
    return []
  }

  #refusal(error: unknown, frame: PageFrame): object {
    const { code, message, status } = this.#options.envelopeOf(error)
    if (status >= 500)
      this.#options.log.warn({ err: error, frame_type: frame.type.slice(0, 64) }, 'a frame of a web chat failed')
    return { type: 'refused', id: idOf(frame), code, status, message }
  }

  #expire(): void {
    const now = this.#options.machineNow()
    for (const connection of this.#connections) {
      const { page } = connection
      if (page && page.caller.expires_at <= now) connection.close(closes.unauthorized, 'the token is expired')
    }
  }
}

function idOf({ id }: PageFrame): string | null {
  return typeof id === 'string' ? id.slice(0, 128) : null
}

/** How a page is told where it is. */
export function readyFrame(shown: object, place: Place): object {
  return { type: 'ready', ...shown, cursor: cursorText(place) }
}
