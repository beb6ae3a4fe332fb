import { type Decimal, numberOf } from './decimal.ts'
import { ExpressionError } from './error.ts'

/**
 * Words of the expression language (reference taskrouter 2.2). One pass, one token at a time, every character looked
 * at once; what is no word becomes a token `unknown`, so that the parser can say what it had expected in its place.
 */

export type TokenKind =
  | 'string'
  | 'number'
  | 'name'
  | 'keyword'
  | 'operator'
  | '('
  | ')'
  | '['
  | ']'
  | ','
  | '.'
  | 'unknown'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** The text as written. */
  readonly text: string
  /** What it means: a string's contents, a number, a keyword in upper case, an operator without its synonyms. */
  readonly value: string | number | Decimal
  /** Index of the first character, and of the one behind the last. */
  readonly start: number
  readonly end: number
}

/** Longer texts are refused before they are read: no queue needs them, and each is parsed anew at every start. */
export const MAX_LENGTH = 100_000

export interface Lexer {
  /** The next token; at the end of the text, `end` for ever. Throws ExpressionError for an unfinished string. */
  next(): Token
  /** The next token where a key of a path is expected: any run of letters, digits, `_` and `$` is one (`988EN`). */
  key(): Token
}

const KEYWORDS: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT', 'IN', 'HAS', 'CONTAINS', 'TRUE', 'FALSE', 'NULL'])

/** Operators and their synonyms; the longest that fits is taken. */
const SYMBOLS: readonly (readonly [symbol: string, kind: TokenKind, value: string])[] = [
  ['==', 'operator', '=='],
  ['!=', 'operator', '!='],
  ['<=', 'operator', '<='],
  ['>=', 'operator', '>='],
  ['<-', 'operator', 'IN'],
  ['>-', 'operator', 'HAS'],
  ['&&', 'keyword', 'AND'],
  ['||', 'keyword', 'OR'],
  ['=', 'operator', '=='],
  ['<', 'operator', '<'],
  ['>', 'operator', '>'],
  ['(', '(', '('],
  [')', ')', ')'],
  ['[', '[', '['],
  [']', ']', ']'],
  [',', ',', ','],
  ['.', '.', '.']
]

const ESCAPES: Readonly<Record<string, string>> = { "'": "'", '"': '"', '\\': '\\', n: '\n', t: '\t' }

// Sticky patterns match at lastIndex only, and none of them can look at a character twice.
const BLANK = /[ \t\r\n\f\v\u00a0\ufeff]*/y
const NAME = /[A-Za-z_$][A-Za-z0-9_$]*/y
const KEY = /[A-Za-z0-9_$]+/y
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?/y
const PLAIN = /[^'"\\]*/y

export function lexer(source: string): Lexer {
  if (source.length > MAX_LENGTH) {
    throw new ExpressionError(`expression is longer than ${MAX_LENGTH} characters`, MAX_LENGTH + 1)
  }
  let at = 0
  const step = (read: (source: string, start: number) => Token) => {
    const token = read(source, endOf(BLANK, source, at))
    at = token.end
    return token
  }
  return { next: () => step(tokenAt), key: () => step(keyAt) }
}

function tokenAt(source: string, start: number): Token {
  if (start >= source.length) return { kind: 'end', text: '<EOF>', value: '<EOF>', start, end: start }
  const first = source[start]
  if (first === "'" || first === '"') return stringAt(source, start, first)
  const nameEnd = endOf(NAME, source, start)
  if (nameEnd > start) return word(source.slice(start, nameEnd), start, nameEnd)
  const numberEnd = endOf(NUMBER, source, start)
  if (numberEnd > start) {
    const text = source.slice(start, numberEnd)
    return { kind: 'number', text, value: numberOf(text), start, end: numberEnd }
  }
  for (const [symbol, kind, value] of SYMBOLS) {
    if (!source.startsWith(symbol, start)) continue
    const end = start + symbol.length
    // `level>-5` means a negative number, not HAS: the minus belongs to the digit that it touches.
    if (symbol.endsWith('-') && endOf(NUMBER, source, end) > end) continue
    return { kind, text: symbol, value, start, end }
  }
  const text = String.fromCodePoint(source.codePointAt(start) ?? 0)
  return { kind: 'unknown', text, value: text, start, end: start + text.length }
}

function keyAt(source: string, start: number): Token {
  const end = endOf(KEY, source, start)
  const text = source.slice(start, end)
  return end > start ? { kind: 'name', text, value: text, start, end } : tokenAt(source, start)
}

function word(text: string, start: number, end: number): Token {
  const keyword = text.length <= 8 ? text.toUpperCase() : text
  return KEYWORDS.has(keyword)
    ? { kind: 'keyword', text, value: keyword, start, end }
    : { kind: 'name', text, value: text, start, end }
}

function stringAt(source: string, start: number, quote: string): Token {
  const parts: string[] = []
  let at = start + 1
  for (;;) {
    const plainEnd = endOf(PLAIN, source, at)
    parts.push(source.slice(at, plainEnd))
    at = plainEnd
    const stop = source[at]
    if (stop === undefined) throw unreadable(source, start, source.length)
    if (stop === quote) break
    if (stop === '\\') {
      const [character, end] = escapeAt(source, at)
      parts.push(character)
      at = end
    } else {
      parts.push(stop)
      at++
    }
  }
  const end = at + 1
  return { kind: 'string', text: source.slice(start, end), value: parts.join(''), start, end }
}

function escapeAt(source: string, start: number): readonly [character: string, end: number] {
  const letter = source[start + 1] ?? ''
  const plain = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined
  if (plain !== undefined) return [plain, start + 2]
  const digits = source.slice(start + 2, start + 6)
  if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw unreadable(source, start, start + 2)
  return [String.fromCharCode(Number.parseInt(digits, 16)), start + 6]
}

function unreadable(source: string, start: number, end: number): ExpressionError {
  return new ExpressionError(`token recognition error at: '${excerpt(source.slice(start, end))}'`, start + 1)
}

/** At most 40 characters of a text, for a message. */
export function excerpt(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}

function endOf(pattern: RegExp, source: string, start: number): number {
  pattern.lastIndex = start
  return pattern.test(source) ? pattern.lastIndex : start
}
