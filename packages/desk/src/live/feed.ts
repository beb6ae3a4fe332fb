import { session } from '../app/session.ts'
import { heardTime } from './clock.ts'
import { type CursorNews, FeedCursor } from './feed-cursor.ts'
import type { FeedEvent } from './rows.ts'
import { Store } from './store.ts'

/** Who types or looks, told in passing. */
export interface PresenceSign {
  readonly conversation_sid: string
  readonly identity: string
  readonly active: boolean
}

/** Whether what is on screen is true now. `since`: when the connection was lost, in milliseconds of the page's own run. */
export type Connection =
  | { readonly is: 'live' }
  | { readonly is: 'reconnecting' | 'offline' | 'standby'; readonly since: number; readonly shown_at: number }

interface FeedFrame extends CursorNews {
  readonly events?: readonly FeedEvent[]
  readonly typing?: PresenceSign
}

interface FeedListeners {
  /** Events in the order of the log, those of one message together. */
  readonly onEvents: (events: readonly FeedEvent[]) => void
  readonly onTyping: (sign: PresenceSign) => void
  /** Events are gone: what is on screen is to be asked for anew. Answers the cursor from which to go on. */
  readonly onLost: () => Promise<string>
  readonly now: () => number
}

/** The server sends something every 15 seconds. */
const silence_ms = 20_000
const maxPause_ms = 30_000

/**
 * The one socket of a page: it follows the log from a cursor, notices when nobody is there any more, and comes back, for
 * ever. What was missed meanwhile comes first then.
 */
export class LiveFeed {
  readonly connection = new Store<Connection>({ is: 'live' })
  readonly #listeners: FeedListeners
  readonly #cursor: FeedCursor
  #socket: WebSocket | undefined
  #heard = performance.now()
  #ticked = performance.now()
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false
  readonly #stops: (() => void)[] = []

  constructor(cursor: string, listeners: FeedListeners) {
    this.#cursor = new FeedCursor(cursor)
    this.#listeners = listeners
    const watch = setInterval(() => this.#watch(), 1000)
    const awake = () => this.#probe()
    const asleep = () => this.#note('offline')
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
        (token) => this.#send({ token, cursor: this.#cursor.at, presence: true }),
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
    const frame = JSON.parse(text) as FeedFrame // by docs/events.md
    if (frame.typing) this.#listeners.onTyping(frame.typing)
    const areGone = this.#cursor.take(frame)
    if (frame.end) return
    this.#failures = 0
    this.connection.set({ is: 'live' })
    // What cannot be asked for anew now, is when the socket that comes instead says once more that events are gone.
    if (areGone) void this.#begin().catch(() => this.#socket?.close())
    const last = frame.events?.at(-1)
    if (last) heardTime(Date.parse(last.at))
    if (frame.events?.length) this.#listeners.onEvents(frame.events)
  }

  async #begin(): Promise<void> {
    try {
      this.#cursor.restart(await this.#listeners.onLost())
    } catch (error) {
      this.#cursor.failed()
      throw error
    }
  }

  #lost(code: number): void {
    this.#socket = undefined
    if (this.#isClosed) return
    this.#failures++
    this.#note(navigator.onLine ? (code === 1013 ? 'standby' : 'reconnecting') : 'offline')
    const again = async () => {
      // A session that is over is told by the next token that is asked for.
      if (code === 4401) await session.renew().catch(() => {})
      // A cursor that the server does not know any more, or a question that it does not understand.
      if (code === 1008) await this.#begin().catch(() => {})
      this.#open()
    }
    const pause_ms = Math.min(maxPause_ms, 250 * 2 ** Math.min(7, this.#failures)) * (0.75 + Math.random() / 2)
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
    if (isSuspect) this.#note('reconnecting')
    this.#open()
  }

  #note(is: 'reconnecting' | 'offline' | 'standby'): void {
    const now = this.connection.get()
    const since = now.is === 'live' ? performance.now() : now.since
    const shown_at = now.is === 'live' ? this.#listeners.now() : now.shown_at
    if (now.is !== is) this.connection.set({ is, since, shown_at })
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }
}
