import { describe, expect, it } from 'vitest'
import { snapshot } from '../../../../test/support/snapshot.ts'
import type { CommandOf } from '../commands.ts'
import { World } from '../testing/world.ts'

describe('the Flex instance', () => {
  it('is made once, with a workspace of its own where none is named', () => {
    const world = new World()
    const { flex_configuration } = world.do({ type: 'flex.setup' })
    const workspace = world.state.get('workspace', flex_configuration.taskrouter_workspace_sid)
    expect(workspace.friendly_name).toBe('Flex Task Assignment')
    expect(flex_configuration.flex_instance_sid).toMatch(/^GO[0-9a-f]{32}$/)
    expect(flex_configuration.taskrouter_target_workflow_sid).toMatch(/^WW/)
    const { default_chat_service_sid } = world.do({ type: 'conversations.setup' }).conversation_configuration
    expect(flex_configuration.chat_service_instance_sid).toBe(default_chat_service_sid)
    expect(world.do({ type: 'flex.setup' }).flex_configuration).toEqual(flex_configuration)
    expect(world.state.tables.workspace.size).toBe(2)
  })

  it('takes a workspace that is called like it', () => {
    const world = new World({ workspace: { friendly_name: 'Flex Task Assignment' } })
    expect(world.do({ type: 'flex.setup' }).flex_configuration.taskrouter_workspace_sid).toBe(world.workspace_sid)
  })

  it('replaces what is written as a whole, and leaves the rest', () => {
    const world = new World()
    const { account_sid } = world.state
    const skills = (names: string[]) => names.map((name) => ({ name, multivalue: false }))
    const update = (changes: object) =>
      world.do({ type: 'flex_configuration.update', account_sid, ...changes }).flex_configuration
    update({ taskrouter_skills: skills(['et', 'fi']), attributes: { a: 1, b: 2 }, ui_language: 'et' })
    expect(update({ taskrouter_skills: skills(['sv']), attributes: { c: 3 }, unheard_of: 1 })).toMatchObject({
      taskrouter_skills: [{ name: 'sv' }],
      attributes: { c: 3 },
      ui_language: 'et'
    })
    expect(world.state.tables.flex_configuration.all()[0]).not.toHaveProperty('unheard_of')
  })

  it.each<readonly [string, object]>([
    [
      '400/45004 Configuration properties are read-only: [flex_service_instance_sid]',
      { flex_service_instance_sid: `IS${'0'.repeat(32)}` }
    ],
    ['400/45004', { status: 'ok' }],
    ['400/20001', { account_sid: undefined, ui_language: 'et' }],
    ['400/20001', { account_sid: `AC${'1'.repeat(32)}` }],
    ['400/20001', { attributes: [] }],
    ['400/20001', { taskrouter_skills: {} }],
    ['400/20001', { crm_enabled: 'yes' }],
    ['400/20001', { taskrouter_target_workflow_sid: `WW${'0'.repeat(32)}` }]
  ])('refuses with %s: %j', (refused, changes) => {
    const world = new World()
    world.do({ type: 'flex.setup' })
    const before = snapshot(world.state)
    const command = { type: 'flex_configuration.update', account_sid: world.state.account_sid, ...changes } as const
    expect(world.refusal(() => world.do(command))).toContain(refused)
    expect(snapshot(world.state)).toEqual(before)
  })
})

describe('Flex Flows', () => {
  function start() {
    const world = new World()
    world.addQueue('Everyone')
    const { sid } = world.addWorkflow('Anyone', { filters: [], default_filter: { queue: 'Everyone' } })
    const { chat_service_instance_sid } = world.do({ type: 'flex.setup' }).flex_configuration
    const flow = { friendly_name: 'SMS', chat_service_sid: chat_service_instance_sid, channel_type: 'sms' }
    return { world, flow, task: { integration_workspace_sid: world.workspace_sid, integration_workflow_sid: sid } }
  }

  it('hold what their integration has, and defaults', () => {
    const { world, flow, task } = start()
    const studio = { integration_type: 'studio', integration_flow_sid: `FW${'0'.repeat(32)}` }
    const { flex_flow } = world.do({
      type: 'flex_flow.create',
      ...flow,
      ...studio,
      ...task,
      contact_identity: '+3726000'
    })
    expect(flex_flow).toMatchObject({ enabled: true, long_lived: false, janitor_enabled: false })
    expect(flex_flow.integration).toEqual({ flow_sid: studio.integration_flow_sid, retry_count: 3 })
    const update = (params: object) => world.do({ type: 'flex_flow.update', sid: flex_flow.sid, ...params }).flex_flow
    expect(update({ integration_retry_count: 0 }).integration).toEqual({
      flow_sid: studio.integration_flow_sid,
      retry_count: 0
    })
    expect(update({ integration_type: 'task', ...task, enabled: false })).toMatchObject({
      enabled: false,
      friendly_name: 'SMS',
      integration: { workspace_sid: world.workspace_sid, channel: 'default', timeout: 86_400, priority: 0 }
    })
    world.do({ type: 'flex_flow.delete', sid: flex_flow.sid })
    expect(world.refusal(() => update({}))).toContain('404/20404')
  })

  it.each<readonly [string, object]>([
    ['400/20001 Integration.WorkspaceSid', { integration_type: 'task' }],
    ['400/20001 Integration.FlowSid', { integration_type: 'studio' }],
    ['400/20001 Integration.Url', { integration_type: 'external' }],
    ['400/20001', { integration_type: 'external', integration_url: 'ftp://x.test' }],
    ['400/20001', { integration_type: 'external', integration_url: 'https://x.test', integration_retry_count: 4 }],
    ['400/20001', { integration_type: 'fax' }],
    ['400/20001', { channel_type: 'fax' }],
    ['400/20001', { friendly_name: ' ' }],
    ['400/20001', { chat_service_sid: `IS${'0'.repeat(32)}` }],
    ['409/20409', { contact_identity: '+3726000' }]
  ])('are refused with %s: %j', (refused, params) => {
    const { world, flow } = start()
    world.do({ type: 'flex_flow.create', ...flow, contact_identity: '+3726000' })
    const before = snapshot(world.state)
    const command = { type: 'flex_flow.create', ...flow, ...params } as CommandOf<'flex_flow.create'>
    expect(world.refusal(() => world.do(command))).toContain(refused)
    expect(snapshot(world.state)).toEqual(before)
  })
})
