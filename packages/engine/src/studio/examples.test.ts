import { describe, expect, it } from 'vitest'
import { greeter, orderLookup, phoneMenu } from '../testing/flows.ts'
import { Stage } from '../testing/stage.ts'
import { memberOfContext } from './context.ts'

describe('a chatbot that hands over', () => {
  it('asks, tells the hours, and brings the customer to an agent with what it knows', () => {
    const stage = new Stage()
    stage.addWorker('Ada', { capacity: { default: 5 } })
    const chat = stage.conversation(stage.flow(greeter(stage.workflow('Anyone').sid, 'default')))
    stage.write(chat, 'hello')
    stage.write(chat, 'Ana')
    stage.write(chat, ' Hours ')
    stage.write(chat, 'AGENT')
    expect(stage.said(chat)).toEqual([
      '> hello',
      'Hi! What is your name?',
      '> Ana',
      'Thanks Ana. Reply HOURS, ORDER or AGENT.',
      '>  Hours ',
      'We are open 09:00 to 18:00.',
      'Thanks Ana. Reply HOURS, ORDER or AGENT.',
      '> AGENT'
    ])
    expect(stage.steps).toEqual([
      'Trigger incomingConversationMessage ask_name',
      'ask_name incomingMessage ask_topic',
      'ask_topic incomingMessage route',
      'route match hours',
      'hours sent ask_topic',
      'ask_topic incomingMessage route',
      'route match to_agent',
      'to_agent callComplete Ended'
    ])
    expect(stage.execution).toMatchObject({ status: 'ended', ended_reason: 'FLOW_END', contact_channel_address: chat })
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage ask_name | trigger = {"conversation":"«hello»"}',
      'ask_name incomingMessage ask_topic | widgets.ask_name = {"outbound":"«Hi! What is your name?»"} | widgets.ask_name.inbound = "«Ana»"',
      'ask_topic incomingMessage route | widgets.ask_topic = {"outbound":"«Thanks Ana. Reply HOURS, ORDER or AGENT.»"} | widgets.ask_topic.inbound = "« Hours »"',
      'route match hours',
      'hours sent ask_topic | widgets.hours = {"outbound":"«We are open 09:00 to 18:00.»"}',
      'ask_topic incomingMessage route | widgets.ask_topic = {"outbound":"«Thanks Ana. Reply HOURS, ORDER or AGENT.»"} | widgets.ask_topic.inbound = "«AGENT»"',
      'route match to_agent',
      'to_agent callComplete Ended | widgets.to_agent = {"sid":"KD…","channel":{"type":"sms","sid":"UO…"},"routing":{"reservation":null,"properties":{"sid":"WT…","account_sid":"AC…","workspace_sid":"WS…","workflow_sid":"WW…","workflow_name":"Anyone","queue_sid":"WQ…","queue_name":"Everyone","task_channel_sid":"TC…","task_channel_unique_name":"default","attributes":"{\\"customerAddress\\":\\"+37255500001\\",\\"from\\":\\"Ana\\",\\"topic\\":\\"agent\\",\\"customerName\\":\\"Ana\\",\\"flexInteractionSid\\":\\"KD…\\",\\"flexInteractionChannelSid\\":\\"UO…\\",\\"flexChannelInviteSid\\":\\"KG…\\",\\"conversationSid\\":\\"CH…\\",\\"channelType\\":\\"sms\\",\\"initiatedBy\\":\\"customer\\",\\"direction\\":\\"inbound\\",\\"customers\\":{\\"phone\\":\\"+37255500001\\",\\"name\\":\\"Ana\\"},\\"conversations\\":{\\"initiated_by\\":\\"customer\\",\\"communication_channel\\":\\"Sms\\",\\"direction\\":\\"inbound\\",\\"media\\":[{\\"type\\":\\"ChatTranscript\\",\\"sid\\":\\"CH…\\"}],\\"external_contact\\":\\"+37255500001\\",\\"conversation_id\\":\\"KD…\\"}}","assignment_status":"reserved","priority":0,"age":0,"age_in_queue":0,"reason":"","timeout":86400,"assignmentCounter":1,"routing_target":null,"date_created":1767225600,"date_updated":1767225600,"task_queue_entered_date":1767225600,"addons":"{}"}},"TaskSid":"WT…","url":"/v1/Interactions/KD…"} | flow.channel.status = "handed off"'
    ])
    const [interaction] = stage.state.tables.interaction.all()
    const task = stage.state.get('task', String(interaction?.task_sid))
    expect(JSON.parse(task.attributes)).toMatchObject({ topic: 'agent', customerName: 'Ana', channelType: 'sms' })
    expect(task.assignment_status).toBe('reserved')
    // What the customer writes now is the agent's, and starts nothing.
    expect(stage.state.tables.conversation_scoped_webhook.count('conversation_sid', chat)).toBe(0)
    stage.write(chat, 'are you there?')
    expect(stage.state.tables.execution.size).toBe(1)
  })

  it('hands over when nobody answers, and apologises when there is nobody to hand over to', () => {
    const stage = new Stage()
    const chat = stage.conversation(stage.flow(greeter(`WW${'0'.repeat(32)}`, 'default')))
    stage.write(chat, 'hello')
    stage.pass('59 min')
    expect(stage.execution.waits_for).toBe('message')
    stage.pass('1 min')
    expect(stage.steps.slice(1)).toEqual([
      'ask_name timeout to_agent',
      'to_agent failedToEnqueue apology',
      'apology sent Ended'
    ])
    expect(stage.said(chat).at(-1)).toBe('We cannot reach an agent right now. Please try later.')
    expect(stage.errors).toEqual([expect.stringContaining('does not exist')])
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage ask_name | trigger = {"conversation":"«hello»"}',
      'ask_name timeout to_agent | widgets.ask_name = {"outbound":"«Hi! What is your name?»"}',
      'to_agent failedToEnqueue apology',
      'apology sent Ended | widgets.apology = {"outbound":"«We cannot reach an agent right now. Please try later.»"}'
    ])
  })
})

