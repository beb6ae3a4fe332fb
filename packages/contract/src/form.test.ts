import { InvalidRequest, type ParsedRequest, parseRequest, type RawRequest } from '@ringdown/contract/form'
import { operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { sealed } from '@ringdown/contract/page-scope'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const hex = '0123456789abcdef0123456789abcdef'
const workspace = { WorkspaceSid: `WS${hex}` }
const conversation = { ConversationSid: `CH${hex}` }
const parents = { TaskSid: `WT${hex}`, Sid: `WR${hex}`, InteractionSid: `KD${hex}`, ChannelSid: `UO${hex}` }

describe('a form', () => {
  test('a customer chat becomes a task', () => {
    const { path, params, page } = post('taskrouter_v1.CreateTask', workspace, {
      body: `WorkflowSid=WW${hex}&Attributes=%7B%22type%22%3A+%22chat%22%7D&Priority=5&IgnoreCapacity=Yes&VirtualStartTime=2025-01-02T03:04:05.678%2B01:00&Unknown=1`
    })
    expect(path).toEqual({ workspace_sid: `WS${hex}` })
    expect(params).toEqual({
      workflow_sid: `WW${hex}`,
      attributes: '{"type": "chat"}',
      priority: 5,
      ignore_capacity: true,
      virtual_start_time: Date.UTC(2025, 0, 2, 2, 4, 5, 678)
    })
    expect(page).toBeNull()
  })

  test('dotted keys, headers and text with every awkward character', () => {
    const { params } = post('conversations_v1.CreateConversationParticipant', conversation, {
      body: 'MessagingBinding.Address=whatsapp%3A%2B15550001111&MessagingBinding.ProxyAddress=a=b=c&Identity=h%C3%A9llo+%26',
      headers: { 'x-twilio-webhook-enabled': 'True' }
    })
    expect(params).toEqual({
      identity: 'héllo &',
      messaging_binding_address: 'whatsapp:+15550001111',
      messaging_binding_proxy_address: 'a=b=c',
      x_twilio_webhook_enabled: true
    })
  })

  test.each([
    ['Permission=a&Permission=b', ['a', 'b']],
    ['Permission[0]=a&Permission[1]=b', ['a', 'b']],
    ['Permission%5B%5D=a', ['a']]
  ])('a repeated key as %s', (body, permission) => {
    expect(post('conversations_v1.UpdateRole', { Sid: `RL${hex}` }, { body }).params).toEqual({ permission })
  })

  test('an empty value clears text and what can be without one, is {} as JSON text and absent elsewhere', () => {
    const path = { ...workspace, Sid: `WQ${hex}` }
    const body = 'TargetWorkers=&ReservationActivitySid=&MaxReservedWorkers=&TaskOrder='
    expect(post('taskrouter_v1.UpdateTaskQueue', path, { body }).params).toEqual({
      target_workers: '',
      reservation_activity_sid: null
    })
    const task = { ...workspace, Sid: `WT${hex}` }
    expect(post('taskrouter_v1.UpdateTask', task, { body: 'Attributes=' }).params).toEqual({ attributes: '{}' })
    const participant = { ...conversation, Sid: 'alice@example.com' }
    const cleared = 'LastReadMessageIndex=null&LastReadTimestamp='
    expect(post('conversations_v1.UpdateConversationParticipant', participant, { body: cleared }).params).toEqual({
      last_read_message_index: null,
      last_read_timestamp: null
    })
  })

  test.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['yes', true],
    ['false', false],
    [' true ', true],
    ['on', false]
  ])('the boolean %j', (text, available) => {
    const body = `FriendlyName=Break&Available=${text}`
    expect(post('taskrouter_v1.CreateActivity', workspace, { body }).params).toEqual({
      friendly_name: 'Break',
      available
    })
  })

  test('an empty boolean, number, date, SID or enumeration is absent', () => {
    const body = 'IgnoreCapacity=&Priority=&VirtualStartTime=&WorkflowSid=&TaskQueueSid=%20'
    expect(post('taskrouter_v1.CreateTask', workspace, { body }).params).toEqual({})
    const update = 'WorkerActivitySid=&ReservationStatus=&EndConferenceOnExit='
    const reservation = { ...workspace, TaskSid: `WT${hex}`, Sid: `WR${hex}` }
    expect(post('taskrouter_v1.UpdateTaskReservation', reservation, { body: update }).params).toEqual({})
  })

  test.each([
    ['2025-01-02', Date.UTC(2025, 0, 2)],
    ['2025-01-02T03:04:05Z', Date.UTC(2025, 0, 2, 3, 4, 5)],
    ['2025-01-02T03:04:05.123456-02:30', Date.UTC(2025, 0, 2, 5, 34, 5, 123)],
    ['2025-01-02T03:04:05+02:00', Date.UTC(2025, 0, 2, 1, 4, 5)],
    ['2025-01-02t03:04', Date.UTC(2025, 0, 2, 3, 4)]
  ])('the date %s', (text, at) => {
    expect(post('taskrouter_v1.CreateTask', workspace, { body: `VirtualStartTime=${text}` }).params).toEqual({
      virtual_start_time: at
    })
  })

  test('each participant of a new conversation is an object of its own, in the text that it came in', () => {
    const one = encodeURIComponent('{"identity":"alice","n": 1.0}')
    const two = encodeURIComponent('{"messaging_binding":{"address":"+15550001111"}}')
    const body = `Participant=${one}&Participant=${two}`
    expect(post('conversations_v1.CreateConversationWithParticipants', {}, { body }).params.participant).toEqual([
      '{"identity":"alice","n": 1.0}',
      '{"messaging_binding":{"address":"+15550001111"}}'
    ])
  })

  test.each([
    ['taskrouter_v1.UpdateTaskReservation', 'ReservationStatus=ACCEPTED', { reservation_status: 'accepted' }],
    ['taskrouter_v1.CreateTaskQueue', 'FriendlyName=a&TaskOrder=lifo', { task_order: 'LIFO' }],
    ['conversations_v1.CreateConversation', 'State=%20Inactive', { state: 'inactive' }],
    ['flex_v1.CreateInteractionChannelParticipant', 'Type=Customer', { type: 'customer' }],
    ['events_v1.CreateSink', 'Description=a&SinkConfiguration={}&SinkType=Webhook', { sink_type: 'webhook' }]
  ])('an enumeration in another case: %s %s', (id, body, expected) => {
    const { params } = post(id, { ...workspace, ...conversation, ...parents }, { body })
    expect(params).toMatchObject(expected)
  })

  test.each([
    ['ConferenceStatusCallbackEvent=start end join', ['start', 'end', 'join']],
    ['ConferenceStatusCallbackEvent=start,END,+join', ['start', 'end', 'join']],
    ['ConferenceStatusCallbackEvent=start&ConferenceStatusCallbackEvent=end join', ['start', 'end', 'join']]
  ])('several values in one: %s', (body, conference_status_callback_event) => {
    const { params } = post('taskrouter_v1.UpdateTaskReservation', { ...workspace, ...parents }, { body })
    expect(params).toEqual({ conference_status_callback_event })
  })

  test('several names of events in one, and words with blanks that are not taken apart', () => {
    const body = 'Target=trigger&Configuration.Filters=onMessageAdded onMessageRemoved&Configuration.Triggers=my order'
    const { params } = post('conversations_v1.CreateConversationScopedWebhook', conversation, { body })
    expect(params).toMatchObject({
      configuration_filters: ['onMessageAdded', 'onMessageRemoved'],
      configuration_triggers: ['my order']
    })
  })

  test('an HTTP method comes in any case and goes on in the spelling of the enum', () => {
    const body = 'Target=webhook&Configuration.Method=POST&Configuration.Filters=onMessageAdded'
    const { params } = post('conversations_v1.CreateConversationScopedWebhook', conversation, { body })
    expect(params).toMatchObject({ configuration_method: 'post', configuration_filters: ['onMessageAdded'] })
  })

  test('the names of a documentation page are accepted too', () => {
    const body = 'WebhookUrl=https://x.test/hook&Filters=onChannelCreated&Method=post'
    expect(post('flex_v1.CreateInteractionWebhook', { InstanceSid: `GO${hex}` }, { body }).params).toEqual({
      webhook_url: 'https://x.test/hook',
      webhook_events: ['onChannelCreated'],
      webhook_method: 'POST'
    })
  })
})

