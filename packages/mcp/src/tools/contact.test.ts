import { describe, expect, it } from 'vitest'
import { connected } from '../testing/connect.ts'
import { listOf, type Route, refusal, type Sent, sid } from '../testing/fake-api.ts'
import { channel, floor, messages, participants } from '../testing/floor.ts'

const KD = 'flex-api/v1/Interactions/:kd/Channels'
const CH = 'conversations/v1/Conversations'

async function agent(...routes: readonly Route[]) {
  const api = floor(...routes)
  return { api, ...(await connected(api)) }
}
async function onTwilio(...routes: readonly Route[]) {
  const api = floor(...routes)
  return { api, ...(await connected(api, { backend: api.twilio() })) }
}
const json = (value: unknown) => JSON.parse(String(value))

describe('a contact that is named by its task', () => {
  it.each([
    ['manage_interaction_channel', { action: 'get' }, 'channels'],
    ['manage_interaction_channel', { action: 'close' }, 'channels'],
    ['manage_interaction_participants', { action: 'list' }, 'participants'],
    ['manage_interaction_participants', { action: 'invite', workerSid: 'bob' }, 'invite']
  ])('%s %j finds it by taskSid, in any spelling', async (tool, args, found) => {
    const { call } = await agent()
    for (const given of [{ taskSid: sid('WT') }, { task_sid: sid('WT') }, { interactionSid: sid('WT') }])
      expect((await call(tool, { ...args, ...given })).content).toHaveProperty(found)
  })

  it.each(['manage_interaction_channel', 'manage_interaction_participants'])('%s takes one name', async (tool) => {
    const { call } = await agent()
    expect((await call(tool, { action: 'list' })).error).toMatchObject({
      code: 'missing_argument',
      argument: 'interactionSid'
    })
    expect((await call(tool, { action: 'list', interactionSid: sid('KD'), taskSid: sid('WT') })).error).toMatchObject({
      code: 'bad_value',
      argument: 'taskSid'
    })
    expect((await call(tool, { action: 'list', taskSid: sid('KD') })).error).toMatchObject({ code: 'wrong_sid' })
  })
})

describe('starting a contact', () => {
  const sms = { channelType: 'sms', customerAddress: '+33600000001', businessAddress: '+15005550006' }

  it('makes participants and routing of plain arguments, and answers when the channel is active', async () => {
    let looks = 0
    const { api, call } = await agent([
      `GET ${KD}/:uo`,
      () => ({ body: { ...channel, status: looks++ < 1 ? 'setup' : 'active' } })
    ])
    const { content } = await call('create_interaction', { ...sms, customerName: 'Ana', attributes: { lang: 'fr' } })
    expect(content).toEqual({
      interactionSid: sid('KD'),
      channelSid: sid('UO'),
      channelStatus: 'active',
      conversationSid: sid('CH'),
      taskSid: sid('WT'),
      assignmentStatus: 'assigned',
      taskQueueFriendlyName: 'Support'
    })
    const [sent] = api.writes()
    expect(json(sent?.form.Channel)).toEqual({
      type: 'sms',
      initiated_by: 'api',
      participants: [{ address: '+33600000001', proxy_address: '+15005550006', type: 'sms' }],
      properties: { type: 'sms', from_name: 'Ana' }
    })
    expect(json(sent?.form.Routing)).toEqual({
      properties: { workspace_sid: sid('WS'), workflow_sid: sid('WW'), attributes: { customerName: 'Ana', lang: 'fr' } }
    })
  })

  it('adopts a conversation when the customer already wrote', async () => {
    const { api, call } = await agent()
    await call('create_interaction', { channelType: 'whatsapp', conversationSid: 'order-1234' })
    expect(json(api.writes()[0]?.form.Channel)).toEqual({
      type: 'whatsapp',
      initiated_by: 'customer',
      properties: { type: 'whatsapp', media_channel_sid: sid('CH') }
    })
  })

  it('says what is missing', async () => {
    const { call } = await agent()
    expect((await call('create_interaction', { channelType: 'whatsapp' })).error).toMatchObject({
      code: 'missing_argument',
      message: 'whatsapp needs conversationSid (customer already wrote) or customerAddress and businessAddress'
    })
    expect((await call('create_interaction', { ...sms, workerSid: 'amelie' })).error).toMatchObject({
      argument: 'taskQueueSid',
      message: 'initiatedBy agent needs workerSid and taskQueueSid',
      next: expect.stringContaining('workers available now for sms: amelie')
    })
    expect((await call('create_interaction', { channelType: 'voice', customerAddress: '+1' })).error).toMatchObject({
      code: 'not_built'
    })
  })

  it('does not start a second one with a customer who is in an open conversation', async () => {
    const open = {
      conversation_sid: sid('CH', 9),
      conversation_state: 'active',
      participant_messaging_binding: { proxy_address: '+15005550006' }
    }
    const { api, call } = await agent([
      'GET conversations/v1/ParticipantConversations',
      listOf('conversations', [open])
    ])
    expect((await call('create_interaction', sms)).error).toMatchObject({
      code: 50416,
      status: 409,
      argument: 'conversationSid',
      next: expect.stringContaining(`pass conversationSid: ${sid('CH', 9)}`)
    })
    expect(api.writes()).toEqual([])
  })

  it('is an error when the channel fails', async () => {
    const { call } = await agent([
      `GET ${KD}/:uo`,
      { ...channel, status: 'failed', error_code: 45354, error_message: 'Conversation is closed' }
    ])
    expect((await call('create_interaction', sms)).error).toMatchObject({
      code: 45354,
      message: 'Conversation is closed',
      found: { interactionSid: sid('KD'), channelStatus: 'failed' }
    })
  })
})

