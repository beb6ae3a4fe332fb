import { objectIn } from '../json.ts'
import { compact, type Row } from '../results.ts'
import type { Call } from '../tool.ts'

/*
 * Figures of insights in other tools' rows: what the catalogue of metrics says they are, so that `query_insights` answers the
 * same for the same window. Twilio has none.
 */

/** What is asked of contacts, and of agents. */
const ofContacts = ['entered', 'handled', 'abandoned', 'service_level', 'speed_of_answer', 'handling_time'] as const
const metricsBy = {
  task_queue: ofContacts,
  workflow: ofContacts,
  worker: [
    ...(['handled', 'missed', 'rejected', 'talk_time', 'wrap_up_time', 'handling_time'] as const),
    ...(['logged_in_time', 'busy_time', 'occupancy'] as const)
  ],
  activity: ['activity_time', 'busy_time']
} as const
export type FigureGroup = keyof typeof metricsBy

/** The figures' names as they stand in rows, for a tool's published results. */
export function figureFields(...groups: readonly FigureGroup[]): Readonly<Record<string, 'number'>> {
  const names = groups.flatMap((group) => metricsBy[group]).map(inRows)
  return Object.fromEntries(names.map((name) => [name, 'number' as const]))
}

export interface FigureWindow {
  readonly workspaceSid: string
  /** An instant, or a duration back from the server's now: `PT15M`. */
  readonly from: string
  readonly to?: string | undefined
  /** Unique name of a task channel. */
  readonly channel?: string | undefined
}

/** Groups of one answer. */
const maxRows = 1000

/**
 * The figures of each queue, workflow or worker by its SID, of each activity by its name; undefined where the backend keeps
 * no insights. Of agents' time no channel is known: with a channel, it is left out.
 */
export async function insightFigures(
  call: Call,
  group: FigureGroup,
  { workspaceSid, from, to, channel }: FigureWindow
): Promise<ReadonlyMap<string, Row> | undefined> {
  const api = call.backend.ringdown
  if (!api) return undefined
  const names = channel === undefined ? metricsBy[group] : metricsBy[group].filter((name) => !ofTime.has(name))
  if (names.length === 0) return new Map()
  const query = {
    Metrics: names.join(','),
    GroupBy: group,
    Where: JSON.stringify({ workspace: workspaceSid, ...(channel !== undefined && { channel }) }),
    From: from,
    To: to,
    RowsPerPage: maxRows
  }
  const { rows, has_more } = objectIn(await api.get('Insights/Query', query, call.signal))
  if (has_more === true) call.warn(`figures of the first ${maxRows} only; query_insights has all`)
  const key = group === 'activity' ? 'activity' : `${group}_sid`
  const all = Array.isArray(rows) ? rows.map(objectIn) : []
  return new Map(all.map((row) => [String(row[key]), figuresIn(row, names)]))
}

const ofTime: ReadonlySet<string> = new Set(['logged_in_time', 'busy_time', 'occupancy', 'activity_time'])

function figuresIn(row: Row, names: readonly string[]): Row {
  return compact(Object.fromEntries(names.map((name) => [inRows(name), row[name]])))
}

/** `service_level` -> `serviceLevel`, as tools speak. */
function inRows(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
