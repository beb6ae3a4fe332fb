import { definition, say, split, trigger } from '@ringdown/engine/testing/flows'
import { ringdownBackend } from '@ringdown/mcp/backend'
import { expect, it, onTestFinished } from 'vitest'
import { world } from '../support/world.ts'
import { connected } from './agent.ts'

const languages = ['fr', 'de', 'en', 'es'] as const
const staff = ['ada', 'bea', 'cem', 'dov', 'eva', 'fay', 'gus', 'hal', 'ivy'].map((friendlyName, index) => ({
  friendlyName,
  languages: [languages[index % 4], languages[(index + 1) % 4]]
}))

/** From nine to five the desks are open; who comes at another time is told. */
const reception = definition([
  trigger({ incomingConversationMessage: 'hours', incomingRequest: 'hours' }),
  split(
    'hours',
    "{{ 'now' | date: '%H' }}",
    [
      ['less_than', '9', 'closed'],
      ['less_than', '17', 'open']
    ],
    'closed'
  ),
  say('open', 'Welcome'),
  say('closed', 'We are here from nine to five')
])

const loss = {
  loss: { name: 'loss', expression: { ratio: [{ metric: 'abandoned' }, { metric: 'entered' }] }, format: 'percent' }
}

it('opens a center from nothing by tools only, whose tasks all reach somebody who speaks their language', async () => {
  const here = await world()
  onTestFinished(() => here.close())
  const { account_sid: username, auth_token: password } = here.running.credentials
  const agent = await connected(ringdownBackend({ url: here.running.url, credentials: { username, password } }))
  onTestFinished(() => agent.close())
  const call = async (tool: string, args: Record<string, unknown>) => {
    const told = await agent.call(tool, args)
    expect(told.isError, told.text).toBe(false)
    return told.content
  }
  const filters = languages.map((language) => ({
    filter_friendly_name: language,
    expression: `language == '${language}'`,
    targets: [{ queue: `Desk ${language}` }]
  }))
  const create = (tool: string, values: object) => ({ tool, arguments: { action: 'create', ...values } })
  const changes = [
    ...languages.map((language) =>
      create('manage_task_queues', { friendlyName: `Desk ${language}`, targetWorkers: `languages HAS '${language}'` })
    ),
    ...staff.map(({ friendlyName, languages }) =>
      create('manage_workers', { friendlyName, activitySid: 'Available', attributes: { languages } })
    ),
    create('manage_workflows', {
      friendlyName: 'By language',
      configuration: { task_routing: { filters, default_filter: { queue: 'Desk en' } } }
    }),
    create('manage_addresses', { type: 'sms', address: '+15005550006', autoCreationEnabled: true }),
    { tool: 'update_flex_configuration', arguments: { set: { ui_language: 'fr' }, enableChannels: ['web'] } }
  ]
  const { planId } = await call('apply_changes', { action: 'plan', changes })
  await call('apply_changes', { action: 'apply', planId })
  await call('manage_studio_flows', {
    action: 'create',
    friendlyName: 'Reception',
    status: 'published',
    definition: JSON.parse(reception)
  })
  const deployment = { friendlyName: 'Web chat', channelType: 'web', contactIdentity: 'web', enabled: true }
  const led = { integrationType: 'studio', integrationFlowSid: 'Reception' }
  await call('manage_flex_flows', { action: 'create', ...deployment, ...led })
  await call('update_flex_configuration', { set: { attributes: { kpis: loss } } })
  const told = { url: 'https://acme.example/hook', types: ['taskrouter.task.*'] }
  await call('manage_event_subscriptions', { action: 'create', ...told })

  const probes = Array.from({ length: 30 }, (_, index) => languages[index % 4] ?? 'en')
  for (const language of probes) {
    const task = { action: 'create', workflowSid: 'By language', attributes: { language } }
    const { tasks } = await call('manage_tasks', task)
    const { taskSid, taskQueueFriendlyName } = tasks[0]
    expect(taskQueueFriendlyName).toBe(`Desk ${language}`)
    const [row] = (await call('manage_tasks', { action: 'get', taskSid })).tasks
    const [offer] = row.reservations ?? []
    if (offer)
      expect(staff.find(({ friendlyName }) => friendlyName === offer.workerName)?.languages).toContain(language)
    else expect((await call('explain_routing', { taskSid })).workers.listed.length).toBeGreaterThan(0)
  }
  // At nine in the morning of the test clock the flow leads to the desks.
  const { executions } = await call('manage_studio_flows', {
    action: 'trigger',
    flowSid: 'Reception',
    to: '+33612345678',
    from: '+15005550006'
  })
  const { steps } = await call('manage_studio_flows', {
    action: 'get_execution',
    flowSid: 'Reception',
    executionSid: executions[0].executionSid
  })
  expect(steps.map((step: { transitionedTo: string }) => step.transitionedTo)).toEqual(
    expect.arrayContaining(['hours', 'open'])
  )
  const { rows } = await call('query_insights', { kpi: 'loss', metrics: ['entered'], groupBy: ['task_queue'] })
  expect(rows).toHaveLength(4)
  const { content } = await agent.call('get_flex_configuration')
  expect(content).toMatchObject({ enabledChannels: ['chat', 'sms', 'web'], uiLanguage: 'fr' })
}, 60_000)
