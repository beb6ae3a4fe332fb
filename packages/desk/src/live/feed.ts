import { session } from '../app/session.ts'
import { heardTime } from './clock.ts'
import type { FeedEvent } from './rows.ts'
import { Store } from './store.ts'

/** Who types or looks, told in passing. */
export interface PresenceSign {
  readonly conversation_sid: string
  readonly identity: string
  readonly active: boolean
}

/** How what is on screen stands to what is so. `since`: milliseconds of the page's own run, when it was last heard. */
export type Connection =
  | { readonly is: 'live' }
  | { readonly is: 'reconnecting' | 'offline' | 'standby'; readonly since: number; readonly shown_at: number }

interface FeedListeners {
  /** Events in the order of the log, those of one message together. */
  readonly onEvents: (events: readonly FeedEvent[]) => void
  readonly onTyping: (sign: PresenceSign) => void
  /** Events are gone: what is on screen is to be asked for anew. Answers the cursor from which to go on. */
  readonly onLost: () => Promise<string>
  readonly now: () => number
}

/** The server is heard each 15 seconds. */
const silence_ms = 20_000
const longestPause_ms = 30_000

/**
 * The one socket of a page: it follows the log from a cursor, notices when nobody is there any more, and comes back, for
 * ever. What was missed meanwhile comes first then.
 */
export class LiveFeed {
  readonly connection = new Store<Connection>({ is: 'live' })
  readonly #listeners: FeedListeners
  #cursor: string
  #socket: WebSocket | undefined
  #heard = performance.now()
  #ticked = performance.now()
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false
  readonly #stops: (() => void)[] = []

  constructor(cursor: string, listeners: FeedListeners) {
    this.#cursor = cursor
    this.#listeners = listeners
    const watch = setInterval(() => this.#watch(), 1000)
    const awake = () => this.#probe()
    const asleep = () => this.#tell('offline')
    window.addEventListener('online', awake)
    window.addEventListener('offline', asleep)
    const shown = () => !document.hidden && this.#probe()
    document.addEventListener('visibilitychange', shown)
    this.#stops.push(
      () => clearInterval(watch),
      () => window.removeEventListener('online', awake),
      () => window.removeEventListener('offline', asleep),
      () => document.removeEventListener('visibilitychange', shown),
      session.onToken((token) => this.#send({ token }))
    )
    this.#open()
  }

  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  #open(): void {
    if (this.#isClosed) return
    const { protocol, host } = window.location
    const socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ringdown/v1/Events/socket`)
    this.#socket = socket
    this.#heard = performance.now()
    socket.onopen = () => {
      session.token().then(
        (token) => this.#send({ token, cursor: this.#cursor, presence: true }),
        () => socket.close()
      )
    }
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#hear(String(data))
    }
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#lost(code)
    }
  }

  #hear(text: string): void {
    this.#heard = performance.now()
    const told = JSON.parse(text) as {
      readonly events?: readonly FeedEvent[]
      readonly cursor?: string
      readonly truncated?: boolean
      readonly typing?: PresenceSign
      readonly end?: { readonly cursor?: string; readonly reason: string }
    } // by docs/events.md
    if (told.typing) this.#listeners.onTyping(told.typing)
    if (told.end?.cursor) this.#cursor = told.end.cursor
    if (told.end) return
    this.#failures = 0
    this.connection.set({ is: 'live' })
    if (told.cursor) this.#cursor = told.cursor
    if (told.truncated) void this.#begin()
    const last = told.events?.at(-1)
    if (last) heardTime(Date.parse(last.at))
    if (told.events?.length) this.#listeners.onEvents(told.events)
  }

  async #begin(): Promise<void> {
    this.#cursor = await this.#listeners.onLost()
  }

  #lost(code: number): void {
    this.#socket = undefined
    if (this.#isClosed) return
    this.#failures++
    this.#tell(navigator.onLine ? (code === 1013 ? 'standby' : 'reconnecting') : 'offline')
    const again = async () => {
      // A session that is over is told by the next token that is asked for.
      if (code === 4401) await session.renew().catch(() => {})
      // A cursor that the server does not know any more, or a question that it does not understand.
      if (code === 1008) await this.#begin().catch(() => {})
      this.#open()
    }
    const pause_ms = Math.min(longestPause_ms, 250 * 2 ** Math.min(7, this.#failures)) * (0.75 + Math.random() / 2)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(again, pause_ms)
  }

  #watch(): void {
    const now = performance.now()
    const slept = now - this.#ticked > 5000
    this.#ticked = now
    if (slept || (this.#socket && now - this.#heard > silence_ms)) this.#probe(true)
  }

  /** A socket may be dead and not know it: a new one goes on from the same cursor, and the old one is forgotten. */
  #probe(isSuspect = performance.now() - this.#heard > silence_ms): void {
    if (this.#isClosed) return
    if (this.#socket?.readyState === WebSocket.OPEN && !isSuspect) return
    clearTimeout(this.#timer)
    const old = this.#socket
    this.#socket = undefined
    old?.close()
    if (isSuspect) this.#tell('reconnecting')
    this.#open()
  }

  #tell(is: 'reconnecting' | 'offline' | 'standby'): void {
    const now = this.connection.get()
    const since = now.is === 'live' ? performance.now() : now.since
    const shown_at = now.is === 'live' ? this.#listeners.now() : now.shown_at
    if (now.is !== is) this.connection.set({ is, since, shown_at })
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }
}
