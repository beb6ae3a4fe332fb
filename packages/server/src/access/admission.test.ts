import { SignJWT } from 'jose'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { Unavailable } from '../commit/ledger.ts'
import { Credentials } from '../http/credentials.ts'
import { Admission } from './admission.ts'
import { Sealing } from './sealing.ts'

const account_sid = `AC${'a'.repeat(32)}`

/** A node that stands by, or is about to load its account: it knows no rows yet. */
function standingBy(): Admission {
  return new Admission({
    authTokens: new Map([[account_sid, 'secret']]),
    account: () => undefined,
    sealing: new Sealing(Buffer.alloc(32)),
    now: () => 0,
    machineNow: () => Date.now(),
    log: pino({ level: 'silent' })
  })
}

const signedBy = (issuer: string) =>
  new SignJWT({ grants: {} })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setSubject(account_sid)
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode('secret'))

it('who comes before the account is open is told to come again, and not that nobody knows them', async () => {
  const admission = standingBy()
  for (const issuer of [`SK${'1'.repeat(32)}`, `SN${'1'.repeat(32)}`, account_sid])
    await expect(Promise.resolve(admission.tokens.caller(await signedBy(issuer))), issuer).rejects.toThrow(Unavailable)
  const credentials = new Credentials([{ username: account_sid, password: 'secret', account_sid }], admission)
  const basic = (name: string) => `Basic ${Buffer.from(`${name}:x`).toString('base64')}`
  expect(() => credentials.of(basic(`SK${'1'.repeat(32)}`))).toThrow(Unavailable)
  // What is nobody's name is refused as ever.
  expect(credentials.of(basic('somebody'))).toBeUndefined()
  expect(credentials.of(basic(account_sid))).toBeUndefined()
})
