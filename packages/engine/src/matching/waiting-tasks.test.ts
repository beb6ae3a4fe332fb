import { describe, expect, it } from 'vitest'
import { workerView } from '../testing/views.ts'
import { World } from '../testing/world.ts'
import type { TaskEntry } from './entry.ts'
import { compile } from './expression/compile.ts'
import { TargetCondition } from './target-condition.ts'

/** A target index with a condition, in a workspace where nothing else waits; the rows of its tasks are another center's. */
function fixture(source?: string) {
  const { state, workspace_sid } = new World()
  const workspaceIndex = state.matcher.workspaceIndex(workspace_sid)
  const channelIndex = workspaceIndex.channelIndex('TCchat')
  const onChannel = workspaceIndex.acquire('1 == 1').onChannel(channelIndex)
  const condition = new TargetCondition(source === undefined ? undefined : compile(source, 'target'), undefined)
  const { waiting } = onChannel.targetIndex(condition)
  const story = new World()
  story.addQueue('All')
  story.addWorkflow('Main', { default_filter: { queue: 'All' } })
  const add = (name: string, attributes: object, { isLifo = false, isException = false, priority = 0 } = {}) => {
    story.pass('1 s')
    const row = story.addTask(name, { attributes, priority })
    const task: TaskEntry = { row, filed: row, view: undefined, bucket: undefined, worker: undefined, isStale: false }
    waiting.add(task, { attributes }, isLifo, isException)
    return task
  }
  const buckets = () => [...waiting.buckets.values()].map(({ tasks }) => tasks.toArray().map(({ filed }) => filed.sid))
  return { waiting, add, buckets, channelIndex, workspaceIndex, onChannel }
}

describe('waiting tasks', () => {
  it('share a bucket when a worker fits all of them or none, in their order', () => {
    const { add, buckets } = fixture('task.language == worker.language')
    const first = add('first', { language: 'de', about: 'tax' })
    const other = add('other', { language: 'fr' })
    const urgent = add('urgent', { language: 'de', about: 'law' }, { priority: 5 })
    expect(buckets()).toEqual([[urgent.filed.sid, first.filed.sid], [other.filed.sid]])
    expect(first.bucket).toBe(urgent.bucket)
  })

  it('of a LIFO queue are in buckets of their own, the newest first', () => {
    const { add, buckets } = fixture()
    const [one, two, three] = [add('1', {}), add('2', {}, { isLifo: true }), add('3', {}, { isLifo: true })]
    expect(buckets()).toEqual([[one.filed.sid], [three.filed.sid, two.filed.sid]])
  })

  it('that bar workers by themselves share no bucket', () => {
    const { add, buckets } = fixture()
    const tasks = ['1', '2', '3'].map((name) => add(name, {}, { isException: name !== '1' }))
    expect(buckets()).toEqual(tasks.map(({ filed }) => [filed.sid]))
    expect(tasks.map(({ bucket }) => bucket?.isException)).toEqual([false, true, true])
  })

  it('are in no bucket when no worker at all can fit them, and count for nothing', () => {
    const { add, buckets, channelIndex } = fixture('worker.skills HAS task.skill')
    expect(add('nobody', {}).bucket).toBeUndefined()
    expect([buckets(), channelIndex.waiting]).toEqual([[], 0])
  })

  it('are found by workers who share a key, and by no others', () => {
    const { waiting, add } = fixture('worker.skills HAS task.skill')
    const tax = add('tax', { skill: 'tax' })
    const law = add('law', { skill: 'law' })
    const found = (skills: string[]) => {
      const buckets = new Set<unknown>()
      waiting.visitFor(workerView({ skills }), (bucket) => buckets.add(bucket))
      return buckets
    }
    expect(found(['tax'])).toEqual(new Set([tax.bucket]))
    expect(found(['law', 'tax', 'art'])).toEqual(new Set([law.bucket, tax.bucket]))
    expect(found(['art'])).toEqual(new Set())
  })

  it('are counted by channel and workspace, and mark their place until the last one has left', () => {
    const { waiting, add, channelIndex, workspaceIndex, onChannel } = fixture()
    const counts = () => [channelIndex.waiting, workspaceIndex.waiting, onChannel.waiting.size, waiting.buckets.size]
    const [one, two] = [add('1', {}), add('2', {})]
    expect(counts()).toEqual([2, 2, 1, 1])
    waiting.remove(one, one.bucket ?? nowhere())
    expect(counts()).toEqual([1, 1, 1, 1])
    waiting.remove(two, two.bucket ?? nowhere())
    expect(counts()).toEqual([0, 0, 0, 0])
    expect([one.bucket, two.bucket]).toEqual([undefined, undefined])
  })

  it('cannot be taken out of a bucket twice', () => {
    const { waiting, add } = fixture()
    const task = add('1', {})
    const bucket = task.bucket ?? nowhere()
    add('2', {})
    waiting.remove(task, bucket)
    expect(() => waiting.remove(task, bucket)).toThrow('invariant')
  })
})

function nowhere(): never {
  throw new Error('the task is in no bucket')
}
