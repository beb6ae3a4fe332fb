import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { streamTypes } from '@ringdown/engine/event-streams/catalogue'
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import { world } from '../world.ts'
import { expectVerified, type Observed, observed } from './observed.ts'

const accepted = 'com.twilio.taskrouter.reservation.accepted'
const created = 'com.twilio.taskrouter.task.created'
const hook = { destination: 'https://acme.example/hook', method: 'POST', batch_events: false }

let here: Observed
let events: Observed['client']['events']['v1']

beforeAll(async () => {
  here = await observed()
  events = here.client.events.v1
})
afterEach(async () => {
  for (const { sid } of await events.subscriptions.list()) await events.subscriptions(sid).remove()
  for (const { sid } of await events.sinks.list()) await events.sinks(sid).remove()
})
afterAll(() => here.close())

const addSink = (description = 'Data lake') =>
  events.sinks.create({ description, sinkType: 'webhook', sinkConfiguration: hook })
const subscribe = (sinkSid: string, ...types: string[]) =>
  events.subscriptions.create({ description: 'Reports', sinkSid, types: types.map((type) => ({ type })) })

/** What a refused call answers: `400/20001 text`. */
const refusal = async (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'it was not refused',
    ({ status, code, message }: { status: number; code: number; message: string }) => `${status}/${code} ${message}`
  )

describe('sinks', () => {
  it('are made, shown, listed, renamed and deleted', async () => {
    const sink = await addSink()
    expect(sink).toMatchObject({
      sid: expect.stringMatching(/^DG[0-9a-f]{32}$/),
      description: 'Data lake',
      sinkType: 'webhook',
      status: 'active',
      sinkConfiguration: hook,
      links: { sink_test: `${sink.url}/Test`, sink_validate: `${sink.url}/Validate` }
    })
    expect(await events.sinks(sink.sid).fetch()).toMatchObject({ sid: sink.sid })
    expect((await events.sinks(sink.sid).update({ description: 'Lake' })).description).toBe('Lake')
    expect((await events.sinks.list()).map(({ description }) => description)).toEqual(['Lake'])
    expect(await events.sinks(sink.sid).remove()).toBe(true)
    expect(await refusal(events.sinks(sink.sid).fetch())).toMatch(/^404\/20404 The requested resource \/Sinks\/DG/)
  })

  it('are found by their use and their status', async () => {
    const used = await addSink('used')
    await addSink('unused')
    await subscribe(used.sid, accepted)
    const names = async (filter: object) => (await events.sinks.list(filter)).map(({ description }) => description)
    expect(await names({ inUse: true })).toEqual(['used'])
    expect(await names({ inUse: false })).toEqual(['unused'])
    expect(await names({ status: 'active' })).toEqual(['used', 'unused'])
    expect(await names({ status: 'failed', inUse: true })).toEqual([])
  })

  it('can be tested and validated', async () => {
    const { sid } = await addSink()
    expect(await events.sinks(sid).sinkTest.create()).toMatchObject({ result: 'submitted' })
    expect(await events.sinks(sid).sinkValidate.create({ testId: 'any' })).toMatchObject({ result: 'valid' })
    const nowhere = events.sinks(`DG${'0'.repeat(32)}`)
    expect(await refusal(nowhere.sinkTest.create())).toMatch(/^404\/20404/)
    expect(await refusal(nowhere.sinkValidate.create({ testId: 'any' }))).toMatch(/^404\/20404/)
  })

  it('that cannot be are refused', async () => {
    const form = { Description: 'x', SinkType: 'webhook', SinkConfiguration: JSON.stringify(hook) }
    for (const [change, message] of [
      [{ Description: '' }, /Description/],
      [{ SinkConfiguration: '{' }, /Invalid JSON in parameter SinkConfiguration/],
      [{ SinkConfiguration: '[]' }, /SinkConfiguration is invalid: a JSON object/],
      [{ SinkConfiguration: '{}' }, /needs destination/],
      [{ SinkConfiguration: '{"destination":"mailto:ann@acme.example"}' }, /must be a URL/],
      [{ SinkType: 'email' }, /SinkType email is not supported/],
      [{ SinkType: 'fax' }, /SinkType is invalid: one of kinesis, webhook, segment, email/]
    ] as const) {
      const { status, body } = await here.call('/events/v1/Sinks', { ...form, ...change })
      expect({ change, status, code: body.code, message: body.message }).toEqual({
        change,
        status: 400,
        code: 20001,
        message: expect.stringMatching(message)
      })
    }
    expect(await events.sinks.list()).toEqual([])
  })

  it('end at a hundred', async () => {
    for (let made = 0; made < 100; made++) await addSink(String(made))
    expect(await refusal(addSink())).toBe('400/91003 The maximum number of Sinks (100) is reached')
    expect(await events.sinks.list({ pageSize: 30 })).toHaveLength(100)
  })

  it('stay while something is sent to them', async () => {
    const { sid } = await addSink()
    const subscription = await subscribe(sid, accepted)
    expect(await refusal(events.sinks(sid).remove())).toBe(
      `409/20409 Sink ${sid} cannot be deleted: 1 Subscription uses it`
    )
    await events.subscriptions(subscription.sid).remove()
    expect(await events.sinks(sid).remove()).toBe(true)
  })
})

