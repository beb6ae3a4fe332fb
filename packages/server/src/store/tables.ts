import { nameForm } from '@ringdown/engine/name'
import type { EventBlocks } from './event-blocks.ts'
import { type ColdKind, coldKinds } from './kinds.ts'
import { type Batch, ContentRejected, type ReaderStep, type Removal, type Value } from './store.ts'

/**
 * The tables, as both stores see them, and what a batch puts into each. Types are those of `kinds.ts`; how they are
 * written in SQL is each dialect's affair.
 */
export interface Table {
  readonly name: string
  readonly columns: Readonly<Record<string, 'text' | 'integer'>>
  readonly key: readonly string[]
  /** Columns that may be null. */
  readonly optional?: readonly string[]
  /** Beside the key; account_sid is put in front of each. `where` names a column that rows of the index have. */
  readonly indexes?: readonly { readonly columns: readonly string[]; readonly where?: string }[]
}

const kinds: Readonly<Record<string, ColdKind>> = coldKinds

/**
 * The key ends in `seq` and not in the SID: what was created together is changed together, and then stands on the same
 * pages. With SIDs, which are random, nearly each row of a batch is on a page of its own (measured: 1.8 times the time).
 */
export const rowTable: Table = {
  name: 'row',
  columns: { account_sid: 'text', kind: 'text', seq: 'integer', sid: 'text', version: 'integer', data: 'text' },
  key: ['account_sid', 'kind', 'seq']
}

/**
 * What of an event's data is a column as well: what the log is searched by, and what the statistics are made from. The
 * names are those of the data; this is the one place that says which they are.
 */
export const eventColumns = [
  'workspace_sid',
  'task_sid',
  'reservation_sid',
  'worker_sid',
  'worker_activity_sid',
  'task_queue_sid',
  'workflow_sid',
  'task_channel_sid',
  'task_date_created',
  'task_queue_entered_date'
] as const

/** The values of an event's columns; all others are null. */
export type EventAbout = { readonly [C in (typeof eventColumns)[number]]?: Value }

/**
 * The columns' values of an event, from its data. Spelled out: this happens some hundred times a batch, and to go through
 * the list by name takes five times as long.
 */
export function aboutOf(data: Readonly<Record<string, unknown>>): Required<EventAbout> {
  return {
    workspace_sid: plainOf(data.workspace_sid),
    task_sid: plainOf(data.task_sid),
    reservation_sid: plainOf(data.reservation_sid),
    worker_sid: plainOf(data.worker_sid),
    worker_activity_sid: plainOf(data.worker_activity_sid),
    task_queue_sid: plainOf(data.task_queue_sid),
    workflow_sid: plainOf(data.workflow_sid),
    task_channel_sid: plainOf(data.task_channel_sid),
    task_date_created: plainOf(data.task_date_created),
    task_queue_entered_date: plainOf(data.task_queue_entered_date)
  }
}

function plainOf(field: unknown): Value {
  return typeof field === 'string' || typeof field === 'number' ? field : null
}

const eventTypes = Object.fromEntries(
  eventColumns.map((column) => [column, column.endsWith('_sid') ? 'text' : 'integer'])
) as Record<(typeof eventColumns)[number], 'text' | 'integer'> // as: an entry for each of them

/** The columns in front of `data`: a row that spills over is then read without its overflow. */
export const eventTable: Table = {
  name: 'event',
  columns: {
    account_sid: 'text',
    seq: 'integer',
    sid: 'text',
    type: 'text',
    at: 'integer',
    ...eventTypes,
    data: 'text'
  },
  key: ['account_sid', 'seq'],
  optional: eventColumns,
  // Each costs every decision, and one whose entries come in no order (tasks, workers) as much as all else that a batch
  // does: that is found by `event_block`. An event itself is found by the number in its SID, an instant by halving, since
  // instants never go back along the sequence. Other filters read this index, which holds what they compare.
  indexes: [
    {
      columns: [
        'workspace_sid',
        'seq',
        'type',
        'reservation_sid',
        'task_queue_sid',
        'workflow_sid',
        'task_channel_sid'
      ],
      where: 'workspace_sid'
    }
  ]
}

