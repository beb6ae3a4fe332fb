import { isJsonObject } from '@ringdown/contract/json-text'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'

/** Who signs tokens, and what is signed with. */
export interface Signer {
  readonly account_sid: string
  readonly secret: string | Uint8Array
}

/** The signer behind the claim `iss`: a key (`SK…`), an account (`AC…`), a session; undefined where nobody has it. */
export type Signers = (issuer: string) => Signer | undefined

/** A token whose signature and instants have been checked; its grants have not. */
export interface Token {
  readonly issuer: string
  readonly account_sid: string
  /** Milliseconds since the epoch. */
  readonly expires_at: number
  readonly grants: Readonly<Record<string, unknown>>
}

/** Why a token is not taken (reference rest-conventions 7). */
const refusals = {
  malformed: [20101, 'Invalid Access Token'],
  capability: [
    20101,
    'Invalid Access Token: this is a capability token of the 1.x SDK; make an AccessToken with a TaskRouterGrant, for twilio-taskrouter 2.x'
  ],
  header: [20102, 'Invalid Access Token header'],
  issuer: [20103, 'Invalid Access Token issuer/subject'],
  expired: [20104, 'Access Token expired or expiration date invalid'],
  early: [20105, 'Access Token not yet valid'],
  grants: [20106, 'Invalid Access Token grants'],
  signature: [20107, 'Invalid Access Token signature'],
  ttl: [20157, 'Expiration Time in the Access Token exceeds the maximum of 24 hours']
} as const satisfies Record<string, readonly [number, string]>

/** A token is refused. Each way in answers that in its own form. */
export class TokenRefused extends Error {
  override name = 'TokenRefused'
  readonly code: number
  readonly isExpired: boolean

  constructor(why: keyof typeof refusals) {
    super(refusals[why][1])
    this.code = refusals[why][0]
    this.isExpired = why === 'expired'
  }
}

const maxLife_s = 86_400
/** Seconds by which a token maker's clock may be ahead of ours. There is no leeway at the end of a token's life. */
const leeway_s = 60

/**
 * Reads a token of Twilio's layout. `now` is in milliseconds and the machine's own, under a test clock too: whoever makes
 * tokens looks at the machine's clock. Rejects with TokenRefused.
 */
export async function readToken(token: string, signers: Signers, now: number): Promise<Token> {
  const { signer, issuer } = signerOf(token, signers)
  const claims = await verified(token, signer.secret, now)
  const { iss, sub, exp, iat } = claims
  // An account signs for itself only.
  if (sub !== signer.account_sid || (issuer.startsWith('AC') && iss !== sub)) refuseToken('issuer')
  const now_s = now / 1000
  if (exp === undefined || exp <= now_s) refuseToken('expired')
  // Without an instant of its making, or with one of the future, a token would live as long as it says.
  if (exp - now_s > maxLife_s + leeway_s || (iat !== undefined && exp - iat > maxLife_s)) refuseToken('ttl')
  if (iat !== undefined && iat > now_s + leeway_s) refuseToken('early')
  const { grants } = claims
  return {
    issuer,
    account_sid: signer.account_sid,
    expires_at: exp * 1000,
    grants: isJsonObject(grants) ? grants : refuseToken('grants') // asked for, not trusted
  }
}

export function refuseToken(why: keyof typeof refusals): never {
  throw new TokenRefused(why)
}

function signerOf(token: string, signers: Signers): { readonly signer: Signer; readonly issuer: string } {
  let claims: JWTPayload
  try {
    claims = decodeJwt(token)
  } catch {
    return refuseToken('malformed')
  }
  // Of another layout, with policies in the place of grants: whoever brings one is told what is missing (reference taskrouter 9.9).
  if (claims.version === 'v1' && Array.isArray(claims.policies)) refuseToken('capability')
  const issuer = typeof claims.iss === 'string' ? claims.iss : ''
  return { signer: signers(issuer) ?? refuseToken('issuer'), issuer }
}

async function verified(token: string, secret: string | Uint8Array, now: number): Promise<JWTPayload> {
  try {
    decodeProtectedHeader(token)
    const { payload } = await jwtVerify(token, typeof secret === 'string' ? new TextEncoder().encode(secret) : secret, {
      algorithms: ['HS256', 'HS384', 'HS512'],
      clockTolerance: leeway_s,
      currentDate: new Date(now)
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refuseToken('expired')
    if (error instanceof errors.JWSSignatureVerificationFailed) return refuseToken('signature')
    if (error instanceof errors.JWTClaimValidationFailed)
      return refuseToken(error.claim === 'nbf' ? 'early' : 'malformed')
    if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
      return refuseToken('header')
    return refuseToken('malformed')
  }
}
