import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

describe('a workspace', () => {
  it('begins with three activities, five channels, and nobody at work (13.1)', () => {
    const world = new World()
    const { state, workspace_sid } = world
    const workspace = state.get('workspace', workspace_sid)
    expect(
      [...state.tables.activity.by('workspace_sid', workspace_sid)].map((row) => [row.friendly_name, row.available])
    ).toEqual([
      ['Offline', false],
      ['Unavailable', false],
      ['Available', true]
    ])
    expect([...state.tables.task_channel.by('workspace_sid', workspace_sid)].map((row) => row.unique_name)).toEqual([
      'default',
      'voice',
      'chat',
      'sms',
      'video'
    ])
    expect(workspace).toMatchObject({
      default_activity_sid: world.activity('Offline').sid,
      timeout_activity_sid: world.activity('Offline').sid,
      multi_task_enabled: true,
      prioritize_queue_order: 'FIFO',
      version: 0
    })
    expect(state.tables.task_queue.size + state.tables.workflow.size).toBe(0)
  })

  it('from the template FIFO routes at once (13.2)', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    expect(world.queue('Sample Queue')).toMatchObject({
      target_workers: '1==1',
      task_order: 'FIFO',
      max_reserved_workers: 1
    })
    expect(world.workflow('Default Fifo Workflow')).toMatchObject({
      task_reservation_timeout: 120,
      assignment_callback_url: null
    })
    world.addWorker('Ada')
    world.addTask('call') // with one workflow there is no need to name it
    expect(world.where('call')).toBe('reserved Ada')
  })

  it('cannot go back to one task at a time', () => {
    const world = new World()
    const sid = world.workspace_sid
    expect(world.refusal(() => world.do({ type: 'workspace.update', sid, multi_task_enabled: false }))).toMatch(
      /^400\/20001 MultiTaskEnabled/
    )
  })

  it('is removed with everything in it, and routes nothing on the way', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    world.addWorker('Ada', { capacity: { default: 1 } })
    world.addTask('first')
    world.addTask('second')
    world.accept('Ada', 'first')
    world.do({ type: 'workspace.delete', sid: world.workspace_sid })
    for (const table of Object.values(world.state.tables)) expect(table.size).toBe(0)
    expect(world.state.timers.length).toBe(0)
    expect(world.eventTypes('second')).not.toContain('reservation.created')
    expect(world.events().at(-1)?.type).toBe('workspace.deleted')
  })

  it('sends workers whose reservations time out to another activity as soon as it says so', () => {
    const world = new World({ workspace: { template: 'FIFO' } })
    world.addWorker('Ada')
    world.addTask('call')
    const timeout_activity_sid = world.activity('Unavailable').sid
    world.do({ type: 'workspace.update', sid: world.workspace_sid, timeout_activity_sid })
    world.pass('2 min')
    expect(world.activityOf('Ada')).toBe('Unavailable')
  })
})

