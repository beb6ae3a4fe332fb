import { InvalidRequest, shown } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { attributePath, type FieldType, fields, namesIn, type RowFilter, type Source } from './fields.ts'
import { filterIn } from './filter.ts'
import { nearWords } from './near.ts'

/*
 * What is figured out: a metric, or what is made of metrics and of fields. A KPI is such an expression, written as JSON.
 */

export type Node =
  | { readonly op: 'number'; readonly value: number }
  | { readonly op: 'sum' | 'difference' | 'product' | 'ratio'; readonly of: readonly Node[] }
  | Aggregate

export interface Aggregate {
  readonly op: 'aggregate'
  readonly fn: AggregateName
  readonly source: Source
  /** Of which field; undefined where rows are counted. */
  readonly field: string | undefined
  /** A tenth of a percent. */
  readonly permille: number | undefined
  readonly filter: RowFilter
}

const aggregates = ['count', 'sum', 'mean', 'min', 'max', 'distinct', 'percentile'] as const
export type AggregateName = (typeof aggregates)[number]

/** How a column is to be read. */
export type Unit = 'count' | 'seconds' | 'ratio' | 'number'

/** What is known of metrics: an expression that names one is what the metric is. */
export interface Vocabulary {
  /** Undefined for a name that nothing has. */
  metric(name: string): Node | undefined
  readonly metricNames: readonly string[]
}

const operations = ['sum', 'difference', 'product', 'ratio'] as const
const members = ['metric', 'number', 'aggregate', 'field', 'percentile', 'where', 'source', ...operations]
const maxDepth = 16
const maxNodes = 200

/** Reads an expression. Throws InvalidRequest that says where it is wrong, and what is near. */
export function expressionIn(value: unknown, place: string, words: Vocabulary): Node {
  const node = nodeIn(value, { place, depth: 0 }, words)
  if (countOf(node) > maxNodes) throw wrong(place, `at most ${maxNodes} parts, metrics spelled out, are possible`)
  return node
}

interface Where {
  readonly place: string
  readonly depth: number
}

function nodeIn(value: unknown, { place, depth }: Where, words: Vocabulary): Node {
  if (typeof value === 'number' && Number.isFinite(value)) return { op: 'number', value }
  if (!isJsonObject(value)) throw wrong(place, `an object as {"metric": "handled"} is expected, not ${worded(value)}`)
  if (depth > maxDepth) throw wrong(place, `it is more than ${maxDepth} levels deep`)
  const stranger = Object.keys(value).find((name) => !members.includes(name))
  if (stranger !== undefined)
    throw wrong(place, `there is no '${shown(stranger)}': ${members.join(', ')}${nearWords(stranger, members)}`)
  const kinds = ['metric', 'number', 'aggregate', ...operations].filter((name) => name in value)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    throw wrong(place, `exactly one of metric, aggregate, number, ${operations.join(', ')} is expected`)
  if (kind === 'aggregate') return aggregateIn(value, place)
  if (kind === 'metric') return metricIn(value, place, words)
  if (kind === 'number') return nodeIn(value.number, { place: `${place}.number`, depth: depth + 1 }, words)
  const op = operations.find((name) => name === kind) ?? 'sum'
  return operationIn(op, value[op], { place: `${place}.${op}`, depth: depth + 1 }, words)
}

function operationIn(
  op: (typeof operations)[number],
  value: unknown,
  { place, depth }: Where,
  words: Vocabulary
): Node {
  const isPair = op === 'ratio' || op === 'difference'
  if (!Array.isArray(value) || value.length < 1 || (isPair && value.length !== 2))
    throw wrong(place, isPair ? 'a list of two expressions is expected' : 'a list of expressions is expected')
  const of = value.map((one: unknown, n) => nodeIn(one, { place: `${place}[${n}]`, depth }, words))
  return { op, of }
}

function metricIn({ metric, where }: Readonly<Record<string, unknown>>, place: string, words: Vocabulary): Node {
  const found = typeof metric === 'string' ? words.metric(metric) : undefined
  if (!found)
    throw new InvalidRequest(`Parameter ${place}.metric is invalid: ${unknownMetric(metric, words)}`, topOf(place))
  if (where === undefined) return found
  const filter = filterIn(where, `${place}.where`)
  return narrowed(found, filter, place)
}

/** "there is no metric 'handeld'; near is handled". */
export function unknownMetric(name: unknown, { metricNames }: Vocabulary): string {
  return `there is no metric ${worded(name)}${nearWords(String(name), metricNames)}`
}

/** The same of what fits a filter, too. */
export function narrowed(node: Node, filter: RowFilter, place: string): Node {
  if (node.op === 'number') return node
  if (node.op !== 'aggregate') return { ...node, of: node.of.map((one) => narrowed(one, filter, place)) }
  checkSource(filter, node.source, place)
  return { ...node, filter: { all: [node.filter, filter] } }
}

