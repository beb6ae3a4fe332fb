import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Admission } from '../access/admission.ts'
import { Sealing } from '../access/sealing.ts'
import { TestClock } from '../clock/clock.ts'
import { Account } from '../commit/account.ts'
import { schema } from '../schema.ts'
import { openStore } from '../store/open.ts'
import { Credentials } from './credentials.ts'
import { buildServer, type ServerOptions } from './server.ts'

/** An answer of a served account, parsed. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  /** `any`-shaped JSON as a record: tests look at the fields that they name. */
  readonly body: AnyJson
}

// biome-ignore lint/suspicious/noExplicitAny: tests read whatever an answer holds
export type AnyJson = any

export type Form = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** For tests of this package: a real account on a store of its own, its server, and a hand on the clock. */
export class Served {
  readonly app: FastifyInstance
  readonly account: Account
  readonly clock: TestClock
  readonly #close: () => Promise<void>

  private constructor(app: FastifyInstance, account: Account, clock: TestClock, close: () => Promise<void>) {
    this.app = app
    this.account = account
    this.clock = clock
    this.#close = close
  }

  static async open(options: Partial<ServerOptions> = {}): Promise<Served> {
    const folder = await mkdtemp(join(tmpdir(), 'ringdown-http-'))
    const store = await openStore({ schema, data: folder })
    const clock = new TestClock(Date.parse('2026-03-02T09:00:00Z'))
    const log = pino({ level: process.env.LOG_LEVEL ?? 'silent' })
    const account = await Account.open({ store, account_sid: served.account_sid, clock, log, seed: 7 })
    clock.register(account)
    const app = buildServer({
      ledger: (sid) => (sid === served.account_sid ? account : undefined),
      account: (sid) => (sid === served.account_sid ? account : undefined),
      credentials: new Credentials(
        [
          { username: served.account_sid, password: served.token, account_sid: served.account_sid },
          { username: served.key, password: served.secret, account_sid: served.account_sid },
          { username: served.stranger, password: served.token, account_sid: served.stranger }
        ],
        new Admission({
          authTokens: new Map([[served.account_sid, served.token]]),
          account: (sid) => (sid === served.account_sid ? account : undefined),
          sealing: new Sealing(Buffer.alloc(32, 7)),
          now: () => clock.now(),
          machineNow: () => Date.now(),
          log,
          // Somebody signs in often here, and nobody guesses.
          passwordCost: { log2N: 4, r: 8, p: 1 }
        })
      ),
      log,
      version: '0.0.0',
      now: () => clock.now(),
      clock,
      ...options
    })
    return new Served(app, account, clock, async () => {
      await app.close()
      await account.close()
      await store.close()
      await rm(folder, { recursive: true })
    })
  }

  close(): Promise<void> {
    return this.#close()
  }

  get(url: string, query?: Form, headers?: Readonly<Record<string, string>>): Promise<Answered> {
    const text = query ? `?${formOf(query)}` : ''
    return this.ask('GET', url + text, undefined, headers)
  }

  post(url: string, form: Form = {}, headers?: Readonly<Record<string, string>>): Promise<Answered> {
    return this.ask('POST', url, formOf(form), { 'content-type': 'application/x-www-form-urlencoded', ...headers })
  }

  delete(url: string, headers?: Readonly<Record<string, string>>): Promise<Answered> {
    return this.ask('DELETE', url, undefined, headers)
  }

  async ask(
    method: string,
    url: string,
    payload?: string,
    headers: Readonly<Record<string, string>> = {}
  ): Promise<Answered> {
    const {
      statusCode,
      headers: answered,
      body
    } = await this.app.inject({
      method: method as 'GET', // inject's type names the methods, of which tests try others
      url,
      headers: { authorization: served.authorization, host: 'ringdown.example', ...headers },
      ...(payload !== undefined && { payload })
    })
    const isJson = String(answered['content-type']).startsWith('application/json') && body !== ''
    return { status: statusCode, headers: answered, body: isJson ? JSON.parse(body) : body }
  }
}

const account_sid = `AC${'a'.repeat(32)}`
const token = 'the-token-of-the-account'

/** Who is who in these tests. */
export const served = {
  account_sid,
  token,
  key: `SK${'b'.repeat(32)}`,
  secret: 'the:secret of the key',
  /** Known by its token, with no account here. */
  stranger: `AC${'c'.repeat(32)}`,
  authorization: basic(account_sid, token)
} as const

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function formOf(form: Form): string {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((one): [string, string] => [
      name,
      String(one)
    ])
  )
  return new URLSearchParams(pairs).toString()
}
