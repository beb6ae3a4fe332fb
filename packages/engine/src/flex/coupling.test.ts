import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import type { Settings } from '../settings.ts'
import { Contact, FlexFloor } from '../testing/flex-floor.ts'

/*
 * The table of reference flex 10, a test a row: what TaskRouter and the conversation do to a channel.
 */

function withAgent(settings: Partial<Omit<Settings, 'limits'>> = {}): { floor: FlexFloor; contact: Contact } {
  const floor = new FlexFloor(settings)
  floor.agent('Bea')
  const contact = floor.contact()
  contact.accept()
  return { floor, contact }
}

function direct(floor: FlexFloor, name: string) {
  return { queue_sid: floor.queue('Everyone').sid, worker_sid: floor.worker(name).sid }
}

/** The task of a place in the channel, changed by TaskRouter's own API. */
function update(contact: Contact, place: number, assignment_status: string): void {
  const { workspace_sid } = contact.floor
  contact.floor.do({ type: 'task.update', workspace_sid, sid: contact.tasks[place]?.sid ?? '', assignment_status })
}

const told = (floor: FlexFloor, type: 'joined' | 'updated' | 'left') =>
  floor.events(`interaction.participant.${type}`).map((event) => render(event).data.participant_type)

describe('a reservation is accepted', () => {
  it('the agent is in the conversation and a participant, and onParticipantJoined is told', () => {
    const { floor, contact } = withAgent()
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
    expect(contact.members).toMatchObject([
      { type: 'customer' },
      { type: 'agent', task_sid: contact.tasks[0]?.sid, reservation_sid: contact.reservation(0).sid }
    ])
    expect(told(floor, 'joined')).toEqual(['customer', 'agent'])
  })
})

describe('a reservation is rejected, or times out', () => {
  it.each([
    ['rejected', (contact: Contact) => contact.respond(1, 'rejected')],
    ['timed out', (contact: Contact) => contact.floor.pass('3 min')]
  ])('%s: the workflow goes on with the task', (_, act) => {
    const { floor, contact } = withAgent()
    floor.agent('Cy')
    floor.move('Bea', 'Unavailable')
    contact.invite()
    act(contact)
    expect(['pending', 'reserved']).toContain(contact.statuses[1])
    floor.agent('Dan')
    contact.respond(1, 'accepted')
    expect(contact.roster).toHaveLength(3)
  })

  it.each([
    ['rejected', (contact: Contact) => contact.respond(1, 'rejected')],
    ['timed out', (contact: Contact) => contact.floor.pass('3 min')]
  ])('%s, straight to a worker: the task is canceled, and the channel stays', (_, act) => {
    const { floor, contact } = withAgent()
    floor.agent('Cy')
    contact.invite(direct(floor, 'Cy'))
    act(contact)
    expect(contact.statuses).toEqual(['assigned', 'canceled'])
    expect([contact.channel.status, contact.roster]).toEqual(['active', ['+37255500001', 'Bea']])
  })
})

describe('a reservation goes into wrap-up', () => {
  it('the last agent closes the channel and the conversation', () => {
    const { floor, contact } = withAgent()
    contact.respond(0, 'wrapping')
    expect([contact.channel.status, contact.conversation.state]).toEqual(['closed', 'closed'])
    expect(told(floor, 'updated')).toEqual(['agent'])
  })

  it.each([
    [
      'another agent is there',
      (floor: FlexFloor, contact: Contact) => [floor.agent('Cy'), contact.invite(), contact.accept(1)]
    ],
    ['one is on the way', (floor: FlexFloor, contact: Contact) => [floor.agent('Cy'), contact.invite()]],
    ['one is waited for', (floor: FlexFloor, contact: Contact) => [floor.move('Bea', 'Unavailable'), contact.invite()]]
  ])('it stays open while %s', (_, act) => {
    const { floor, contact } = withAgent()
    act(floor, contact)
    contact.respond(0, 'wrapping')
    expect([contact.channel.status, contact.conversation.state]).toEqual(['active', 'active'])
    expect(contact.members.find(({ type }) => type === 'agent')?.status).toBe('wrapup')
  })

  it('it stays open with close_on_last_wrapup off, until somebody closes it', () => {
    const { contact } = withAgent({ close_on_last_wrapup: false })
    contact.respond(0, 'wrapping')
    contact.respond(0, 'completed')
    expect([contact.channel.status, contact.roster]).toEqual(['active', ['+37255500001']])
    contact.end('closed')
    expect([contact.channel.status, contact.interaction.status]).toEqual(['closed', 'closed'])
  })
})