describe('a workspace without multitasking (5.3)', () => {
  function single(): World {
    const world = new World({ workspace: { multi_task_enabled: false } })
    const { workspace_sid } = world
    for (const friendly_name of ['Reserved', 'Busy'])
      world.do({ type: 'activity.create', workspace_sid, friendly_name })
    world.addQueue('Support', {
      max_reserved_workers: 2,
      reservation_activity_sid: world.activity('Reserved').sid,
      assignment_activity_sid: world.activity('Busy').sid
    })
    world.addWorkflow('Main', { default_filter: { queue: 'Support' } })
    return world
  }

  it('moves a worker through the activities of the queue, one task at a time whatever the channel', () => {
    const world = single()
    world.addWorker('Ada')
    world.addTask('call', { task_channel: 'voice' })
    world.addTask('chat', { task_channel: 'chat' })
    expect([world.where('call'), world.where('chat'), world.activityOf('Ada')]).toEqual([
      'reserved Ada',
      'pending',
      'Reserved'
    ])
    world.accept('Ada', 'call')
    expect(world.activityOf('Ada')).toBe('Busy')
    world.complete('Ada', 'call')
    expect([world.activityOf('Ada'), world.where('chat')]).toEqual(['Busy', 'pending']) // the application moves her back
    world.move('Ada', 'Available')
    expect(world.where('chat')).toBe('reserved Ada')
  })

  it('sends a worker who does not answer to the timeout activity', () => {
    const world = single()
    world.addWorker('Ada')
    world.addTask('call')
    world.pass('2 min')
    expect([world.activityOf('Ada'), world.where('call')]).toEqual(['Offline', 'pending'])
  })

  it('lets workers go back whose reservation was withdrawn', () => {
    const world = single()
    world.addWorker('Ada')
    world.addWorker('Bea')
    world.addTask('call')
    expect(world.who('call')).toEqual(['Ada', 'Bea'])
    world.accept('Ada', 'call')
    expect([world.activityOf('Ada'), world.activityOf('Bea')]).toEqual(['Busy', 'Available'])
    world.addTask('second')
    world.updateTask('second', { assignment_status: 'canceled' })
    expect([world.activityOf('Bea'), world.where('second')]).toEqual(['Available', 'canceled'])
  })

  it('lets everybody take more as soon as multitasking is switched on', () => {
    const world = single()
    world.addWorker('Ada')
    world.addTask('call', { task_channel: 'voice' })
    world.accept('Ada', 'call')
    world.addTask('chat', { task_channel: 'chat' })
    world.move('Ada', 'Available')
    expect(world.where('chat')).toBe('pending')
    world.do({ type: 'workspace.update', sid: world.workspace_sid, multi_task_enabled: true })
    expect(world.where('chat')).toBe('reserved Ada')
  })

  it('knows no capacity above one', () => {
    const world = single()
    world.addWorker('Ada')
    expect(world.refusal(() => world.setChannel('Ada', 'chat', { capacity: 2 }))).toMatch(/^400\/20001 Capacity/)
  })
})

describe('a callback address', () => {
  /** Every command that takes one, by the parameter's name in the API. */
  const commands: readonly (readonly [string, (world: World, url: string) => string | null])[] = [
    [
      'EventCallbackUrl',
      (world, url) =>
        world.do({ type: 'workspace.create', friendly_name: 'Other', event_callback_url: url }).workspace
          .event_callback_url
    ],
    [
      'EventCallbackUrl',
      (world, url) =>
        world.do({ type: 'workspace.update', sid: world.workspace_sid, event_callback_url: url }).workspace
          .event_callback_url
    ],
    ...(['assignment_callback_url', 'fallback_assignment_callback_url'] as const).flatMap((field) => {
      const parameter = field === 'assignment_callback_url' ? 'AssignmentCallbackUrl' : 'FallbackAssignmentCallbackUrl'
      const create = (world: World, url: string) => {
        const { configuration } = world.workflow('Default Fifo Workflow')
        const { workspace_sid } = world
        const made = { workspace_sid, friendly_name: 'Other', configuration, [field]: url }
        return world.do({ type: 'workflow.create', ...made }).workflow[field]
      }
      const update = (world: World, url: string) => {
        const { workspace_sid, sid } = world.workflow('Default Fifo Workflow')
        return world.do({ type: 'workflow.update', workspace_sid, sid, [field]: url }).workflow[field]
      }
      return [[parameter, create] as const, [parameter, update] as const]
    })
  ]

  it.each([
    'example.com',
    'ftp://example.com/x',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http:/example.com',
    'http://',
    'https:///x',
    'https://?x',
    ' https://example.com',
    'https://example.com/a b',
    'https://exa mple.com',
    'https://example.com\n'
  ])('is not %j: the parameter is named', (url) => {
    for (const [parameter, command] of commands) {
      const world = new World({ workspace: { template: 'FIFO' } })
      expect(world.refusal(() => command(world, url))).toBe(
        `400/20001 Value '${url}' provided for ${parameter} must be a URL that begins with http:// or https://`
      )
    }
  })

  it.each([
    'http://example.com',
    'HTTPS://user:secret@example.com:8443/events?to=a%20b#here',
    'http://localhost:3000/',
    'http://[::1]:3000/x',
    'https://münchen.example?x'
  ])('is %s, and cleared by an empty one', (url) => {
    for (const [, command] of commands) {
      expect(command(new World({ workspace: { template: 'FIFO' } }), url)).toBe(url)
      expect(command(new World({ workspace: { template: 'FIFO' } }), '')).toBeNull()
    }
  })
})
