import { describe, expect, it, test } from 'vitest'
import type { CommandOf } from '../commands.ts'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import { optOutWordIn } from './opt-out.ts'
import type { PhoneRow } from './rows.ts'

const ours = '+15005550006'
const ana = '+33612345678'
const whatsapp = { ours: `whatsapp:${ours}`, ana: `whatsapp:${ana}` }

function phone(world: World, address = ana, behaviour: Partial<CommandOf<'phone.create'>> = {}): PhoneRow {
  return world.do({ type: 'phone.create', address, ...behaviour }).phone
}

function send(world: World, params: Partial<CommandOf<'channel_message.create'>> = {}) {
  return world.do({ type: 'channel_message.create', from: ours, to: ana, body: 'Hello', ...params }).channel_message
}

/** What the sender does with a message of the queue: brings it to the phone, and keeps what that answered. */
function carry(world: World, sid: string) {
  const { answer } = world.do({ type: 'phone.take', sid })
  if ('taken' in answer) world.do({ type: 'channel_message.given', sid, provider_sid: answer.taken })
  if ('error_code' in answer) world.do({ type: 'channel_message.given', sid, ...answer })
  return answer
}

const write = (world: World, { sid }: PhoneRow, body: string, to = ours) =>
  world.do({ type: 'phone.write', phone_sid: sid, to, body })

const message = (world: World, sid: string) => world.state.get('channel_message', sid)
const told = (world: World) =>
  world
    .events()
    .map(({ type }) => type)
    .filter((type) => type.startsWith('channel_message.'))

describe('A message that is sent', () => {
  it('is queued, sent to a virtual phone once, and delivered', () => {
    const world = new World()
    const { sid: phone_sid } = phone(world)
    const { sid, status, num_segments } = send(world)
    expect({ status, num_segments }).toEqual({ status: 'queued', num_segments: 1 })
    const first = carry(world, sid)
    expect(carry(world, sid)).toEqual(first)
    expect(world.state.tables.phone_message.count('phone_sid', phone_sid)).toBe(1)
    expect(message(world, sid)).toMatchObject({ status: 'delivered', error_code: null, date_sent: world.at })
    expect(told(world)).toEqual(['channel_message.queued', 'channel_message.sent', 'channel_message.delivered'])
  })

  it('fails where nobody takes it, a moment after it was taken', () => {
    const world = new World()
    const { sid, status } = send(world)
    expect(status).toBe('queued')
    expect(message(world, sid)).toMatchObject({
      status: 'failed',
      error_code: 30005,
      error_message: 'No carrier is connected for the sender, and the recipient is no virtual phone'
    })
    expect(told(world)).toEqual(['channel_message.queued', 'channel_message.failed'])
  })

  it('fails when it could not be sent while it was valid', () => {
    const world = new World()
    phone(world, ana, { outcome: 'away' })
    const { sid } = send(world, { validity_period: 60 })
    expect(carry(world, sid)).toEqual({ away: `${ana} is made not to answer` })
    world.pass('60 s')
    expect(message(world, sid)).toMatchObject({ status: 'failed', error_code: 30036 })
    // An answer that comes then changes nothing.
    world.do({ type: 'channel_message.given', sid, provider_sid: 'late' })
    expect(message(world, sid)).toMatchObject({ status: 'failed', provider_sid: 'late' })
  })

  it.each([
    ['delivered, then read', { read_after_ms: 3000 }, ['sent', 'delivered', 'read'], null],
    ['undelivered', { outcome: 'undelivered' as const, delivered_after_ms: 2000 }, ['sent', 'undelivered'], 30003],
    ['undelivered by a code', { outcome: 'undelivered' as const, error_code: 30004 }, ['sent', 'undelivered'], 30004],
    ['refused', { outcome: 'failed' as const }, ['failed'], 30007]
  ])('is %s as its phone is made to behave', (_name, behaviour, states, code) => {
    const world = new World()
    phone(world, ana, behaviour)
    const { sid } = send(world)
    carry(world, sid)
    world.pass('5 s')
    expect(told(world)).toEqual(['queued', ...states].map((state) => `channel_message.${state}`))
    expect(message(world, sid).error_code).toBe(code)
  })

  test('A report that comes before the carrier has answered waits for the answer', () => {
    const world = new World()
    const { carrier } = world.do({ type: 'carrier.create', carrier_type: 'virtual', senders: [ours] })
    const { sid } = send(world)
    world.do({ type: 'channel_message.report', carrier_sid: carrier.sid, provider_sid: 'w1', status: 'delivered' })
    expect(message(world, sid).status).toBe('queued')
    world.do({ type: 'channel_message.given', sid, provider_sid: 'w1' })
    expect(message(world, sid).status).toBe('delivered')
    expect(world.state.tables.early_report.size).toBe(0)
  })

  test('A report of a message that nobody knows is forgotten after ten minutes', () => {
    const world = new World()
    const carrier_sid = `XC${'1'.repeat(32)}`
    world.do({ type: 'channel_message.report', carrier_sid, provider_sid: 'w1', status: 'delivered' })
    world.pass('10 min')
    expect(world.state.tables.early_report.size).toBe(0)
  })

  test('States never go back', () => {
    const world = new World()
    phone(world, ana, { read_after_ms: 0 })
    const { sid } = send(world)
    carry(world, sid)
    for (const status of ['sent', 'delivered', 'undelivered', 'failed'] as const) {
      world.do({ type: 'channel_message.report', sid, status })
      expect(message(world, sid).status).toBe('read')
    }
  })
})

