import type { Key } from './environment.ts'
import { ExpressionError } from './error.ts'
import { excerpt, type Lexer, lexer, type Token, type TokenKind } from './lexer.ts'
import type { Scalar } from './value.ts'

/**
 * From text to tree, by the grammar of reference taskrouter 2.3. Chains of AND and of OR become one node each, so that
 * only parentheses nest, and these at most MAX_DEPTH deep: neither parsing nor evaluation can run out of stack.
 */

export type Node = Junction | Negation | Comparison | Truth

/** AND, OR: two parts or more, none of them of the same kind. */
export interface Junction extends Span {
  readonly kind: 'and' | 'or'
  readonly parts: readonly Node[]
}

export interface Negation extends Span {
  readonly kind: 'not'
  readonly part: Node
}

export interface Comparison extends Span {
  readonly kind: 'comparison'
  readonly operator: Operator
  readonly left: Operand
  readonly right: Operand
}

/** An operand on its own, as in `vip`: true when it is the boolean true. */
export interface Truth extends Span {
  readonly kind: 'truth'
  readonly operand: Operand
}

export type Operator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'CONTAINS'
  | 'HAS'
  | 'IN'
  | 'NOT CONTAINS'
  | 'NOT HAS'
  | 'NOT IN'

export type Operand =
  | { readonly kind: 'literal'; readonly value: Scalar }
  | { readonly kind: 'list'; readonly elements: readonly Scalar[] }
  | Reference

/** `task.skills[0].name`: its steps, the first one a name; `start` is where it stands. */
export interface Reference {
  readonly kind: 'reference'
  readonly keys: readonly [string, ...Key[]]
  readonly start: number
}

/** Index of a node's first character in the source, and of the one behind its last. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Parentheses within parentheses. People write four; generated texts that need more are refused, not run. */
export const MAX_DEPTH = 100

const LIST_OPERATORS = ['IN', 'HAS', 'CONTAINS'] as const

/** The tree of a whole text. Throws ExpressionError. */
export function parse(source: string): Node {
  if (last?.source !== source) last = { source, root: parsed(source) }
  return last.root
}

/** What has been compiled is looked at for warnings in the same decision, and a long text takes some milliseconds. */
let last: { readonly source: string; readonly root: Node } | undefined

function parsed(source: string): Node {
  const cursor = new Cursor(source)
  const node = junction(cursor, 'or', 0)
  cursor.expectEnd('{<EOF>, AND, OR}')
  return node
}

/** A place in the text: the token that comes next, and where the one before it ended. */
export class Cursor {
  token: Token
  end = 0
  readonly #lexer: Lexer

  constructor(source: string) {
    this.#lexer = lexer(source)
    this.token = this.#lexer.next()
  }

  /** Steps over the next token and returns it. */
  take(): Token {
    const token = this.token
    this.end = token.end
    this.token = this.#lexer.next()
    return token
  }

  /** Steps over a dot, if it is next, to the key behind it. */
  takeDot(): boolean {
    if (!this.at('.')) return false
    this.end = this.token.end
    this.token = this.#lexer.key()
    return true
  }

  /** Steps over the next token if it is this one. */
  takeIf(kind: TokenKind, value?: string): boolean {
    if (!this.at(kind, value)) return false
    this.take()
    return true
  }

  at(kind: TokenKind, value?: string): boolean {
    return this.token.kind === kind && (value === undefined || this.token.value === value)
  }

  expectEnd(expected: string): void {
    if (this.token.kind !== 'end') throw this.refusal('extraneous input', expected)
  }

  /** What to throw about the next token. */
  refusal(complaint: 'extraneous input' | 'mismatched input', expected: string): ExpressionError {
    return new ExpressionError(`${complaint} '${excerpt(this.token.text)}' expecting ${expected}`, this.token.start + 1)
  }
}

/** orExpr and andExpr: parts joined by one keyword. A part in parentheses that is of the same kind melts into it. */
function junction(cursor: Cursor, kind: 'and' | 'or', depth: number): Node {
  const { start } = cursor.token
  const keyword = kind === 'or' ? 'OR' : 'AND'
  const parts: Node[] = []
  do {
    const part = kind === 'or' ? junction(cursor, 'and', depth) : negation(cursor, depth)
    if (part.kind === kind) for (const inner of part.parts) parts.push(inner)
    else parts.push(part)
  } while (cursor.takeIf('keyword', keyword))
  const [only] = parts
  return parts.length === 1 && only ? only : { kind, parts, start, end: cursor.end }
}

