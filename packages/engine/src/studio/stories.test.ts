import { describe, expect, it } from 'vitest'
import { ask, definition, first, say, set, split, trigger, widget } from '../testing/flows.ts'
import { Stage, staged } from '../testing/stage.ts'
import { memberOfContext } from './context.ts'

describe('flows of the shapes that people publish', () => {
  it('1: a menu that is asked again until it is understood, and gives up after ten times', () => {
    const { stage, write, said } = staged([
      first('menu'),
      ask('menu', '1 sales, 2 support', 'route'),
      split(
        'route',
        '{{widgets.menu.inbound.Body}}',
        [
          ['equal_to', '1', 'sales'],
          ['equal_to', '2.0', 'support']
        ],
        'menu'
      ),
      say('sales', 'Sales it is.'),
      say('support', 'Support it is.')
    ])
    write('hi')
    for (const body of ['3', 'x', '02']) write(body)
    expect(said().filter((one) => one === '1 sales, 2 support')).toHaveLength(3)
    expect(said().at(-1)).toBe('Support it is.')
    expect(stage.execution.steps).toBe(8)
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage menu | trigger = {"conversation":"«hi»"}',
      'menu incomingMessage route | widgets.menu = {"outbound":"«1 sales, 2 support»"} | widgets.menu.inbound = "«3»"',
      'route noMatch menu',
      'menu incomingMessage route | widgets.menu = {"outbound":"«1 sales, 2 support»"} | widgets.menu.inbound = "«x»"',
      'route noMatch menu',
      'menu incomingMessage route | widgets.menu = {"outbound":"«1 sales, 2 support»"} | widgets.menu.inbound = "«02»"',
      'route match support',
      'support sent Ended | widgets.support = {"outbound":"«Support it is.»"}'
    ])
  })

  it('2: a survey that keeps each answer under a name, and sends it on in one piece', () => {
    const survey = (name: string, body: string, next: string) => {
      const one = ask(name, body, next)
      return { ...one, properties: { ...one.properties, save_response_as: name } }
    }
    const { stage, write } = staged([
      first('score'),
      survey('score', 'How were we, 1 to 5?', 'why'),
      survey('why', 'Why?', 'post'),
      widget(
        'post',
        'make-http-request',
        { success: undefined, failed: undefined },
        {
          method: 'POST',
          url: 'https://acme.example/survey',
          content_type: 'application/json;charset=utf-8',
          body: '{"score":{{flow.variables.score | plus: 0}},"why":{{flow.variables.why | to_json}}}'
        }
      )
    ])
    for (const body of ['hi', '5', 'You said "thanks"']) write(body)
    expect(stage.execution.request).toMatchObject({
      method: 'POST',
      content_type: 'application/json;charset=utf-8',
      body: '{"score":5,"why":"You said \\"thanks\\""}'
    })
    stage.answer(204, '', '')
    expect(stage.execution.ended_reason).toBe('FLOW_END')
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage score | trigger = {"conversation":"«hi»"}',
      'score incomingMessage why | widgets.score = {"outbound":"«How were we, 1 to 5?»"} | widgets.score.inbound = "«5»" | flow.variables.score = "5"',
      'why incomingMessage post | widgets.why = {"outbound":"«Why?»"} | widgets.why.inbound = "«You said \\"thanks\\"»" | flow.variables.why = "You said \\"thanks\\""',
      'post success Ended | widgets.post = {"body":"","content_type":"","status_code":204}'
    ])
  })

  it('3: a router by language', () => {
    const { stage, write, said } = staged([
      first('lang'),
      split(
        'lang',
        '{{trigger.conversation.Body}}',
        [
          ['regex', '(bonjour|salut)\\b.*', 'fr'],
          ['starts_with', 'hola', 'es'],
          ['contains', 'tere', 'et']
        ],
        'en'
      ),
      say('fr', 'Bonjour !'),
      say('es', '¡Hola!'),
      say('et', 'Tere!'),
      say('en', 'Hello!')
    ])
    for (const body of ['Bonjour à tous', 'HOLA', 'oh tere', 'hey']) write(body)
    expect(said().filter((one) => !one.startsWith('>'))).toEqual(['Bonjour !', '¡Hola!', 'Tere!', 'Hello!'])
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage lang | trigger = {"conversation":"«hey»"}',
      'lang noMatch en',
      'en sent Ended | widgets.en = {"outbound":"«Hello!»"}'
    ])
  })

  it.each([
    ['2026-01-01 is New Year', '"now" | date: "%Y-%m-%d"', 'is_before_date', '2026-01-02', 'yes'],
    ['and not after it', '"now" | date: "%Y-%m-%d"', 'is_after_date', '2026-01-01', 'no'],
    ['midnight is before nine', '"now" | date: "%H:%M"', 'is_before_time', '09:00', 'yes'],
    ['in Tokyo it is nine', '"now" | date: "%H:%M", "Asia/Tokyo"', 'is_after_time', '08:59', 'yes'],
    ['what is no time is not before one', '"noon"', 'is_before_time', '23:00', 'no']
  ])('4: a router by hours: %s', (_what, input, type, value, expected) => {
    const { write, said } = staged([
      first('hours'),
      split('hours', `{{ ${input} }}`, [[type, value, 'yes']], 'no'),
      say('yes', 'yes'),
      say('no', 'no')
    ])
    write('hi')
    expect(said().at(-1)).toBe(expected)
  })

  it('5: two look-ups one after the other, the second with what the first has found', () => {
    const look = (name: string, url: string, next: string) =>
      widget(
        name,
        'make-http-request',
        { success: next, failed: 'sorry' },
        { method: 'GET', url, content_type: 'application/x-www-form-urlencoded;charset=utf-8' }
      )
    const { stage, write, said } = staged([
      first('customer'),
      look('customer', 'https://acme.example/customers', 'orders'),
      look('orders', 'https://acme.example/{{widgets.customer.parsed.id}}/orders', 'tell'),
      say('tell', '{% for order in widgets.orders.parsed.orders %}{{order.no}} {% endfor %}'),
      say('sorry', 'Sorry.')
    ])
    write('hi')
    stage.answer(200, { id: 7 })
    expect(stage.execution.request?.url).toBe('https://acme.example/7/orders')
    stage.answer(200, { orders: [{ no: 'A1' }, { no: 'B2' }] })
    expect(said().at(-1)).toBe('A1 B2 ')
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage customer | trigger = {"conversation":"«hi»"}',
      'customer success orders | widgets.customer = {"body":"{\\"id\\":7}","content_type":"application/json","status_code":200,"parsed":{"id":7}}',
      'orders success tell | widgets.orders = {"body":"{\\"orders\\":[{\\"no\\":\\"A1\\"},{\\"no\\":\\"B2\\"}]}","content_type":"application/json","status_code":200,"parsed":{"orders":[{"no":"A1"},{"no":"B2"}]}}',
      'tell sent Ended | widgets.tell = {"outbound":"«A1 B2 »"}'
    ])
  })

  it('6: a function that says why it fails, by its headers and its own transition', () => {
    const { stage, write, said } = staged([
      first('fn'),
      widget(
        'fn',
        'run-function',
        { success: 'ok', fail: 'bad' },
        { url: 'https://acme.example/fn', parameters: [{ key: 'who', value: '{{contact.channel.address}}' }] }
      ),
      say('ok', 'fine {{widgets.fn.headers["x-y"]}}'),
      say('bad', 'broken')
    ])
    write('hi')
    expect(stage.execution.request?.parameters).toEqual([['who', stage.execution.conversation_sid]])
    stage.answer(200, 'x', 'text/plain')
    expect(said().at(-1)).toBe('fine 1')
    write('again')
    stage.answer(500, 'no')
    expect(said().at(-1)).toBe('broken')
    expect(stage.errors.at(-1)).toContain('81017')
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage fn | trigger = {"conversation":"«again»"}',
      'fn fail bad | widgets.fn = {"body":"no","content_type":"application/json","status_code":500,"headers":{"x-y":"1"}}',
      'bad sent Ended | widgets.bad = {"outbound":"«broken»"}'
    ])
  })

  it('7: a subflow with parameters, whose variables its parent sees', () => {
    const stage = new Stage()
    const sub = stage.flow(
      definition([
        trigger({ incomingParent: 'ask' }),
        ask('ask', 'Your number, {{trigger.parent.parameters.name}}?', 'keep'),
        set('keep', { number: '{{widgets.ask.inbound.Body}}' })
      ]),
      'Sub'
    )
    const chat = stage.conversation(
      stage.flow(
        definition([
          trigger({ incomingConversationMessage: 'mine' }),
          set('mine', { own: '1' }, 'run'),
          widget(
            'run',
            'run-subflow',
            { completed: 'tell', failed: 'sorry' },
            {
              flow_sid: sub,
              flow_revision: 'LatestPublished',
              parameters: [{ key: 'name', value: 'Ana', type: 'string' }]
            }
          ),
          say('tell', '{{widgets.run.number}}/{{flow.variables.own}}/{{widgets.ask.inbound.Body}}'),
          say('sorry', 'Sorry.')
        ])
      )
    )
    stage.write(chat, 'hi')
    stage.write(chat, '42')
    expect(stage.said(chat).at(-1)).toBe('42/1/')
    expect(stage.steps).toEqual([
      'Trigger incomingConversationMessage mine',
      'mine next run',
      'Trigger incomingParent ask',
      'ask incomingMessage keep',
      'keep next Ended',
      'run completed tell',
      'tell sent Ended'
    ])
    const [, led, ...inside] = stage.stepRows
    expect(inside.map(({ parent_step_sid }) => parent_step_sid === led?.sid)).toEqual([true, true, true, false, false])
    expect(new Set(stage.stepRows.map(({ execution_sid }) => execution_sid)).size).toBe(1)
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage mine | trigger = {"conversation":"«hi»"}',
      'mine next run | widgets.mine = {} | flow.variables.own = "1" | widgets.mine.own = "1"',
      'Trigger incomingParent ask | trigger.parent = {"parameters":{"name":"Ana"},"step_sid":"FT…","execution_sid":"FN…","flow_sid":"FW…","trigger_type":"incomingConversationMessage"} | widgets = {} | flow.variables = {}',
      'ask incomingMessage keep | widgets.ask = {"outbound":"«Your number, Ana?»"} | widgets.ask.inbound = "«42»"',
      'keep next Ended | widgets.keep = {} | flow.variables.number = "42" | widgets.keep.number = "42"',
      'run completed tell | trigger = {"conversation":"«hi»"} | widgets = {"mine":{"own":"1"}} | flow.variables = {"own":"1"} | widgets.run = {"number":"42"}',
      'tell sent Ended | widgets.tell = {"outbound":"«42/1/»"}'
    ])
  })

  it.each([
    ['LatestPublished', 'completed'],
    ['LatestDraft', 'failed'],
    ['LatestRevision', 'completed'],
    ['1', 'completed'],
    ['9', 'failed']
  ])('8: a subflow in revision %s: %s', (flow_revision, event) => {
    const stage = new Stage()
    const flow_sid = stage.flow(definition([trigger({})]), 'Sub')
    for (const version of [2, 3])
      stage.do({
        type: 'flow.update',
        sid: flow_sid,
        status: 'published',
        definition: definition([trigger({})], { version })
      })
    const chat = stage.conversation(
      stage.flow(
        definition([
          trigger({ incomingConversationMessage: 'run' }),
          widget('run', 'run-subflow', { completed: undefined, failed: undefined }, { flow_sid, flow_revision })
        ])
      )
    )
    stage.write(chat, 'hi')
    expect(stage.steps.at(-1)).toBe(`run ${event} Ended`)
    if (event === 'failed') expect(stage.errors.at(-1)).toContain('81021')
    // What is of no use to anybody leaves memory again.
    const revisions = [...stage.state.tables.flow_revision.by('flow_sid', flow_sid)]
    expect(revisions.map(({ residence }) => residence)).toEqual(['kept', 'kept', 'live'])
  })

  it('9: outbound: a conversation that the flow begins, and closes when it is over', () => {
    const stage = new Stage()
    const flow = stage.flow(
      definition([
        trigger({ incomingRequest: 'begin' }),
        widget(
          'begin',
          'start-conversation',
          { created: 'ask', failed: 'no' },
          {
            conversation_service_sid: '{{flow.data.service}}',
            friendly_name: 'Reminder {{flow.data.id}}',
            participants: [
              {
                type: 'messaging',
                messaging_binding_address: '{{contact.channel.address}}',
                messaging_binding_proxy_address: '{{flow.channel.address}}'
              }
            ],
            close_conversation_on_execution_end: true
          }
        ),
        ask('ask', 'Will you come on Monday?', 'thanks'),
        say('thanks', 'Thank you.'),
        say('no', 'No.')
      ])
    )
    const [service] = stage.state.tables.chat_service.all()
    stage.start(flow, { parameters: JSON.stringify({ service: service?.sid, id: 5 }) })
    const chat = String(stage.execution.conversation_sid)
    expect(stage.state.get('conversation', chat).friendly_name).toBe('Reminder 5')
    expect(memberOfContext(stage.execution.context, 'flow', 'channel')).toMatchObject({
      address: '+3726000',
      sid: chat,
      status: 'active'
    })
    stage.write(chat, 'yes')
    expect(stage.said(chat)).toEqual(['Will you come on Monday?', '> yes', 'Thank you.'])
    expect(stage.state.get('conversation', chat).state).toBe('closed')
    expect(stage.execution.ended_reason).toBe('FLOW_END')
    expect(stage.course).toEqual([
      'Trigger incomingRequest begin | trigger = {"request":{"from":"+3726000","to":"+37255500001","parameters":{"service":"IS…","id":5}}} | flow.data = {"service":"IS…","id":5}',
      'begin created ask | widgets.begin = {"ConversationSid":"CH…","ChatServiceSid":"IS…","State":"active"} | flow.channel = {"address":"+3726000","sid":"CH…","service_sid":"IS…","status":"active"}',
      'ask incomingMessage thanks | widgets.ask = {"outbound":"«Will you come on Monday?»"} | widgets.ask.inbound = "«yes»"',
      'thanks sent Ended | widgets.thanks = {"outbound":"«Thank you.»"}'
    ])
  })

  it('10: a message that does not arrive takes the way that the flow has for it', () => {
    const stage = new Stage()
    const flow = stage.flow(
      definition([
        trigger({ incomingRequest: 'ask' }),
        ask('ask', 'Hello?', 'thanks', { deliveryFailure: 'note' }),
        set('note', { lost: 'yes' }),
        say('thanks', 'Thanks')
      ])
    )
    // Nobody has this number.
    stage.start(flow, { to: '+37255599999' })
    expect(stage.steps).toEqual(['Trigger incomingRequest ask', 'ask deliveryFailure note', 'note next Ended'])
    expect(stage.errors.at(-1)).toContain('81011')
    expect(stage.course).toEqual([
      'Trigger incomingRequest ask | trigger = {"request":{"from":"+3726000","to":"+37255599999","parameters":{}}}',
      'ask deliveryFailure note | widgets.ask = {"outbound":"«Hello?»"}',
      'note next Ended | widgets.note = {} | flow.variables.lost = "yes" | widgets.note.lost = "yes"'
    ])
  })

  it('11: variables that are objects, and those that build on one another', () => {
    const { stage, write } = staged([
      first('vars'),
      widget(
        'vars',
        'set-variables',
        { next: undefined },
        {
          variables: [
            { key: 'a', value: '2', type: 'string' },
            { key: 'o', value: '{"list":[1,{"b":"x"}]}', type: 'json_object' },
            { key: '__proto__', value: 'no', type: 'string' },
            { key: 'c', value: '{{flow.variables.nothing}}', type: 'string' },
            { key: 'd', value: '{{flow.variables.a | plus: flow.variables.o.list[0]}}', type: 'string' }
          ]
        }
      )
    ])
    write('hi')
    expect(memberOfContext(stage.execution.context, 'flow', 'variables')).toEqual({
      a: '2',
      o: { list: [1, { b: 'x' }] },
      c: '',
      d: '3'
    })
    expect(memberOfContext(stage.execution.context, 'widgets', 'vars', 'o')).toEqual({ list: [1, { b: 'x' }] })
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage vars | trigger = {"conversation":"«hi»"}',
      'vars next Ended | widgets.vars = {} | flow.variables.a = "2" | widgets.vars.a = "2" | flow.variables.o = {"list":[1,{"b":"x"}]} | widgets.vars.o = {"list":[1,{"b":"x"}]} | flow.variables.__proto__ = "no" | widgets.vars.__proto__ = "no" | flow.variables.c = "" | widgets.vars.c = "" | flow.variables.d = "3" | widgets.vars.d = "3"'
    ])
  })

  it('12: a number of ours that leads to the flow: messages go to and fro without a conversation', () => {
    const stage = new Stage()
    const flow = stage.flow(
      definition([
        first('ask'),
        ask('ask', 'Your order?', 'tell'),
        say('tell', 'Order {{widgets.ask.inbound.Body}}, {{trigger.message.From}}.')
      ])
    )
    const sms_url = `https://webhooks.twilio.com/v1/Accounts/${stage.state.account_sid}/Flows/${flow}`
    stage.do({ type: 'incoming_phone_number.create', phone_number: '+37256000000', sms_url })
    const [phone] = stage.state.tables.phone.all()
    const write = (body: string) =>
      stage.do({ type: 'phone.write', phone_sid: String(phone?.sid), to: '+37256000000', body })
    write('hello')
    write('77')
    const sent = stage.state.tables.channel_message.all().filter(({ direction }) => direction !== 'inbound')
    expect(sent.map(({ from, to, body }) => `${from} ${to} ${body}`)).toEqual([
      '+37256000000 +37255500001 Your order?',
      '+37256000000 +37255500001 Order 77, +37255500001.'
    ])
    expect(stage.execution).toMatchObject({
      contact_channel_address: '+37255500001',
      flow_channel_address: '+37256000000',
      ended_reason: 'FLOW_END'
    })
    expect(stage.execution.initiated_by).toMatch(/^SM/)
    expect(stage.course).toEqual([
      'Trigger incomingMessage ask | trigger = {"message":"«hello»"}',
      'ask incomingMessage tell | widgets.ask = {"outbound":"«Your order?»"} | widgets.ask.inbound = "«77»"',
      'tell sent Ended | widgets.tell = {"outbound":"«Order 77, +37255500001.»"}'
    ])
  })

  it('13: to agents from a number, as a task', () => {
    const stage = new Stage()
    const flow = stage.flow(
      definition([
        trigger({ incomingMessage: 'flex' }),
        widget(
          'flex',
          'send-to-flex',
          { callComplete: 'thanks', failedToEnqueue: undefined, callFailure: undefined },
          {
            workflow: stage.workflow('Anyone').sid,
            channel: 'default',
            priority: '7',
            attributes: '{"name":{{trigger.message.From | to_json}}}'
          }
        ),
        say('thanks', 'Task {{widgets.flex.Sid}}')
      ])
    )
    stage.do({
      type: 'flow.receive',
      flow_sid: flow,
      parameters: { From: '+37255500001', To: '+3726000', Body: 'hi', MessageSid: `SM${'1'.repeat(32)}` }
    })
    const [task] = stage.state.tables.task.all()
    expect(task).toMatchObject({ priority: 7, attributes: '{"name":"+37255500001"}', timeout: 3600 })
    expect(stage.steps.at(-1)).toBe('thanks sent Ended')
  })

  it('14: look-ups side by side: two flows of one conversation ask at once, and hear in the other order', () => {
    const stage = new Stage()
    const look = (what: string) =>
      stage.flow(
        definition([
          trigger({ incomingConversationMessage: 'look' }),
          widget(
            'look',
            'make-http-request',
            { success: 'tell', failed: 'sorry' },
            {
              method: 'GET',
              url: `https://acme.example/${what}`,
              content_type: 'application/x-www-form-urlencoded;charset=utf-8',
              parameters: [{ key: 'of', value: '{{trigger.conversation.Body}}' }]
            }
          ),
          say('tell', `${what}: {{widgets.look.parsed.found}}`),
          say('sorry', `No ${what}.`)
        ]),
        what
      )
    const chat = stage.conversation(look('price'), look('stock'))
    stage.write(chat, 'A1')
    const asked = stage.state.tables.execution.all()
    expect(asked.map(({ waits_for, request }) => [waits_for, request?.url])).toEqual([
      ['answer', 'https://acme.example/price'],
      ['answer', 'https://acme.example/stock']
    ])
    const answer = (which: number, body: string) =>
      stage.do({
        type: 'execution.answer',
        execution_sid: String(asked[which]?.sid),
        ticket: String(asked[which]?.ticket),
        ...{ widget: 'look', widget_type: 'make-http-request', status: 200, content_type: 'application/json', body }
      })
    answer(1, '{"found":7}')
    expect(stage.said(chat)).toEqual(['> A1', 'stock: 7'])
    answer(0, '{"found":"5 EUR"}')
    expect(stage.said(chat)).toEqual(['> A1', 'stock: 7', 'price: 5 EUR'])
    // What one of them says does not begin the other anew.
    expect(
      stage.state.tables.execution
        .all()
        .slice(0, 2)
        .map(({ ended_reason }) => ended_reason)
    ).toEqual(['FLOW_END', 'FLOW_END'])
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage look | trigger = {"conversation":"«A1»"}',
      'look success tell | widgets.look = {"body":"{\\"found\\":7}","content_type":"application/json","status_code":200,"parsed":{"found":7}}',
      'tell sent Ended | widgets.tell = {"outbound":"«stock: 7»"}'
    ])
  })

  it('15: branches that look up elsewhere, and meet again', () => {
    const look = (name: string) =>
      widget(
        name,
        'make-http-request',
        { success: 'tell', failed: 'tell' },
        { method: 'GET', url: `https://acme.example/${name}`, content_type: 'text/plain' }
      )
    const { stage, write, said } = staged([
      first('which'),
      split('which', '{{trigger.conversation.Body}}', [['contains', 'order', 'orders']], 'prices'),
      look('orders'),
      look('prices'),
      say('tell', '{{widgets.orders.body | default: "no order"}}, {{widgets.prices.body | default: "no price"}}')
    ])
    write('my order')
    stage.answer(200, 'sent', 'text/plain')
    write('how much?')
    stage.answer(503, 'busy', 'text/plain')
    expect(said().filter((one) => !one.startsWith('>'))).toEqual(['sent, no price', 'no order, busy'])
    expect(stage.course).toEqual([
      'Trigger incomingConversationMessage which | trigger = {"conversation":"«how much?»"}',
      'which noMatch prices',
      'prices failed tell | widgets.prices = {"body":"busy","content_type":"text/plain","status_code":503}',
      'tell sent Ended | widgets.tell = {"outbound":"«no order, busy»"}'
    ])
  })
})