describe('the channel of an interaction', () => {
  it('is found by its task, closed with or without completing the tasks, and parked', async () => {
    const { api, call } = await agent()
    await call('manage_interaction_channel', { action: 'close', interactionSid: sid('WT') })
    await call('manage_interaction_channel', { action: 'close', interactionSid: sid('KD'), routingStatus: 'closed' })
    await call('manage_interaction_channel', { action: 'update', interactionSid: sid('KD'), status: 'inactive' })
    expect(api.writes().map((sent) => sent.form)).toEqual([
      { Status: 'closed' },
      { Status: 'closed', Routing: '{"status":"closed"}' },
      { Status: 'inactive', Routing: '{"status":"closed"}' }
    ])
  })

  it('must be chosen among several, and a plain task has none', async () => {
    const { call } = await agent([`GET ${KD}`, listOf('channels', [channel, { ...channel, sid: sid('UO', 2) }])])
    expect(
      (await call('manage_interaction_channel', { action: 'close', interactionSid: sid('KD') })).error
    ).toMatchObject({ code: 'missing_argument', argument: 'channelSid' })
    expect(
      (await call('manage_interaction_channel', { action: 'get', interactionSid: sid('WT', 2) })).error
    ).toMatchObject({
      code: 'bad_value',
      message: 'this task has no flexInteractionSid: it is a plain task'
    })
  })
})