describe('a reservation or task is completed through TaskRouter', () => {
  it.each([
    ['reservation', (contact: Contact) => contact.respond(0, 'completed')],
    ['task', (contact: Contact) => update(contact, 0, 'completed')]
  ])('the %s: the agent leaves both, and the last one closes the channel', (_, act) => {
    const { floor, contact } = withAgent()
    act(contact)
    expect(contact.members).toMatchObject([{ type: 'customer' }])
    expect(told(floor, 'left')).toEqual(['agent'])
    expect([contact.channel.status, contact.conversation.state]).toEqual(['closed', 'closed'])
  })

  it('the reservation: it stays open while an invite is pending', () => {
    const { floor, contact } = withAgent()
    floor.move('Bea', 'Unavailable')
    contact.invite()
    contact.respond(0, 'completed')
    expect([contact.channel.status, contact.roster]).toEqual(['active', ['+37255500001']])
  })
})

describe('a task is completed because its participant is closed', () => {
  it('only that agent leaves, and the channel stays with nobody in it', () => {
    const { contact } = withAgent()
    contact.leave(0)
    expect([contact.statuses, contact.channel.status, contact.roster]).toEqual([
      ['completed'],
      'active',
      ['+37255500001']
    ])
    contact.invite()
    contact.accept(1)
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
  })
})

describe('a task is canceled or deleted, or leaves its workflow by time, while it is pending', () => {
  it.each([
    ['canceled', (contact: Contact) => update(contact, 0, 'canceled'), 'task.canceled'],
    [
      'deleted',
      ({ floor, tasks }: Contact) =>
        floor.do({ type: 'task.delete', workspace_sid: floor.workspace_sid, sid: tasks[0]?.sid ?? '' }),
      'task.deleted'
    ],
    ['out of time', (contact: Contact) => contact.floor.pass('1 d'), 'task.canceled']
  ] as const)('%s: nobody is there, and the channel stays active for integrators to close', (_, act, type) => {
    const floor = new FlexFloor()
    const contact = floor.contact()
    act(contact)
    expect(floor.events(type)).toHaveLength(1)
    expect([contact.channel.status, contact.conversation.state]).toEqual(['active', 'active'])
    contact.end('closed')
    expect([contact.channel.status, contact.interaction.status]).toEqual(['closed', 'closed'])
  })
})

describe('a conversation ends by itself', () => {
  it.each([
    [
      'closed by REST',
      ({ floor, conversation: { sid } }: Contact) => floor.do({ type: 'conversation.update', sid, state: 'closed' })
    ],
    [
      'closed by a timer',
      ({ floor, conversation: { sid } }: Contact) => {
        floor.do({ type: 'conversation.update', sid, timers_closed: 'PT10M' })
        floor.pass('11 min')
      }
    ],
    ['deleted', ({ floor, conversation: { sid } }: Contact) => floor.do({ type: 'conversation.delete', sid })]
  ])('%s: the channel closes, agents wrap up, and later requests are refused', (_, act) => {
    const { floor, contact } = withAgent()
    const { sid } = contact.conversation
    act(contact)
    expect([contact.channel.status, contact.statuses]).toEqual(['closed', ['wrapping']])
    expect(
      floor.events('interaction.channel.status.updated').map((event) => render(event).data.channel_status)
    ).toEqual(['closed'])
    expect(floor.refusal(() => contact.invite())).toMatch(/^400\/45354/)
    const again = floor.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: sid } },
      routing: { properties: floor.routing }
    })
    expect([45354, 45376]).toContain(again.interaction_channel.error_code)
  })
})

describe('parking and resuming (reference flex 8.2)', () => {
  it('by leaving: nobody is there, and an invite brings somebody back', () => {
    const { floor, contact } = withAgent()
    const saved = contact.tasks[0]?.attributes
    contact.leave(0)
    expect(contact.channel.status).toBe('active')
    contact.invite({ ...direct(floor, 'Bea'), attributes: saved })
    contact.accept(1)
    expect([contact.statuses, contact.roster]).toEqual([
      ['completed', 'assigned'],
      ['+37255500001', 'Bea']
    ])
  })

  it('by inactive: tasks are over, the conversation goes on, and an accepted invite wakes the channel', () => {
    const { contact } = withAgent()
    contact.end('inactive', { status: 'closed' })
    expect([contact.channel.status, contact.statuses, contact.conversation.state]).toEqual([
      'inactive',
      ['completed'],
      'active'
    ])
    contact.invite()
    expect(contact.channel.status).toBe('inactive')
    contact.accept(1)
    expect(contact.channel.status).toBe('active')
    contact.respond(1, 'completed')
    expect([contact.channel.status, contact.interaction.status]).toEqual(['closed', 'closed'])
  })

  it('three are there, leave one after the other, and the last one closes it', () => {
    const { floor, contact } = withAgent()
    for (const name of ['Cy', 'Dan']) {
      floor.agent(name)
      contact.invite(direct(floor, name))
      contact.accept(contact.tasks.length - 1)
    }
    expect(contact.roster).toEqual(['+37255500001', 'Bea', 'Cy', 'Dan'])
    contact.respond(1, 'completed')
    contact.leave(0)
    expect([contact.channel.status, contact.roster]).toEqual(['active', ['+37255500001', 'Dan']])
    contact.respond(2, 'completed')
    expect([contact.channel.status, contact.statuses]).toEqual(['closed', ['completed', 'completed', 'completed']])
  })
})

