import { ApiError, errorOf } from './api-error.ts'
import type {
  WebchatDeployment,
  WebchatEntrance,
  WebchatFrame,
  WebchatMessage,
  WebchatParticipant,
  WebchatSession
} from './webchat-frames.ts'
import { type SocketLike, type WebchatConnection, WebchatSocket } from './webchat-socket.ts'

export interface WebchatOptions {
  /** Where Ringdown is: `https://ringdown.example`. */
  readonly url: string
  /** The deployment's, `WD…`. */
  readonly key: string
  /** Keeps what the customer comes back by; undefined forgets it. Several pages of one browser share it. */
  readonly handles: {
    read(): Promise<string | undefined>
    write(handle: string | undefined): Promise<void>
  }
  /** Does something while no other page of this browser does the same: a handle is good once. */
  readonly alone?: <T>(act: () => Promise<T>) => Promise<T>
  readonly fetch?: typeof fetch
  readonly openSocket?: (url: string) => SocketLike
  readonly isOnline?: () => boolean
}

/** A message on its way. */
export interface WebchatOutgoing {
  readonly id: string
  readonly body: string
  readonly file?: { readonly name: string; readonly type: string; readonly size: number }
  /** `waiting`: for the network; `failed`: it has not gone out, and `why` says the reason. */
  readonly is: 'sending' | 'waiting' | 'failed'
  readonly why?: string
}

/** Somebody came or went while this page was there. */
export interface WebchatArrival {
  readonly did: 'joined' | 'left'
  readonly participant: WebchatParticipant
  /** After the message of this index; -1 before the first. */
  readonly after: number
}

export interface WebchatState {
  /**
   * `idle`: nobody has written yet; `beginning`: the server is asked; `open`; `over`: only to be read and rated; `gone`:
   * nobody comes in any more.
   */
  readonly phase: 'idle' | 'beginning' | 'open' | 'over' | 'gone'
  readonly connection: WebchatConnection
  readonly session: WebchatSession | undefined
  readonly participants: readonly WebchatParticipant[]
  /** Without gaps, by index. */
  readonly messages: readonly WebchatMessage[]
  readonly has_more: boolean
  readonly outgoing: readonly WebchatOutgoing[]
  readonly arrivals: readonly WebchatArrival[]
  /** Identities of those who write just now. */
  readonly typing: readonly string[]
}

const nothing: WebchatState = {
  phase: 'idle',
  connection: 'none',
  session: undefined,
  participants: [],
  messages: [],
  has_more: false,
  outgoing: [],
  arrivals: [],
  typing: []
}

/** Who types says so again within six seconds, or has stopped. */
const typing_ms = 7_000
/** How often it is said that the customer types. */
const typingAgain_ms = 4_000
/** Of a token's life, when a new one is asked for. */
const renewAt = 0.8
/** Milliseconds until what was too much at once is said again. */
const paced_ms = 1_500

/**
 * One customer's chat: begins it or comes back to it, follows its conversation, and sends each message once, whatever the
 * network does. Needs `fetch`, `WebSocket` and `crypto`; in Node the package `ws` opens the sockets.
 */
export class Webchat {
  readonly #options: WebchatOptions
  readonly #listeners = new Set<(state: WebchatState) => void>()
  readonly #files = new Map<string, Blob>()
  /** Media of files that are kept already, by the message that brings them. */
  readonly #kept = new Map<string, string>()
  readonly #said = new Set<string>()
  readonly #typists = new Map<string, ReturnType<typeof setTimeout>>()
  #state = nothing
  #socket: WebchatSocket | undefined
  #token: { readonly text: string; readonly ends: number } | undefined
  #cursor: string | undefined
  /** What is being begun, and under which key. */
  #begun: { readonly what: string; readonly key: string } | undefined
  #renewing: ReturnType<typeof setTimeout> | undefined
  #typedAt = Number.NEGATIVE_INFINITY
  #isFlushing = false

