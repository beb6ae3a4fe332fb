import { describe, expect, it } from 'vitest'
import type { InboundEmail } from '../conversations/email.ts'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'

const ours = 'help@acme.test'
const ana = 'ana@x.test'

function place(): { world: World; carrier_sid: string } {
  const world = new World()
  const { carrier } = world.do({ type: 'carrier.create', carrier_type: 'email', senders: [ours] })
  world.do({
    type: 'configuration_address.create',
    ...{ address_type: 'email', address: ours, auto_creation_enabled: true, auto_creation_type: 'default' }
  })
  return { world, carrier_sid: carrier.sid }
}

let next = 0

function letter(
  { world, carrier_sid }: ReturnType<typeof place>,
  email: Partial<InboundEmail> = {},
  { from = ana, body = 'Hello' }: { from?: string; body?: string } = {}
) {
  const message_id = email.message_id ?? `${next++}@x.test`
  const told = { subject: 'Broken', ...email, message_id }
  const { channel_message } = world.do({
    type: 'channel_message.receive',
    ...{ carrier_sid, from, to: ours, body, provider_sid: message_id, email: told }
  })
  return channel_message
}

const roster = (world: World, sid: string | null) =>
  world.state.tables.participant.list('conversation_sid', String(sid))

describe('A letter', () => {
  it('makes a conversation of its own, though its sender has another one', () => {
    const here = place()
    const [first, second] = [letter(here), letter(here, { subject: 'Late' })]
    expect(first.conversation_sid).not.toBe(second.conversation_sid)
    const { world } = here
    const conversation = world.state.get('conversation', String(first.conversation_sid))
    expect(conversation).toMatchObject({ friendly_name: 'Broken', bindings_email_address: ours })
    expect(roster(world, conversation.sid)).toMatchObject([
      { address: ana, proxy_address: null, binding_level: 'from' }
    ])
  })

  it('comes into the conversation of the nearest one that it answers, unless that is closed', () => {
    const here = place()
    const { world } = here
    const first = letter(here, { message_id: 'a@x' })
    const answered = { answers: ['unknown@x', 'a@x'] }
    expect(letter(here, answered).conversation_sid).toBe(first.conversation_sid)
    // A colleague who was told of it speaks for herself.
    const colleague = letter(here, answered, { from: 'bea@x.test' })
    expect(colleague.conversation_sid).toBe(first.conversation_sid)
    expect(world.state.get('message', String(colleague.message_sid))).toMatchObject({
      author: 'bea@x.test',
      participant_sid: null
    })
    world.do({ type: 'conversation.update', sid: String(first.conversation_sid), state: 'closed' })
    expect(letter(here, answered).conversation_sid).not.toBe(first.conversation_sid)
  })

  it('may answer one of ours before it is known that this was taken, and by another carrier', () => {
    const here = place()
    const { world } = here
    const { conversation_sid } = letter(here)
    const { message } = world.do({ type: 'message.create', conversation_sid: String(conversation_sid), body: 'Hi' })
    const [leg] = world.state.tables.channel_message.list('message_sid', message.sid)
    const answers = [`${leg?.sid}@acme.test`]
    expect(letter(here, { answers }).conversation_sid).toBe(conversation_sid)
    expect(letter({ world, carrier_sid: 'XC2' }, { answers }).conversation_sid).toBe(conversation_sid)
    expect(letter(here, { answers: [`SM${'0'.repeat(32)}@acme.test`] }).conversation_sid).not.toBe(conversation_sid)
  })

  it('is answered under its subject and its references, at the address that it wants', () => {
    const here = place()
    const { world } = here
    const { conversation_sid } = letter(here, { message_id: 'a@x', subject: 'AW: Re: Broken', reply_to: 'home@x.test' })
    const say = (body: string) => {
      const { message } = world.do({
        type: 'message.create',
        conversation_sid: String(conversation_sid),
        author: 'amelie',
        body
      })
      return world.state.tables.channel_message.list('message_sid', message.sid)[0]
    }
    const answer = say('Hello')
    expect(answer).toMatchObject({
      ...{ from: ours, to: ana, num_segments: 1 },
      told: { Subject: 'Re: Broken', InReplyTo: 'a@x', References: 'a@x', ReplyTo: 'home@x.test' }
    })
    const own = `${answer?.sid}@acme.test`
    expect(say('x'.repeat(2000))?.told).toMatchObject({ InReplyTo: own, References: `a@x ${own}` })
    expect(world.state.get('channel_message', answer?.sid ?? '').status).toBe('queued')
    for (let n = 0; n < 20; n++) say('More')
    expect(say('Last')?.told.References?.split(' ')).toHaveLength(10)
  })

  it('is one letter, however long ago it came first', () => {
    const here = place()
    const first = letter(here, { message_id: 'a@x' })
    here.world.pass('30 d')
    expect(letter(here, { message_id: 'a@x' }).sid).toBe(first.sid)
  })

  it('opens no contact where no person wrote it, we did, or somebody writes without end', () => {
    const here = place()
    expect(letter(here, { automatic: 'list' })).toMatchObject({ conversation_sid: null, told: { Automatic: 'list' } })
    expect(letter(here, {}, { from: 'HELP@acme.test' })).toMatchObject({ conversation_sid: null })
    const all = Array.from({ length: 33 }, () => letter(here, { answers: [] }))
    expect(all.filter(({ conversation_sid }) => conversation_sid !== null)).toHaveLength(30)
    expect(all.at(-1)?.told.Automatic).toBe('loop')
    const warned = here.world.events().filter(({ type }) => type === 'ringdown.warning')
    expect(warned.map((event) => render(event).resource_type)).toEqual(['carrier'])
    expect(letter(here, {}, { from: 'bea@x.test' }).conversation_sid).not.toBeNull()
    here.world.pass('1 h')
    expect(letter(here).conversation_sid).not.toBeNull()
  })

  it('is passed on to the others in its conversation, but for those to whom it was sent', () => {
    const here = place()
    const { world } = here
    const { conversation_sid } = letter(here, { message_id: 'a@x' })
    for (const messaging_binding_address of ['bea@x.test', 'cid@x.test'])
      world.do({ type: 'participant.create', conversation_sid: String(conversation_sid), messaging_binding_address })
    const { message_sid } = letter(here, { answers: ['a@x'], cc: [{ address: 'Bea@x.test', name: null }] })
    const legs = world.state.tables.channel_message
      .list('message_sid', String(message_sid))
      .filter(({ direction }) => direction !== 'inbound')
    expect(legs.map(({ to }) => to)).toEqual(['cid@x.test'])
  })

  it('goes to everybody in the conversation, with all but the blind ones in its head', () => {
    const world = new World()
    world.do({ type: 'carrier.create', carrier_type: 'email', senders: [ours] })
    const { conversation } = world.do({ type: 'conversation.create', bindings_email_name: 'Help' })
    const add = (messaging_binding_address: string, messaging_binding_level: string) =>
      world.do({
        type: 'participant.create',
        conversation_sid: conversation.sid,
        messaging_binding_address,
        messaging_binding_level
      })
    for (const [address, level] of [
      [ana, 'to'],
      ['bea@x.test', 'cc'],
      ['cid@x.test', 'bcc']
    ] as const)
      add(address, level)
    const { message } = world.do({
      type: 'message.create',
      conversation_sid: conversation.sid,
      author: 'amelie',
      body: 'Hi',
      subject: 'News'
    })
    const legs = world.state.tables.channel_message.list('message_sid', message.sid)
    const seen = { Subject: 'News', FromName: 'Help', To: ana, Cc: 'bea@x.test' }
    expect(legs.map(({ to, told }) => [to, told])).toEqual([
      [ana, seen],
      ['bea@x.test', seen],
      ['cid@x.test', { Subject: 'News', FromName: 'Help' }]
    ])
  })
})

