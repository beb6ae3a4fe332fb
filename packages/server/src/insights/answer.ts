import { memberAt } from '@ringdown/engine/core/member-at'
import type { Store } from '../store/store.ts'
import { figureColumn, figuresSql, groupColumn, intervalColumn, maxGroups, percentileSql } from './compile.ts'
import { type Aggregate, aggregatesOf, figureOf } from './expression.ts'
import { attributePath, type FieldSurroundings, fields } from './fields.ts'
import type { InsightQuestion } from './question.ts'
import type { Asking, Memory, Seen } from './rows-sql.ts'
import { shownIn } from './zone.ts'

/** Who is asked, and for whom. */
export interface Asker {
  readonly store: Pick<Store, 'dialect' | 'analyze'>
  readonly account_sid: string
  readonly limit_ms: number
  readonly memory: Memory
  readonly around: FieldSurroundings
  readonly sight: Seen | undefined
}

/** What stands in a group: SIDs of what has a name, JSON of what attributes hold. */
type GroupValue = unknown

/** One row of an answer: its groups in their order, its interval, and its figures by column. */
export interface Figures {
  /** What the store answers for its groups: two may be shown alike (a long number, and a text of its digits). */
  readonly stored: readonly unknown[]
  readonly groups: readonly GroupValue[]
  /** Which interval; 0 where there are none. */
  readonly place: number
  readonly values: Readonly<Record<string, number | null>>
}

export interface AnsweredFigures {
  readonly rows: readonly Figures[]
  /** False where there were more groups than anybody can look at. */
  readonly is_complete: boolean
}

type Span = Pick<InsightQuestion, 'from' | 'to' | 'starts'>

/** The figures of a question in a span of time, in no order. Throws TookTooLong. */
export async function figuresOf(question: InsightQuestion, span: Span, asker: Asker): Promise<AnsweredFigures> {
  const asked = aggregatesIn(question)
  const batches = batchesOf(asked.distinct)
  const groups = new Groups(asked.distinct, batches.length)
  let is_complete = true
  for (const batch of batches) {
    const rows = await rowsOf(question, span, batch, asker)
    if (rows.length > maxGroups) is_complete = false
    const indexes = batch.map((aggregate) => asked.distinct.indexOf(aggregate))
    for (const row of rows.slice(0, maxGroups)) addRow(groups, question, { batch, indexes }, row)
  }
  const some = groups.all.filter(({ isNothing }) => !isNothing)
  const rows = filled(question, span, some, asked.distinct).map((group) => shownFigures(question, group, asked))
  return { rows, is_complete }
}

interface Group {
  readonly stored: readonly unknown[]
  readonly groups: readonly GroupValue[]
  readonly place: number
  /** Of each aggregate of the question, in their order. */
  readonly figures: (number | null)[]
  /** Nothing of what was asked for is in it. */
  isNothing: boolean
}

/** What the columns of a question are made of: each once, and which of those each part of a column is. */
interface AskedAggregates {
  readonly distinct: readonly Aggregate[]
  readonly indexOf: ReadonlyMap<Aggregate, number>
}

function aggregatesIn({ columns }: InsightQuestion): AskedAggregates {
  const distinct: Aggregate[] = []
  const indexOf = new Map<Aggregate, number>()
  const known = new Map<string, number>()
  for (const aggregate of columns.flatMap(({ node }) => aggregatesOf(node))) {
    const key = keyOf(aggregate)
    const index = known.get(key) ?? distinct.push(aggregate) - 1
    known.set(key, index)
    indexOf.set(aggregate, index)
  }
  return { distinct, indexOf }
}

function keyOf(aggregate: Aggregate): string {
  const known = keys.get(aggregate)
  if (known !== undefined) return known
  const key = JSON.stringify(aggregate)
  keys.set(aggregate, key)
  return key
}

const keys = new WeakMap<Aggregate, string>()

/** The groups of an answer. Each row of one text of SQL is a group of its own; rows of several may be of the same one. */
class Groups {
  readonly all: Group[] = []
  readonly #aggregates: readonly Aggregate[]
  readonly #byKey: Map<string, Group> | undefined

  /** @param manyTexts - how many texts of SQL are asked. */
  constructor(aggregates: readonly Aggregate[], manyTexts: number) {
    this.#aggregates = aggregates
    if (manyTexts > 1) this.#byKey = new Map()
  }

