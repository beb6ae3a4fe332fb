import { FakeApi, listOf, type Route, type Sent, sid } from './fake-api.ts'

/** A small contact center, as the API would tell it: the same people in every test. */
const WS = sid('WS')
const dates = { date_created: '2026-01-31T09:00:00Z', date_updated: '2026-01-31T09:30:00Z' }

const activity = (number: number, friendly_name: string, available: boolean) => ({
  sid: sid('WA', number),
  workspace_sid: WS,
  friendly_name,
  available,
  ...dates
})
export const activities = [activity(1, 'Offline', false), activity(2, 'Available', true), activity(3, 'Break', false)]

const worker = (number: number, friendly_name: string, at: number, attributes: object) => ({
  sid: sid('WK', number),
  workspace_sid: WS,
  friendly_name,
  activity_sid: sid('WA', at),
  activity_name: activities[at - 1]?.friendly_name,
  available: at === 2,
  attributes: JSON.stringify(attributes),
  date_status_changed: '2026-01-31T09:10:00Z',
  ...dates
})
export const workers = [
  worker(1, 'amelie', 2, { languages: 'fr', contact_uri: 'client:amelie' }),
  worker(2, 'bob', 1, { languages: 'en' })
]

const queue = (number: number, friendly_name: string, target_workers: string) => ({
  sid: sid('WQ', number),
  workspace_sid: WS,
  friendly_name,
  target_workers,
  max_reserved_workers: 1,
  task_order: 'FIFO',
  reservation_activity_sid: null,
  assignment_activity_sid: null,
  ...dates
})
export const queues = [queue(1, 'Support', '1==1'), queue(2, 'Billing', "skill == 'billing'")]

export const configuration = {
  task_routing: {
    filters: [{ filter_friendly_name: 'French', expression: "language == 'fr'", targets: [{ queue: sid('WQ', 1) }] }],
    default_filter: { queue: sid('WQ', 2) }
  }
}
const workflows = [
  {
    sid: sid('WW'),
    workspace_sid: WS,
    friendly_name: 'Default',
    configuration: JSON.stringify(configuration),
    assignment_callback_url: '',
    fallback_assignment_callback_url: '',
    task_reservation_timeout: 120,
    ...dates
  }
]

const channels = ['default', 'chat', 'sms'].map((unique_name, index) => ({
  sid: sid('TC', index + 1),
  workspace_sid: WS,
  unique_name,
  friendly_name: unique_name,
  ...dates
}))

/** A task in a status, with what an interaction wrote into its attributes. */
export const task = (number: number, assignment_status: string, attributes: object = {}) => ({
  sid: sid('WT', number),
  workspace_sid: WS,
  assignment_status,
  attributes: JSON.stringify(attributes),
  addons: '{}',
  age: 240,
  priority: 0,
  reason: '',
  timeout: 86_400,
  task_queue_sid: sid('WQ'),
  task_queue_friendly_name: 'Support',
  task_channel_sid: sid('TC', 2),
  task_channel_unique_name: 'chat',
  workflow_sid: sid('WW'),
  workflow_friendly_name: 'Default',
  ...dates
})

export const reservation = (number: number, taskNumber: number, workerNumber: number, reservation_status: string) => ({
  sid: sid('WR', number),
  workspace_sid: WS,
  task_sid: sid('WT', taskNumber),
  worker_sid: sid('WK', workerNumber),
  worker_name: workers[workerNumber - 1]?.friendly_name,
  reservation_status,
  ...dates
})

export const conversation = {
  sid: sid('CH'),
  chat_service_sid: sid('IS'),
  messaging_service_sid: sid('MG'),
  friendly_name: 'Ana on WhatsApp',
  unique_name: 'order-1234',
  attributes: '{"lang":"fr"}',
  state: 'active',
  timers: {},
  bindings: {},
  ...dates
}

const members = [
  {
    sid: sid('MB', 1),
    conversation_sid: sid('CH'),
    identity: null,
    attributes: '{}',
    messaging_binding: { type: 'whatsapp', address: 'whatsapp:+33600000001', proxy_address: 'whatsapp:+15005550006' },
    role_sid: sid('RL'),
    last_read_message_index: null,
    ...dates
  },
  {
    sid: sid('MB', 2),
    conversation_sid: sid('CH'),
    identity: 'amelie',
    attributes: '{}',
    messaging_binding: null,
    role_sid: sid('RL'),
    last_read_message_index: 1,
    ...dates
  }
]

