import type { ChannelMessageRow } from '@ringdown/engine/messaging/rows'
import type { Ledger } from '../commit/ledger.ts'

/*
 * A center whose delivery was not answered, since the line broke or the plug was pulled, delivers it again by the next bind,
 * and SMPP has no name for it. What is known: a phone's first texts in a bind that are its last ones of an earlier bind, in
 * their order, are those again. Anything else is new.
 */

/** Of a phone's last texts, those that may be delivered again: so many, and so close to the last one in time. */
const maxDoubtful = 5
const together_ms = 15_000
/** Phones that are looked after in one bind. */
const maxPhones = 10_000

interface Text {
  readonly from: string
  readonly to: string
  readonly body: string
}

export interface RedeliveriesOptions {
  readonly ledger: Pick<Ledger, 'page' | 'settled'>
  readonly carrier_sid: string
  /** What the names of texts begin with that came by this bind. */
  readonly epoch: string
  /** When the bind stood, and for how long before that a text may have come that is delivered again; 0 for never. */
  readonly since: number
  readonly window_ms: number
  /** Milliseconds: a center delivers again as soon as there is a bind, and not once that has stood for a while. */
  readonly now: () => number
}

/** What has been delivered by earlier binds, phone by phone, until a phone says something new. */
export class Redeliveries {
  readonly #options: RedeliveriesOptions
  /** By phone and number, the texts that may come again, the oldest first. */
  readonly #doubtful = new Map<string, Promise<string[]>>()

  constructor(options: RedeliveriesOptions) {
    this.#options = options
  }

  /** Whether a text was taken in before, by an earlier bind. Each text there was answers once for it. */
  async isAgain(text: Text): Promise<boolean> {
    const { since, window_ms, now } = this.#options
    if (window_ms === 0) return false
    if (now() > since + window_ms) {
      this.#doubtful.clear()
      return false
    }
    const key = `${text.from}\n${text.to}`
    const known = this.#doubtful.get(key)
    // Beyond, nobody knows: what is delivered is taken in.
    if (!known && this.#doubtful.size >= maxPhones) return false
    const before = known ?? this.#lastOf(text)
    const own = before.then((bodies) => bodies.indexOf(text.body))
    // Texts of one phone are looked at in the order in which they came.
    const after = Promise.all([before, own]).then(([bodies, at]) => (at < 0 ? [] : bodies.slice(at + 1)))
    this.#doubtful.set(key, after)
    try {
      return (await own) >= 0
    } catch (error) {
      // It was not taken in, and is asked about again.
      if (this.#doubtful.get(key) === after) this.#doubtful.delete(key)
      after.catch(() => {})
      throw error
    }
  }

  async #lastOf({ from, to }: Text): Promise<string[]> {
    const { ledger, carrier_sid, epoch, since, window_ms } = this.#options
    await ledger.settled()
    const rows = await ledger.page({
      kind: 'channel_message',
      where: [['from', '=', from]],
      order: ['seq'],
      descending: true,
      limit: maxDoubtful * 4
    })
    const isOurs = (row: ChannelMessageRow) =>
      row.carrier_sid === carrier_sid && row.to === to && row.direction === 'inbound'
    const own = rows.filter(isOurs)
    // Had the phone been heard in this bind, it would not be asked for.
    const [last] = own
    if (!last || last.provider_sid?.startsWith(epoch) || last.date_created > since) return []
    if (last.date_created < since - window_ms) return []
    return own
      .filter(({ date_created }) => last.date_created - date_created <= together_ms)
      .slice(0, maxDoubtful)
      .map(({ body }) => body ?? '')
      .reverse()
  }
}

/** Texts whose names are kept, of one bind. */
const maxUnanswered = 1_000

/**
 * Texts that could not be taken in, as far as we know, and under which name that was tried: by the same bind a center delivers
 * them again under a new number, and one that had been kept after all is known by its name.
 */
export class Unanswered {
  readonly #names = new Map<string, string[]>()
  #size = 0

  /** Whether what was said is tried again: then under the name that it had. */
  nameOf(text: Text): string | undefined {
    const key = keyOf(text)
    const [name, ...others] = this.#names.get(key) ?? []
    if (name === undefined) return undefined
    this.#size -= 1
    if (others.length > 0) this.#names.set(key, others)
    else this.#names.delete(key)
    return name
  }

  add(text: Text, name: string): void {
    if (this.#size >= maxUnanswered) return
    this.#size += 1
    const key = keyOf(text)
    this.#names.set(key, [...(this.#names.get(key) ?? []), name])
  }
}

function keyOf({ from, to, body }: Text): string {
  return `${from}\n${to}\n${body}`
}
