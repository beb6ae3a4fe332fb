import { ProtocolError } from '@modelcontextprotocol/server'
import { apiError } from './errors.ts'
import { objectIn } from './json.ts'

/** Errors of MCP Events beside those of the protocol, in one place: they have moved once already. */
export const errorCodes = {
  badArguments: -32602,
  unknown: -32011,
  notAllowed: -32012,
  tooMany: -32013,
  notOffered: -32014,
  callbackFailed: -32015
} as const

export const bad = (message: string) => new ProtocolError(errorCodes.badArguments, message)

/** What a refusal of the API is in MCP Events; undefined for what is none. */
export function refusedRequest(error: unknown): ProtocolError | undefined {
  const refused = apiError(error)
  if (!refused) return undefined
  const { status, message } = refused
  const { reason, limit } = objectIn(objectIn(Object(error).details))
  if (reason !== undefined) return new ProtocolError(errorCodes.callbackFailed, message, { reason })
  if (limit !== undefined || status === 429) return new ProtocolError(errorCodes.tooMany, message)
  if (status === 400) return bad(message)
  if (status === 401 || status === 403) return new ProtocolError(errorCodes.notAllowed, message)
  return undefined
}
