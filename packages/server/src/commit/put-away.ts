import { isSid } from '@ringdown/engine/core/ids'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import { inWorkspace, type ReservationPath, reservationAt } from '@ringdown/engine/routing/lookup'
import type { ReservationRow, TaskRow } from '@ringdown/engine/routing/rows'
import type { PageQuery } from '../store/store.ts'
import type { Ledger } from './ledger.ts'

/*
 * Tasks that are over, with their reservations, are in the store only, until they are forgotten. The row in memory is the
 * newer one.
 */

/** A task, alive or over, or 404. What is in memory is answered without a promise. */
export function taskOf(ledger: Ledger, workspace_sid: string, sid: string): TaskRow | Promise<TaskRow> {
  const { state } = ledger
  if (state.find('task', sid) || !isSid('WT', sid)) return inWorkspace(state, 'task', workspace_sid, sid)
  return ledger.find('task', { sid }).then(([row]) => {
    if (row?.workspace_sid === workspace_sid) return row
    return inWorkspace(ledger.state, 'task', workspace_sid, sid)
  })
}

/** A reservation below its task or its worker, of a task that is alive or over, or 404. */
export function reservationOf(ledger: Ledger, path: ReservationPath): ReservationRow | Promise<ReservationRow> {
  const { workspace_sid, task_sid, worker_sid, sid } = path
  const { state } = ledger
  if (worker_sid !== undefined) inWorkspace(state, 'worker', workspace_sid, worker_sid)
  const living = state.resident('reservation', sid)
  if (living && (task_sid === undefined || state.resident('task', task_sid))) return reservationAt(living, path)
  return storedReservation(ledger, path)
}

async function storedReservation(ledger: Ledger, path: ReservationPath): Promise<ReservationRow> {
  const { workspace_sid, task_sid, sid } = path
  if (task_sid !== undefined) await taskOf(ledger, workspace_sid, task_sid)
  const known = ledger.state.find('reservation', sid)
  const [row] = known ? [known] : isSid('WR', sid) ? await ledger.find('reservation', { sid }) : []
  return reservationAt(row, path)
}

/** Rows that are read from the store at once. */
export const storedAtOnce = 500

/** All rows of a cold kind after a seq, read a piece at a time. */
export async function* storedRows<K extends Kind>(
  ledger: Ledger,
  list: Pick<PageQuery, 'where'> & { readonly kind: K; readonly descending?: boolean },
  { after, limit = storedAtOnce }: { readonly after?: number | undefined; readonly limit?: number } = {}
): AsyncGenerator<Kinds[K]> {
  let from = after
  for (;;) {
    const rows = await ledger.page<K>({
      descending: false,
      ...list,
      order: ['seq'],
      limit,
      ...(from !== undefined && { after: [from] })
    })
    yield* rows
    if (rows.length < limit) return
    from = rows.at(-1)?.seq
  }
}

/** Rows of an index with those that were put away, in order of creation. The store is asked after memory: nothing is missed. */
export async function withStored<K extends Kind>(
  ledger: Ledger,
  kind: K,
  known: readonly Kinds[K][],
  where: PageQuery['where']
): Promise<Kinds[K][]> {
  const sids = new Set(known.map(({ sid }) => sid))
  const rows = [...known]
  await ledger.settled()
  for await (const row of storedRows(ledger, { kind, where })) if (!sids.has(row.sid)) rows.push(row)
  return rows.sort((a, b) => a.seq - b.seq)
}