export const messages = [
  {
    sid: sid('IM', 1),
    conversation_sid: sid('CH'),
    index: 0,
    author: 'whatsapp:+33600000001',
    participant_sid: sid('MB', 1),
    body: 'Bonjour',
    media: null,
    attributes: '{}',
    delivery: null,
    ...dates
  },
  {
    sid: sid('IM', 2),
    conversation_sid: sid('CH'),
    index: 1,
    author: 'amelie',
    participant_sid: sid('MB', 2),
    body: 'Bonjour Ana',
    media: null,
    attributes: '{}',
    delivery: null,
    ...dates
  }
]

const interactionAttributes = {
  flexInteractionSid: sid('KD'),
  flexInteractionChannelSid: sid('UO'),
  conversationSid: sid('CH'),
  conversations: { conversation_id: sid('KD') },
  customerName: 'Ana'
}

const interaction = {
  sid: sid('KD'),
  channel: { type: 'whatsapp', sid: sid('UO') },
  routing: {
    reservation: null,
    properties: {
      sid: sid('WT'),
      workspace_sid: WS,
      workflow_sid: sid('WW'),
      queue_sid: sid('WQ'),
      queue_name: 'Support',
      task_channel_unique_name: 'chat',
      attributes: JSON.stringify(interactionAttributes),
      assignment_status: 'assigned'
    }
  },
  interaction_context_sid: null,
  webhook_ttid: null
}
export const channel = {
  sid: sid('UO'),
  interaction_sid: sid('KD'),
  type: 'whatsapp',
  status: 'active',
  error_code: null,
  error_message: null
}
export const participants = [
  { sid: sid('UT', 1), type: 'customer', interaction_sid: sid('KD'), channel_sid: sid('UO'), routing_properties: null },
  {
    sid: sid('UT', 2),
    type: 'agent',
    interaction_sid: sid('KD'),
    channel_sid: sid('UO'),
    routing_properties: { task_sid: sid('WT'), worker_sid: sid('WK', 1), reservation_sid: sid('WR') }
  }
]

const flexFlow = {
  sid: sid('FO'),
  friendly_name: 'WhatsApp desk',
  chat_service_sid: sid('IS'),
  channel_type: 'whatsapp',
  contact_identity: 'whatsapp:+15005550006',
  enabled: true,
  integration_type: 'studio',
  integration: { flow_sid: sid('FW'), retry_count: 1 },
  long_lived: false,
  janitor_enabled: false,
  ...dates
}

const flexConfiguration = {
  account_sid: `AC${'a'.repeat(32)}`,
  flex_instance_sid: sid('GO'),
  flex_service_instance_sid: sid('IS', 2),
  chat_service_instance_sid: sid('IS'),
  messaging_service_instance_sid: sid('MG'),
  taskrouter_workspace_sid: WS,
  taskrouter_target_workflow_sid: sid('WW'),
  runtime_domain: 'desk.example',
  ui_language: 'en',
  ui_version: '^2.0.0',
  ui_attributes: { theme: 'x'.repeat(12_000) },
  attributes: { company: 'Ringdown' },
  integrations: [{ type: 'crm', name: 'one', config: '{"apiKey":"s3cret","host":"crm.example"}' }],
  channel_configs: [{ address_type: 'web', cbm_attachments: { enabled: true } }],
  ...dates
}

