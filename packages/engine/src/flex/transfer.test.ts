import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { type Contact, FlexFloor } from '../testing/flex-floor.ts'

/** Bea has a customer; Cy is available, too. */
function withBea(attributes: object = { topic: 'order' }): { floor: FlexFloor; contact: Contact } {
  const floor = new FlexFloor()
  floor.agent('Bea')
  const contact = floor.contact(attributes)
  contact.accept()
  floor.agent('Cy')
  return { floor, contact }
}

/** What happened to transfers, members and notes, in its order. */
function story(floor: FlexFloor): string[] {
  return floor
    .events()
    .map(({ type }) => type)
    .filter((type) => /^(interaction\.(transfer|participant)|note)\./.test(type))
}

const nobody = `UT${'0'.repeat(32)}`

describe('a cold transfer', () => {
  it('is completed when the other accepts, and then who transfers leaves', () => {
    const { floor, contact } = withBea()
    const transfer = contact.transfer(0, floor.worker('Cy').sid)
    expect(transfer).toMatchObject({
      type: 'cold',
      status: 'active',
      to: floor.worker('Cy').sid,
      from_worker_sid: floor.worker('Bea').sid,
      note_sid: null,
      execution_sid: null,
      instance_sid: expect.stringMatching(/^GO/)
    })
    expect([contact.roster, contact.statuses]).toEqual([
      ['+37255500001', 'Bea'],
      ['assigned', 'reserved']
    ])
    contact.accept(1)
    expect(contact.transfers).toMatchObject([{ status: 'completed' }])
    expect([contact.roster, contact.statuses]).toEqual([
      ['+37255500001', 'Cy'],
      ['completed', 'assigned']
    ])
    expect([contact.channel.status, contact.conversation.state]).toEqual(['active', 'active'])
    expect(story(floor).slice(2)).toEqual([
      'interaction.transfer.created',
      'interaction.participant.joined',
      'interaction.transfer.completed',
      'interaction.participant.left'
    ])
  })

  it.each([
    ['rejects it', (contact: Contact) => contact.respond(1, 'rejected')],
    ['does not answer', (contact: Contact) => contact.floor.pass('10 min')],
    [
      'is asked no more',
      (contact: Contact) => {
        const { workspace_sid } = contact.floor
        const sid = contact.tasks[1]?.sid ?? ''
        contact.floor.do({ type: 'task.update', workspace_sid, sid, assignment_status: 'canceled' })
      }
    ],
    [
      'has the task deleted',
      (contact: Contact) => {
        const { workspace_sid } = contact.floor
        contact.floor.do({ type: 'task.delete', workspace_sid, sid: contact.tasks[1]?.sid ?? '' })
      }
    ]
  ])('fails when the other %s, and who transfers goes on', (_, act) => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    act(contact)
    expect(contact.transfers).toMatchObject([{ status: 'failed' }])
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
    expect([contact.channel.status, contact.interaction.status]).toEqual(['active', 'open'])
    expect(floor.events('interaction.transfer.failed')).toHaveLength(1)
  })

  it('to a queue waits for whoever takes it', () => {
    const { floor, contact } = withBea()
    floor.move('Bea', 'Unavailable')
    contact.transfer(0, floor.queue('Everyone').sid)
    contact.respond(1, 'rejected')
    expect(contact.transfers).toMatchObject([{ status: 'active' }])
    floor.agent('Dan')
    contact.accept(1)
    expect(contact.transfers).toMatchObject([{ status: 'completed' }])
    expect(contact.roster).toEqual(['+37255500001', 'Dan'])
  })

  it('fails with its channel', () => {
    const { floor, contact } = withBea()
    floor.move('Cy', 'Offline')
    contact.transfer(0, floor.queue('Everyone').sid)
    contact.end('closed', { status: 'closed' })
    expect(contact.transfers).toMatchObject([{ status: 'failed', interaction_status: 'closed' }])
    expect(contact.interaction.status).toBe('closed')
    expect(floor.events('interaction.transfer.failed')).toHaveLength(1)
  })

  it('goes on when who transfers has left before', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    contact.leave(0)
    expect([contact.channel.status, contact.roster]).toEqual(['active', ['+37255500001']])
    contact.accept(1)
    expect(contact.transfers).toMatchObject([{ status: 'completed' }])
    expect(contact.roster).toEqual(['+37255500001', 'Cy'])
  })
})

