import { State } from '@ringdown/engine/center'
import type { MessageReceiptRow, ReceiptStatus } from '@ringdown/engine/conversations/rows'
import { seedOf } from '@ringdown/engine/core/ids'
import { type Decision, decide } from '@ringdown/engine/decide'
import { expect, it } from 'vitest'
import { conversationComplaints, wholeConversations } from '../support/conversations-invariants.ts'

/* Whether mistakes in conversations are seen by those who look for them. */

const pair = { messaging_binding_address: '+37255500001', messaging_binding_proxy_address: '+3726000' } as const

function center() {
  const state = new State(`AC${'0'.repeat(32)}`)
  let n = 0
  const execute = (command: Parameters<typeof decide>[1]['command']): Decision =>
    decide(state, { at: 1_000 * ++n, seed: seedOf(1, n), command })
  const made = (command: Parameters<typeof execute>[0], kind: string) => {
    const change = execute(command).changes.find((one) => one.kind === kind && !one.before)
    return change?.sid ?? expect.fail(`there is a new ${kind}`)
  }
  const conversation_sid = made({ type: 'conversation.create' }, 'conversation')
  const participant_sid = made({ type: 'participant.create', conversation_sid, ...pair }, 'participant')
  const message_sid = made({ type: 'message.create', conversation_sid, body: 'Hello' }, 'message')
  const way = { message_sid, participant_sid, channel_message_sid: null }
  const receipt_sid = made({ type: 'message_receipt.create', ...way }, 'message_receipt')
  return { state, execute, conversation_sid, participant_sid, message_sid, receipt_sid }
}

it('all is well as the engine does it', () => {
  const { state, execute, message_sid, receipt_sid: sid } = center()
  const decision = execute({ type: 'message_receipt.report', sid, message_sid, status: 'read' })
  expect(conversationComplaints(state, decision)).toEqual([])
  expect([...wholeConversations(state)]).toEqual([])
})

it('two open conversations that hold one pair', () => {
  const { state, execute, participant_sid } = center()
  execute({ type: 'conversation.create' })
  const other = state.tables.conversation.all().at(-1)?.sid ?? ''
  const row = state.get('participant', participant_sid)
  state.admit('participant', { ...row, sid: `MB${'9'.repeat(32)}`, seq: 999, conversation_sid: other })
  expect(conversationComplaints(state)).toEqual([`${participant_sid} and MB${'9'.repeat(32)} hold one pair`])
})

it('a horizon beyond the newest message, and an index twice', () => {
  const { state, participant_sid, message_sid } = center()
  const row = state.get('participant', participant_sid)
  state.admit('participant', { ...row, last_read_message_index: 1 })
  state.admit('message', { ...state.get('message', message_sid), sid: `IM${'9'.repeat(32)}`, seq: 999 })
  expect(conversationComplaints(state)).toEqual([
    `participant ${participant_sid} has read 1 of 1`,
    `message IM${'9'.repeat(32)} has the index 0 of another`
  ])
})

it.each<[ReceiptStatus, ReceiptStatus]>([
  ['read', 'delivered'],
  ['delivered', 'failed'],
  ['failed', 'delivered']
])('a receipt that went from %s to %s', (from, to) => {
  const { state, execute, message_sid, receipt_sid: sid } = center()
  const decision = execute({ type: 'message_receipt.report', sid, message_sid, status: 'read' })
  const changes = decision.changes.map((change) =>
    change.kind === 'message_receipt'
      ? {
          ...change,
          before: { ...(change.before as MessageReceiptRow), status: from }, // of its kind
          after: { ...(change.after as MessageReceiptRow), status: to } // as above
        }
      : change
  )
  expect(conversationComplaints(state, { ...decision, changes })[0]).toBe(`receipt ${sid} went from ${from} to ${to}`)
})

it('counts that are not those of what is there', () => {
  const { state, conversation_sid, message_sid, receipt_sid } = center()
  const row = state.get('message', message_sid)
  state.admit('message', { ...row, delivery_counts: null })
  state.admit('conversation', { ...state.get('conversation', conversation_sid), removed_messages: 1 })
  expect([...wholeConversations(state)]).toEqual([
    `conversation ${conversation_sid} counts 1 messages without 1, and has 1`,
    `message ${message_sid} counts its receipts wrong`
  ])
  state.evict('message', message_sid)
  expect([...wholeConversations(state)]).toEqual([`receipt ${receipt_sid} is of a message that is gone`])
})