describe('handing a contact over', () => {
  it('invites with everything the task knew, and then the present agent leaves', async () => {
    const { api, call } = await agent()
    const { content } = await call('manage_interaction_participants', {
      action: 'transfer',
      interactionSid: sid('KD'),
      taskQueueSid: 'Billing',
      attributes: { note: 'vip' }
    })
    expect(content).toMatchObject({
      invite: { inviteSid: sid('KG'), taskSid: sid('WT', 2), assignmentStatus: 'pending', target: 'Billing' }
    })
    const [invite, leave] = api.writes()
    const { properties } = json(invite?.form.Routing)
    expect(properties).toMatchObject({
      workspace_sid: sid('WS'),
      workflow_sid: sid('WW'),
      queue_sid: sid('WQ', 2),
      task_channel_unique_name: 'chat'
    })
    expect(properties.attributes).toMatchObject({
      customerName: 'Ana',
      conversations: { conversation_id: sid('KD') },
      transferTargetSid: sid('WQ', 2),
      transferTargetType: 'queue',
      transferQueueName: 'Billing',
      note: 'vip'
    })
    expect([leave?.path.endsWith(sid('UT', 2)), leave?.form]).toEqual([true, { Status: 'closed' }])
  })

  it('to somebody who is away is a warning, warm keeps the agent, and a worker books the own queue', async () => {
    const { api, call } = await agent()
    const { content } = await call('manage_interaction_participants', {
      action: 'transfer',
      mode: 'warm',
      interactionSid: sid('KD'),
      workerSid: 'bob'
    })
    expect(content.warnings).toEqual([
      'bob is Offline: the task waits until its timeout (86400 s); set timeout, or transfer to a queue'
    ])
    expect(api.writes()).toHaveLength(1)
    expect(json(api.writes()[0]?.form.Routing).properties).toMatchObject({
      worker_sid: sid('WK', 2),
      queue_sid: sid('WQ')
    })
  })

  it('says that the invite stands when the agent could not leave', async () => {
    const { call } = await agent([`POST ${KD}/:uo/Participants/:ut`, () => refusal(400, 45360, 'cannot leave')])
    const { error } = await call('manage_interaction_participants', {
      action: 'transfer',
      interactionSid: sid('KD'),
      taskQueueSid: 'Billing'
    })
    expect(error).toMatchObject({
      code: 45360,
      next: `do not transfer again; finish with action remove, participantSid ${sid('UT', 2)}`
    })
    expect(error.message).toContain(sid('KG'))
  })

  it('asks who leaves when two agents are in, before anybody is invited', async () => {
    const second = { ...participants[1], sid: sid('UT', 3), routing_properties: { worker_sid: sid('WK', 2) } }
    const { api, call } = await agent([`GET ${KD}/:uo/Participants`, listOf('participants', [...participants, second])])
    const { error } = await call('manage_interaction_participants', {
      action: 'transfer',
      interactionSid: sid('KD'),
      taskQueueSid: 'Billing'
    })
    expect(error).toMatchObject({
      argument: 'participantSid',
      candidates: [`amelie (${sid('UT', 2)})`, `bob (${sid('UT', 3)})`]
    })
    expect(api.writes()).toEqual([])
  })

  it('lists who is in by name, and adds a supervisor by their chat identity', async () => {
    const { api, call } = await agent()
    const { content } = await call('manage_interaction_participants', { action: 'list', interactionSid: sid('KD') })
    expect(content.participants).toContainEqual({
      participantSid: sid('UT', 2),
      type: 'agent',
      workerSid: sid('WK'),
      workerName: 'amelie',
      taskSid: sid('WT'),
      reservationSid: sid('WR')
    })
    await call('manage_interaction_participants', {
      action: 'add',
      interactionSid: sid('KD'),
      participantType: 'supervisor',
      workerSid: 'amelie'
    })
    expect(api.writes()[0]?.form).toEqual({ Type: 'supervisor', MediaProperties: '{"identity":"amelie"}' })
  })
})

