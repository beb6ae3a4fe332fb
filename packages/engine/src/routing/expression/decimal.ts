import { parseJson } from '@ringdown/contract/json-text'

/**
 * A number that no double stands for as it is written: an integer of many digits, a decimal of many places, `1e999`.
 * Two doubles differ as the shortest texts that spell them do, so everything else stays a plain number. What it is made of
 * is private: a path into it (`task.id.length`) finds nothing.
 */
export class Decimal {
  /** The double next to it, perhaps infinite: of two numbers with different ones, these say which is smaller. */
  readonly #near: number
  readonly #parts: Parts

  constructor(near: number, parts: Parts) {
    this.#near = near
    this.#parts = parts
  }

  /** Negative when it is smaller than the other, 0 when both are one number, else positive. */
  compare(other: number | Decimal): number {
    const near = typeof other === 'number' ? other : other.#near
    if (this.#near !== near) return this.#near < near ? -1 : 1
    return compareParts(this.#parts, typeof other === 'number' ? partsOf(String(other)) : other.#parts)
  }

  /** Whether it is a whole number. */
  get isInteger(): boolean {
    return this.#parts.magnitude >= BigInt(this.#parts.digits.length)
  }

  /** The same text for the same number, however it was written; of no double, and of no text with quotes. */
  toString(): string {
    const { sign, digits, magnitude } = this.#parts
    return `${sign < 0 ? '-' : ''}0.${digits}e${magnitude}`
  }

  /** The double next to it: JSON in which nothing depends on the last digit. */
  toJSON(): number {
    return this.#near
  }
}

/** `sign` x 0.`digits` x 10^`magnitude`; the digits neither begin nor end with 0, and zero has none. */
interface Parts {
  readonly sign: -1 | 0 | 1
  readonly digits: string
  readonly magnitude: bigint
}

/** The number that a text in JSON's notation spells, exactly. Also takes zeros in front, as expressions do. */
export function numberOf(source: string): number | Decimal {
  // Adding 0 turns -0 into 0, which it equals and must share a key with.
  const near = Number(source) + 0
  // A double keeps 15 digits as they are.
  if (source.length <= 15 && !source.includes('e') && !source.includes('E')) return near
  const parts = partsOf(source)
  if (parts.sign === 0) return 0
  const isSpelled = Number.isFinite(near) && compareParts(parts, partsOf(String(near))) === 0
  return isSpelled ? near : new Decimal(near, parts)
}

/** Customers' JSON for expressions to read: numbers that a double does not hold are a Decimal. Throws SyntaxError. */
export function readJson(text: string): unknown {
  return parseJson(text, numberOf)
}

const NOTATION = /^(-?)0*(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

function partsOf(source: string): Parts {
  const [, minus = '', whole = '', fraction = '', exponent = '0'] = NOTATION.exec(source) ?? []
  const all = whole + fraction
  let start = 0
  let end = all.length
  while (start < end && all[start] === '0') start++
  while (end > start && all[end - 1] === '0') end--
  if (start === end) return { sign: 0, digits: '', magnitude: 0n }
  const magnitude = BigInt(exponent.replace('+', '')) + BigInt(whole.length - start)
  return { sign: minus === '' ? 1 : -1, digits: all.slice(start, end), magnitude }
}

function compareParts(a: Parts, b: Parts): number {
  if (a.sign !== b.sign) return a.sign - b.sign
  if (a.magnitude !== b.magnitude) return a.magnitude < b.magnitude ? -a.sign : a.sign
  // A text that the other begins with is the smaller one, as the rest of the other is no zeros.
  if (a.digits === b.digits) return 0
  return a.digits < b.digits ? -a.sign : a.sign
}
