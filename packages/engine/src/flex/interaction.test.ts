import { describe, expect, it } from 'vitest'
import { snapshot } from '../../../../test/support/snapshot.ts'
import { type CommandOf, readsOf } from '../commands.ts'
import { render } from '../events.ts'
import { Contact, FlexFloor } from '../testing/flex-floor.ts'
import { representInteraction, representMember } from './representation.ts'

describe('a customer’s contact', () => {
  it('becomes a task that names it', () => {
    const floor = new FlexFloor()
    const contact = floor.contact({
      customerName: 'Ada',
      language: 'et',
      conversationSid: 'mine',
      conversations: { case: '7' }
    })
    expect(contact.channel).toMatchObject({ status: 'active', error_code: null, type: 'sms' })
    const conversationSid = contact.conversation.sid
    expect(contact.attributes(0)).toEqual({
      flexInteractionSid: contact.interaction_sid,
      flexInteractionChannelSid: contact.channel.sid,
      flexChannelInviteSid: expect.stringMatching(/^KG[0-9a-f]{32}$/),
      conversationSid,
      channelType: 'sms',
      customerAddress: '+37255500001',
      customerName: 'Ada',
      from: 'Ada',
      language: 'et',
      initiatedBy: 'customer',
      direction: 'inbound',
      customers: { phone: '+37255500001', name: 'Ada' },
      conversations: {
        conversation_id: contact.interaction_sid,
        initiated_by: 'customer',
        communication_channel: 'Sms',
        direction: 'inbound',
        media: [{ type: 'ChatTranscript', sid: conversationSid }],
        external_contact: '+37255500001',
        case: '7'
      }
    })
    expect(contact.members).toMatchObject([{ type: 'customer', task_sid: null }])
    expect(contact.eventTypes()).toEqual(['created', 'channel.created', 'participant.joined'])
    const shown = representInteraction(floor.state, contact.interaction)
    expect(shown).toMatchObject({
      channel: { type: 'sms', sid: contact.channel.sid },
      routing: {
        reservation: null,
        properties: {
          sid: contact.tasks[0]?.sid,
          assignment_status: 'pending',
          task_channel_unique_name: 'sms',
          workflow_name: 'Anyone',
          routing_target: null
        }
      }
    })
    expect(shown.routing?.properties.date_created).toBe(floor.at / 1000)
  })

  it('is accepted by an agent, who joins the conversation under its own name', () => {
    const floor = new FlexFloor()
    floor.agent('Bea', 'client:bea_at_desk')
    const contact = floor.contact()
    const reservation = contact.reservation(0)
    expect(
      readsOf(
        {
          type: 'reservation.update',
          workspace_sid: floor.workspace_sid,
          sid: reservation.sid,
          reservation_status: 'accepted'
        },
        floor.state
      )
    ).toEqual([
      { kind: 'user', where: { chat_service_sid: contact.conversation.chat_service_sid, identity: 'bea_at_desk' } }
    ])
    contact.accept()
    expect(contact.roster).toEqual(['+37255500001', 'bea_at_desk'])
    const agent = contact.members.find((member) => member.type === 'agent')
    expect(agent && representMember(agent).routing_properties).toEqual({
      task_sid: contact.tasks[0]?.sid,
      worker_sid: floor.worker('Bea').sid,
      reservation_sid: reservation.sid
    })
    const joined = floor.events('interaction.participant.joined').at(-1)
    expect(joined && render(joined).data).toMatchObject({
      participant_type: 'agent',
      task_sid: contact.tasks[0]?.sid,
      media_channel_sid: contact.conversation.sid,
      media_channel_type: 'sms'
    })
  })

  it('is offered to the next agent when one rejects it', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    floor.agent('Cy')
    const contact = floor.contact()
    contact.respond(0, 'rejected')
    contact.accept()
    expect(contact.roster).toEqual(['+37255500001', 'Cy'])
  })

  it('leaves the channel as it is when its task is canceled', () => {
    const floor = new FlexFloor()
    const contact = floor.contact()
    const sid = contact.tasks[0]?.sid ?? ''
    floor.do({ type: 'task.update', workspace_sid: floor.workspace_sid, sid, assignment_status: 'canceled' })
    expect(contact.channel.status).toBe('active')
    expect(contact.conversation.state).toBe('active')
    floor.pass('10 min')
    expect(floor.state.find('task', sid)).toBeUndefined()
    expect(representInteraction(floor.state, contact.interaction).routing?.properties).toMatchObject({
      sid,
      assignment_status: 'canceled'
    })
  })
})

