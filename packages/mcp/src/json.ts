import { fault } from './errors.ts'
import type { Json } from './tool.ts'

/**
 * The JSON object in an argument: an object is serialized once, text that holds one is forwarded byte for byte.
 *
 * @throws Fault `not_json` with the position, or `bad_value` where a scalar or list stands for an object.
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
  return {
    text: typeof given === 'string' ? given : JSON.stringify(given),
    value: value as Readonly<Record<string, unknown>> // an object, as just checked
  }
}

/** JSON text as a value; @throws Fault `not_json` with the position of the first mistake. */
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
export function parsedOr(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The value in JSON text when it is an object; otherwise an empty object. */
export function objectIn(text: unknown): Readonly<Record<string, unknown>> {
  const value = parsedOr(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {} // as just checked
}

/** JSON Merge Patch (RFC 7396): null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const merged: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else
      Object.defineProperty(merged, key, {
        value: mergePatch(merged[key], value),
        enumerable: true,
        configurable: true,
        writable: true
      })
  }
  return merged
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

const SPACE = /[ \t\n\r]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings, so here they are the mistake
const STRING = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

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
    eat(SPACE)
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
    eat(SPACE)
    return eat(STRING) && sign(':') && value(1)
  }
  const value = (depth: number): boolean => {
    eat(SPACE)
    if (depth > 500) return false
    if (text[at] === '{') return sign('{') && members('}', key)
    if (text[at] === '[') return sign('[') && members(']', () => value(depth + 1))
    return eat(STRING) || eat(SCALAR)
  }
  if (value(0)) eat(SPACE)
  return Math.min(at, text.length)
}
