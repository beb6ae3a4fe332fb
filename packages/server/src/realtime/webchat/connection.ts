import type { WebSocket } from 'ws'
import type { TokenCaller } from '../../access/tokens.ts'
import { frameIn, type PageFrame, type Place } from './frames.ts'
import type { PageFollower } from './hub.ts'

/** A customer's page whose token has been read. */
export interface AdmittedPage {
  readonly caller: TokenCaller
  readonly account_sid: string
  readonly session_sid: string
  readonly conversation_sid: string
  readonly chat_service_sid: string
  readonly identity: string
}

/** What a page is told in answer to a frame: some frames, in their order. */
export type PageAnswers = readonly object[]

/** Why a socket is closed, in WebSocket's numbers; 4000 and up are ours. */
export const closes = {
  goingAway: 1001,
  tooLarge: 1009,
  policy: 1008,
  tryAgain: 1013,
  unauthorized: 4401,
  replaced: 4409,
  tooMany: 4429
} as const

/** Bytes that may wait for a page that does not read. */
const maxUnread = 1024 * 1024
/** Frames of one page that may wait for their turn. */
const maxWaiting = 64
/** Frames that may come before the page has heard where it is. */
const maxEarly = 1000
/** A page that does not answer the goodbye is hung up on. */
const farewell_ms = 5_000

const nonsense = {
  type: 'refused',
  id: null,
  code: 20001,
  status: 400,
  message: 'The frame is no JSON object with a type, or holds U+0000 or half a character'
}

interface ConnectionOptions {
  /** PageAnswers a frame; what it rejects with becomes a frame as well. */
  readonly answer: (frame: PageFrame, connection: Connection) => Promise<PageAnswers>
  /** Says in a frame why something was not done. */
  readonly refusal: (error: unknown, frame: PageFrame) => object
}

/** One socket of a customer's page: says who it is by its first frame, and then follows its conversation. */
export class Connection implements PageFollower {
  readonly #socket: WebSocket
  readonly #options: ConnectionOptions
  #page: AdmittedPage | undefined
  /** What came while the page did not know yet where it is; undefined once it does. */
  #early: { readonly text: string; readonly place: Place | undefined }[] | undefined = []
  #waiting = 0
  #work: Promise<void> = Promise.resolve()
  /** Whether it was heard since it was last asked. */
  isHeard = true

  constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('error', () => {}) // a close follows
    socket.on('pong', () => {
      this.isHeard = true
    })
    socket.on('message', (message, isBinary) => this.#take(isBinary ? undefined : String(message)))
  }

  get page(): AdmittedPage | undefined {
    return this.#page
  }

  get session_sid(): string {
    return this.#page?.session_sid ?? ''
  }

  get conversation_sid(): string {
    return this.#page?.conversation_sid ?? ''
  }

  get identity(): string {
    return this.#page?.identity ?? ''
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** From now on it is known whose it is; a later token is the same customer's. */
  admit(page: AdmittedPage): void {
    this.#page = page
  }

  hear(text: string, place?: Place): void {
    if (!this.#early) this.#write(text)
    else if (this.#early.length >= maxEarly) this.lose()
    else this.#early.push({ text, place })
  }

  /** The page knows where it is by these frames: what came meanwhile follows, but for what is in them already. */
  begin(frames: PageAnswers, { next_index }: Pick<Place, 'next_index'>): void {
    for (const frame of frames) this.say(frame)
    const early = this.#early ?? []
    this.#early = undefined
    for (const { text, place } of early)
      if (place === undefined || place.next_index > next_index || !text.startsWith('{"type":"message",'))
        this.#write(text)
  }

  say(frame: object): void {
    this.#write(JSON.stringify(frame))
  }

  end(reason: string): void {
    this.close(closes.unauthorized, reason)
  }

  lose(): void {
    this.close(closes.tryAgain, 'come again with your cursor')
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
    setTimeout(() => this.#socket.terminate(), farewell_ms).unref()
  }

  hangUp(): void {
    this.#socket.terminate()
  }

  ping(): void {
    if (!this.isOpen) return
    if (this.isHeard) this.#socket.ping()
    else this.#socket.terminate()
    this.isHeard = false
  }

  onceClosed(call: () => void): void {
    this.#socket.once('close', call)
  }

  /** One frame after the other: messages stand in the order in which they were written. */
  #take(text: string | undefined): void {
    this.isHeard = true
    const frame = text === undefined ? undefined : frameIn(text)
    if (frame) this.#queue(frame)
    // What holds characters that nobody keeps is somebody's paste: its page goes on.
    else if (this.#page && text !== undefined) this.say(nonsense)
    else this.close(closes.policy, 'a JSON object with a type is expected')
  }

  #queue(frame: PageFrame): void {
    if (this.#waiting >= maxWaiting) {
      this.close(closes.tooMany, 'too many frames at once')
      return
    }
    this.#waiting++
    this.#work = this.#work.then(async () => {
      try {
        if (this.isOpen) for (const answer of await this.#options.answer(frame, this)) this.say(answer)
      } catch (error) {
        this.say(this.#options.refusal(error, frame))
      } finally {
        this.#waiting--
      }
    })
  }

  #write(text: string): void {
    if (!this.isOpen) return
    // Who does not read comes again, and finds what it has missed.
    if (this.#socket.bufferedAmount > maxUnread) this.#socket.terminate()
    else this.#socket.send(text)
  }
}