describe('A text in parts', () => {
  const part = (number: number, body: string) =>
    ({
      type: 'channel_message.receive_part',
      carrier_sid: 'XC1',
      from: '+33612345678',
      to: '+37256000009',
      reference: 7,
      total: 3,
      number,
      body
    }) as const

  it('is one message when all of them are there, in their order, once', () => {
    const world = new World()
    expect(world.do(part(3, 'c')).channel_message).toBeUndefined()
    world.do(part(1, 'a'))
    world.do(part(1, 'a'))
    expect(world.do(part(2, 'b')).channel_message?.body).toBe('abc')
    expect(world.do(part(2, 'b')).channel_message).toBeUndefined()
    expect(world.state.tables.message_part.all().every(({ body }) => body === null)).toBe(true)
    world.pass('5 min')
    expect(world.state.tables.message_part.size).toBe(0)
    expect(world.state.tables.channel_message.size).toBe(1)
  })

  it('is what is there after five minutes', () => {
    const world = new World()
    world.do(part(1, 'a'))
    world.do(part(3, 'c'))
    world.pass('5 min')
    expect(world.state.tables.channel_message.all().map(({ body }) => body)).toEqual(['ac'])
    expect(world.state.tables.message_part.size).toBe(0)
  })

  it('is taken as it is where its place makes no sense', () => {
    const world = new World()
    expect(world.do(part(9, 'x')).channel_message?.body).toBe('x')
    expect(world.do({ ...part(1, 'y'), total: 0 }).channel_message?.body).toBe('y')
  })
})