describe('a look-up over HTTP', () => {
  it.each([
    [200, { state: 'shipped', days_late: 0 }, 'Order A 1 is shipped.'],
    [200, { state: 'shipped', days_late: '3' }, 'Order A 1 is 3 day(s) late. We are sorry.'],
    [200, {}, 'No such order.'],
    [200, [{ state: 'shipped' }], 'No such order.'],
    [503, 'down', 'The lookup failed (503). Try again.']
  ])('answers %s %j', (status, body, said) => {
    const stage = new Stage()
    const chat = stage.conversation(stage.flow(orderLookup('https://acme.example/orders')))
    stage.write(chat, ' a 1 ')
    expect(stage.execution.request).toEqual({
      method: 'GET',
      url: 'https://acme.example/orders/A+1',
      content_type: 'application/x-www-form-urlencoded;charset=utf-8',
      body: null,
      parameters: [['contact', chat]]
    })
    stage.answer(status, body)
    expect(stage.said(chat).at(-1)).toBe(said)
    expect(stage.execution.ended_reason).toBe('FLOW_END')
  })

  it('takes no answer twice, and goes on when nobody answers', () => {
    const stage = new Stage()
    const chat = stage.conversation(stage.flow(orderLookup('https://acme.example/orders')))
    stage.write(chat, 'a1')
    const { sid, ticket } = stage.execution
    stage.fail('timeout: no answer within 10000 ms')
    const late = { widget: 'lookup', widget_type: 'make-http-request', status: 200, body: '{"state":"late"}' }
    stage.do({ type: 'execution.answer', execution_sid: sid, ticket: String(ticket), ...late })
    expect(stage.said(chat)).toEqual(['> a1', 'The lookup failed (). Try again.'])
    expect(stage.errors).toEqual(['Error 81014: timeout: no answer within 10000 ms'])
  })

  it('is started over REST with data', () => {
    const stage = new Stage()
    const { sid } = stage.start(stage.flow(orderLookup('https://acme.example/o')), { parameters: '{"order_id":"x/9"}' })
    expect(stage.execution.request?.url).toBe('https://acme.example/o/x%2F9')
    stage.answer(200, { state: 'new' })
    const execution = stage.state.get('execution', sid)
    expect(memberOfContext(execution.context, 'widgets', 'lookup', 'parsed')).toEqual({ state: 'new' })
    expect(stage.steps.at(-1)).toBe('status sent Ended')
    expect(stage.course).toEqual([
      'Trigger incomingRequest pick_id | trigger = {"request":{"from":"+3726000","to":"+37255500001","parameters":{"order_id":"x/9"}}} | flow.data = {"order_id":"x/9"}',
      'pick_id next lookup | widgets.pick_id = {} | flow.variables.order_id = "x/9" | widgets.pick_id.order_id = "x/9"',
      'lookup success check | widgets.lookup = {"body":"{\\"state\\":\\"new\\"}","content_type":"application/json","status_code":200,"parsed":{"state":"new"}}',
      'check noMatch status',
      'status sent Ended | widgets.status = {"outbound":"«Order x/9 is new.»"}'
    ])
    const [sent] = stage.state.tables.channel_message.all()
    expect(sent).toMatchObject({ from: '+3726000', to: '+37255500001', body: 'Order x/9 is new.', status: 'queued' })
  })
})

describe('a menu on the phone', () => {
  it('ends at its first voice widget where there is no call, and says why', () => {
    const stage = new Stage()
    const flow_sid = stage.flow(phoneMenu(stage.workflow('Anyone').sid, 'voice'))
    const parameters = { CallSid: `CA${'1'.repeat(32)}`, From: '+33612345678', To: '+3726000' }
    stage.do({ type: 'flow.receive', flow_sid, parameters })
    expect(stage.execution).toMatchObject({ status: 'ended', ended_reason: 'ERROR', initiated_by: parameters.CallSid })
    expect(memberOfContext(stage.execution.context, 'trigger', 'call', 'From')).toBe('+33612345678')
    expect(stage.errors).toEqual([expect.stringContaining('there is no call for gather-input-on-call')])
  })
})
