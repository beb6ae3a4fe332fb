import { InvalidRequest, shown } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { attributePath, type FieldComparison, type FieldType, fields, type RowFilter } from './fields.ts'
import { nearWords } from './near.ts'

/*
 * `where`, as JSON: {"channel": "voice", "queue_time": {"gt": 20}, "attributes.lang": ["fr", "et"], "any": [{…}, {…}]}.
 */

const comparisons: readonly FieldComparison[] = ['in', 'not', 'gt', 'gte', 'lt', 'lte', 'contains', 'exists']
const groups = ['all', 'any', 'none'] as const
const maxDepth = 8
/** Conditions and groups of them: stores put them together level by level, and have an end of levels. */
const maxConditions = 200
/** Values of one filter. */
const maxValues = 1000

/** Reads a filter. Throws InvalidRequest that says where it is wrong, and what is near. */
export function filterIn(value: unknown, place: string): RowFilter {
  return filterAt(value, place, 0, { left: maxConditions, values: maxValues })
}

/** How much more a filter may hold. */
interface Count {
  left: number
  values: number
}

function countOne(count: Count, place: string): void {
  if (count.left-- <= 0) throw wrong(place, `there are more than ${maxConditions} conditions`)
}

function filterAt(value: unknown, place: string, depth: number, count: Count): RowFilter {
  if (!isJsonObject(value)) throw wrong(place, 'an object as {"channel": "voice"} is expected')
  countOne(count, place)
  if (depth > maxDepth) throw wrong(place, `it is more than ${maxDepth} levels deep`)
  return {
    all: Object.entries(value).flatMap(([name, asked]): RowFilter[] => {
      const at = `${place}.${shown(name)}`
      const group = groups.find((one) => one === name)
      if (!group) return conditionsOn(name, asked, at, count)
      const list = Array.isArray(asked) ? asked : [asked]
      return [
        inGroup(
          group,
          list.map((one, n) => filterAt(one, `${at}[${n}]`, depth + 1, count))
        )
      ]
    })
  }
}

function inGroup(group: (typeof groups)[number], filters: readonly RowFilter[]): RowFilter {
  if (group === 'any') return { any: filters }
  return group === 'none' ? { none: filters } : { all: filters }
}

function conditionsOn(name: string, asked: unknown, place: string, count: Count): RowFilter[] {
  const type = attributePath(name) ? 'attribute' : isKeyOf(fields, name) ? fields[name]?.type : undefined
  if (type === undefined)
    throw wrong(
      place,
      `there is no field '${shown(name)}'${nearWords(name, Object.keys(fields))}; what attributes hold is attributes.NAME`
    )
  const tests = isJsonObject(asked) ? Object.entries(asked) : [['in', asked] as const]
  if (tests.length === 0) throw wrong(place, `${comparisons.join(', ')} are possible`)
  return tests.map(([test, operand]) => {
    countOne(count, place)
    const is = comparisons.find((one) => one === test)
    if (!is)
      throw wrong(place, `${comparisons.join(', ')} are possible, not '${shown(test)}'${nearWords(test, comparisons)}`)
    const values = valuesIn(operand, is, type, `${place}.${is}`)
    count.values -= values.length
    if (count.values < 0) throw wrong(place, `at most ${maxValues} values are possible`)
    return { field: name, is, values }
  })
}

type AskedQuestion = FieldType | 'attribute'

function valuesIn(operand: unknown, is: FieldComparison, type: AskedQuestion, place: string): readonly Scalar[] {
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [operand]
  const isSet = is === 'in' || is === 'not'
  if (!isSet && Array.isArray(operand)) throw wrong(place, 'one value is expected')
  if (list.length > maxValues) throw wrong(place, `at most ${maxValues} values are possible`)
  return list.map((value) => {
    const scalar = scalarIn(value)
    if (scalar === undefined || (scalar === null && !isSet)) throw wrong(place, expectedOf(is, type))
    if (scalar !== null && !fits(scalar, is, type)) throw wrong(place, expectedOf(is, type))
    return scalar
  })
}

type Scalar = string | number | boolean | null

function scalarIn(value: unknown): Scalar | undefined {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) <= 1e15 ? value : undefined
  return typeof value === 'string' && value.length <= 1024 && !value.includes('\0') ? value : undefined
}

function fits(value: string | number | boolean, is: FieldComparison, type: AskedQuestion): boolean {
  if (is === 'exists') return typeof value === 'boolean'
  if (is === 'contains') return typeof value === 'string' && (type === 'text' || type === 'attribute')
  if (type === 'text') return typeof value === 'string'
  if (type === 'flag') return typeof value === 'boolean' && (is === 'in' || is === 'not')
  if (type === 'attribute') return is === 'in' || is === 'not' || typeof value !== 'boolean'
  return typeof value === 'number'
}

function expectedOf(is: FieldComparison, type: AskedQuestion): string {
  if (is === 'exists') return 'true or false is expected'
  if (is === 'contains') return 'a text is expected, of a field that holds one'
  if (type === 'flag') return 'true or false is expected, with in or not'
  if (type === 'text') return 'a text is expected'
  return type === 'attribute'
    ? 'a text or a number is expected'
    : type === 'milliseconds'
      ? 'a number of seconds is expected'
      : 'a number is expected'
}

function wrong(place: string, why: string): InvalidRequest {
  return new InvalidRequest(`Parameter ${place} is invalid: ${why}`, place.split(/[.[]/)[0] ?? place)
}
