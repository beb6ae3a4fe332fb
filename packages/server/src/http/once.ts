import { createHash } from 'node:crypto'
import { InvalidRequest } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { Operation } from '@ringdown/contract/operation'
import { refuse } from '@ringdown/engine/core/refusals'
import { type KeptAnswer, keptAnswer_ms, keptAnswerOf } from '../commit/kept-answers.ts'
import type { Ledger } from '../commit/ledger.ts'
import type { AnyCall } from '../operations/handler.ts'
import type { Rendered } from './endpoint.ts'

/*
 * `Idempotency-Key` on whatever creates: what was done for a key is not done again for 24 hours, and the same request is
 * answered the same (docs/decisions/028-answers-kept-with-the-decision.md).
 */

/** The key that a request brings; undefined for none. Throws InvalidRequest. */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header)) return header
  throw new InvalidRequest('Idempotency-Key must have 1 to 255 printable characters of ASCII', 'Idempotency-Key')
}

/** The same for the same operation on the same path with the same parameters, in hexadecimal digits. */
export function fingerprintOf({ id }: Operation, { path, params }: AnyCall): string {
  return createHash('sha256')
    .update(JSON.stringify([id, path, params]))
    .digest('hex')
}

/** By account, the keys for which something is being done, and when that has ended. */
const running = new WeakMap<Ledger, Map<string, Promise<void>>>()

export interface Keyed {
  readonly key: string
  readonly fingerprint: string
}

/**
 * Answers a request under its key: by what was kept, else by `answer`. One that comes while the first is under way waits
 * for it. What was refused has done nothing, and is tried again. `now` is in milliseconds.
 */
export async function answeredOnce(
  ledger: Ledger,
  { key, fingerprint }: Keyed,
  now: number,
  answer: () => Promise<Rendered>
): Promise<Rendered> {
  const keys = running.get(ledger) ?? new Map<string, Promise<void>>()
  running.set(ledger, keys)
  while (keys.has(key)) await keys.get(key)
  let end = () => {}
  keys.set(
    key,
    new Promise((resolve) => {
      end = resolve
    })
  )
  try {
    const kept = await keptUnder(ledger, { key, since: now - keptAnswer_ms })
    if (kept) return again(kept, fingerprint)
    return await answer()
  } finally {
    keys.delete(key)
    end()
  }
}

/**
 * What was kept, as long as the account was ours while it was looked for: a write whose outcome is unknown has failed, or
 * is there, once the account is loaded again.
 */
async function keptUnder(
  ledger: Ledger,
  query: { readonly key: string; readonly since: number }
): Promise<KeptAnswer | undefined> {
  for (;;) {
    const { state } = ledger
    await ledger.settled()
    const kept = await ledger.reading((store, account_sid) => keptAnswerOf(store, account_sid, query))
    if (ledger.state === state) return kept
  }
}

function again({ fingerprint, status, body, etag }: KeptAnswer, own: string): Rendered {
  if (fingerprint !== own) refuse('conflict', 'The Idempotency-Key was used for another request')
  if (body === null) refuse('not_found', 'What was created under this Idempotency-Key was removed')
  return { status, body: body === '' ? undefined : body, etag: etag ?? undefined, isAgain: true }
}

/** What is kept of an answer: as it was sent, with the SIDs by which it is found when what it shows is removed. */
export function keptAnswer({ key, fingerprint }: Keyed, now: number, shown: unknown, rendered: Rendered): KeptAnswer {
  const { status, etag = null, body = '' } = rendered
  const row: Readonly<Record<string, unknown>> = isJsonObject(shown) ? shown : {} // creates answer one row, or nothing
  return {
    idempotency_key: key,
    fingerprint,
    status,
    etag,
    body,
    created_at: now,
    resource_sid: textIn(row.sid),
    conversation_sid: textIn(row.conversation_sid),
    chat_service_sid: textIn(row.chat_service_sid)
  }
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