describe('what the other is told', () => {
  it('are the attributes of the task in hand, what was given in their places, and the target', () => {
    const { floor, contact } = withBea({ topic: 'order', customerName: 'Ada', big: 1 })
    contact.transfer(0, floor.queue('Everyone').sid, { attributes: '{"topic":"refund","exact":17841444523369053}' })
    const given = contact.tasks[1]?.attributes ?? ''
    expect(given).toContain('"exact":17841444523369053')
    expect(JSON.parse(given)).toMatchObject({
      topic: 'refund',
      customerName: 'Ada',
      big: 1,
      direction: 'inbound',
      initiatedBy: 'customer',
      transferTargetSid: floor.queue('Everyone').sid,
      transferTargetType: 'queue',
      transferQueueName: 'Everyone',
      flexInteractionSid: contact.interaction_sid,
      conversationSid: contact.conversation.sid,
      conversations: { conversation_id: contact.interaction_sid }
    })
    const [first, second] = contact.tasks
    expect(JSON.parse(given).flexChannelInviteSid).not.toBe(contact.attributes(0).flexChannelInviteSid)
    expect([second?.task_channel_sid, second?.priority, second?.timeout]).toEqual([
      first?.task_channel_sid,
      first?.priority,
      first?.timeout
    ])
  })

  it('of a second transfer names its own target', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.queue('Everyone').sid)
    contact.accept(1)
    contact.transfer(1, floor.workflow('Anyone').sid)
    expect(contact.attributes(2)).toMatchObject({
      topic: 'order',
      transferTargetSid: floor.workflow('Anyone').sid,
      transferTargetType: 'workflow'
    })
    expect(contact.attributes(2)).not.toHaveProperty('transferQueueName')
  })

  it('is a note of the conversation by who transfers', () => {
    const { floor, contact } = withBea()
    const { note_sid } = contact.transfer(0, floor.worker('Cy').sid, { note: 'Wants a refund' })
    expect(floor.state.tables.note.all()).toMatchObject([
      { sid: note_sid, author: 'Bea', body: 'Wants a refund', conversation_sid: contact.conversation.sid }
    ])
    expect(story(floor).slice(2)).toEqual(['interaction.transfer.created', 'note.added'])
    const [told] = floor.events('interaction.transfer.created').map(render)
    expect(told?.data).toMatchObject({ note_sid, transfer_type: 'cold', worker_sid: floor.worker('Bea').sid })
    expect(JSON.stringify(told)).not.toContain('refund')
  })
})

describe('a warm transfer', () => {
  it('has the other join, and both stay', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid, { transfer_type: 'Warm' })
    contact.accept(1)
    expect(contact.transfers).toMatchObject([{ type: 'warm', status: 'completed' }])
    expect(contact.roster).toEqual(['+37255500001', 'Bea', 'Cy'])
    contact.leave(0)
    expect([contact.roster, contact.statuses]).toEqual([
      ['+37255500001', 'Cy'],
      ['completed', 'assigned']
    ])
  })
})

describe('an external transfer', () => {
  it('brings somebody in by an address, under the number that the customer writes to', () => {
    const { floor, contact } = withBea()
    const transfer = contact.transfer(0, '+37255500077', { transfer_type: 'external' })
    expect(transfer).toMatchObject({ type: 'external', status: 'completed', task_sid: null })
    expect(contact.roster).toEqual(['+37255500001', 'Bea', '+37255500077'])
    const added = [...floor.state.tables.participant.by('conversation_sid', contact.conversation.sid)].at(-1)
    expect(added?.proxy_address).toBe('+3726000')
    expect(contact.members.map(({ type }) => type)).toEqual(['customer', 'agent', 'external'])
  })
})

