import { InvalidRequest } from '@ringdown/contract/form'
import type { State } from '@ringdown/engine/center'
import type { AwaitedReply } from '@ringdown/engine/insights/contact'
import { piecesOf } from '@ringdown/engine/insights/presence'
import type { StatusPiece } from '@ringdown/engine/insights/segment'
import type { Recent } from '../analytics/recent.ts'
import type { Statistics } from '../analytics/statistics.ts'
import { type Store, TookTooLong } from '../store/store.ts'
import { type AnsweredFigures, type Asker, type Figures, figuresOf, groupKey, intervalStart } from './answer.ts'
import { aggregatesOf, type Node } from './expression.ts'
import { attributePath, fields } from './fields.ts'
import { accountKpis } from './kpis.ts'
import { vocabulary } from './metrics.ts'
import { CalledNames } from './names.ts'
import { Places } from './places.ts'
import { type AskedQuestion, type InsightQuestion, type QuestionContext, questionIn } from './question.ts'
import { RecentRows } from './recent-rows.ts'
import type { Memory, Seen } from './rows-sql.ts'
import { surroundingsOf } from './surroundings.ts'
import { shownIn, startsIn } from './zone.ts'

export interface QuestionsOptions {
  readonly store: Pick<Store, 'dialect' | 'query' | 'analyze'>
  readonly statistics: Statistics
  /** Seconds that one question may take. */
  readonly query_s: number
}

/** Who asks, when, and how many milliseconds it may take. */
interface Asked {
  readonly now: number
  readonly limit_ms: number
  readonly sight: Seen | undefined
}

/** The answer to a question, as it is shown. */
export interface Report {
  readonly from: string
  readonly to: string
  readonly time_zone: string
  readonly interval: string | null
  readonly columns: readonly object[]
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly total_rows: number
  readonly page: number
  readonly page_size: number
  readonly has_more: boolean
  readonly is_complete: boolean
}

/** Questions that are answered at once: while the store looks at one, the next is put into its words. */
const atOnce = 2

/** Answers questions about what has happened, up to the moment in which they are asked. */
export class Questions {
  readonly #options: QuestionsOptions
  readonly #places = new Places(atOnce)

  constructor(options: QuestionsOptions) {
    this.#options = options
  }

  /**
   * Answers a question, for whoever may see so much. What was decided before the call is in the answer. Throws
   * InvalidRequest that names the parameter, also where it takes too long.
   */
  async report(asked: AskedQuestion, now: number, sight?: Seen): Promise<Report> {
    const { state } = this.#options.statistics.account
    return this.answer(questionIn(asked, questionContext(state, now)), now, sight)
  }

