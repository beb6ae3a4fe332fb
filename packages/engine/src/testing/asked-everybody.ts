import { expect } from 'vitest'
import { make } from '../../../../test/simulation/history.ts'
import type { State } from '../center.ts'
import { Refusal } from '../core/refusals.ts'
import type { Decision } from '../decide.ts'
import { candidates, inTurn, reasonAgainst, workFor } from '../matching/match.ts'
import { explainTask } from '../routing/explain.ts'
import type { TaskRow, WorkerRow } from '../routing/rows.ts'

interface Tally {
  offers: number
  looks: number
}

function everybodyFor(state: State, task: TaskRow): string[] {
  const { order_by } = state.matcher.targetOf(task)
  const optimized = state.get('task_channel', task.task_channel_sid).channel_optimized_routing
  const idle = (worker: WorkerRow) =>
    optimized
      ? (state.matcher.channelOf(worker.sid, task.task_channel_sid)?.last_reserved_seq ?? 0)
      : worker.last_reserved_seq
  const fitting = [...state.tables.worker.by('workspace_sid', task.workspace_sid)].filter(
    (worker) => reasonAgainst(state, task, worker) === undefined
  )
  const order = (a: WorkerRow, b: WorkerRow) =>
    order_by?.compare(state.matcher.worker(a.sid), state.matcher.worker(b.sid)) || idle(a) - idle(b) || a.seq - b.seq
  return fitting.sort(order).map((worker) => worker.sid)
}

function everythingFor(state: State, worker: WorkerRow): TaskRow | undefined {
  const tasks = [...state.tables.task.by('workspace_sid', worker.workspace_sid)].filter(
    (task) => task.assignment_status === 'pending' && reasonAgainst(state, task, worker) === undefined
  )
  return tasks.sort((a, b) => inTurn(state, a, b))[0]
}

/** Looks on whenever a task is about to be reserved. */
function watch(state: State, tally: Tally): { readonly expected: Map<string, string> } {
  const expected = new Map<string, string>()
  const { change } = state
  state.change = (kind, sid, changes) => {
    const task = kind === 'task' ? state.find('task', sid) : undefined
    const isOffer = (changes as Partial<TaskRow>).assignment_status === 'reserved' // a change of a task, as just seen
    if (task?.assignment_status === 'pending' && isOffer && state.tables.transfer.count('open_by_task', sid) === 0) {
      const all = everybodyFor(state, task)
      expect(candidates(state, task, 3).map((worker) => worker.sid)).toEqual(all.slice(0, 3))
      expect(explainTask(state, state.get('task', sid)).workers?.first_choice).toBe(all[0])
      expected.set(sid, all[0] as string) // it is being offered, so there is somebody
      tally.offers++
      for (const worker of state.tables.worker.all()) {
        const entry = state.matcher.entry(worker.sid)
        expect(entry && workFor(state, entry)?.sid).toBe(everythingFor(state, worker)?.sid)
        tally.looks++
      }
    }
    return change.call(state, kind, sid, changes) as never // what was asked for
  }
  return { expected }
}

function check(state: State, { events }: Decision, expected: Map<string, string>): void {
  const offered = new Set<string>()
  for (const { type, refs } of events) {
    const { task, worker } = refs
    if (type !== 'reservation.created' || !task || offered.has(task.sid)) continue
    offered.add(task.sid)
    if (expected.has(task.sid)) expect(worker?.sid).toBe(expected.get(task.sid))
  }
  expected.clear()
  for (const task of state.tables.task.all()) {
    if (task.assignment_status !== 'pending') continue
    const { workers } = explainTask(state, task)
    expect(workers?.first_choice).toBeNull()
    const ruledOut = Object.values(workers?.reasons ?? {}).reduce((sum, count) => sum + count, 0)
    expect(ruledOut).toBe(workers?.total)
  }
}

/**
 * Lives through busy days of centers, and asks everybody about everything at every moment at which somebody is offered
 * something: whatever the indexes answer is what that answers, and an explanation names whom the engine then asks. Answers
 * how often somebody was offered something, and how many workers were looked at.
 */
export function askEverybody(seeds: readonly number[]): Readonly<Tally> {
  const tally = { offers: 0, looks: 0 }
  const look = (state: State) => {
    const { expected } = watch(state, tally)
    return (outcome: Decision | Refusal) => {
      if (outcome instanceof Refusal) expected.clear()
      else check(state, outcome, expected)
    }
  }
  for (const profile of ['busy', 'churn', 'multi', 'steady'] as const)
    for (const seed of seeds) expect(make(profile, seed, 60, { watch: look }).failure).toBeUndefined()
  return tally
}
