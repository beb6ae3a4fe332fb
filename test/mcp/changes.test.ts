import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'

/** What a plan changes: a queue, a worker with his capacity, a workflow that names a queue which comes, the desk. */
const evening = [
  {
    tool: 'manage_task_queues',
    arguments: { action: 'create', friendlyName: 'Night', targetWorkers: "languages == 'en'" }
  },
  { tool: 'manage_task_queues', arguments: { action: 'update', taskQueueSid: 'Billing', maxReservedWorkers: 3 } },
  {
    tool: 'manage_workflows',
    arguments: {
      action: 'update',
      workflowSid: 'Default',
      configuration: { task_routing: { filters: [], default_filter: { queue: 'Night' } } }
    }
  },
  {
    tool: 'manage_workers',
    arguments: {
      action: 'update',
      workerSid: 'bob',
      patchAttributes: { shift: 'night' },
      taskChannel: 'chat',
      capacity: 5
    }
  },
  { tool: 'update_flex_configuration', arguments: { set: { ui_attributes: { theme: 'dark' } } } }
]

async function floor() {
  const one = await agent()
  const { center, call } = one
  // Spelled as nobody else would: it comes back so.
  await center.workspace
    .workers(center.workers.bob)
    .update({ attributes: '{"skill" : "billing","n":1.0, "languages":"en"}' })
  const paths = [
    `TaskQueues/${center.queues.Billing}`,
    `Workflows/${center.workflow}`,
    `Workers/${center.workers.bob}`,
    `Workers/${center.workers.bob}/Channels/chat`
  ].map((path) => `/taskrouter/v1/Workspaces/${center.workspaceSid}/${path}`)
  const texts = async (): Promise<readonly string[]> => {
    const { authorization, running } = center.world
    const answers = [...paths, '/flex-api/v1/Configuration'].map(async (path) => {
      const text = await (await fetch(running.url + path, { headers: { authorization } })).text()
      return text.replace(/"date_(updated|status_changed)":\s*"[^"]*"/g, '')
    })
    return Promise.all(answers)
  }
  const plan = async (changes: readonly object[]) => call('apply_changes', { action: 'plan', changes })
  const act = (action: string, planId: string) => call('apply_changes', { action, planId })
  return { ...one, texts, plan, act }
}

describe('many changes as one', () => {
  it('tell whom they touch, are made together, and are taken back byte for byte', async () => {
    const { center, texts, plan, act } = await floor()
    const before = await texts()
    const { content } = await plan(evening)
    expect(content.steps).toMatchObject([
      { touches: '1 worker would match' },
      { now: { max_reserved_workers: 1 } },
      { touches: '0 waiting tasks' },
      { sid: center.workers.bob },
      { now: { ui_attributes: {} } }
    ])
    expect(await texts()).toEqual(before)
    const applied = await act('apply', content.planId)
    expect(applied.content, applied.text).toMatchObject({ state: 'applied' })
    const [, workflow, worker, channel] = await texts()
    expect(workflow).toContain(applied.content.steps[0].sid)
    expect(worker).toContain('shift')
    expect(channel).toContain('"configured_capacity": 5'.replace(': ', ':'))
    expect((await act('apply', content.planId)).error).toMatchObject({ code: 'bad_value', found: 'applied' })
    expect((await act('undo', content.planId)).content).toMatchObject({ state: 'undone' })
    expect(await texts()).toEqual(before)
    expect((await center.workspace.taskQueues.list()).map(({ friendlyName }) => friendlyName)).not.toContain('Night')
  })

  it('are not taken back over what somebody has changed since', async () => {
    const { center, texts, plan, act } = await floor()
    const { content } = await plan(evening)
    await act('apply', content.planId)
    await center.workspace.taskQueues(center.queues.Billing).update({ maxReservedWorkers: 7 })
    const now = await texts()
    const refused = await act('undo', content.planId)
    expect(refused.error).toMatchObject({ status: 409, argument: 'planId' })
    expect(refused.error.found).toMatchObject([
      {
        sid: center.queues.Billing,
        fields: ['max_reserved_workers'],
        now: { max_reserved_workers: '7' },
        lastChange: expect.stringMatching(
          /^ringdown\.task-queue\.updated \(EV\w+\) by the account at 2026-03-02T09:00:00/
        )
      }
    ])
    expect(refused.error.message).toContain('ringdown.task-queue.updated')
    expect(await texts()).toEqual(now)
  })

  it('are not made over what somebody has changed since they were planned', async () => {
    const { center, plan, act } = await floor()
    const { content } = await plan(evening)
    await center.workspace.workers(center.workers.bob).update({ attributes: '{"skill":"tax"}' })
    expect((await act('apply', content.planId)).error).toMatchObject({ status: 409 })
    expect((await center.workspace.taskQueues.list()).map(({ friendlyName }) => friendlyName)).not.toContain('Night')
  })

  it('are made all or not at all', async () => {
    const { texts, plan, act, center } = await floor()
    const before = await texts()
    const wrong = { action: 'update', workerSid: 'amelie', friendlyName: 'bob' }
    const { content } = await plan([...evening, { tool: 'manage_workers', arguments: wrong }])
    const refused = await act('apply', content.planId)
    expect(refused.error).toMatchObject({ argument: expect.stringContaining('changes[5]'), code: 20001 })
    expect(refused.error.message).toContain('nothing is changed')
    expect(await texts()).toEqual(before)
    expect((await center.workspace.taskQueues.list()).map(({ friendlyName }) => friendlyName)).not.toContain('Night')
  })

  it('name each change that cannot be planned', async () => {
    const { plan } = await floor()
    const refused = await plan([
      { tool: 'manage_tasks', arguments: { action: 'create' } },
      { tool: 'manage_workers', arguments: { action: 'delete', workerSid: 'bob' } },
      { tool: 'manage_task_queues', arguments: { action: 'update', taskQueueSid: 'Bling', maxReservedWorkers: 1 } }
    ])
    expect(JSON.parse(refused.text).errors).toMatchObject([
      { argument: 'changes[0]' },
      { argument: 'changes[1]' },
      { code: 'unknown_name', argument: 'changes[2].arguments.taskQueueSid' }
    ])
  })

  it('are tried on the last tasks by the router itself', async () => {
    const { center, plan, act } = await floor()
    await center.task({ language: 'fr' })
    const queue = { task_routing: { filters: [], default_filter: { queue: 'Billing' } } }
    const change = {
      tool: 'manage_workflows',
      arguments: { action: 'update', workflowSid: 'Default', configuration: queue }
    }
    const { content } = await plan([change])
    expect((await act('simulate', content.planId)).content.simulated).toMatchObject([{ total: 1, moved: 1 }])
  })
})