/** Whom the events of each full block are about (see `event-blocks.ts`). */
export const blockTable: Table = {
  name: 'event_block',
  columns: { account_sid: 'text', block: 'integer', subjects: 'text' },
  key: ['account_sid', 'block'],
  optional: ['subjects']
}

/** Index names say what they hold, so that a changed declaration is a new name. PostgreSQL's names end at 63 bytes. */
export function indexName(table: string, columns: readonly string[]): string {
  return [table, ...columns].join('__').slice(0, 63)
}

/** Cells of statistics, by scope and time (see the engine's statistics/rollup). */
export const rollupTable: Table = {
  name: 'rollup',
  columns: {
    account_sid: 'text',
    scope_sid: 'text',
    span: 'integer',
    start: 'integer',
    task_channel_sid: 'text',
    figures: 'text',
    histograms: 'text'
  },
  key: ['account_sid', 'scope_sid', 'span', 'start', 'task_channel_sid'],
  // For forgetting what is older than anybody may ask for.
  indexes: [{ columns: ['start'] }]
}

/** Workers' times in activities. The first index holds all that a sum over a workspace reads: no row is looked up. */
export const stayTable: Table = {
  name: 'stay',
  columns: {
    account_sid: 'text',
    workspace_sid: 'text',
    worker_sid: 'text',
    seq: 'integer',
    activity_sid: 'text',
    from_at: 'integer',
    until_at: 'integer'
  },
  key: ['account_sid', 'seq'],
  indexes: [
    { columns: ['workspace_sid', 'until_at', 'from_at', 'activity_sid'] },
    { columns: ['worker_sid', 'until_at', 'from_at'] },
    // For forgetting.
    { columns: ['until_at'] }
  ]
}

export const journalTable: Table = {
  name: 'journal',
  columns: { account_sid: 'text', decision: 'integer', at: 'integer', seed: 'text', data: 'text' },
  key: ['account_sid', 'decision']
}

const coldTables = new Map<string, Table>(
  Object.entries(kinds).map(([name, { columns, indexes }]) => [
    name,
    {
      name,
      columns: { account_sid: 'text', sid: 'text', version: 'integer', ...columns, data: 'text' },
      key: ['account_sid', 'sid'],
      optional: Object.keys(columns),
      indexes: indexes.map((listed) => ({ columns: listed }))
    }
  ])
)

/** The cold kinds in the order of their declaration. */
export const coldNames: readonly string[] = [...coldTables.keys()]

/** The declaration of a cold kind; asking for another one is our mistake. */
export function coldKind(kind: string): ColdKind {
  const found = kinds[kind]
  if (found === undefined) throw new Error(`invariant: "${kind}" is not a cold kind`)
  return found
}

/** The table of a cold kind; asking for another one is our mistake. */
export function coldTable(kind: string): Table {
  coldKind(kind)
  return coldTables.get(kind) as Table // as: both maps have the same keys
}

/** A name as SQL takes it: `index` is a word of SQL, too. Names come from declarations, never from requests. */
export function quote(name: string): string {
  return `"${name}"`
}

/** The columns of a table that are not its key. */
export function rest(table: Table): string[] {
  return Object.keys(table.columns).filter((column) => !table.key.includes(column))
}

/** Rows for one table; each is an array of values in the order of the table's columns, without `account_sid`. */
export interface Inserts {
  readonly table: Table
  readonly rows: Value[][]
}

/** What one batch does to the tables: everything but the account's head. */
export interface Changes {
  readonly upserts: readonly Inserts[]
  /** Keys without `account_sid`: [kind, seq] for the row table, [sid] for a cold one. */
  readonly deletes: readonly Inserts[]
  readonly inserts: readonly Inserts[]
  readonly removals: readonly Removal[]
}

