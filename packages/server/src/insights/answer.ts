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
  const needed = new Map(
    question.columns.flatMap(({ node }) => aggregatesOf(node)).map((aggregate) => [keyOf(aggregate), aggregate])
  )
  const found = new Map<string, Group>()
  let is_complete = true
  for (const batch of batchesOf([...needed.values()])) {
    const rows = await rowsOf(question, span, batch, asker)
    if (rows.length > maxGroups) is_complete = false
    for (const row of rows.slice(0, maxGroups)) addRow(found, question, batch, row)
  }
  const groups = [...found.values()].filter(({ isNothing }) => !isNothing)
  const rows = filled(question, span, groups).map(({ groups: of, place, figures }) => ({
    groups: of,
    place,
    values: Object.fromEntries(
      question.columns.map(({ name, node }) => [
        name,
        figureOf(node, (aggregate) => figures.get(keyOf(aggregate)) ?? noneOf(aggregate))
      ])
    )
  }))
  return { rows, is_complete }
}

interface Group {
  readonly groups: readonly GroupValue[]
  readonly place: number
  readonly figures: Map<string, number | null>
  /** Nothing of what was asked for is in it. */
  isNothing: boolean
}

function keyOf(aggregate: Aggregate): string {
  const known = keys.get(aggregate)
  if (known !== undefined) return known
  const key = JSON.stringify(aggregate)
  keys.set(aggregate, key)
  return key
}

const keys = new WeakMap<Aggregate, string>()

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

function addRow(found: Map<string, Group>, { group_by }: InsightQuestion, batch: readonly Aggregate[], row: Row): void {
  const groups = group_by.map((name, n) => groupValue(name, row[groupColumn(n)]))
  const place = Number(row[intervalColumn] ?? 0)
  const key = JSON.stringify([groups, place])
  let group = found.get(key)
  if (!group) {
    group = { groups, place, figures: new Map(), isNothing: true }
    found.set(key, group)
  }
  let column = 0
  const next = () => numberIn(row[figureColumn(column++)])
  for (const aggregate of batch) {
    const figure = figureIn(aggregate, next)
    group.figures.set(keyOf(aggregate), figure)
    if (
      figure !== null &&
      (figure !== 0 || (aggregate.fn !== 'count' && aggregate.fn !== 'sum' && aggregate.fn !== 'distinct'))
    )
      group.isNothing = false
  }
}

function groupValue(name: string, value: unknown): GroupValue {
  if (value === undefined || value === null) return null
  return attributePath(name) ? (JSON.parse(String(value)) as unknown) : value
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
function filled({ group_by, interval }: InsightQuestion, { starts }: Span, groups: readonly Group[]): readonly Group[] {
  if (group_by.length > 0) return groups
  const known = new Map(groups.map((group) => [group.place, group]))
  const places = interval === undefined ? [0] : starts.map((_, n) => n)
  return places.map((place) => known.get(place) ?? { groups: [], place, figures: new Map(), isNothing: false })
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
