import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'

describe('what a write makes and hardly anybody means', () => {
  it('is told to any caller who asks: a channel that no expression can name', async () => {
    const { center } = await agent()
    const path = `/taskrouter/v1/Workspaces/${center.workspaceSid}/TaskChannels`
    const create = (UniqueName: string, headers = {}) =>
      center.world.call(path, { UniqueName, FriendlyName: UniqueName }, { headers })
    const { headers } = await create('live-châ€t', { 'ringdown-warnings': 'ask' })
    expect(JSON.parse(headers.get('ringdown-warnings') ?? '')).toEqual([
      {
        warning: 'channel_not_in_expressions',
        message: "No expression can name the channel 'live-châ€t': there, a name is letters, digits and _"
      }
    ])
    expect((await create('live', { 'ringdown-warnings': 'ask' })).headers.has('ringdown-warnings')).toBe(false)
    expect((await create('live-2')).headers.has('ringdown-warnings')).toBe(false)
  })

  it('is told with the result: a name in a workflow that means nothing where it stands', async () => {
    const { call } = await agent()
    const targets = [{ queue: 'Support', expression: 'language == worker.languages' }]
    const filters = [{ filter_friendly_name: 'é', expression: "language == 'fr'", targets }]
    const configuration = { task_routing: { filters, default_filter: { queue: 'Billing' } } }
    const { content } = await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })
    expect(content.warnings).toEqual([
      'task_routing.filters[0].targets[0].expression names language, which means nothing there and is always null: it expects task.<attribute> or worker.<attribute>'
    ])
  })

  it('is said once where the tool says it in its own words', async () => {
    const { call } = await agent()
    const queue = { action: 'create', friendlyName: 'Français', targetWorkers: "languages HAS 'fr'" }
    expect((await call('manage_task_queues', queue)).content.warnings).toEqual([
      "0 of 2 workers match. languages is a string on 2 workers; HAS needs a list: use languages == 'fr' or make it ['fr']"
    ])
  })

  it('is not told of what another call made', async () => {
    const { call } = await agent()
    const lost = { action: 'create', friendlyName: 'lost', targetWorkers: "skill == 'none'" }
    const [first, second] = await Promise.all([
      call('manage_task_queues', lost),
      call('manage_activities', { action: 'create', friendlyName: 'Lunch' })
    ])
    expect(first.content.warnings).toHaveLength(1)
    expect(second.content.warnings).toBeUndefined()
  })

  it('is a handful, and the rest is where it can be asked for', async () => {
    const { call } = await agent()
    const names = Array.from({ length: 12 }, (_, n) => `worker.none_${n} == 1`)
    const filters = [{ expression: '1==1', targets: [{ queue: 'Support', expression: names.join(' OR ') }] }]
    const configuration = { task_routing: { filters, default_filter: { queue: 'Billing' } } }
    const { content } = await call('manage_workflows', { action: 'create', friendlyName: 'A', configuration })
    expect(content.warnings).toHaveLength(5)
    expect(content.warnings[4]).toMatch(/^\d+ more warnings are events of the type ringdown\.warning$/)
  })

  it('costs nothing on a Twilio account, which is not asked', async () => {
    const { wire, call } = await agent({ kind: 'twilio' })
    await call('manage_activities', { action: 'create', friendlyName: 'Lunch' })
    const [write] = wire.writes()
    expect(Object.keys(write?.headers ?? {}).filter((name) => name.toLowerCase().startsWith('ringdown'))).toEqual([])
    expect(wire.sent.filter(({ path }) => path.startsWith('ringdown'))).toEqual([])
  })
})
