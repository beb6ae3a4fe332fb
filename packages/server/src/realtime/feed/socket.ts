import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@ringdown/contract/errors'
import { InvalidRequest, parseForm } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { Logger } from 'pino'
import { WebSocket, WebSocketServer } from 'ws'
import type { Caller } from '../../access/caller.ts'
import type { EventDetail, EventReader, EventSubject } from '../../access/event-sight.ts'
import { answerPings } from '../pongs.ts'
import { refuseUpgrade } from '../upgrade.ts'
import type { Feed, FeedPage, StreamDoor, StreamEnd } from './feed.ts'
import { pageText, streamEnds } from './page.ts'
import { type FeedQuestion, parametersIn, type QueryParameters } from './question.ts'

export interface FeedSocketOptions {
  /**
   * Who a request is by; undefined where it brings no credentials: then its first message has a token. Rejects with what
   * the caller is to be told.
   */
  readonly admit: (request: IncomingMessage) => Promise<Admitted | undefined>
  /** The same for a token. */
  readonly admitBy: (token: string) => Promise<Admitted>
  /** Reads the parameters of a query or of the first message. */
  readonly question: (parameters: QueryParameters, reader: EventReader) => FeedQuestion
  readonly envelopeOf: (error: unknown) => ErrorBody
  readonly log: Logger
  /** Milliseconds that a socket without a query has for its first message. */
  readonly greeting_ms?: number
}

/** Who follows, and whose log. */
export interface Admitted {
  readonly feed: Feed
  readonly caller: Caller
  readonly reader: EventReader
}

/** Sockets that have not said yet by whom they are: one more, and who has been silent for longest has to go. */
const maxStrangers = 100

/** Close codes: the protocol's own where one fits. */
const codes: Readonly<Record<StreamEnd, number>> = { slow: 1008, stopping: 1001, unavailable: 1013, revoked: 4401 }
const policy = 1008

/** A client that does not answer the goodbye is hung up on. */
const farewell_ms = 5_000

/**
 * The feed over WebSocket. The parameters are those of the query; a socket without any sends them as its first message,
 * a JSON object, together with a token where its request brought no credentials; a later `{"token":"…"}` of the same
 * holder takes its place. Every message that is sent is a page as the long poll answers it, or `{"end":{…}}` before the close.
 */
