import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Admission } from '../access/admission.ts'
import { accountCaller, type Caller } from '../access/caller.ts'
import type { Key } from '../access/keyring.ts'
import { Unavailable } from '../commit/ledger.ts'
import { HttpRefusal, refused } from './errors.ts'

/** What somebody brings to be known by: an account with its auth token (`AC…`), or an API key (`SK…`) with its secret. */
export interface Secret {
  readonly username: string
  readonly password: string
  readonly account_sid: string
}

/** Who calls, and by what: whoever works on a caller's behalf asks by the same. */
export interface Credential extends Secret {
  readonly caller: Caller
}

/** The header that came last on a connection, and who that was. */
interface Last {
  readonly header: string
  readonly credential: Credential
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
  readonly key: Key | undefined
}

/** Of `Basic ` and the base64 of a SID: 44 characters are 33 bytes of its 34. */
const nameEnd = 6 + 44
const maxRight = 1000

/** Bytes in which a password is compared; a longer one is never right. */
const room = 512

/** The credentials of all accounts that this server serves, and of whom they have let in. */
export class Credentials {
  /** Who else may come in than the accounts themselves. */
  readonly admission: Admission | undefined
  readonly #known = new Map<string, Known>()
  readonly #given = Buffer.alloc(room)
  /** Headers that were right, by their beginning, which holds nothing but the name. */
  readonly #right = new Map<string, Right>()
  /** Of those who came with a token. */
  readonly #last = new WeakMap<object, Last>()

  constructor(secrets: Iterable<Secret>, admission?: Admission) {
    this.admission = admission
    for (const secret of secrets) this.add(secret)
  }

  /** Lets somebody do everything. */
  add(secret: Secret): void {
    const { username, password, account_sid } = secret
    if (username === '' || username.includes(':') || password === '')
      throw new Error('a credential has a name and a password')
    if (Buffer.byteLength(password) > maxBytes)
      throw new Error(`the password of ${username} is longer than ${maxBytes} bytes`)
    this.#right.clear()
    const credential = { ...secret, caller: accountCaller(account_sid) }
    this.#known.set(username, { credential, padded: padded(password, Buffer.alloc(room)) })
  }

  /** The auth token of an account that this server serves. */
  tokenOf(account_sid: string): string | undefined {
    return this.#known.get(account_sid)?.credential.password
  }

  remove(username: string): void {
    this.#right.clear()
    this.#known.delete(username)
  }

  /**
   * Of an `Authorization` header: Basic, a bearer token, or Basic of the user `token` with one. Undefined when it is
   * missing, malformed or wrong; a promise where the signature of a token has to be checked. Throws and rejects with
   * TokenRefused for a token that is not taken, and with Unavailable where nobody can say.
   */
  of(authorization: string | undefined): Credential | undefined | Promise<Credential> {
    if (authorization === undefined) return undefined
    const beginning = authorization.slice(0, nameEnd)
    const right = this.#right.get(beginning)
    if (right && isEqual(authorization, right)) return this.#again(beginning, right)
    if (/^bearer /i.test(authorization)) return this.#token(authorization.slice(7).trim())
    if (!/^basic /i.test(authorization)) return undefined
    const pair = Buffer.from(authorization.slice(6), 'base64').toString('utf8')
    if (pair.startsWith('token:')) return this.#token(pair.slice(6))
    const found = this.#check(pair)
    if (found && found.credential.username.length >= 33) this.#remember(beginning, authorization, found)
    return found?.credential
  }

  /**
   * The same of a header on a connection: most requests bring the header that came there last, and to compare two texts
   * costs next to nothing, where a token is looked for among all that are known letter by letter. Only who shares the
   * connection of the token's owner, as behind a proxy, could listen to how long that takes, and would have to tell
   * nanoseconds apart before the token is over. What it may do is looked at as ever.
   */
  onConnection(socket: object, authorization: string | undefined): ReturnType<Credentials['of']> {
    const last = this.#last.get(socket)
    if (last && last.header === authorization && last.credential.caller.standing()) return last.credential
    const found = this.of(authorization)
    if (authorization !== undefined && found !== undefined && !(found instanceof Promise) && isOfToken(found))
      this.#last.set(socket, { header: authorization, credential: found })
    return found
  }

