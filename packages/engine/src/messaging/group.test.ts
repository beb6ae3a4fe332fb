import { beforeEach, describe, expect, it } from 'vitest'
import type { CommandOf } from '../commands.ts'
import { representParticipant } from '../conversations/representation.ts'
import type { ParticipantRow } from '../conversations/rows.ts'
import { World } from '../testing/world.ts'
import type { PhoneMessageRow } from './rows.ts'

/* Group MMS: people on their phones and a number of ours, who all see each other. */

const ours = '+15005550006'
const other = '+15005550007'
const [ana, ben, cem] = ['+15550000001', '+15550000002', '+15550000003'] as const

let world: World
beforeEach(() => {
  world = new World()
})

const begin = () => world.do({ type: 'conversation.create', friendly_name: 'A house' }).conversation.sid
type Params = Omit<CommandOf<'participant.create'>, 'type' | 'conversation_sid'>
const add = (conversation_sid: string, params: Params) =>
  world.do({ type: 'participant.create', conversation_sid, ...params }).participant
const member = (address: string): Params => ({ messaging_binding_address: address })
const number = (projected = ours, identity?: string): Params => ({
  messaging_binding_projected_address: projected,
  ...(identity !== undefined && { identity })
})
const pair = (address: string): Params => ({
  messaging_binding_address: address,
  messaging_binding_proxy_address: ours
})
const say = (conversation_sid: string, author: string, body = 'Hello') =>
  world.do({ type: 'message.create', conversation_sid, author, body }).message
const legs = (message_sid: string) => world.state.tables.channel_message.list('message_sid', message_sid)
const phoneAt = (address: string) => world.do({ type: 'phone.create', address }).phone
const refusal = (act: () => unknown) => world.refusal(act).slice(0, 9)

/** A group of an agent behind our number, and people on their phones. */
function group(...people: readonly string[]): string {
  const sid = begin()
  add(sid, number(ours, 'emil'))
  for (const address of people) add(sid, member(address))
  return sid
}

/** A phone writes to our number and to others. */
function write(from: string, others: readonly string[], body = 'Hi all', to = ours) {
  const phone = world.state.tables.phone.firstBy('address', from) ?? phoneAt(from)
  const written = { phone_sid: phone.sid, to, other_recipients: others, body }
  return world.do({ type: 'phone.write', ...written }).channel_message
}

