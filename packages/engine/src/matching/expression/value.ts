import { Decimal, numberOf } from './decimal.ts'

/**
 * The values expressions compute with, and what their operators say about them (reference taskrouter 2.4 and 2.5).
 * `null` and `undefined` are both NULL: a stored JSON null and a missing key are the same to every operator.
 * Nothing here throws, whatever JSON it is given; what makes no sense is false.
 */

export type Scalar = string | number | Decimal | boolean | null

/** What values are filed under in an index for `==`, `HAS` and `IN`. */
export type ValueKey = string | number | boolean | null

/**
 * `==`: equal scalars, or both NULL. Numbers are equal by value, of whatever length, and a number equals a string that
 * spells it. Lists and objects equal nothing.
 */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return !isComposite(a)
  if (isNull(a)) return isNull(b)
  if (typeof a === 'number') return typeof b === 'string' && numberIn(b) === a
  if (typeof b === 'number') return typeof a === 'string' && numberIn(a) === b
  if (a instanceof Decimal) return isNumber(b, a)
  return b instanceof Decimal && isNumber(a, b)
}

/** Whether a value is, or spells, a number that is no double. */
function isNumber(value: unknown, number: Decimal): boolean {
  const is = typeof value === 'string' ? numberIn(value) : value
  return is instanceof Decimal && is.compare(number) === 0
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
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0
  if (left instanceof Decimal && (typeof right === 'number' || right instanceof Decimal)) return left.compare(right)
  return typeof left === 'number' && right instanceof Decimal ? -right.compare(left) : Number.NaN
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
  if (list.length > short) return membersOf(list)(element)
  for (let i = 0; i < list.length; i++) if (equal(list[i], element)) return true
  return false
}

/** Longer lists become sets when they are first asked, and stay so as long as they are there. */
const short = 8
const sets = new WeakMap<readonly unknown[], (element: unknown) => boolean>()

function membersOf(list: readonly unknown[]): (element: unknown) => boolean {
  let members = sets.get(list)
  if (members === undefined) {
    members = membership(list)
    sets.set(list, members)
  }
  return members
}

/** `NOT HAS`, and `NOT IN` the other way round: a list without such an element; false when there is no list. */
export function lacks(list: unknown, element: unknown): boolean {
  return Array.isArray(list) && !has(list, element)
}

/** The same answer as `has(elements, …)`, in constant time. */
export function membership(elements: readonly unknown[]): (element: unknown) => boolean {
  const others = new Set<unknown>()
  const numbers = new Set<ValueKey>()
  /** Numbers that strings among the elements spell: these equal the number, yet not each other. */
  const spelled = new Set<ValueKey>()
  for (const element of elements) {
    if (isNull(element) || isComposite(element)) continue
    if (typeof element === 'number' || element instanceof Decimal) numbers.add(numberKey(element))
    else others.add(element)
    const spells = typeof element === 'string' ? numberIn(element) : undefined
    if (spells !== undefined) spelled.add(numberKey(spells))
  }
  return (element) => {
    if (typeof element === 'string') {
      if (others.has(element)) return true
      const spells = numbers.size === 0 ? undefined : numberIn(element)
      return spells !== undefined && numbers.has(numberKey(spells))
    }
    if (typeof element !== 'number' && !(element instanceof Decimal)) return others.has(element)
    const key = numberKey(element)
    return numbers.has(key) || spelled.has(key)
  }
}

/**
 * A key to file a value under in a hash index for `==`, `HAS` and `IN`: values that are equal have the same key.
 * The contrary does not hold ("5" and "5.0" both equal 5, yet not each other), so what the index finds must still be
 * checked with the conjunct's `matches`. NULL has the key null (it equals NULL under `==`, and is in no list);
 * a list or an object has the key undefined (it equals nothing).
 */
export function equalityKey(value: Scalar): ValueKey
export function equalityKey(value: unknown): ValueKey | undefined
export function equalityKey(value: unknown): ValueKey | undefined {
  if (typeof value === 'string') {
    const number = numberIn(value)
    return number === undefined ? value : numberKey(number)
  }
  if (typeof value === 'number' || value instanceof Decimal) return numberKey(value)
  if (typeof value === 'boolean') return value
  return isNull(value) ? null : undefined
}

function numberKey(number: number | Decimal): number | string {
  return typeof number === 'number' ? number + 0 : String(number)
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
export function numberIn(text: string): number | Decimal | undefined {
  const first = text.charCodeAt(0)
  // Most strings are words; a look at the first character spares them the pattern.
  if (first !== MINUS && !(first >= ZERO && first <= NINE)) return undefined
  return NUMBER.test(text) ? numberOf(text) : undefined
}

const NUMBER = /^-?\d+(?:\.\d+)?$/
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

export function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** A list or an object. */
export function isComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Decimal)
}

function scalarKey(value: unknown): string {
  if (isNull(value)) return '~'
  return typeof value === 'number' || value instanceof Decimal ? String(value) : JSON.stringify(value)
}

/** Order by code point: that of UTF-16 units, but for surrogates, which stand for what comes after U+FFFF. */
function compareText(a: string, b: string): number {
  if (a === b) return 0
  if (!beyondUnits.test(a) && !beyondUnits.test(b)) return a < b ? -1 : 1
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return surrogatesLast(left) - surrogatesLast(right)
  }
  return a.length - b.length
}

/** Units whose order is not that of their code points. */
const beyondUnits = /[\ud800-\uffff]/

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
