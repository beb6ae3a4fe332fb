import { once } from 'node:events'
import { WebSocket } from 'ws'

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever a frame holds
type Frame = any

/** A customer's page, as far as its socket goes: it keeps what it has heard. */
export class WebchatPage {
  readonly frames: Frame[] = []
  readonly socket: WebSocket
  /** The code with which it was closed. */
  closed: number | undefined
  #heard = () => {}

  /** @param url - `ws://…/ringdown/v1/Webchat/Socket` */
  constructor(url: string, origin?: string) {
    this.socket = new WebSocket(url, { ...(origin !== undefined && { origin }) })
    this.socket.on('message', (text) => {
      this.frames.push(JSON.parse(String(text)))
      this.#heard()
    })
    this.socket.on('close', (code) => {
      this.closed = code
      this.#heard()
    })
    this.socket.on('error', () => {}) // a close follows
  }

  /** Says who it is, as soon as it may. */
  async hello(token: string, cursor?: string): Promise<void> {
    await once(this.socket, 'open')
    this.say({ type: 'hello', token, cursor })
  }

  say(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The first frame of a type that fits, heard or to come. */
  async hears(type: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type && fits(frame))
      if (found) return found
      if (this.closed !== undefined)
        throw new Error(`closed with ${this.closed} before ${type}: ${JSON.stringify(this.frames)}`)
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  async isClosed(): Promise<number> {
    if (this.closed === undefined) await once(this.socket, 'close')
    return this.closed ?? 0
  }
}
