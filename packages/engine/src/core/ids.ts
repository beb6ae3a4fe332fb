/** 128 bits as four unsigned 32-bit numbers: what a decision draws its SIDs from. Never a source of secrets. */
export type Seed = readonly [number, number, number, number]

/** A small fast generator (sfc32) seeded with 128 bits; the same seed and instant give the same SIDs in the same order. */
export class Ids {
  /** The instant's upper 32 of 48 bits, and the others. */
  #upperTime = 0
  #lowerTime = 0
  /** What the SIDs of this decision's events begin with; empty until it has one. */
  #event = ''
  /** The sequence number's upper digits that `#event` ends in. */
  #upper = -1
  #a = 0
  #b = 0
  #c = 0
  #d = 1

  /** @param at - milliseconds since 1970. */
  reseed(seed: Seed, at: number): void {
    this.#upperTime = Math.floor(at / 0x10000) >>> 0
    this.#lowerTime = at & 0xffff
    this.#a = seed[0] | 0
    this.#b = seed[1] | 0
    this.#c = seed[2] | 0
    this.#d = seed[3] | 0
    this.#event = ''
    this.#upper = -1
    for (let i = 0; i < 8; i++) this.next()
  }

  /** The next 32 bits, unsigned. */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  /**
   * Two letters and 32 hex digits: 12 of the instant, in milliseconds, and 20 that are drawn. What comes later is further
   * back in an index, so that new rows touch its last pages alone (docs/decisions/065-sids-in-the-order-of-time.md).
   */
  sid(prefix: string): string {
    const upper = this.#upperTime
    const lower = this.#lowerTime
    const a = this.next()
    const b = this.next()
    const c = this.next()
    // One call makes one flat text in 60 ns; joined from pieces it takes 120, and as much again when it becomes a key.
    // biome-ignore format: eight digits a line
    return String.fromCharCode(prefix.charCodeAt(0), prefix.charCodeAt(1),
      digit(upper, 28), digit(upper, 24), digit(upper, 20), digit(upper, 16), digit(upper, 12), digit(upper, 8), digit(upper, 4), digit(upper, 0),
      digit(lower, 12), digit(lower, 8), digit(lower, 4), digit(lower, 0), digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0),
      digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), digit(b, 12), digit(b, 8), digit(b, 4), digit(b, 0),
      digit(c, 28), digit(c, 24), digit(c, 20), digit(c, 16), digit(c, 12), digit(c, 8), digit(c, 4), digit(c, 0))
  }

  /**
   * The SID of an event: 20 digits that the decision draws once, then its sequence number in 12. So an event is found by
   * its number, and no two of an account have the same SID. The number must be below 2 ** 48.
   */
  eventSid(seq: number): string {
    const upper = Math.floor(seq / 2 ** 32)
    if (this.#event === '') {
      this.#event = this.#eventHead(upper)
      this.#upper = upper
    } else if (this.#upper !== upper) {
      this.#event = this.#event.slice(0, 22) + hex(upper).slice(4)
      this.#upper = upper
    }
    return this.#event + hex(seq)
  }

  #eventHead(upper: number): string {
    const a = this.next()
    const b = this.next()
    const c = this.next()
    // biome-ignore format: eight digits a line
    return String.fromCharCode(69, 86,
      digit(a, 28), digit(a, 24), digit(a, 20), digit(a, 16), digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0),
      digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), digit(b, 12), digit(b, 8), digit(b, 4), digit(b, 0),
      digit(c, 28), digit(c, 24), digit(c, 20), digit(c, 16),
      digit(upper, 12), digit(upper, 8), digit(upper, 4), digit(upper, 0))
  }
}

/** Whether a text is a SID that begins with these two letters. */
export function isSid(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && /^..[0-9a-fA-F]{32}$/.test(text)
}

/**
 * The sequence number that the SID of an event carries, or undefined when the text is no such SID. A SID that was made
 * otherwise gives some number, too: whoever finds the event with that number compares its SID.
 */
export function eventSeqOf(sid: string): number | undefined {
  return isEventSid.test(sid) ? Number.parseInt(sid.slice(22), 16) : undefined
}

const isEventSid = /^EV[0-9a-f]{32}$/

/** The seed of a decision when the whole run is seeded by one number (`--seed`). */
export function seedOf(run: number, decision: number): Seed {
  const mix = (salt: number) => {
    let x = (run ^ Math.imul(decision + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) | 0
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    return (x ^ (x >>> 15)) >>> 0
  }
  return [mix(1), (mix(2) ^ run) >>> 0, mix(3), decision >>> 0]
}

/** The lowest 32 bits of a number in eight digits. Tables of a few thousand texts stay in the cache; those of 65,536 do not. */
function hex(x: number): string {
  return (twoDigits[(x >>> 24) & 0xff] as string) + threeDigits[(x >>> 12) & 0xfff] + threeDigits[x & 0xfff] // all of them are there
}

/** The code of the digit for four bits of a number. */
function digit(x: number, shift: number): number {
  const four = (x >>> shift) & 15
  return four < 10 ? 48 + four : 87 + four
}

const twoDigits: readonly string[] = Array.from({ length: 0x100 }, (_, i) => i.toString(16).padStart(2, '0'))
const threeDigits: readonly string[] = Array.from({ length: 0x1000 }, (_, i) => i.toString(16).padStart(3, '0'))