  /** The same; or `Bearer` with `username:password`, plain or in base64: what MCP clients can be configured to send. */
  any(authorization: string | undefined): Credential | undefined | Promise<Credential> {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return this.of(authorization)
    const token = authorization.slice(7).trim()
    // A JWT has two points, which neither of the others has.
    if (token.split('.').length === 3 && !token.includes(':')) return this.#token(token)
    return this.#check(token.includes(':') ? token : Buffer.from(token, 'base64').toString('utf8'))?.credential
  }

  /** A key may be gone since it was right, or have been made anew. */
  #again(beginning: string, { credential, key }: Right): Credential | undefined {
    if (!key) return credential
    if (this.admission?.keyring.find(credential.username)?.secret !== key.secret) {
      this.#right.delete(beginning)
      return undefined
    }
    this.admission.keyring.used(key)
    return credential
  }

  #token(token: string): Credential | undefined | Promise<Credential> {
    if (!this.admission) return undefined
    const credentialOf = (caller: Caller) => ({
      username: tokenUser,
      password: token,
      account_sid: caller.account_sid,
      caller
    })
    const caller = this.admission.tokens.caller(token)
    return caller instanceof Promise ? caller.then(credentialOf) : credentialOf(caller)
  }

  #remember(beginning: string, authorization: string, { credential, key }: Found): void {
    // A header has many forms (letter case, blanks): what is remembered of them has an end.
    if (this.#right.size >= maxRight) this.#right.clear()
    const header = Buffer.from(authorization, 'latin1')
    this.#right.set(beginning, { header, given: Buffer.alloc(header.length), credential, key })
  }

  /**
   * Takes the same time whether the name is known or not, and wherever the password differs: both stand in buffers of one
   * size with their lengths in front. (Comparing digests instead costs as much as reading the row that is asked for.)
   */
  #check(pair: string): Found | undefined {
    const colon = pair.indexOf(':')
    const username = pair.slice(0, Math.max(colon, 0))
    const key = this.admission?.keyring.find(username)
    const known = this.#known.get(username) ?? (key && this.#knownKey(username, key))
    const isEqual = timingSafeEqual(padded(pair.slice(colon + 1), this.#given), known?.padded ?? nobody)
    if (!known && /^SK[0-9a-f]{32}$/.test(username) && this.admission?.isWhole() === false)
      throw new Unavailable('whose key that is, is not known yet')
    if (!isEqual || !known) return undefined
    if (key) this.admission?.keyring.used(key)
    return { credential: known.credential, key }
  }

  #knownKey(username: string, { caller, secret: password }: Key): Known {
    const credential = { username, password, account_sid: caller.account_sid, caller }
    return { credential, padded: padded(password, Buffer.alloc(room)) }
  }
}

/** As whom a token comes: accounts and keys are called by their SIDs. */
const tokenUser = 'token'

function isOfToken({ username }: Credential): boolean {
  return username === tokenUser
}

interface Found {
  readonly credential: Credential
  readonly key: Key | undefined
}

/**
 * Goes on when it is known who calls, and before anything of a body is read. With 401/20003 where nobody does, and with
 * 401 and its own number where a token is not taken.
 */
export function authenticate(
  request: FastifyRequest,
  found: Credential | undefined | Promise<Credential>,
  done: (error?: Error) => void
): void {
  if (found instanceof Promise) {
    found.then(
      (credential) => authenticate(request, credential, done),
      (error: Error) => done(error)
    )
    return
  }
  request.credential = found ?? null
  done(found ? undefined : new HttpRefusal(refused.authenticate))
}

/** `onRequest` of every route that is not for everybody. */
export function askingWho(credentials: Credentials): onRequestHookHandler {
  return (request, _reply, done) =>
    authenticate(request, credentials.onConnection(request.raw.socket, request.headers.authorization), done)
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
const maxBytes = room - 2

function padded(password: string, into: Buffer): Buffer {
  into.fill(0)
  into.write(password, 2)
  into.writeUInt16LE(Math.min(Buffer.byteLength(password), 0xffff))
  return into
}

/** Equal to nothing that `padded` makes: no text of no length has bytes. */
const nobody = Buffer.alloc(room, 0xff)
