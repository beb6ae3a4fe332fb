import { operations } from '@ringdown/contract/generated/operations'
import { instantOf, isoSeconds } from '@ringdown/contract/instant'
import type { Operation } from '@ringdown/contract/operation'
import { type Rendering, serialized } from '@ringdown/contract/serialize'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const hex = '0123456789abcdef0123456789abcdef'
const base = 'https://taskrouter.example.test'
const rendering = { base }
const at = Date.UTC(2025, 0, 2, 3, 4, 5, 678)

test('a task that waits', () => {
  const task = {
    sid: `WT${hex}`,
    account_sid: `AC${hex}`,
    workspace_sid: `WS${hex}`,
    workflow_sid: `WW${hex}`,
    assignment_status: 'pending',
    attributes: '{"type": "chat"}',
    age: 12,
    priority: 5,
    ignore_capacity: false,
    date_created: at,
    date_updated: at,
    virtual_start_time: at,
    not_of_the_api: 'stays inside'
  }
  const shown = serialize(operationOf('taskrouter_v1.FetchTask'), task, rendering)
  expect(shown).toEqual({
    account_sid: `AC${hex}`,
    age: 12,
    assignment_status: 'pending',
    attributes: '{"type": "chat"}',
    addons: null,
    date_created: '2025-01-02T03:04:05Z',
    date_updated: '2025-01-02T03:04:05Z',
    task_queue_entered_date: null,
    priority: 5,
    reason: null,
    sid: `WT${hex}`,
    task_queue_sid: null,
    task_queue_friendly_name: null,
    task_channel_sid: null,
    task_channel_unique_name: null,
    timeout: 0,
    workflow_sid: `WW${hex}`,
    workflow_friendly_name: null,
    workspace_sid: `WS${hex}`,
    url: `${base}/v1/Workspaces/WS${hex}/Tasks/WT${hex}`,
    links: {
      task_queue: null,
      workflow: `${base}/v1/Workspaces/WS${hex}/Workflows/WW${hex}`,
      workspace: `${base}/v1/Workspaces/WS${hex}`,
      reservations: `${base}/v1/Workspaces/WS${hex}/Tasks/WT${hex}/Reservations`
    },
    virtual_start_time: '2025-01-02T03:04:05Z',
    ignore_capacity: false,
    routing_target: null
  })
  const order = operationOf('taskrouter_v1.FetchTask').schema?.properties.map(({ name }) => name)
  expect(Object.keys(shown)).toEqual(order)
})

test('a workspace and its ten links', () => {
  const shown = serialize(operationOf('taskrouter_v1.CreateWorkspace'), { sid: `WS${hex}` }, rendering)
  const self = `${base}/v1/Workspaces/WS${hex}`
  expect(shown.url).toBe(self)
  expect(shown.links).toEqual({
    activities: `${self}/Activities`,
    events: `${self}/Events`,
    tasks: `${self}/Tasks`,
    task_queues: `${self}/TaskQueues`,
    workers: `${self}/Workers`,
    workflows: `${self}/Workflows`,
    task_channels: `${self}/TaskChannels`,
    statistics: `${self}/Statistics`,
    real_time_statistics: `${self}/RealTimeStatistics`,
    cumulative_statistics: `${self}/CumulativeStatistics`
  })
})

test('a worker links to the statistics of all workers and to its own', () => {
  const worker = { sid: `WK${hex}`, workspace_sid: `WS${hex}`, activity_sid: `WA${hex}` }
  const self = `${base}/v1/Workspaces/WS${hex}/Workers`
  expect(serialize(operationOf('taskrouter_v1.FetchWorker'), worker, rendering).links).toEqual({
    workspace: `${base}/v1/Workspaces/WS${hex}`,
    activity: `${base}/v1/Workspaces/WS${hex}/Activities/WA${hex}`,
    channels: `${self}/WK${hex}/Channels`,
    worker_channels: `${self}/WK${hex}/Channels`,
    reservations: `${self}/WK${hex}/Reservations`,
    statistics: `${self}/Statistics`,
    real_time_statistics: `${self}/RealTimeStatistics`,
    cumulative_statistics: `${self}/CumulativeStatistics`,
    worker_statistics: `${self}/WK${hex}/Statistics`
  })
})

