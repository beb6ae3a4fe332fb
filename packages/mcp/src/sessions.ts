import { randomUUID } from 'node:crypto'
import {
  type McpHandlerRequestOptions,
  type McpServer,
  WebStandardStreamableHTTPServerTransport
} from '@modelcontextprotocol/server'
import { SentMessages } from './sent-messages.ts'

/** How many sessions there are at once, and how long one is kept that nobody uses. */
export interface SessionLimits {
  readonly perCaller: number
  readonly inAll: number
  readonly idle_ms: number
}

const sessionLimits: SessionLimits = { perCaller: 50, inAll: 200, idle_ms: 3_600_000 }

/**
 * Between two looks at who is gone, and for how long a session goes on then: its streams say so themselves. It has ended
 * them before their responses are cut off (`unwanted.ts`). Milliseconds.
 */
const look_ms = 100
const farewell_ms = 300
/** Milliseconds after which a client whose stream has ended comes back. */
const retry_ms = 1_000

/** Whose a session is. */
export interface SessionOwner {
  /** A name of the credential; a session is there for no other. */
  readonly principal: string
  /** Whether the credential still lets in; without it, it always does. */
  readonly stands?: (() => boolean) | undefined
}

/** One request of a session. */
export interface SessionRequest {
  readonly request: Request
  readonly options: McpHandlerRequestOptions
  /** Calls back when its answer has left, or nobody waits for it any more. */
  readonly onceOver: (call: () => void) => void
}

/** One client between its `initialize` and its `DELETE`, with the streams on which it hears of its server. */
class Session {
  readonly id = randomUUID()
  readonly owner: SessionOwner
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly sent = new SentMessages()
  /** Requests that are being answered, streams among them. */
  open = 0
  /** `performance.now()` when it was used last. */
  used_at = performance.now()
  /** The same, when its credential was first seen to be gone. */
  gone_at: number | undefined

  constructor(owner: SessionOwner) {
    this.owner = owner
    this.transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => this.id,
      eventStore: this.sent,
      retryInterval: retry_ms
    })
  }
}

export type { Session }

/**
 * The sessions of clients before 2026-07-28 over HTTP, in memory: whoever comes with one that is not here is told so (404),
 * and begins anew. There are so many and no more; the one that was used longest ago goes for a new one, but never one that
 * is being answered or listens. Each ends with its credential.
 */
export class Sessions {
  readonly #limits: SessionLimits
  /** By id, the one that was used last at the end. */
  readonly #sessions = new Map<string, Session>()
  #looking: NodeJS.Timeout | undefined

  constructor(limits: Partial<SessionLimits> = {}) {
    this.#limits = { ...sessionLimits, ...limits }
  }

  get size(): number {
    return this.#sessions.size
  }

  /** A caller's session; undefined for one that is not there, or is another's. */
  find(id: string, { principal }: SessionOwner): Session | undefined {
    const session = this.#sessions.get(id)
    return session?.owner.principal === principal ? session : undefined
  }

  /**
   * Answers an `initialize` by a session of its own on the server that `make` makes. Undefined where all sessions are in use:
   * who comes then is served without one.
   */
  async begin(asked: SessionRequest, owner: SessionOwner, make: () => McpServer): Promise<Response | undefined> {
    if (!this.#hasRoomFor(owner)) return undefined
    const session = new Session(owner)
    const { id, transport } = session
    this.#sessions.set(id, session)
    this.#looking ??= setInterval(() => this.#look(), look_ms).unref()
    transport.onclose = () => this.#forget(session)
    try {
      await make().connect(transport)
      return await this.answer(session, asked)
    } finally {
      // It has not begun.
      if (transport.sessionId === undefined) await transport.close()
    }
  }

  /** Answers a request of a session. */
  answer(session: Session, { request, options, onceOver }: SessionRequest): Promise<Response> {
    session.open++
    this.#used(session)
    onceOver(() => {
      session.open--
      this.#used(session)
    })
    return session.transport.handleRequest(request, options)
  }

  /** Ends all of them. */
  close(): void {
    for (const session of [...this.#sessions.values()]) this.#end(session)
  }

  #hasRoomFor({ principal }: SessionOwner): boolean {
    const all = [...this.#sessions.values()]
    const own = all.filter(({ owner }) => owner.principal === principal)
    const isOwnFull = own.length >= this.#limits.perCaller
    if (!isOwnFull && all.length < this.#limits.inAll) return true
    const idle = (isOwnFull ? own : all).find(({ open }) => open === 0)
    if (idle) this.#end(idle)
    return idle !== undefined
  }

  #used(session: Session): void {
    session.used_at = performance.now()
    if (this.#sessions.delete(session.id)) this.#sessions.set(session.id, session)
  }

  #look(): void {
    const now = performance.now()
    for (const session of [...this.#sessions.values()]) {
      const { owner, open, used_at, sent } = session
      session.gone_at = owner.stands?.() === false ? (session.gone_at ?? now) : undefined
      const isGone = session.gone_at !== undefined && now - session.gone_at >= farewell_ms
      if (isGone || (open === 0 && now - used_at > this.#limits.idle_ms)) this.#end(session)
      else sent.forgetOld(now)
    }
  }

  #end({ transport }: Session): void {
    void transport.close()
  }

  #forget({ id }: Session): void {
    this.#sessions.delete(id)
    if (this.#sessions.size > 0) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }
}