describe('who is in a group', () => {
  it.each([
    ['an agent behind a number', number(ours, 'emil'), { type: 'sms', projected_address: ours }, true],
    ['a number by itself', number(), { type: 'sms', projected_address: ours }, true],
    ['somebody on a phone', member(' +1 555 000 0001'), { type: 'sms', address: ana }, false]
  ] as const)('%s is shown as it is reached', (_what, params, messaging_binding, hasRole) => {
    const participant = add(begin(), params)
    expect(representParticipant(participant)).toMatchObject({ messaging_binding, identity: params.identity ?? null })
    expect(participant.role_sid !== null).toBe(hasRole)
  })

  it.each([
    ['a number and an address', { ...member(ana), ...number() }, '400/50407'],
    ['a number and a pair', { ...pair(ana), ...number() }, '400/50407'],
    ['an identity and an address', { ...member(ana), identity: 'emil' }, '400/50407'],
    ['a short code as a number', number('12345'), '400/50408'],
    ['a number on another channel', number(`whatsapp:${ours}`), '400/50408'],
    ['no address', member('nobody'), '400/50407'],
    ['an address of another channel alone', member(`whatsapp:${ana}`), '400/50407'],
    ['a name', { ...member(ana), messaging_binding_name: 'Ana' }, '400/50420'],
    ['a level of a number', { ...number(), messaging_binding_level: 'to' }, '400/50420']
  ] as const)('is not %s', (_what, params, code) => {
    const sid = begin()
    expect(refusal(() => add(sid, params))).toBe(code)
  })

  it('is there once, behind a number, and not both', () => {
    const sid = group(ana)
    expect(refusal(() => add(sid, member(ana)))).toBe('409/50437')
    expect(refusal(() => add(sid, pair(ana)))).toBe('409/50437')
    expect(refusal(() => add(sid, member(ours)))).toBe('400/50407')
    expect(refusal(() => add(sid, number(ana)))).toBe('400/50408')
    expect(refusal(() => add(sid, { identity: 'nora' }))).toBe('400/50434')
    // Two agents may stand behind one number.
    add(sid, number(ours, 'nora'))
    const chat = begin()
    add(chat, { identity: 'emil' })
    expect(refusal(() => add(chat, member(ana)))).toBe('400/50435')
  })

  it('is ten at most', () => {
    const sid = group(...Array.from({ length: 9 }, (_, n) => `+1555000010${n}`))
    expect(refusal(() => add(sid, member(ana)))).toBe('400/50436')
    // Behind the same number, nobody sees one more.
    add(sid, number(ours, 'nora'))
  })

  it('changes who stands behind a number, and keeps a number in the group', () => {
    const sid = begin()
    const standing = add(sid, number())
    add(sid, member(ana))
    const update = (params: Partial<CommandOf<'participant.update'>>, one = standing.sid) =>
      world.do({ type: 'participant.update', conversation_sid: sid, sid: one, ...params }).participant
    expect(update({ identity: 'emil' })).toMatchObject({ identity: 'emil', projected_address: ours })
    expect(update({ identity: 'nora' })).toMatchObject({ identity: 'nora', projected_address: ours })
    expect(refusal(() => update({ messaging_binding_projected_address: 'null' }))).toBe('400/50434')
    expect(update({ messaging_binding_projected_address: other })).toMatchObject({ projected_address: other })
    const { sid: ben_sid } = add(sid, { ...pair(ben) })
    expect(update({ messaging_binding_proxy_address: 'null' }, ben_sid)).toMatchObject({ proxy_address: null })
    expect(update({ messaging_binding_proxy_address: ours }, ben_sid)).toMatchObject({ proxy_address: ours })
    expect(refusal(() => update({ messaging_binding_projected_address: ours }, ben_sid))).toBe('400/50407')
    const alone = begin()
    const lone = add(alone, number())
    expect(
      refusal(() =>
        world.do({
          type: 'participant.update',
          conversation_sid: alone,
          sid: lone.sid,
          messaging_binding_projected_address: 'null'
        })
      )
    ).toBe('400/20001')
  })
})

describe('one group', () => {
  it('is one open conversation, however it came to be', () => {
    const first = group(ana, ben)
    const second = group(ana, cem)
    expect(world.refusal(() => add(group(ben), member(ana)))).toBe(
      `409/50438 A group with this participant list already exists in Conversation ${first}`
    )
    const extra = add(second, member(ben))
    // By the other way round, too.
    const cemThere = world.state.tables.participant.list('messaging', second).find(({ address }) => address === cem)
    const remove = (sid = '') => world.do({ type: 'participant.delete', conversation_sid: second, sid })
    expect(refusal(() => remove(cemThere?.sid))).toBe('409/50438')
    world.do({ type: 'conversation.update', sid: first, state: 'inactive' })
    expect(refusal(() => remove(cemThere?.sid))).toBe('409/50438')
    world.do({ type: 'conversation.update', sid: first, state: 'closed' })
    remove(cemThere?.sid)
    remove(extra.sid)
  })

  it('is made in one call, whose parts need not be groups of their own', () => {
    group(ana)
    const wanted = [number(ours, 'emil'), member(ana), member(ben)].map((one) => JSON.stringify(one))
    const made = () => world.do({ type: 'conversation.create_with_participants', participant: wanted })
    const { participants } = made()
    expect(participants.map(({ address }: ParticipantRow) => address)).toEqual([null, ana, ben])
    expect(refusal(made)).toBe('409/50438')
  })
})

