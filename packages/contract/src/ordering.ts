import { InvalidRequest, shown } from './form.ts'

/** One column that a list is sorted by. */
export interface Sorted<C extends string> {
  readonly column: C
  readonly descending: boolean
}

/**
 * Reads `Priority:desc,DateCreated` for a list that can be sorted by these columns, whose names on the wire are the keys.
 * Names and directions may come in any letter case, and without a direction it is ascending (reference taskrouter 1.5,
 * 1.7, 1.9). Empty where nothing is asked for. Throws `InvalidRequest`.
 */
export function orderingOf<C extends string>(
  text: string | undefined,
  columns: Readonly<Record<string, C>>
): readonly Sorted<C>[] {
  if (text === undefined || text.trim() === '') return []
  const sorted = text.split(',').map((part) => sortedBy(part, text, columns))
  if (new Set(sorted.map(({ column }) => column)).size < sorted.length)
    throw refused('each column can stand once in', text)
  return sorted
}

function sortedBy<C extends string>(part: string, text: string, columns: Readonly<Record<string, C>>): Sorted<C> {
  const [name, direction = 'asc', ...more] = part.split(':').map((word) => word.trim().toLowerCase())
  const found = Object.entries(columns).find(([wire]) => wire.toLowerCase() === name)
  if (!found || (direction !== 'asc' && direction !== 'desc') || more.length > 0)
    throw refused(`${Object.keys(columns).join(', ')} with :asc or :desc are expected, not`, text)
  return { column: found[1], descending: direction === 'desc' }
}

function refused(why: string, text: string): InvalidRequest {
  return new InvalidRequest(`Parameter Ordering is invalid: ${why} '${shown(text)}'`, 'Ordering')
}
