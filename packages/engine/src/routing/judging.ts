import type { State } from '../state/state.ts'
import { compile, type Expression } from './expression/compile.ts'
import type { TaskQueueRow, WorkerRow } from './rows.ts'
import { warnOfJudged } from './warnings.ts'

/*
 * An expression may have 100,000 characters and be asked of 15,000 workers. Where that takes longer than others should
 * wait, the workers are asked in pieces, in order of creation, and the expression comes into force with the last one. Only
 * one queue is at it at a time, so that any number of them hold up nobody for longer than a piece.
 */

/** Milliseconds between two pieces; others have their turn, and most of the time. */
const pauseMs = 20

/** Whether an expression takes too many comparisons for one decision to bring it into force. Not when another queue has it in force. */
export function needsJudging(state: State, workspace_sid: string, target_workers: string): boolean {
  const most = state.settings.comparisons_at_once
  const workers = state.tables.worker.count('workspace_sid', workspace_sid)
  const expression = compile(target_workers, 'worker')
  if (expression.constant !== undefined) return false
  if (expression.scans === 0 && expression.steps * workers <= most) return false
  if (state.pools.isInForce(workspace_sid, target_workers)) return false
  let left = most
  for (const worker of state.tables.worker.by('workspace_sid', workspace_sid)) {
    left -= comparisons(expression, worker)
    if (left < 0) return true
  }
  return false
}

/** The queue's expression, a new one, is to be asked of the workers in pieces; meanwhile the former one is in force. */
export function beginJudging(state: State, { sid, workspace_sid }: TaskQueueRow, former: string): void {
  const under_way = state.tables.judging.firstBy('task_queue_sid', sid)
  if (under_way) {
    state.change('judging', under_way.sid, { judged_to: 0 })
    return
  }
  const judge_at = state.tables.judging.size === 0 ? state.at : null
  state.insert('judging', { workspace_sid, task_queue_sid: sid, former, judged_to: 0, judge_at })
}

/** Whatever expression the queue has is in force, or the queue is gone. */
export function endJudging(state: State, task_queue_sid: string): void {
  const judging = state.tables.judging.firstBy('task_queue_sid', task_queue_sid)
  if (!judging) return
  state.remove('judging', judging.sid)
  const next = state.tables.judging.firstBy('turn', 'all')
  if (next && next.judge_at === null) state.change('judging', next.sid, { judge_at: state.at + pauseMs })
}

/** One piece; with the last one the expression is in force, and what waits in the queue is offered by it. */
export function judgingDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const { workspace_sid, task_queue_sid, judged_to } = state.get('judging', sid)
  const task_queue = state.get('task_queue', task_queue_sid)
  const { target_workers } = task_queue
  const expression = state.pools.coming(task_queue_sid)
  // Another queue may have brought it into force meanwhile.
  const isKnown = state.pools.isInForce(workspace_sid, target_workers)
  let left = state.settings.comparisons_at_once
  let last = judged_to
  if (!isKnown) {
    for (const worker of state.tables.worker.pageBy('workspace_sid', workspace_sid, judged_to, false)) {
      if (left <= 0) {
        state.pools.judgeComing(task_queue_sid, last)
        state.change('judging', sid, { judged_to: last, judge_at: state.at + pauseMs })
        return {}
      }
      left -= comparisons(expression, worker)
      last = worker.seq
    }
  }
  if (!isKnown) state.pools.judgeComing(task_queue_sid, undefined)
  endJudging(state, task_queue_sid)
  warnOfJudged(state, task_queue)
  return {}
}

/** How much it takes to ask the expression of a worker, in comparisons of short values. */
function comparisons({ steps, scans }: Expression, { attributes }: WorkerRow): number {
  return steps + (scans * attributes.length) / charactersAStep
}

/** Characters that CONTAINS looks through in the time of another comparison. */
const charactersAStep = 100
