import { readFile } from 'node:fs/promises'
import { isJsonObject } from '@ringdown/contract/json-text'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { messageOf } from './store/thrown.ts'

/** A settings file that cannot be taken: one line that names the place. */
export class BadSettings extends Error {
  override name = 'BadSettings'
}

/**
 * Settings of an account from a JSON file that holds some of them, named as in `Settings`; the rest is Twilio's. Throws
 * BadSettings for a file that cannot be read, names that do not exist, and values of the wrong kind.
 */
export async function readSettings(path: string): Promise<Settings> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BadSettings(`Cannot read the settings ${path}: ${error.code ?? error.message}.`)
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new BadSettings(`The settings ${path} are not valid JSON: ${messageOf(error)}.`)
  }
  return settingsOf(value)
}

/** Some settings, the rest as they are by default. Throws BadSettings. */
export function settingsOf(value: unknown): Settings {
  return merged('', defaultSettings, value) as Settings // it has the shape of the defaults, as just checked
}

/** Beyond the general rules: where null is allowed, 0 makes sense, or the value is a list. */
const special: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  'rates.expression_lists': rate,
  'rates.bulk_statistics': rate,
  'rates.conversation_changes': rate,
  'rates.execution_starts': rate,
  'rates.webchat_chats': rate,
  activities,
  segment_url: webAddress
}

function merged(place: string, standard: unknown, value: unknown): unknown {
  const rule = special[place]
  if (rule) return refused(place, rule(value)) ?? value
  if (typeof standard === 'number') return refused(place, wholeNumber(value)) ?? value
  if (typeof standard === 'boolean')
    return refused(place, typeof value === 'boolean' ? undefined : 'true or false') ?? value
  if (!isJsonObject(value)) return refused(place, 'an object')
  if (!isJsonObject(standard))
    throw new Error(`invariant: the setting ${place} is a number, a boolean, special or an object`)
  const names = Object.keys(standard)
  const stranger = Object.keys(value).find((name) => !names.includes(name))
  if (stranger !== undefined)
    throw new BadSettings(`There is no setting ${at(place, stranger)}; ${place || 'there'} are ${names.join(', ')}.`)
  return Object.fromEntries(
    Object.entries(standard).map(([name, own]) => [
      name,
      Object.hasOwn(value, name) ? merged(at(place, name), own, value[name]) : own
    ])
  )
}

function at(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`
}

function refused(place: string, expected: string | undefined): undefined {
  if (expected === undefined) return undefined
  throw new BadSettings(`The setting ${place || 'file'} must be ${expected}.`)
}

function wholeNumber(value: unknown): string | undefined {
  const isRight = typeof value === 'number' && Number.isSafeInteger(value) && value > 0
  return isRight ? undefined : 'a whole number of at least 1'
}

function rate(value: unknown): string | undefined {
  return value === null || wholeNumber(value) === undefined ? undefined : 'null, or a whole number of at least 1'
}

function webAddress(value: unknown): string | undefined {
  const isRight = typeof value === 'string' && /^https?:\/\/[^\s/]+(\/\S*[^\s/])?$/.test(value)
  return isRight ? undefined : 'a URL that begins with http:// or https://, without a slash at its end'
}

function activities(value: unknown): string | undefined {
  const expected = 'a list of at least one [name, available], every name once and of at most 64 characters'
  if (!Array.isArray(value) || value.length === 0) return expected
  const isRight = value.every(
    (pair) =>
      Array.isArray(pair) &&
      pair.length === 2 &&
      typeof pair[0] === 'string' &&
      pair[0].trim() !== '' &&
      pair[0].length <= 64 &&
      typeof pair[1] === 'boolean'
  )
  return isRight && new Set(value.map(([name]) => name)).size === value.length ? undefined : expected
}
