/** A participant, as far as it matters for who hears whom. */
export interface Hearer {
  readonly call_sid: string
  readonly muted: boolean
  readonly hold: boolean
  /** Only `call_sid_to_coach` hears what this one says. */
  readonly coaching: boolean
  readonly call_sid_to_coach: string | null
  /** No sound comes from there for now. */
  readonly away?: boolean | undefined
}

/**
 * Who hears whom in a conference that has started, as pairs of listener and speaker (reference voice 5). Everybody
 * hears everybody, but: who is on hold, or away, neither hears nor is heard, who is muted is not heard, and who coaches is heard by
 * the one that is coached only.
 */
export function hears(connected: readonly Hearer[]): readonly (readonly [listener: string, speaker: string])[] {
  return connected.flatMap((listener) =>
    connected
      .filter((speaker) => isHeard(speaker, listener))
      .map((speaker) => [listener.call_sid, speaker.call_sid] as const)
  )
}

/** Whether one of them hears another one. */
function isHeard(speaker: Hearer, listener: Hearer): boolean {
  if (speaker.away || listener.away) return false
  if (speaker.call_sid === listener.call_sid || speaker.hold || listener.hold || speaker.muted) return false
  return !speaker.coaching || speaker.call_sid_to_coach === listener.call_sid
}
