import { refuse } from './refusals.ts'

/** The value of an enumeration that a text means: its letter case and blanks around it do not matter. Undefined for none. */
export function spelled<T extends string>(values: readonly T[], text: unknown): T | undefined {
  if (typeof text !== 'string') return undefined
  const folded = text.trim().toLowerCase()
  return values.find((value) => value.toLowerCase() === folded)
}

/** The same for a parameter, or a refusal that names it, the text and what is possible. */
export function oneOf<T extends string>(values: readonly T[], text: string, parameter: string): T {
  return (
    spelled(values, text) ??
    refuse('invalid', `Value '${text}' provided for ${parameter} is not one of ${values.join(', ')}`)
  )
}
