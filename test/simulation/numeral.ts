/** A number as it is written, of any length: what the auditor reads where a double would round. */
export class Numeral {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Whether it is a whole number. */
  get isWhole(): boolean {
    const [digits, exponent] = parsed(this.#text)
    return exponent >= 0 || digits % 10n ** BigInt(-exponent) === 0n
  }

  /** Negative, 0 or positive, as the first is smaller, the same, or larger. */
  static compare(a: number | Numeral, b: number | Numeral): number {
    const [x, y] = [a, b].map((one) => parsed(typeof one === 'number' ? String(one) : one.#text))
    if (!x || !y) throw new Error('two numbers are compared')
    const exponent = Math.min(x[1], y[1])
    const [left, right] = [x, y].map(([digits, own]) => digits * 10n ** BigInt(own - exponent))
    return left === right ? 0 : (left ?? 0n) < (right ?? 0n) ? -1 : 1
  }
}

/** JSON, with a Numeral for every number that is longer than a double is exact. */
export function jsonOf(text: string): unknown {
  const marked = text.replace(/"(?:\\.|[^"\\])*"|-?\d[\d.]*(?:[eE][+-]?\d+)?/g, (word) =>
    word.startsWith('"') || /^[^eE]{1,15}$/.test(word) ? word : JSON.stringify({ [mark]: word })
  )
  return JSON.parse(marked, (_key, value) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, mark) ? new Numeral(value[mark]) : value
  )
}

const mark = '(number)'

/** Digits and the power of ten that they are multiplied by. */
function parsed(text: string): [digits: bigint, exponent: number] {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return [BigInt(whole + fraction), Number(exponent) - fraction.length]
}