describe('What cannot be sent is refused', () => {
  it.each([
    ['without a recipient', { to: '' }, '400/21604'],
    ['to what is no address', { to: 'Ana' }, '400/21211'],
    ['without a sender', { from: '' }, '400/21603'],
    ['from what is no address', { from: '!' }, '400/21212'],
    ['to its sender', { from: ana }, '400/21266'],
    ['from another channel', { from: whatsapp.ours }, '400/21910'],
    ['without anything in it', { body: '' }, '400/21619'],
    ['that is too long', { body: 'a'.repeat(1601) }, '400/21617'],
    ['with eleven files', { media_url: Array.from({ length: 11 }, () => 'https://acme.example/a.png') }, '400/21623'],
    ['with a file from nowhere', { media_url: ['a.png'] }, '400/21620'],
    ['with a callback to nowhere', { status_callback: 'somewhere' }, '400/20001'],
    ['that is valid for no time', { validity_period: 0 }, '400/20001'],
    ['at a time, by nobody', { schedule_type: 'fixed' as const, send_at: 1 }, '400/20001']
  ])('a message %s', (_name, params, expected) => {
    const world = new World()
    expect(world.refusal(() => send(world, params))).toMatch(new RegExp(`^${expected}`))
  })
})

describe('A customer who writes', () => {
  it('is told of once, however often the provider brings it', () => {
    const world = new World()
    const inbound = {
      type: 'channel_message.receive',
      carrier_sid: `XC${'1'.repeat(32)}`,
      provider_sid: 'wamid.1',
      from: whatsapp.ana,
      to: whatsapp.ours,
      body: 'Bonjour',
      told: { ProfileName: 'Ana' }
    } as const
    const { channel_message, is_repeated } = world.do(inbound)
    expect(is_repeated).toBe(false)
    expect(channel_message).toMatchObject({
      status: 'received',
      direction: 'inbound',
      told: { ProfileName: 'Ana', WaId: '33612345678' }
    })
    expect(world.do(inbound)).toMatchObject({ is_repeated: true, channel_message: { sid: channel_message.sid } })
    expect(told(world)).toEqual(['channel_message.received'])
    world.pass('8 d')
    expect(world.do(inbound).is_repeated).toBe(false)
  })

  it('opens the window of 24 hours on WhatsApp, and no template is needed in it', () => {
    const world = new World()
    const hers = phone(world, whatsapp.ana)
    const params = { from: whatsapp.ours, to: whatsapp.ana }
    expect(message(world, send(world, params).sid)).toMatchObject({ status: 'failed', error_code: 63016 })
    write(world, hers, 'Bonjour', whatsapp.ours)
    const { sid } = send(world, params)
    expect(carry(world, sid)).toHaveProperty('taken')
    world.pass('24 h')
    expect(message(world, send(world, params).sid)).toMatchObject({ status: 'failed', error_code: 63016 })
  })

  it('is sent nothing more after STOP, until START', () => {
    const world = new World()
    const hers = phone(world)
    expect(write(world, hers, ' Stop ').channel_message.told).toEqual({ OptOutType: 'STOP' })
    expect(world.refusal(() => send(world))).toBe(`400/21610 ${ana} has asked to be sent nothing more by ${ours}`)
    expect(send(world, { from: '+15005550007' }).status).toBe('queued')
    expect(write(world, hers, 'Yes').channel_message.told).toEqual({ OptOutType: 'START' })
    expect(write(world, hers, 'Yes').channel_message.told).toEqual({})
    expect(send(world).status).toBe('queued')
  })

  it('is told what became of the word by a messaging service, for all of whose senders it counts', () => {
    const world = new World()
    const hers = phone(world)
    const other = '+15005550007'
    const { messaging_service } = world.do({ type: 'messaging_service.create', friendly_name: 'Orders' })
    const { sid: service } = messaging_service
    for (const phone_number of [ours, other]) {
      const { sid } = world.do({ type: 'incoming_phone_number.create', phone_number }).incoming_phone_number
      world.do({ type: 'pool.add_phone_number', service_sid: service, phone_number_sid: sid })
    }
    const replies = () =>
      world.state.tables.channel_message.all().flatMap((row) => (row.direction === 'outbound-reply' ? [row.body] : []))
    write(world, hers, 'STOP')
    write(world, hers, 'STOP')
    expect(replies()).toEqual(['You will get no more messages from us here. Answer START to get them again.'])
    const bySender = () => send(world, { from: other, messaging_service_sid: service })
    expect(world.refusal(bySender)).toMatch(/^400\/21610/)
    write(world, hers, 'START')
    write(world, hers, 'help')
    expect(replies()).toHaveLength(3)
    expect(bySender().status).toBe('accepted')
  })

  it.each([
    ['STOP', 'STOP'],
    [' unsubscribe\n', 'STOP'],
    ['Stop it', undefined],
    ['UNSTOP', 'START'],
    ['info', 'HELP'],
    ['', undefined]
  ])('%j means %s', (text, word) => {
    expect(optOutWordIn(text)).toBe(word)
  })
})

