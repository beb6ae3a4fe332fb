import { InvalidRequest } from '@ringdown/contract/form'
import type { State } from '@ringdown/engine/center'
import type { AwaitedReply } from '@ringdown/engine/insights/contact'
import { piecesOf } from '@ringdown/engine/insights/presence'
import type { Recent } from '../analytics/recent.ts'
import type { Statistics } from '../analytics/statistics.ts'
import { type Store, TookTooLong } from '../store/store.ts'
import { type AnsweredFigures, type Asker, type Figures, figuresOf, intervalStart } from './answer.ts'
import type { Node } from './expression.ts'
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
      const { asker, names } = this.#asker(recent, { now, limit_ms, sight })
      const resolved = await names.resolved(question)
      const { rows, is_complete } = await figuresOf(resolved, spanOf(resolved), asker)
      const before = await earlierFigures(resolved, asker)
      const called = await names.of(sidsIn(question, rows))
      const ordered = sorted(rows, question, called)
      const limited = question.limit === undefined ? ordered : ordered.slice(0, question.limit)
      const start = question.page * question.page_size
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
        rows: limited
          .slice(start, start + question.page_size)
          .map((row) => shownRow(question, row, { called, before })),
        total_rows: limited.length,
        page: question.page,
        page_size: question.page_size,
        has_more: limited.length > start + question.page_size,
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
      const { asker, names } = this.#asker(recent, { now, limit_ms, sight })
      const resolved = await names.resolved(question)
      return figuresOf(resolved, spanOf(resolved), asker)
    })
  }

  #asker(recent: Recent, { now, limit_ms, sight }: Asked): { readonly asker: Asker; readonly names: CalledNames } {
    const { store, statistics } = this.#options
    const { state, account_sid } = statistics.account
    const memory = memoryOf(recent, now, (text) => statistics.keptText(text))
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

/** What is not in the store, or older there; what workers are at lasts up to now. */
function memoryOf({ changed, insights }: Recent, now: number, keptText: Memory['keptText']): Memory {
  return {
    recent: new RecentRows(changed),
    keptText,
    running: [...insights.presences].flatMap((presence) => [...piecesOf(presence, now)])
  }
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
  return new Map(rows.map((row) => [keyOf(row), row]))
}

function keyOf({ groups, place }: Figures): string {
  return JSON.stringify([groups, place])
}

function sidsIn({ group_by }: InsightQuestion, rows: readonly Figures[]): string[] {
  const places = group_by.flatMap((name, n) => (fields[name]?.named ? [n] : []))
  return rows.flatMap(({ groups }) => places.flatMap((n) => (typeof groups[n] === 'string' ? [String(groups[n])] : [])))
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
  const previous = before && { previous: before.get(keyOf(row))?.values ?? nothingOf(question) }
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
function sorted(
  rows: readonly Figures[],
  { order, columns, group_by, interval }: InsightQuestion,
  called: Beside['called']
): Figures[] {
  const first = columns[0]?.name
  const usual = [
    ...(interval === undefined ? [] : [{ by: 'interval', isDescending: false }]),
    ...(first === undefined || group_by.length === 0 ? [] : [{ by: first, isDescending: true }])
  ]
  const last = [{ by: 'interval', isDescending: false }, ...group_by.map((by) => ({ by, isDescending: false }))]
  const all = [...(order.length > 0 ? order : usual), ...last]
  const sortedBy = ({ place, values, groups }: Figures, by: string) => {
    if (by === 'interval') return place
    return Object.hasOwn(values, by) ? values[by] : shownGroup(by, groups[group_by.indexOf(by)], called)
  }
  return [...rows].sort((a, b) => {
    for (const { by, isDescending } of all) {
      const difference = compared(sortedBy(a, by), sortedBy(b, by), isDescending)
      if (difference !== 0) return difference
    }
    return keyOf(a) < keyOf(b) ? -1 : 1
  })
}

function compared(a: unknown, b: unknown, isDescending: boolean): number {
  const isUnknown = (value: unknown) => value === null || value === undefined
  if (isUnknown(a) || isUnknown(b)) return Number(isUnknown(a)) - Number(isUnknown(b))
  const [x, y] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [String(a), String(b)]
  if (x === y) return 0
  return x < y === isDescending ? 1 : -1
}
