import { InvalidRequest, shown } from '@ringdown/contract/form'
import { isoSeconds, instantOf as readInstant } from '@ringdown/contract/instant'
import { durationOf } from '@ringdown/engine/conversations/duration'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { isZone } from '../rendering/zone.ts'
import {
  aggregatesOf,
  expressionIn,
  isOf,
  type Node,
  narrowed,
  type Unit,
  unitOf,
  unknownMetric,
  type Vocabulary,
  worded,
  wrong
} from './expression.ts'
import { attributePath, fields, type RowFilter, sizeOf } from './fields.ts'
import { filterIn } from './filter.ts'
import { nearWords } from './near.ts'
import { type Interval, instantShowing, intervals, isInterval, shownAt, startOf, startsIn } from './zone.ts'

/** A question as it is asked: the members of its JSON, names in snake_case. */
export interface AskedQuestion {
  readonly metrics?: unknown
  readonly kpi?: unknown
  readonly expression?: unknown
  readonly group_by?: unknown
  readonly where?: unknown
  readonly from?: unknown
  readonly to?: unknown
  readonly interval?: unknown
  readonly time_zone?: unknown
  readonly order?: unknown
  readonly limit?: unknown
  readonly page?: unknown
  readonly page_size?: unknown
  readonly compare_to?: unknown
}

/** A column of figures. */
export interface Column {
  readonly name: string
  readonly node: Node
  readonly unit: Unit
  readonly format?: string | undefined
  readonly target?: number | undefined
}

/** What is asked: figures of what began from an instant on and before another. */
export interface InsightQuestion {
  readonly columns: readonly Column[]
  readonly group_by: readonly string[]
  readonly filter: RowFilter
  readonly from: number
  readonly to: number
  /** It ends now: what happens at this very instant is in it. */
  readonly isOpen: boolean
  readonly interval: Interval | undefined
  readonly zone: string
  /** Beginnings of the intervals; one, where there is no interval. */
  readonly starts: readonly number[]
  readonly order: readonly { readonly by: string; readonly isDescending: boolean }[]
  readonly limit: number | undefined
  readonly page: number
  readonly page_size: number
  /** The span of time that the figures are compared with. */
  readonly before: { readonly from: number; readonly to: number } | undefined
}

/** What a question may name beside the catalogue, and when it is asked. */
export interface QuestionContext {
  readonly words: Vocabulary
  /** A KPI that somebody has made. */
  kpi(name: string): Kpi | undefined
  readonly kpiNames: readonly string[]
  /** Milliseconds. */
  readonly now: number
}

export interface Kpi {
  readonly name: string
  readonly expression: unknown
  readonly format?: string | undefined
  readonly target?: number | undefined
}

const maxColumns = 100
/** Fields by which one answer is grouped. */
const maxGroupedBy = 5
/** Intervals of one answer. */
const maxPoints = 2_000
const maxSpan_ms = 5 * 366 * 86_400_000
const usualPage = 100
const maxPage = 1_000

/** Reads a question. Throws InvalidRequest that names the parameter, and what is near. */
export function questionIn(asked: AskedQuestion, context: QuestionContext): InsightQuestion {
  const zone = zoneIn(asked.time_zone)
  const to = instantOf('to', asked.to, zone, context.now) ?? context.now
  const from = instantOf('from', asked.from, zone, context.now) ?? startOf(zone, 'P1D', Math.min(to, context.now))
  checkWindow(from, to, context.now)
  const columns = columnsIn(asked, context)
  const group_by = groupsIn(asked.group_by)
  const filter = asked.where === undefined ? { all: [] } : filterIn(readJson('where', asked.where), 'where')
  checkSources(columns, group_by, filter)
  checkSize(columns, filter)
  const interval = intervalIn(asked.interval)
  const question = {
    columns,
    group_by,
    filter,
    from,
    to,
    isOpen: asked.to === undefined || asked.to === '',
    interval,
    zone,
    starts: startsOf(interval, zone, [from, to]),
    order: orderIn(asked.order, columns, group_by),
    limit: integerIn('limit', asked.limit, 1, 1_000_000),
    page: integerIn('page', asked.page, 0, 1_000_000) ?? 0,
    page_size: Math.min(integerIn('pageSize', asked.page_size, 1, 1_000_000) ?? usualPage, maxPage)
  }
  return { ...question, before: beforeOf(asked.compare_to, question) }
}

