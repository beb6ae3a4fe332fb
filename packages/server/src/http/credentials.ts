import { createHash, timingSafeEqual } from 'node:crypto'

/** Who may call: an account with its auth token (`AC…`), or an API key of it (`SK…`) with its secret. */
export interface Credential {
  readonly username: string
  readonly password: string
  readonly account_sid: string
}

interface Known {
  readonly credential: Credential
  readonly digest: Buffer
}

/** The credentials of all accounts that this server serves. */
export class Credentials {
  readonly #known = new Map<string, Known>()

  constructor(credentials: Iterable<Credential>) {
    for (const credential of credentials) this.add(credential)
  }

  add(credential: Credential): void {
    this.#known.set(credential.username, { credential, digest: digestOf(credential.password) })
  }

  remove(username: string): void {
    this.#known.delete(username)
  }

  /** Of an `Authorization: Basic …` header; undefined when it is missing, malformed or wrong. */
  basic(authorization: string | undefined): Credential | undefined {
    if (authorization === undefined || !/^basic /i.test(authorization)) return undefined
    return this.#check(Buffer.from(authorization.slice(6).trim(), 'base64').toString('utf8'))
  }

  /** Basic, or `Bearer` with `username:password`, plain or in base64: what MCP clients can be configured to send. */
  any(authorization: string | undefined): Credential | undefined {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return this.basic(authorization)
    const token = authorization.slice(7).trim()
    return this.#check(token.includes(':') ? token : Buffer.from(token, 'base64').toString('utf8'))
  }

  /** Takes the same time whether the name is known or not, and wherever the password differs. */
  #check(pair: string): Credential | undefined {
    const colon = pair.indexOf(':')
    const known = this.#known.get(pair.slice(0, Math.max(colon, 0)))
    const isEqual = timingSafeEqual(digestOf(pair.slice(colon + 1)), known?.digest ?? nobody)
    return colon > 0 && isEqual ? known?.credential : undefined
  }
}

function digestOf(password: string): Buffer {
  return createHash('sha256').update(password).digest()
}

/** No password has this digest, as far as anybody knows. */
const nobody = Buffer.alloc(32)
