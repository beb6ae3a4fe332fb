import { InvalidRequest } from '@ringdown/contract/form'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'

/** What a token lets its holder do in TaskRouter (reference taskrouter 9.8). */
export type Role = 'worker' | 'supervisor' | 'admin'

/** Who holds an access token. */
export interface Access {
  readonly account_sid: string
  readonly workspace_sid: string
  /** Undefined for whoever works on the workspace only: a supervisor or an administrator. */
  readonly worker_sid: string | undefined
  readonly role: Role
  /** Milliseconds since the epoch. */
  readonly expires_at: number
}

/** What signs tokens: an API key with its secret, or an account with its auth token. */
export interface SigningKey {
  readonly account_sid: string
  readonly secret: string
}

/** The key behind the claim `iss`: `SK…` or `AC…`; undefined where nobody has it. */
export type SigningKeys = (issuer: string) => SigningKey | undefined

/** Why a token is not taken: 401 when it has expired, 403 otherwise, with the codes of reference rest-conventions 7. */
const refusals = {
  malformed: [403, 20101, 'Invalid Access Token'],
  header: [403, 20102, 'Invalid Access Token header'],
  issuer: [403, 20103, 'Invalid Access Token issuer/subject'],
  expired: [401, 20104, 'Access Token expired or expiration date invalid'],
  early: [403, 20105, 'Access Token not yet valid'],
  grants: [403, 20106, 'Invalid Access Token grants'],
  signature: [403, 20107, 'Invalid Access Token signature'],
  ttl: [403, 20157, 'Expiration Time in the Access Token exceeds the maximum of 24 hours']
} as const satisfies Record<string, readonly [number, number, string]>

const longestLife_s = 86_400
/** Seconds by which the clock of whoever makes tokens may be ahead of ours. None are given at the end of a token's life. */
const leeway_s = 60

/**
 * Reads an access token with a TaskRouter grant. `now` is in milliseconds and the machine's own, under a test clock too:
 * whoever makes tokens looks at the machine's clock. Throws InvalidRequest with 401 or 403.
 */
export async function readAccessToken(token: string, keys: SigningKeys, now: number): Promise<Access> {
  const { key, issuer } = keyOf(token, keys)
  const claims = await verified(token, key.secret, now)
  const { iss, sub, exp, iat } = claims
  // An account signs for itself only.
  if (sub !== key.account_sid || (issuer.startsWith('AC') && iss !== sub)) refuse('issuer')
  const now_s = now / 1000
  if (exp === undefined || exp <= now_s) refuse('expired')
  // Without an instant of its making, or with one of the future, a token would live as long as it says.
  if (exp - now_s > longestLife_s + leeway_s || (iat !== undefined && exp - iat > longestLife_s)) refuse('ttl')
  if (iat !== undefined && iat > now_s + leeway_s) refuse('early')
  return { account_sid: key.account_sid, expires_at: exp * 1000, ...grantOf(claims) }
}

function keyOf(token: string, keys: SigningKeys): { readonly key: SigningKey; readonly issuer: string } {
  let claims: JWTPayload
  try {
    claims = decodeJwt(token)
  } catch {
    return refuse('malformed')
  }
  const issuer = typeof claims.iss === 'string' ? claims.iss : ''
  return { key: keys(issuer) ?? refuse('issuer'), issuer }
}

async function verified(token: string, secret: string, now: number): Promise<JWTPayload> {
  try {
    decodeProtectedHeader(token)
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256', 'HS384', 'HS512'],
      clockTolerance: leeway_s,
      currentDate: new Date(now)
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refuse('expired')
    if (error instanceof errors.JWSSignatureVerificationFailed) return refuse('signature')
    if (error instanceof errors.JWTClaimValidationFailed) return refuse(error.claim === 'nbf' ? 'early' : 'malformed')
    if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return refuse('header')
    return refuse('malformed')
  }
}

function grantOf({ grants }: JWTPayload): Pick<Access, 'workspace_sid' | 'worker_sid' | 'role'> {
  const grant = (grants as { task_router?: Record<string, unknown> } | undefined)?.task_router // asked for, not trusted
  const { workspace_sid, worker_sid, role } = grant ?? {}
  if (!isSid('WS', workspace_sid)) return refuse('grants')
  if (role !== 'worker' && role !== 'supervisor' && role !== 'admin') return refuse('grants')
  if (isSid('WK', worker_sid)) return { workspace_sid, worker_sid, role }
  // Lists of a workspace are asked for by who is none of its workers.
  if ((worker_sid !== undefined && worker_sid !== '') || role === 'worker') return refuse('grants')
  return { workspace_sid, worker_sid: undefined, role }
}

function isSid(prefix: string, value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(prefix) && /^..[0-9a-fA-F]{32}$/.test(value)
}

function refuse(why: keyof typeof refusals): never {
  const [status, code, message] = refusals[why]
  throw new InvalidRequest(message, null, { status, code })
}
