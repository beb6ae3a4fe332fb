import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

const accepted = 'com.twilio.taskrouter.reservation.accepted'
const created = 'com.twilio.taskrouter.task.created'
const written = 'com.twilio.conversations.message.added'

class Streams extends World {
  readonly sink_sid = this.addSink('Data lake')

  addSink(description: string): string {
    const sink_configuration = { destination: 'https://acme.example/hook' }
    return this.do({ type: 'sink.create', description, sink_type: 'webhook', sink_configuration }).sink.sid
  }

  subscribe(types: readonly unknown[], sink_sid = this.sink_sid): string {
    return this.do({ type: 'subscription.create', description: 'Reports', sink_sid, types }).subscription.sid
  }

  /** `type version` of each type of a subscription. */
  wanted(subscription_sid: string): string[] {
    const rows = [...this.state.tables.subscribed_event.by('subscription_sid', subscription_sid)]
    return rows.map((row) => `${row.type} ${row.schema_version}`)
  }
}

describe('a subscription', () => {
  it('names types in the versions that are asked for, or the latest', () => {
    const world = new Streams()
    const sid = world.subscribe([
      { type: accepted, schema_version: 2 },
      { type: written },
      { type: created, schema_version: '1' }
    ])
    expect(world.wanted(sid)).toEqual([`${accepted} 2`, `${written} 2`, `${created} 1`])
  })

  it('knows a type under the name that one page gives it', () => {
    const world = new Streams()
    const sid = world.subscribe([{ type: 'com.twilio.taskrouter.task-queue.expression-updated' }])
    expect(world.wanted(sid)).toEqual(['com.twilio.taskrouter.task-queue.expression.updated 4'])
  })

  it.each<[what: string, types: readonly unknown[], why: string]>([
    ['no type', [], 'A Subscription needs at least one of Types'],
    ['something else', ['all'], 'Each of Types must be a JSON object with type and schema_version'],
    ['null', [null], 'Each of Types must be a JSON object with type and schema_version'],
    ['an unknown type', [{ type: 'com.twilio.fax.received' }], "Event type 'com.twilio.fax.received' does not exist"],
    [
      'a type of the past',
      [{ type: 'com.twilio.conversations.delivery.updated' }],
      'Event type com.twilio.conversations.delivery.updated is discontinued and cannot be subscribed to'
    ],
    [
      'a type that is not told to subscribers',
      [{ type: 'com.twilio.eventstreams.test-event' }],
      'Event type com.twilio.eventstreams.test-event is restricted and cannot be subscribed to'
    ],
    [
      'a version to come',
      [{ type: accepted, schema_version: 5 }],
      `Event type ${accepted} has schema versions from 1 to 4`
    ],
    ['version 0', [{ type: accepted, schema_version: 0 }], `Event type ${accepted} has schema versions from 1 to 4`],
    [
      'half a version',
      [{ type: accepted, schema_version: 1.5 }],
      `Event type ${accepted} has schema versions from 1 to 4`
    ],
    [
      'one type twice',
      [{ type: accepted }, { type: accepted, schema_version: 1 }],
      `Types names ${accepted} more than once`
    ]
  ])('is refused with %s', (_what, types, why) => {
    const world = new Streams()
    expect(world.refusal(() => world.subscribe(types))).toBe(`400/20001 ${why}`)
    expect(world.state.tables.subscription.size).toBe(0)
  })

  it('needs a sink that is there, and active', () => {
    const world = new Streams()
    const nowhere = `DG${'0'.repeat(32)}`
    expect(world.refusal(() => world.subscribe([{ type: accepted }], nowhere))).toBe(
      `400/20001 Value '${nowhere}' provided for SinkSid does not exist`
    )
    world.state.begin(world.at, [1, 2, 3, 4])
    world.state.change('sink', world.sink_sid, { status: 'failed' })
    world.state.end()
    expect(world.refusal(() => world.subscribe([{ type: accepted }]))).toBe(
      `400/20001 Sink ${world.sink_sid} is failed, and must be active`
    )
  })

  it('keeps its sink from being deleted, and moves to another one', () => {
    const world = new Streams()
    const sid = world.subscribe([{ type: accepted }])
    expect(world.refusal(() => world.do({ type: 'sink.delete', sid: world.sink_sid }))).toBe(
      `409/20409 Sink ${world.sink_sid} cannot be deleted: 1 Subscription uses it`
    )
    const sink_sid = world.addSink('Lake')
    const moved = world.do({ type: 'subscription.update', sid, sink_sid, description: 'Moved' }).subscription
    expect(moved).toMatchObject({ sid, sink_sid, description: 'Moved' })
    world.do({ type: 'sink.delete', sid: world.sink_sid })
    expect(world.state.find('sink', world.sink_sid)).toBeUndefined()
  })

  it('takes its types along when it goes', () => {
    const world = new Streams()
    const sid = world.subscribe([{ type: accepted }, { type: created }])
    const other = world.subscribe([{ type: accepted }])
    world.do({ type: 'subscription.delete', sid })
    expect([...world.state.tables.subscribed_event.by('type', accepted)].map((row) => row.subscription_sid)).toEqual([
      other
    ])
    expect(world.state.tables.subscribed_event.size).toBe(1)
    expect(world.refusal(() => world.do({ type: 'subscription.delete', sid }))).toBe(
      `404/20404 The requested resource /Subscriptions/${sid} was not found`
    )
  })
})

describe('a subscribed event', () => {
  it('is added once, changes its version, and is removed unless it is the last', () => {
    const world = new Streams()
    const subscription_sid = world.subscribe([{ type: accepted }])
    const act = (verb: 'create' | 'update' | 'delete', event_type: string, schema_version?: number) =>
      world.do({
        type: `subscribed_event.${verb}`,
        subscription_sid,
        event_type,
        ...(schema_version !== undefined && { schema_version })
      })
    act('create', created, 3)
    act('create', created)
    expect(world.wanted(subscription_sid)).toEqual([`${accepted} 4`, `${created} 3`])
    act('create', created, 2)
    act('update', accepted, 1)
    act('update', created)
    expect(world.wanted(subscription_sid)).toEqual([`${accepted} 1`, `${created} 2`])
    expect(world.refusal(() => act('update', accepted, 9))).toBe(
      `400/20001 Event type ${accepted} has schema versions from 1 to 4`
    )
    expect(world.refusal(() => act('create', 'com.twilio.fax.received'))).toBe(
      "400/20001 Event type 'com.twilio.fax.received' does not exist"
    )
    act('delete', accepted)
    expect(world.refusal(() => act('delete', created))).toBe(
      `400/20001 ${created} is the last type of Subscription ${subscription_sid}: delete the Subscription instead`
    )
    expect(world.refusal(() => act('update', accepted, 1))).toBe(
      `404/20404 The requested resource /Subscriptions/${subscription_sid}/SubscribedEvents/${accepted} was not found`
    )
  })
})
