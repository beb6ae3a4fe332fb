import { createHmac, timingSafeEqual } from 'node:crypto'
import type { WebhookRequest } from './carrier.ts'

/**
 * Whether `X-Hub-Signature-256` is the body's, by a secret; compared in constant time. Undefined where a request has none in
 * that form.
 */
export function isSignedBody(
  { headers, body }: Pick<WebhookRequest, 'headers' | 'body'>,
  secret: string
): boolean | undefined {
  const [, hex] = /^sha256=([0-9a-f]{64})$/i.exec(String(headers['x-hub-signature-256'] ?? '')) ?? []
  if (hex === undefined) return undefined
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(body).digest())
}

/** Whether two texts are the same, in a time that says nothing of how far they are, nor of how long. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHmac('sha256', 'compare').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
