import { describe, expect, it } from 'vitest'
import { make } from '../../../../test/simulation/history.ts'
import type { State } from '../center.ts'
import { isTerminal } from '../routing/rows.ts'
import { World } from '../testing/world.ts'
import { enteredAt, realTimeOf } from './realtime.ts'

/** The same, counted from the rows that were not put away. */
function counted(state: State, place_sid: string, task_channel_sid?: string) {
  const here = state.tables.task
    .all()
    .filter(({ workspace_sid, task_queue_sid, workflow_sid }) =>
      [workspace_sid, task_queue_sid, workflow_sid].includes(place_sid)
    )
    .filter(({ forget_at }) => forget_at === null)
    .filter((task) => task_channel_sid === undefined || task.task_channel_sid === task_channel_sid)
  const tasks_by_status = { pending: 0, reserved: 0, assigned: 0, wrapping: 0, canceled: 0, completed: 0 }
  const tasks_by_priority: Record<string, number> = {}
  for (const task of here) {
    tasks_by_status[task.assignment_status]++
    if (!isTerminal(task)) tasks_by_priority[task.priority] = (tasks_by_priority[task.priority] ?? 0) + 1
  }
  const pending = here.filter(({ assignment_status }) => assignment_status === 'pending')
  const [longest] = pending.toSorted((a, b) => a.date_created - b.date_created || a.seq - b.seq)
  const inQueue = pending.filter(({ task_queue_sid }) => task_queue_sid === place_sid)
  const [longest_in_queue] = inQueue.toSorted((a, b) => enteredAt(a) - enteredAt(b) || a.seq - b.seq)
  const total_tasks = here.filter((task) => !isTerminal(task)).length
  return {
    total_tasks,
    tasks_by_status,
    tasks_by_priority,
    longest: longest?.sid,
    longest_in_queue: longest_in_queue?.sid
  }
}

function kept(state: State, place_sid: string, task_channel_sid?: string) {
  const figures = realTimeOf(state).tasks(place_sid, task_channel_sid)
  return { ...figures, longest: figures.longest?.sid, longest_in_queue: figures.longest_in_queue?.sid }
}

function countedWorkforce(state: State, queue_sid: string) {
  const workers = [...state.matcher.members(queue_sid)].map((sid) => state.get('worker', sid))
  const by_activity: Record<string, number> = {}
  for (const { activity_sid } of workers) by_activity[activity_sid] = (by_activity[activity_sid] ?? 0) + 1
  const available = workers.filter(({ activity_sid }) => state.get('activity', activity_sid).available).length
  return { by_activity, eligible: workers.length, available }
}

function check(state: State): void {
  const { workspace, task_queue, workflow, task_channel } = state.tables
  for (const { sid } of [...workspace.all(), ...task_queue.all(), ...workflow.all()]) {
    expect(kept(state, sid)).toEqual(counted(state, sid))
    for (const channel of task_channel.all())
      expect(kept(state, sid, channel.sid)).toEqual(counted(state, sid, channel.sid))
  }
  for (const { sid } of task_queue.all()) {
    const { by_activity, ...workforce } = realTimeOf(state).workforce(sid, undefined)
    expect({ ...workforce, by_activity: Object.fromEntries(by_activity) }).toEqual(countedWorkforce(state, sid))
  }
}

describe('real-time figures', () => {
  it.each([1, 2, 3, 4])('are what the rows say after everything that may happen, seed %i', (seed) => {
    let done = 0
    const watch = (state: State) => () => {
      if (done++ % 10 === 0) check(state)
    }
    expect(make('churn', seed, 150, { watch }).failure).toBeUndefined()
    expect(done).toBeGreaterThan(100)
  })

  it('tell who may take from a queue, and whose channel is open', () => {
    const center = new World()
    const queue = center.addQueue('Sales', { target_workers: "skill == 'sales'" })
    center.addWorker('ada', { attributes: { skill: 'sales' } })
    center.addWorker('bob', { attributes: { skill: 'sales' }, activity: 'Unavailable' })
    center.addWorker('chen')
    const chat = center.state.tables.task_channel.all().find(({ unique_name }) => unique_name === 'chat')?.sid
    const shown = () => {
      const { eligible, available } = realTimeOf(center.state).workforce(queue.sid, chat)
      return { eligible, available }
    }
    expect(shown()).toEqual({ eligible: 2, available: 1 })
    const { workspace_sid } = center
    const worker_sid = center.worker('ada').sid
    center.do({ type: 'worker_channel.update', workspace_sid, worker_sid, sid: 'chat', available: false })
    expect(shown()).toEqual({ eligible: 2, available: 0 })
  })
})
