import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/*
 * Regular expressions that customers write, on an engine whose time is proportional to the text: a backtracking one would
 * take hours for a dozen characters. What needs backtracking (lookaround, back references) is no pattern here.
 */

const require = createRequire(import.meta.url)

/** Loaded by the first pattern: most servers know none. */
let engine: typeof RE2JS | undefined

const maxLength = 4_096
const maxKept = 500
const compiled = new Map<string, RE2JS | undefined>()

/** Whether a pattern matches a text as a whole, without regard to letter case; undefined where it is no pattern. */
export function matchesWhole(pattern: string, text: string): boolean | undefined {
  return patternOf(pattern)?.matches(text)
}

/** Instructions of a pattern; 0 where it is none. */
export function patternSize(pattern: string): number {
  return patternOf(pattern)?.programSize() ?? 0
}

function patternOf(pattern: string): RE2JS | undefined {
  const known = compiled.get(pattern)
  if (known !== undefined || compiled.has(pattern)) return known
  if (compiled.size >= maxKept) compiled.clear()
  const found = compile(pattern)
  compiled.set(pattern, found)
  return found
}

function compile(pattern: string): RE2JS | undefined {
  if (pattern.length > maxLength) return undefined
  engine ??= (require('re2js') as { readonly RE2JS: typeof RE2JS }).RE2JS // as its types have it
  try {
    return engine.compile(pattern, engine.CASE_INSENSITIVE | engine.DOTALL)
  } catch {
    return undefined // it is no pattern, or takes too much
  }
}