describe('changing a transfer', () => {
  const update = (contact: Contact, status: string) => {
    const sid = contact.transfers[0]?.sid ?? ''
    return contact.floor.do({ type: 'interaction_transfer.update', ...contact.path, sid, status }).interaction_transfer
  }

  it('to failed takes it back', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    expect(update(contact, 'failed').status).toBe('failed')
    expect(contact.statuses).toEqual(['assigned', 'canceled'])
    expect(floor.events('interaction.transfer.failed')).toHaveLength(1)
    expect(update(contact, 'failed').status).toBe('failed')
    expect(floor.refusal(() => update(contact, 'completed'))).toMatch(/^400\/20001 Transfer UX\w+ is failed$/)
  })

  it('to completed waits for nobody: who transfers leaves now, and the other may still accept', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    expect(update(contact, 'completed').status).toBe('completed')
    expect([contact.roster, contact.statuses]).toEqual([['+37255500001'], ['completed', 'reserved']])
    contact.respond(1, 'accepted')
    expect(contact.roster).toEqual(['+37255500001', 'Cy'])
    expect(floor.events('interaction.transfer.completed')).toHaveLength(1)
  })

  it.each(['active', 'done', undefined])('to %s is refused', (status) => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    expect(floor.refusal(() => update(contact, status as string))).toMatch(/^400\/20001 status cannot be set to/)
  })
})

describe('a transfer is refused', () => {
  it.each<readonly [string, (floor: FlexFloor, contact: Contact) => unknown, string]>([
    [
      'of another type',
      (floor, contact) => contact.transfer(0, floor.worker('Cy').sid, { transfer_type: 'hot' }),
      "400/20001 type 'hot' is not one of warm, cold, external"
    ],
    ['to nobody', (_, contact) => contact.transfer(0, ''), '400/20001 to is missing'],
    ['to what is no target', (_, contact) => contact.transfer(0, '+1'), "400/20001 to '+1' is no SID of"],
    ['to who is not there', (_, contact) => contact.transfer(0, `WK${'0'.repeat(32)}`), '400/20001 '],
    ['to oneself', (floor, contact) => contact.transfer(0, floor.worker('Bea').sid), '400/20001 to: Worker WK'],
    [
      'from nobody',
      (floor, contact) => contact.transfer(0, floor.worker('Cy').sid, { from: nobody }),
      `400/45367 from '${nobody}' is no active agent`
    ],
    [
      'while another one is under way',
      (floor, contact) => [
        contact.transfer(0, floor.worker('Cy').sid),
        contact.transfer(0, floor.queue('Everyone').sid)
      ],
      '409/20409 Participant UT'
    ],
    [
      'with attributes that are no object',
      (floor, contact) => contact.transfer(0, floor.worker('Cy').sid, { attributes: '[1]' }),
      '400/20001 attributes must be a JSON object'
    ],
    [
      'in a channel that has ended',
      (floor, contact) => [contact.end('closed'), contact.transfer(0, floor.worker('Cy').sid)],
      '400/45354 Channel UO'
    ],
    [
      'to an address that is bound to another conversation',
      (floor, contact) => {
        const { sid } = floor.do({ type: 'conversation.create' }).conversation
        const pair = { messaging_binding_address: '+37255500077', messaging_binding_proxy_address: '+3726000' }
        floor.do({ type: 'participant.create', conversation_sid: sid, ...pair })
        return contact.transfer(0, '+37255500077', { transfer_type: 'external' })
      },
      '400/45361 '
    ]
  ])('%s', (_, act, refusal) => {
    const { floor, contact } = withBea()
    expect(floor.refusal(() => act(floor, contact))).toContain(refusal)
  })

  it('without from where there is more than one agent', () => {
    const { floor, contact } = withBea()
    const bea = contact.members.find(({ type }) => type === 'agent')?.sid
    const { sid } = floor.worker('Cy')
    const wish = { type: 'interaction_transfer.create', ...contact.path, transfer_type: 'warm', to: sid } as const
    expect(floor.do(wish).interaction_transfer.from).toBe(bea)
    contact.accept(1)
    expect(floor.refusal(() => floor.do({ ...wish, to: floor.queue('Everyone').sid }))).toContain('has 2 agents')
  })
})
