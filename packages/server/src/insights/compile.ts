import type { Aggregate } from './expression.ts'
import {
  attributeNumberSql,
  attributePath,
  attributeSql,
  type FieldSurroundings,
  fields,
  filterSql,
  type RowFilter,
  type Source
} from './fields.ts'
import { among, every, type Fragment, joined, raw, spelled, sql } from './fragment.ts'
import { type Asking, labelRows, rowsSql, type Seen } from './rows-sql.ts'

/* Questions as SQL, one text for both stores: what is counted of the rows of a span of time. */

/** Groups of one answer: more of them are left out, and it says so. */
export const maxGroups = 10_000

/** Names of the columns of an answer: groups, and figures by their places. */
export const groupColumn = (n: number) => `g${n}`
export const figureColumn = (n: number) => `f${n}`
export const intervalColumn = 'i'

/** The figures of all aggregates but percentiles, a row for each group; a mean has two columns. */
export function figuresSql(asking: Asking, aggregates: readonly Aggregate[], around: FieldSurroundings): Fragment {
  const groups = groupsOf(asking, around)
  const { common, own } = factored(aggregates)
  const figures = own.flatMap((aggregate) => figureSql(aggregate, around))
  const columns = [
    ...groups.map(({ text, name }) => sql`${text} as ${raw(name)}`),
    ...figures.map((figure, n) => sql`${figure} as ${raw(figureColumn(n))}`)
  ]
  const where = every([conditionOf(asking, around), ...common.map((one) => filterSql(one, around))])
  const rows = rowsSql(asking, [...columns, where], around.dialect)
  // By their places: with other parameters, PostgreSQL takes the same expression for another one.
  const by = groups.length === 0 ? raw('') : raw(` group by ${groups.map((_, n) => n + 1).join(', ')}`)
  return sql`select ${joined(columns, ', ')} from ${rows}${labelRows(asking, around.dialect)} where ${where}${by} limit ${spelled(maxGroups + 1)}`
}

/** The values at a rank of each group: one that occurs, so that the percentile is a true one. */
export function percentileSql(
  asking: Asking,
  { fn, field, permille, filter }: Aggregate,
  around: FieldSurroundings
): Fragment {
  const groups = groupsOf(asking, around)
  const value = fieldSql(field ?? '', fn, around)
  const where = every([conditionOf(asking, around), filterSql(filter, around), sql`${value} is not null`])
  const named = groups.map(({ text, name }) => sql`${text} as ${raw(name)}`)
  const rows = rowsSql(asking, [...named, value, where], around.dialect)
  const by = groups.length === 0 ? raw('') : raw(`partition by ${groups.map(({ name }) => name).join(', ')} `)
  const names = groups.map(({ name }) => `${name}, `).join('')
  const inner = sql`select ${joined([...named, sql`${value} as value`], ', ')} from ${rows}${labelRows(asking, around.dialect)} where ${where}`
  const ranked = sql`select ${raw(names)}value, row_number() over (${by}order by value) as place, count(*) over (${by}) as many from (${inner}) valued`
  return sql`select ${raw(names)}value as ${raw(figureColumn(0))} from (${ranked}) ranked where place = (many * ${spelled(permille ?? 500)} + 999) / 1000 limit ${spelled(maxGroups + 1)}`
}

/**
 * What all aggregates ask of rows is asked once, before rows are grouped: a year by month then sorts the talks alone. Groups
 * of which nobody asks anything are not there, which says as much as zeros do.
 */
function factored(aggregates: readonly Aggregate[]): {
  readonly common: readonly RowFilter[]
  readonly own: readonly Aggregate[]
} {
  const asked = aggregates.map(({ filter }) => new Map(conjunctsOf(filter).map((one) => [JSON.stringify(one), one])))
  const [first = new Map<string, RowFilter>(), ...others] = asked
  const common = [...first].filter(([text]) => others.every((one) => one.has(text)))
  const isCommon = new Set(common.map(([text]) => text))
  const own = aggregates.map((aggregate, n) => ({
    ...aggregate,
    filter: { all: [...(asked[n] ?? [])].filter(([text]) => !isCommon.has(text)).map(([, one]) => one) }
  }))
  return { common: common.map(([, one]) => one), own }
}

function conjunctsOf(filter: RowFilter): RowFilter[] {
  return 'all' in filter ? filter.all.flatMap(conjunctsOf) : [filter]
}

function figureSql({ fn, field, filter }: Aggregate, around: FieldSurroundings): Fragment[] {
  const isAll = 'all' in filter && filter.all.length === 0
  const condition = filterSql(filter, around)
  if (fn === 'count') return [isAll ? raw('count(*)') : sql`sum(case when ${condition} then 1 else 0 end)`]
  const all = fieldSql(field ?? '', fn, around)
  const value = isAll ? all : sql`case when ${condition} then ${all} end`
  if (fn === 'distinct') return [sql`count(distinct ${value})`]
  if (fn === 'mean') return [sql`sum(${value})`, sql`count(${value})`]
  return [sql`${raw(fn)}(${value})`]
}

function fieldSql(name: string, fn: Aggregate['fn'] | undefined, around: FieldSurroundings): Fragment {
  const keys = attributePath(name)
  if (keys) return fn === 'distinct' ? attributeSql(around, keys) : attributeNumberSql(around, keys)
  const field = fields[name]
  if (!field) throw new Error(`invariant: ${name} is a field`)
  return field.sql(around)
}

interface Group {
  readonly name: string
  readonly text: Fragment
}

function groupsOf({ group_by, source, starts, hasInterval }: Asking, around: FieldSurroundings): Group[] {
  const groups = group_by.map((name, n) => {
    const keys = attributePath(name)
    return { name: groupColumn(n), text: keys ? attributeSql(around, keys) : fieldSql(name, undefined, around) }
  })
  if (!hasInterval) return groups
  const text = source === 'status' ? raw('s.place') : placeSql(starts, 0, starts.length)
  return [...groups, { name: intervalColumn, text }]
}

/** In which interval a row began: halved, since there may be two thousand. Texts are the same for as many intervals. */
function placeSql(starts: readonly number[], first: number, end: number): Fragment {
  if (end - first <= 1) return spelled(first)
  const middle = Math.floor((first + end) / 2)
  const [before, after] = [placeSql(starts, first, middle), placeSql(starts, middle, end)]
  return sql`case when s.began_at < ${starts[middle] ?? 0} then ${before} else ${after} end`
}

function conditionOf({ filter, sight, source }: Asking, around: FieldSurroundings): Fragment {
  return every([...(sight ? [seenSql(sight, source)] : []), filterSql(filter, around)])
}

function seenSql({ workers, task_queues }: Seen, source: Source): Fragment {
  const own = among('s.worker_sid', 'text', workers)
  if (source === 'status' || task_queues.length === 0) return own
  return sql`(${own} or (s.worker_sid is null and ${among('s.task_queue_sid', 'text', task_queues)}))`
}