const studioFlow = {
  sid: sid('FW'),
  friendly_name: 'Welcome',
  status: 'published',
  revision: 3,
  valid: true,
  errors: [],
  definition: {
    states: [
      { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingMessage', next: 'greet' }] },
      { name: 'greet', type: 'send-message', transitions: [{ event: 'sent' }] }
    ]
  },
  ...dates
}
const execution = {
  sid: sid('FN'),
  flow_sid: sid('FW'),
  contact_channel_address: '+33600000001',
  flow_version: 3,
  status: 'ended',
  context: {},
  ...dates
}

const realTime = {
  total_tasks: 5,
  tasks_by_status: { pending: 2, reserved: 1, assigned: 1, wrapping: 1, canceled: 0, completed: 0 },
  tasks_by_priority: { 0: 5 },
  longest_task_waiting_age: 41,
  longest_task_waiting_sid: sid('WT'),
  total_workers: 2,
  activity_statistics: activities.map(({ sid, friendly_name }) => ({
    sid,
    friendly_name,
    workers: friendly_name === 'Break' ? 0 : 1
  }))
}
const queueRealTime = {
  ...realTime,
  task_queue_sid: sid('WQ'),
  total_eligible_workers: 9,
  total_available_workers: 4
}
const cumulative = {
  avg_task_acceptance_time: 12,
  reservations_accepted: 7,
  reservations_timed_out: 1,
  tasks_canceled: 2,
  wait_duration_until_accepted: { avg: 11, min: 1, max: 30, total: 77 }
}

const T = 'taskrouter/v1/Workspaces'
const found = (rows: readonly { sid: string }[]) => (request: { path: string }) => {
  const row = rows.find((one) => request.path.endsWith(one.sid))
  return row
    ? { body: row, headers: { etag: '"4"' } }
    : {
        status: 404,
        body: { code: 20404, status: 404, message: `The requested resource /${request.path} was not found` }
      }
}
const filtered =
  (key: string, rows: readonly object[], field: string, parameter: string) =>
  (request: { query: Readonly<Record<string, unknown>> }) => ({
    body: listOf(
      key,
      rows.filter(
        (row) =>
          request.query[parameter] === undefined ||
          String((row as Record<string, unknown>)[field]) === String(request.query[parameter])
      ) // a row of ours is a record
    )
  })

/** An event as a Ringdown's feed tells it. */
export const told = (number: number, type: string, data: object) => ({
  sid: sid('EV', number),
  cursor: `cursor-${number}`,
  type,
  at: '2026-01-31T09:30:00.000Z',
  workspace_sid: WS,
  description: `Event ${number}`,
  resource_type: type.split('.')[0],
  resource_sid: sid('WT', number),
  data
})

/** A page of the feed. */
export const feedPage = (events: readonly { cursor: string }[] = [], more: object = {}) => ({
  events,
  cursor: events.at(-1)?.cursor ?? 'cursor-0',
  has_more: false,
  truncated: false,
  ...more
})

const offer = {
  task_sid: sid('WT'),
  task_age: 41,
  task_attributes: '{"topic":"order"}',
  task_queue_name: 'Support',
  worker_sid: sid('WK', 1),
  worker_name: 'amelie'
}

const ROUTES: readonly Route[] = [
  ['GET ringdown/v1/Events', feedPage([told(1, 'reservation.created', offer)])],
  [`GET ${T}`, listOf('workspaces', [{ sid: WS, friendly_name: 'Flex', ...dates }])],
  [
    `GET ${T}/:ws`,
    { sid: WS, friendly_name: 'Flex', default_activity_sid: sid('WA', 1), timeout_activity_sid: sid('WA', 1), ...dates }
  ],
  [`GET ${T}/:ws/Activities`, filtered('activities', activities, 'available', 'Available')],
  [`POST ${T}/:ws/Activities`, activities[2]],
  [`GET ${T}/:ws/Activities/:sid`, found(activities)],
  [`POST ${T}/:ws/Activities/:sid`, activities[2]],
  [`DELETE ${T}/:ws/Activities/:sid`, ''],
  [`GET ${T}/:ws/Workers`, filtered('workers', workers, 'activity_sid', 'ActivitySid')],
  [`POST ${T}/:ws/Workers`, workers[1]],
  [`GET ${T}/:ws/Workers/RealTimeStatistics`, realTime],
  [`GET ${T}/:ws/Workers/CumulativeStatistics`, { reservations_accepted: 7 }],
  [`GET ${T}/:ws/Workers/:sid`, found(workers)],
  [`POST ${T}/:ws/Workers/:sid`, workers[1]],
  [`DELETE ${T}/:ws/Workers/:sid`, ''],
  [`GET ${T}/:ws/Workers/:sid/Statistics`, { cumulative: { reservations_accepted: 3 } }],
  [
    `GET ${T}/:ws/Workers/:sid/Channels`,
    listOf('channels', [
      {
        sid: sid('WC'),
        task_channel_unique_name: 'chat',
        configured_capacity: 3,
        available: true,
        assigned_tasks: 1,
        available_capacity_percentage: 66
      }
    ])
  ],
  [
    `GET ${T}/:ws/Workers/:sid/Channels/:channel`,
    {
      sid: sid('WC'),
      task_channel_unique_name: 'chat',
      configured_capacity: 3,
      available: true,
      assigned_tasks: 1,
      available_capacity_percentage: 66
    }
  ],
  [
    `POST ${T}/:ws/Workers/:sid/Channels/:channel`,
    {
      sid: sid('WC'),
      task_channel_unique_name: 'chat',
      configured_capacity: 5,
      available: true,
      assigned_tasks: 1,
      available_capacity_percentage: 80
    }
  ],
  [
    `GET ${T}/:ws/Workers/:sid/Reservations`,
    filtered('reservations', [reservation(1, 1, 1, 'accepted')], 'reservation_status', 'ReservationStatus')
  ],
  [`GET ${T}/:ws/TaskQueues`, listOf('task_queues', queues)],
  [`POST ${T}/:ws/TaskQueues`, queues[0]],
  [
    `GET ${T}/:ws/TaskQueues/Statistics`,
    listOf('task_queues_statistics', [{ task_queue_sid: sid('WQ'), realtime: queueRealTime, cumulative }])
  ],
  [`GET ${T}/:ws/TaskQueues/:sid`, found(queues)],
  [`POST ${T}/:ws/TaskQueues/:sid`, queues[0]],
  [`DELETE ${T}/:ws/TaskQueues/:sid`, ''],
  [`GET ${T}/:ws/TaskQueues/:sid/RealTimeStatistics`, queueRealTime],
  [`GET ${T}/:ws/TaskQueues/:sid/CumulativeStatistics`, cumulative],
  [`GET ${T}/:ws/Workflows`, listOf('workflows', workflows)],
  [`POST ${T}/:ws/Workflows`, workflows[0]],
  [`GET ${T}/:ws/Workflows/:sid`, found(workflows)],
  [`POST ${T}/:ws/Workflows/:sid`, workflows[0]],
  [`DELETE ${T}/:ws/Workflows/:sid`, ''],
  [`GET ${T}/:ws/Workflows/:sid/RealTimeStatistics`, realTime],
  [`GET ${T}/:ws/Workflows/:sid/CumulativeStatistics`, cumulative],
  [`GET ${T}/:ws/TaskChannels`, listOf('channels', channels)],
  [`GET ${T}/:ws/RealTimeStatistics`, realTime],
  [`GET ${T}/:ws/CumulativeStatistics`, cumulative],
  [`GET ${T}/:ws/Tasks`, listOf('tasks', [task(1, 'assigned', interactionAttributes)])],
  [`POST ${T}/:ws/Tasks`, task(2, 'pending')],
  [
    `GET ${T}/:ws/Tasks/:sid`,
    found([task(1, 'assigned', interactionAttributes), task(2, 'pending'), task(3, 'reserved')])
  ],
  [`POST ${T}/:ws/Tasks/:sid`, task(1, 'completed')],
  [`DELETE ${T}/:ws/Tasks/:sid`, ''],
  [`GET ${T}/:ws/Tasks/${sid('WT', 2)}/Reservations`, listOf('reservations', [])],
  [`GET ${T}/:ws/Tasks/${sid('WT', 3)}/Reservations`, listOf('reservations', [reservation(3, 3, 1, 'pending')])],
  [`GET ${T}/:ws/Tasks/:sid/Reservations`, listOf('reservations', [reservation(1, 1, 1, 'accepted')])],
  [`POST ${T}/:ws/Tasks/:sid/Reservations/:wr`, reservation(1, 1, 1, 'wrapping')],
  [
    'GET conversations/v1/Configuration/Addresses',
    listOf('address_configurations', [
      { sid: sid('IG'), type: 'sms', address: '+15005550006', auto_creation: { enabled: true } }
    ])
  ],
  ['GET conversations/v1/Conversations', listOf('conversations', [conversation])],
  ['POST conversations/v1/Conversations', conversation],
  [`GET conversations/v1/Conversations/order-1234`, conversation],
  ['GET conversations/v1/Conversations/:sid', found([conversation])],
  ['POST conversations/v1/Conversations/:sid', conversation],
  ['DELETE conversations/v1/Conversations/:sid', ''],
  ['POST conversations/v1/ConversationWithParticipants', conversation],
  ['GET conversations/v1/ParticipantConversations', listOf('conversations', [])],
  ['GET conversations/v1/Conversations/:ch/Participants', listOf('participants', members)],
  ['POST conversations/v1/Conversations/:ch/Participants', members[1]],
  ['GET conversations/v1/Conversations/:ch/Participants/:sid', found(members)],
  ['POST conversations/v1/Conversations/:ch/Participants/:sid', members[1]],
  ['DELETE conversations/v1/Conversations/:ch/Participants/:sid', ''],
  [
    'GET conversations/v1/Conversations/:ch/Messages',
    (request: Sent) => ({ body: listOf('messages', request.query.Order === 'desc' ? messages.toReversed() : messages) })
  ],
  [
    'POST conversations/v1/Conversations/:ch/Messages',
    { ...messages[1], sid: sid('IM', 3), index: 2, date_created: '2026-01-31T10:00:00Z' }
  ],
  ['GET flex-api/v1/Configuration', flexConfiguration],
  ['GET flex-api/v1/FlexFlows', listOf('flex_flows', [flexFlow])],
  ['POST flex-api/v1/FlexFlows', flexFlow],
  ['GET flex-api/v1/FlexFlows/:sid', found([flexFlow])],
  ['POST flex-api/v1/FlexFlows/:sid', flexFlow],
  ['DELETE flex-api/v1/FlexFlows/:sid', ''],
  ['POST flex-api/v1/Interactions', { ...interaction, sid: sid('KD') }],
  ['GET flex-api/v1/Interactions/:sid', found([interaction])],
  ['GET flex-api/v1/Interactions/:kd/Channels', listOf('channels', [channel])],
  ['GET flex-api/v1/Interactions/:kd/Channels/:sid', found([channel])],
  ['POST flex-api/v1/Interactions/:kd/Channels/:sid', { ...channel, status: 'closed' }],
  ['GET flex-api/v1/Interactions/:kd/Channels/:uo/Participants', listOf('participants', participants)],
  ['POST flex-api/v1/Interactions/:kd/Channels/:uo/Participants', participants[0]],
  ['POST flex-api/v1/Interactions/:kd/Channels/:uo/Participants/:sid', participants[1]],
  [
    'POST flex-api/v1/Interactions/:kd/Channels/:uo/Invites',
    {
      sid: sid('KG'),
      interaction_sid: sid('KD'),
      channel_sid: sid('UO'),
      routing: { properties: { sid: sid('WT', 2), assignment_status: 'pending' } }
    }
  ],
  ['GET studio/v2/Flows', listOf('flows', [studioFlow])],
  ['POST studio/v2/Flows', studioFlow],
  ['POST studio/v2/Flows/Validate', { valid: true }],
  ['GET studio/v2/Flows/:sid', found([studioFlow])],
  ['POST studio/v2/Flows/:sid', studioFlow],
  ['DELETE studio/v2/Flows/:sid', ''],
  ['GET studio/v2/Flows/:fw/Revisions/:revision', studioFlow],
  ['GET studio/v2/Flows/:fw/Executions', listOf('executions', [execution])],
  ['POST studio/v2/Flows/:fw/Executions', execution],
  ['GET studio/v2/Flows/:fw/Executions/:sid', found([execution])],
  ['POST studio/v2/Flows/:fw/Executions/:sid', execution],
  [
    'GET studio/v2/Flows/:fw/Executions/:fn/Steps',
    listOf('steps', [
      {
        sid: sid('FT'),
        name: 'incomingMessage',
        transitioned_from: 'Trigger',
        transitioned_to: 'greet',
        context: {},
        ...dates
      }
    ])
  ],
  [
    'GET studio/v2/Flows/:fw/Executions/:fn/Context',
    { context: { contact: {} }, flow_sid: sid('FW'), execution_sid: sid('FN') }
  ]
]

/** The API of that contact center; give rows to answer something otherwise. */
export const floor = (...routes: readonly Route[]): FakeApi => new FakeApi(ROUTES).first(...routes)
