/** A message that is on its way. `key` stays the same however often it is tried, so it arrives once. */
export interface Outgoing {
  readonly key: string
  /** Who has written it: nobody else sends it, whoever signs in here next. */
  readonly user_sid: string
  readonly conversation_sid: string
  readonly body: string
  readonly media_sid: string | undefined
  readonly media_name: string | undefined
  readonly at: number
  readonly state: 'sending' | 'waiting' | 'failed'
  readonly why?: string
}

/**
 * What a user has on its way once what the page kept of it is read: that, to be sent again but for what had failed, and what
 * was written meanwhile, which is under way already. Messages of whoever was here before are not among it.
 */
export function resumed(
  kept: readonly Omit<Outgoing, 'user_sid'>[],
  now: readonly Outgoing[],
  user_sid: string
): readonly Outgoing[] {
  const own = now.filter((one) => one.user_sid === user_sid)
  const keys = new Set(own.map(({ key }) => key))
  const before = kept.filter(({ key }) => !keys.has(key)).sort((a, b) => a.at - b.at)
  return [
    ...before.map((one): Outgoing => ({ ...one, user_sid, state: one.state === 'failed' ? 'failed' : 'sending' })),
    ...own
  ]
}