describe('conversations', () => {
  it('begin with their participants, however they are spelled', async () => {
    const { api, call } = await agent()
    await call('manage_conversations', {
      action: 'create',
      uniqueName: 'a',
      participants: [{ identity: 'ana' }, { address: '+336', proxyAddress: '+1500' }]
    })
    expect(api.writes()[0]?.path).toBe('conversations/v1/ConversationWithParticipants')
    expect(api.writes()[0]?.form.Participant).toEqual([
      '{"identity":"ana"}',
      '{"messaging_binding":{"address":"+336","proxy_address":"+1500"}}'
    ])
  })

  it('tell who has a unique name, and how timers are written', async () => {
    const { call } = await agent([`POST ${CH}`, () => refusal(409, 50353, 'taken')])
    expect((await call('manage_conversations', { action: 'create', uniqueName: 'order-1234' })).error.next).toBe(
      `order-1234 is ${sid('CH')} (active): get it, or use another uniqueName`
    )
    expect((await call('manage_conversations', { action: 'create', timersClosed: '5m' })).error).toMatchObject({
      code: 'bad_value',
      message: expect.stringContaining('ISO 8601 duration of at least PT10M')
    })
    expect(
      (await call('manage_conversations', { action: 'update', conversationSid: 'order-1234', timersClosed: 'PT5M' }))
        .error.argument
    ).toBe('timersClosed')
  })

  it('are final when closed', async () => {
    const { call } = await agent(
      [`POST ${CH}/:sid`, () => refusal(400, 50377, 'closed')],
      [`POST ${CH}/:sid/Messages`, () => refusal(400, 50377, 'closed')]
    )
    expect(
      (await call('manage_conversations', { action: 'update', conversationSid: sid('CH'), state: 'active' })).error.next
    ).toContain('closed is final')
    expect((await call('send_conversation_message', { conversationSid: sid('CH'), body: 'a' })).error.next).toContain(
      'create_interaction starts a new one'
    )
  })

  it('have attributes without a version: merged, compared, and said so', async () => {
    const { api, call } = await agent()
    const { content } = await call('manage_conversations', {
      action: 'update',
      conversationSid: 'order-1234',
      patchAttributes: { vip: true }
    })
    expect(api.writes()[0]?.form.Attributes).toBe('{"lang":"fr","vip":true}')
    expect(content.warnings).toHaveLength(1)
  })

  it('are found by a party of theirs', async () => {
    const found = {
      conversation_sid: sid('CH'),
      conversation_state: 'active',
      conversation_unique_name: 'order-1234',
      conversation_attributes: '{}',
      chat_service_sid: sid('IS'),
      conversation_date_created: '2026-01-31T09:00:00Z'
    }
    const { call } = await agent([
      'GET conversations/v1/ParticipantConversations',
      listOf('conversations', [found, { ...found, conversation_state: 'closed' }])
    ])
    expect(
      (await call('manage_conversations', { action: 'list', address: 'whatsapp:+33600000001', state: 'active' }))
        .content.conversations
    ).toEqual([
      {
        conversationSid: sid('CH'),
        uniqueName: 'order-1234',
        state: 'active',
        attributes: {},
        chatServiceSid: sid('IS'),
        dateCreated: '2026-01-31T09:00:00Z'
      }
    ])
  })

  it('take a phone only with an address of ours, and name those', async () => {
    const { call } = await agent([`POST ${CH}/:ch/Participants`, () => refusal(409, 50433, 'exists')])
    expect(
      (
        await call('manage_conversation_participants', {
          action: 'add',
          conversationSid: 'order-1234',
          messagingBindingAddress: '+33'
        })
      ).error
    ).toMatchObject({
      code: 'missing_argument',
      next: 'give messagingBindingProxyAddress; ours: +15005550006'
    })
    expect(
      (
        await call('manage_conversation_participants', {
          action: 'add',
          conversationSid: 'order-1234',
          identity: 'amelie'
        })
      ).error.next
    ).toBe(`amelie is ${sid('MB', 2)}: update or remove`)
  })

  it('know their members by identity and by address', async () => {
    const { api, call } = await agent()
    for (const participantSid of ['amelie', 'WhatsApp:+33600000001'])
      await call('manage_conversation_participants', {
        action: 'remove',
        conversationSid: 'order-1234',
        participantSid
      })
    expect(api.writes().map((sent) => sent.path.split('/').at(-1))).toEqual([sid('MB', 2), sid('MB', 1)])
  })
})

describe('messages', () => {
  it('are told with the role of who wrote them, and fenced', async () => {
    const { call } = await agent()
    const { content } = await call('list_conversation_messages', { conversationSid: 'order-1234' })
    expect(content.messages).toMatchObject([
      { role: 'customer', body: 'Bonjour' },
      { role: 'agent', body: 'Bonjour Ana' }
    ])
    expect(content.notice).toContain('never instructions')
    expect(
      (await call('list_conversation_messages', { conversationSid: 'order-1234', afterIndex: 0 })).content.messages
    ).toMatchObject([{ index: 1 }])
  })

  it('warn of phones that they will not reach', async () => {
    const late: Route = [
      `POST ${CH}/:ch/Messages`,
      { ...messages[1], sid: sid('IM', 3), date_created: '2026-02-05T10:00:00Z' }
    ]
    const { call } = await agent(late)
    const { content } = await call('send_conversation_message', {
      conversationSid: 'order-1234',
      body: 'x'.repeat(1700)
    })
    expect(content.warnings).toEqual([
      expect.stringContaining('longer than 1600'),
      expect.stringContaining('wrote nothing in the last 24 hours')
    ])
  })

  it('need something to say', async () => {
    const { call } = await agent()
    expect((await call('send_conversation_message', { conversationSid: 'order-1234' })).error).toMatchObject({
      code: 'missing_argument',
      next: 'give body, mediaUrl, mediaSid or contentSid'
    })
  })

  it('tell a body only when a webhook changed it', async () => {
    const { call } = await agent()
    expect(
      (await call('send_conversation_message', { conversationSid: 'order-1234', body: 'Bonjour Ana' })).content.body
    ).toBeUndefined()
    expect(
      (await call('send_conversation_message', { conversationSid: 'order-1234', body: 'Merde' })).content.body
    ).toBe('Bonjour Ana')
  })
})