describe('An address of ours that makes conversations', () => {
  function configured(world: World) {
    world.do({ type: 'configuration_address.create', address_type: 'sms', address: ours, auto_creation_enabled: true })
    return phone(world)
  }

  it('begins one with a first message, and goes on with it', () => {
    const world = new World()
    const hers = configured(world)
    const first = write(world, hers, 'Bonjour').channel_message
    const conversation_sid = first.conversation_sid ?? ''
    expect(world.state.get('message', first.message_sid ?? '')).toMatchObject({
      author: ana,
      body: 'Bonjour',
      index: 0
    })
    expect(write(world, hers, 'Vous êtes là ?').channel_message).toMatchObject({ conversation_sid })
    expect(told(world)).toEqual(['channel_message.received', 'channel_message.received'])
    // An agent's answer goes out by the same pair.
    const { message: said } = world.do({ type: 'message.create', conversation_sid, author: 'amelie', body: 'Oui' })
    expect(world.state.tables.channel_message.list('message_sid', said.sid)).toMatchObject([{ from: ours, to: ana }])
  })

  it('takes in what somebody has changed beforehand, and nothing that was rejected', () => {
    const world = new World()
    configured(world)
    const inbound = { type: 'channel_message.receive', carrier_sid: 'XP', from: ana, to: ours, body: 'Hi' } as const
    const changed = world.do({ ...inbound, provider_sid: '1', agreed: { body: 'Hi!' } }).channel_message
    expect(world.state.get('message', changed.message_sid ?? '').body).toBe('Hi!')
    expect(changed.body).toBe('Hi')
    const rejected = world.do({ ...inbound, provider_sid: '2', agreed: null }).channel_message
    expect(rejected).toMatchObject({ status: 'received', conversation_sid: null })
  })

  it('sends what it says under another name to everybody but whoever wrote it', () => {
    const world = new World()
    const { sid: conversation_sid } = world.do({ type: 'conversation.create' }).conversation
    const ben = '+15550000002'
    for (const address of [ana, ben]) {
      const binding = { messaging_binding_address: address, messaging_binding_proxy_address: ours }
      world.do({ type: 'participant.create', conversation_sid, ...binding })
    }
    const inbound = { type: 'channel_message.receive', carrier_sid: 'XP', from: ana, to: ours, body: 'Hi' } as const
    const agreed = { author: 'Ana, by her nurse' }
    const { message_sid } = world.do({ ...inbound, provider_sid: '1', agreed }).channel_message
    expect(world.state.get('message', message_sid ?? '').author).toBe(agreed.author)
    const sent = world.state.tables.channel_message.list('message_sid', message_sid ?? '')
    expect(sent.flatMap(({ direction, to }) => (direction === 'inbound' ? [] : [to]))).toEqual([ben])
  })

  it('hears a word that opts out, and it is said in the conversation as well', () => {
    const world = new World()
    const hers = configured(world)
    const { channel_message } = write(world, hers, 'STOP')
    expect(channel_message.conversation_sid).not.toBeNull()
    const conversation_sid = channel_message.conversation_sid ?? ''
    const { message: said } = world.do({ type: 'message.create', conversation_sid, author: 'amelie', body: 'Oh' })
    expect(world.state.tables.channel_message.list('message_sid', said.sid)).toMatchObject([
      { status: 'failed', error_code: 21610 }
    ])
  })
})