describe('what goes wrong with the conversation', () => {
  it.each<readonly [string, number, (floor: FlexFloor) => object]>([
    [
      'it is closed',
      45354,
      (floor) => {
        const sid = floor.conversation()
        floor.do({ type: 'conversation.update', sid, state: 'closed' })
        return { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: sid } }
      }
    ],
    [
      'it is not there',
      45376,
      () => ({ type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: `CH${'0'.repeat(32)}` } })
    ],
    [
      'nobody is in it',
      45355,
      (floor) => {
        const { sid } = floor.do({ type: 'conversation.create' }).conversation
        return { type: 'chat', initiated_by: 'api', properties: { media_channel_sid: sid } }
      }
    ],
    [
      'the customer is in another one',
      45361,
      (floor) => {
        floor.conversation()
        return {
          type: 'sms',
          initiated_by: 'api',
          participants: [{ address: '+37255500001', proxy_address: '+3726000' }]
        }
      }
    ],
    [
      'it is a group that no agent can join',
      45361,
      (floor) => {
        const { sid } = floor.do({ type: 'conversation.create' }).conversation
        floor.do({ type: 'participant.create', conversation_sid: sid, messaging_binding_address: '+15550000001' })
        return { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: sid } }
      }
    ],
    ['nobody is named', 45355, () => ({ type: 'web', initiated_by: 'api', properties: {} })]
  ])('is told by a channel that has failed: %s', (_, error_code, channelFor) => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const channel = channelFor(floor)
    const { interaction, interaction_channel } = floor.do({
      type: 'interaction.create',
      channel,
      routing: { properties: floor.routing }
    })
    expect(interaction_channel).toMatchObject({ status: 'failed', error_code, interaction_status: 'closed' })
    expect(interaction).toMatchObject({ status: 'closed', task_sid: null })
    expect(representInteraction(floor.state, interaction).routing).toBeNull()
    expect(floor.state.tables.task.size).toBe(0)
    const failed = floor.events('interaction.channel.failed')[0]
    expect(failed && render(failed).data).toMatchObject({
      error_code,
      error_message: interaction_channel.error_message
    })
  })
})

describe('a conversation that is in an interaction', () => {
  it.each(['customer', 'api'])('is in no second one while its channel is active: initiated by %s', (initiated_by) => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const sid = floor.conversation()
    const channel = { type: 'sms', initiated_by, properties: { media_channel_sid: sid } }
    const begin = () => floor.do({ type: 'interaction.create', channel, routing: { properties: floor.routing } })
    const first = begin()
    expect(first.interaction_channel).toMatchObject({ status: 'active', media_channel_sid: sid })
    const second = begin()
    expect(second).not.toHaveProperty('task')
    expect(second.interaction_channel).toMatchObject({
      status: 'failed',
      error_code: 45361,
      error_message: expect.stringContaining(first.interaction.sid)
    })
    expect(floor.state.get('interaction_channel', first.interaction_channel.sid).status).toBe('active')
    expect([floor.state.tables.task.size, floor.state.get('conversation', sid).state]).toEqual([1, 'active'])
  })

  it('is in the next one when the first has let go of it', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    contact.end('inactive', { status: 'closed' })
    const { sid } = contact.conversation
    const { interaction_channel } = floor.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: sid } },
      routing: { properties: floor.routing }
    })
    expect(interaction_channel).toMatchObject({ status: 'active', media_channel_sid: sid })
  })
})

