import { connect, type Socket } from 'node:net'

/** An answer as it came; `body` is text. */
export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Where a server answers, and as whom it is called. */
export interface Place {
  readonly host: string
  readonly port: number
  /** The `Authorization` header. */
  readonly authorization: string
}

/** Milliseconds after which the server may hang up on a connection that nobody uses, with some to spare. */
const idle_ms = 4_000

/**
 * One connection that is kept, with one request under way. Written on a socket because the load generator shares the
 * machine with what it measures: it costs a fraction of `node:http`'s client. It understands answers with a length only.
 */
export class Connection {
  readonly #socket: Socket
  readonly #tail: string
  #received: Buffer = Buffer.alloc(0)
  #usedAt = performance.now()
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined

  private constructor(socket: Socket, { host, port, authorization }: Place) {
    this.#socket = socket
    this.#tail = ` HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: ${authorization}\r\n`
    socket.on('data', (piece: Buffer) => this.#read(piece))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  static open(place: Place): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: place.host, port: place.port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new Connection(socket, place)))
    })
  }

  /** Nothing came on it for so long that the server may have hung up, or is about to. */
  get isStale(): boolean {
    return performance.now() - this.#usedAt > idle_ms
  }

  get(path: string): Promise<Answer> {
    return this.#send(`GET ${path}${this.#tail}\r\n`)
  }

  post(path: string, params: Readonly<Record<string, string>>): Promise<Answer> {
    const body = new URLSearchParams(params).toString()
    const type = 'Content-Type: application/x-www-form-urlencoded'
    return this.#send(`POST ${path}${this.#tail}${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(text: string): Promise<Answer> {
    if (this.#waiting) throw new Error('invariant: one request at a time')
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      if (this.#socket.destroyed) this.#fail(new Error('the connection is closed'))
      else this.#socket.write(text)
    })
  }

  #read(piece: Buffer): void {
    this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece])
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#received.toString('latin1', 0, end)
    const length = Number(
      /\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? (head.startsWith('HTTP/1.1 204') ? 0 : Number.NaN)
    )
    if (Number.isNaN(length)) {
      this.#fail(new Error(`an answer without a length: ${head}`))
      return
    }
    if (this.#received.length < end + 4 + length) return
    const body = this.#received.toString('utf8', end + 4, end + 4 + length)
    this.#received = this.#received.subarray(end + 4 + length)
    this.#usedAt = performance.now()
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body })
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}

/** Connections that are lent one by one; who comes when all are out waits in turn. */
export class Connections {
  readonly #place: Place
  readonly #free: Connection[]
  readonly #queue: ((connection: Connection) => void)[] = []
  readonly #all: Set<Connection>

  private constructor(place: Place, all: readonly Connection[]) {
    this.#place = place
    this.#all = new Set(all)
    this.#free = [...all]
  }

  static async open(place: Place, count: number): Promise<Connections> {
    return new Connections(place, await Promise.all(Array.from({ length: count }, () => Connection.open(place))))
  }

  async with<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    const lent = this.#free.pop() ?? (await new Promise<Connection>((resolve) => this.#queue.push(resolve)))
    const connection = lent.isStale ? await this.#inPlaceOf(lent) : lent
    try {
      return await use(connection)
    } finally {
      const next = this.#queue.shift()
      if (next) next(connection)
      else this.#free.push(connection)
    }
  }

  close(): void {
    for (const connection of this.#all) connection.close()
  }

  async #inPlaceOf(stale: Connection): Promise<Connection> {
    this.#all.delete(stale)
    stale.close()
    const fresh = await Connection.open(this.#place)
    this.#all.add(fresh)
    return fresh
  }
}

/** The body of an answer that must have a status, as JSON. */
export function expected<T>(answer: Answer, status: number): T {
  if (answer.status !== status) throw new Error(`the server answered ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body) as T // whoever calls knows the operation
}
