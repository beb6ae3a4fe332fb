import { membersOf, parseJson, valueAt } from '@ringdown/contract/json-text'
import { fault } from './errors.ts'
import type { Json } from './tool.ts'

/**
 * The JSON object in an argument: an object is serialized once, text that holds one is forwarded byte for byte.
 *
 * Throws Fault `not_json` with the position, or `bad_value` where a scalar or list stands for an object, or where an
 * object holds a whole number that was rounded on its way here.
 */
export function jsonObject(argument: string, given: unknown): Json {
  const value = typeof given === 'string' ? jsonText(argument, given) : given
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault('bad_value', `${argument} must be a JSON object`, {
      argument,
      found: kindOf(value),
      next: `give ${argument} as {"key": "value"}`
    })
  }
  if (typeof given !== 'string') refuseRounded(argument, given)
  return {
    text: typeof given === 'string' ? given : JSON.stringify(given),
    value: value as Readonly<Record<string, unknown>> // an object, as just checked
  }
}

/** Whoever reads a long number as a value keeps some 15 digits of it, and what is left looks like another customer's. */
function refuseRounded(argument: string, given: unknown): void {
  const found = roundedIn(given, argument)
  if (!found) return
  throw fault('bad_value', `${found.path} is a number of more than 15 digits, and was rounded on its way here`, {
    argument,
    found: found.value,
    next: `send ${argument} as JSON text ("{\\"id\\":…}"): it keeps every digit`
  })
}

function roundedIn(value: unknown, path: string): { readonly path: string; readonly value: number } | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? { path, value } : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    const found = roundedIn(member, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
    if (found) return found
  }
  return undefined
}

/** JSON text as a value. Throws Fault `not_json` with the position of the first mistake. */
export function jsonText(argument: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const position = mistakeIn(text)
    throw fault(
      'not_json',
      `${argument} is not JSON: position ${position}, at ${JSON.stringify(text.slice(position, position + 12))}`,
      {
        argument,
        next: `send ${argument} as an object, or as JSON text`
      }
    )
  }
}

/** The value in JSON text that an API wrote, or the text itself where it is none. */
function parsedOr(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The value in JSON text when it is an object; otherwise an empty object. */
export function objectIn(text: unknown): Readonly<Record<string, unknown>> {
  const value = text instanceof StoredJson ? text.value() : parsedOr(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {} // as just checked
}

/**
 * JSON text that an API keeps, inside of a result: its text is written as it is, so that an agent sees the digits that are
 * kept. `structuredContent` travels as values, which hold no more than 15 digits for sure: longer numbers are text there.
 */
export class StoredJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** The value; `inexact` makes what stands for a number that a value cannot hold as it is written. */
  value(inexact: (source: string) => unknown = (source) => source): unknown {
    return parseJson(this.text, inexact)
  }

  /** The value at a path of keys, or of keys in another Unicode form; undefined where there is none. */
  at(path: readonly string[]): StoredJson | undefined {
    const text = path.reduce<string | undefined>((at, name) => at && memberOf(at, name), this.text)
    return text === undefined ? undefined : new StoredJson(text)
  }
}

function memberOf(text: string, name: string): string | undefined {
  const members = membersOf(text)
  const same = members.find(({ key }) => String(key).normalize('NFC') === name.normalize('NFC'))
  const key = members.find((member) => String(member.key) === name)?.key ?? same?.key
  return key === undefined ? undefined : valueAt(text, [key])
}

/** JSON text that an API wrote, to be shown as it is; anything else as it came. */
export function storedOr(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    JSON.parse(text)
    return new StoredJson(text)
  } catch {
    return text
  }
}

/** The JSON text of a result in which stored documents stay as they are. */
export function written(value: unknown): string | undefined {
  if (value instanceof StoredJson) return value.text
  if (Array.isArray(value)) return `[${value.map((item) => written(item) ?? 'null').join(',')}]`
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value)
  const members = Object.entries(value).flatMap(([key, member]) => {
    const text = written(member)
    return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`]
  })
  return `{${members.join(',')}}`
}

/** The same as values only; `inexact` as for `StoredJson.value`. */
export function plain(value: unknown, inexact: (source: string) => unknown): unknown {
  if (value instanceof StoredJson) return value.value(inexact)
  if (Array.isArray(value)) return value.map((item) => plain(item, inexact))
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member, inexact)]))
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

const space = /[ \t\n\r]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings, so here they are the mistake
const stringText = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalarText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** Where JSON text goes wrong. Node 20 tells the position for some mistakes only. */
function mistakeIn(text: string): number {
  let at = 0
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found !== null
  }
  const sign = (character: string): boolean => {
    eat(space)
    if (text[at] !== character) return false
    at++
    return true
  }
  const members = (end: string, member: () => boolean): boolean => {
    if (sign(end)) return true
    do if (!member()) return false
    while (sign(','))
    return sign(end)
  }
  const key = (): boolean => {
    eat(space)
    return eat(stringText) && sign(':') && value(1)
  }
  const value = (depth: number): boolean => {
    eat(space)
    if (depth > 500) return false
    if (text[at] === '{') return sign('{') && members('}', key)
    if (text[at] === '[') return sign('[') && members(']', () => value(depth + 1))
    return eat(stringText) || eat(scalarText)
  }
  if (value(0)) eat(space)
  return Math.min(at, text.length)
}