  constructor(options: WebchatOptions) {
    this.#options = options
  }

  get state(): WebchatState {
    return this.#state
  }

  /** Calls with each new state; answers how to stop that. */
  follow(listener: (state: WebchatState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the deployment shows, and whether somebody is there. Rejects with ApiError. */
  deployment(): Promise<WebchatDeployment> {
    return this.#ask(`/ringdown/v1/Webchat/Deployments/${encodeURIComponent(this.#options.key)}`)
  }

  /** Begins a chat. `form`: what was written before it, `query` being the first message. Rejects with ApiError. */
  async begin(form: Readonly<Record<string, string>>, identity_token?: string): Promise<void> {
    this.#change({ phase: 'beginning' })
    try {
      const what = JSON.stringify([form, identity_token])
      if (this.#begun?.what !== what) this.#begun = { what, key: crypto.randomUUID() }
      await this.#enter({ form, ...(identity_token !== undefined && { identity_token }) }, this.#begun.key)
      this.#begun = undefined
    } catch (error) {
      // An answer that never came is asked for again, so that there is one chat; what was refused is another request.
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) this.#begun = undefined
      this.#change({ phase: 'idle' })
      throw error
    }
    this.#listen()
  }

  /** Comes back to the chat whose handle is kept; answers whether there is one. Rejects where nobody answers. */
  async resume(identity_token?: string): Promise<boolean> {
    if ((await this.#options.handles.read()) === undefined) return false
    if (!(await this.#comeBack(identity_token))) {
      this.#change({ phase: 'idle' })
      return false
    }
    this.#listen()
    return true
  }

  /** Sends a message when there is a network. A file goes before the message that brings it. */
  send(body: string, file?: File): void {
    const id = crypto.randomUUID()
    const { name, type, size } = file ?? {}
    const outgoing: WebchatOutgoing = {
      ...{ id, body, is: isDown(this.#state.connection) ? 'waiting' : 'sending' },
      ...(file && { file: { name: name ?? '', type: type ?? '', size: size ?? 0 } })
    }
    if (file) this.#files.set(id, file)
    this.#typedAt = Number.NEGATIVE_INFINITY
    this.#change({ outgoing: [...this.#state.outgoing, outgoing] })
    void this.#flush()
  }

  /** Sends what has failed once more, under the same id. */
  retry(id: string): void {
    this.#outgoing(id, { is: isDown(this.#state.connection) ? 'waiting' : 'sending' })
    void this.#flush()
  }

  /** Forgets what has not gone out. */
  discard(id: string): void {
    this.#files.delete(id)
    this.#kept.delete(id)
    this.#change({ outgoing: this.#state.outgoing.filter((one) => one.id !== id) })
  }

  /** Tells the others that the customer writes; as often as one likes. */
  types(): void {
    const now = performance.now()
    if (now - this.#typedAt < typingAgain_ms) return
    if (this.#socket?.say({ type: 'typing', active: true })) this.#typedAt = now
  }

  reads(index: number): void {
    this.#socket?.say({ type: 'read', index })
  }

  /** Asks for what was before the first message that is known. */
  older(): void {
    const [first] = this.#state.messages
    if (first && this.#state.has_more) this.#socket?.say({ type: 'history', before: first.index, limit: 50 })
  }

  rate(rating: number, comment?: string): boolean {
    return this.#socket?.say({ type: 'rate', rating, ...(comment ? { comment } : {}) }) ?? false
  }

  /** The customer has nothing more to say. Answers whether that was said. */
  end(): boolean {
    return this.#socket?.say({ type: 'end' }) ?? false
  }

  /** Forgets this chat, so that another one may begin. */
  async forget(): Promise<void> {
    this.#close()
    await this.#options.handles.write(undefined)
    this.#change(nothing)
  }

  /** Leaves; the chat stays, for who has its handle. */
  leave(): void {
    this.#close()
    this.#change(nothing)
  }

  /** The machine has a network again, or the page is looked at. */
  probe(): void {
    this.#socket?.probe()
  }

  /** The machine has no network. */
  offline(): void {
    this.#socket?.offline()
  }

  /** The bytes of a file of this chat. Rejects with ApiError. */
  async file(media_sid: string): Promise<Blob> {
    const { chat_service_sid } = this.#entered()
    const answer = await this.#fetch(`/mcs/v1/Services/${chat_service_sid}/Media/${media_sid}/Content`, {
      headers: { authorization: `Bearer ${await this.#goodToken()}` }
    })
    if (!answer.ok) throw errorOf(answer, await answer.text())
    return answer.blob()
  }

  #listen(): void {
    this.#socket?.close()
    const { url, openSocket = openBrowserSocket, isOnline = () => true } = this.#options
    this.#socket = new WebchatSocket({
      url: `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/ringdown/v1/Webchat/Socket`,
      open: openSocket,
      isOnline,
      hello: async () => {
        if (!this.#hasToken && !(await this.#comeBack())) {
          this.#gone()
          return undefined
        }
        return { type: 'hello', token: this.#token?.text ?? '', cursor: this.#cursor }
      },
      onFrame: (frame) => this.#hear(frame),
      onConnection: (connection) => this.#connected(connection),
      onRefused: () => {
        this.#token = undefined
      }
    })
    this.#socket.begin()
  }

  #connected(connection: WebchatConnection): void {
    this.#change({
      connection,
      outgoing: this.#state.outgoing.map((one) =>
        isDown(connection) && one.is === 'sending' ? { ...one, is: 'waiting' } : one
      )
    })
  }

  #hear(frame: WebchatFrame): void {
    const hear = this.#hearings[frame.type] as ((frame: WebchatFrame) => void) | undefined // of the same type
    if ('cursor' in frame) this.#cursor = frame.cursor
    hear?.(frame)
  }

  readonly #hearings: { readonly [T in WebchatFrame['type']]?: (frame: Extract<WebchatFrame, { type: T }>) => void } = {
    ready: ({ session, participants, is_resumed, messages, updated, has_more }) => {
      const before: readonly WebchatMessage[] = is_resumed ? this.#state.messages : []
      this.#change({
        phase: phaseOf(session),
        session,
        participants,
        messages: merged(before, [...updated.filter((one) => isKnown(before, one)), ...messages]),
        has_more: is_resumed ? this.#state.has_more : has_more
      })
      // What nobody has acknowledged is said again, under the same ids.
      this.#said.clear()
      void this.#flush()
    },
    message: ({ message }) => this.#arrived(message),
    message_updated: ({ message }) => {
      if (isKnown(this.#state.messages, message)) this.#arrived(message)
    },
    message_removed: ({ sid }) =>
      this.#change({ messages: this.#state.messages.filter((message) => message.sid !== sid) }),
    sent: ({ id, message }) => {
      if (id !== null) this.discard(id)
      this.#arrived(message)
    },
    refused: ({ id, status, message }) => {
      if (id === null || !this.#state.outgoing.some((one) => one.id === id)) return
      this.#said.delete(id)
      if (status === 429) setTimeout(() => void this.#flush(), paced_ms)
      else this.#outgoing(id, { is: 'failed', why: message })
    },
    participant: ({ did, participant }) => this.#moved(did, participant),
    typing: ({ identity, active }) => this.#types(identity, active),
    session: ({ status, reason, rating }) => {
      const { session } = this.#state
      if (!session) return
      const changed = { ...session, status, reason, rating }
      this.#change({ session: changed, phase: phaseOf(changed) })
    },
    rated: ({ rating }) => {
      const { session } = this.#state
      if (session) this.#change({ session: { ...session, rating } })
    },
    history: ({ messages, has_more }) => this.#change({ messages: merged(this.#state.messages, messages), has_more }),
    token: ({ token }) => {
      this.#take(token)
      this.#socket?.say({ type: 'token', token })
    }
  }

  #arrived(message: WebchatMessage): void {
    if (message.author !== null) this.#types(message.author, false)
    this.#change({ messages: merged(this.#state.messages, [message]) })
  }

  #moved(did: 'joined' | 'updated' | 'left', told: WebchatParticipant): void {
    const { participants, arrivals, messages, session } = this.#state
    // A name that was said once stays: not every frame has it.
    const before = participants.find(({ sid }) => sid === told.sid)
    const participant = { ...told, name: told.name ?? before?.name ?? null }
    const others = participants.filter(({ sid }) => sid !== participant.sid)
    const isNews = did !== 'updated' && participant.identity !== session?.identity
    this.#change({
      participants:
        did === 'left'
          ? others
          : did === 'joined'
            ? [...others, participant]
            : participants.map((one) => (one.sid === participant.sid ? participant : one)),
      ...(isNews && { arrivals: [...arrivals, { did, participant, after: messages.at(-1)?.index ?? -1 }] })
    })
  }

  #types(identity: string, active: boolean): void {
    clearTimeout(this.#typists.get(identity))
    this.#typists.delete(identity)
    if (active)
      this.#typists.set(
        identity,
        setTimeout(() => this.#types(identity, false), typing_ms)
      )
    const typing = [...this.#typists.keys()]
    if (typing.join() !== this.#state.typing.join()) this.#change({ typing })
  }

  /** Says what waits, one after the other, in the order in which it was written. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return
    this.#isFlushing = true
    try {
      for (;;) {
        const next = this.#state.outgoing.find(({ id, is }) => is !== 'failed' && !this.#said.has(id))
        if (!next || !this.#socket?.isLive || !(await this.#deliver(next))) return
      }
    } finally {
      this.#isFlushing = false
    }
  }

  /** Answers whether the next one may follow. */
  async #deliver({ id, body }: WebchatOutgoing): Promise<boolean> {
    this.#outgoing(id, { is: 'sending' })
    const media_sid = await this.#upload(id)
    if (media_sid === null) return this.#state.outgoing.some((one) => one.id === id && one.is === 'failed')
    const frame = { type: 'message', id, ...(body && { body }), ...(media_sid !== undefined && { media_sid }) } as const
    if (!this.#socket?.say(frame)) return false
    this.#said.add(id)
    return true
  }

  /** Undefined where there is no file, null where it has not arrived. */
  async #upload(id: string): Promise<string | undefined | null> {
    const file = this.#files.get(id)
    const known = this.#kept.get(id)
    if (!file || known !== undefined) return known
    const { file: named } = this.#state.outgoing.find((one) => one.id === id) ?? {}
    try {
      const { chat_service_sid } = this.#entered()
      const path = `/mcs/v1/Services/${chat_service_sid}/Media?Filename=${encodeURIComponent(named?.name ?? '')}`
      const { sid } = await this.#ask<{ readonly sid: string }>(path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await this.#goodToken()}`,
          'content-type': file.type || 'application/octet-stream'
        },
        body: file
      })
      this.#kept.set(id, sid)
      return sid
    } catch (error) {
      const isRefused = error instanceof ApiError && error.status < 500 && error.status !== 429
      this.#outgoing(id, isRefused ? { is: 'failed', why: error.message } : { is: 'waiting' })
      if (!isRefused) setTimeout(() => void this.#flush(), paced_ms)
      return null
    }
  }

  #outgoing(id: string, to: Partial<WebchatOutgoing>): void {
    this.#change({ outgoing: this.#state.outgoing.map((one) => (one.id === id ? { ...one, ...to } : one)) })
  }

  /** Answers whether the handle leads anywhere still. */
  #comeBack(identity_token?: string): Promise<boolean> {
    const { handles, alone = (act) => act() } = this.#options
    return alone(async () => {
      // Another page of this browser may have come back meanwhile.
      const resume = await handles.read()
      if (resume === undefined) return false
      try {
        await this.#enter({ resume, ...(identity_token !== undefined && { identity_token }) })
        return true
      } catch (error) {
        if (!(error instanceof ApiError) || ![400, 403, 404].includes(error.status)) throw error
        await handles.write(undefined)
        return false
      }
    })
  }

  async #enter(body: object, once?: string): Promise<void> {
    const { key, handles } = this.#options
    const { token, resume, expires_at, ...session } = await this.#ask<WebchatEntrance>(
      '/ringdown/v1/Webchat/Sessions',
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(once !== undefined && { 'idempotency-key': once }) },
        body: JSON.stringify({ key, ...body })
      }
    )
    await handles.write(resume)
    this.#take(token)
    this.#change({ session, phase: phaseOf(session) })
  }

  /** How long it is good is said by itself: the clock of this machine may be wrong. */
  #take(token: string): void {
    const life_ms = lifeOf(token)
    this.#token = { text: token, ends: performance.now() + life_ms }
    clearTimeout(this.#renewing)
    this.#renewing = setTimeout(() => this.#socket?.say({ type: 'renew' }), life_ms * renewAt)
  }

  get #hasToken(): boolean {
    return this.#token !== undefined && this.#token.ends - performance.now() > 5_000
  }

  async #goodToken(): Promise<string> {
    if (!this.#hasToken) await this.#comeBack()
    return this.#token?.text ?? ''
  }

  #entered(): WebchatSession {
    if (!this.#state.session) throw new Error('nobody has begun a chat')
    return this.#state.session
  }

  #gone(): void {
    this.#close()
    this.#change({ phase: 'gone', connection: 'none', typing: [] })
  }

  #close(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#token = undefined
    this.#cursor = undefined
    clearTimeout(this.#renewing)
    for (const timer of this.#typists.values()) clearTimeout(timer)
    this.#typists.clear()
    this.#said.clear()
  }

  #fetch(path: string, init?: RequestInit): Promise<Response> {
    const { url, fetch: send = (...asked) => fetch(...asked) } = this.#options
    return send(url.replace(/\/$/, '') + path, { credentials: 'omit', ...init })
  }

  /** Its answer is what docs/channels.md says of it. */
  async #ask<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await this.#fetch(path, init)
    const text = await answer.text()
    if (!answer.ok) throw errorOf(answer, text)
    return JSON.parse(text) as T
  }

  #change(to: Partial<WebchatState>): void {
    this.#state = { ...this.#state, ...to }
    for (const listener of this.#listeners) listener(this.#state)
  }
}

function isDown(connection: WebchatConnection): boolean {
  return connection === 'reconnecting' || connection === 'offline'
}

function openBrowserSocket(url: string): SocketLike {
  return new WebSocket(url) as SocketLike // its events bring more than is looked at
}

function phaseOf({ status }: WebchatSession): WebchatState['phase'] {
  return status === 'ended' ? 'gone' : status
}

function isKnown(messages: readonly WebchatMessage[], { sid }: WebchatMessage): boolean {
  return messages.some((one) => one.sid === sid)
}

/** The newer of two versions, by index. */
function merged(known: readonly WebchatMessage[], more: readonly WebchatMessage[]): readonly WebchatMessage[] {
  const all = new Map(known.map((one) => [one.index, one]))
  for (const one of more) all.set(one.index, one)
  return [...all.values()].sort((a, b) => a.index - b.index)
}

/** Milliseconds that a token lives; a minute for one that says nothing. */
function lifeOf(token: string): number {
  try {
    const [, claims = ''] = token.split('.')
    const { iat, exp } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown> // a JWT
    return typeof iat === 'number' && typeof exp === 'number' ? (exp - iat) * 1000 : 60_000
  } catch {
    return 60_000
  }
}
