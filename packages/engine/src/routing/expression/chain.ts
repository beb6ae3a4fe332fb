import { Decimal } from './decimal.ts'
import type { Junction, Node, Reference } from './parser.ts'
import { has, isComposite, isNull, membership, rank, type Scalar } from './value.ts'

/**
 * Parts of an OR or AND that ask one path for one literal after the other: `skills HAS 'a' OR skills HAS 'b' OR …`. They
 * are one look at a set, so that thousands of them cost what a few do. Of `level > 1 OR level > 2 OR …` the first says all.
 */
export interface Chain {
  /** The path of all parts. */
  readonly reference: Reference
  /** The answer of all parts together to the value at the path. */
  readonly matches: (value: unknown) => boolean
}

/** Parts that make chains of two or more, and the others. */
export function chainsOf({ kind, parts }: Junction): { readonly chains: readonly Chain[]; readonly others: Node[] } {
  const groups = new Map<string, { readonly asks: Ask[]; readonly parts: Node[] }>()
  const others: Node[] = []
  for (const part of parts) {
    const ask = askOf(part, kind)
    const key = ask && `${ask.asks} ${keyOf(ask.reference)}`
    const group = key === undefined ? undefined : groups.get(key)
    if (!ask || key === undefined) others.push(part)
    else if (group) {
      group.asks.push(ask)
      group.parts.push(part)
    } else groups.set(key, { asks: [ask], parts: [part] })
  }
  const chains: Chain[] = []
  for (const { asks, parts } of groups.values()) {
    const [first] = asks
    if (!first || asks.length === 1) others.push(...parts)
    else chains.push({ reference: first.reference, matches: together(first.asks, asks, kind) })
  }
  return { chains, others }
}

type Bound = '<' | '<=' | '>' | '>='

/** The same comparison seen from its right side. */
const mirrored = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const satisfies Record<Bound, Bound>

const within = {
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0
} as const satisfies Record<Bound, (order: number) => boolean>

function keyOf({ keys }: Reference): string {
  // A key is text, an index a number.
  return keys.length === 1 ? keys[0] : JSON.stringify(keys)
}

interface Ask {
  readonly reference: Reference
  readonly asks: 'value' | 'list' | Bound
  readonly literal: Scalar
}

/** `==` and HAS where any part will do; `!=` and NOT HAS where all of them have to; bounds that are numbers in both. */
function askOf(node: Node, kind: 'and' | 'or'): Ask | undefined {
  if (node.kind !== 'comparison') return undefined
  const { left, right, operator } = node
  const [reference, other] = left.kind === 'reference' ? [left, right] : [right, left]
  if (reference.kind !== 'reference' || other.kind !== 'literal') return undefined
  const literal = other.value
  const { equality, has, isIn } = asked[kind]
  if (operator === (reference === left ? has : isIn)) return { reference, literal, asks: 'list' }
  if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') {
    const isNumber = typeof literal === 'number' || literal instanceof Decimal
    // A string is compared as a text with some values, and as a number with others.
    return isNumber ? { reference, literal, asks: reference === left ? operator : mirrored[operator] } : undefined
  }
  return operator === equality && !isNull(literal) ? { reference, literal, asks: 'value' } : undefined
}

const asked = {
  or: { equality: '==', has: 'HAS', isIn: 'IN' },
  and: { equality: '!=', has: 'NOT HAS', isIn: 'NOT IN' }
} as const

function together(which: Ask['asks'], asks: readonly Ask[], kind: 'and' | 'or'): (value: unknown) => boolean {
  const literals = asks.map(({ literal }) => literal)
  if (which !== 'value' && which !== 'list') {
    const isLargest = (which === '<' || which === '<=') === (kind === 'or')
    const bound = literals.reduce((a, b) => (rank(a, b) < 0 === isLargest ? b : a))
    const isWithin = within[which]
    return (value) => isWithin(rank(value, bound))
  }
  const includes = membership(literals)
  const isShared = (list: readonly unknown[]) =>
    literals.length < list.length ? literals.some((literal) => has(list, literal)) : list.some(includes)
  if (which === 'list') return (value) => Array.isArray(value) && isShared(value) === (kind === 'or')
  return kind === 'or' ? includes : (value) => !isComposite(value) && !includes(value)
}