test('a reservation names itself by the path on which it was asked for', () => {
  const row = { sid: `WR${hex}`, workspace_sid: `WS${hex}`, task_sid: `WT${hex}`, worker_sid: `WK${hex}` }
  const url = (id: string) => serialize(operationOf(id), row, rendering).url
  expect(url('taskrouter_v1.FetchTaskReservation')).toContain(`/Tasks/WT${hex}/Reservations/WR${hex}`)
  expect(url('taskrouter_v1.ListWorkerReservation')).toContain(`/Workers/WK${hex}/Reservations/WR${hex}`)
})

test('a conversation with a timer, at the root and in its service', () => {
  const row = {
    sid: `CH${hex}`,
    chat_service_sid: `IS${hex}`,
    attributes: '{}',
    state: 'active',
    timers: { date_inactive: at, date_closed: null },
    bindings: {},
    date_created: at
  }
  const shown = serialize(operationOf('conversations_v1.FetchConversation'), row, rendering)
  expect(shown).toMatchObject({
    timers: { date_inactive: '2025-01-02T03:04:05Z' },
    bindings: {},
    unique_name: null,
    url: `${base}/v1/Conversations/CH${hex}`,
    links: {
      participants: `${base}/v1/Conversations/CH${hex}/Participants`,
      messages: `${base}/v1/Conversations/CH${hex}/Messages`,
      webhooks: `${base}/v1/Conversations/CH${hex}/Webhooks`,
      export: `${base}/v1/Conversations/CH${hex}/Export`
    }
  })
  expect(Object.keys(shown.timers ?? {})).toEqual(['date_inactive'])
  const scoped = serialize(operationOf('conversations_v1.ListServiceConversation'), row, rendering)
  expect(scoped.url).toBe(`${base}/v1/Services/IS${hex}/Conversations/CH${hex}`)
})

test('ancestors that the row does not name come from the path of the request', () => {
  const path = { interaction_sid: `KD${hex}`, channel_sid: `UO${hex}` }
  const shown = serialize(
    operationOf('flex_v1.CreateInteractionChannelInvite'),
    { sid: `KG${hex}` },
    { ...rendering, path }
  )
  expect(shown.url).toBe(`${base}/v1/Interactions/KD${hex}/Channels/UO${hex}/Invites/KG${hex}`)
})

test('names in a url are percent-encoded', () => {
  const shown = serialize(operationOf('events_v1.FetchEventType'), { type: 'a b/c', schema_id: 'S.T' }, rendering)
  expect(shown).toMatchObject({
    url: `${base}/v1/Types/a%20b%2Fc`,
    links: { schema: `${base}/v1/Schemas/S.T/Versions` }
  })
})

test('every operation with an answer serializes even an empty row', () => {
  for (const operation of operations) {
    if (operation.schema === null) continue
    const shown = serialize(operation, {}, rendering)
    expect(Object.keys(shown), operation.id).toEqual(operation.schema.properties.map(({ name }) => name))
    expect(Object.values(shown), operation.id).not.toContain(undefined)
  }
})