function aggregateIn(value: Readonly<Record<string, unknown>>, place: string): Aggregate {
  const { aggregate, field: name, percentile, where } = value
  const fn = aggregates.find((one) => one === aggregate)
  if (!fn)
    throw wrong(
      `${place}.aggregate`,
      `${aggregates.join(', ')} are possible${nearWords(String(aggregate), aggregates)}`
    )
  const needsField = fn !== 'count'
  if (needsField !== (name !== undefined))
    throw wrong(place, needsField ? `${fn} needs a field` : 'count counts rows, and takes no field')
  if ((fn === 'percentile') !== (percentile !== undefined))
    throw wrong(
      place,
      fn === 'percentile' ? 'percentile needs a percentile: 95' : 'percentile goes with the aggregate percentile'
    )
  const field = name === undefined ? undefined : fieldIn(name, fn, `${place}.field`)
  const filter = where === undefined ? { all: [] } : filterIn(where, `${place}.where`)
  const source = sourceOf([...(field === undefined ? [] : [field]), ...namesIn(filter)], value.source, place)
  return { op: 'aggregate', fn, source, field, permille: permilleIn(percentile, `${place}.percentile`), filter }
}

function fieldIn(name: unknown, fn: AggregateName, place: string): string {
  // Whatever numbers a center has written of its contacts: measures, prices, scores.
  if (typeof name === 'string' && attributePath(name)) return name
  const known = typeof name === 'string' && isKeyOf(fields, name) ? fields[name] : undefined
  if (!known) throw wrong(place, `there is no field ${worded(name)}${nearWords(String(name), Object.keys(fields))}`)
  const isMeasured = known.type === 'milliseconds' || known.type === 'number'
  if (fn !== 'distinct' && !isMeasured)
    throw wrong(place, `${fn} is of what is measured, as queue_time; ${String(name)} is not`)
  if (name === 'label') throw wrong(place, 'labels are for grouping and for where')
  return String(name)
}

/** Which rows an aggregate is of: what it names must be of one kind. */
function sourceOf(names: readonly string[], chosen: unknown, place: string): Source {
  if (chosen !== undefined && chosen !== 'segments' && chosen !== 'status')
    throw wrong(`${place}.source`, 'segments and status are possible')
  const found = new Set(names.flatMap((name) => sourceOfName(name) ?? []))
  if (chosen !== undefined) found.add(chosen)
  if (found.size > 1)
    throw wrong(place, 'it mixes what is of contacts (segments) with what is of time in activities (status)')
  return [...found][0] ?? 'segments'
}

function sourceOfName(name: string): Source | undefined {
  if (attributePath(name)) return 'segments'
  const source = fields[name]?.source
  return source === 'both' ? undefined : source
}

/** Whether a filter, or a grouping, can be asked of rows. */
export function isOf(name: string, source: Source): boolean {
  return (sourceOfName(name) ?? source) === source
}

function checkSource(filter: RowFilter, source: Source, place: string): void {
  const other = namesIn(filter).find((name) => !isOf(name, source))
  if (other !== undefined)
    throw wrong(place, `${other} says nothing of ${source === 'status' ? "agents' time in activities" : 'contacts'}`)
}

function permilleIn(value: unknown, place: string): number | undefined {
  if (value === undefined) return undefined
  const permille = typeof value === 'number' ? Math.round(value * 10) : Number.NaN
  if (!(permille >= 1 && permille <= 999)) throw wrong(place, 'a number above 0 and below 100 is expected')
  return permille
}

/** All aggregates of an expression. */
export function aggregatesOf(node: Node): Aggregate[] {
  if (node.op === 'aggregate') return [node]
  return node.op === 'number' ? [] : node.of.flatMap(aggregatesOf)
}

function countOf(node: Node): number {
  return 'of' in node ? node.of.reduce((sum, one) => sum + countOf(one), 1) : 1
}

/** What an expression comes to; null where a part of it is unknown, it divides by zero, or no number is as large. */
export function figureOf(node: Node, of: (aggregate: Aggregate) => number | null): number | null {
  const figure = reckoned(node, of)
  return figure !== null && Number.isFinite(figure) ? figure : null
}

function reckoned(node: Node, of: (aggregate: Aggregate) => number | null): number | null {
  if (node.op === 'number') return node.value
  if (node.op === 'aggregate') return of(node)
  const parts = node.of.map((one) => figureOf(one, of))
  if (parts.some((part) => part === null)) return null
  const numbers = parts as readonly number[] // as just looked at
  const [first = 0, second = 0] = numbers
  if (node.op === 'sum') return numbers.reduce((sum, one) => sum + one, 0)
  if (node.op === 'difference') return first - second
  if (node.op === 'product') return numbers.reduce((product, one) => product * one, 1)
  return second === 0 ? null : first / second
}

/** In which unit an expression comes out, as far as its parts say. */
export function unitOf(node: Node): Unit {
  if (node.op === 'number') return 'number'
  if (node.op === 'aggregate') {
    if (node.fn === 'count' || node.fn === 'distinct') return 'count'
    const type: FieldType | undefined = node.field === undefined ? undefined : fields[node.field]?.type
    return type === 'milliseconds' ? 'seconds' : 'number'
  }
  const units = new Set(node.of.map(unitOf))
  const [first = 'number'] = units
  if (node.op === 'ratio') return units.size === 1 ? 'ratio' : first === 'seconds' ? 'seconds' : 'number'
  return units.size === 1 ? first : units.has('seconds') ? 'seconds' : 'number'
}

export function wrong(place: string, why: string): InvalidRequest {
  return new InvalidRequest(`Parameter ${place} is invalid: ${why}`, topOf(place))
}

function topOf(place: string): string {
  return place.split(/[.[]/)[0] ?? place
}

export function worded(value: unknown): string {
  if (value === undefined) return 'nothing'
  return shown(typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'that'))
}