  /** The same of a question that has been read. */
  async answer(question: InsightQuestion, now: number, sight?: Seen): Promise<Report> {
    return this.#within(async (recent, limit_ms) => {
      const { asker, names } = this.#asker(recent, question, { now, limit_ms, sight })
      const resolved = await names.resolved(question)
      const { rows, is_complete } = await figuresOf(resolved, spanOf(resolved), asker)
      const before = await earlierFigures(resolved, asker)
      const called = await names.of(sidsIn(question, rows))
      const total_rows = Math.min(rows.length, question.limit ?? rows.length)
      const start = question.page * question.page_size
      const end = Math.min(start + question.page_size, total_rows)
      const page = firstOf(rows, end, orderOf(question, called)).slice(start)
      return {
        from: shownIn(question.zone, question.from),
        to: shownIn(question.zone, question.to),
        time_zone: question.zone,
        interval: question.interval ?? null,
        columns: question.columns.map(({ name, unit, format, target }) => ({
          name,
          unit,
          ...(format !== undefined && { format }),
          ...(target !== undefined && { target })
        })),
        rows: page.map((row) => shownRow(question, row, { called, before })),
        total_rows,
        page: question.page,
        page_size: question.page_size,
        has_more: total_rows > start + question.page_size,
        is_complete
      }
    })
  }

  /**
   * Whether somebody or something is called as an expression says, now or before it was gone. Throws InvalidRequest that
   * says what is near.
   */
  async checkNames(node: Node, place: string): Promise<void> {
    const { store, statistics } = this.#options
    const { state, account_sid } = statistics.account
    await statistics.account.reading(async () => {
      const recent = new RecentRows((await statistics.upToDate()).changed)
      await new CalledNames({ store, account_sid, state, recent }).check(node, place)
    })
  }

  /** Customers who wait for an answer of an agent who has them, after what was decided before the call. */
  async awaitedReplies(workspace_sid: string): Promise<readonly AwaitedReply[]> {
    const { statistics } = this.#options
    return statistics.account.reading(async () => [
      ...(await statistics.upToDate()).insights.awaitedReplies(workspace_sid)
    ])
  }

  /** Figures alone, in no order, for whoever shows them in a way of its own. */
  async figures(question: InsightQuestion, now: number, sight?: Seen): Promise<AnsweredFigures> {
    return this.#within(async (recent, limit_ms) => {
      const { asker, names } = this.#asker(recent, question, { now, limit_ms, sight })
      const resolved = await names.resolved(question)
      return figuresOf(resolved, spanOf(resolved), asker)
    })
  }

  #asker(
    recent: Recent,
    question: InsightQuestion,
    { now, limit_ms, sight }: Asked
  ): { readonly asker: Asker; readonly names: CalledNames } {
    const { store, statistics } = this.#options
    const { state, account_sid } = statistics.account
    const memory: Memory = {
      recent: new RecentRows(recent.changed),
      keptText: (text) => statistics.keptText(text),
      running: isOfTime(question) ? runningPieces(recent, now) : []
    }
    const around = surroundingsOf(state, store.dialect)
    const asker = { store, account_sid, limit_ms, memory, around, sight }
    return { asker, names: new CalledNames({ store, account_sid, state, recent: memory.recent }) }
  }

  /**
   * Works in its turn, within the time that a question may take, on what memory holds when everything is in it that was
   * decided before. (For that all wait together: after a start it may take a while.)
   */
  async #within<T>(work: (recent: Recent, limit_ms: number) => Promise<T>): Promise<T> {
    const { statistics, query_s } = this.#options
    try {
      const recent = await statistics.account.reading(() => statistics.upToDate())
      return await this.#places.work(query_s * 1000, (left) => statistics.account.reading(() => work(recent, left)))
    } catch (error) {
      if (!(error instanceof TookTooLong)) throw error
      throw new InvalidRequest(
        `The question took more than ${query_s} seconds: ask for less at once, or for a shorter time`,
        null,
        { status: 400 }
      )
    }
  }
}

function spanOf({ from, to, starts, isOpen }: InsightQuestion) {
  return { from, to: isOpen ? to + 1 : to, starts }
}

/** What a question may name now. */
export function questionContext(state: State, now: number): QuestionContext {
  const kpis = new Map(accountKpis(state).map((kpi) => [kpi.name, kpi]))
  return { words: vocabulary, kpi: (name) => kpis.get(name), kpiNames: [...kpis.keys()], now }
}

/** Whether figures are of what workers were at. */
function isOfTime({ columns }: InsightQuestion): boolean {
  return columns.some(({ node }) => aggregatesOf(node).some(({ source }) => source === 'status'))
}

/** What workers are at lasts up to now. */
function runningPieces({ insights }: Recent, now: number): StatusPiece[] {
  return [...insights.presences].flatMap((presence) => [...piecesOf(presence, now)])
}

/** By groups and interval: the figures of the span before. */
async function earlierFigures(
  question: InsightQuestion,
  asker: Asker
): Promise<ReadonlyMap<string, Figures> | undefined> {
  const { before, interval, zone, starts } = question
  if (!before) return undefined
  const own = interval && startsIn({ zone, interval }, [before.from, before.to], 2 * starts.length + 10)
  const { rows } = await figuresOf(question, { ...before, starts: own ?? [before.from] }, asker)
  return new Map(rows.map((row) => [groupKey(row), row]))
}

/** SIDs of what has a name, each once. */
function sidsIn({ group_by }: InsightQuestion, rows: readonly Figures[]): ReadonlySet<string> {
  const sids = new Set<string>()
  for (const [n, name] of group_by.entries()) {
    if (!fields[name]?.named) continue
    for (const { groups } of rows) if (typeof groups[n] === 'string') sids.add(groups[n])
  }
  return sids
}