describe('the other ways to begin', () => {
  const participants = [{ address: '+37255500009', proxy_address: '+3726000', name: 'Ada' }]
  const begunByBea = (floor: FlexFloor, type: string) => {
    const properties = { ...floor.routing, worker_sid: floor.worker('Bea').sid, queue_sid: floor.queue('Everyone').sid }
    const channel = { type, initiated_by: 'agent', participants }
    return floor.do({ type: 'interaction.create', channel, routing: { properties } })
  }

  it('an agent’s own contact needs no acceptance', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const made = begunByBea(floor, 'whatsapp')
    const contact = new Contact(floor, made.interaction.sid)
    expect(contact.statuses).toEqual(['assigned'])
    expect(made.task?.assignment_status).toBe('assigned')
    expect(contact.roster).toEqual(['whatsapp:+37255500009', 'Bea'])
    expect(contact.attributes(0)).toMatchObject({
      direction: 'outbound',
      initiatedBy: 'agent',
      customerName: 'Ada',
      customerAddress: 'whatsapp:+37255500009'
    })
  })

  it('and waits for an agent who is not available', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    floor.move('Bea', 'Offline')
    const contact = new Contact(floor, begunByBea(floor, 'sms').interaction.sid)
    floor.pass('5 min')
    expect(contact.statuses).toEqual(['pending'])
    // Users leave memory, and nobody fetches one for a worker who comes back.
    for (const user of floor.state.tables.user.all()) floor.state.evict('user', user.sid)
    floor.move('Bea', 'Available')
    expect(contact.statuses).toEqual(['assigned'])
    expect(contact.roster).toEqual(['+37255500009', 'Bea'])
    expect(floor.events('user.added')).toHaveLength(1)
  })

  it('and keeps nobody from becoming available where the agent cannot join any more', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    floor.move('Bea', 'Offline')
    const contact = new Contact(floor, begunByBea(floor, 'sms').interaction.sid)
    const conversation_sid = contact.conversation.sid
    floor.do({ type: 'participant.create', conversation_sid, messaging_binding_address: '+15550000001' })
    floor.move('Bea', 'Available')
    expect([contact.statuses, contact.reservation(0).reservation_status]).toEqual([['reserved'], 'pending'])
    expect(floor.events('ringdown.warning').map(({ refs }) => refs.extra?.warning)).toEqual(['auto_accept'])
    floor.do({
      type: 'participant.create',
      conversation_sid,
      identity: 'Nora',
      messaging_binding_projected_address: '+15005550006'
    })
    contact.accept()
    expect(contact.statuses).toEqual(['assigned'])
  })

  it('a program names the customer by to and from, and sends its parameters as JSON text', () => {
    const floor = new FlexFloor()
    const made = floor.do({
      type: 'interaction.create',
      channel: JSON.stringify({
        type: 'sms',
        initiated_by: 'api',
        properties: { type: 'sms', to: '+37255500009', from: '+3726000' }
      }),
      routing: JSON.stringify({
        properties: { ...floor.routing, attributes: '{"reason":"refund"}', priority: '7', colour: 'red' }
      })
    })
    const contact = new Contact(floor, made.interaction.sid)
    expect(contact.roster).toEqual(['+37255500009'])
    expect(contact.tasks[0]?.priority).toBe(7)
    expect(contact.attributes(0)).toMatchObject({ reason: 'refund', initiatedBy: 'api', direction: 'inbound' })
    expect(contact.attributes(0)).not.toHaveProperty('colour')
  })

  it('a call is a task without a conversation', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const made = floor.do({
      type: 'interaction.create',
      channel: { type: 'voice', initiated_by: 'api' },
      routing: { properties: floor.routing }
    })
    const contact = new Contact(floor, made.interaction.sid)
    contact.respond(0, 'rejected')
    expect(contact.channel).toMatchObject({ status: 'active', media_channel_sid: null })
    expect(contact.attributes(0)).not.toHaveProperty('conversationSid')
    expect(floor.state.tables.conversation.size).toBe(0)
  })
})

