import { type EventType, render } from '@ringdown/engine/events'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../cloud-event.ts'
import type { Draft, LoggedEvent, RouteContext } from '../delivery.ts'
import { streams } from './streams.ts'

const created = 'com.twilio.taskrouter.task-queue.created'
const deleted = 'com.twilio.taskrouter.task-queue.deleted'
const hook = { destination: 'https://ann:secret@acme.example/hook?a=1', method: 'GET', batch_events: true }
const stream = {
  arn: 'arn:aws:kinesis:eu-central-1:123456789012:stream/contacts',
  role_arn: 'arn:aws:iam::123456789012:role/ringdown',
  external_id: 'acme'
}

class Streams extends World {
  addSink(sink_type: 'webhook' | 'kinesis' | 'segment' = 'webhook', sink_configuration: object = hook): string {
    return this.do({ type: 'sink.create', description: 'Lake', sink_type, sink_configuration }).sink.sid
  }

  subscribe(sink_sid: string, ...types: string[]): string {
    const wanted = types.map((type) => ({ type }))
    return this.do({ type: 'subscription.create', description: 'Queues', sink_sid, types: wanted }).subscription.sid
  }

  /** What the last event of a type has to be sent as. */
  drafts(type: EventType): readonly Draft[] {
    const event = JSON.parse(JSON.stringify(render(this.events(type).at(-1) as never))) as LoggedEvent // there is one
    const { state } = this
    const context = { account_sid: state.account_sid, state, find: async () => [] } satisfies RouteContext
    return streams.draftsOf(event, context) as readonly Draft[] // it does not wait for anything
  }
}

function jsonOf({ message }: Draft): unknown {
  return 'json' in message ? JSON.parse(message.json) : undefined
}

describe('the way out to Event Streams', () => {
  it('is used while there is a sink, and wants only what has a type and a subscription', () => {
    const world = new Streams()
    expect(streams.isUsed(world.state)).toBe(false)
    const sid = world.addSink()
    expect(streams.isUsed(world.state)).toBe(true)
    world.do({ type: 'sink.delete', sid })
    expect(streams.isUsed(world.state)).toBe(false)
    expect([streams.wants('task.created'), streams.wants('sink.test'), streams.wants('task.eaten')]).toEqual([
      true,
      true,
      false
    ])
    world.subscribe(world.addSink(), created)
    const { state } = world
    expect([streams.wants('task-queue.created', state), streams.wants('task.created', state)]).toEqual([true, false])
    expect(streams.wants('sink.test', state)).toBe(true)
  })

  it('sends an event once for every subscription that wants its type, under one id', () => {
    const world = new Streams()
    const [one, other] = [world.addSink(), world.addSink()]
    const wanting = [
      world.subscribe(one, created, deleted),
      world.subscribe(one, created),
      world.subscribe(other, created)
    ]
    world.subscribe(other, deleted)
    world.addQueue('Support')
    const drafts = world.drafts('task-queue.created')
    expect(drafts.map(({ kind, receiver_sid }) => `${kind} ${receiver_sid}`)).toEqual(
      wanting.map((sid) => `event_stream ${sid}`)
    )
    const ids = drafts.map((draft) => (jsonOf(draft) as CloudEvent[])[0]?.id)
    expect(ids).toEqual([ids[0], ids[0], ids[0]])
    expect(world.drafts('workspace.created')).toEqual([])
  })

  it('posts an array of one to a webhook, whatever method and batches it asks for', () => {
    const world = new Streams()
    world.subscribe(world.addSink(), created)
    world.addQueue('Support')
    const [draft] = world.drafts('task-queue.created')
    expect(draft?.message).toMatchObject({ method: 'POST', url: hook.destination })
    expect(draft && jsonOf(draft)).toEqual([expect.objectContaining({ specversion: '1.0', type: created })])
  })

  it('puts the event alone into a stream', () => {
    const world = new Streams()
    world.subscribe(world.addSink('kinesis', stream), created)
    world.addQueue('Support')
    const [draft] = world.drafts('task-queue.created')
    expect(draft?.message).toMatchObject({ method: 'kinesis', stream })
    expect(draft && jsonOf(draft)).toMatchObject({ specversion: '1.0', type: created })
  })

  it('tracks the event with Segment', () => {
    const world = new Streams()
    world.subscribe(world.addSink('segment', { write_key: 'k/1' }), created)
    world.addQueue('Support')
    const [draft] = world.drafts('task-queue.created')
    expect(draft?.message).toMatchObject({ method: 'POST', url: 'https://k%2F1@api.segment.io/v1/track' })
    expect(draft && jsonOf(draft)).toMatchObject({
      event: created,
      properties: { name: 'task-queue.created' },
      userId: world.state.account_sid,
      messageId: expect.stringMatching(/^EZ/),
      timestamp: '2026-01-01T00:00:00.000Z'
    })
  })

  it('asks the subscriptions as they are now', () => {
    const world = new Streams()
    const [one, other] = [world.addSink(), world.addSink('kinesis', stream)]
    const sid = world.subscribe(one, created, deleted)
    world.addQueue('Support')
    world.do({ type: 'subscription.update', sid, sink_sid: other })
    expect(world.drafts('task-queue.created')).toMatchObject([{ message: { method: 'kinesis' } }])
    world.do({ type: 'subscribed_event.delete', subscription_sid: sid, event_type: created })
    expect(world.drafts('task-queue.created')).toEqual([])
  })

  it('leaves out a sink that is not active', () => {
    const world = new Streams()
    const sid = world.addSink()
    world.subscribe(sid, created)
    world.addQueue('Support')
    world.state.begin(world.at, [1, 2, 3, 4])
    world.state.change('sink', sid, { status: 'failed' })
    world.state.end()
    expect(world.drafts('task-queue.created')).toEqual([])
  })

  it('sends a test to its sink alone, and to nobody once the sink is gone', () => {
    const world = new Streams()
    const [sid, other] = [world.addSink(), world.addSink()]
    world.subscribe(other, created)
    world.do({ type: 'sink.test', sid })
    const drafts = world.drafts('sink.test')
    expect(drafts).toMatchObject([{ kind: 'event_stream', receiver_sid: sid }])
    expect(drafts[0] && jsonOf(drafts[0])).toMatchObject([
      {
        type: 'com.twilio.eventstreams.test-event',
        source: 'Sink',
        dataschema: 'https://events-schemas.twilio.com/EventStreams.TestSink/1',
        data: { test_id: expect.stringMatching(/^[0-9a-f-]{36}$/) }
      }
    ])
    world.do({ type: 'sink.delete', sid })
    expect(world.drafts('sink.test')).toEqual([])
  })
})
