import { type Changed, Insights, type Open } from '@ringdown/engine/insights/insights'
import type { ContactText, Segment, StatusPiece } from '@ringdown/engine/insights/segment'
import { binding } from '../store/query.ts'
import { SharedSids } from '../store/shared-sids.ts'
import type { StepWrite, Store } from '../store/store.ts'
import { insertsOf, quote, type Table } from '../store/tables.ts'

/*
 * Segments as they are kept: those of contacts, workers' times, what contacts' attributes said, what everything was called,
 * and what is open where the cursor is. One text for both dialects.
 */

/** In the order of their beginnings, so that a month is read from one end to the other. */
export const segmentTable: Table = {
  name: 'segment',
  columns: {
    account_sid: 'text',
    began_at: 'integer',
    seq: 'integer',
    kind: 'text',
    ended_at: 'integer',
    result: 'text',
    transfer: 'text',
    ring_ms: 'integer',
    queue_ms: 'integer',
    talk_ms: 'integer',
    hold_ms: 'integer',
    dial_ms: 'integer',
    wrap_up_ms: 'integer',
    first_response_ms: 'integer',
    agent_response_ms: 'integer',
    responses: 'integer',
    response_ms: 'integer',
    workspace_sid: 'text',
    task_queue_sid: 'text',
    workflow_sid: 'text',
    task_channel_sid: 'text',
    channel: 'text',
    communication_channel: 'text',
    direction: 'text',
    worker_sid: 'text',
    team: 'text',
    activity_sid: 'text',
    activity: 'text',
    outcome: 'text',
    hang_up_by: 'text',
    hung_up_by: 'text',
    abandoned: 'text',
    abandoned_phase: 'text',
    task_sid: 'text',
    conversation_id: 'text',
    labels: 'text',
    skills: 'text'
  },
  key: ['account_sid', 'began_at', 'seq'],
  clustered: true,
  optional: [
    ...['ended_at', 'result', 'transfer', 'ring_ms', 'queue_ms', 'talk_ms', 'hold_ms', 'dial_ms'],
    ...[
      'wrap_up_ms',
      'first_response_ms',
      'agent_response_ms',
      'workspace_sid',
      'task_queue_sid',
      'workflow_sid',
      'task_channel_sid'
    ],
    ...['channel', 'communication_channel', 'worker_sid', 'team', 'activity_sid', 'activity', 'outcome', 'hang_up_by'],
    ...['hung_up_by'],
    ...['abandoned', 'abandoned_phase', 'labels', 'skills']
  ]
}

export const statusTable: Table = {
  name: 'agent_status',
  columns: {
    account_sid: 'text',
    began_at: 'integer',
    seq: 'integer',
    ended_at: 'integer',
    workspace_sid: 'text',
    worker_sid: 'text',
    team: 'text',
    activity_sid: 'text',
    activity: 'text',
    busy: 'integer'
  },
  key: ['account_sid', 'began_at', 'seq'],
  clustered: true,
  optional: ['workspace_sid', 'team', 'activity']
}

export const contactTextTable: Table = {
  name: 'contact_text',
  columns: { account_sid: 'text', task_sid: 'text', at: 'integer', attributes: 'text', customers: 'text' },
  key: ['account_sid', 'task_sid'],
  // For forgetting.
  indexes: [{ columns: ['at'] }]
}

export const calledTable: Table = {
  name: 'called',
  columns: { account_sid: 'text', sid: 'text', name: 'text' },
  key: ['account_sid', 'sid']
}

/** What is open; and what is over since, for as long as the cursor is not beyond it. */
const openTable: Table = {
  name: 'open_contact',
  columns: { account_sid: 'text', key: 'text', over_seq: 'integer', data: 'text' },
  key: ['account_sid', 'key'],
  optional: ['over_seq'],
  indexes: [{ columns: ['over_seq'], where: 'over_seq' }]
}

export const segmentTables: readonly Table[] = [segmentTable, statusTable, contactTextTable, calledTable, openTable]

/** Insights as they were where the cursor is, or later: each of what is open knows what it has been told. */
export async function openInsights(store: Pick<Store, 'dialect' | 'query'>, account_sid: string): Promise<Insights> {
  const open: Open[] = []
  const sids = new SharedSids()
  for (let after = ''; ; ) {
    const { values, bind } = binding(store.dialect)
    const sql = `select key, data from ${quote(openTable.name)} where account_sid = ${bind(account_sid)} and key > ${bind(after)}
      order by key limit ${bind(readAtOnce)}`
    const rows = await store.query<{ readonly key: string; readonly data: string }>({ sql, values })
    for (const { data } of rows) {
      const one: Open = JSON.parse(data) // as it was written here
      open.push(sids.share(one))
    }
    const last = rows.at(-1)
    if (!last || rows.length < readAtOnce) return new Insights(open)
    after = last.key
  }
}

/** What is read at a time is memory of the thread that reads it, which keeps as much. */
const readAtOnce = 200

/**
 * What has changed as what is written, in this order: a contact may be over in the store only when its segments are there.
 * Rows of all tables together, each with its table, so that they can be written in pieces.
 */
export function segmentRows({ segments, pieces, texts, called, open }: Changed): readonly TableRow[] {
  const rows: TableRow[] = []
  for (const row of segments.values()) rows.push({ table: segmentTable, row })
  for (const row of pieces) rows.push({ table: statusTable, row })
  for (const row of texts.values()) rows.push({ table: contactTextTable, row })
  for (const row of called.values()) rows.push({ table: calledTable, row })
  for (const [key, one] of open) rows.push({ table: openTable, row: openRow(key, one) })
  return rows
}

export interface TableRow {
  readonly table: Table
  readonly row: Segment | StatusPiece | ContactText | object
}

function openRow(key: string, open: Open) {
  return { key, over_seq: open.is === 'gone' ? open.gone.seq : null, data: open }
}

/** Rows as what is written with the cursor. */
export function segmentWrites(rows: readonly TableRow[], keptText: (text: ContactText) => ContactText): StepWrite[] {
  const shownIn = new Map<Table, object[]>(segmentTables.map((table) => [table, []]))
  for (const one of rows) shownIn.get(one.table)?.push(shown(one, keptText))
  return [...shownIn].filter(([, some]) => some.length > 0).map(([table, some]) => insertsOf(table, some))
}

/** What is open becomes text when it is written: it is large, and much of it changes before. */
function shown({ table, row }: TableRow, keptText: (text: ContactText) => ContactText): object {
  if (table === contactTextTable) return keptText(row as ContactText) // a row of that table
  if (table !== openTable) return row
  const { data, ...rest } = row as ReturnType<typeof openRow> // a row of that table
  return { ...rest, data: JSON.stringify(data) }
}

/** Contacts that are over are kept no longer once the cursor is beyond them, at most so many; resolves with how many went. */
export function forgetOver(store: Pick<Store, 'forget'>, account_sid: string, cursor: number): Promise<number> {
  return store.forget(account_sid, { table: openTable, column: 'over_seq' }, cursor + 1, forgottenAtOnce)
}

const forgottenAtOnce = 500

/** Deletes segments, workers' times and texts that began before an instant, at most `limit` of each; resolves with how many went. */
export async function forgetSegments(
  store: Pick<Store, 'forget'>,
  account_sid: string,
  before: number,
  limit: number
): Promise<number> {
  let gone = await store.forget(account_sid, { table: segmentTable, column: 'began_at' }, before, limit)
  gone += await store.forget(account_sid, { table: statusTable, column: 'began_at' }, before, limit)
  return gone + (await store.forget(account_sid, { table: contactTextTable, column: 'at' }, before, limit))
}
