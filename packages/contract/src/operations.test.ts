import { operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { expect, test } from 'vitest'

test("every API of Twilio's has as many operations as its file, plus the overlay", () => {
  const counts: Record<string, number> = {}
  for (const { api } of operations) if (api !== 'ringdown_v1') counts[api] = (counts[api] ?? 0) + 1
  expect(counts).toEqual({
    taskrouter_v1: 61,
    conversations_v1: 103,
    flex_v1: 73 + 5, // interaction webhooks: documented, not in the file
    flex_v2: 3,
    studio_v2: 19,
    events_v1: 22,
    api_v2010: 14 + 8 + 1 + 5 + 3 * 2 + 5 + 33 + 16, // accounts and keys; messages with media and feedback; numbers, applications; calls, and what they lack here
    messaging_v1: 5 + 3 * 4 + 4 + 4,
    content_v1: 5 + 3,
    mcs_v1: 4, // media: documented in part, in no file
    iam_v1: 5 + 1, // keys; validation of tokens: used, not in the file
    monitor_v1: 2 // alerts
  })
})

test('exactly the lists have a key and pages', () => {
  // The feed of events has a cursor of its own.
  const lists = operations
    .filter(({ id, verb }) => verb === 'list' && id !== 'ringdown_v1.ListEvent')
    .map(({ id }) => id)
  expect(operations.filter(({ listKey }) => listKey !== null).map(({ id }) => id)).toEqual(lists)
  expect(operations.filter(({ page }) => page !== null).map(({ id }) => id)).toEqual(lists)
})

test('ids are unique, and so are method and path within a product', () => {
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length)
  const routes = operations.map(({ product, method, path }) => `${product} ${method} ${path}`)
  expect(new Set(routes).size).toBe(operations.length)
})

test.each([
  [
    'taskrouter_v1.CreateTask',
    { verb: 'create', resource: 'task', parents: ['workspace_sid'], own: null, status: 201 }
  ],
  [
    'taskrouter_v1.UpdateTaskReservation',
    { verb: 'update', resource: 'task_reservation', parents: ['workspace_sid', 'task_sid'], own: 'sid', status: 200 }
  ],
  ['taskrouter_v1.DeleteWorker', { verb: 'delete', status: 204, schema: null, url: null, links: null }],
  ['taskrouter_v1.ListWorkerChannel', { verb: 'list', listKey: 'channels', page: { size: 50, max: 1000 } }],
  ['conversations_v1.ListConversationScopedWebhook', { page: { size: 5, max: 5 } }],
  ['conversations_v1.ListConversationMessage', { page: { size: 50, max: 100 }, listKey: 'messages' }],
  ['conversations_v1.CreateConversationWithParticipants', { status: 201, otherStatuses: [202] }],
  ['flex_v1.CreateInteraction', { product: 'flex-api', status: 200 }],
  ['flex_v1.UpdateConfiguration', { json: true }],
  ['events_v1.CreateSubscribedEvent', { status: 201, otherStatuses: [200] }],
  ['studio_v2.FetchFlowRevision', { parents: ['sid'], own: 'revision' }],
  ['ringdown_v1.ListDelivery', { product: 'ringdown', page: { size: 50, max: 1000, strict: true } }],
  ['ringdown_v1.UpdateDelivery', { method: 'POST', status: 202, ignoresBody: true, url: '/v1/Deliveries/{sid}' }],
  ['ringdown_v1.ListEvent', { listKey: null, closed: true, waits: true }]
])('%s is described as the reference has it', (id, expected) => {
  expect(operationOf(id)).toMatchObject(expected)
})

test.each([
  ['taskrouter_v1.CreateTask', 'IgnoreCapacity', { name: 'ignore_capacity', type: 'boolean', in: 'form' }],
  ['taskrouter_v1.UpdateWorkflow', 'ReEvaluateTasks', { type: 'boolean' }],
  ['taskrouter_v1.ListWorker', 'Available', { type: 'boolean', in: 'query' }],
  ['taskrouter_v1.UpdateWorker', 'If-Match', { name: 'if_match', in: 'header' }],
  ['taskrouter_v1.CreateWorker', 'FriendlyName', { required: true, maxLength: 64 }],
  [
    'conversations_v1.CreateConversationParticipant',
    'MessagingBinding.ProxyAddress',
    { name: 'messaging_binding_proxy_address' }
  ],
  ['conversations_v1.UpdateConversationParticipant', 'LastReadTimestamp', { type: 'date-time', clearable: true }],
  ['conversations_v1.CreateUser', 'X-Twilio-Webhook-Enabled', { type: 'boolean', in: 'header' }],
  ['events_v1.CreateSubscription', 'Types', { type: 'json', repeated: true, required: true, object: true }]
])('%s: parameter %s', (id, wire, expected) => {
  expect(operationOf(id).parameters.find((parameter) => parameter.wire === wire)).toMatchObject(expected)
})

test('no operation hands the credentials of the request to its handler', () => {
  const leaking = operations.filter(({ parameters }) => parameters.some(({ wire }) => /authorization/i.test(wire)))
  expect(leaking).toEqual([])
})

test('parameter names are snake_case and unique within path and within the rest', () => {
  for (const { id, parameters } of operations) {
    for (const isPath of [true, false]) {
      const names = parameters.filter((parameter) => (parameter.in === 'path') === isPath).map(({ name }) => name)
      expect(new Set(names).size, id).toBe(names.length)
      for (const name of names) expect(name, id).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
    }
  }
})

/** What the server adds to a row when it shows it: links to bytes are signed then. */
const added = ['link_expires', 'link_signature']

test('every variable of url and links is a field of the row', () => {
  for (const { id, schema, url, links } of operations) {
    const fields = new Set([...added, ...(schema?.properties.map(({ name }) => name) ?? [])])
    for (const path of [url ?? '', ...Object.values(links ?? {})]) {
      for (const [, variable = ''] of path.matchAll(/\{(\w+)\}/g)) expect(fields, `${id} ${path}`).toContain(variable)
    }
  }
})

test('every resource with links says where they lead, and the order of its properties is the same everywhere', () => {
  const seen = new Map<string, string>()
  for (const { id, api, schema, links } of operations) {
    if (schema === null) continue
    // The API of 2010 says itself, row by row, what is there.
    if (schema.properties.some(({ type }) => type === 'links') && api !== 'api_v2010') {
      expect(Object.keys(links ?? {}).length, id).toBeGreaterThan(0)
    }
    const order = schema.properties.map(({ name }) => name).join()
    expect(seen.get(schema.name) ?? order, id).toBe(order)
    seen.set(schema.name, order)
  }
})

test('attributes are marked sensitive', () => {
  const properties = operationOf('taskrouter_v1.FetchTask').schema?.properties
  expect(properties?.filter(({ sensitive }) => sensitive).map(({ name }) => name)).toEqual(['attributes'])
})

function operationOf(id: string): Operation {
  const operation = operations.find((one) => one.id === id)
  if (operation === undefined) throw new Error(`No operation ${id}`)
  return operation
}