  of({ group_by }: InsightQuestion, row: Row): Group {
    const stored = group_by.map((_, n) => row[groupColumn(n)] ?? null)
    const place = Number(row[intervalColumn] ?? 0)
    const key = this.#byKey ? groupKey({ stored, place }) : ''
    const known = this.#byKey?.get(key)
    if (known) return known
    const groups = group_by.map((name, n) => groupValue(name, stored[n]))
    const group = emptyGroup({ stored, groups, place }, this.#aggregates)
    this.#byKey?.set(key, group)
    this.all.push(group)
    return group
  }
}

/** The same for what the store takes for the same group and interval, and for nothing else. */
export function groupKey({ stored, place }: Pick<Figures, 'stored' | 'place'>): string {
  return JSON.stringify([stored, place])
}

function emptyGroup(
  { stored, groups, place }: Pick<Group, 'stored' | 'groups' | 'place'>,
  aggregates: readonly Aggregate[]
): Group {
  return { stored, groups, place, figures: aggregates.map(noneOf), isNothing: true }
}

function shownFigures(
  { columns }: InsightQuestion,
  { stored, groups, place, figures }: Group,
  { indexOf }: AskedAggregates
): Figures {
  const figure = (aggregate: Aggregate) => memberAt(figures, indexOf.get(aggregate) ?? -1)
  const values: Record<string, number | null> = {}
  for (const { name, node } of columns) values[name] = figureOf(node, figure)
  return { stored, groups, place, values }
}

/** What is answered by one text of SQL: all that is counted of a source, and each percentile. */
function batchesOf(aggregates: readonly Aggregate[]): Aggregate[][] {
  const simple = (['segments', 'status'] as const).map((source) =>
    aggregates.filter((one) => one.source === source && one.fn !== 'percentile')
  )
  const ranked = aggregates.filter(({ fn }) => fn === 'percentile').map((one) => [one])
  return [...simple, ...ranked].filter((batch) => batch.length > 0)
}

type Row = Readonly<Record<string, unknown>>

async function rowsOf(
  question: InsightQuestion,
  span: Span,
  batch: readonly Aggregate[],
  asker: Asker
): Promise<Row[]> {
  const { store, account_sid, limit_ms, memory, around, sight } = asker
  const [first] = batch
  if (!first) return []
  const { group_by, filter, interval } = question
  const asking: Asking = {
    account_sid,
    source: first.source,
    from: span.from,
    to: span.to,
    starts: span.starts,
    hasInterval: interval !== undefined,
    group_by,
    filter,
    sight,
    memory
  }
  const text = first.fn === 'percentile' ? percentileSql(asking, first, around) : figuresSql(asking, batch, around)
  return store.analyze((await text.made()).query(store.dialect), limit_ms)
}

/** The aggregates that one text of SQL answers, and which of the question's they are. */
interface Batch {
  readonly batch: readonly Aggregate[]
  readonly indexes: readonly number[]
}

function addRow(to: Groups, question: InsightQuestion, { batch, indexes }: Batch, row: Row): void {
  const group = to.of(question, row)
  let column = 0
  const next = () => numberIn(row[figureColumn(column++)])
  for (const [n, aggregate] of batch.entries()) {
    const figure = figureIn(aggregate, next)
    group.figures[memberAt(indexes, n)] = figure
    if (figure !== null && figure !== noneOf(aggregate)) group.isNothing = false
  }
}

function groupValue(name: string, value: unknown): GroupValue {
  if (value === null) return null
  if (!attributePath(name)) return value
  const text = String(value)
  const known: unknown = JSON.parse(text)
  // A whole number whose digits a reader of JSON would lose is told as text.
  const isLost = typeof known === 'number' && /^-?\d{16,}$/.test(text) && !isExactly(known, text)
  return isLost ? text : known
}

function isExactly(known: number, digits: string): boolean {
  return Number.isFinite(known) && BigInt(known) === BigInt(digits)
}

function figureIn(aggregate: Aggregate, next: () => number | null): number | null {
  const isTime = aggregate.field !== undefined && fields[aggregate.field]?.type === 'milliseconds'
  const inUnit = (value: number | null) =>
    value === null || !isTime || aggregate.fn === 'distinct' ? value : value / 1000
  const first = next()
  if (aggregate.fn !== 'mean') return inUnit(first) ?? noneOf(aggregate)
  const many = next() ?? 0
  return first === null || many === 0 ? null : inUnit(first / many)
}

/** What an aggregate is of nothing. */
function noneOf({ fn }: Aggregate): number | null {
  return fn === 'count' || fn === 'sum' || fn === 'distinct' ? 0 : null
}

function numberIn(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

/** Where nothing is grouped, nothing is a row, too. */
function filled(
  { group_by, interval }: InsightQuestion,
  { starts }: Span,
  groups: readonly Group[],
  aggregates: readonly Aggregate[]
): readonly Group[] {
  if (group_by.length > 0) return groups
  const known = new Map(groups.map((group) => [group.place, group]))
  const places = interval === undefined ? [0] : starts.map((_, n) => n)
  return places.map((place) => known.get(place) ?? emptyGroup({ stored: [], groups: [], place }, aggregates))
}

const shownStarts = new WeakMap<readonly number[], string[]>()

/** When the interval of a row begins, as clocks show it: many rows have the same one. */
export function intervalStart({ zone }: InsightQuestion, { starts }: Span, place: number): string {
  const known = shownStarts.get(starts) ?? []
  shownStarts.set(starts, known)
  const text = known[place] ?? shownIn(zone, starts[place] ?? 0)
  known[place] = text
  return text
}
