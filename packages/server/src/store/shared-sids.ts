/** An SID has so many characters. */
const sidLength = 34

/** So many are remembered, and then forgotten: most name one thing only, and to remember them all takes what sharing saves. */
const maxKnown = 1_000

/**
 * SIDs that many values name, kept once for all of them: JSON.parse makes each text anew, and ten thousand tasks name the
 * same workspace, workflow, queue and channel.
 */
export class SharedSids {
  readonly #known = new Map<string, string>()

  /** A value of JSON in which texts as long as an SID are those of earlier values. It is changed, and returned. */
  share<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value
    const members = value as Record<string, unknown> // its members are looked at one by one
    for (const key in members) {
      const member = members[key]
      if (typeof member === 'object') this.share(member)
      else if (typeof member === 'string' && member.length === sidLength) members[key] = this.#shared(member)
    }
    return value
  }

  #shared(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}
