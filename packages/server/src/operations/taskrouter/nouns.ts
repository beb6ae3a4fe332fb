import type { State } from '@ringdown/engine/center'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import { inWorkspace, workspaceOf } from '@ringdown/engine/routing/lookup'
import type { Noun } from '../derived.ts'
import {
  shownActivity,
  shownTask,
  shownTaskChannel,
  shownTaskQueue,
  shownWorker,
  shownWorkflow,
  shownWorkspace
} from './shown.ts'

/** Resources of TaskRouter whose operations follow the general rules, by the contract's name of the resource. */
export const taskrouterNouns: Readonly<Record<string, Noun>> = {
  workspace: {
    kind: 'workspace',
    find: (state, { sid }) => workspaceOf(state, String(sid)),
    group: (state) => ['account_sid', state.account_sid],
    shown: shownWorkspace
  } satisfies NounOf<'workspace'> as Noun,
  activity: noun('activity', shownActivity),
  task_channel: noun('task_channel', shownTaskChannel),
  task_queue: noun('task_queue', shownTaskQueue),
  workflow: noun('workflow', shownWorkflow),
  worker: noun('worker', shownWorker),
  task: noun('task', shownTask)
}

type NounOf<K extends Kind> = Noun<Kinds[K]>
type InWorkspace = Parameters<typeof inWorkspace>[1]

/** A noun of a workspace. */
function noun<K extends InWorkspace>(kind: K, shown: (state: State, row: Kinds[K], now: number) => object): Noun {
  const made: NounOf<K> = {
    kind,
    find: (state, { workspace_sid, sid }) => inWorkspace(state, kind, String(workspace_sid), String(sid)),
    group: (state, { workspace_sid }) => ['workspace_sid', workspaceOf(state, String(workspace_sid)).sid],
    shown
  }
  return made as unknown as Noun // it only ever sees rows of its own kind
}