describe('refusals change nothing', () => {
  const floor = new FlexFloor()
  floor.agent('Bea')
  const contact = floor.contact()
  const sms = { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: `CH${'1'.repeat(32)}` } }
  const { routing, workspace_sid } = floor
  const worker_sid = floor.worker('Bea').sid
  const create = (channel: unknown, properties: unknown = routing) => ({
    type: 'interaction.create',
    channel,
    routing: { properties }
  })
  const participants = [{ address: '+37255500009', proxy_address: '+3726000' }]
  const nobody = `UT${'0'.repeat(32)}`

  it.each<readonly [string, object]>([
    ['400/45366', create({ ...sms, type: 'custom' })],
    ['400/45366', create({ ...sms, initiated_by: 'nobody' })],
    ['400/45366', create({ type: 'sms', initiated_by: 'customer' })],
    ['400/45366', create('{"type":')],
    ['400/45366', create({ ...sms, sid: `UO${'0'.repeat(32)}` })],
    ['400/45367', create({ type: 'sms', initiated_by: 'agent' })],
    [
      '400/45367',
      create({ type: 'sms', initiated_by: 'api', participants: [{ address: 'Ada', proxy_address: '+3726000' }] })
    ],
    ['400/45367', create({ type: 'sms', initiated_by: 'api', participants: {} })],
    ['400/20001', { type: 'interaction.create', channel: sms }],
    ['400/20001', create(sms, {})],
    ['400/20001', create(sms, { workspace_sid: `WS${'0'.repeat(32)}` })],
    [
      '400/20001',
      create({ type: 'voice', initiated_by: 'api' }, { workspace_sid, workflow_sid: `WW${'0'.repeat(32)}` })
    ],
    ['400/20001', create({ type: 'voice', initiated_by: 'api' }, { ...routing, task_channel_unique_name: 'smoke' })],
    ['400/20001', create({ type: 'sms', initiated_by: 'agent', participants })],
    ['400/20001', create({ type: 'voice', initiated_by: 'api' }, { ...routing, worker_sid })],
    [
      '404/20404',
      { type: 'invite.create', ...contact.path, channel_sid: `UO${'0'.repeat(32)}`, routing: { properties: routing } }
    ],
    ['404/20404', { type: 'interaction.update', sid: `KD${'0'.repeat(32)}`, webhook_ttid: '' }],
    ['404/20404', { type: 'interaction_participant.update', ...contact.path, sid: nobody, status: 'closed' }],
    [
      '400/20001',
      { type: 'interaction_participant.update', ...contact.path, sid: contact.members[0]?.sid, status: 'wrapup' }
    ],
    ['400/45367', { type: 'interaction_participant.create', ...contact.path, participant_type: 'agent' }],
    [
      '400/45361',
      {
        type: 'interaction_participant.create',
        ...contact.path,
        participant_type: 'customer',
        media_properties: { address: '+37255500001', proxy_address: '+3726000' }
      }
    ],
    [
      '400/20001',
      {
        type: 'interaction_channel.update',
        interaction_sid: contact.interaction_sid,
        sid: contact.channel.sid,
        status: 'pause'
      }
    ],
    [
      '400/20001',
      {
        type: 'interaction_channel.update',
        interaction_sid: contact.interaction_sid,
        sid: contact.channel.sid,
        status: 'closed',
        routing: { status: 'deleted' }
      }
    ],
    ['400/20001', { type: 'workspace.delete', sid: workspace_sid }]
  ])('%s %j', (refused, command) => {
    const before = snapshot(floor.state)
    expect(floor.refusal(() => floor.do(command as CommandOf<'interaction.create'>))).toContain(refused)
    expect(snapshot(floor.state)).toEqual(before)
  })

  it('another workspace is not the one of Flex', () => {
    const other = floor.do({ type: 'workspace.create', friendly_name: 'Other' }).workspace.sid
    const act = () => floor.do(create(sms, { workspace_sid: other }) as CommandOf<'interaction.create'>)
    expect(floor.refusal(act)).toContain(`is not the Workspace of Flex, which is ${workspace_sid}`)
    floor.do({ type: 'workspace.delete', sid: other })
  })
})

describe('attributes that came as text', () => {
  const exact = String.raw`"page_id": 17841444523369053,"rate":1.0 ,"10":"b","2":"a","e\u0301":"\u00e9\/"`

  const start = (attributes: string) => {
    const floor = new FlexFloor()
    const properties = `{"workspace_sid":"${floor.workspace_sid}","workflow_sid":"${floor.workflow('Anyone').sid}","attributes":${attributes}}`
    const { interaction, task } = floor.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: floor.conversation() } },
      routing: `{"properties":${properties}}`
    })
    return { contact: new Contact(floor, interaction.sid), attributes: task?.attributes ?? '', properties }
  }

  it.each([
    ['an object', `{${exact}}`],
    ['the text of one', JSON.stringify(`{${exact}}`)]
  ])('reach the first task and those of invites as they were written: %s', (_how, given) => {
    const { contact, attributes, properties } = start(given)
    expect(attributes).toContain(exact)
    expect(JSON.parse(attributes)).toMatchObject({ customerAddress: '+37255500001', channelType: 'sms' })
    contact.floor.do({ type: 'invite.create', ...contact.path, routing: `{"properties":${properties}}` })
    expect(contact.tasks[1]?.attributes).toContain(exact)
  })

  it('are changed only where Flex has something to say', () => {
    const customers = '"customers":{"vip":1e2,"phone":"+1","ids":[98765432109876543210]}'
    const conversations = '"conversations":{"conversation_id":"mine","score": 0.10}'
    const { attributes, contact } = start(
      `{${customers},"channelType":"mine",${conversations},"customerName":"Zo\\u00eb"}`
    )
    expect(attributes).toContain('"vip":1e2,"phone":"+1","ids":[98765432109876543210]}')
    expect(attributes).toContain(`"conversation_id":"${contact.interaction_sid}","score": 0.10}`)
    expect(attributes).toContain('"channelType":"sms"')
    expect(attributes).toContain('"customerName":"Zo\\u00eb"')
    expect(JSON.parse(attributes)).toMatchObject({ customers: { name: 'Zoë', vip: 100 }, customerName: 'Zoë' })
  })
})