/** unary: any number of NOT, of which two cancel out. */
function negation(cursor: Cursor, depth: number): Node {
  const { start } = cursor.token
  let negated = false
  while (cursor.takeIf('keyword', 'NOT')) negated = !negated
  const part = primary(cursor, depth)
  return negated ? { kind: 'not', part, start, end: cursor.end } : part
}

function primary(cursor: Cursor, depth: number): Node {
  const { start } = cursor.token
  if (cursor.at('(')) {
    if (depth === MAX_DEPTH) throw new ExpressionError(`parentheses nest deeper than ${MAX_DEPTH}`, start + 1)
    cursor.take()
    const inner = junction(cursor, 'or', depth + 1)
    if (cursor.at('end')) throw new ExpressionError("missing ')' at '<EOF>'", cursor.token.start + 1)
    if (!cursor.takeIf(')')) throw cursor.refusal('extraneous input', "{')', AND, OR}")
    return inner
  }
  const left = operand(cursor)
  const operator = comparisonOperator(cursor)
  if (operator === undefined) return { kind: 'truth', operand: left, start, end: cursor.end }
  const right = operand(cursor)
  return { kind: 'comparison', operator, left, right, start, end: cursor.end }
}

/** The operator behind an operand, or undefined when the operand stands alone. */
function comparisonOperator(cursor: Cursor): Operator | undefined {
  if (cursor.token.kind === 'operator') return cursor.take().value as Operator // the lexer has no other operators
  const negated = cursor.takeIf('keyword', 'NOT')
  for (const operator of LIST_OPERATORS) {
    if (cursor.takeIf('keyword', operator) || (negated && cursor.takeIf('operator', operator))) {
      return negated ? `NOT ${operator}` : operator
    }
  }
  if (negated) throw cursor.refusal('mismatched input', '{IN, HAS, CONTAINS}')
  if (cursor.at('end') || cursor.at(')') || cursor.at('keyword', 'AND') || cursor.at('keyword', 'OR')) return undefined
  throw cursor.refusal('extraneous input', 'OPERATOR')
}

function operand(cursor: Cursor): Operand {
  if (cursor.at('name')) return reference(cursor)
  if (cursor.takeIf('[')) return { kind: 'list', elements: listElements(cursor) }
  return { kind: 'literal', value: literal(cursor, 'OPERAND') }
}

/** What stands between brackets; the opening one is taken. Elements are literals, neither names nor lists. */
function listElements(cursor: Cursor): readonly Scalar[] {
  const elements: Scalar[] = []
  if (cursor.takeIf(']')) return elements
  do elements.push(literal(cursor, 'LITERAL'))
  while (cursor.takeIf(','))
  if (!cursor.takeIf(']')) throw cursor.refusal('mismatched input', "{',', ']'}")
  return elements
}

function literal(cursor: Cursor, expected: string): Scalar {
  const { kind, value } = cursor.token
  if (kind === 'string' || kind === 'number') return cursor.take().value
  if (kind === 'keyword' && (value === 'TRUE' || value === 'FALSE' || value === 'NULL')) {
    cursor.take()
    return value === 'NULL' ? null : value === 'TRUE'
  }
  throw cursor.refusal('mismatched input', expected)
}

/** A name and its steps. Behind a dot every word is a key, keywords and `988EN` too. Throws ExpressionError, which names what was `expected`. */
export function reference(cursor: Cursor, expected = 'NAME'): Reference {
  const { start } = cursor.token
  if (!cursor.at('name')) throw cursor.refusal('mismatched input', expected)
  const keys: [string, ...Key[]] = [cursor.take().text]
  for (;;) {
    if (cursor.takeDot()) {
      if (!cursor.at('name')) throw cursor.refusal('mismatched input', 'NAME')
      keys.push(cursor.take().text)
    } else if (cursor.takeIf('[')) {
      if (!cursor.at('number') || !/^[0-9]+$/.test(cursor.token.text)) throw cursor.refusal('mismatched input', 'INDEX')
      keys.push(Number(cursor.take().text))
      if (!cursor.takeIf(']')) throw cursor.refusal('mismatched input', "']'")
    } else return { kind: 'reference', keys, start }
  }
}
