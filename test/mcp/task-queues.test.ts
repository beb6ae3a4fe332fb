import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'

describe('queues', () => {
  it('that nobody can serve are made with a warning that says why', async () => {
    const { call } = await agent()
    const { content } = await call('manage_task_queues', {
      action: 'create',
      friendlyName: 'Français',
      targetWorkers: "languages HAS 'fr'"
    })
    expect(content).toMatchObject({ taskQueues: [{ eligibleWorkers: 0 }] })
    expect(content.warnings).toContain(
      "0 of 2 workers match. languages is a string on 2 workers; HAS needs a list: use languages == 'fr' or make it ['fr']"
    )
  })

  it('explain a hyphen', async () => {
    const { call } = await agent()
    const hyphenated = { action: 'create', friendlyName: 'A', targetWorkers: 'skill-level > 3' }
    expect((await call('manage_task_queues', hyphenated)).error).toMatchObject({
      code: 20001,
      next: expect.stringContaining('rename it to skill_level')
    })
  })

  it('say what still holds one that cannot be deleted', async () => {
    const { center, call } = await agent()
    await center.task({ language: 'fr' })
    expect((await call('manage_task_queues', { action: 'delete', taskQueueSid: 'Support' })).error.next).toBe(
      'workflows Default name it: change them with manage_workflows; 1 task is in it: manage_tasks list taskQueueSid shows them'
    )
  })
})
