/** A message that is on its way. `key` stays the same however often it is tried, so it arrives once. */
export interface Outgoing {
  readonly key: string
  readonly conversation_sid: string
  readonly body: string
  readonly media_sid: string | undefined
  readonly media_name: string | undefined
  readonly at: number
  readonly state: 'sending' | 'waiting' | 'failed'
  readonly why?: string
}

/**
 * What is on its way when a page has read what it kept: that, to be sent again but for what had failed, and what was written
 * while it was read, which is under way already.
 */
export function resumed(kept: readonly Outgoing[], now: readonly Outgoing[]): readonly Outgoing[] {
  const keys = new Set(now.map(({ key }) => key))
  const before = kept.filter(({ key }) => !keys.has(key)).sort((a, b) => a.at - b.at)
  return [...before.map((one) => (one.state === 'failed' ? one : { ...one, state: 'sending' as const })), ...now]
}