function zoneIn(value: unknown): string {
  if (value === undefined || value === '') return 'Etc/UTC'
  if (typeof value === 'string' && isZone(value)) return value
  throw wrong('timeZone', `the name of a time zone as Europe/Paris is expected, not ${worded(value)}`)
}

/** An instant, a time as clocks of the zone show it, or how far back: all in ISO 8601. */
function instantOf(name: string, value: unknown, zone: string, now: number): number | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') {
    const back = durationOf(value)
    if (back !== null) return now - back
    const [, day, time = '00:00', end] =
      /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(value) ?? []
    const shownTime = day === undefined ? null : readInstant(`${day}T${time}${end ?? 'Z'}`)
    if (shownTime !== null) return end === undefined ? instantShowing(zone, shownTime) : shownTime
  }
  throw wrong(
    name,
    `an instant (2026-01-31T09:00:00Z), a day (2026-01-31) or a duration back from now (P7D) is expected, not ${worded(value)}`
  )
}

function checkWindow(from: number, to: number, now: number): void {
  if (from >= to) throw wrong('from', `it must be before to; ${isoSeconds(from)} is not before ${isoSeconds(to)}`)
  if (from > now) throw wrong('from', `${isoSeconds(from)} lies in the future`)
  if (to - from > maxSpan_ms) throw wrong('from', 'at most five years can be asked for at once')
}

function columnsIn({ metrics, kpi, expression }: AskedQuestion, context: QuestionContext): Column[] {
  const columns: Column[] = namesOf('metrics', metrics).map((name) => {
    const node = context.words.metric(name)
    if (node) return { name, node, unit: unitOf(node) }
    if (context.kpi(name)) return kpiColumn(name, context)
    throw new InvalidRequest(
      `Parameter metrics is invalid: ${unknownMetric(name, { ...context.words, metricNames: [...context.words.metricNames, ...context.kpiNames] })}`,
      'metrics'
    )
  })
  for (const name of namesOf('kpi', kpi)) columns.push(kpiColumn(name, context))
  if (expression !== undefined) {
    const node = expressionIn(readJson('expression', expression), 'expression', context.words)
    columns.push({ name: 'expression', node, unit: unitOf(node) })
  }
  if (columns.length === 0)
    throw new InvalidRequest('Parameter metrics is missing: metrics, a kpi or an expression are expected', 'metrics')
  if (columns.length > maxColumns) throw wrong('metrics', `at most ${maxColumns} can be asked for at once`)
  return [...new Map(columns.map((column) => [column.name, column])).values()]
}

/** Whether an answer may have a column of that name already: its groups, their SIDs, and what stands beside figures. */
export function isTakenColumn(name: string): boolean {
  if (name === 'interval' || name === 'previous' || name === 'expression' || name === '__proto__') return true
  const group = name.replace(/_sid$/, '')
  const field = isKeyOf(fields, group) ? fields[group] : undefined
  return group === name ? field?.groups === true : field?.named !== undefined
}

function kpiColumn(name: string, { kpi, kpiNames, words }: QuestionContext): Column {
  const found = kpi(name)
  if (!found) throw wrong('kpi', `there is no KPI ${worded(name)}${nearWords(name, kpiNames)}`)
  // Whoever writes the configuration by hand may call it so.
  if (isTakenColumn(name)) throw wrong('kpi', `${name} is the name of another column: the KPI needs another name`)
  const node = expressionIn(found.expression, `kpi.${name}`, words)
  return { name, node, unit: unitOf(node), format: found.format, target: found.target }
}

function namesOf(parameter: string, value: unknown): string[] {
  if (value === undefined || value === '') return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.flatMap((one) => {
    if (typeof one !== 'string') throw wrong(parameter, `names are expected, not ${worded(one)}`)
    return one.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
  })
}

