import type { Query, Reading, RowQueries, StoredRow } from './query.ts'
import { SharedSids } from './shared-sids.ts'
import type { LoadedRow } from './store.ts'
import type { Tables } from './tables.ts'

/** What rows are loaded with. */
export interface Loading {
  readonly query: Reading['query']
  readonly queries: RowQueries
  readonly tables: Tables
  /** How many rows are read at once. */
  readonly piece: number
}

/** Every row of an account that memory holds, hot kinds and the resident rows of cold ones, in the order of their making. */
export async function loadRows(loading: Loading, account_sid: string): Promise<LoadedRow[]> {
  const { queries, tables } = loading
  const sids = new SharedSids()
  const loaded: LoadedRow[] = []
  const take = (kind: string, data: string) => {
    const row: LoadedRow['row'] = JSON.parse(data) // as the batch wrote it
    loaded.push({ kind, row: sids.share(row) })
  }

  const hot = (after: StoredRow | undefined): Query =>
    queries.resident(account_sid, after === undefined ? ['', 0] : [after.kind, after.seq], loading.piece)
  for await (const { kind, data } of pieces(loading, hot)) take(kind, data)

  for (const kind of tables.coldNames) {
    if (tables.kind(kind).resident === undefined) continue
    const cold = (after: StoredRow | undefined): Query =>
      queries.residentCold(account_sid, kind, after?.seq ?? -1, loading.piece)
    for await (const { data } of pieces(loading, cold)) take(kind, data)
  }
  return loaded.sort((a, b) => a.row.seq - b.row.seq)
}

/** Rows of a query that is asked again for what follows the last of them. */
async function* pieces({ query, piece }: Loading, ask: (after: StoredRow | undefined) => Query) {
  for (let after: StoredRow | undefined; ; ) {
    const rows = await query<StoredRow>(ask(after))
    yield* rows
    after = rows.at(-1)
    if (rows.length < piece) return
  }
}
