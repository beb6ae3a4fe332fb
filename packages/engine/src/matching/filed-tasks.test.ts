import { describe, expect, it } from 'vitest'
import type { TaskRow } from '../routing/rows.ts'
import { World } from '../testing/world.ts'
import { WorkerEntry } from './entry.ts'
import { FiledTasks } from './filed-tasks.ts'
import { TargetCondition } from './target-condition.ts'

/** Filed tasks of a story's own, at one target index in a workspace where nothing else waits. */
function fixture() {
  const { state, workspace_sid } = new World()
  const workspaceIndex = state.matcher.workspaceIndex(workspace_sid)
  const onChannel = workspaceIndex.acquire('1 == 1').onChannel(workspaceIndex.channelIndex('TCchat'))
  const targetIndex = onChannel.targetIndex(new TargetCondition(undefined, undefined))
  const world = new World()
  world.addQueue('All')
  world.addWorkflow('Main', { default_filter: { queue: 'All' } })
  const ada = new WorkerEntry('WKada', workspaceIndex)
  const tasks = new FiledTasks(
    world.state,
    () => ada,
    (task) => (task.task_queue_sid === null ? undefined : targetIndex)
  )
  const waiting = () =>
    [...targetIndex.waiting.buckets.values()].map((bucket) => bucket.tasks.toArray().map(({ filed }) => filed.priority))
  return { world, tasks, ada, waiting, targetIndex }
}

describe('a task', () => {
  it('is filed by its row as of the last look, however often it changed before', () => {
    const { world, tasks, waiting } = fixture()
    const row = world.addTask('task', { priority: 1 })
    tasks.changed(row.sid, row)
    tasks.changed(row.sid, { ...row, priority: 2 })
    tasks.changed(row.sid, { ...row, priority: 3 })
    expect(waiting()).toEqual([])
    tasks.file()
    expect(waiting()).toEqual([[3]])
    tasks.changed(row.sid, { ...row, priority: 4 })
    expect(waiting()).toEqual([[3]])
    tasks.file()
    expect(waiting()).toEqual([[4]])
  })

  it.each<[string, (row: TaskRow) => TaskRow | undefined]>([
    ['is reserved', (row) => ({ ...row, assignment_status: 'reserved' })],
    ['is canceled', (row) => ({ ...row, assignment_status: 'canceled' })],
    ['is deleted', () => undefined],
    ['is in no queue', (row) => ({ ...row, task_queue_sid: null })]
  ])('is filed nowhere when it %s', (_, change) => {
    const { world, tasks, waiting } = fixture()
    const row = world.addTask('task')
    tasks.changed(row.sid, row)
    tasks.file()
    expect(waiting()).toHaveLength(1)
    tasks.changed(row.sid, change(row))
    tasks.file()
    expect(waiting()).toEqual([])
    tasks.changed(row.sid, row)
    tasks.file()
    expect(waiting()).toHaveLength(1)
  })

  it('for one worker alone waits with that worker, in order of priority', () => {
    const { world, tasks, ada, waiting } = fixture()
    const rows = [1, 5].map((priority) => ({
      ...world.addTask(`p${priority}`, { priority }),
      routing_target: 'WKada'
    }))
    for (const row of rows) tasks.changed(row.sid, row)
    tasks.file()
    expect([ada.direct?.toArray().map(({ filed }) => filed.priority), waiting()]).toEqual([[5, 1], []])
    for (const row of rows) tasks.changed(row.sid, { ...row, routing_target: null })
    tasks.file()
    expect([ada.direct, waiting()]).toEqual([undefined, [[5, 1]]])
  })

  it('is filed again when its queue changes', () => {
    const { world, tasks, targetIndex } = fixture()
    const row = world.addTask('task')
    tasks.changed(row.sid, row)
    tasks.file()
    const isLifo = () => [...targetIndex.waiting.buckets.values()].map((bucket) => bucket.isLifo)
    const sid = world.queue('All').sid
    world.do({ type: 'task_queue.update', workspace_sid: world.workspace_sid, sid, task_order: 'LIFO' })
    tasks.queueChanged(sid)
    expect(isLifo()).toEqual([false])
    tasks.file()
    expect(isLifo()).toEqual([true])
  })

  it('that has just been rejected has a bucket of its own', () => {
    const { world, tasks, targetIndex } = fixture()
    const row = world.addTask('task')
    tasks.changed(row.sid, { ...row, retry_at: world.at + 1, rejected_by: ['WKada'] })
    tasks.file()
    expect([...targetIndex.waiting.buckets.values()].map((bucket) => bucket.isException)).toEqual([true])
  })

  it('is seen by expressions with its attributes as they are, parsed once', () => {
    const { world, tasks } = fixture()
    const row = world.addTask('task', { attributes: { a: 1 } })
    tasks.changed(row.sid, row)
    expect(tasks.view(row)).toMatchObject({ attributes: { a: 1 } })
    expect(tasks.view(row)).toBe(tasks.view(row))
    expect(tasks.view({ ...row, attributes: '{"a":2}' })).toMatchObject({ attributes: { a: 2 } })
  })
})
