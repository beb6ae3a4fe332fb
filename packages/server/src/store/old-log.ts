import { blockInserts, blocksOf } from './log-blocks.ts'
import { binding } from './query.ts'
import { Fenced, type Store, type StoredEvent } from './store.ts'
import { type LogSubjects, quote } from './tables.ts'

/** The tables of a log that has a row for each event, as it was kept before schema version 4. */
export const oldLog = quote('event')
export const oldBlocks = quote('event_block')

/** Name of the cursor: what is before it has been moved. */
const reader = 'log into blocks'

/** Events that are moved at a time: some tens of milliseconds. */
const piece = 2_048
const tellEvery_ms = 1_000

/**
 * Moves an account's events from the old log into blocks, a piece at a time, each in one transaction with a cursor; one that
 * is killed meanwhile goes on at the next start, and two at once move each piece once. `tell` is given a line now and then.
 * Nobody may read the log before. Errors are those of `Store.write`.
 */
export async function moveOldLog(
  store: Pick<Store, 'dialect' | 'query' | 'change' | 'cursor' | 'advance'>,
  log: LogSubjects,
  account_sid: string,
  tell: (line: string) => void
): Promise<void> {
  const all = await read<{ readonly first: number | null; readonly last: number | null }>(
    store,
    account_sid,
    (account) => `select min(seq) as first, max(seq) as last ${account}`
  )
  if (all[0]?.last == null) return
  const [first, last] = [Number(all[0].first), Number(all[0].last)]
  let told = Number.NEGATIVE_INFINITY
  let cursor = await store.cursor(account_sid, reader)
  for (;;) {
    if (performance.now() - told >= tellEvery_ms || cursor >= last) {
      told = performance.now()
      tell(`Moving the log of account ${account_sid} into blocks: event ${Math.max(cursor, first - 1)} of ${last}`)
    }
    // What was moved goes first: the process may have been killed in between.
    await forget(store, account_sid, cursor)
    const columns = 'select seq, sid, type, at, data'
    const rows = await read<StoredEvent>(
      store,
      account_sid,
      (account) => `${columns} ${account} order by seq limit ${piece}`
    )
    const end = rows.at(-1)
    if (!end) return
    const events = rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at) }))
    cursor = await advance(
      store,
      { account_sid, from: cursor, to: Number(end.seq) },
      blockInserts(blocksOf(events, log))
    )
  }
}

function read<R extends object>(
  store: Pick<Store, 'dialect' | 'query'>,
  account_sid: string,
  text: (account: string) => string
): Promise<R[]> {
  const { values, bind } = binding(store.dialect)
  return store.query<R>({ sql: text(`from ${oldLog} where account_sid = ${bind(account_sid)}`), values })
}

async function forget(store: Pick<Store, 'dialect' | 'change'>, account_sid: string, through: number): Promise<void> {
  const { values, bind } = binding(store.dialect)
  const sql = `delete from ${oldLog} where account_sid = ${bind(account_sid)} and seq <= ${bind(through)}`
  await store.change({ sql, values })
}

/** Where the cursor is afterwards. */
async function advance(
  store: Pick<Store, 'cursor' | 'advance'>,
  step: { readonly account_sid: string; readonly from: number; readonly to: number },
  writes: ReturnType<typeof blockInserts>
): Promise<number> {
  try {
    await store.advance({ ...step, reader, writes })
    return step.to
  } catch (error) {
    if (error instanceof Fenced) return store.cursor(step.account_sid, reader) // another node has moved them
    throw error
  }
}
