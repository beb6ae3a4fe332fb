import { ProtocolError } from '@modelcontextprotocol/server'
import { situationErrors } from '@ringdown/contract/situation-errors'
import { apiError } from './errors.ts'
import { objectIn } from './json.ts'

export const bad = (message: string) => new ProtocolError(situationErrors.badArguments, message)

/** What a refusal of the API is in MCP Events; undefined for what is none. */
export function refusedRequest(error: unknown): ProtocolError | undefined {
  const refused = apiError(error)
  if (!refused) return undefined
  const { status, message } = refused
  const { reason, limit } = objectIn(objectIn(Object(error).details))
  if (reason !== undefined) return new ProtocolError(situationErrors.callbackFailed, message, { reason })
  if (limit !== undefined || status === 429)
    return new ProtocolError(situationErrors.tooMany, message, limit === undefined ? undefined : { limit })
  if (status === 400) return bad(message)
  if (status === 401 || status === 403) return new ProtocolError(situationErrors.notAllowed, message)
  return undefined
}
