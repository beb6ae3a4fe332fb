import type { State } from '../center.ts'
import type { Row } from '../core/row.ts'
import { compile, type Expression } from '../matching/expression/compile.ts'
import type { ActivityRow, JudgingRow, TaskQueueRow, WorkerRow } from './rows.ts'
import { warnOfMembers } from './warnings.ts'

/*
 * An expression may have 100,000 characters and be evaluated for 15,000 workers. Where that takes longer than others should
 * wait, it is evaluated in pieces, worker by worker in order of creation; it is upcoming until the last piece brings it into
 * force. A new name of an activity reaches expressions in the same way. One queue or activity has its turn at a time, so that
 * any number of them hold up nobody for longer than a piece.
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
  if (state.matcher.isInForce(workspace_sid, target_workers)) return false
  let left = most
  for (const worker of state.tables.worker.by('workspace_sid', workspace_sid)) {
    left -= comparisons(expression, worker)
    if (left < 0) return true
  }
  return false
}

/** Whether an activity's new name takes too many comparisons: expressions that may read it, for all workers who are in it. */
export function needsRenaming(state: State, { sid, workspace_sid }: ActivityRow): boolean {
  const { judging, worker: workers } = state.tables
  if (judging.count('activity_sid', sid) > 0) return true
  const readers = state.matcher.readersOfNames(workspace_sid)
  if (readers.length === 0) return false
  let left = state.settings.comparisons_at_once
  for (const worker of workers.by('activity_sid', sid)) {
    left -= comparisonsOf(readers, worker)
    if (left < 0) return true
  }
  return false
}

/** The queue gets another expression, which is evaluated in pieces; meanwhile the former one is in force. */
export function beginJudging(state: State, { sid, workspace_sid }: TaskQueueRow, former: string): void {
  const under_way = state.tables.judging.firstBy('task_queue_sid', sid)
  if (under_way) state.change('judging', under_way.sid, { judged_to: 0 })
  else begin(state, { workspace_sid, task_queue_sid: sid, activity_sid: null, former })
}

/** The activity gets another name, which expressions see worker by worker, in pieces. */
export function beginRenaming(state: State, { sid, workspace_sid, friendly_name }: ActivityRow): void {
  begin(state, { workspace_sid, task_queue_sid: null, activity_sid: sid, former: friendly_name })
}

function begin(state: State, columns: Omit<JudgingRow, keyof Row | 'judged_to' | 'judge_at'>): void {
  // To check and compile it was a piece of its own.
  const judge_at = state.tables.judging.size === 0 ? state.at + pauseMs : null
  state.insert('judging', { ...columns, judged_to: 0, judge_at })
}

/** Nothing of the queue, activity or workspace is evaluated in pieces any more: it is not needed, or they are gone. */
export function endJudgingOf(state: State, of: 'task_queue_sid' | 'activity_sid' | 'workspace_sid', sid: string): void {
  for (const judging of state.tables.judging.list(of, sid)) end(state, judging)
}

function end(state: State, { sid }: JudgingRow): void {
  state.remove('judging', sid)
  const next = state.tables.judging.firstBy('turn', 'all')
  if (next && next.judge_at === null) state.change('judging', next.sid, { judge_at: state.at + pauseMs })
}

/** One piece. With a queue's last one its expression is in force, and what waits there is offered by it. */
export function judgingDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const judging = state.tables.judging.need(sid)
  const { task_queue_sid, judged_to } = judging
  const last = task_queue_sid === null ? lastToRename(state, judging) : lastToJudge(state, judging, task_queue_sid)
  if (task_queue_sid !== null && (last === undefined || last > judged_to))
    state.matcher.evaluateUpcoming(task_queue_sid, last)
  if (last !== undefined) {
    state.change('judging', sid, { judged_to: last, judge_at: state.at + pauseMs })
    return {}
  }
  end(state, judging)
  if (task_queue_sid !== null) warnOfMembers(state, state.tables.task_queue.need(task_queue_sid))
  return {}
}

/** Seq of the last worker of the next piece; undefined when no worker is left after it. */
function lastToJudge(state: State, { workspace_sid, judged_to }: JudgingRow, queue_sid: string): number | undefined {
  const upcoming = state.matcher.upcomingExpression(queue_sid)
  // Another queue may have brought it into force meanwhile.
  if (state.matcher.isInForce(workspace_sid, upcoming.source)) return undefined
  const workers = state.tables.worker.pageBy('workspace_sid', workspace_sid, judged_to, false)
  return lastOfPiece(state, [upcoming], workers)
}

function lastToRename(state: State, { workspace_sid, activity_sid, judged_to }: JudgingRow): number | undefined {
  const readers = state.matcher.readersOfNames(workspace_sid)
  const workers = state.tables.worker.pageBy('activity_sid', activity_sid as string, judged_to, false) // it is of an activity
  return lastOfPiece(state, readers, workers)
}

function lastOfPiece(
  state: State,
  expressions: readonly Expression[],
  workers: Iterable<WorkerRow>
): number | undefined {
  let left = state.settings.comparisons_at_once
  let last: number | undefined
  for (const worker of workers) {
    if (left <= 0) return last
    left -= comparisonsOf(expressions, worker)
    last = worker.seq
  }
  return undefined
}

function comparisonsOf(expressions: readonly Expression[], worker: WorkerRow): number {
  let sum = 1
  for (const expression of expressions) sum += comparisons(expression, worker)
  return sum
}

/** What evaluating the expression for a worker costs, in comparisons of short values. */
function comparisons({ steps, scans }: Expression, { attributes }: WorkerRow): number {
  return steps + (scans * attributes.length) / charactersAStep
}

/** Characters that CONTAINS looks through in the time of another comparison. */
const charactersAStep = 100
