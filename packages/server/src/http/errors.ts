import { type ErrorBody, errorBody } from '@ringdown/contract/errors'
import { InvalidRequest } from '@ringdown/contract/form'
import { Refusal } from '@ringdown/engine/core/refusals'
import { TooManySignIns } from '../access/passwords.ts'
import { TokenRefused } from '../access/token.ts'
import { Unavailable } from '../commit/ledger.ts'
import { TooManyImports } from '../media/import.ts'
import { TooLong } from '../media/intake.ts'
import { NoRoom } from '../media/media.ts'
import { StoreTrouble } from '../media/store.ts'
import { StoreUnavailable } from '../store/store.ts'
import { codeOf, messageOf } from '../store/thrown.ts'

const malformedPath = 'The path of the request holds malformed percent-encoding'

/** Twilio's numbers of what http itself refuses (reference rest-conventions 10). */
export const refused = {
  authenticate: { status: 401, code: 20003, message: 'Authenticate' },
  malformedPath: { status: 400, code: 20001, message: malformedPath },
  methodNotAllowed: { status: 405, code: 20004, message: 'Method not allowed' },
  tooMany: { status: 429, code: 20429, message: 'Too many sign in at once: try again in a moment' },
  unavailable: { status: 503, code: 20503, message: 'Service unavailable. Please try again.' },
  noRoom: { status: 507, code: 20507, message: 'There is no room for the file' },
  internal: { status: 500, code: 20500, message: 'An internal server error has occurred' }
} as const

/** 501: an operation of the contract that nothing implements. The code is ours; Twilio has none for it. */
export class NotImplemented extends Error {
  override name = 'NotImplemented'
  readonly status = 501
  readonly code = 20501
}

/** What http itself refuses: a wrong path, wrong credentials. */
export class HttpRefusal extends Error {
  override name = 'HttpRefusal'
  readonly status: number
  readonly code: number

  constructor({ status, code, message }: { readonly status: number; readonly code: number; readonly message: string }) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Handler of the methods that a known path does not have. Throws 405/20004. */
export function notAllowed(): never {
  throw new HttpRefusal(refused.methodNotAllowed)
}

export function notFound(path: string): HttpRefusal {
  return new HttpRefusal({ status: 404, code: 20404, message: `The requested resource ${path} was not found` })
}

/** What Fastify refuses by a limit of the route, in words that name it; everything else is as it was. */
export function withLimit(error: unknown, bodyLimit: number): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return error
  return tooLarge(bodyLimit)
}

/** 413, for a body of more bytes than that. */
export function tooLarge(bodyLimit: number): HttpRefusal {
  const kib = bodyLimit / 1024
  const most = kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`
  return new HttpRefusal({ status: 413, code: 20001, message: `The request body is larger than ${most}` })
}

/**
 * The envelope of anything that was thrown: the one place that makes it. What nobody foresaw is 500/20500 and tells
 * nothing; Fastify's own refusals (too large, bad URL, bad media type) keep their status with code 20001.
 */
export function envelopeOf(error: unknown): ErrorBody {
  if (error instanceof Refusal) {
    const { number: code, message, status, details } = error
    return errorBody({ code, message, status, details })
  }
  if (error instanceof TooManySignIns) return errorBody(refused.tooMany)
  if (error instanceof TokenRefused) return errorBody({ code: error.code, message: error.message, status: 401 })
  if (error instanceof InvalidRequest || error instanceof HttpRefusal || error instanceof NotImplemented)
    return errorBody(error)
  if (error instanceof TooLong)
    return errorBody({ status: 413, code: 20001, message: `The request cannot be taken: ${error.message}` })
  if (error instanceof TooManyImports) return errorBody({ status: 429, code: 20429, message: error.message })
  if (error instanceof NoRoom) return errorBody(refused.noRoom)
  if (error instanceof Unavailable || error instanceof StoreUnavailable || error instanceof StoreTrouble)
    return errorBody(refused.unavailable)
  const { statusCode, message } = fastifyError(error)
  if (statusCode !== undefined) return errorBody({ code: 20001, message, status: statusCode })
  return errorBody(refused.internal)
}

/** Fastify's errors carry a status below 500 and a code of their own; nothing else that is thrown does. */
function fastifyError(error: unknown): { statusCode?: number; message: string } {
  const code = codeOf(error) ?? ''
  const statusCode = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  // A caller that hangs up while it sends is told nothing any more, but it is no failure of ours.
  if (!/^FST_|^ECONNRESET$/.test(code) || typeof statusCode !== 'number') return { message: '' }
  if (statusCode < 400 || statusCode >= 500) return { message: '' }
  return { statusCode, message: fastifyMessages[code] ?? messageOf(error) }
}

/** Ours where Fastify's own words name its internals or miss what the caller needs. */
const fastifyMessages: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: malformedPath,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type is not supported: application/x-www-form-urlencoded is expected',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length does not fit the request body'
}
