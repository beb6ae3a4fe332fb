import type { Dialect } from '../store/query.ts'
import { among, every, Fragment, joined, raw, some, spelled, sql } from './fragment.ts'

/*
 * Dimensions and measures of rows: the names of the query language, and what each is in SQL.
 * `s` is the row that is looked at, with the attributes of its contact where they are asked for; `l` is one of its labels.
 */

export type Source = 'segments' | 'status'

export type FieldType = 'text' | 'number' | 'milliseconds' | 'flag'

/** What fields depend on beside their rows. */
export interface FieldSurroundings {
  readonly dialect: Dialect
  /** Milliseconds: the usual ones, and those of queues on channels, by SID. */
  readonly thresholds: Thresholds
  readonly available_activities: readonly string[]
  readonly offline_activities: readonly string[]
}

/** Of `queue_stats_configuration` (reference flex 17). */
export interface Thresholds {
  readonly usual: Threshold
  readonly special: readonly (Threshold & { readonly task_queue_sid: string; readonly task_channel_sid: string })[]
}

export interface Threshold {
  readonly service_level_ms: number
  readonly short_abandoned_ms: number
}

/** Kinds of rows that have SIDs and names. */
export type Named = 'task_queue' | 'worker' | 'workflow' | 'workspace'

export interface Field {
  readonly type: FieldType
  readonly source: Source | 'both'
  /** Whether rows may be grouped by it. */
  readonly groups?: true
  /** Whether its values are SIDs that have names, and of what. */
  readonly named?: Named
  /** What it is called in the documents. */
  readonly meaning: string
  sql(around: FieldSurroundings): Fragment
}

const column = (name: string) => () => raw(`s.${name}`)

function dimension(name: string, meaning: string, more: Partial<Field> = {}): Field {
  return { type: 'text', source: 'segments', groups: true, meaning, sql: column(name), ...more }
}

function duration(name: string, meaning: string): Field {
  return { type: 'milliseconds', source: 'segments', meaning, sql: column(name) }
}

function flag(source: Source, meaning: string, condition: (around: FieldSurroundings) => Fragment): Field {
  return { type: 'flag', source, meaning, sql: (around) => sql`(case when ${condition(around)} then 1 else 0 end)` }
}