describe('a message to a group', () => {
  it('goes to each member from the author’s number, with whom else it went to, and has a receipt for each', () => {
    const phones = [ana, ben].map(phoneAt)
    const sid = group(ana, ben)
    add(sid, number(other, 'nora'))
    const { sid: message_sid, participant_sid } = say(sid, 'nora')
    expect(world.state.get('participant', participant_sid ?? '').projected_address).toBe(other)
    const sent = legs(message_sid)
    expect(sent.map(({ from, to, other_recipients }) => [from, to, other_recipients])).toEqual([
      [other, ana, [ben, ours]],
      [other, ben, [ana, ours]]
    ])
    for (const { sid: leg } of sent) world.do({ type: 'phone.take', sid: leg })
    expect(world.state.get('message', message_sid).delivery_counts).toMatchObject({ total: 2, sent: 2, delivered: 2 })
    const [got] = world.state.tables.phone_message.list('phone_sid', phones[0]?.sid ?? '')
    expect(got).toMatchObject({ from: other, to: ana, other_recipients: [ben, ours], body: 'Hello' })
  })

  it('is said by somebody who is in it: an identity, a number, a member', () => {
    const sid = group(ana, ben)
    expect(refusal(() => world.do({ type: 'message.create', conversation_sid: sid, body: 'Hello' }))).toBe('400/50513')
    expect(refusal(() => say(sid, 'nora'))).toBe('400/50513')
    expect(legs(say(sid, ours).sid).map(({ from, to }) => [from, to])).toEqual([
      [ours, ana],
      [ours, ben]
    ])
    // What a program says in Ana's place the others have not heard yet.
    expect(legs(say(sid, ana).sid).map(({ to }) => to)).toEqual([ben])
    const silent = begin()
    add(silent, member(ana))
    expect(refusal(() => say(silent, ana))).toBe('400/50435')
  })

  it('is a number’s own where several stand behind it', () => {
    const sid = group(ana)
    add(sid, number(ours, 'nora'))
    const { sid: alone } = add(sid, number())
    expect(say(sid, ours).participant_sid).toBe(alone)
    expect(say(sid, 'nora').participant_sid).not.toBe(alone)
  })

  it('comes back to nobody who wrote it, whatever name is put to it', () => {
    const sid = group(ana, ben)
    const received = world.do({
      type: 'channel_message.receive',
      carrier_sid: `XC${'1'.repeat(32)}`,
      provider_sid: 'p1',
      ...{ from: ana, to: ours, others: [ben], body: 'Hi' },
      agreed: { author: 'Flat 3' }
    }).channel_message
    expect(received.conversation_sid).toBe(sid)
    expect(legs(received.message_sid ?? '').filter(({ direction }) => direction !== 'inbound')).toEqual([])
  })

  it('is not sent by a carrier that would send it to each alone, nor to who wants nothing more', () => {
    const sid = group(ana, ben)
    for (const address of [ana, ben]) phoneAt(address)
    world.do({
      type: 'phone.write',
      phone_sid: world.state.tables.phone.firstBy('address', ben)?.sid ?? '',
      to: ours,
      body: 'STOP'
    })
    const [toAna, toBen] = legs(say(sid, 'emil').sid)
    expect(toAna).toMatchObject({ status: 'queued' })
    expect(world.state.get('channel_message', toBen?.sid ?? '')).toMatchObject({ status: 'failed', error_code: 21610 })
    world.do({ type: 'carrier.create', carrier_type: 'twilio', senders: [ours] })
    const [late] = legs(say(sid, 'emil').sid)
    expect(world.state.get('channel_message', late?.sid ?? '')).toMatchObject({ status: 'failed', error_code: 21612 })
  })
})

