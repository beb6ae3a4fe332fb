import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { HttpRefusal, refused } from './errors.ts'

/** Who may call: an account with its auth token (`AC…`), or an API key of it (`SK…`) with its secret. */
export interface Credential {
  readonly username: string
  readonly password: string
  readonly account_sid: string
}

interface Known {
  readonly credential: Credential
  readonly padded: Buffer
}

interface Right {
  readonly header: Buffer
  /** Where the header that is compared with it is written. */
  readonly given: Buffer
  readonly credential: Credential
}

/** Of `Basic ` and the base64 of a SID: 44 characters are 33 bytes of its 34. */
const nameEnd = 6 + 44
const mostRight = 1000

/** Bytes in which a password is compared; a longer one is never right. */
const room = 512

/** The credentials of all accounts that this server serves. */
export class Credentials {
  readonly #known = new Map<string, Known>()
  readonly #given = Buffer.alloc(room)
  /** Headers that were right, by their beginning, which holds nothing but the name. */
  readonly #right = new Map<string, Right>()

  constructor(credentials: Iterable<Credential>) {
    for (const credential of credentials) this.add(credential)
  }

  add(credential: Credential): void {
    const { username, password } = credential
    if (username === '' || username.includes(':') || password === '')
      throw new Error('a credential has a name and a password')
    if (Buffer.byteLength(password) > mostBytes)
      throw new Error(`the password of ${username} is longer than ${mostBytes} bytes`)
    this.#right.clear()
    this.#known.set(username, { credential, padded: padded(password, Buffer.alloc(room)) })
  }

  remove(username: string): void {
    this.#right.clear()
    this.#known.delete(username)
  }

  /** Of an `Authorization: Basic …` header; undefined when it is missing, malformed or wrong. */
  basic(authorization: string | undefined): Credential | undefined {
    if (authorization === undefined) return undefined
    const beginning = authorization.slice(0, nameEnd)
    const right = this.#right.get(beginning)
    if (right && isEqual(authorization, right)) return right.credential
    if (!/^basic /i.test(authorization)) return undefined
    const credential = this.#check(Buffer.from(authorization.slice(6), 'base64').toString('utf8'))
    if (credential && credential.username.length >= 33) this.#remember(beginning, authorization, credential)
    return credential
  }

  /** Basic, or `Bearer` with `username:password`, plain or in base64: what MCP clients can be configured to send. */
  any(authorization: string | undefined): Credential | undefined {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return this.basic(authorization)
    const token = authorization.slice(7).trim()
    return this.#check(token.includes(':') ? token : Buffer.from(token, 'base64').toString('utf8'))
  }

  #remember(beginning: string, authorization: string, credential: Credential): void {
    // A header has many forms (letter case, blanks): what is remembered of them has an end.
    if (this.#right.size >= mostRight) this.#right.clear()
    const header = Buffer.from(authorization, 'latin1')
    this.#right.set(beginning, { header, given: Buffer.alloc(header.length), credential })
  }

  /**
   * Takes the same time whether the name is known or not, and wherever the password differs: both stand in buffers of one
   * size with their lengths in front. (Comparing digests instead costs as much as reading the row that is asked for.)
   */
  #check(pair: string): Credential | undefined {
    const colon = pair.indexOf(':')
    const known = this.#known.get(pair.slice(0, Math.max(colon, 0)))
    const isEqual = timingSafeEqual(padded(pair.slice(colon + 1), this.#given), known?.padded ?? nobody)
    return isEqual ? known?.credential : undefined
  }
}

/** Checks who calls. Throws 401/20003. */
export function authenticate(request: FastifyRequest, credentials: Credentials): Credential {
  const credential = credentials.basic(request.headers.authorization)
  if (!credential) throw new HttpRefusal(refused.authenticate)
  request.credential = credential
  return credential
}

/** Checks who calls before anything of the body is read: `onRequest` of every route that is not for everybody. */
export function askingWho(credentials: Credentials): onRequestHookHandler {
  return (request, _reply, done) => {
    authenticate(request, credentials)
    done()
  }
}

/** Whose request it is, on a route that asks. */
export function callerOf({ credential }: FastifyRequest): Credential {
  if (!credential) throw new Error('invariant: the route asks who calls')
  return credential
}

/** Takes the same time wherever two headers of one length differ. (How long a token is, is no secret.) */
function isEqual(authorization: string, { header, given }: Right): boolean {
  if (authorization.length !== header.length) return false
  given.write(authorization, 'latin1')
  return timingSafeEqual(given, header)
}

/** A length that does not fit its bytes is cut like the text is, so that it can equal nothing that fits. */
const mostBytes = room - 2

function padded(password: string, into: Buffer): Buffer {
  into.fill(0)
  into.write(password, 2)
  into.writeUInt16LE(Math.min(Buffer.byteLength(password), 0xffff))
  return into
}

/** Equal to nothing that `padded` makes: no text of no length has bytes. */
const nobody = Buffer.alloc(room, 0xff)