export const fields: Readonly<Record<string, Field>> = {
  task_queue: dimension('task_queue_sid', 'the queue, by SID or name', { named: 'task_queue' }),
  worker: dimension('worker_sid', 'the agent, by SID or name', { named: 'worker', source: 'both' }),
  team: dimension('team', "the agent's team at the time", { source: 'both' }),
  workspace: dimension('workspace_sid', 'the workspace, by SID or name', { named: 'workspace', source: 'both' }),
  workflow: dimension('workflow_sid', 'the workflow, by SID or name', { named: 'workflow' }),
  channel: dimension('channel', 'unique name of the task channel'),
  communication_channel: dimension('communication_channel', 'what the attributes call the channel: `Sms`, `Web`'),
  direction: dimension('direction', '`inbound` or `outbound`'),
  activity: dimension('activity', "the agent's activity at the time, by name", { source: 'both' }),
  outcome: dimension('outcome', 'what the contact came to, as the attributes say'),
  hang_up_by: dimension(
    'hang_up_by',
    'who ended it: `Customer` or `Agent` of a call, `Cold Transfer` or `Warm Transfer` of what was handed on, or as the attributes say',
    { sql: () => raw(hangUpBy) }
  ),
  label: dimension('label', 'a label of the attributes: what has two is in both rows', {
    sql: ({ dialect }) => raw(dialect.json.scalar('l'))
  }),
  conversation: dimension('conversation_id', 'the contact: `conversations.conversation_id`, or the SID of the task'),
  kind: dimension('kind', '`queue`, `conversation`, `missed` or `rejected`'),
  result: dimension(
    'result',
    'how it ended: `answered`, `moved`, `abandoned`, `ringing`, `timed_out`, `led_away`, `completed`, `dropped`'
  ),
  transfer: dimension('transfer', 'how it was handed on: `cold` or `warm`'),
  abandoned_phase: dimension(
    'abandoned_phase',
    'where it was given up: `Queue`, `Short Queue`, `Ringing`, or as the attributes say',
    {
      sql: phase
    }
  ),
  skills: dimension('skills', "the agent's skills at the time, a list"),
  queue_time: duration('queue_ms', 'from entering the queue to the answer, or until it was left'),
  ring_time: duration('ring_ms', 'from the offer to the answer, or to what else became of it'),
  talk_time: duration(
    'talk_ms',
    "from the answer to the end of the talk, holds included; of a call to a customer, from the customer's answer"
  ),
  hold_time: duration('hold_ms', 'of the talk, on hold; null where the customer never was'),
  dial_time: duration('dial_ms', "of a call to a customer, until the customer's answer, or until it came to nothing"),
  wrap_up_time: duration('wrap_up_ms', 'from the end of the talk to the end of the work'),
  first_response_time: duration('first_response_ms', "from the customer's first message to the first one of an agent"),
  agent_first_response_time: duration('agent_response_ms', "from the answer to this agent's first message"),
  response_time: duration('response_ms', 'in all, what the agent took to reply'),
  responses: { type: 'number', source: 'segments', meaning: 'how often the agent replied', sql: column('responses') },
  handling_time: {
    type: 'milliseconds',
    source: 'segments',
    meaning: 'talk and wrap-up; with ringing where it is outbound',
    sql: () =>
      raw(
        "(case when s.wrap_up_ms is not null then s.talk_ms + s.wrap_up_ms + case when s.direction = 'outbound' then coalesce(s.ring_ms, 0) else 0 end end)"
      )
  },
  experience_time: {
    type: 'milliseconds',
    source: 'segments',
    meaning: "the customer's time: in queues, and in talks",
    sql: () => raw("(case when s.kind = 'queue' then s.queue_ms when s.kind = 'conversation' then s.talk_ms end)")
  },
  is_within_service_level: flag(
    'segments',
    'answered within the threshold of its queue and channel',
    (around) => sql`s.queue_ms <= ${threshold(around, 'service_level_ms')}`
  ),
  is_abandoned: flag('segments', 'given up before the answer, soon or late; voice mail is none', () => raw(abandoned)),
  is_short: flag(
    'segments',
    'left the queue within the threshold of short abandons',
    (around) => sql`s.queue_ms <= ${threshold(around, 'short_abandoned_ms')}`
  ),
  is_ended: flag('segments', 'over', () => raw('s.ended_at is not null')),
  time: {
    type: 'milliseconds',
    source: 'status',
    meaning: 'within the window, or the interval',
    sql: column('time')
  },
  is_busy: flag('status', 'with a contact in hand', () => raw('s.busy = 1')),
  is_available: flag('status', 'in an activity that is available', ({ available_activities }) =>
    among('s.activity_sid', 'text', available_activities)
  ),
  is_logged_in: flag(
    'status',
    'in any activity but that of who is offline',
    ({ offline_activities }) => sql`not (${among('s.activity_sid', 'text', offline_activities)})`
  )
}

const hangUpBy =
  "coalesce(s.hang_up_by, case s.transfer when 'cold' then 'Cold Transfer' when 'warm' then 'Warm Transfer' end, s.hung_up_by)"

/** What the attributes say of it counts; voice mail is left elsewhere, and is no abandoned contact (reference flex 21). */
const abandoned =
  "(s.kind = 'queue' and coalesce(s.abandoned, case when s.result in ('abandoned', 'ringing', 'timed_out') then 'Yes' else 'No' end) = 'Yes' and coalesce(s.abandoned_phase, '') <> 'Voicemail' and s.ended_at is not null and s.result <> 'answered' and s.result <> 'moved')"

function phase(around: FieldSurroundings): Fragment {
  return sql`(case when not ${raw(abandoned)} then null when s.abandoned_phase is not null then s.abandoned_phase
    when s.result = 'ringing' then 'Ringing'
    when s.queue_ms <= ${threshold(around, 'short_abandoned_ms')} then 'Short Queue' else 'Queue' end)`
}

