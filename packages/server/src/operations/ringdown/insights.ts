import { InvalidRequest } from '@ringdown/contract/form'
import { durationOf } from '@ringdown/engine/conversations/duration'
import { inWorkspace, workspaceOf } from '@ringdown/engine/routing/lookup'
import type { Sight } from '../../access/sight.ts'
import { Unavailable } from '../../commit/ledger.ts'
import { shownBoard } from '../../insights/board.ts'
import { breachesOf } from '../../insights/breaches.ts'
import { expressionIn, unitOf, wrong } from '../../insights/expression.ts'
import type { InsightDesk } from '../../insights/insight-desk.ts'
import { accountKpis, kpisOf } from '../../insights/kpis.ts'
import { metrics, vocabulary } from '../../insights/metrics.ts'
import { type AskedQuestion, isTakenColumn, type Kpi } from '../../insights/question.ts'
import type { Seen } from '../../insights/rows-sql.ts'
import { intervals, isInterval } from '../../insights/zone.ts'
import type { Context, Handlers } from '../handler.ts'

/*
 * Insights: questions about what has happened, figures that people define themselves, and what goes on now (reference flex
 * 21). Whoever may not see all is answered about what they may see.
 */

const maxBreaches = 1_000
const usualWithin_ms = 300_000
const furthest_ms = 86_400_000

export const insightHandlers = {
  'ringdown_v1.ListInsightMetric'() {
    const items = [...metrics.values()].map(({ name, definition, unit, kind, source, has_percentiles, expression }) => {
      return {
        name,
        definition,
        unit,
        kind,
        source,
        percentiles: has_percentiles,
        expression: { ...Object(expression) }
      }
    })
    return { items, next: null, previous: null }
  },

  'ringdown_v1.FetchInsightQuery'({ params: { row_page: page, rows_per_page: page_size, ...asked } }, context) {
    return reported({ ...asked, page, page_size }, context)
  },

  'ringdown_v1.CreateInsightQuery'({ params }, context) {
    return reported(checkedNames(params), context)
  },

  'ringdown_v1.ListInsightKpi'(_call, { state }) {
    return { items: accountKpis(state).map(shownKpi), next: null, previous: null }
  },

  async 'ringdown_v1.CreateInsightKpi'({ params }, context) {
    const { name, expression, format, target } = await kpiIn(params, context)
    if (typeof name !== 'string') throw wrong('name', 'the name of the KPI is expected')
    if (vocabulary.metric(name)) throw wrong('name', `${name} is a metric of the catalogue`)
    if (isTakenColumn(name)) throw wrong('name', `${name} is the name of another column of answers`)
    if (expression === undefined) throw wrong('expression', 'the expression of the KPI is expected')
    const command = { type: 'kpi.create', name, expression, ...kpiRest({ format, target }) } as const
    return context.answer(command, ({ flex_configuration }) => shownKpi(kpiOf(flex_configuration.attributes, name)))
  },

  'ringdown_v1.FetchInsightKpi'({ path: { name } }, { state }) {
    const kpi = accountKpis(state).find((one) => one.name === name)
    if (kpi) return shownKpi(kpi)
    throw new InvalidRequest(`The requested resource /Insights/Kpis/${name} was not found`, null, {
      code: 20404,
      status: 404
    })
  },

  async 'ringdown_v1.UpdateInsightKpi'({ path: { name }, params }, context) {
    const { expression, format, target } = await kpiIn(params, context)
    const { flex_configuration } = await context.execute({
      type: 'kpi.update',
      name,
      ...(expression !== undefined && { expression }),
      ...kpiRest({ format, target })
    })
    return shownKpi(kpiOf(flex_configuration.attributes, name))
  },

  async 'ringdown_v1.DeleteInsightKpi'({ path: { name } }, { execute }) {
    await execute({ type: 'kpi.delete', name })
  },

  async 'ringdown_v1.CreateInsightErasure'({ params: { customer } }, context) {
    if (customer.trim() === '') throw wrong('Customer', 'an address or an identity is expected')
    const { erasure, ledger } = context
    if (!erasure) throw notServed(ledger)
    await context.execute({ type: 'customer.erase' })
    await ledger.settled()
    return erasure.forget(customer, Math.max(context.now(), context.state.at))
  },

  async 'ringdown_v1.FetchWorkspaceBoard'({ path: { workspace_sid }, params: { since } }, context) {
    workspaceOf(context.state, workspace_sid)
    const desk = deskOf(context)
    const board = await desk.board(workspace_sid, context.now(), context.clock !== undefined)
    const { sight } = context
    if (!sight) return shownBoard(board, desk.epoch, { since: sinceIn(since, desk) })
    // Which queues somebody sees changes while the queues stay as they are: what has changed would not tell of it.
    return shownBoard(board, desk.epoch, {
      sees: (sid) => (sid.startsWith('WK') ? sight.worker(sid) : sight.queue(sid))
    })
  },

  async 'ringdown_v1.FetchWorkspaceBreaches'({ path: { workspace_sid }, params }, context) {
    const { state, sight } = context
    workspaceOf(state, workspace_sid)
    const { task_queue_sid, within } = params
    if (task_queue_sid !== undefined) inWorkspace(state, 'task_queue', workspace_sid, task_queue_sid)
    const ahead = within === undefined ? usualWithin_ms : durationOf(within)
    if (ahead === null || ahead <= 0 || ahead > furthest_ms)
      throw wrong('Within', 'a duration up to a day is expected, as PT5M')
    const replies = await deskOf(context).questions.awaitedReplies(workspace_sid)
    const now = context.now()
    const sees = sight && ((queue: string | null) => queue !== null && sight.queue(queue))
    const asked = { workspace_sid, task_queue_sid, now, until: now + ahead, max: maxBreaches, sees, replies }
    return { workspace_sid, at: now, until: now + ahead, ...breachesOf(state, asked) }
  },

  async 'ringdown_v1.FetchWorkspaceSeries'({ path: { workspace_sid }, params }, context) {
    workspaceOf(context.state, workspace_sid)
    const { metric, from, to, step = 'PT1H', time_zone, task_queue_sid } = params
    if (metric.includes(',')) throw wrong('Metric', 'one metric, or KPI, is expected')
    if (!isInterval(step)) throw wrong('Step', `${intervals.join(', ')} are possible`)
    const where = { workspace: workspace_sid, ...(task_queue_sid !== undefined && { task_queue: task_queue_sid }) }
    const asked = { metrics: [metric], where, from, to, interval: step, time_zone, compare_to: 'previous_period' }
    const pageOf = (page: string) => reported({ ...asked, page_size: '1000', page }, context)
    const report = await pageOf('0')
    const more = report.has_more ? await pageOf('1') : undefined
    const rows = [...report.rows, ...(more?.rows ?? [])]
    return {
      workspace_sid,
      metric,
      unit: String(Object(report.columns[0]).unit),
      step,
      time_zone: report.time_zone,
      starts: rows.map((row) => String(row.interval)),
      values: rows.map((row) => numberIn(row[metric])),
      previous: rows.map(({ previous }) => numberIn(Object(previous)[metric]))
    }
  }
} satisfies Handlers

