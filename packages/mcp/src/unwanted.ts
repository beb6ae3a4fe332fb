import type { ServerResponse } from 'node:http'

/** Between two looks at a response that is not over, in milliseconds. */
const look_ms = 100
/**
 * How long a response may go on when its credential is gone: streams say so themselves, and end; a session ends those that
 * it has well before (`sessions.ts`). Milliseconds.
 */
const farewell_ms = 700
/** How long a client may leave unread what was sent. Milliseconds. */
const patience_ms = 30_000

/**
 * Ends a response within a second after its credential is gone, and one that its client does not read: what is sent to a
 * stream that nobody reads would gather in memory.
 */
export function endWhenUnwanted(response: ServerResponse, stands: () => boolean = () => true): void {
  let gone_at: number | undefined
  let unread_at: number | undefined
  const look = setInterval(() => {
    const now = performance.now()
    gone_at = stands() ? undefined : (gone_at ?? now)
    unread_at = response.writableNeedDrain ? (unread_at ?? now) : undefined
    const isGone = gone_at !== undefined && now - gone_at >= farewell_ms
    const isUnread = unread_at !== undefined && now - unread_at >= patience_ms
    if (isGone || isUnread) response.destroy()
  }, look_ms).unref()
  response.once('close', () => clearInterval(look))
}