describe('a message from a group', () => {
  it('lands in its conversation by its author, goes to nobody twice, and wakes it', () => {
    const sid = group(ana, ben)
    const phone = phoneAt(ben)
    world.do({ type: 'conversation.update', sid, state: 'inactive' })
    const { conversation_sid, message_sid } = write(ana, [ben])
    expect(conversation_sid).toBe(sid)
    const message = world.state.get('message', message_sid ?? '')
    expect(message).toMatchObject({ author: ana, body: 'Hi all', index: 0 })
    expect(world.state.get('participant', message.participant_sid ?? '').address).toBe(ana)
    expect(legs(message.sid).filter(({ direction }) => direction !== 'inbound')).toEqual([])
    expect(world.state.get('conversation', sid).state).toBe('active')
    // By the network, and once.
    expect(world.state.tables.phone_message.list('phone_sid', phone.sid)).toMatchObject([
      { from: ana, to: ben, other_recipients: [ours], body: 'Hi all', direction: 'received' }
    ])
    expect(write(ben, [ana]).conversation_sid).toBe(sid)
    // What is taken back is taken back from all of them.
    const [{ channel_message_sid }] = world.state.tables.phone_message.list('phone_sid', phone.sid) as [PhoneMessageRow]
    world.do({ type: 'channel_message.update', sid: channel_message_sid ?? '', body: '' })
    expect(world.state.tables.phone_message.list('phone_sid', phone.sid)[0]).toMatchObject({ body: null })
  })

  it('is of another group, or of none, where anybody is missing or more', () => {
    const [two, three] = [group(ana, ben), group(ana, cem, ben)]
    expect(write(cem, [ben, ana]).conversation_sid).toBe(three)
    expect(write(ben, [ana]).conversation_sid).toBe(two)
    expect(write(ana, []).conversation_sid).toBeNull()
    expect(write(ana, [cem]).conversation_sid).toBeNull()
    expect(write(ana, [ben], 'Hi', other).conversation_sid).toBeNull()
    const alone = group(ana)
    expect(write(ana, []).conversation_sid).toBe(alone)
    // A pair comes first, as the customer of it is written to by name.
    const paired = begin()
    add(paired, pair(ana))
    expect(write(ana, []).conversation_sid).toBe(paired)
  })

  it('makes a conversation of them all where the address is configured so', () => {
    world.do({
      type: 'configuration_address.create',
      address_type: 'sms',
      address: ours,
      auto_creation_enabled: true
    })
    world.do({ type: 'configuration_address.create', address_type: 'sms', address: other })
    const { conversation_sid } = write(ana, [ben, other])
    const sid = conversation_sid ?? ''
    const roster = world.state.tables.participant.list('conversation_sid', sid)
    expect(roster.map(({ address, projected_address }) => address ?? projected_address)).toEqual([
      ours,
      ana,
      ben,
      other
    ])
    expect(world.state.get('conversation', sid)).toMatchObject({ state: 'active', friendly_name: ana })
    const told = world.events().filter(({ refs }) => refs.conversation?.sid === sid)
    expect(told.map(({ type }) => type)).toEqual([
      'conversation.added',
      ...Array(4).fill('participant.added'),
      'conversation.state.updated',
      'message.added'
    ])
    expect(told[0]?.refs.extra).toMatchObject({
      messaging_binding_author_address: ana,
      messaging_binding_projected_address: ours
    })
    expect(told.find(({ type }) => type === 'conversation.state.updated')?.refs.extra).toMatchObject({
      state_from: 'initializing',
      state_to: 'active',
      reason: 'EVENT'
    })
    expect(write(ben, [ana, other]).conversation_sid).toBe(sid)
    world.do({ type: 'conversation.update', sid, state: 'closed' })
    expect(write(ben, [ana, other]).conversation_sid).not.toBe(sid)
  })

  it('that is larger than a group can be is a message by itself', () => {
    world.do({ type: 'configuration_address.create', address_type: 'sms', address: ours, auto_creation_enabled: true })
    const many = Array.from({ length: 9 }, (_, n) => `+1555000010${n}`)
    expect(refusal(() => write(ana, many))).toBe('400/20001')
    const received = world.do({
      type: 'channel_message.receive',
      carrier_sid: `XC${'1'.repeat(32)}`,
      provider_sid: 'p1',
      from: ana,
      to: ours,
      others: many,
      body: 'Hi'
    })
    expect(received.channel_message).toMatchObject({ conversation_sid: null, other_recipients: many })
  })

  it.each([
    ['no address', ['nobody']],
    ['the writer', [ana]],
    ['our number', [ours]],
    ['somebody twice', [ben, ben]],
    ['another channel', [`whatsapp:${ben}`]]
  ])('is not written to %s', (_what, others) => {
    expect(refusal(() => write(ana, others))).toBe('400/20001')
  })

  it('goes with its conversation, from every phone', () => {
    const sid = group(ana, ben)
    phoneAt(ben)
    write(ana, [ben])
    say(sid, 'emil')
    world.do({ type: 'conversation.delete', sid })
    const left = world.state.tables.phone_message.all().filter(({ conversation_sid }) => conversation_sid === sid)
    expect(left).toEqual([])
    expect(world.state.tables.channel_message.all().filter(({ conversation_sid }) => conversation_sid === sid)).toEqual(
      []
    )
  })
})