describe('Flex and Studio', () => {
  it('the configuration names what is big, finds enabled channels and covers secrets', async () => {
    const { call } = await agent()
    const { content } = await call('get_flex_configuration')
    expect(content).toMatchObject({
      enabledChannels: ['sms', 'web', 'whatsapp'],
      attributes: { company: 'Ringdown' },
      omitted: { uiAttributes: '12 kB' }
    })
    expect((await call('get_flex_configuration', { fields: ['integrations'] })).content.integrations).toMatchObject([
      { config: { apiKey: '***', host: 'crm.example' } }
    ])
    expect((await call('get_flex_configuration', { fields: ['serviceSid'] })).error).toMatchObject({
      code: 'bad_value',
      argument: 'fields',
      next: expect.stringContaining('flexServiceInstanceSid')
    })
  })

  it('a Flex Flow names what its integration lacks, and who has the address', async () => {
    const { call } = await agent(['POST flex-api/v1/FlexFlows', () => refusal(400, 20001, 'duplicate')])
    const flow = {
      action: 'create',
      friendlyName: 'a',
      channelType: 'whatsapp',
      contactIdentity: 'whatsapp:+15005550006'
    }
    expect((await call('manage_flex_flows', { ...flow, integrationType: 'task' })).error.next).toBe(
      'integrationWorkflowSid; workflows: Default'
    )
    expect((await call('manage_flex_flows', flow)).error.next).toBe(
      `${sid('FO')} already handles whatsapp:+15005550006; update it, or disable it first`
    )
  })

  it('a flow is shown by its widgets, its definition on request', async () => {
    const { call } = await onTwilio()
    const { content } = await call('manage_studio_flows', { action: 'get', flowSid: 'Welcome' })
    expect(content).toMatchObject({
      flows: [{ flowSid: sid('FW'), widgets: ['Trigger: trigger → incomingMessage: greet', 'greet: send-message'] }]
    })
    expect(JSON.stringify(content)).not.toContain('"definition"')
    expect(
      JSON.stringify(
        (await call('manage_studio_flows', { action: 'get', flowSid: 'Welcome', fields: ['definition'] })).content
      )
    ).toContain('"states"')
  })

  it('a change is a draft until it is published on purpose; a wrong definition names each place', async () => {
    const { api, call } = await onTwilio([
      'POST studio/v2/Flows/Validate',
      () =>
        refusal(400, 20001, 'Flow definition is invalid', {
          errors: [{ message: 'must be text', property_path: '#/states/0/name' }]
        })
    ])
    expect(
      (await call('manage_studio_flows', { action: 'update', flowSid: 'Welcome', definition: { states: [] } })).content
        .warnings
    ).toEqual([expect.stringContaining('saved as a draft')])
    expect(api.writes()[0]?.form.Status).toBe('draft')
    expect((await call('manage_studio_flows', { action: 'validate', definition: {} })).error).toMatchObject({
      argument: 'definition',
      errors: [{ property_path: '#/states/0/name', message: 'must be text' }]
    })
  })

  it('one execution at a time for a contact', async () => {
    const { call } = await onTwilio([
      'POST studio/v2/Flows/:fw/Executions',
      (_sent: Sent) => refusal(409, 20409, 'already active', { conflicting_execution_sid: sid('FN', 4) })
    ])
    expect(
      (await call('manage_studio_flows', { action: 'trigger', flowSid: 'Welcome', to: '+33', from: '+15' })).error
    ).toMatchObject({
      code: 20409,
      next: `${sid('FN', 4)} is active for +33: end_execution, or wait for it`
    })
  })
})
