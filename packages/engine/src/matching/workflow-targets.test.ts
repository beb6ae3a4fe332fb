import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { compile } from './expression/compile.ts'
import { defaultFilter, noFilter } from './row-values.ts'
import { WorkflowTargets } from './workflow-targets.ts'

function center() {
  const world = new World()
  world.addQueue('Experts')
  world.addQueue('All')
  world.addWorkflow('Main', {
    filters: [
      {
        expression: 'vip == true',
        targets: [
          { queue: 'Experts', expression: 'worker.level > 1' },
          { queue: 'All', order_by: 'worker.level DESC' }
        ]
      }
    ],
    default_filter: { queue: 'All', expression: 'worker.a == task.a' }
  })
  return {
    world,
    targets: new WorkflowTargets(world.state),
    task: world.addTask('task', { attributes: { vip: true } })
  }
}

describe('the target of a task', () => {
  it('is that of the filter and the step at which it is', () => {
    const { targets, task } = center()
    expect(targets.targetOf(task).expression?.source).toBe('worker.level > 1')
    expect(targets.targetOf({ ...task, target_index: 1 }).order_by?.source).toBe('worker.level DESC')
    expect(targets.targetOf({ ...task, filter_index: defaultFilter }).expression?.source).toBe('worker.a == task.a')
  })

  it('asks for nothing when no filter has the task', () => {
    const { targets, task } = center()
    expect(targets.targetOf({ ...task, filter_index: noFilter })).toEqual({})
    expect(targets.targetOf({ ...task, workflow_document_sid: null })).toEqual({})
  })
})

describe('a document', () => {
  it('is parsed once, until its row is gone', () => {
    const { world, targets, task } = center()
    const sid = task.workflow_document_sid ?? ''
    const document = targets.document(sid)
    expect(targets.document(sid)).toBe(document)
    world.state.remove('workflow_document', sid)
    expect(targets.document(sid)).toBe(document)
    targets.forget(sid)
    expect(() => targets.document(sid)).toThrow(sid)
  })
})

describe('a condition', () => {
  it('is one for targets with the same texts, whatever their order', () => {
    const { targets } = center()
    const target = () => ({ expression: compile('worker.level > 1', 'target') })
    const one = targets.conditionOf(target())
    expect(targets.conditionOf(target())).toBe(one)
    expect(targets.conditionOf({})).not.toBe(one)
    expect(one.expression?.source).toBe('worker.level > 1')
  })

  it('stays that of its target when so many were made that the others are forgotten', () => {
    const { targets } = center()
    const target = { expression: compile('worker.level > 1', 'target') }
    const one = targets.conditionOf(target)
    const base = compile('worker.level > 2', 'target')
    for (let i = 0; i < 10_002; i++) targets.conditionOf({ expression: { ...base, source: `worker.level > ${i} + 2` } })
    expect(targets.conditionOf(target)).toBe(one)
    expect(targets.conditionOf({ expression: compile('worker.level > 1', 'target') })).not.toBe(one)
  })
})
