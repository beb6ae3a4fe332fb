import { type EventType, render } from '@ringdown/engine/events'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import { type CloudEvent, cloudEventOf, streamTypesOf } from './cloud-event.ts'
import type { LoggedEvent } from './delivery.ts'

/** The last event of a type, as the log has it. */
function logged(world: World, type: EventType): LoggedEvent {
  const event = world.events(type).at(-1)
  if (!event) throw new Error(`there is no ${type}`)
  return JSON.parse(JSON.stringify(render(event))) as LoggedEvent // what is rendered is what is logged
}

/** As it is sent. */
function told(world: World, type: EventType, version?: number): CloudEvent {
  const [stream] = streamTypesOf(type)
  if (!stream) throw new Error(`${type} is told to nobody`)
  const event = cloudEventOf(logged(world, type), stream, version ?? stream.latest_version, world.state.account_sid)
  return JSON.parse(JSON.stringify(event)) as CloudEvent // undefined members are gone, as in the request
}

/** Ada is offered a task of Ann's twelve seconds after it was created. */
function floor(): World {
  const world = new World()
  world.addQueue('Support')
  world.addWorkflow('Main', { filters: [], default_filter: { queue: 'Support' } })
  world.addTask('task', { attributes: { name: 'Ann' } })
  world.pass('12 s')
  world.addWorker('Ada')
  world.accept('Ada', 'task')
  return world
}

const account_sid = `AC${'0'.repeat(32)}`

describe('the envelope', () => {
  it('names event, resource, schema and instant', () => {
    const world = floor()
    const { sid } = logged(world, 'reservation.accepted')
    const { sid: reservation_sid, task_sid, workspace_sid } = world.reservation('Ada', 'task')
    expect(told(world, 'reservation.accepted')).toMatchObject({
      specversion: '1.0',
      type: 'com.twilio.taskrouter.reservation.accepted',
      source: `/v1/Workspaces/${workspace_sid}/Tasks/${task_sid}/Reservations/${reservation_sid}`,
      id: `EZ${sid.slice(2)}`,
      dataschema: 'https://events-schemas.twilio.com/TaskRouter.WDSEvent/4',
      datacontenttype: 'application/json',
      time: '2026-01-01T00:00:12.000Z'
    })
    expect(told(world, 'reservation.accepted', 2).dataschema).toBe(
      'https://events-schemas.twilio.com/TaskRouter.WDSEvent/2'
    )
  })

  it.each<[type: EventType, source: RegExp]>([
    ['workspace.created', /^\/v1\/Workspaces\/WS\w{32}$/],
    ['task-queue.created', /^\/v1\/Workspaces\/WS\w{32}\/TaskQueues\/WQ\w{32}$/],
    ['workflow.created', /^\/v1\/Workspaces\/WS\w{32}\/Workflows\/WW\w{32}$/],
    ['worker.created', /^\/v1\/Workspaces\/WS\w{32}\/Workers\/WK\w{32}$/],
    ['task-queue.entered', /^\/v1\/Workspaces\/WS\w{32}\/Tasks\/WT\w{32}$/]
  ])('of %s has the path of what it is about', (type, source) => {
    expect(told(floor(), type).source).toMatch(source)
  })
})

