import { isoMilliseconds } from '@ringdown/contract/instant'
import { explainTask, explainWorker } from '@ringdown/engine/routing/explain'
import { inWorkspace } from '@ringdown/engine/routing/lookup'
import { taskOf } from '../../commit/put-away.ts'
import type { Context, Handlers } from '../handler.ts'

/** Why a task waits, and what a worker could take: what the engine explains, with its inner instants as they are shown. */
export const explanationHandlers = {
  async 'ringdown_v1.FetchTaskExplanation'({ path: { workspace_sid, task_sid }, params }, context) {
    const task = await taskOf(context.ledger, workspace_sid, task_sid)
    const { target, workers, ...explained } = explainTask(context.state, task, askingOf(params, context))
    const { ends_at } = target
    return {
      ...explained,
      target: { ...target, ends_at: ends_at === null ? null : isoMilliseconds(ends_at) },
      workers: workers && {
        ...workers,
        listed: workers.listed.map((worker) => ({
          ...worker,
          date_status_changed: isoMilliseconds(worker.date_status_changed)
        }))
      }
    }
  },

  'ringdown_v1.FetchWorkerExplanation'({ path: { workspace_sid, worker_sid }, params }, context) {
    const { state, sight } = context
    const { sid } = inWorkspace(state, 'worker', workspace_sid, worker_sid)
    const explained = explainWorker(state, sid, askingOf(params, context))
    if (!sight) return explained
    // How many wait is told; which ones only to who sees them.
    const { next_task_sid, listed } = explained
    return {
      ...explained,
      next_task_sid: next_task_sid !== null && sight.task(next_task_sid) ? next_task_sid : null,
      listed: listed.filter(({ task_sid }) => sight.task(task_sid))
    }
  }
} satisfies Handlers

/** Up to now, or to the last decision where the clock is behind it. */
function askingOf({ limit = 100 }: { readonly limit?: number }, { state, now }: Context) {
  return { at: Math.max(state.at, now()), limit }
}