test('instants are written as Date writes them and read back to the second', () => {
  const instants = fc.date({
    min: new Date('1900-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true
  })
  fc.assert(
    fc.property(instants, (date) => {
      expect(isoSeconds(date.getTime())).toBe(`${date.toISOString().slice(0, 19)}Z`)
      expect(instantOf(date.toISOString())).toBe(date.getTime())
    })
  )
})

test.each(['9999-12-31T23:59:59-14:00', '0000-01-01T00:00:00+14:00'])(
  '%s has no text of its own, and is none',
  (text) => {
    expect(instantOf(text)).toBeNull()
  }
)

test('instants of our own API show milliseconds, those of Twilio do not', () => {
  const at = Date.parse('2026-03-02T09:00:00.250Z')
  expect(
    serialize(operationOf('ringdown_v1.FetchClock'), { now: at, now_ms: at, stands_still: true }, { base })
  ).toEqual({
    now: '2026-03-02T09:00:00.250Z',
    now_ms: at,
    stands_still: true
  })
  expect(serialize(operationOf('taskrouter_v1.FetchTask'), { date_created: at }, { base })).toMatchObject({
    date_created: '2026-03-02T09:00:00Z'
  })
})

test('the text is what JSON makes of the object, whatever a row holds', () => {
  const odd = fc.constantFrom(
    '',
    'quote " here',
    'back\\slash',
    'line\nbreak',
    '\u0000\u001f\u007f',
    '\u2028',
    'é 😀',
    '\ud83d'
  )
  const value = fc.oneof(
    odd,
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, `WS${hex}`, '__proto__', -0, 1e21),
    fc.jsonValue(),
    fc.dictionary(fc.string(), fc.oneof(fc.integer(), odd, fc.constant(null)))
  )
  const cases = operations.flatMap((operation) => (operation.schema ? [{ operation, schema: operation.schema }] : []))
  const rows = fc.constantFrom(...cases).chain(({ operation, schema }) => {
    const names = [...schema.properties.map(({ name }) => name), ...operation.parents, 'sid']
    const fields = names.map((name): [string, fc.Arbitrary<unknown>] => [name, fieldOf(operation, name, value)])
    return fc.record({
      operation: fc.constant(operation),
      row: fc.record(Object.fromEntries(fields), { requiredKeys: [] }),
      path: fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.constant(`IS${hex}`), fc.integer())),
      base: fc.constantFrom(base, 'http://quote"and\\slash', 'http://é')
    })
  })
  fc.assert(
    fc.property(rows, ({ operation, row, path, base }) => {
      expect(serialized(operation, row, { base, path })).toBe(JSON.stringify(shownObject(operation, row, base, path)))
    }),
    { numRuns: 2000 }
  )
})

/** What may stand in a row's field: what is part of a path is text or a number. */
function fieldOf(operation: Operation, name: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const time = fc.integer({ min: 0, max: 4e12 })
  const isTime = /date-time|instants/.test(operation.schema?.properties.find((one) => one.name === name)?.type ?? '')
  if (isTime) return fc.oneof(time, fc.constantFrom(null, 'a "date"'), fc.dictionary(fc.string(), fc.option(time)))
  const isInPath = JSON.stringify([operation.url, operation.links]).includes(`{${name}}`)
  return isInPath ? fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant(null)) : value
}

/** The plain reading of `serialized`: an object, property by property. */
function shownObject(operation: Operation, row: Fields, base: string, path: Fields): Fields {
  const target = (template: string) => {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    if (names.some((name) => (row[name] ?? path[name] ?? null) === null)) return null
    return (
      base +
      template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const text = String(row[name] ?? path[name])
        return /(^|_)sid$/.test(name) ? text : encodeURIComponent(text)
      })
    )
  }
  const instant = (value: unknown) => {
    if (typeof value === 'number') return isoSeconds(value)
    return typeof value === 'string' ? value : null
  }
  const shown = operation.schema?.properties.map(({ name, type, default: missing }): [string, unknown] => {
    const value = row[name]
    if (name === 'url' && operation.url !== null) return [name, target(operation.url)]
    if (type === 'links' && operation.links !== null)
      return [name, fromEntries(Object.entries(operation.links).map(([link, template]) => [link, target(template)]))]
    if (type === 'date-time') return [name, instant(value)]
    if (type === 'date-time-2822')
      return [name, typeof value === 'number' ? new Date(value).toUTCString().replace('GMT', '+0000') : instant(value)]
    if (type === 'date-time-ms')
      return [name, typeof value === 'number' ? new Date(value).toISOString() : instant(value)]
    if (type === 'instants' && typeof value === 'object' && value !== null) {
      const present = Object.entries(value).filter(([, at]) => at !== null && at !== undefined)
      return [name, fromEntries(present.map(([key, at]) => [key, instant(at)]))]
    }
    return [name, value ?? missing ?? null]
  })
  return fromEntries(shown ?? [])
}

const fromEntries = (entries: readonly (readonly [string, unknown])[]): Fields => Object.fromEntries(entries)

type Fields = Readonly<Record<string, unknown>>

/** Parsed again, since these stories are about fields. */
function serialize(operation: Operation, row: Fields, given: Rendering): Record<string, unknown> {
  return JSON.parse(serialized(operation, row, given))
}

function operationOf(id: string) {
  const operation = operations.find((one) => one.id === id)
  if (operation === undefined) throw new Error(`No operation ${id}`)
  return operation
}