describe('a query', () => {
  test('filters of a list of tasks, comma-joined and repeated', () => {
    const query = 'AssignmentStatus=pending%2Creserved&AssignmentStatus=assigned&HasAddons=false&PageSize=20'
    const { params, page } = get('taskrouter_v1.ListTask', workspace, query)
    expect(params).toEqual({ assignment_status: ['pending', 'reserved', 'assigned'], has_addons: false })
    expect(page).toMatchObject({ page_size: 20, page: 0, page_token: null })
  })

  test.each([
    ['taskrouter_v1.ListTask', '', { page_size: 50, page: 0, page_token: null }],
    ['taskrouter_v1.ListTask', 'PageSize=5000', { page_size: 1000, page: 0, page_token: null }],
    ['taskrouter_v1.ListTask', 'PageSize=0&Page=0', { page_size: 1, page: 0, page_token: null }],
    ['taskrouter_v1.ListTask', `Page=3&PageToken=PAWT${hex}`, { page_size: 50, page: 3, page_token: `PAWT${hex}` }],
    ['conversations_v1.ListConversation', 'PageSize=1000', { page_size: 100, page: 0, page_token: null }]
  ])('%s?%s', (id, query, page) => {
    expect(get(id, workspace, query).page).toMatchObject(page)
  })

  test("a page's token is good for its list, whatever the order and spelling of the filters", () => {
    const first = get('taskrouter_v1.ListTask', workspace, 'AssignmentStatus=pending,reserved&Priority=1').page
    const scope = first?.scope ?? ''
    const rest = `Page=1&PageSize=7&PageToken=${sealed('PTabc', scope)}`
    const filters = 'Priority=%201&AssignmentStatus=Pending&AssignmentStatus=reserved&WorkflowName='
    expect(get('taskrouter_v1.ListTask', workspace, `${filters}&${rest}`).page?.page_token).toBe('PTabc')
    const other = { WorkspaceSid: `WS${hex.replace('0', '1')}` }
    for (const [id, path, query] of [
      ['taskrouter_v1.ListTask', workspace, 'AssignmentStatus=pending&Priority=1'],
      ['taskrouter_v1.ListTask', workspace, ''],
      ['taskrouter_v1.ListTask', other, filters],
      ['taskrouter_v1.ListWorker', workspace, filters]
    ] as const) {
      const refused = refusal(() => get(id, path, `${query}&${rest}`))
      expect(refused).toMatchObject({ code: 20001, status: 400, parameter: 'PageToken' })
      expect(refused.message).toContain(`'${sealed('PTabc', scope)}' is of another list`)
    }
    expect(refusal(() => get('taskrouter_v1.ListTask', workspace, 'Page=1&PageToken=PTabc')).parameter).toBe(
      'PageToken'
    )
  })

  test('a filter by nothing is no filter', () => {
    const query = 'FriendlyName=&ActivityName=&ActivitySid=&Available=&TargetWorkersExpression=&Ordering='
    expect(get('taskrouter_v1.ListWorker', workspace, query).params).toEqual({})
    expect(get('conversations_v1.ListParticipantConversation', {}, 'Identity=&Address=%2B372').params).toEqual({
      address: '+372'
    })
    expect(get('events_v1.ListEventType', {}, 'SchemaId=').params).toEqual({})
  })

  test('a day is a day, however it is written', () => {
    const query = 'StartDate=2025-01-02&EndDate=2025-01-03T23:59:59Z'
    expect(get('conversations_v1.ListConversation', {}, query).params).toEqual({
      start_date: '2025-01-02',
      end_date: '2025-01-03'
    })
  })
})

