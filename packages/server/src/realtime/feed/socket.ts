import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorBody } from '@ringdown/contract/errors'
import { InvalidRequest, parseForm } from '@ringdown/contract/form'
import type { Logger } from 'pino'
import { WebSocket, WebSocketServer } from 'ws'
import { refuseUpgrade } from '../upgrade.ts'
import type { Feed, FeedPage, StreamDoor, StreamEnd } from './feed.ts'
import { pageText, streamEnds } from './page.ts'
import { type FeedQuestion, parametersIn, type QueryParameters } from './question.ts'

export interface FeedSocketOptions {
  /** Whose log a request may follow. Throws what the caller is to be told. */
  readonly feedFor: (request: IncomingMessage) => Feed
  /** Reads the parameters of a query or of the first message. */
  readonly question: (parameters: QueryParameters) => FeedQuestion
  readonly envelopeOf: (error: unknown) => ErrorBody
  readonly log: Logger
  /** Milliseconds that a socket without a query has for its first message. */
  readonly greeting_ms?: number
}

/** Close codes: the protocol's own where one fits. */
const codes: Readonly<Record<StreamEnd, number>> = { slow: 1008, stopping: 1001, unavailable: 1013 }
const policy = 1008

/** A client that does not answer the goodbye is hung up on. */
const farewell_ms = 5_000

/**
 * The feed over WebSocket. The parameters are those of the query; a socket without any sends them as its first message,
 * a JSON object. Every message that is sent is a page as the long poll answers it, or `{"end":{…}}` before the close.
 */
export class FeedSockets {
  readonly #options: FeedSocketOptions
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 16 * 1024 })
  #isClosed = false

  constructor(options: FeedSocketOptions) {
    this.#options = options
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, query: string): void {
    const { feedFor, question, envelopeOf } = this.#options
    const onError = () => socket.destroy()
    socket.on('error', onError)
    const admit = async () => {
      const feed = feedFor(request)
      const parameters = parseForm(query)
      return parameters.size === 0 ? { feed } : { feed, run: await feed.open(question(parameters)) }
    }
    admit().then(
      ({ feed, run }) => {
        socket.off('error', onError)
        this.#sockets.handleUpgrade(request, socket, head, (opened) => {
          opened.on('error', () => {}) // a close follows
          if (this.#isClosed) opened.close(1001)
          else if (run) this.#serve(opened, feed, run)
          else this.#greet(opened, feed)
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
  #greet(socket: WebSocket, feed: Feed): void {
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
    socket.once('close', () => clearTimeout(late))
    socket.once('message', (message) => {
      clearTimeout(late)
      const begin = async () => feed.open(this.#options.question(parametersIn(parsed(String(message)))))
      begin().then((run) => this.#serve(socket, feed, run), fail)
    })
  }

  #serve(socket: WebSocket, feed: Feed, run: Awaited<ReturnType<Feed['open']>>): void {
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    // What else a client says has no meaning.
    socket.on('message', () => {})
    if (socket.readyState !== WebSocket.OPEN) return
    run(doorOf(socket, feed), gone.signal).catch((err: unknown) => {
      this.#options.log.error({ err }, 'a socket of the feed failed')
      socket.terminate()
    })
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidRequest('The message is invalid: a JSON object with cursor, since, types, … is expected')
  }
}