interface Beside {
  readonly called: ReadonlyMap<string, string>
  readonly before: ReadonlyMap<string, Figures> | undefined
}

type Shown = Readonly<Record<string, unknown>>

/** Member by member: lists of pairs for each of a thousand rows would keep decisions waiting. */
function shownRow(question: InsightQuestion, row: Figures, { called, before }: Beside): Shown {
  const shown: Record<string, unknown> = {}
  if (question.interval !== undefined) shown.interval = intervalStart(question, question, row.place)
  for (const [n, name] of question.group_by.entries()) {
    const value = row.groups[n]
    shown[name] = shownGroup(name, value, called)
    if (isNamed(name)) shown[`${name}_sid`] = value
  }
  const previous = before && { previous: before.get(groupKey(row))?.values ?? nothingOf(question) }
  return { ...shown, ...row.values, ...previous }
}

function isNamed(name: string): boolean {
  return !attributePath(name) && fields[name]?.named !== undefined
}

function shownGroup(name: string, value: unknown, called: Beside['called']): unknown {
  if (isNamed(name)) return typeof value === 'string' ? (called.get(value) ?? value) : null
  return name === 'skills' && typeof value === 'string' ? (JSON.parse(value) as unknown) : value
}

function nothingOf({ columns }: InsightQuestion): Shown {
  return Object.fromEntries(columns.map(({ name }) => [name, null]))
}

/** As it was asked for; otherwise by time, then the highest figure first. What is unknown comes last. */
function orderOf(
  { order, columns, group_by, interval }: InsightQuestion,
  called: Beside['called']
): (a: Figures, b: Figures) => number {
  const first = columns[0]?.name
  const usual = [
    ...(interval === undefined ? [] : [{ by: 'interval', isDescending: false }]),
    ...(first === undefined || group_by.length === 0 ? [] : [{ by: first, isDescending: true }])
  ]
  const last = [{ by: 'interval', isDescending: false }, ...group_by.map((by) => ({ by, isDescending: false }))]
  const all = [...(order.length > 0 ? order : usual), ...last]
  const orders = all.map(({ by, isDescending }) => ({ of: valueBy(by, group_by, called), isDescending }))
  return (a, b) => {
    for (const { of, isDescending } of orders) {
      const difference = compared(of(a), of(b), isDescending)
      if (difference !== 0) return difference
    }
    return signOf(groupKey(a), groupKey(b), false)
  }
}

/** The first so many of an order: a page of a hundred needs no order of the ten thousand behind it. */
function firstOf<T>(all: readonly T[], many: number, order: (a: T, b: T) => number): T[] {
  if (all.length <= 2 * many) return [...all].sort(order).slice(0, many)
  let first: T[] = []
  let last: T | undefined
  for (const one of all) {
    if (last !== undefined && order(one, last) > 0) continue
    first.push(one)
    if (first.length < 2 * many) continue
    first = first.sort(order).slice(0, many)
    last = first.at(-1)
  }
  return first.sort(order).slice(0, many)
}

/** What rows are sorted by: an interval, a figure, or a group as it is shown. */
function valueBy(by: string, group_by: readonly string[], called: Beside['called']): (row: Figures) => unknown {
  if (by === 'interval') return ({ place }) => place
  const n = group_by.indexOf(by)
  return ({ values, groups }) => (n < 0 || Object.hasOwn(values, by) ? values[by] : shownGroup(by, groups[n], called))
}

/** Numbers before all else, so that an attribute of mixed types has one order, too. */
function compared(a: unknown, b: unknown, isDescending: boolean): number {
  if (typeof a === 'number' && typeof b === 'number') return signOf(a, b, isDescending)
  const [kind, other] = [kindOf(a), kindOf(b)]
  if (kind === unknownKind || other === unknownKind) return kind - other
  return kind === other ? signOf(String(a), String(b), isDescending) : signOf(kind, other, isDescending)
}

function signOf<T extends number | string>(a: T, b: T, isDescending: boolean): number {
  if (a === b) return 0
  return a < b === isDescending ? 1 : -1
}

const unknownKind = 2

function kindOf(value: unknown): number {
  if (value === null || value === undefined) return unknownKind
  return typeof value === 'number' ? 0 : 1
}