describe('who begins, on every channel (reference flex 4.3)', () => {
  const outside = {
    sms: { address: '+37255500009', proxy_address: '+3726001' },
    whatsapp: { address: '+37255500009', proxy_address: '+3726001' },
    messenger: { address: '12345', proxy_address: '67890' },
    gbm: { address: 'conversations/1', proxy_address: 'brands/2' },
    email: { address: 'zoe@x.example', name: 'Zoe', level: 'to' },
    web: { identity: 'zoe' },
    chat: { identity: 'zoe' }
  } as const
  const shown = {
    sms: '+37255500009',
    whatsapp: 'whatsapp:+37255500009',
    messenger: 'messenger:12345',
    gbm: 'gbm:conversations/1',
    email: 'zoe@x.example',
    web: 'zoe',
    chat: 'zoe'
  } as const
  const types = ['sms', 'whatsapp', 'messenger', 'gbm', 'email', 'web', 'chat'] as const

  function begun(type: (typeof types)[number], initiated_by: string, worker?: string) {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const participants = [outside[type]]
    const given = () => {
      const made = floor.do({
        type: 'interaction.create',
        channel: { type, initiated_by: 'api', participants },
        routing: { properties: floor.routing }
      })
      const first = new Contact(floor, made.interaction.sid)
      first.accept()
      first.end('inactive', { status: 'closed' })
      return first.conversation.sid
    }
    const channel =
      initiated_by === 'customer'
        ? { type, initiated_by, properties: { media_channel_sid: given(), type } }
        : { type, initiated_by, participants }
    const properties = { ...floor.routing, ...(worker && direct(floor, worker)) }
    const made = floor.do({ type: 'interaction.create', channel, routing: { properties } })
    return new Contact(floor, made.interaction.sid)
  }

  it.each(types)('%s: a customer in a conversation', (type) => {
    const contact = begun(type, 'customer')
    expect(contact.channel).toMatchObject({
      type,
      status: 'active',
      initiated_by: 'customer',
      customer_address: shown[type]
    })
    expect(contact.attributes(0)).toMatchObject({ direction: 'inbound', initiatedBy: 'customer', channelType: type })
    expect(contact.statuses).toEqual(['reserved'])
  })

  it.each(types)('%s: a program', (type) => {
    const contact = begun(type, 'api')
    expect(contact.roster).toEqual([type === 'email' ? 'zoe@x.example' : shown[type]])
    expect(contact.attributes(0)).toMatchObject({
      direction: 'inbound',
      initiatedBy: 'api',
      customerAddress: shown[type]
    })
  })

  it.each(types)('%s: an agent, who need not accept', (type) => {
    const contact = begun(type, 'agent', 'Bea')
    expect([contact.statuses, contact.roster]).toEqual([['assigned'], [shown[type], 'Bea']])
    expect(contact.attributes(0)).toMatchObject({ direction: 'outbound', initiatedBy: 'agent' })
  })

  it.each(['customer', 'api', 'agent'])('voice by %s: a task without a conversation', (initiated_by) => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const participants = [{ address: '+37255500009' }]
    const properties = { ...floor.routing, ...(initiated_by === 'agent' && direct(floor, 'Bea')) }
    const channel = { type: 'voice', initiated_by, participants }
    const made = floor.do({ type: 'interaction.create', channel, routing: { properties } })
    expect(made.interaction_channel).toMatchObject({ status: 'active', media_channel_sid: null })
    expect(made.task).toBeDefined()
  })

  it('custom is no channel', () => {
    const floor = new FlexFloor()
    const wish = { type: 'interaction.create', channel: { type: 'custom', initiated_by: 'api' } } as const
    expect(floor.refusal(() => floor.do({ ...wish, routing: { properties: floor.routing } }))).toMatch(/^400\/45366/)
  })
})
