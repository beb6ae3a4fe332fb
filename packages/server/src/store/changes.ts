import { fieldOf } from '@ringdown/engine/core/row'
import { blockInserts, blocksOf } from './log-blocks.ts'
import { type Batch, ContentRejected, type Removal, type Value } from './store.ts'
import { type Inserts, journalTable, rowTable, type Table, type Tables } from './tables.ts'

/** What one batch does to the tables: everything but the account's head. */
export interface Changes {
  readonly upserts: readonly Inserts[]
  /** Keys without `account_sid`: [kind, seq] for the row table, [sid] for a cold one. */
  readonly deletes: readonly Inserts[]
  readonly inserts: readonly Inserts[]
  readonly removals: readonly Removal[]
}

/** Sorts a batch by table, with its rows as JSON text and its events in blocks. Throws ContentRejected for what no store could keep. */
export function changesOf(batch: Batch, tables: Tables): Changes {
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
    const kept = row !== null && !removals.some((removal) => covers(removal, tables, kind, row)) ? row : undefined
    const home = kept && tables.homeOf(kind, kept)
    const cold = tables.coldOf(kind)
    if (kept && home === rowTable) of(upserts, rowTable).push([kind, seq, sid, kept.version, json(kept)])
    if (kept && home !== rowTable && cold)
      of(upserts, cold).push([sid, kept.version, ...columnValues(tables, kind, kept), json(kept)])
    // A row moves once at most, from those that live to those that were put away.
    if (home !== rowTable && tables.livesInRows(kind)) of(deletes, rowTable).push([kind, seq])
    if (home === undefined && cold) of(deletes, cold).push([sid])
  }
  const inserts: Inserts[] = []
  if (batch.events.length > 0) inserts.push(...blockInserts(blocksOf(batch.events, tables.log)))
  if (batch.journal.length > 0)
    inserts.push({ table: journalTable, rows: batch.journal.map((j) => [j.decision, j.at, j.seed, j.data]) })
  return {
    upserts: [...upserts.values(), ...(batch.writes ?? [])],
    deletes: [...deletes.values()],
    inserts,
    removals
  }
}

/** A row that a removal of the same batch covers is gone after it, whether it was there before or not. */
function covers(removal: Removal, tables: Tables, kind: string, row: object): boolean {
  if (removal.kind !== kind) return false
  return Object.entries(removal.where).every(
    ([column, value]) =>
      columnValue(tables, kind, column, fieldOf(row, column)) === tables.compared(kind, column, value)
  )
}

function json(row: object): string {
  try {
    return JSON.stringify(row)
  } catch (error) {
    throw new ContentRejected(`a row cannot be written as JSON: ${String(error)}`, { cause: error })
  }
}

function columnValues(tables: Tables, kind: string, row: object): Value[] {
  return Object.keys(tables.kind(kind).columns).map((column) => columnValue(tables, kind, column, fieldOf(row, column)))
}

function columnValue(tables: Tables, kind: string, column: string, value: unknown): Value {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  // PostgreSQL refuses U+0000 in text and SQLite's driver cuts there.
  if (typeof value === 'string' && !value.includes('\0')) return tables.compared(kind, column, value)
  throw new ContentRejected(`${kind}.${column} holds what no column can keep`)
}
