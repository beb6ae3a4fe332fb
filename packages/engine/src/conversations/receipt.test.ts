import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import { deliveryOf } from './representation.ts'
import type { ReceiptStatus } from './rows.ts'

const statuses = ['sent', 'delivered', 'read', 'failed', 'undelivered'] as const

/** A conversation with some customers, in which an agent has said something. */
function said(customers = 1) {
  const world = new World()
  const { sid: conversation_sid } = world.do({ type: 'conversation.create' }).conversation
  const people = Array.from({ length: customers }, (_, i) => {
    const address = `+3725550000${i}`
    const pair = { messaging_binding_address: address, messaging_binding_proxy_address: '+3726000' }
    // Whom its carrier cannot ask: what is told of the message is for the story to say.
    world.do({ type: 'phone.create', address, outcome: 'away' })
    return world.do({ type: 'participant.create', conversation_sid, ...pair }).participant.sid
  })
  const { message } = world.do({ type: 'message.create', conversation_sid, author: 'ann', body: 'Hello' })
  const hand = (participant_sid = people[0] ?? '', status?: ReceiptStatus) => {
    const { message_receipt } = world.do({
      type: 'message_receipt.create',
      message_sid: message.sid,
      participant_sid,
      channel_message_sid: `SM${'1'.repeat(32)}`,
      ...(status && { status })
    })
    return message_receipt?.sid ?? ''
  }
  const report = (sid: string, status: ReceiptStatus, error_code?: number) =>
    world.do({
      type: 'message_receipt.report',
      sid,
      message_sid: message.sid,
      status,
      ...(error_code !== undefined && { error_code })
    }).message_receipt
  const delivery = () => deliveryOf(world.state.get('message', message.sid))
  return { world, conversation_sid, message, people, hand, report, delivery }
}

describe('a receipt', () => {
  it('tells how a message fares, and of every step, whoever asked', () => {
    const { world, hand, report, message } = said()
    const sid = hand()
    world.pass('2 s')
    report(sid, 'delivered')
    world.pass('2 s')
    expect(report(sid, 'read')).toMatchObject({ status: 'read', error_code: 0 })
    const told = world.events('message.delivery.updated').map((event) => render(event).data)
    expect(told.map(({ status }) => status)).toEqual(['sent', 'delivered', 'read'])
    expect(told[2]).toMatchObject({
      message_sid: message.sid,
      delivery_receipt_sid: sid,
      channel_message_sid: `SM${'1'.repeat(32)}`,
      error_code: 0,
      source: null,
      webhook_enabled: true
    })
  })

  it('does not edit its message', () => {
    const { world, hand, message } = said()
    world.pass('5 s')
    hand()
    expect(world.state.get('message', message.sid).date_updated).toBe(message.date_updated)
  })

  it.each(statuses.flatMap((from) => statuses.map((to) => [from, to] as const)))(
    'that is %s and is reported %s goes on only where that is further',
    (from, to) => {
      const further: Readonly<Record<ReceiptStatus, readonly ReceiptStatus[]>> = {
        sent: ['delivered', 'read', 'failed', 'undelivered'],
        delivered: ['read'],
        read: [],
        failed: [],
        undelivered: []
      }
      const { world, hand, report } = said()
      const sid = hand(undefined, from)
      const before = world.events('message.delivery.updated').length
      const goesOn = further[from].includes(to)
      expect(report(sid, to, 30005)).toMatchObject({ status: goesOn ? to : from, error_code: goesOn ? 30005 : 0 })
      expect(world.events('message.delivery.updated').length - before).toBe(goesOn ? 1 : 0)
    }
  )

  it('goes with its message, and later reports of it say nothing', () => {
    const { world, conversation_sid, message, hand, report } = said()
    const sid = hand()
    world.do({ type: 'message.delete', conversation_sid, sid: message.sid })
    expect(world.state.tables.message_receipt.size).toBe(0)
    expect(report(sid, 'delivered')).toBeUndefined()
    expect(hand()).toBe('')
  })

  it('goes with its conversation', () => {
    const { world, conversation_sid, hand } = said()
    hand()
    world.do({ type: 'conversation.delete', sid: conversation_sid })
    expect(world.state.tables.message_receipt.size).toBe(0)
  })
})

describe('the delivery of a message', () => {
  it('is nothing while it went to nobody', () => {
    expect(said().delivery()).toBeNull()
  })

  it('is nothing of messages that older programs have stored, and counts from then on', () => {
    const { world, message, hand, delivery } = said()
    const { delivery_counts: _, ...older } = world.state.get('message', message.sid)
    world.state.admit('message', older as typeof message) // as it stands on disk
    expect(delivery()).toBeNull()
    hand()
    expect(delivery()).toMatchObject({ total: 1, sent: 'all' })
  })

  it('says of how many receipts each holds: read is delivered, and delivered is sent', () => {
    const { people, hand, report, delivery } = said(3)
    const [first = '', second = '', third = ''] = people.map((sid) => hand(sid))
    const none = { read: 'none', delivered: 'none', failed: 'none', undelivered: 'none' }
    expect(delivery()).toEqual({ ...none, total: 3, sent: 'all' })
    report(first, 'read')
    expect(delivery()).toEqual({ ...none, total: 3, sent: 'all', delivered: 'some', read: 'some' })
    report(second, 'delivered')
    report(third, 'failed', 30005)
    expect(delivery()).toEqual({
      total: 3,
      sent: 'some',
      delivered: 'some',
      read: 'some',
      failed: 'some',
      undelivered: 'none'
    })
  })
})