function groupsIn(value: unknown): string[] {
  const groups = [...new Set(namesOf('groupBy', value))]
  if (groups.length > maxGroupedBy) throw wrong('groupBy', `at most ${maxGroupedBy} are possible`)
  for (const name of groups) {
    if (attributePath(name)) continue
    if (isKeyOf(fields, name) && fields[name]?.groups) continue
    const possible = Object.keys(fields).filter((one) => fields[one]?.groups)
    throw wrong(
      'groupBy',
      `there is nothing called ${worded(name)} to group by${nearWords(name, possible)}; there are ${possible.join(', ')} and attributes.NAME`
    )
  }
  return groups
}

/** What is grouped by, and asked for, must be known of all rows that the figures are of. */
function checkSources(columns: readonly Column[], groups: readonly string[], filter: RowFilter): void {
  for (const { name, node } of columns)
    for (const { source } of aggregatesOf(node)) {
      const stranger = groups.find((group) => !isOf(group, source))
      const why = source === 'status' ? "of agents' time in activities, which" : 'of contacts, which'
      if (stranger !== undefined) throw wrong('groupBy', `${name} is ${why} have no ${stranger}`)
      narrowed(node, filter, 'where')
    }
}

/** What stores put into one text has ends: of columns, and of values. */
const maxAggregates = 500
const maxParts = 10_000

/** Refuses what is too much for one text of SQL. */
function checkSize(columns: readonly Column[], filter: RowFilter): void {
  const all = new Set(columns.flatMap(({ node }) => aggregatesOf(node)))
  if (all.size > maxAggregates)
    throw wrong('metrics', `at most ${maxAggregates} parts are possible, metrics spelled out`)
  const parts = [...all].reduce((sum, one) => sum + sizeOf(one.filter), sizeOf(filter))
  if (parts > maxParts) throw wrong('where', `at most ${maxParts} conditions and values are possible in all columns`)
}

function intervalIn(value: unknown): Interval | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && isInterval(value)) return value
  throw wrong('interval', `${intervals.join(', ')} are possible, not ${worded(value)}`)
}

function startsOf(interval: Interval | undefined, zone: string, span: readonly [number, number]): readonly number[] {
  if (!interval) return [span[0]]
  const starts = startsIn({ zone, interval }, span, maxPoints)
  if (!starts) throw wrong('interval', `there would be more than ${maxPoints} intervals`)
  return starts
}

function orderIn(value: unknown, columns: readonly Column[], groups: readonly string[]): InsightQuestion['order'] {
  const possible = [...columns.map(({ name }) => name), ...groups, 'interval']
  return namesOf('order', value).map((text) => {
    const [, minus = '', by = '', word = ''] = /^(-?)(\S+?)(?:[ :](asc|desc))?$/.exec(text) ?? []
    if (!possible.includes(by))
      throw wrong(
        'order',
        `${possible.join(', ')} are possible, with - in front for the highest first, not ${worded(text)}`
      )
    return { by, isDescending: minus === '-' || word === 'desc' }
  })
}

function integerIn(name: string, value: unknown, min: number, max: number): number | undefined {
  if (value === undefined || value === '') return undefined
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number
  throw wrong(name, `an integer from ${min} to ${max} is expected, not ${worded(value)}`)
}

const comparisons = ['previous_period', 'previous_week', 'previous_year'] as const

function beforeOf(
  value: unknown,
  { from, to, zone }: Pick<InsightQuestion, 'from' | 'to' | 'zone'>
): InsightQuestion['before'] {
  if (value === undefined || value === '') return undefined
  const how = comparisons.find((one) => one === value)
  if (!how) throw wrong('compareTo', `${comparisons.join(', ')} are possible, not ${worded(value)}`)
  if (how === 'previous_period') return { from: from - (to - from), to: from }
  const back = (instant: number) => earlier(zone, instant, how === 'previous_week' ? { days: 7 } : { years: 1 })
  return { from: back(from), to: back(to) }
}

/** The same time of day, as clocks show it. */
function earlier(zone: string, instant: number, { days = 0, years = 0 }: { days?: number; years?: number }): number {
  const day = startOf(zone, 'P1D', instant)
  const date = new Date(shownAt(zone, day))
  const there = Date.UTC(date.getUTCFullYear() - years, date.getUTCMonth(), date.getUTCDate() - days)
  return instantShowing(zone, there) + (instant - day)
}

/** JSON that came as text, as in a query. */
function readJson(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    throw wrong(name, `JSON is expected, not '${shown(value)}'`)
  }
}
