import type { ContactText, Segment, StatusPiece } from '@ringdown/engine/insights/segment'
import { contactTextTable, segmentTable, statusTable } from '../analytics/segments.ts'
import type { Dialect } from '../store/query.ts'
import { quote, type Table } from '../store/tables.ts'
import type { RowFilter, Source } from './fields.ts'
import { among, Fragment, raw, sql } from './fragment.ts'
import type { RecentRows } from './recent-rows.ts'

/*
 * The rows of a span of time as SQL: those that are in memory still, and those that are kept. Instants are bound, so that
 * questions about other days have the same text; the column that they are compared with says their type.
 */

/** What is asked of one source. */
export interface Asking {
  readonly account_sid: string
  readonly source: Source
  readonly from: number
  readonly to: number
  /** Beginnings of intervals; one for the whole. */
  readonly starts: readonly number[]
  readonly hasInterval: boolean
  readonly group_by: readonly string[]
  readonly filter: RowFilter
  /** Whose rows may be seen. */
  readonly sight: Seen | undefined
  readonly memory: Memory
}

/** Rows that may be seen: those of some workers, and those of no worker in some queues. */
export interface Seen {
  readonly workers: readonly string[]
  readonly task_queues: readonly string[]
}

/** What is in memory: it takes the place of what is kept. */
export interface Memory {
  readonly recent: RecentRows
  /** What workers are at, as pieces up to now. */
  readonly running: readonly StatusPiece[]
  /** A contact's text as it may be shown. */
  keptText(text: ContactText): ContactText
}

/** The rows, under the name `s`, with those of their columns that some pieces of SQL use. */
export function rowsSql(asking: Asking, uses: readonly Fragment[], dialect: Dialect): Fragment {
  const table = asking.source === 'status' ? statusTable : segmentTable
  const text = [...uses, labelRows(asking, dialect)].map((use) => use.text).join(' ')
  const isUsed = (column: string) => new RegExp(`\\bs\\.${column}\\b`).test(text)
  const columns = Object.keys(table.columns).filter((column) => column !== 'account_sid' && isUsed(column))
  if (asking.source === 'status') return statusRows(asking, columns, dialect)
  return segmentRows(asking, columns, isUsed('attributes'), dialect)
}

function segmentRows(asking: Asking, columns: readonly string[], hasText: boolean, dialect: Dialect): Fragment {
  const { account_sid, from, to, memory } = asking
  const inWindow = memory.recent.segments(from, to)
  const own = raw(columns.map((column) => `s.${column}`).join(', ') || 's.seq')
  const text = hasText ? raw(', t.attributes') : raw('')
  const join = hasText
    ? raw(` left join ${quote(contactTextTable.name)} t on t.account_sid = s.account_sid and t.task_sid = s.task_sid`)
    : raw('')
  const stored = sql`select ${own}${text} from ${raw(quote(segmentTable.name))} s${join} where s.account_sid = ${account_sid}
    and s.began_at >= ${from} and s.began_at < ${to} and ${raw(dialect.inTime('s.seq'))}${without(inWindow)}`
  if (inWindow.length === 0) return sql`(${stored}) s`
  const members = memberSql(segmentTable, columns, dialect)
  const told = hasText ? [...columns, 'task_sid'] : columns
  const attributesOf = ({ task_sid }: Segment) => {
    const text = memory.recent.text(task_sid)
    return text ? memory.keptText(text).attributes : null
  }
  const valuesOfOne = (segment: Segment) =>
    hasText ? [...valuesOf(told, segment), attributesOf(segment)] : valuesOf(told, segment)
  const fresh = elements(inWindow, valuesOfOne, { alias: 'm', dialect })
  const lost = sql`, coalesce(${raw(dialect.json.text('m', told.length))}, (select attributes from ${raw(quote(contactTextTable.name))} t
    where t.account_sid = ${account_sid} and t.task_sid = ${raw(dialect.json.text('m', told.length - 1))})) as attributes`
  return sql`(${stored} union all select ${raw(members)}${hasText ? lost : raw('')} from ${fresh}) s`
}