describe('what an event of TaskRouter holds', () => {
  it('has one shape, with numbers as numbers and attributes as text (reference events 4.1)', () => {
    const world = floor()
    const { data } = told(world, 'reservation.accepted')
    expect(data).toMatchObject({
      sid: logged(world, 'reservation.accepted').sid,
      name: 'reservation.accepted',
      group: 'reservation',
      level: 'INFO',
      account_sid,
      timestamp: '2026-01-01T00:00:12.000Z',
      product_name: 'TaskRouter',
      publisher: 'Center',
      payload_type: 'application/json',
      payload: {
        eventtype: 'reservation.accepted',
        resource_type: 'reservation',
        resource_sid: world.reservation('Ada', 'task').sid,
        workspace_sid: world.workspace_sid,
        workspace_name: 'Center',
        task_attributes: '{"name":"Ann"}',
        task_age: 12,
        task_priority: 0,
        task_date_created: '2026-01-01T00:00:00.000Z',
        task_assignment_status: 'assigned',
        worker_name: 'Ada',
        worker_activity_name: 'Available'
      }
    })
  })

  it('of a transfer names it as the schema does', () => {
    const world = floor()
    world.addWorker('Bea')
    const { sid: reservation_sid, task_sid, worker_sid, workspace_sid } = world.reservation('Ada', 'task')
    const to = world.worker('Bea').sid
    const { transfer } = world.do({ type: 'transfer.create', workspace_sid, worker_sid, reservation_sid, task_sid, to })
    expect(told(world, 'task.transfer-initiated').data.payload).toMatchObject({
      task_transfer_sid: transfer.sid,
      transfer_mode: 'WARM',
      transfer_to: to
    })
  })

  it('of a worker tells the time spent before', () => {
    const world = floor()
    world.pass('90 s')
    world.move('Ada', 'Offline')
    expect(told(world, 'worker.activity.update').data.payload).toMatchObject({
      worker_previous_activity_name: 'Available',
      worker_time_in_previous_activity: 90,
      worker_time_in_previous_activity_ms: 90_000
    })
  })
})

describe('what an event of Conversations holds', () => {
  it('is named in PascalCase, without what is for webhooks alone (reference events 4.2)', () => {
    const world = new World()
    const { sid } = world.do({ type: 'conversation.create', friendly_name: 'Order' }).conversation
    const { message } = world.do({ type: 'message.create', conversation_sid: sid, author: 'ann', body: 'Hello' })
    const service = world.state.get('conversation', sid).chat_service_sid
    const added = told(world, 'message.added')
    expect(added).toMatchObject({
      type: 'com.twilio.conversations.message.added',
      dataschema: 'https://events-schemas.twilio.com/Conversations.MessageAdded/2',
      source: `/v1/Services/${service}/Conversations/${sid}/Messages/${message.sid}`
    })
    expect(added.data).toEqual({
      AccountSid: account_sid,
      ConversationSid: sid,
      ChatServiceSid: service,
      MessagingServiceSid: expect.stringMatching(/^MG/),
      MessageSid: message.sid,
      Index: 0,
      Author: 'ann',
      ParticipantSid: null,
      MessageBody: 'Hello',
      MessageSubject: null,
      Attributes: '{}',
      DateCreated: '2026-01-01T00:00:00.000Z'
    })
    world.pass('1 min')
    world.do({ type: 'message.delete', conversation_sid: sid, sid: message.sid })
    expect(told(world, 'message.removed').data).toMatchObject({
      MessageSid: message.sid,
      DateUpdated: '2026-01-01T00:00:00.000Z',
      DateRemoved: '2026-01-01T00:01:00.000Z'
    })
  })

  it('of a participant has its binding, of a state where it went', () => {
    const world = new World()
    const { sid } = world.do({ type: 'conversation.create' }).conversation
    const binding = { messaging_binding_address: '+37255500001', messaging_binding_proxy_address: '+3726000' }
    world.do({ type: 'participant.create', conversation_sid: sid, ...binding })
    expect(told(world, 'participant.added').data).toMatchObject({
      Identity: null,
      MessagingBinding: { Type: 'sms', Address: '+37255500001', ProxyAddress: '+3726000' }
    })
    world.do({ type: 'participant.create', conversation_sid: sid, identity: 'ann' })
    expect(told(world, 'participant.added').data).toMatchObject({ Identity: 'ann', MessagingBinding: null })
    world.do({ type: 'conversation.update', sid, state: 'inactive' })
    const updated = told(world, 'conversation.state.updated')
    expect(updated.type).toBe('com.twilio.conversations.conversation-state.updated')
    expect(updated.data).toMatchObject({
      ConversationSid: sid,
      StateFrom: 'active',
      StateTo: 'inactive',
      Reason: 'API',
      StateUpdated: '2026-01-01T00:00:00.000Z'
    })
  })
})
