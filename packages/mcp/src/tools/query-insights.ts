import { explained, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { type ApiPage, paged } from '../pages.ts'
import { compact, type Outcome, type Row } from '../results.ts'
import type { RingdownApi } from '../ringdown-api.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool, type Values } from '../tool.ts'
import { pageArguments, pagingNames } from './shared.ts'

const args = argumentsOf({
  metrics: {
    type: 'strings',
    description: 'e.g. handled, abandoned, service_level, speed_of_answer_p90; none: lists them'
  },
  kpi: { type: 'string' },
  expression: { type: 'object', description: '{"ratio":[{"metric":"abandoned"},{"metric":"entered"}]}' },
  groupBy: {
    type: 'strings',
    description: 'task_queue, worker, team, channel, activity, outcome, label, attributes.x …'
  },
  where: { type: 'object', description: '{"task_queue":"Support","queue_time":{"gt":20}}' },
  from: { type: 'string', description: 'ISO, a day, or P7D back; default today' },
  to: { type: 'string' },
  interval: { type: 'string', enum: ['PT5M', 'PT15M', 'PT30M', 'PT1H', 'P1D', 'P1W', 'P1M'] },
  timeZone: { type: 'string', description: 'default UTC' },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>

export const queryInsights: Tool = {
  name: 'query_insights',
  title: 'Query insights',
  description:
    'What has happened, up to 13 months back: figures of contacts and of agents’ time by queue, agent, channel, time … Times are seconds, ratios 0 to 1. Saved KPIs are metrics, too.',
  hints: hints('RI'),
  arguments: args,
  output: { rows: [{}], metrics: [{ name: 'string', unit: 'string', definition: 'string' }], isComplete: 'boolean' },
  // Twilio keeps what it knows behind a login of its own.
  backends: ['ringdown'],
  actions: {
    call: on({
      write: false,
      optional: [
        'metrics',
        'kpi',
        'expression',
        'groupBy',
        'where',
        'from',
        'to',
        'interval',
        'timeZone',
        ...pagingNames
      ],
      run: (values, call) =>
        explained(
          call,
          () => insights(values, call),
          ({ message }) => ({ argument: argumentIn(message) })
        )
    })
  },
  aliases: {
    metric: 'metrics',
    dimensions: 'groupBy',
    filters: 'where',
    timezone: 'timeZone',
    startDate: 'from',
    endDate: 'to'
  }
}

async function insights(values: Given, call: Call): Promise<Outcome> {
  const api = call.backend.ringdown
  if (!api)
    throw fault('unsupported_backend', 'insights are kept by Ringdown', { next: 'use get_workspace_statistics' })
  const { metrics, kpi, expression } = values
  const isNothing = (metrics ?? []).length === 0 && kpi === undefined && expression === undefined
  return isNothing ? possible(api, call) : answered(values, call, api)
}

interface Report {
  readonly rows: readonly Row[]
  readonly has_more: boolean
  readonly is_complete: boolean
}

async function answered(values: Given, call: Call, api: RingdownApi): Promise<Outcome> {
  let isComplete = true
  const { metrics, kpi, expression, groupBy, where, from, to, interval, timeZone } = values
  const { rows, nextPageToken } = await paged(
    call,
    async ({ pageSize, pageNumber = 0 }): Promise<ApiPage<Row>> => {
      const query = {
        Metrics: metrics?.join(','),
        Kpi: kpi,
        Expression: expression?.text,
        GroupBy: groupBy?.join(','),
        Where: where?.text,
        From: from,
        To: to,
        Interval: interval,
        TimeZone: timeZone,
        RowPage: pageNumber,
        RowsPerPage: pageSize
      }
      const report = (await api.get('Insights/Query', query, call.signal)) as Report // as it answers
      isComplete = report.is_complete
      const next = report.has_more ? `?Page=${pageNumber + 1}&PageToken=rows` : undefined
      return { instances: report.rows, nextPageUrl: next }
    },
    (row) => compact(row)
  )
  if (!isComplete) call.warn('there are more groups than 10,000: narrow where, or group by less')
  return { rows, ...(nextPageToken !== undefined && { nextPageToken }), ...(isComplete ? {} : { isComplete }) }
}

/** What may be asked for. */
async function possible(api: RingdownApi, call: Call): Promise<Outcome> {
  const asked = (path: string) => api.get(path, { PageSize: 1000 }, call.signal)
  const [catalogue, own] = await Promise.all([asked('Insights/Metrics'), asked('Insights/Kpis')])
  const metrics = listIn(objectIn(catalogue).metrics).map(({ name, unit, definition }) => ({ name, unit, definition }))
  const kpis = listIn(objectIn(own).kpis).map(({ name, unit, format }) =>
    compact({ name, unit, definition: `a KPI of this center${format ? `, shown as ${String(format)}` : ''}` })
  )
  return { metrics: [...metrics, ...kpis] }
}

function listIn(value: unknown): Row[] {
  return Array.isArray(value) ? value.map(objectIn) : []
}

/** "Parameter where.channel is invalid" -> where; "Parameter group_by" -> groupBy. */
function argumentIn(message: string): string | undefined {
  const [, parameter] = /^Parameter ([A-Za-z_]+)/.exec(message) ?? []
  const name = parameter?.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return name === undefined
    ? undefined
    : (Object.keys(args).find((one) => one.toLowerCase() === name.toLowerCase()) ?? undefined)
}
