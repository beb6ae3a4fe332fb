/** 128 bits as four unsigned 32-bit numbers: what a decision draws its SIDs from. Never a source of secrets. */
export type Seed = readonly [number, number, number, number]

/** A small fast generator (sfc32) seeded with 128 bits; the same seed gives the same SIDs in the same order. */
export class Ids {
  #a = 0
  #b = 0
  #c = 0
  #d = 1

  reseed(seed: Seed): void {
    this.#a = seed[0] | 0
    this.#b = seed[1] | 0
    this.#c = seed[2] | 0
    this.#d = seed[3] | 0
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

  /** Two letters and 32 hex digits. */
  sid(prefix: string): string {
    const a = this.next()
    const b = this.next()
    const c = this.next()
    const d = this.next()
    // Texts of up to twelve characters are made at once; longer ones are chained first and copied when they are used.
    return prefix + hex(a) + hex(b) + (hex(c) + hex(d))
  }
}

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

/** Eight digits. Tables of a few thousand texts stay in the cache; those of 65,536 do not. */
function hex(x: number): string {
  return (twoDigits[x >>> 24] as string) + threeDigits[(x >>> 12) & 0xfff] + threeDigits[x & 0xfff] // all of them are there
}

const twoDigits: readonly string[] = Array.from({ length: 0x100 }, (_, i) => i.toString(16).padStart(2, '0'))
const threeDigits: readonly string[] = Array.from({ length: 0x1000 }, (_, i) => i.toString(16).padStart(3, '0'))