/** What a reader's step puts into the tables. */
export function writtenBy({ rollups, stays }: Pick<ReaderStep, 'rollups' | 'stays'>): Inserts[] {
  const inserts = [insertsOf(rollupTable, rollups), insertsOf(stayTable, stays)]
  return inserts.filter(({ rows }) => rows.length > 0)
}

function insertsOf(table: Table, rows: readonly object[]): Inserts {
  const columns = Object.keys(table.columns).slice(1)
  // as: a row of the table has its columns, all of them texts and numbers
  return { table, rows: rows.map((row) => columns.map((column) => (row as Record<string, Value>)[column] ?? null)) }
}

/** Tables of readers from which what is too old goes, and the column that says how old it is. */
export const aging = [
  ['rollup', 'start'],
  ['stay', 'until_at']
] as const

/** Sorts a batch by table, with its rows as JSON text; `blocks` is told of its events. Throws ContentRejected for what no store could keep. */
export function changesOf(batch: Batch, blocks: EventBlocks): Changes {
  const upserts = new Map<string, Inserts>()
  const deletes = new Map<string, Inserts>()
  const of = (map: Map<string, Inserts>, table: Table) => {
    const known = map.get(table.name)
    if (known !== undefined) return known.rows
    const fresh: Inserts = { table, rows: [] }
    map.set(table.name, fresh)
    return fresh.rows
  }
  const removals = batch.removals ?? []
  for (const { kind, sid, seq, row } of batch.rows) {
    const cold = coldTables.get(kind)
    if (row === null || removals.some((removal) => covers(removal, kind, row)))
      of(deletes, cold ?? rowTable).push(cold === undefined ? [kind, seq] : [sid])
    else if (cold === undefined) of(upserts, rowTable).push([kind, seq, sid, row.version, json(row)])
    else of(upserts, cold).push([sid, row.version, ...columnValues(kind, row), json(row)])
  }
  const inserts: Inserts[] = []
  if (batch.events.length > 0)
    inserts.push({
      table: eventTable,
      rows: batch.events.map((e) => [
        e.seq,
        e.sid,
        e.type,
        e.at,
        ...eventColumns.map((column) => e.about?.[column] ?? null),
        e.data
      ])
    })
  if (batch.journal.length > 0)
    inserts.push({ table: journalTable, rows: batch.journal.map((j) => [j.decision, j.at, j.seed, j.data]) })
  const filled = blocks.filledBy(batch.account_sid, batch.events)
  return {
    upserts: filled ? [...upserts.values(), filled] : [...upserts.values()],
    deletes: [...deletes.values()],
    inserts,
    removals
  }
}

/** A row that a removal of the same batch covers is gone after it, whether it was there before or not. */
function covers(removal: Removal, kind: string, row: object): boolean {
  if (removal.kind !== kind) return false
  const fields = row as Readonly<Record<string, unknown>> // as: a row of any kind, read by column name
  return Object.entries(removal.where).every(
    ([column, value]) => columnValue(kind, column, fields[column]) === compared(kind, column, value)
  )
}

function json(row: object): string {
  try {
    return JSON.stringify(row)
  } catch (error) {
    throw new ContentRejected(`a row cannot be written as JSON: ${String(error)}`, { cause: error })
  }
}

function columnValues(kind: string, row: object): Value[] {
  const fields = row as Readonly<Record<string, unknown>> // as: a row of any kind, read by column name
  return Object.keys(coldKind(kind).columns).map((column) => columnValue(kind, column, fields[column]))
}

/** A value as its column holds it: names are compared in one form, however they were sent. */
export function compared(kind: string, column: string, value: Value): Value {
  const isName = typeof value === 'string' && coldKind(kind).names?.includes(column)
  return isName ? nameForm(value) : value
}

function columnValue(kind: string, column: string, value: unknown): Value {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  // PostgreSQL refuses U+0000 in text and SQLite's driver cuts there.
  if (typeof value === 'string' && !value.includes('\0')) return compared(kind, column, value)
  throw new ContentRejected(`${kind}.${column} holds what no column can keep`)
}
