/*
 * The expression language a second time, written from reference taskrouter 2 and sharing nothing with the engine's: a
 * text becomes words, words become a tree, and the tree is walked for every answer.
 */

import { Numeral } from './numeral.ts'

/** What a name means where an expression stands; undefined and null are both NULL. */
export type Names = (keys: readonly (string | number)[]) => unknown

type Word = { readonly is: 'text' | 'number' | 'name' | 'key' | 'sign' | 'end'; readonly text: string }

type Tree =
  | { readonly is: 'all'; readonly parts: readonly Tree[] }
  | { readonly is: 'any'; readonly parts: readonly Tree[] }
  | { readonly is: 'not'; readonly part: Tree }
  | { readonly is: 'compare'; readonly operator: string; readonly left: Operand; readonly right: Operand }
  | { readonly is: 'alone'; readonly operand: Operand }

type Operand = { readonly value: unknown } | { readonly keys: readonly (string | number)[] }

/** Whether an expression is true. An empty one is true of nothing (reference taskrouter 2.3). Throws on bad syntax. */
export function isTrue(source: string, names: Names): boolean {
  if (source.trim() === '') return false
  let tree = trees.get(source)
  if (!tree) {
    tree = new Reader(source).whole()
    trees.set(source, tree)
  }
  return judge(tree, names)
}

/** The keys of a single path, as `known_worker_sid` has one: `task.agent.sid` is ['task', 'agent', 'sid']. */
export function keysOf(source: string): readonly (string | number)[] {
  return new Reader(source).path()
}

const trees = new Map<string, Tree>()

/** Walks a path through plain JSON; whatever is not there is undefined. */
export function dig(value: unknown, keys: readonly (string | number)[]): unknown {
  let at = value instanceof Numeral && keys.length > 0 ? undefined : value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== (typeof key === 'number')) return undefined
    at = Object.hasOwn(at, key) ? (at as Record<string | number, unknown>)[key] : undefined // hasOwn says that it is there
  }
  return at
}

function judge(tree: Tree, names: Names): boolean {
  const value = (operand: Operand) => ('keys' in operand ? names(operand.keys) : operand.value) ?? null
  if (tree.is === 'all') return tree.parts.every((part) => judge(part, names))
  if (tree.is === 'any') return tree.parts.some((part) => judge(part, names))
  if (tree.is === 'not') return !judge(tree.part, names)
  if (tree.is === 'alone') return value(tree.operand) === true
  return compare(tree.operator, value(tree.left), value(tree.right))
}

/** Reference taskrouter 2.4 and 2.5. */
function compare(operator: string, left: unknown, right: unknown): boolean {
  const isScalar = (value: unknown) => typeof value !== 'object' || value === null || value instanceof Numeral
  switch (operator) {
    case '==':
      return isScalar(left) && isScalar(right) && same(left, right)
    case '!=':
      return isScalar(left) && isScalar(right) && !same(left, right)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(operator, left, right)
    case 'CONTAINS':
      return typeof left === 'string' && typeof right === 'string' && left.includes(right)
    case 'NOT CONTAINS':
      return typeof left === 'string' && typeof right === 'string' && !left.includes(right)
    case 'HAS':
      return listed(left, right)
    case 'IN':
      return listed(right, left)
    case 'NOT HAS':
      return Array.isArray(left) && !listed(left, right)
    case 'NOT IN':
      return Array.isArray(right) && !listed(right, left)
    default:
      throw new Error(`there is no operator ${operator}`)
  }
}

function listed(list: unknown, element: unknown): boolean {
  const isValue = (value: unknown) => value instanceof Numeral || (value !== null && typeof value !== 'object')
  return Array.isArray(list) && isValue(element) && list.some((member) => isValue(member) && same(member, element))
}

function same(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' && typeof left === typeof right) return left === right
  const [a, b] = [numeric(left), numeric(right)]
  return a === undefined || b === undefined ? left === right : Numeral.compare(a, b) === 0
}

function ordered(operator: string, left: unknown, right: unknown): boolean {
  let order: number
  if (typeof left === 'string' && typeof right === 'string') {
    const [a, b] = [[...left], [...right]].map((letters) => letters.map((letter) => letter.codePointAt(0) ?? 0))
    order = 0
    for (let i = 0; order === 0 && i < Math.max(left.length, right.length); i++) order = (a?.[i] ?? -1) - (b?.[i] ?? -1)
  } else {
    const [a, b] = [numeric(left), numeric(right)]
    if (a === undefined || b === undefined) return false
    order = Numeral.compare(a, b)
  }
  return operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0
}

/** A number, or what a text spells that is wholly one. */
function numeric(value: unknown): number | Numeral | undefined {
  if (typeof value === 'number' || value instanceof Numeral) return value
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? new Numeral(value) : undefined
}