function deskOf({ insights, ledger }: Context): InsightDesk {
  if (!insights) throw notServed(ledger)
  return insights
}

function notServed({ account_sid }: Context['ledger']): Unavailable {
  return new Unavailable(`account ${account_sid} is not served here`)
}

async function reported(asked: AskedQuestion, context: Context) {
  return deskOf(context).questions.report(asked, context.now(), seenBy(context))
}

/** Rows of those whom somebody may see. */
function seenBy({ sight, state }: Context): Seen | undefined {
  if (!sight) return undefined
  const sees = (what: keyof Pick<Sight, 'worker' | 'queue'>) => (row: { readonly sid: string }) =>
    sight[what](row.sid) ? [row.sid] : []
  return {
    workers: state.tables.worker.all().flatMap(sees('worker')),
    task_queues: state.tables.task_queue.all().flatMap(sees('queue'))
  }
}

const questionNames: readonly string[] = [
  ...['metrics', 'kpi', 'expression', 'group_by', 'where', 'from', 'to', 'interval', 'time_zone'],
  ...['order', 'limit', 'page', 'page_size', 'compare_to']
]

/** A misspelt name would be a question that nobody has asked. */
function checkedNames(params: Readonly<Record<string, unknown>>): AskedQuestion {
  const stranger = Object.keys(params).find((name) => !questionNames.includes(name))
  if (stranger === undefined) return params
  throw wrong(stranger, `there is no such parameter; there are ${questionNames.join(', ')}`)
}

interface KpiTexts {
  readonly name: unknown
  /** JSON text. */
  readonly expression: string | undefined
  readonly format: unknown
  readonly target: unknown
}

/**
 * Reads what a KPI is to be. Throws InvalidRequest that says where the expression is wrong, and what is near of names that
 * nobody has.
 */
async function kpiIn(
  { name, expression, format, target }: Readonly<Record<string, unknown>>,
  { insights }: Context
): Promise<KpiTexts> {
  const node = expression === undefined ? undefined : expressionIn(expression, 'expression', vocabulary)
  if (node) await insights?.questions.checkNames(node, 'expression.where')
  return { name, expression: expression === undefined ? undefined : JSON.stringify(expression), format, target }
}

function kpiRest({ format, target }: Pick<KpiTexts, 'format' | 'target'>): { format?: string; target?: number | null } {
  if (format !== undefined && format !== null && typeof format !== 'string') throw wrong('format', 'a text is expected')
  const number = typeof target === 'string' && target.trim() !== '' ? Number(target) : target
  if (number !== undefined && number !== null && (typeof number !== 'number' || !Number.isFinite(number)))
    throw wrong('target', 'a number is expected')
  return { ...(format !== undefined && { format: format ?? '' }), ...(number !== undefined && { target: number }) }
}

function kpiOf(attributes: unknown, name: string): Kpi {
  const found = kpisOf({ attributes }).find((kpi) => kpi.name === name)
  if (!found) throw new Error(`invariant: ${name} was written`)
  return found
}

/** Somebody may have written by hand what nobody can figure out. */
function shownKpi({ name, expression, format, target }: Kpi) {
  const shown = { name, expression: { ...Object(expression) }, format: format ?? null, target: target ?? null }
  try {
    if (isTakenColumn(name)) throw wrong('name', `${name} is the name of another column of answers`)
    return { ...shown, unit: unitOf(expressionIn(expression, 'expression', vocabulary)), error: null }
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error
    return { ...shown, unit: null, error: error.message }
  }
}

function sinceIn(since: string | undefined, { epoch }: InsightDesk): number | undefined {
  const [, of, version] = /^([0-9a-f]+)-(\d{1,15})$/.exec(since ?? '') ?? []
  // A version of another process says nothing: all is answered.
  return of === epoch ? Number(version) : undefined
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}