describe('subscriptions', () => {
  it('are made, shown, listed by sink, changed and deleted', async () => {
    const [sink, other] = [await addSink('one'), await addSink('other')]
    const made = await subscribe(sink.sid, accepted)
    const { sid } = made
    expect(made).toMatchObject({
      sid: expect.stringMatching(/^DF[0-9a-f]{32}$/),
      accountSid: here.running.credentials.account_sid,
      sinkSid: sink.sid,
      links: { subscribed_events: `${made.url}/SubscribedEvents` }
    })
    await subscribe(other.sid, accepted)
    const listed = await events.subscriptions.list({ sinkSid: sink.sid })
    expect(listed.map((one) => one.sid)).toEqual([sid])
    expect(await events.subscriptions.list()).toHaveLength(2)
    expect((await events.subscriptions(sid).update({ description: 'Handled' })).description).toBe('Handled')
    const moved = await here.call(`/events/v1/Subscriptions/${sid}`, { SinkSid: other.sid })
    expect(moved).toMatchObject({ status: 200, body: { description: 'Handled', sink_sid: other.sid } })
    expect(await events.subscriptions(sid).fetch()).toMatchObject({ sid, sinkSid: other.sid })
    expect(await events.subscriptions(sid).remove()).toBe(true)
    expect(await refusal(events.subscriptions(sid).fetch())).toMatch(/^404\/20404/)
    expect(await refusal(events.subscriptions(sid).subscribedEvents.list())).toMatch(/^404\/20404/)
  })

  it.each<[what: string, types: string[], message: RegExp]>([
    ['no types', [], /Types/],
    ['types that are no objects', ['"all"'], /Types is invalid: a JSON object/],
    ['an unknown type', ['{"type":"com.twilio.fax.received"}'], /does not exist/],
    ['an unknown version', [`{"type":"${accepted}","schema_version":99}`], /versions from 1 to 4/],
    ['a type without its name', ['{"schema_version":1}'], /must be a JSON object with type/]
  ])('are refused with %s', async (_what, types, message) => {
    const { sid } = await addSink()
    const form = { Description: 'x', SinkSid: sid, Types: types }
    const { status, body } = await here.call('/events/v1/Subscriptions', form)
    expect({ status, code: body.code, message: body.message }).toEqual({
      status: 400,
      code: 20001,
      message: expect.stringMatching(message)
    })
  })

  it('are refused without a sink that is there', async () => {
    expect(await refusal(subscribe(`DG${'0'.repeat(32)}`, accepted))).toMatch(/^400\/20001 .*SinkSid does not exist/)
  })

  it('are there after a restart, with sinks and types', async () => {
    const data = await mkdtemp(join(tmpdir(), 'ringdown-streams-'))
    const first = await world({ data })
    const { v1 } = first.client.events
    const sink = await v1.sinks.create({ description: 'Lake', sinkType: 'webhook', sinkConfiguration: hook })
    const types = [{ type: accepted, schema_version: 2 }]
    const made = await v1.subscriptions.create({ description: 'Reports', sinkSid: sink.sid, types })
    await first.close()
    const second = await world({ data })
    const again = second.client.events.v1
    expect((await again.sinks(sink.sid).fetch()).sinkConfiguration).toEqual(sink.sinkConfiguration)
    const [kept] = await again.subscriptions(made.sid).subscribedEvents.list()
    expect(kept).toMatchObject({ type: accepted, schemaVersion: 2 })
    await second.close()
    await rm(data, { recursive: true })
  })

  it('gain, change and lose types', async () => {
    const { sid } = await addSink()
    const subscription = await subscribe(sid, accepted)
    const { subscribedEvents } = events.subscriptions(subscription.sid)
    const wanted = async () => (await subscribedEvents.list()).map((one) => `${one.type} ${one.schemaVersion}`)
    expect(await wanted()).toEqual([`${accepted} 4`])
    expect(await subscribedEvents.create({ type: created, schemaVersion: 2 })).toMatchObject({
      type: created,
      schemaVersion: 2,
      subscriptionSid: subscription.sid,
      accountSid: here.running.credentials.account_sid,
      url: expect.stringMatching(new RegExp(`/SubscribedEvents/${created}$`))
    })
    const one = events.subscriptions(subscription.sid).subscribedEvents(created)
    expect((await one.update({ schemaVersion: 3 })).schemaVersion).toBe(3)
    expect((await one.fetch()).schemaVersion).toBe(3)
    expect(await wanted()).toEqual([`${accepted} 4`, `${created} 3`])
    expect(await one.remove()).toBe(true)
    expect(await refusal(one.fetch())).toMatch(/^404\/20404/)
    expect(await refusal(events.subscriptions(subscription.sid).subscribedEvents(accepted).remove())).toMatch(
      /^400\/20001 .* is the last type/
    )
    expect(await refusal(subscribedEvents.create({ type: 'com.twilio.fax.received' }))).toMatch(/^400\/20001/)
  })
})

