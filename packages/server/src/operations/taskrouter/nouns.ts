import type { State } from '@ringdown/engine/center'
import type { Kinds } from '@ringdown/engine/kinds'
import { inWorkspace, workspaceOf } from '@ringdown/engine/routing/lookup'
import { workerChannel } from '@ringdown/engine/routing/worker-channel'
import { type MaybePromise, whenThere } from '../../access/at-once.ts'
import { reservationOf, taskOf } from '../../commit/put-away.ts'
import { type Noun, noun, type ResidentRows } from '../derived.ts'
import type { Context, One } from '../handler.ts'
import {
  representActivity,
  representReservation,
  representTask,
  representTaskChannel,
  representTaskQueue,
  representWorker,
  representWorkerChannel,
  representWorkflow,
  representWorkspace
} from './representation.ts'

type OfWorkspace = { readonly workspace_sid: string }
type OfTask = OfWorkspace & { readonly task_sid: string }
type OfWorker = OfWorkspace & { readonly worker_sid: string }

/** Resources of TaskRouter whose operations follow the general rules, by the contract's name of the resource. */
export const taskrouterNouns: Readonly<Record<string, Noun>> = {
  workspace: noun({
    kind: 'workspace',
    find: ({ state }, { sid }: One) => workspaceOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
    represent: representWorkspace,
    showsRowsOnly: true
  }),
  activity: inWorkspaces('activity', representActivity),
  task_channel: inWorkspaces('task_channel', representTaskChannel),
  task_queue: inWorkspaces('task_queue', representTaskQueue),
  workflow: inWorkspaces('workflow', representWorkflow),
  worker: inWorkspaces('worker', representWorker),
  task: noun({
    kind: 'task',
    find: ({ ledger }, { workspace_sid, sid }: OfWorkspace & One) => taskOf(ledger, workspace_sid, sid),
    represent: representTask,
    showsRowsOnly: true
  }),
  // A reservation is found below its task, and below its worker.
  task_reservation: noun({
    kind: 'reservation',
    find: ({ ledger }, path: OfTask & One) => reservationOf(ledger, path),
    rows: rowsOfTask,
    isSeen: (sight, row) => sight.reservationOfTask(row),
    represent: representReservation,
    showsRowsOnly: true
  }),
  worker_reservation: noun({
    kind: 'reservation',
    find: ({ ledger }, path: OfWorker & One) => reservationOf(ledger, path),
    rows: (context, path: OfWorker) => {
      const { index, key } = rowsOfWorker(context, path)
      return { index, key, where: [[index, '=', key]] }
    },
    represent: representReservation,
    showsRowsOnly: true
  }),
  worker_channel: noun({
    kind: 'worker_channel',
    find: ({ state }, { workspace_sid, worker_sid, sid }: OfWorker & One) =>
      workerChannel(state, workspace_sid, worker_sid, sid),
    rows: rowsOfWorker,
    represent: representWorkerChannel
  })
}

/** When a task is put away, all of its reservations are. */
function rowsOfTask({ ledger }: Context, { workspace_sid, task_sid }: OfTask): MaybePromise<ResidentRows> {
  return whenThere(taskOf(ledger, workspace_sid, task_sid), ({ sid }) => {
    const rows = { index: 'task_sid', key: sid }
    return ledger.state.resident('task', sid) ? rows : { ...rows, where: [['task_sid', '=', sid]] }
  })
}

function rowsOfWorker({ state }: { readonly state: State }, { workspace_sid, worker_sid }: OfWorker) {
  return { index: 'worker_sid', key: inWorkspace(state, 'worker', workspace_sid, worker_sid).sid }
}

/** A noun whose rows are a workspace's. */
function inWorkspaces<K extends Parameters<typeof inWorkspace>[1]>(
  kind: K,
  represent: (state: State, row: Kinds[K], now: number) => object
): Noun {
  return noun({
    kind,
    find: ({ state }, { workspace_sid, sid }: OfWorkspace & One) => inWorkspace(state, kind, workspace_sid, sid),
    rows: ({ state }, { workspace_sid }: OfWorkspace) => ({
      index: 'workspace_sid',
      key: workspaceOf(state, workspace_sid).sid
    }),
    represent,
    showsRowsOnly: true
  })
}
