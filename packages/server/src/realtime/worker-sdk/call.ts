import { InvalidRequest, parseForm, parseRequest } from '@ringdown/contract/form'
import { type OperationId, type OperationTypes, operations } from '@ringdown/contract/generated/operations'
import { isJsonObject, membersOf, unquoted, valueAt } from '@ringdown/contract/json-text'
import type { Operation } from '@ringdown/contract/operation'
import { memberAt } from '@ringdown/engine/core/member-at'

/** A call as clients post it: `{"url", "method", "params", "token"}` (reference taskrouter 9.4). */
export interface BridgeCall {
  /** The path's segments, without a version in front. */
  readonly path: readonly string[]
  readonly method: 'GET' | 'POST'
  /** As text: what JSON has as an object, a number or a boolean is its text, as it was written. */
  readonly params: Readonly<Record<string, string>>
  readonly token: string
  readonly if_match: string | undefined
}

/** Characters of a call's body, and of the token in it. Attributes, the longest of all parameters, have a few thousand. */
export const maxCallBytes = 64 * 1024
const maxToken = 8 * 1024

const malformed = 'The body must hold url, method (GET or POST) and token'

/**
 * The token in the body of a call, found without reading what else is there: who calls is known before anything is made
 * of a call. Refuses with 400 where there is none.
 */
export function tokenIn(body: unknown): string {
  const text = typeof body === 'string' ? body : ''
  let depth = 0
  let token: string | undefined
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === curly || c === square) depth++
    else if (c === curly + 2 || c === square + 2) depth--
    if (c !== quote) continue
    const end = endOfString(text, at)
    const value =
      depth === 1 && end - at === 6 && text.startsWith('"token"', at) ? valueAfter(text, end + 1) : undefined
    if (value !== undefined) token = value
    at = end
  }
  if (token === undefined || token.length > maxToken) throw new InvalidRequest(malformed)
  return token
}

/**
 * The same where nothing else in the body looks like a token: found in a sixth of the time, wherever it stands. `readCall`
 * sees to it that it stands where a token does; until then it says who calls, or that nobody knows.
 */
export function likelyTokenIn(body: unknown): string {
  const found = [...(typeof body === 'string' ? body : '').matchAll(/"token"\s*:\s*"([^"\\]*)"/g)]
  const [only] = found
  if (found.length !== 1 || only?.[1] === undefined) return tokenIn(body)
  if (only[1].length > maxToken) throw new InvalidRequest(malformed)
  return only[1]
}

/** `"`, `{` and `[`; what closes the last two comes two places later. */
const quote = 0x22
const curly = 0x7b
const square = 0x5b

/** Place of the quotation mark that ends the string that begins here. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return end
  }
  return text.length
}

/** The text behind a colon, as it stands there: a token has no character that JSON escapes. */
function valueAfter(text: string, place: number): string | undefined {
  const plain = /\s*:\s*"([^"\\]*)"/y
  plain.lastIndex = place
  return plain.exec(text)?.[1]
}

/** Reads the body of a call, whatever its content type said. Refuses with 400. */
export function readCall(body: unknown, if_match: string | undefined): BridgeCall {
  const { url, method, params, token } = objectOf(body)
  if (typeof url !== 'string' || typeof token !== 'string' || (method !== 'GET' && method !== 'POST')) {
    throw new InvalidRequest(malformed)
  }
  if (token !== tokenIn(body)) throw new InvalidRequest('The body holds token in a form that is not read')
  if (params !== undefined && params !== null && !isJsonObject(params))
    throw new InvalidRequest('params must be a JSON object')
  return { path: segmentsOf(url), method, params: paramsIn(String(body)), token, if_match }
}

function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(typeof body === 'string' ? body : '')
    if (isJsonObject(value)) return value
  } catch {
    // said below
  }
  throw new InvalidRequest('The body is not a JSON object')
}

function paramsIn(body: string): Readonly<Record<string, string>> {
  const text = valueAt(body, ['params']) ?? '{}'
  const members = membersOf(text).map(({ key, value, end }) => [String(key), text.slice(value, end)] as const)
  return Object.fromEntries(
    members.filter(([, value]) => value !== 'null').map(([name, value]) => [name, unquoted(value)])
  )
}

function segmentsOf(url: string): string[] {
  try {
    return url
      .replace(/^\/?(?:v\d+\/)?/, '')
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment))
  } catch {
    throw new InvalidRequest('url holds malformed percent-encoding')
  }
}

/** Names of the segments of `Workspaces/:workspace_sid/Tasks/:sid` in a path, or undefined where it is another path. */
export function matched(template: string, path: readonly string[]): Readonly<Record<string, string>> | undefined {
  const parts = template.split('/')
  if (parts.length !== path.length) return undefined
  const names: Record<string, string> = {}
  for (const [i, part] of parts.entries()) {
    const segment = memberAt(path, i) // as long as the template
    if (part.startsWith(':')) names[part.slice(1)] = segment
    else if (part !== segment) return undefined
  }
  return names
}

const byId = new Map<string, Operation>(operations.map((operation) => [operation.id, operation]))

/**
 * The parameters of a call that REST has as well, read by the contract: names in snake_case, with `path` under the names
 * of its own template.
 */
export function callParameters<Id extends OperationId>(
  id: Id,
  path: Readonly<Record<string, string>>,
  { params, if_match }: BridgeCall
): ParametersOf<Id> {
  const operation = byId.get(id)
  if (!operation) throw new Error(`invariant: the contract has ${id}`)
  const parsed = parseRequest(operation, {
    path: wirePath(operation, path),
    query: operation.method === 'GET' ? formOf(params) : '',
    body: operation.method === 'GET' ? '' : formOf(params),
    contentType: undefined,
    headers: { 'if-match': if_match }
  })
  return { ...parsed.params, ...parsed.path } as object as ParametersOf<Id> // the types are made of the same contract
}

type ParametersOf<Id extends OperationId> = OperationTypes[Id]['path'] & OperationTypes[Id]['params']

/** The parameters of a call that REST has not, as texts; what is no text (U+0000) is refused as there. */
export function textsOf({ params }: BridgeCall): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...parseForm(formOf(params))].map(([name, values]) => [name, values.at(-1)]))
}

function wirePath(operation: Operation, path: Readonly<Record<string, string>>): Record<string, string> {
  const names = operation.parameters.filter((parameter) => parameter.in === 'path')
  return Object.fromEntries(names.map(({ wire, name }) => [wire, path[name] ?? '']))
}

function formOf(params: BridgeCall['params']): string {
  return new URLSearchParams(params).toString()
}
