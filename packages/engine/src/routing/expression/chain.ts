import type { Junction, Node, Reference } from './parser.ts'
import { has, isComposite, isNull, membership, type Scalar } from './value.ts'

/**
 * Parts of an OR or AND that ask one path for one literal after the other: `skills HAS 'a' OR skills HAS 'b' OR …`. They
 * are one look at a set, so that thousands of them cost what a few do.
 */
export interface Chain {
  /** The path of each part; all of them are the same. */
  readonly references: readonly Reference[]
  /** The answer of all parts together to the value at the path. */
  readonly matches: (value: unknown) => boolean
}

/** Parts that make chains of two or more, and the others. */
export function chainsOf({ kind, parts }: Junction): { readonly chains: readonly Chain[]; readonly others: Node[] } {
  const asked = new Map<string, { readonly asks: Ask[]; readonly parts: Node[] }>()
  const others: Node[] = []
  for (const part of parts) {
    const ask = askOf(part, kind)
    const key = ask && `${ask.isOfList} ${JSON.stringify(ask.reference.keys)}`
    const group = key === undefined ? undefined : asked.get(key)
    if (!ask || key === undefined) others.push(part)
    else if (group) {
      group.asks.push(ask)
      group.parts.push(part)
    } else asked.set(key, { asks: [ask], parts: [part] })
  }
  const chains: Chain[] = []
  for (const { asks, parts } of asked.values()) {
    if (asks.length === 1) others.push(...parts)
    else chains.push({ references: asks.map(({ reference }) => reference), matches: together(asks, kind) })
  }
  return { chains, others }
}

interface Ask {
  readonly reference: Reference
  readonly isOfList: boolean
  readonly literal: Scalar
}

/** `==` and HAS where any part will do; `!=` and NOT HAS where all of them have to. */
function askOf(node: Node, kind: 'and' | 'or'): Ask | undefined {
  if (node.kind !== 'comparison') return undefined
  const { left, right } = node
  const [reference, other] = left.kind === 'reference' ? [left, right] : [right, left]
  if (reference.kind !== 'reference' || other.kind !== 'literal') return undefined
  const ask = { reference, literal: other.value }
  const not = kind === 'and' ? 'NOT ' : ''
  if (node.operator === (reference === left ? `${not}HAS` : `${not}IN`)) return { ...ask, isOfList: true }
  if (node.operator !== (kind === 'and' ? '!=' : '==') || isNull(ask.literal)) return undefined
  return { ...ask, isOfList: false }
}

function together(asks: readonly Ask[], kind: 'and' | 'or'): (value: unknown) => boolean {
  const literals = asks.map(({ literal }) => literal)
  const includes = membership(literals)
  const isShared = (list: readonly unknown[]) =>
    literals.length < list.length ? literals.some((literal) => has(list, literal)) : list.some(includes)
  if (asks[0]?.isOfList) return (value) => Array.isArray(value) && isShared(value) === (kind === 'or')
  return kind === 'or' ? includes : (value) => !isComposite(value) && !includes(value)
}
