/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** As in requests: deeper JSON would overflow the stack of whoever walks it later. */
const maxDepth = 200

/**
 * The value of a JSON text that came inside of JSON, where whoever read the request saw a text only. Undefined where it is
 * none, and where it holds what is not kept anywhere: U+0000, half a surrogate pair, more than 200 levels.
 */
export function valueIn(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  // What is not escaped was looked at with the request.
  return isShallow(value) && (!text.includes('\\u') || isKeepable(value)) ? value : undefined
}

/** The attributes of a row, which are text of an object: they were checked when they came. */
export function attributesOf({ attributes }: { readonly attributes: string }): Readonly<Record<string, unknown>> {
  return JSON.parse(attributes)
}

/** Walks without recursion, since depth is what it looks for. */
function isShallow(root: unknown): boolean {
  let level: readonly unknown[] = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return false
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
  return true
}

function isKeepable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.keys(value).every(isKeepable) && Object.values(value).every(isKeepable)
}

/** A value of JSON in a message: text as it is, all else as JSON, for not every object can be made text otherwise. */
export function worded(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