describe('A conversation with somebody outside', () => {
  function conversation(world: World, address: string = ana, proxy: string = ours) {
    const { sid } = world.do({ type: 'conversation.create' }).conversation
    const participant = world.do({
      type: 'participant.create',
      conversation_sid: sid,
      messaging_binding_address: address,
      messaging_binding_proxy_address: proxy
    }).participant
    return { sid, participant }
  }

  const say = (world: World, conversation_sid: string, body: string, author?: string) =>
    world.do({ type: 'message.create', conversation_sid, body, ...(author !== undefined && { author }) }).message

  const legs = (world: World, sid: string) => world.state.tables.channel_message.list('message_sid', sid)

  it('is sent what is said there, and what came from there is not', () => {
    const world = new World()
    phone(world)
    const { sid, participant } = conversation(world)
    const said = say(world, sid, 'How can I help?', 'amelie')
    expect(legs(world, said.sid)).toMatchObject([
      {
        from: ours,
        to: ana,
        body: 'How can I help?',
        status: 'queued',
        conversation_sid: sid,
        participant_sid: participant.sid
      }
    ])
    expect(legs(world, say(world, sid, 'It is broken', ana).sid)).toEqual([])
  })

  it('relays what one of them writes to the others', () => {
    const world = new World()
    const { sid } = conversation(world)
    const bob = '+33600000002'
    const binding = { messaging_binding_address: bob, messaging_binding_proxy_address: ours }
    world.do({ type: 'participant.create', conversation_sid: sid, ...binding })
    expect(legs(world, say(world, sid, 'Hello Bob', ana).sid).map(({ to }) => to)).toEqual([bob])
  })

  it.each([
    ['has too much to read', ana, ours, 'a'.repeat(1601), 21617],
    ['has not written for a day', whatsapp.ana, whatsapp.ours, 'Hello', 63016]
  ])('fails towards who %s', (_name, address, proxy, body, code) => {
    const world = new World()
    phone(world, address)
    const { sid } = conversation(world, address, proxy)
    expect(legs(world, say(world, sid, body, 'amelie').sid)).toMatchObject([{ status: 'failed', error_code: code }])
  })

  it('has a receipt for each of them, which goes where its message goes', () => {
    const world = new World()
    phone(world, ana, { read_after_ms: 1000 })
    const { sid } = conversation(world)
    const said = say(world, sid, 'Hello', 'amelie')
    const receipts = () => world.state.tables.message_receipt.list('message_sid', said.sid)
    expect(receipts()).toEqual([])
    const [leg] = legs(world, said.sid)
    carry(world, leg?.sid ?? '')
    expect(receipts()).toMatchObject([{ channel_message_sid: leg?.sid, status: 'delivered', error_code: 0 }])
    world.pass('1 s')
    expect(receipts()).toMatchObject([{ status: 'read' }])
    expect(world.state.get('message', said.sid).delivery_counts).toMatchObject({ total: 1, read: 1, failed: 0 })
  })

  it('has a receipt that says why a leg has failed', () => {
    const world = new World()
    const { sid } = conversation(world)
    const said = say(world, sid, 'Hello', 'amelie')
    expect(world.state.tables.message_receipt.list('message_sid', said.sid)).toMatchObject([
      { status: 'failed', error_code: 30005 }
    ])
  })

  it('takes with it what was sent, when it or its message is deleted', () => {
    const world = new World()
    phone(world)
    const { sid } = conversation(world)
    const first = say(world, sid, 'One', 'amelie')
    say(world, sid, 'Two', 'amelie')
    world.do({ type: 'message.delete', conversation_sid: sid, sid: first.sid })
    expect(world.state.tables.channel_message.size).toBe(1)
    world.do({ type: 'conversation.delete', sid })
    expect(world.state.tables.channel_message.size).toBe(0)
  })
})