describe('types and schemas', () => {
  it('are all there, page by page', async () => {
    const listed = await events.eventTypes.list({ pageSize: 20 })
    expect(listed.map(({ type }) => type)).toEqual(streamTypes.map(({ type }) => type))
    const first = await here.call('/events/v1/Types?PageSize=20')
    const second = await here.call(pathOf(first.body.meta.next_page_url))
    const back = await here.call(pathOf(second.body.meta.previous_page_url))
    expect(back.body.types).toEqual(first.body.types)
    expect(await here.call('/events/v1/Types?PageToken=PTabc&Page=1')).toMatchObject({ status: 400 })
  })

  it('of one schema are listed by it', async () => {
    const listed = await events.eventTypes.list({ schemaId: 'TaskRouter.WDSEvent' })
    expect(listed).toHaveLength(38)
    expect(listed[0]).toMatchObject({ type: created, schemaId: 'TaskRouter.WDSEvent', status: 'available' })
    expect(listed[0]?.links.schema).toMatch(/\/v1\/Schemas\/TaskRouter\.WDSEvent\/Versions$/)
    expect(await events.eventTypes.list({ schemaId: 'Fax.Received' })).toEqual([])
  })

  it('one by one, in all versions', async () => {
    expect(await events.eventTypes(accepted).fetch()).toMatchObject({
      type: accepted,
      description: 'A worker took the task.'
    })
    const schema = events.schemas('TaskRouter.WDSEvent')
    expect(await schema.fetch()).toMatchObject({ id: 'TaskRouter.WDSEvent', latestVersion: 4 })
    expect((await schema.versions.list({ pageSize: 3 })).map(({ schemaVersion }) => schemaVersion)).toEqual([
      1, 2, 3, 4
    ])
    expect(await schema.versions(2).fetch()).toMatchObject({
      schemaVersion: 2,
      raw: 'https://events-schemas.twilio.com/TaskRouter.WDSEvent/2'
    })
    expect(await events.schemas('Ringdown.FlexInteraction').versions(1).fetch()).toMatchObject({ raw: null })
  })

  it('that are not there answer 404', async () => {
    expect(await refusal(events.eventTypes('com.twilio.fax.received').fetch())).toMatch(/^404\/20404/)
    expect(await refusal(events.schemas('Fax.Received').fetch())).toMatch(/^404\/20404/)
    expect(await refusal(events.schemas('Fax.Received').versions.list())).toMatch(/^404\/20404/)
    for (const version of [0, 5]) {
      expect(await refusal(events.schemas('TaskRouter.WDSEvent').versions(version).fetch())).toMatch(/^404\/20404/)
    }
  })
})

test('what the parity page says that this file verifies, it has seen answered', () => {
  expectVerified('test/conformance/event-streams.test.ts', here)
})

function pathOf(url: string): string {
  return url.slice(here.running.url.length)
}
