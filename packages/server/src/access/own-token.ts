import { SignJWT } from 'jose'

/** A token, and what a page needs to know beside it. */
export interface SessionToken {
  readonly token: string
  /** Milliseconds, by the machine's clock. */
  readonly expires_at: number
}

/** What a token of this server's own says. */
export interface OwnToken {
  /** Whose secret has signed it: the SID of a session or a deployment. */
  readonly issuer: string
  readonly account_sid: string
  readonly grants: object
  readonly lives_s: number
  readonly secret: Buffer
  /** Milliseconds, by the machine's clock. */
  readonly now: number
}

/** Signs a token in the layout of Twilio's, so that the one verifier reads it. */
export async function ownToken({ issuer, account_sid, grants, lives_s, secret, now }: OwnToken): Promise<SessionToken> {
  const now_s = Math.floor(now / 1000)
  const token = await new SignJWT({ grants })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })
    .setJti(`${issuer}-${now_s}`)
    .setIssuer(issuer)
    .setSubject(account_sid)
    .setIssuedAt(now_s)
    .setExpirationTime(now_s + lives_s)
    .sign(secret)
  return { token, expires_at: (now_s + lives_s) * 1000 }
}