describe('What was sent', () => {
  it('is redacted, given feedback on, and deleted, with what the phone has of it', () => {
    const world = new World()
    phone(world)
    const { sid } = send(world)
    expect(world.refusal(() => world.do({ type: 'channel_message.delete', sid }))).toMatch('409/20009')
    expect(world.refusal(() => world.do({ type: 'channel_message.update', sid, status: 'canceled' }))).toMatch(
      '400/20001'
    )
    carry(world, sid)
    expect(world.refusal(() => world.do({ type: 'channel_message.update', sid, body: 'Other' }))).toMatch('400/20001')
    world.do({ type: 'channel_message.update', sid, body: '' })
    expect(message(world, sid).body).toBeNull()
    expect(world.state.tables.phone_message.all()).toMatchObject([{ body: null }])
    world.do({ type: 'channel_message.feedback', message_sid: sid, outcome: 'unconfirmed' })
    expect(message(world, sid).feedback).toBe('unconfirmed')
    world.do({ type: 'channel_message.delete', sid })
    expect([world.state.tables.channel_message.size, world.state.tables.phone_message.size]).toEqual([0, 0])
  })

  it('is not kept longer than it takes to send it, where it is asked to be discarded', () => {
    const world = new World()
    phone(world)
    const { sid } = send(world, { content_retention: 'discard' })
    carry(world, sid)
    expect(message(world, sid)).toMatchObject({ status: 'delivered', body: null, to: ana })
    expect(world.state.tables.phone_message.all()).toMatchObject([{ body: 'Hello' }])
  })

  it('forgets to whom it was sent, where that is asked, and the log does once', () => {
    const world = new World()
    phone(world, ana, { delivered_after_ms: 1000 })
    const { sid } = send(world, { address_retention: 'obfuscate', content_retention: 'discard' })
    expect(message(world, sid)).toMatchObject({ status: 'queued', to: ana })
    carry(world, sid)
    expect(message(world, sid)).toMatchObject({ status: 'sent', to: '+3361234XXXX', from: ours, body: null })
    world.pass('1 s')
    expect(message(world, sid)).toMatchObject({ status: 'delivered', to: '+3361234XXXX' })
    const told = world.events().filter(({ type }) => type.startsWith('channel_message.'))
    expect(told.map(({ type }) => type)).toEqual([
      'channel_message.queued',
      'channel_message.sent',
      'channel_message.redacted',
      'channel_message.delivered'
    ])
    expect(JSON.stringify(told.slice(1).map((event) => render(event).data))).not.toContain(ana)
  })
})

describe('A carrier', () => {
  it('has its senders for itself, and says when it does not take messages', () => {
    const world = new World()
    const { sid } = world.do({ type: 'carrier.create', carrier_type: 'virtual', senders: [ours] }).carrier
    const again = { type: 'carrier.create', carrier_type: 'virtual', senders: ['+1 500 555 0006'] } as const
    expect(world.refusal(() => world.do(again))).toBe(`409/20409 ${ours} is a sender of carrier ${sid}`)
    const one = send(world)
    expect(one.carrier_sid).toBe(sid)
    world.do({ type: 'channel_message.given', sid: one.sid, error_code: 30008, error_message: 'away', trouble: true })
    expect(world.state.get('carrier', sid)).toMatchObject({ state: 'failing', last_error: 'away' })
    world.do({ type: 'channel_message.given', sid: send(world).sid, provider_sid: 'x' })
    expect(world.state.get('carrier', sid)).toMatchObject({ state: 'ready', last_error: 'away' })
    world.do({ type: 'carrier.delete', sid })
    expect(message(world, send(world).sid)).toMatchObject({ status: 'failed', error_code: 30005 })
  })
})
