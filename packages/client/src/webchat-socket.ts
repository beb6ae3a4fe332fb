import type { WebchatFrame, WebchatSaying } from './webchat-frames.ts'

/** As browsers have it, and as the package `ws` does. */
export interface SocketLike {
  readonly readyState: number
  send(text: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number }) => void) | null
  onerror: ((event: unknown) => void) | null
}

/** `reconnecting` is said only once it takes long enough to be noticed. */
export type WebchatConnection = 'none' | 'connecting' | 'live' | 'reconnecting' | 'offline'

export interface WebchatSocketOptions {
  readonly url: string
  readonly open: (url: string) => SocketLike
  /** The first frame, with a token that is good; undefined where nobody comes in any more. Rejects where nobody answers. */
  readonly hello: () => Promise<WebchatSaying | undefined>
  readonly onFrame: (frame: WebchatFrame) => void
  readonly onConnection: (connection: WebchatConnection) => void
  /** The token was not taken: the next hello has to bring a new one. */
  readonly onRefused: () => void
  /** Whether the machine has a network, as far as it knows. */
  readonly isOnline: () => boolean
}

const ping_ms = 20_000
/** Without a word for so long after a ping, nobody is there. */
const silence_ms = 8_000
/** A tick that comes so late shows that the machine has slept. */
const slept_ms = 5_000
const tick_ms = 1_000
const minPause_ms = 500
const maxPause_ms = 30_000
const noticed_ms = 2_000

const openState = 1

/** The socket of a chat, which comes back for ever, and notices when nobody is there any more. */
export class WebchatSocket {
  readonly #options: WebchatSocketOptions
  #socket: SocketLike | undefined
  #isReady = false
  #isClosed = false
  #failures = 0
  #heard = 0
  #pinged = 0
  #ticked = 0
  #lostAt: number | undefined
  #said: WebchatConnection = 'none'
  #again: ReturnType<typeof setTimeout> | undefined
  #ticking: ReturnType<typeof setInterval> | undefined

  constructor(options: WebchatSocketOptions) {
    this.#options = options
  }

  begin(): void {
    this.#ticked = performance.now()
    this.#ticking = setInterval(() => this.#tick(), tick_ms)
    this.#tell('connecting')
    this.#open()
  }

  /** Nothing is heard any more. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#ticking)
    clearTimeout(this.#again)
    this.#drop()
    this.#tell('none')
  }

  /** Whether what is said now is heard. */
  get isLive(): boolean {
    return this.#isReady && this.#socket?.readyState === openState
  }

  /** Answers whether it was said. */
  say(frame: WebchatSaying): boolean {
    if (!this.isLive) return false
    this.#socket?.send(JSON.stringify(frame))
    return true
  }

  /** The network is back, or the page is looked at again: is anybody there? */
  probe(): void {
    if (this.#isClosed) return
    if (!this.isLive) this.#reopen()
    else this.#ping()
  }

  /** The machine knows that it has no network. */
  offline(): void {
    if (!this.#isClosed) this.#tell('offline')
  }

  #open(): void {
    if (this.#isClosed) return
    const socket = this.#options.open(this.#options.url)
    this.#socket = socket
    this.#heard = performance.now()
    this.#pinged = 0
    socket.onerror = () => {} // a close follows
    socket.onopen = () => {
      this.#options.hello().then(
        (frame) => {
          if (this.#socket !== socket) return
          if (frame) socket.send(JSON.stringify(frame))
          else this.close()
        },
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
    this.#pinged = 0
    const frame = JSON.parse(text) as WebchatFrame // by docs/channels.md
    if (frame.type === 'ready') {
      this.#isReady = true
      this.#failures = 0
      this.#lostAt = undefined
    }
    this.#options.onFrame(frame)
    if (this.#isReady) this.#tell('live')
  }

  #lost(code: number): void {
    this.#drop()
    if (this.#isClosed) return
    if (code === 4401) this.#options.onRefused()
    this.#lostAt ??= performance.now()
    this.#failures++
    if (!this.#options.isOnline()) this.#tell('offline')
    const pause_ms = Math.min(maxPause_ms, minPause_ms * 2 ** Math.min(10, this.#failures - 1))
    clearTimeout(this.#again)
    this.#again = setTimeout(() => this.#open(), pause_ms * (0.75 + Math.random() / 2))
  }

  #reopen(): void {
    clearTimeout(this.#again)
    this.#drop()
    this.#lostAt ??= performance.now()
    this.#open()
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#isReady = false
    socket?.close()
  }

  #tick(): void {
    const now = performance.now()
    const slept = now - this.#ticked > slept_ms
    this.#ticked = now
    const isDumb = this.#pinged > 0 && now - this.#pinged > silence_ms
    if (isDumb || (slept && this.isLive)) this.#reopen()
    else if (slept && !this.isLive) this.probe()
    else if (this.isLive && now - this.#heard > ping_ms) this.#ping()
    if (this.#lostAt !== undefined && now - this.#lostAt > noticed_ms)
      this.#tell(this.#options.isOnline() ? 'reconnecting' : 'offline')
  }

  #ping(): void {
    if (this.#pinged > 0) return
    this.#pinged = performance.now()
    this.say({ type: 'ping' })
  }

  #tell(connection: WebchatConnection): void {
    if (connection === this.#said) return
    this.#said = connection
    this.#options.onConnection(connection)
  }
}
