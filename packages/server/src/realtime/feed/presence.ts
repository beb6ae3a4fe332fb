/*
 * Who types, and who looks at a conversation, right now: told to whoever follows the log by a stream and wants to hear it,
 * and kept nowhere but here, for seconds. A restart forgets it, and clients say it again.
 */

export type SignKind = 'typing' | 'viewing'

/** How long a sign holds that nobody renews, in milliseconds. */
const signLasts_ms: Readonly<Record<SignKind, number>> = { typing: 6_000, viewing: 60_000 }

export interface Sign {
  readonly conversation_sid: string
  readonly chat_service_sid: string
  readonly identity: string
  /** Milliseconds. */
  readonly began_at: number
  readonly ends_at: number
}

/** Signs of an account; beyond that the oldest go. */
const maxSigns = 10_000
/** Between two tellings of a sign that is only renewed. */
const retell_ms = 1_000

/** What is known now. Of each kind signs last equally long, so they are in the order of their ends. */
export class Presence {
  readonly #signs: Readonly<Record<SignKind, Map<string, Sign & { readonly told_at: number }>>> = {
    typing: new Map(),
    viewing: new Map()
  }

  /** Sets a sign or renews it; answers it, and whether others should hear of it. `now` is in milliseconds. */
  set(
    kind: SignKind,
    whose: Pick<Sign, 'conversation_sid' | 'chat_service_sid' | 'identity'>,
    now: number
  ): { readonly sign: Sign; readonly isNews: boolean } {
    const signs = this.#current(kind, now)
    const key = keyOf(whose)
    const before = signs.get(key)
    signs.delete(key)
    const [oldest] = signs.keys()
    if (signs.size >= maxSigns && oldest !== undefined) signs.delete(oldest)
    const isNews = before === undefined || now - before.told_at >= retell_ms
    const told_at = isNews ? now : before.told_at
    const { conversation_sid, chat_service_sid, identity } = whose
    const ends_at = now + signLasts_ms[kind]
    const sign = { conversation_sid, chat_service_sid, identity, began_at: before?.began_at ?? now, ends_at }
    signs.set(key, { ...sign, told_at })
    return { sign, isNews }
  }

  /** Ends a sign; whether there was one. */
  end(kind: SignKind, whose: Pick<Sign, 'conversation_sid' | 'identity'>, now: number): boolean {
    return this.#current(kind, now).delete(keyOf(whose))
  }

  /** The signs of a kind in a conversation, those that end first at the head. */
  of(kind: SignKind, conversation_sid: string, now: number): Sign[] {
    return [...this.#current(kind, now).values()].filter((sign) => sign.conversation_sid === conversation_sid)
  }

  #current(kind: SignKind, now: number): Map<string, Sign & { readonly told_at: number }> {
    const signs = this.#signs[kind]
    for (const [key, { ends_at }] of signs) {
      if (ends_at > now) break
      signs.delete(key)
    }
    return signs
  }
}

function keyOf({ conversation_sid, identity }: Pick<Sign, 'conversation_sid' | 'identity'>): string {
  return `${conversation_sid} ${identity}`
}
