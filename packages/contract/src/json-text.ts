/**
 * JSON text that somebody else wrote, read and changed without being written anew. `JSON.parse` rounds numbers, moves keys
 * that look like integers to the front and forgets how things were spelled; so whoever adds or changes one member of a
 * document edits its text here, and every other byte stays: digits, `1.0`, order of keys, escapes, spaces.
 *
 * All functions but `parseJson` take text that is known to be JSON. Of a key that occurs twice the last one counts, as for
 * `JSON.parse`.
 */

/** One step of a path: a key of an object, or an index of a list. */
export type JsonStep = string | number

/** A member of an object, or an item of a list (whose `key` is its index), by the place of its text. */
export interface JsonMember {
  readonly key: JsonStep
  /** Where the member begins: at its key, or at the item itself. */
  readonly start: number
  /** Where its value begins and ends. */
  readonly value: number
  readonly end: number
}

/**
 * The value of JSON text. Numbers that a double may not hold as they are written (more than 15 digits, or an exponent of
 * three) are made by `inexact` from their text; all others are numbers. Text without any such number costs a look more
 * than `JSON.parse`.
 *
 * Throws SyntaxError where the text is no JSON.
 */
export function parseJson(text: string, inexact: (source: string) => unknown): unknown {
  const value: unknown = JSON.parse(text)
  return MAY_BE_INEXACT.test(text) ? parsedAt(text, skipSpace(text, 0), inexact) : value
}

/** Whether a double may not hold what this text of a number says. */
export function isInexact(source: string): boolean {
  return MAY_BE_INEXACT.test(source)
}

/** The members of an object's text, or the items of a list's, in their order; none of anything else. */
export function membersOf(text: string): readonly JsonMember[] {
  return membersAt(text, skipSpace(text, 0))
}

/** The text of the value at a path, without the spaces around it; undefined where there is none. */
export function valueAt(text: string, path: readonly JsonStep[]): string | undefined {
  let [value, end] = bounds(text)
  for (const step of path) {
    const found = lastOf(membersAt(text, value), step)
    if (found === undefined) return undefined
    value = found.value
    end = found.end
  }
  return text.slice(value, end)
}

/**
 * The text with a value (JSON text) at a path. What is there is replaced where it stands; a new key comes last. Objects on
 * the way that are missing are made, and what is on the way and is neither an object nor a list with that index gives way
 * to one. An index may be that of an item, or the one after the last.
 */
export function setAt(text: string, path: readonly JsonStep[], value: string): string {
  const [start, end] = bounds(text)
  return text.slice(0, start) + changed(text.slice(start, end), path, value) + text.slice(end)
}

/** The text without the member at a path; as it is where there is none. */
export function removeAt(text: string, path: readonly JsonStep[]): string {
  const parent = path.slice(0, -1)
  const holder = valueAt(text, parent)
  if (holder === undefined || path.length === 0) return text
  let rest = holder
  // From the last to the first: what stands before keeps its place.
  for (const member of [...membersOf(holder)].reverse()) {
    if (member.key === path[path.length - 1]) rest = without(rest, member)
  }
  return rest === holder ? text : setAt(text, parent, rest)
}

/** JSON Merge Patch (RFC 7396) on text: null removes, objects merge, everything else replaces as it is written. */
export function mergePatch(target: string, patch: string): string {
  if (!holdsObject(patch)) return patch.trim()
  let merged = holdsObject(target) ? target : '{}'
  for (const key of new Set(membersOf(patch).map(({ key }) => key))) {
    const value = valueAt(patch, [key]) ?? 'null' // it has the key
    if (value === 'null') merged = removeAt(merged, [key])
    else merged = setAt(merged, [key], holdsObject(value) ? mergePatch(valueAt(merged, [key]) ?? '{}', value) : value)
  }
  return merged
}

/** An object's text with further members before its own; those whose keys it has already are left out. */
export function withDefaults(text: string, defaults: Readonly<Record<string, string | undefined>>): string {
  const present = membersOf(text)
  const keys = new Set(present.map(({ key }) => key))
  const missing = Object.fromEntries(Object.entries(defaults).filter(([key]) => !keys.has(key)))
  const added = objectText(missing).slice(1, -1)
  const inside = text.indexOf('{') + 1
  const comma = added === '' || present.length === 0 ? '' : ','
  return text.slice(0, inside) + added + comma + text.slice(inside)
}

/** A column that holds JSON text, to be shown as it is written. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** The text of what a string of JSON text holds, which is JSON again; other text as it is. */
export function unquoted(text: string): string {
  return text[skipSpace(text, 0)] === '"' ? String(JSON.parse(text)) : text
}

