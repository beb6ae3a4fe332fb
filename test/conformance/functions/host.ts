import https from 'node:https'
import { connect } from 'node:net'
import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import type { World } from '../../support/world.ts'

/*
 * A host of serverless functions, as small as it can be: it gives them a context, an event and a callback, and `Twilio` in
 * the global scope. What they ask of iam.twilio.com by name comes to the world.
 */

export interface FunctionContext {
  readonly ACCOUNT_SID: string
  readonly AUTH_TOKEN?: string
  readonly API_KEY?: string
  readonly API_SECRET?: string
  readonly WORKSPACE_SID: string
  getTwilioClient(): twilio.Twilio
}

/** What the validator puts into the event of a token that counts. */
export interface TokenResult {
  readonly roles: readonly string[]
  readonly worker_sid: string | null
  readonly identity: string | null
}

export type FunctionEvent = Readonly<Record<string, unknown>> & { readonly TokenResult?: TokenResult }
export type Callback = (error: unknown, answer?: unknown) => void
export type Handler = (context: FunctionContext, event: FunctionEvent, callback: Callback) => unknown

/** `Twilio.Response` of the runtime. */
export class Response {
  status = 200
  body: unknown = undefined
  readonly headers: Record<string, string> = {}

  setStatusCode(status: number): void {
    this.status = status
  }

  setBody(body: unknown): void {
    this.body = body
  }

  appendHeader(name: string, value: string): void {
    this.headers[name] = value
  }
}

export class FunctionHost {
  readonly #here: World
  readonly #context: FunctionContext
  readonly #agent = new https.Agent()
  readonly #before = { agent: https.globalAgent, twilio: Reflect.get(globalThis, 'Twilio') as unknown }

  constructor(here: World, workspace_sid: string, key?: { readonly sid: string; readonly secret: string }) {
    const { account_sid, auth_token } = here.running.credentials
    this.#here = here
    const httpClient = ringdown({ url: here.running.url })
    this.#context = {
      ACCOUNT_SID: account_sid,
      WORKSPACE_SID: workspace_sid,
      ...(key ? { API_KEY: key.sid, API_SECRET: key.secret } : { AUTH_TOKEN: auth_token }),
      getTwilioClient: () =>
        key
          ? twilio(key.sid, key.secret, { accountSid: account_sid, httpClient })
          : twilio(account_sid, auth_token, { httpClient })
    }
    const { hostname, port } = new URL(here.running.url)
    // Wherever they connect to by TLS is here, as behind a proxy that ends it.
    this.#agent.createConnection = () => connect(Number(port), hostname)
    https.globalAgent = this.#agent
    Object.assign(globalThis, { Twilio: { Response } })
  }

  /** Resolves with what a function gives to its callback. */
  call(handler: Handler, event: FunctionEvent): Promise<Response> {
    return new Promise((resolve, reject) => {
      const callback: Callback = (error, answer) => {
        if (error) reject(error)
        else if (answer instanceof Response) resolve(answer)
        else reject(new Error('a function answers a response'))
      }
      Promise.resolve(handler(this.#context, event, callback)).catch(reject)
    })
  }

  /** The session of somebody who is signed in, and the token that its desk brings along. */
  async signIn(username: string, roles: readonly string[], worker_sid: string): Promise<string> {
    const user = await this.#here.call('/ringdown/v1/Users', {
      Username: username,
      Roles: [...roles],
      WorkerSid: worker_sid
    })
    const link = await this.#here.call(`/ringdown/v1/Users/${user.body.sid}/SetupLinks`, {})
    const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
    const sessions = `${this.#here.running.url}/ringdown/v1/Sessions`
    const body = JSON.stringify({ secret: link.body.secret, password: 'correct horse battery' })
    const begun = await fetch(`${sessions}/Setup`, { method: 'POST', headers, body })
    const cookie = String(begun.headers.get('set-cookie')).split(';')[0] ?? ''
    const answer = await fetch(`${sessions}/Current/Token`, { method: 'POST', headers: { ...headers, cookie } })
    return ((await answer.json()) as { token: string }).token
  }

  close(): void {
    https.globalAgent = this.#before.agent
    this.#agent.destroy()
    Object.assign(globalThis, { Twilio: this.#before.twilio })
  }
}