/** Each piece is as long as a day at most, so those that reach into the window began no earlier than a day before it. */
function statusRows(asking: Asking, columns: readonly string[], dialect: Dialect): Fragment {
  const { account_sid, from, to, starts, memory } = asking
  // What goes on was looked at when it was the question's turn: what has been told of it since is the same time once more.
  const goesOn = new Set(memory.running.map(({ seq }) => seq))
  const pieces = memory.recent.pieces(from, to).filter(({ seq }) => !goesOn.has(seq))
  const running = memory.running.filter(({ began_at, ended_at }) => ended_at > from && began_at < to)
  const inWindow = [...pieces, ...running]
  const needed = [...new Set([...columns, 'began_at', 'ended_at'])]
  const stored = sql`select ${raw(needed.map((column) => `s.${column}`).join(', '))} from ${raw(quote(statusTable.name))} s
    where s.account_sid = ${account_sid} and s.began_at >= ${from - day} and s.began_at < ${to} and s.ended_at > ${from}
      and ${raw(dialect.inTime('s.seq'))}${without([...pieces, ...memory.running])}`
  const valuesOfOne = (piece: StatusPiece) => valuesOf(needed, piece)
  const fresh =
    inWindow.length === 0
      ? raw('')
      : sql` union all select ${raw(memberSql(statusTable, needed, dialect))} from ${elements(inWindow, valuesOfOne, { alias: 'm', dialect })}`
  const spans = starts.map((start, n) => [Math.max(start, from), Math.min(starts[n + 1] ?? to, to), n])
  const [begin, end, place] = [0, 1, 2].map((n) => dialect.json.integer('b', n))
  const own = columns.map((column) => `p.${column}, `).join('')
  return sql`(select ${raw(own)}${raw(`${dialect.least}(p.ended_at, ${end}) - ${dialect.greatest}(p.began_at, ${begin}) as time, ${place} as place`)}
    from (${stored}${fresh}) p, ${elements(spans, (span) => span, { alias: 'b', dialect })} where p.began_at < ${raw(end ?? '')} and p.ended_at > ${raw(begin ?? '')}) s`
}

const day = 86_400_000

/** Rows in memory are newer than those that are kept. */
function without(rows: readonly { readonly seq: number }[]): Fragment {
  if (rows.length === 0) return raw('')
  return sql` and not (${among('s.seq', 'integer', [...new Set(rows.map(({ seq }) => seq))])})`
}

/** Rows as a table of lists; their text is made when it is needed, in pieces between which everybody else has a turn. */
function elements<T>(
  list: readonly T[],
  valuesOfOne: (one: T) => readonly unknown[],
  { alias, dialect }: { readonly alias: string; readonly dialect: Dialect }
): Fragment {
  let text = '[]'
  const make = async () => {
    text = await jsonInPieces(list, valuesOfOne)
  }
  return new Fragment([{ make, in: ({ bind }) => dialect.json.elements(bind(text), alias) }])
}

/** Rows that become text at a time: a millisecond's work. */
const piece = 500

async function jsonInPieces<T>(list: readonly T[], valuesOfOne: (one: T) => readonly unknown[]): Promise<string> {
  const texts: string[] = []
  for (let at = 0; at < list.length; at += piece) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve))
    texts.push(JSON.stringify(list.slice(at, at + piece).map(valuesOfOne)).slice(1, -1))
  }
  return `[${texts.join(',')}]`
}

function valuesOf(columns: readonly string[], row: Segment | StatusPiece): unknown[] {
  const values = row as unknown as Readonly<Record<string, unknown>> // a row has a member for each column
  return columns.map((column) => values[column] ?? null)
}

/** Columns that were told by their places. */
function memberSql(table: Table, columns: readonly string[], { json }: Dialect): string {
  const members = columns.map((column, place) => {
    const text = table.columns[column] === 'integer' ? json.integer('m', place) : json.text('m', place)
    return `${text} as ${column}`
  })
  return members.join(', ') || '1 as seq'
}

/** What has several labels is there for each of them, where it is grouped by them. */
export function labelRows({ group_by }: Asking, { json }: Dialect): Fragment {
  return group_by.includes('label') ? raw(`, ${json.elements("coalesce(s.labels, '[null]')", 'l')}`) : raw('')
}
