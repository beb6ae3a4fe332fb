/**
 * The values expressions compute with, and what their operators say about them (reference taskrouter 2.4 and 2.5).
 * `null` and `undefined` are both NULL: a stored JSON null and a missing key are the same to every operator.
 * Nothing here throws, whatever JSON it is given; what makes no sense is false.
 */

export type Scalar = string | number | boolean | null

/** `==`: equal scalars, or both NULL. A number equals a string that spells it. Lists and objects equal nothing. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return typeof a !== 'object' || a === null
  if (isNull(a)) return isNull(b)
  if (typeof a === 'number') return typeof b === 'string' && numberIn(b) === a
  if (typeof b === 'number') return typeof a === 'string' && numberIn(a) === b
  return false
}

/** `!=`: the contrary of `==`, except that it too is false with a list or an object on either side. */
export function unequal(a: unknown, b: unknown): boolean {
  return !isComposite(a) && !isComposite(b) && !equal(a, b)
}

/**
 * Order of two values: negative, 0 or positive; NaN when they have none, which makes `<`, `<=`, `>`, `>=` all false.
 * Numbers by value, strings by code point, a number and a string that spells a number by value.
 */
export function rank(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const left = typeof a === 'string' ? numberIn(a) : a
  const right = typeof b === 'string' ? numberIn(b) : b
  if (typeof left !== 'number' || typeof right !== 'number') return Number.NaN
  return left < right ? -1 : left > right ? 1 : 0
}

/** `CONTAINS`: both strings, the right one a part of the left. */
export function contains(whole: unknown, part: unknown): boolean {
  return typeof whole === 'string' && typeof part === 'string' && whole.includes(part)
}

/** `NOT CONTAINS`: both strings, the right one no part of the left. */
export function omits(whole: unknown, part: unknown): boolean {
  return typeof whole === 'string' && typeof part === 'string' && !whole.includes(part)
}

/** `HAS`, and `IN` the other way round: a list with an element equal to the scalar. NULL is never in a list. */
export function has(list: unknown, element: unknown): boolean {
  if (!Array.isArray(list) || isNull(element)) return false
  for (let i = 0; i < list.length; i++) if (equal(list[i], element)) return true
  return false
}

/** `NOT HAS`, and `NOT IN` the other way round: a list without such an element; false when there is no list. */
export function lacks(list: unknown, element: unknown): boolean {
  return Array.isArray(list) && !has(list, element)
}

/** The same answer as `has(elements, …)` for a list known beforehand, in constant time. */
export function membership(elements: readonly Scalar[]): (element: unknown) => boolean {
  const exact = new Set<unknown>()
  const spelled = new Set<number>()
  for (const element of elements) {
    if (element === null) continue
    exact.add(element)
    const spells = typeof element === 'string' ? numberIn(element) : undefined
    if (spells !== undefined) spelled.add(spells)
  }
  return (element) => {
    if (isNull(element)) return false
    if (exact.has(element)) return true
    if (typeof element === 'number') return spelled.has(element)
    if (typeof element !== 'string') return false
    const spells = numberIn(element)
    return spells !== undefined && exact.has(spells)
  }
}

/**
 * A key to file a value under in a hash index for `==`, `HAS` and `IN`: values that are equal have the same key.
 * The contrary does not hold ("5" and "5.0" both equal 5, yet not each other), so what the index finds must still be
 * checked with the conjunct's `matches`. NULL has the key null (it equals NULL under `==`, and is in no list);
 * a list or an object has the key undefined (it equals nothing).
 */
export function equalityKey(value: unknown): Scalar | undefined {
  if (typeof value === 'string') return numberIn(value) ?? value
  if (typeof value === 'number') return value + 0
  if (typeof value === 'boolean') return value
  return isNull(value) ? null : undefined
}

/**
 * A text that stands for a value read at a path: when two values have the same text, no expression can tell them
 * apart. Texts joined by commas stay unambiguous. Missing and null are one; so are any two objects; so are lists that
 * have the same scalars, in whatever order.
 */
export function valueKey(value: unknown): string {
  if (!Array.isArray(value)) return isComposite(value) ? '{}' : scalarKey(value)
  const elements = new Set<string>()
  for (const element of value) if (!isNull(element) && !isComposite(element)) elements.add(scalarKey(element))
  return `[${[...elements].sort().join(',')}]`
}

/** A string that is wholly a number, as the lexer reads numbers: `-`, digits, decimals. Neither blanks nor `1e3`. */
export function numberIn(text: string): number | undefined {
  const first = text.charCodeAt(0)
  // Most strings are words; a look at the first character spares them the pattern.
  if (first !== MINUS && !(first >= ZERO && first <= NINE)) return undefined
  // Adding 0 turns -0 into 0, which it equals and must share a key with.
  return NUMBER.test(text) ? Number(text) + 0 : undefined
}

const NUMBER = /^-?\d+(?:\.\d+)?$/
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

export function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function isComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function scalarKey(value: unknown): string {
  if (isNull(value)) return '~'
  // JSON would spell Infinity (1e999 in an attribute) "null".
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

/** Order by code point: that of UTF-16 units, but for surrogates, which stand for what comes after U+FFFF. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return surrogatesLast(left) - surrogatesLast(right)
  }
  return a.length - b.length
}

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