export class FeedSockets {
  readonly #options: FeedSocketOptions
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: 16 * 1024
  })
  #isClosed = false
  /** How each of those who have not said yet by whom they are is hung up on; who came first stands first. */
  readonly #strangers = new Set<() => void>()

  constructor(options: FeedSocketOptions) {
    this.#options = options
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, query: string): void {
    const { admit: admitting, question, envelopeOf } = this.#options
    const onError = () => socket.destroy()
    socket.on('error', onError)
    const admit = async () => {
      const admitted = await admitting(request)
      const asked = parseForm(query)
      if (!admitted || asked.size === 0) return { held: admitted && new Held(admitted), asked }
      const held = new Held(admitted)
      return { held, asked, run: await held.feed.open(question(asked, held)) }
    }
    admit().then(
      ({ held, asked, run }) => {
        socket.off('error', onError)
        this.#sockets.handleUpgrade(request, socket, head, (opened) => {
          opened.on('error', () => {}) // a close follows
          answerPings(opened)
          if (this.#isClosed) opened.close(1001)
          else if (run && held) this.#serve(opened, held, run)
          else this.#greet(opened, held, asked)
        })
      },
      (error: unknown) => refuseUpgrade(socket, envelopeOf(error), request)
    )
  }

  /** Takes no more; the feed's own end says goodbye to those who are followed already. */
  close(): void {
    this.#isClosed = true
    for (const socket of this.#sockets.clients) setTimeout(() => socket.terminate(), 250).unref()
    this.#sockets.close()
  }

  /** Waits for the first message. */
  #greet(socket: WebSocket, known: Held | undefined, query: QueryParameters): void {
    const fail = (error: unknown) => {
      const { message, status } = this.#options.envelopeOf(error)
      const isWrong = status < 429
      say(socket, { end: { reason: isWrong ? 'invalid' : 'unavailable', message } })
      leave(socket, isWrong ? policy : codes.unavailable, message)
    }
    const late = setTimeout(
      () => fail(new InvalidRequest('No parameters came: give them in the query, or as the first message')),
      this.#options.greeting_ms ?? 10_000
    )
    // A page says at once who it is: whoever opens sockets and says nothing keeps out others of the kind.
    const [eldest] = this.#strangers
    if (!known && this.#strangers.size >= maxStrangers) eldest?.()
    const heard = () => {
      clearTimeout(late)
      this.#strangers.delete(hangUp)
      socket.off('close', heard)
    }
    const hangUp = () => {
      heard()
      socket.terminate()
    }
    if (!known) this.#strangers.add(hangUp)
    socket.once('close', heard)
    socket.once('message', (message) => {
      heard()
      const begin = async () => {
        const { token, ...asked } = memberOf(parsed(String(message)))
        const held = known ?? new Held(await this.#options.admitBy(typeof token === 'string' ? token : ''))
        const all = new Map([...query, ...parametersIn(asked)])
        return { held, run: await held.feed.open(this.#options.question(all, held)) }
      }
      begin().then(({ held, run }) => this.#serve(socket, held, run), fail)
    })
  }

  #serve(socket: WebSocket, held: Held, run: Awaited<ReturnType<Feed['open']>>): void {
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    const { admitBy, log } = this.#options
    // What else a client says than a new token has no meaning. One is read at a time, and of those that come meanwhile the
    // last: whoever sends many keeps nobody waiting.
    let isRenewing = false
    let last: string | undefined
    const renew = async () => {
      while (last !== undefined) {
        const { token } = memberOf(parsed(last))
        last = undefined
        if (typeof token === 'string') held.renew(await admitBy(token))
      }
    }
    socket.on('message', (message) => {
      last = String(message)
      if (isRenewing) return
      isRenewing = true
      renew()
        .catch((err: unknown) => {
          last = undefined
          log.debug({ err }, 'a socket of the feed was not renewed')
        })
        .finally(() => {
          isRenewing = false
        })
    })
    if (socket.readyState !== WebSocket.OPEN) return
    run(doorOf(socket, held.feed), gone.signal).catch((err: unknown) => {
      this.#options.log.error({ err }, 'a socket of the feed failed')
      socket.terminate()
    })
  }
}

/** Who holds a socket: the same all along, by one token after the other. */
class Held implements EventReader {
  readonly feed: Feed
  readonly #caller: Caller
  #reader: EventReader

  constructor({ feed, caller, reader }: Admitted) {
    this.feed = feed
    this.#caller = caller
    this.#reader = reader
  }

  /** The same all along, as the holder is. */
  get whose(): EventReader['whose'] {
    return this.#reader.whose
  }

  readonly stands = () => this.#reader.stands?.() ?? true
  readonly seesBoard = (workspace_sid: string) => this.#reader.seesBoard?.(workspace_sid) ?? true
  readonly sees = (event: EventSubject): EventDetail => (this.#reader.sees ? this.#reader.sees(event) : 'all')
  readonly learn = async (events: readonly EventSubject[]) => this.#reader.learn?.(events)
  readonly mayConcern = (event: EventSubject) =>
    this.#reader.mayConcern ? this.#reader.mayConcern(event) : this.sees(event) !== false

  /** Somebody else's token changes nothing. */
  renew({ feed, caller, reader }: Admitted): void {
    const isSame = caller.actor?.type === this.#caller.actor?.type && caller.actor?.sid === this.#caller.actor?.sid
    if (feed === this.feed && isSame) this.#reader = reader
  }
}

function doorOf(socket: WebSocket, feed: Feed): StreamDoor {
  let isHeard = true
  socket.on('pong', () => {
    isHeard = true
  })
  return {
    send(page: FeedPage) {
      if (socket.readyState !== WebSocket.OPEN) return
      socket.send(pageText(page, feed.cursors))
      if (page.events.length > 0) return
      // Silence: whoever has not answered the last ping is gone without a word.
      if (!isHeard) return socket.terminate()
      isHeard = false
      socket.ping()
    },
    tell(name, text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(`{"${name}":${text}}`)
    },
    unread: () => socket.bufferedAmount,
    drained: (signal) => drained(socket, signal),
    end(why, position) {
      const cursor = feed.cursors.at(position)
      say(socket, { end: { reason: why, message: streamEnds[why], cursor } })
      leave(socket, codes[why], `${why}: go on from cursor ${cursor}`)
    }
  }
}

/** `ws` tells when a message has left, but not when it has no more of them: the amount is looked at. */
function drained(socket: WebSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!signal.aborted && socket.bufferedAmount > 0 && socket.readyState === WebSocket.OPEN) return
      clearInterval(timer)
      resolve()
    }
    const timer = setInterval(look, 20)
    signal.addEventListener('abort', look, { once: true })
  })
}

function say(socket: WebSocket, message: object): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
}

/** A reason has 123 bytes of UTF-8 at most. */
function leave(socket: WebSocket, code: number, reason: string): void {
  socket.close(
    code,
    Buffer.from(reason.replaceAll('…', '...'))
      .subarray(0, 120)
      .toString('latin1')
      .replace(/[^ -~]/g, '?')
  )
  setTimeout(() => socket.terminate(), farewell_ms).unref()
}

function memberOf(value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value
  throw new InvalidRequest('The message is invalid: a JSON object with cursor, since, types, … is expected')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidRequest('The message is invalid: a JSON object with cursor, since, types, … is expected')
  }
}