function threshold({ thresholds: { usual, special } }: FieldSurroundings, which: keyof Threshold): Fragment {
  const differing = special.filter((one) => one[which] !== usual[which])
  if (differing.length === 0) return spelled(usual[which])
  const cases = differing.map(
    (one) =>
      sql` when s.task_queue_sid = ${one.task_queue_sid} and s.task_channel_sid = ${one.task_channel_sid} then ${spelled(one[which])}`
  )
  return sql`(case${joined(cases, '')} else ${spelled(usual[which])} end)`
}

const attributeStart = 'attributes.'

/** The keys of `attributes.customer.tier`; undefined for what is no such path. */
export function attributePath(name: string): readonly string[] | undefined {
  if (!name.startsWith(attributeStart) || name.length > 256) return undefined
  const keys = name.slice(attributeStart.length).split('.')
  return keys.every((key) => /^[^"\\\0]{1,128}$/.test(key)) ? keys : undefined
}

/** The JSON text of what attributes hold at a path. */
export function attributeSql({ dialect }: FieldSurroundings, keys: readonly string[]): Fragment {
  return new Fragment([
    { in: ({ bind }) => dialect.json.at('s.attributes', bind(dialect.json.path(keys))), about: 's.attributes' }
  ])
}

/** The number that attributes hold at a path; null where they hold anything else, or nothing. */
export function attributeNumberSql(around: FieldSurroundings, keys: readonly string[]): Fragment {
  return sql`(select ${numberOf('looked', around)} from (select ${attributeSql(around, keys)} as looked) looking)`
}

/** What is asked of a field, or of attributes at a path. */
export interface Condition {
  readonly field: string
  readonly is: FieldComparison
  readonly values: readonly (string | number | boolean | null)[]
}

export type FieldComparison = 'in' | 'not' | 'gt' | 'gte' | 'lt' | 'lte' | 'contains' | 'exists'

export type RowFilter =
  | Condition
  | { readonly all: readonly RowFilter[] }
  | { readonly any: readonly RowFilter[] }
  | { readonly none: readonly RowFilter[] }

/** How many conditions, groups and values a filter is made of. */
export function sizeOf(filter: RowFilter): number {
  if ('field' in filter) return 1 + filter.values.length
  const inside = 'all' in filter ? filter.all : 'any' in filter ? filter.any : filter.none
  return inside.reduce((sum, one) => sum + sizeOf(one), 1)
}

/** The names that a filter asks for. */
export function namesIn(filter: RowFilter): string[] {
  if ('field' in filter) return [filter.field]
  const inside = 'all' in filter ? filter.all : 'any' in filter ? filter.any : filter.none
  return inside.flatMap(namesIn)
}

export function filterSql(filter: RowFilter, around: FieldSurroundings): Fragment {
  if ('all' in filter) return every(filter.all.map((one) => filterSql(one, around)))
  if ('any' in filter) return some(filter.any.map((one) => filterSql(one, around)))
  if ('none' in filter) return sql`(not ${some(filter.none.map((one) => certain(filterSql(one, around))))})`
  const keys = attributePath(filter.field)
  if (keys) return attributeCondition(filter, keys, around)
  return filter.field === 'label' ? labelCondition(filter, around) : fieldCondition(filter, around)
}

/** Whether one of its labels is such. */
function labelCondition({ is, ...condition }: Condition, around: FieldSurroundings): Fragment {
  const { json } = around.dialect
  const isOpposite = is === 'not'
  const asked = fieldCondition({ ...condition, is: isOpposite ? 'in' : is }, around)
  const found = sql`exists (select 1 from ${raw(json.elements("coalesce(s.labels, '[null]')", 'l'))} where ${asked})`
  return isOpposite ? sql`(not ${found})` : found
}

/** Null is not true: SQL would make its opposite null, too. */
function certain(condition: Fragment): Fragment {
  return sql`(case when ${condition} then 1 else 0 end) = 1`
}

const signs = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

function fieldCondition({ field: name, is, values }: Condition, around: FieldSurroundings): Fragment {
  const field = fields[name]
  if (!field) throw new Error(`invariant: the filter names a field, not ${name}`)
  const text = field.sql(around)
  const inSql = values.map((value) => inUnit(field.type, value))
  if (is === 'exists') return values[0] === true ? sql`${text} is not null` : sql`${text} is null`
  if (is === 'in' || is === 'not') {
    const found = lookedAt(text, values, (one) =>
      some([
        ...(values.includes(null) ? [sql`${one} is null`] : []),
        ...inSql.filter((value) => value !== null).map((value) => sql`${one} = ${bound(value)}`)
      ])
    )
    return is === 'in' ? found : sql`(not ${certain(found)})`
  }
  if (is === 'contains') return containing(text, String(values[0]))
  return sql`${text} ${raw(signs[is])} ${bound(inSql[0] ?? null)}`
}

/** Numbers are written out where they are spelled, so that both stores know what they are. */
function bound(value: string | number | null): Fragment {
  return typeof value === 'number' && Number.isSafeInteger(value) ? spelled(value) : sql`${value}`
}

/** What is asked of an expression more than once: one that binds values of its own stands in a select of its own. */
function lookedAt(text: Fragment, values: readonly unknown[], condition: (one: Fragment) => Fragment): Fragment {
  if (values.length < 2 || text.parts.every((part) => typeof part === 'string')) return condition(text)
  return sql`exists (select 1 from (select ${text} as looked) looking where ${condition(raw('looked'))})`
}

function containing(text: Fragment, part: string): Fragment {
  // The condition is the store's, and asks a column: the expression stands in a select of its own.
  const condition = new Fragment([{ in: ({ contains }) => contains('looked', part) }])
  return sql`exists (select 1 from (select ${text} as looked) looking where ${condition})`
}

function inUnit(type: FieldType, value: string | number | boolean | null): string | number | null {
  if (typeof value === 'boolean') return value ? 1 : 0
  return type === 'milliseconds' && typeof value === 'number' ? Math.round(value * 1000) : value
}

/** What attributes hold is compared with what has the same type. */
function attributeCondition({ is, values }: Condition, keys: readonly string[], around: FieldSurroundings): Fragment {
  const text = attributeSql(around, keys)
  const present = sql`(${text} is not null)`
  if (is === 'exists') return values[0] === true ? present : sql`(not ${certain(present)})`
  if (is === 'in' || is === 'not') {
    const found = some([
      ...(values.includes(null) ? [sql`(not ${certain(present)})`] : []),
      lookedAt(text, values, (one) => saying(one, values, around))
    ])
    return is === 'in' ? found : sql`(not ${certain(found)})`
  }
  const [value] = values
  if (is === 'contains') return containing(text, JSON.stringify(String(value)).slice(1, -1))
  if (typeof value === 'number') {
    const number = sql`(select ${numberOf('looked', around)} from (select ${text} as looked) looking)`
    return sql`${number} ${raw(signs[is])} ${value}`
  }
  return sql`(${text} >= '"' and ${text} < '#' and ${text} ${raw(signs[is])} ${JSON.stringify(value)})`
}

/** A text of JSON says one of some values. Numbers are as large as each other; long ones are told as text, and asked for so. */
function saying(one: Fragment, values: Condition['values'], around: FieldSurroundings): Fragment {
  const within = (of: Fragment, list: readonly (string | number)[]) =>
    list.length === 0
      ? []
      : [
          sql`${of} in (${joined(
            list.map((value) => sql`${value}`),
            ', '
          )})`
        ]
  const numbers = values.filter((value) => typeof value === 'number')
  const number = sql`(select ${numberOf('said', around)} from (select ${one} as said) saying)`
  return some([...within(one, values.flatMap(textsOf)), ...within(number, numbers)])
}

function textsOf(value: Condition['values'][number]): string[] {
  if (value === null || typeof value === 'number') return []
  const isLong = typeof value === 'string' && /^-?[1-9]\d{15,}$/.test(value)
  return isLong ? [JSON.stringify(value), value] : [JSON.stringify(value)]
}

function numberOf(name: string, { dialect }: FieldSurroundings): Fragment {
  return raw(dialect.json.number(name))
}