class Reader {
  readonly #words: readonly Word[]
  #at = 0

  constructor(source: string) {
    this.#words = wordsOf(source)
  }

  whole(): Tree {
    const tree = this.#any()
    if (this.#word.is !== 'end') throw new SyntaxError(`'${this.#word.text}' is too much`)
    return tree
  }

  path(): readonly (string | number)[] {
    const keys: (string | number)[] = [this.#take().text]
    for (;;) {
      if (this.#word.is === 'key') keys.push(this.#take().text)
      else if (this.#takes('[')) {
        keys.push(Number(this.#take().text))
        this.#must(']')
      } else return keys
    }
  }

  #any(): Tree {
    const parts = [this.#all()]
    while (this.#takes('||') || this.#keyword('OR')) parts.push(this.#all())
    return { is: 'any', parts }
  }

  #all(): Tree {
    const parts = [this.#one()]
    while (this.#takes('&&') || this.#keyword('AND')) parts.push(this.#one())
    return { is: 'all', parts }
  }

  #one(): Tree {
    if (this.#keyword('NOT')) return { is: 'not', part: this.#one() }
    if (this.#takes('(')) {
      const inner = this.#any()
      this.#must(')')
      return inner
    }
    const left = this.#operand()
    const operator = this.#operator()
    return operator ? { is: 'compare', operator, left, right: this.#operand() } : { is: 'alone', operand: left }
  }

  #operator(): string | undefined {
    for (const [sign, operator] of signs) if (this.#takes(sign)) return operator
    const not = this.#keyword('NOT') ? 'NOT ' : ''
    for (const operator of ['IN', 'HAS', 'CONTAINS']) if (this.#keyword(operator)) return not + operator
    if (not) throw new SyntaxError('NOT what?')
    return undefined
  }

  #operand(): Operand {
    if (this.#takes('[')) {
      const list: unknown[] = []
      if (this.#takes(']')) return { value: list }
      do list.push(this.#literal())
      while (this.#takes(','))
      this.#must(']')
      return { value: list }
    }
    const isKeyword = ['TRUE', 'FALSE', 'NULL'].includes(this.#word.text.toUpperCase())
    return this.#word.is === 'name' && !isKeyword ? { keys: this.path() } : { value: this.#literal() }
  }

  #literal(): unknown {
    const { is, text } = this.#take()
    if (is === 'text') return JSON.parse(`"${inJson(text)}"`)
    if (is === 'number') return new Numeral(text)
    if (/^true$/i.test(text)) return true
    if (/^false$/i.test(text)) return false
    if (/^null$/i.test(text)) return null
    throw new SyntaxError(`'${text}' is no literal`)
  }

  get #word(): Word {
    return this.#words[this.#at] ?? { is: 'end', text: '' }
  }

  #take(): Word {
    const word = this.#word
    this.#at++
    return word
  }

  #takes(sign: string): boolean {
    if (this.#word.is !== 'sign' || this.#word.text !== sign) return false
    this.#at++
    return true
  }

  #keyword(keyword: string): boolean {
    if (this.#word.is !== 'name' || this.#word.text.toUpperCase() !== keyword) return false
    this.#at++
    return true
  }

  #must(sign: string): void {
    if (!this.#takes(sign)) throw new SyntaxError(`'${sign}' is missing`)
  }
}

/** Signs and the operators that they spell. */
const signs = [
  ['==', '=='],
  ['=', '=='],
  ['!=', '!='],
  ['<=', '<='],
  ['>=', '>='],
  ['<-', 'IN'],
  ['>-', 'HAS'],
  ['<', '<'],
  ['>', '>']
] as const

/** The inside of a quoted text, as JSON would write it. */
function inJson(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\'|\\u[0-9a-fA-F]{4}|\\.|"/g, (part) => (part === "\\'" ? "'" : part === '"' ? '\\"' : part))
}

function wordsOf(source: string): Word[] {
  const words: Word[] = []
  const pattern =
    /\s*(?:('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|([A-Za-z_$][\w$]*)|\.\s*([\w$]+)|(-?\d+(?:\.\d+)?)|([<>]-(?!\d)|==|!=|<=|>=|&&|\|\||[=<>()[\],])|(\S))/gy
  for (const [, text, name, key, number, sign, other] of source.matchAll(pattern)) {
    if (text !== undefined) words.push({ is: 'text', text })
    else if (name !== undefined) words.push({ is: 'name', text: name })
    else if (key !== undefined) words.push({ is: 'key', text: key })
    else if (number !== undefined) words.push({ is: 'number', text: number })
    else if (sign !== undefined) words.push({ is: 'sign', text: sign })
    else throw new SyntaxError(`'${other}' is no word`)
  }
  return words
}
