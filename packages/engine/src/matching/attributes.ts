import { isJsonObject } from '@ringdown/contract/json-text'
import { readJson } from './expression/decimal.ts'

/** Characters (UTF-16 units) that the attributes of a task or a worker may have, white space included. */
const MAX_ATTRIBUTES_LENGTH = 4096

/** Why a text cannot be attributes; the message is fit for the caller of the API. */
export class AttributesError extends Error {
  override readonly name = 'AttributesError'
}

/**
 * The attributes of a task or a worker, for expressions to read (reference taskrouter 1.7, 1.9 and 10): the text of a
 * JSON object of at most 4,096 characters. Numbers that a double does not hold are a Decimal. The bound is also what makes deep nesting harmless. JSON.parse makes `__proto__` an ordinary
 * own property; so nobody may copy the result by assignment (`Object.assign`), which would not. Throws AttributesError.
 */
export function parseAttributes(text: string): object {
  if (text === last.text) return last.value
  if (text.length > MAX_ATTRIBUTES_LENGTH) {
    throw new AttributesError(`Attributes are ${text.length} characters long; the limit is ${MAX_ATTRIBUTES_LENGTH}`)
  }
  const value = parseJson(text)
  if (!isJsonObject(value)) throw new AttributesError('Attributes must be a JSON object')
  last = { text, value }
  return value
}

/** Attributes are checked first, and routed by in the same decision. Nobody changes what was parsed. */
let last: { readonly text: string; readonly value: object } = { text: '{}', value: {} }

function parseJson(text: string): unknown {
  try {
    return readJson(text)
  } catch {
    // The parser's own words differ between versions of Node; an answer of ours must not.
    throw new AttributesError('Attributes are not valid JSON')
  }
}
