import { refuse } from './refusals.ts'
import type { Row } from './row.ts'

/*
 * What parameters of every product have in common: how they are checked, and in which words they are refused. Each check
 * takes the parameter's name as the wire has it, and throws a `Refusal` (400, or 404 and 412 where that is said).
 */

/** 404: there is nothing at this path, given without its version. */
export function notFound(path: string): never {
  return refuse('not_found', `The requested resource ${path} was not found`)
}

/** `If-Match` as bare, quoted or weak version, or `*` (reference taskrouter 0.5). */
export function checkVersion(row: Row, if_match: string | undefined): void {
  if (if_match === undefined || if_match.trim() === '*') return
  const version = if_match
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1')
  if (version !== String(row.version)) {
    refuse('version_mismatch', `Precondition failed: the version is ${row.version}, not ${version}`)
  }
}

/** An integer parameter within its bounds. */
export function checkRange(value: number | undefined, parameter: string, least: number, most: number): void {
  if (value === undefined) return
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse('invalid', `Value '${value}' provided for ${parameter} must be an integer from ${least} to ${most}`)
  }
}

const webAddress = /^https?:\/\/[^\s/?#]+([/?#]\S*)?$/i

/** An address that we shall call: http or https, with a host. "" clears it; undefined leaves it. */
export function checkUrl(value: string | undefined, parameter: string): void {
  if (value && !webAddress.test(value)) {
    refuse('invalid', `Value '${value}' provided for ${parameter} must be a URL that begins with http:// or https://`)
  }
}

/** "" clears an optional text; undefined leaves it. */
export function cleared(value: string | undefined): string | null | undefined {
  return value === '' ? null : value
}

/** A text of at most so many UTF-16 units. */
export function checkLength(text: string | undefined, parameter: string, most: number): void {
  if (text !== undefined && text.length > most) {
    refuse('invalid', `${parameter} must not be longer than ${most} characters`)
  }
}