/** An object's text from the texts of its members; those that are undefined are left out. */
export function objectText(members: Readonly<Record<string, string | undefined>>): string {
  const texts = Object.entries(members).flatMap(([key, value]) =>
    value === undefined ? [] : [`${JSON.stringify(key)}:${value}`]
  )
  return `{${texts.join(',')}}`
}

/** Whether a value of JSON is an object: no list, and not null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether JSON text holds an object. */
export function holdsObject(text: string): boolean {
  return text[skipSpace(text, 0)] === '{'
}

// Reading

/** Up to 15 digits and two of an exponent, a double tells every number from every other as they are written. */
const MAY_BE_INEXACT = /\d[\d.]{15}|\d[eE][+-]?\d{3}/

function parsedAt(text: string, at: number, inexact: (source: string) => unknown): unknown {
  const sign = text[at]
  if (sign === '{') {
    const object: Record<string, unknown> = {}
    for (const { key, value } of membersAt(text, at)) {
      // An assignment would take `__proto__` for something else.
      Object.defineProperty(object, key, {
        value: parsedAt(text, value, inexact),
        enumerable: true,
        configurable: true,
        writable: true
      })
    }
    return object
  }
  if (sign === '[') return membersAt(text, at).map(({ value }) => parsedAt(text, value, inexact))
  const source = text.slice(at, endOf(text, at))
  return sign !== '"' && isInexact(source) ? inexact(source) : JSON.parse(source)
}

function membersAt(text: string, opening: number): JsonMember[] {
  const isList = text[opening] === '['
  const members: JsonMember[] = []
  if (!isList && text[opening] !== '{') return members
  let start = skipSpace(text, opening + 1)
  while (text[start] !== '}' && text[start] !== ']') {
    const colon = isList ? start : skipSpace(text, endOf(text, start))
    const key = isList ? members.length : (JSON.parse(text.slice(start, colon)) as string) // a key is a string
    const value = isList ? start : skipSpace(text, colon + 1)
    const end = endOf(text, value)
    members.push({ key, start, value, end })
    start = skipSpace(text, end)
    if (text[start] === ',') start = skipSpace(text, start + 1)
  }
  return members
}

/** Where the value ends that begins here. Walks without recursion: documents may be deep. */
function endOf(text: string, start: number): number {
  let at = start
  let depth = 0
  do {
    const sign = text[at]
    if (sign === '"') at = endOfString(text, at)
    else if (sign === '{' || sign === '[') {
      depth++
      at++
    } else if (sign === '}' || sign === ']') {
      depth--
      at++
    } else if (sign === ',' || sign === ':') at++
    else at = endOfWord(text, at)
    if (depth > 0) at = skipSpace(text, at)
  } while (depth > 0)
  return at
}

function endOfString(text: string, start: number): number {
  let at = start
  do {
    at = text.indexOf('"', at + 1)
  } while (isEscaped(text, at))
  return at + 1
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function endOfWord(text: string, start: number): number {
  WORD.lastIndex = start
  WORD.test(text)
  return WORD.lastIndex
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** A number, true, false or null. */
const WORD = /[-+.\w]+/y

function bounds(text: string): [start: number, end: number] {
  const start = skipSpace(text, 0)
  return [start, endOf(text, start)]
}

function lastOf(members: readonly JsonMember[], key: JsonStep): JsonMember | undefined {
  return members.findLast((member) => member.key === key)
}

// Changing

function changed(text: string, path: readonly JsonStep[], value: string): string {
  const [step, ...rest] = path
  if (step === undefined) return value
  const isList = text.startsWith('[')
  const members = membersAt(text, 0)
  const found = lastOf(members, step)
  if (found !== undefined) {
    return text.slice(0, found.value) + changed(text.slice(found.value, found.end), rest, value) + text.slice(found.end)
  }
  const made = changed('{}', rest, value)
  if (isList && step === members.length) return appended(text, members, made)
  const member = `${JSON.stringify(String(step))}:${made}`
  return text.startsWith('{') ? appended(text, members, member) : `{${member}}`
}

function appended(text: string, members: readonly JsonMember[], member: string): string {
  const last = members[members.length - 1]
  return last === undefined
    ? `${text[0]}${member}${text[text.length - 1]}`
    : `${text.slice(0, last.end)},${member}${text.slice(last.end)}`
}

/** Without a member, and without the comma that parted it from its neighbor. */
function without(text: string, member: JsonMember): string {
  const after = skipSpace(text, member.end)
  if (text[after] === ',') return text.slice(0, member.start) + text.slice(skipSpace(text, after + 1))
  let before = member.start
  while (isSpace(text.charCodeAt(before - 1))) before--
  return text.slice(0, text[before - 1] === ',' ? before - 1 : member.start) + text.slice(member.end)
}
