import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import type { SinkType } from './rows.ts'
import { maxSinks } from './sink.ts'

const hook = { destination: 'https://acme.example/hook' }
const stream = {
  arn: 'arn:aws:kinesis:eu-central-1:123456789012:stream/contacts',
  role_arn: 'arn:aws:iam::123456789012:role/ringdown',
  external_id: 'acme'
}

function addSink(world: World, sink_configuration: unknown = hook, sink_type: SinkType | 'fax' = 'webhook') {
  return world.do({ type: 'sink.create', description: 'Data lake', sink_type, sink_configuration }).sink
}

describe('a sink', () => {
  it('is active at once, and shows what applies to it', () => {
    const world = new World()
    expect(addSink(world, { destination: 'https://ann:secret@acme.example/hook?a=1', method: 'GET' })).toMatchObject({
      sid: expect.stringMatching(/^DG/),
      status: 'active',
      sink_configuration: {
        destination: 'https://ann:secret@acme.example/hook?a=1',
        method: 'GET',
        batch_events: false
      }
    })
    expect(addSink(world, { ...hook, method: 'Post', batch_events: true, note: 'ours' }).sink_configuration).toEqual({
      ...hook,
      method: 'Post',
      batch_events: true,
      note: 'ours'
    })
    expect(addSink(world, stream, 'kinesis')).toMatchObject({ status: 'active', sink_configuration: stream })
    expect(addSink(world, { write_key: 'k' }, 'segment')).toMatchObject({ sink_configuration: { write_key: 'k' } })
  })

  it.each<[what: string, configuration: unknown, type: SinkType | 'fax', why: string]>([
    ['no destination', {}, 'webhook', 'SinkConfiguration of a webhook sink needs destination, as text'],
    ['no text', { destination: 7 }, 'webhook', 'SinkConfiguration of a webhook sink needs destination, as text'],
    [
      'no address of the web',
      { destination: 'ftp://acme.example' },
      'webhook',
      "Value 'ftp://acme.example' provided for SinkConfiguration.destination must be a URL that begins with http:// or https://"
    ],
    [
      'another method',
      { ...hook, method: 'PUT' },
      'webhook',
      "SinkConfiguration.method of a webhook sink must be POST or GET, not 'PUT'"
    ],
    [
      'no boolean',
      { ...hook, batch_events: 'yes' },
      'webhook',
      'SinkConfiguration.batch_events of a webhook sink must be true or false'
    ],
    ['a list', [hook], 'webhook', 'SinkConfiguration must be a JSON object'],
    ['no role', { ...stream, role_arn: '' }, 'kinesis', 'SinkConfiguration of a kinesis sink needs role_arn, as text'],
    [
      'no stream',
      { ...stream, arn: 'arn:aws:sns:eu-central-1:123456789012:topic' },
      'kinesis',
      "SinkConfiguration.arn 'arn:aws:sns:eu-central-1:123456789012:topic' is not the ARN of a Kinesis stream"
    ],
    [
      'a role that is none',
      { ...stream, role_arn: 'root' },
      'kinesis',
      "SinkConfiguration.role_arn 'root' is not the ARN of a role"
    ],
    ['no key', {}, 'segment', 'SinkConfiguration of a segment sink needs write_key, as text'],
    ['e-mail', {}, 'email', 'SinkType email is not supported: use webhook, kinesis or segment'],
    ['fax', {}, 'fax', "Value 'fax' provided for SinkType is not one of kinesis, webhook, segment, email"]
  ])('is refused with %s', (_what, configuration, type, why) => {
    const world = new World()
    expect(world.refusal(() => addSink(world, configuration, type))).toBe(`400/20001 ${why}`)
    expect(world.state.tables.sink.size).toBe(0)
  })

  it('is one of a hundred at most', () => {
    const world = new World()
    const sinks = Array.from({ length: maxSinks }, () => addSink(world))
    expect(world.refusal(() => addSink(world))).toBe('400/91003 The maximum number of Sinks (100) is reached')
    world.do({ type: 'sink.delete', sid: sinks[0]?.sid ?? '' })
    expect(addSink(world).status).toBe('active')
  })

  it('gets another description and nothing else', () => {
    const world = new World()
    const { sid } = addSink(world)
    expect(world.do({ type: 'sink.update', sid, description: 'Lake' }).sink).toMatchObject({ sid, description: 'Lake' })
    expect(world.refusal(() => world.do({ type: 'sink.update', sid, description: ' ' }))).toBe(
      '400/20001 Description must not be empty'
    )
  })

  it('tells a test event with an id of its own each time', () => {
    const world = new World()
    const { sid } = addSink(world)
    world.do({ type: 'sink.test', sid })
    world.do({ type: 'sink.test', sid })
    const rendered = world.events('sink.test').map(render)
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/
    expect(rendered).toMatchObject([
      { resource_type: 'sink', resource_sid: sid, data: { sink_sid: sid, test_id: expect.stringMatching(uuid) } },
      { resource_sid: sid }
    ])
    expect(rendered[0]?.data.test_id).not.toBe(rendered[1]?.data.test_id)
  })

  it.each(['sink.update', 'sink.delete', 'sink.test'] as const)('that is not there: %s answers 404', (type) => {
    const world = new World()
    const sid = `DG${'0'.repeat(32)}`
    expect(world.refusal(() => world.do({ type, sid, description: 'x' }))).toBe(
      `404/20404 The requested resource /Sinks/${sid} was not found`
    )
  })

  it('outlives a restart', () => {
    const world = new World()
    addSink(world)
    expect(snapshot(reloaded(world.state))).toEqual(snapshot(world.state))
  })
})
