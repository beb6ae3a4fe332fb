import { isoSeconds } from '@ringdown/contract/instant'
import type { Operation, Parameter } from '@ringdown/contract/operation'

/** What is asked of an operation, in the words of the contract: names in snake_case, instants in milliseconds. */
export interface Asked {
  readonly path?: Readonly<Record<string, string | number>>
  readonly params?: object
}

/** A request as HTTP has it. */
export interface HttpRequest {
  readonly method: string
  /** Below the server's URL: `/taskrouter/v1/Workspaces/WS…?PageSize=5`. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * The request that asks this of an operation. A parameter that is undefined is left out, null clears, and an instant may be
 * text. `query` stands beside the operation's own parameters (`PageSize`).
 *
 * Throws TypeError where the path lacks a name, or a parameter is none of the operation's.
 */
export function requestOf(
  operation: Operation,
  { path = {}, params = {} }: Asked,
  query = new URLSearchParams()
): HttpRequest {
  const headers: Record<string, string> = {}
  const form = new URLSearchParams()
  const members: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue
    const parameter = operation.parameters.find((one) => one.name === name && one.in !== 'path')
    if (parameter === undefined) {
      if (!operation.json) throw new TypeError(`${operation.id} has no parameter ${name}`)
      members[name] = value
    } else if (parameter.in === 'header') headers[parameter.wire] = textOf(parameter, value)
    else if (operation.json && parameter.in === 'form') members[name] = value
    else
      for (const text of textsOf(parameter, value))
        (parameter.in === 'query' ? query : form).append(parameter.wire, text)
  }
  const target = `/${operation.product}${pathOf(operation, path)}${query.size > 0 ? `?${query}` : ''}`
  const hasBody = operation.method !== 'GET' && operation.method !== 'DELETE'
  if (!hasBody) return { method: operation.method, target, headers }
  headers['content-type'] = operation.json ? 'application/json' : 'application/x-www-form-urlencoded'
  const body = operation.json ? JSON.stringify(members) : form.toString()
  return { method: operation.method, target, headers, body }
}

function pathOf(operation: Operation, path: Readonly<Record<string, string | number>>): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, wire: string) => {
    const { name = wire } = operation.parameters.find((one) => one.in === 'path' && one.wire === wire) ?? {}
    const value = path[name]
    if (value === undefined || value === '') throw new TypeError(`${operation.id} needs ${name} in its path`)
    return encodeURIComponent(value)
  })
}

function textsOf(parameter: Parameter, value: unknown): string[] {
  if (!parameter.repeated || !Array.isArray(value)) return [textOf(parameter, value)]
  // An empty list is told by one empty text: without any the parameter would be absent.
  return value.length === 0 ? [''] : value.map((one) => textOf(parameter, one))
}

function textOf({ type }: Parameter, value: unknown): string {
  if (value === null) return type === 'json' ? 'null' : ''
  if (type === 'date-time' && typeof value === 'number') return isoSeconds(value)
  return type === 'json' || typeof value === 'object' ? JSON.stringify(value) : String(value)
}
