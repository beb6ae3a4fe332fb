import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { Kinds } from '../kinds.ts'
import { AttributesError, parseAttributes } from '../matching/attributes.ts'
import type { ReservationRow, RoutingKinds, TaskChannelRow, WorkspaceRow } from './rows.ts'

/** Kinds that live in a workspace, and the path segment that the API gives them. */
const segments = {
  activity: 'Activities',
  task_channel: 'TaskChannels',
  task_queue: 'TaskQueues',
  workflow: 'Workflows',
  worker: 'Workers',
  task: 'Tasks',
  reservation: 'Reservations'
} as const satisfies Partial<Record<keyof RoutingKinds, string>>

type InWorkspace = keyof typeof segments

export function workspaceOf(state: State, workspace_sid: string): WorkspaceRow {
  return state.tables.workspace.find(workspace_sid) ?? notFound(`/Workspaces/${workspace_sid}`)
}

/** A row of that kind in that workspace, or 404. A task channel is also found by its unique name. */
export function inWorkspace<K extends InWorkspace>(
  state: State,
  kind: K,
  workspace_sid: string,
  sid: string
): Kinds[K] {
  workspaceOf(state, workspace_sid)
  const row = rowIn(state, kind, workspace_sid, sid)
  if (row) return row
  if (kind === 'task_channel') {
    const named = state.tables.task_channel.firstBy('name', nameKey(workspace_sid, sid))
    if (named) return named as unknown as Kinds[K] // K is task_channel here
  }
  return notFound(`/Workspaces/${workspace_sid}/${segments[kind]}/${sid}`)
}

function rowIn<K extends InWorkspace>(state: State, kind: K, workspace_sid: string, sid: string): Kinds[K] | undefined {
  const row = state.find(kind, sid) as (Kinds[K] & { workspace_sid: string }) | undefined // all of these kinds have one
  return row?.workspace_sid === workspace_sid ? row : undefined
}

/** Where a reservation is found: below its task or below its worker, of which one is given. */
export type ReservationPath = {
  readonly workspace_sid: string
  readonly task_sid?: string
  readonly worker_sid?: string
  readonly sid: string
}

/** A reservation below its task or its worker, or 404. */
export function findReservation(state: State, path: ReservationPath): ReservationRow {
  const { workspace_sid, task_sid, worker_sid, sid } = path
  if (task_sid !== undefined) inWorkspace(state, 'task', workspace_sid, task_sid)
  if (worker_sid !== undefined) inWorkspace(state, 'worker', workspace_sid, worker_sid)
  return reservationAt(state.tables.reservation.find(sid), path)
}

/** A reservation that is where its path says, or 404. */
export function reservationAt(row: ReservationRow | undefined, path: ReservationPath): ReservationRow {
  const { workspace_sid, task_sid, worker_sid, sid } = path
  if (row && row.workspace_sid === workspace_sid && (row.task_sid === task_sid || row.worker_sid === worker_sid))
    return row
  const parent = task_sid !== undefined ? `Tasks/${task_sid}` : `Workers/${worker_sid}`
  return notFound(`/Workspaces/${workspace_sid}/${parent}/Reservations/${sid}`)
}

/**
 * A row that a parameter names: absent or of another workspace is 400, since the path is right. Its arguments read as the
 * sentence that refuses.
 */
export function named<K extends InWorkspace>(
  state: State,
  kind: K,
  workspace_sid: string,
  sid: string,
  parameter: string
): Kinds[K] {
  return (
    rowIn(state, kind, workspace_sid, sid) ??
    refuse('invalid', `Value '${sid}' provided for ${parameter} does not exist in Workspace ${workspace_sid}`)
  )
}

/** A task channel that a parameter names by SID or unique name. */
export function namedChannel(state: State, workspace_sid: string, name: string): TaskChannelRow {
  return (
    rowIn(state, 'task_channel', workspace_sid, name) ??
    state.tables.task_channel.firstBy('name', nameKey(workspace_sid, name)) ??
    refuse('invalid', `Value '${name}' provided for TaskChannel does not exist in Workspace ${workspace_sid}`)
  )
}

/** Refuses one more row when the workspace has as many of that kind as it may. */
export function checkLimit(state: State, kind: InWorkspace, workspace_sid: string, most: number): void {
  if (state.table(kind).count('workspace_sid', workspace_sid) >= most) {
    refuse('too_many', `The maximum number of ${segments[kind]} in a Workspace (${most}) is reached`)
  }
}

export function checkName(friendly_name: string, what: string): void {
  if (friendly_name.trim() === '') refuse('invalid', `FriendlyName of a ${what} must not be empty`)
  if (friendly_name.length > 64) refuse('invalid', `FriendlyName of a ${what} must not be longer than 64 characters`)
}

/** Refuses text that is no attributes object; the empty text stands for `{}`. */
export function checkAttributes(text: string): void {
  if (text === '') return
  try {
    parseAttributes(text)
  } catch (error) {
    if (!(error instanceof AttributesError)) throw error
    refuse('invalid', error.message)
  }
}
