import { type OperationId, operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { ringdown } from '@ringdown/mcp/twilio-client'
import { implemented } from '@ringdown/server/operations/registry'
import type { StartOptions } from '@ringdown/server/start'
import twilio from 'twilio'
import { expect } from 'vitest'
import { verified } from '../../tools/verified.ts'
import { type World, world } from '../support/world.ts'
import { conforms, envelopeComplaints } from './conforms.ts'

/**
 * A world in which every answer is looked at on its way to the test, whether the official SDK or plain HTTP asked for
 * it: success has the shape of the contract's response schema and links that lead somewhere, anything else is the
 * standard envelope. What is wrong fails the call that brought it.
 */
export interface Observed extends World {
  /** Operations that were answered with success. */
  readonly operations: ReadonlySet<OperationId>
}

export async function observed(options: Partial<StartOptions> = {}): Promise<Observed> {
  const inner = await world(options)
  const { url, credentials } = inner.running
  const watch = new Watch(url, inner.authorization)
  const httpClient = ringdown({ url })
  const send = httpClient.request.bind(httpClient) as typeof httpClient.request
  httpClient.request = (async (request: Parameters<typeof send>[0]) => {
    const response = await send(request as never) // the SDK types the request by the body it sends, which passes through
    await watch.see(request.method.toUpperCase(), request.uri, response.statusCode, response.body)
    return response
  }) as typeof httpClient.request
  return {
    ...inner,
    operations: watch.operations,
    client: twilio(credentials.account_sid, credentials.auth_token, { httpClient }),
    async call(path, form, init = {}) {
      const answer = await inner.call(path, form, init)
      await watch.see(init.method ?? (form ? 'POST' : 'GET'), url + path, answer.status, answer.body)
      return answer
    }
  }
}

/** The last test of a file: what `docs/parity.md` says that it verifies, it has seen answered. */
export function expectVerified(file: string, { operations }: Observed): void {
  const promised = Object.entries(verified).flatMap(([id, by]) => (by === file ? [id] : []))
  expect(promised.length, `tools/verified.ts names ${file}`).toBeGreaterThan(0)
  expect(promised.filter((id) => !operations.has(id as OperationId))).toEqual([]) // the keys of `verified` are ids
}

/** Links that rows of Twilio's have, to resources that its files describe in another place or not at all. */
const elsewhere: ReadonlySet<string> = new Set([
  'channel_metadata',
  'export',
  'messages',
  'us_app_to_person',
  'us_app_to_person_usecases'
])

interface Route {
  readonly operation: Operation
  readonly pattern: RegExp
}

/** Literal segments before parameters: `/Workers/Statistics` is no worker. */
const routes: readonly Route[] = operations
  .map((operation) => ({
    operation,
    pattern: new RegExp(
      `^/${operation.product}${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}${operation.extension ? '(?:\\.json)?' : ''}/?$`
    )
  }))
  .sort((a, b) => variables(a.operation) - variables(b.operation))

function variables({ path }: Operation): number {
  return path.split('{').length
}

/** The operation that a request means: `/taskrouter/v1/Workspaces/WS…`, without its query. */
export function operationOf(method: string, path: string): Operation | undefined {
  const template = routes.find(({ pattern }) => pattern.test(path))?.operation
  return operations.find(
    (operation) =>
      operation.method === method && operation.product === template?.product && operation.path === template.path
  )
}

/**
 * Links that answer something else: there are no operations in Twilio's contract for two that Twilio shows all the same, and
 * one has to be asked for somebody (reference conversations 3 and 10).
 */
const unusual: Readonly<Record<string, number>> = {
  // Neither answers an invite by itself (reference flex 6).
  'flex_v1.CreateInteractionChannelInvite url': 404,
  'flex_v1.ListInteractionChannelInvite url': 404,
  export: 404,
  channel_metadata: 404,
  participant_conversations: 400
}

class Watch {
  readonly operations = new Set<OperationId>()
  readonly #followed = new Set<string>()
  readonly #base: string
  readonly #authorization: string

  constructor(base: string, authorization: string) {
    this.#base = base
    this.#authorization = authorization
  }

  async see(method: string, uri: string, status: number, body: unknown): Promise<void> {
    const { hostname, pathname } = new URL(uri)
    const [, label] = /^([a-z-]+)\.twilio\.com$/.exec(hostname) ?? []
    const operation = operationOf(method, label === undefined ? pathname : `/${label}${pathname}`)
    if (!operation) return
    const id = operation.id as OperationId // the table's ids are OperationIds
    const isSuccess = status < 400
    const complaints = isSuccess ? conforms(id, body) : envelopeComplaints(status, body)
    const expected = [operation.status, ...(operation.otherStatuses ?? [])]
    if (isSuccess && !expected.includes(status))
      complaints.push(`the status is ${status}, not ${expected.join(' or ')}`)
    if (status >= 500 && status !== 501) complaints.push(`the status is ${status}`)
    if (isSuccess) complaints.push(...(await this.#follow(operation, body)))
    if (complaints.length > 0) throw new Error(`${method} ${uri}\n${complaints.join('\n')}`)
    if (isSuccess) this.operations.add(id)
  }

  /** `url` and every link of an operation, the first time that each is seen: does it lead to what answers? */
  async #follow({ id, listKey }: Operation, body: unknown): Promise<string[]> {
    const [row] = listKey === null ? [body] : ((body as Record<string, readonly unknown[]>)[listKey] ?? [])
    const { url = null, links } = (row ?? {}) as { url?: string | null; links?: Record<string, string | null> | null }
    const complaints: string[] = []
    for (const [name, target] of Object.entries({ url, ...links })) {
      const key = `${id} ${name}`
      if (target === null || this.#followed.has(key) || elsewhere.has(name)) continue
      this.#followed.add(key)
      if (!target.startsWith(`${this.#base}/`)) complaints.push(`${name} leads away: ${target}`)
      else {
        const wrong = await this.#lookAt(target, unusual[key] ?? unusual[name])
        if (wrong !== undefined) complaints.push(`${name}: ${target} ${wrong}`)
      }
    }
    return complaints
  }

  async #lookAt(target: string, unusual = 200): Promise<string | undefined> {
    const { pathname } = new URL(target)
    const operation = operationOf('GET', pathname)
    // Bulk statistics have no GET.
    if (!operation && unusual === 200) return operationOf('POST', pathname) ? undefined : 'is no path of the contract'
    const { status } = await fetch(target, { headers: { authorization: this.#authorization } })
    const isExpected = status === unusual || (status === 501 && operation && !implemented.has(operation.id))
    return isExpected ? undefined : `answers ${status}`
  }
}
