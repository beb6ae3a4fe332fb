import { isoMilliseconds } from '@ringdown/contract/instant'
import { notFound } from '@ringdown/engine/core/parameters'
import type { TaskRow, WorkerRow } from '@ringdown/engine/routing/rows'
import type { CallRow, RecordingRow } from '@ringdown/engine/voice/rows'
import { storedRows } from '../../commit/put-away.ts'
import type { Context } from '../handler.ts'
import { filesOf } from '../media/handlers.ts'

/** Recordings that are shown at a time, and those that are looked at for that. */
const maxShown = 50
const maxSeen = 500

/**
 * What was recorded of the calls of a workspace's tasks, the newest first, as whoever asks may see it: a team's are those
 * with one of its workers on the call. `next` is where others come after.
 */
export async function workspaceRecordings(context: Context, workspace_sid: string, before: string | undefined) {
  const { ledger } = context
  const [from] = before === undefined ? [] : await ledger.find('recording', { sid: before })
  if (before !== undefined && !from) notFound(`/Recordings/${before}`)
  await ledger.settled()
  const kept = { kind: 'recording', where: [['status', '=', 'completed']], descending: true } as const
  const shown: ReturnType<typeof shownRecording>[] = []
  let seen = 0
  let last: string | undefined
  for await (const row of storedRows(ledger, kept, { after: from?.seq })) {
    // Somebody who is shown little may ask on from there.
    if (shown.length === maxShown || seen === maxSeen) return { recordings: shown, next: last ?? null }
    seen++
    last = row.sid
    const call = row.task_sid === null ? undefined : await callOf(context, workspace_sid, row.task_sid)
    if (call && mayHear(context, call)) shown.push(shownRecording(context, row, call))
  }
  return { recordings: shown, next: null }
}

/** Who was on the calls of a task. */
interface TaskCalls {
  readonly task_sid: string
  /** Undefined once it is forgotten. */
  readonly task: TaskRow | undefined
  readonly customer: CallRow | undefined
  readonly workers: readonly WorkerRow[]
}

/** Undefined where the task is of another workspace. */
async function callOf(
  { state, ledger }: Context,
  workspace_sid: string,
  task_sid: string
): Promise<TaskCalls | undefined> {
  const task = state.find('task', task_sid) ?? (await ledger.find('task', { sid: task_sid }))[0]
  if (task && task.workspace_sid !== workspace_sid) return undefined
  const calls = await ledger.find('call', { task_sid })
  // Reservations are forgotten before calls are: who was called is known by the address.
  const called = new Set(calls.filter(({ reservation_sid }) => reservation_sid !== null).map(({ to }) => to))
  const workers = [...state.tables.worker.by('workspace_sid', workspace_sid)].filter((row) => {
    const { contact_uri }: { readonly contact_uri?: unknown } = JSON.parse(row.attributes) // as was checked
    return typeof contact_uri === 'string' && called.has(contact_uri)
  })
  if (!task && workers.length === 0) return undefined
  return { task_sid, task, workers, customer: calls.find(({ reservation_sid }) => reservation_sid === null) }
}

function mayHear({ sight }: Context, { workers }: TaskCalls): boolean {
  return !sight || workers.some(({ sid }) => sight.worker(sid))
}

function shownRecording(context: Context, row: RecordingRow, { task_sid, task, customer, workers }: TaskCalls) {
  const { sid, start_time, duration_ms, media_sid, words } = row
  return {
    ...{ sid, task_sid, words },
    customer: !customer ? null : customer.direction === 'inbound' ? customer.from : customer.to,
    attributes: task?.attributes ?? null,
    workers: workers.map(({ friendly_name }) => friendly_name),
    start_time: isoMilliseconds(start_time),
    duration: duration_ms === null ? null : duration_ms / 1000,
    content_url: media_sid === null ? null : linkTo(context, media_sid)
  }
}

/** A path that opens a file in ranges, for whoever has it and for a while. */
export function linkTo(context: Context, media_sid: string): string {
  const { expires, signature } = filesOf(context).links.to(media_sid, context.now())
  return `/mcs/v1/Content/${context.ledger.account_sid}/${media_sid}?Expires=${expires}&Signature=${signature}`
}
