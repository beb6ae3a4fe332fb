import { createHash } from 'node:crypto'
import { InvalidRequest } from '@ringdown/contract/form'
import type { WebchatDeploymentRow, WebchatSessionRow } from '@ringdown/engine/webchat/rows'
import type { FastifyRequest } from 'fastify'
import type { SignedIdentity } from '../access/webchats.ts'
import type { Context } from '../operations/handler.ts'
import type { Rendered } from './endpoint.ts'
import { HttpRefusal } from './errors.ts'
import { answeredOnce, idempotencyKeyOf, keptAnswer } from './once.ts'

/*
 * A chat that is begun under an `Idempotency-Key` is begun once in 24 hours (docs/decisions/028-answers-kept-with-the-decision.md).
 * What is kept is which chat it is: token and handle are made anew for each answer, and stand nowhere.
 */

/** Nobody may guess the key of somebody else: it leads to the chat. */
const minKeyLength = 16

/** The key that a request to begin a chat brings; undefined for none. Throws InvalidRequest. */
export function onceKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = idempotencyKeyOf(headers['idempotency-key'])
  if (key !== undefined && key.length < minKeyLength)
    throw new InvalidRequest(
      `Idempotency-Key must have at least ${minKeyLength} characters that nobody can guess`,
      'Idempotency-Key'
    )
  return key
}

/** The chat that was begun under the key, or that `open` begins with a context which keeps that. */
export async function begunOnce(
  context: Context,
  {
    deployment,
    signed,
    form,
    once
  }: {
    readonly deployment: WebchatDeploymentRow
    readonly signed: SignedIdentity | undefined
    readonly form: unknown
    readonly once: string
  },
  open: (context: Context) => Promise<WebchatSessionRow>
): Promise<WebchatSessionRow> {
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(['webchat', deployment.sid, signed?.sub ?? null, form ?? null]))
    .digest('hex')
  const keyed = { key: JSON.stringify(['webchat begin', deployment.sid, once]), fingerprint }
  const rendered = (sid: string): Rendered => ({ status: 201, body: JSON.stringify({ sid }), etag: undefined })
  const { body = '{}' } = await answeredOnce(context.ledger, keyed, context.now(), async () => {
    const keeping = context.keeping((row) => {
      const { sid } = row as WebchatSessionRow // so it is shown
      return keptAnswer(keyed, context.now(), row, rendered(sid))
    })
    return rendered((await open(keeping)).sid)
  })
  const { sid }: { readonly sid: string } = JSON.parse(body) // as rendered above
  const session = context.state.resident('webchat_session', sid)
  if (session && session.status !== 'ended') return session
  throw new HttpRefusal({
    status: 409,
    code: 20409,
    message: 'The chat that was begun under this Idempotency-Key has ended'
  })
}