describe('a JSON body', () => {
  const contentType = 'application/json; charset=utf-8'

  test('reaches the handler as it is', () => {
    const body = '{"account_sid":"AC1","ui_attributes":{"theme":{"isLight":true}},"__proto__":{"polluted":1}}'
    const { params } = post('flex_v1.UpdateConfiguration', {}, { body, contentType })
    expect(params).toEqual({ account_sid: 'AC1', ui_attributes: { theme: { isLight: true } } })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('may also be a form with JSON in its values, and its names may be spelled in any way', () => {
    const body = 'account_sid=AC1&UiAttributes=%7B%22a%22%3A1%7D&call_recording_enabled=true&ui_version=~2.5'
    expect(post('flex_v1.UpdateConfiguration', {}, { body }).params).toEqual({
      account_sid: 'AC1',
      ui_attributes: { a: 1 },
      call_recording_enabled: true,
      ui_version: '~2.5'
    })
    const bulk = { body: `{"queueSids":["WQ${hex}"]}`, contentType }
    expect(post('taskrouter_v1.CreateTaskQueueBulkRealTimeStatistics', workspace, bulk).params).toEqual({
      queue_sids: [`WQ${hex}`]
    })
  })
})

describe('refused', () => {
  const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`
  test.each([
    ['taskrouter_v1.CreateWorker', '', 'FriendlyName', 'Missing required parameter FriendlyName in the post body'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=', 'FriendlyName', 'Missing required parameter'],
    ['taskrouter_v1.CreateWorker', 'friendlyname=Ann', 'FriendlyName', 'Missing required parameter'],
    ['taskrouter_v1.CreateWorker', `FriendlyName=${'x'.repeat(65)}`, 'FriendlyName', 'at most 64 characters'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=Ann&Attributes=[1]', 'Attributes', 'a JSON object is expected'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=Ann&Attributes={a', 'Attributes', 'Invalid JSON'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=Ann&Attributes={"a":"\\u0000"}', 'Attributes', 'U+0000'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=Ann&Attributes={"\\ud800":1}', 'Attributes', 'half a surrogate'],
    ['taskrouter_v1.CreateWorker', `FriendlyName=Ann&Attributes={"a":${deep}}`, 'Attributes', 'nested deeper'],
    ['taskrouter_v1.CreateWorker', `FriendlyName=Ann&ActivitySid=WK${hex}`, 'ActivitySid', 'a SID beginning with WA'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=A%00nn', 'FriendlyName', 'U+0000'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=A\ud800nn', null, 'not valid Unicode'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=%ED%A0%80', 'FriendlyName', 'Malformed percent-encoding'],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=100%', 'FriendlyName', 'Malformed percent-encoding'],
    ['taskrouter_v1.CreateWorker', 'a&'.repeat(1001), null, 'More than 1000 parameters'],
    ['taskrouter_v1.CreateTask', 'Priority=-1', 'Priority', 'of at least 0 and at most 2147483647'],
    ['taskrouter_v1.CreateTask', 'Priority=1.5', 'Priority', 'an integer'],
    ['taskrouter_v1.CreateTask', 'Timeout=1209601', 'Timeout', 'at most 1209600'],
    ['taskrouter_v1.CreateTask', 'VirtualStartTime=2025-02-30', 'VirtualStartTime', 'ISO 8601'],
    ['taskrouter_v1.CreateTask', 'VirtualStartTime=2025-02-03T24:00:00Z', 'VirtualStartTime', 'ISO 8601'],
    ['taskrouter_v1.CreateWorkspace', 'FriendlyName=a&Template=LIFO', 'Template', 'one of NONE, FIFO']
  ])('%s with %.60s', (id, body, parameter, message) => {
    const refused = refusal(() => post(id, workspace, { body }))
    expect(refused).toMatchObject({ code: 20001, status: 400, parameter })
    expect(refused.message).toContain(message)
  })

  test.each([
    ['Page=1', 'Page'],
    ['Page=-1', 'Page'],
    ['PageSize=many', 'PageSize'],
    ['ActivitySid=nonsense', 'ActivitySid']
  ])('a list of workers with %s', (query, parameter) => {
    expect(refusal(() => get('taskrouter_v1.ListWorker', workspace, query))).toMatchObject({ status: 400, parameter })
  })

  test.each([
    ['taskrouter_v1.CreateWorker', 'FriendlyName=Ann&ActivitySid=nowhere', "'nowhere'"],
    ['taskrouter_v1.CreateTask', 'Priority=high', "'high'"],
    ['taskrouter_v1.CreateTask', 'VirtualStartTime=tomorrow', "'tomorrow'"],
    ['taskrouter_v1.CreateWorkspace', 'FriendlyName=a&Template=LIFO', "'LIFO'"],
    ['taskrouter_v1.CreateWorker', 'FriendlyName=Ann&Attributes=[1]', "'[1]'"],
    ['taskrouter_v1.CreateWorker', `FriendlyName=Ann&ActivitySid=${'x'.repeat(5000)}`, `'${'x'.repeat(64)}…'`],
    ['taskrouter_v1.CreateWorker', `FriendlyName=Ann&ActivitySid=${'x'.repeat(63)}🙂`, `'${'x'.repeat(63)}…'`]
  ])('%s with %.60s says what it was', (id, body, value) => {
    expect(refusal(() => post(id, workspace, { body })).message).toContain(value)
  })

  test.each([
    ['conversations_v1.CreateUser', 'Identity=a&Attributes={', 50304],
    ['conversations_v1.UpdateServiceUser', "Attributes={'a':1}", 50304],
    ['conversations_v1.CreateServiceConversation', 'Attributes=[', 50304],
    ['conversations_v1.CreateConversationWithParticipants', 'Attributes=x', 50304],
    ['conversations_v1.UpdateConversationParticipant', 'Attributes={"a":"\\ud800"}', 50304],
    ['conversations_v1.UpdateServiceConversationMessage', 'Attributes={a}', 50304],
    ['flex_v1.CreateInteraction', 'Channel={', 45366],
    ['flex_v1.CreateInteraction', 'Channel={}&Routing=[]', 20001],
    ['flex_v1.CreateInteractionChannelParticipant', 'Type=agent&MediaProperties=[1]', 45367],
    ['flex_v1.CreateInteractionChannelParticipant', 'Type=agent&RoutingProperties=x', 45367]
  ])('%s with %s has a number of its own', (id, body, code) => {
    const path = { ...workspace, ...conversation, ...parents, ChatServiceSid: `IS${hex}` }
    const own = { Sid: id.endsWith('Message') ? `IM${hex}` : 'a' }
    expect(refusal(() => post(id, { ...path, ...own }, { body }))).toMatchObject({ code, status: 400 })
  })

  test('a content type that the operation does not take', () => {
    const request = { body: '{"FriendlyName":"Ann"}', contentType: 'application/json' }
    expect(refusal(() => post('taskrouter_v1.CreateWorker', workspace, request)).message).toContain('application/json')
  })

  test('a malformed SID in the path is not found', () => {
    expect(refusal(() => get('taskrouter_v1.FetchTask', { ...workspace, Sid: 'xx' }, ''))).toMatchObject({
      code: 20404,
      status: 404,
      message: `The requested resource /Workspaces/WS${hex}/Tasks/xx was not found`
    })
    expect(refusal(() => get('taskrouter_v1.FetchTask', { ...workspace, Sid: `WK${hex}` }, '')).status).toBe(404)
  })
})

test.each([
  ['taskrouter_v1.FetchTaskChannel', { ...workspace, Sid: 'voice' }],
  ['taskrouter_v1.FetchWorkerChannel', { ...workspace, WorkerSid: `WK${hex}`, Sid: 'voice' }],
  ['conversations_v1.FetchConversation', { Sid: 'order 4711' }],
  ['conversations_v1.FetchConversationParticipant', { ...conversation, Sid: 'alice@example.com' }],
  ['conversations_v1.FetchUser', { Sid: 'alice:home' }],
  ['conversations_v1.FetchConfigurationAddress', { Sid: '+15550001111' }]
])('%s takes a name in its path', (id, path) => {
  expect(get(id, path, '').path.sid).toBe(path.Sid)
})

test('an integer in the path is a number', () => {
  expect(get('events_v1.FetchSchemaVersion', { Id: 'TaskRouter.WDSEvent', SchemaVersion: '2' }, '').path).toEqual({
    id: 'TaskRouter.WDSEvent',
    schema_version: 2
  })
})

test('no text makes the parser throw anything but InvalidRequest', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'%=&+[]{}"\\u0d8,:-TZ19') })
  )
  const names = fc.constantFrom(...new Set(operations.flatMap(({ parameters }) => parameters.map(({ wire }) => wire))))
  const form = fc
    .array(fc.tuple(fc.oneof(names, text), fc.oneof(text, fc.json().map(encodeURIComponent))))
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))
  const request = fc.record({
    query: fc.oneof(form, text),
    body: fc.oneof(form, text, fc.json()),
    contentType: fc.option(fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain'), {
      nil: undefined
    }),
    headers: fc.dictionary(fc.constantFrom('if-match', 'x-twilio-webhook-enabled'), text),
    segment: fc.oneof(fc.constant(`WS${hex}`), text)
  })
  fc.assert(
    fc.property(fc.constantFrom(...operations), request, (operation, { segment, ...rest }) => {
      const names = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ wire }) => wire)
      try {
        parseRequest(operation, { ...rest, path: Object.fromEntries(names.map((name) => [name, segment])) })
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidRequest)
      }
    }),
    { numRuns: 3000 }
  )
})

test('what a client encodes arrives unharmed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (author, body) => {
      const form = `Author=${encodeURIComponent(author)}&Body=${encodeURIComponent(body)}`
      expect(post('conversations_v1.CreateConversationMessage', conversation, { body: form }).params).toEqual({
        author,
        body
      })
    })
  )
})

function get(id: string, path: Record<string, string>, query: string): ParsedRequest {
  return parseRequest(operationOf(id), { path, query, body: '', contentType: undefined, headers: {} })
}

function post(id: string, path: Record<string, string>, request: Partial<RawRequest>): ParsedRequest {
  const contentType = 'application/x-www-form-urlencoded; charset=utf-8'
  return parseRequest(operationOf(id), { path, query: '', body: '', contentType, headers: {}, ...request })
}

function refusal(parse: () => unknown): InvalidRequest {
  try {
    parse()
  } catch (error) {
    if (error instanceof InvalidRequest) return error
    throw error
  }
  throw new Error('The request was accepted')
}

function operationOf(id: string): Operation {
  const operation = operations.find((one) => one.id === id)
  if (operation === undefined) throw new Error(`No operation ${id}`)
  return operation
}
