import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { send } from '../../delivery/transport.ts'
import type { Ask } from '../handler.ts'

export interface PreWebhookOptions {
  /** Signs the requests. */
  readonly auth_token: string
  /** Whether addresses that are not on the public Internet may be dialed. */
  readonly allowPrivate: boolean
  readonly log: Logger
}

/**
 * Sends the requests of pre-webhooks: once each, following no redirect (reference conversations 17.3). A webhook that
 * does not answer counts as agreement, so the log names its host.
 */
export function preWebhookRequester({ auth_token, allowPrivate, log }: PreWebhookOptions): Ask {
  return async (message, { timeout_ms, signing }) => {
    const kind = { timeout_ms, redirects: 0, reads_body: true }
    const outcome = await send(message, {
      kind,
      auth_token,
      allowPrivate,
      idempotency_token: randomUUID(),
      ...(signing && { standard: { ...signing, at: Date.now() } })
    })
    if ('failed' in outcome && 'url' in message) {
      const host = URL.canParse(message.url) ? new URL(message.url).host : undefined
      log.warn({ host, failed: outcome.failed, reason: outcome.reason }, 'a pre-webhook did not answer')
    }
    return outcome
  }
}
