import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { send } from '../../delivery/transport.ts'
import type { Ask } from '../handler.ts'

export interface AskingOptions {
  /** Signs what is asked. */
  readonly auth_token: string
  /** Whether addresses that are not on the public Internet may be dialed. */
  readonly allowPrivate: boolean
  readonly log: Logger
}

/**
 * How pre-webhooks are asked: once, with no redirect followed (reference conversations 17.3). Whoever does not answer is
 * taken to agree, so the log says who that was.
 */
export function askWith({ auth_token, allowPrivate, log }: AskingOptions): Ask {
  return async (message, { timeout_ms }) => {
    const kind = { timeout_ms, redirects: 0, reads_body: true }
    const outcome = await send(message, { kind, auth_token, allowPrivate, idempotency_token: randomUUID() })
    if ('failed' in outcome && message.method !== 'kinesis') {
      const host = URL.canParse(message.url) ? new URL(message.url).host : undefined
      log.warn({ host, failed: outcome.failed, reason: outcome.reason }, 'a pre-webhook did not answer')
    }
    return outcome
  }
}
