import type { State } from '@ringdown/engine/center'
import {
  type DeliveryCounts,
  isGroupMember,
  type MessageReceiptRow,
  type MessageRow,
  pairKey
} from '@ringdown/engine/conversations/rows'
import type { Decision } from '@ringdown/engine/decide'

/*
 * What must be true of conversations, from the rows alone: after every decision of what is in memory, and now and then of
 * everything (reference conversations 7.4, 7.5, 8.5 and 12.2).
 */

/** What is wrong with what is in memory, and with what a decision did. */
export function conversationComplaints(state: State, decision?: Decision): string[] {
  return [...pairs(state), ...groups(state), ...horizons(state), ...(decision ? receipts(decision) : [])]
}

/** What is wrong with a state that has every row. */
export function* wholeConversations({ tables }: State): Generator<string> {
  for (const { sid, next_index, removed_messages } of tables.conversation.all()) {
    const there = tables.message.count('conversation_sid', sid)
    if (next_index - removed_messages !== there)
      yield `conversation ${sid} counts ${next_index} messages without ${removed_messages}, and has ${there}`
  }
  for (const { sid, delivery_counts } of tables.message.all()) {
    const own = [...tables.message_receipt.by('message_sid', sid)]
    if (JSON.stringify(delivery_counts ?? none) !== JSON.stringify(sumOf(own)))
      yield `message ${sid} counts its receipts wrong`
  }
  for (const { sid, message_sid } of tables.message_receipt.all())
    if (!tables.message.get(message_sid)) yield `receipt ${sid} is of a message that is gone`
}

/** A pair is held by one open conversation at most, and participants know their conversation's state. */
function* pairs({ tables }: State): Generator<string> {
  const held = new Map<string, string>()
  for (const { sid, conversation_sid, conversation_state, address, proxy_address } of tables.participant.all()) {
    const conversation = tables.conversation.get(conversation_sid)
    if (conversation && conversation.state !== conversation_state)
      yield `participant ${sid} takes ${conversation_sid} for ${conversation_state}`
    if (conversation_state === 'closed' || address === null || proxy_address === null) continue
    const key = pairKey(address, proxy_address)
    const other = held.get(key)
    if (other !== undefined) yield `${other} and ${sid} hold one pair`
    held.set(key, sid)
  }
}

/** A group is not too large, each is in it once, and whoever has an identity is seen there. */
function* groups({ tables }: State): Generator<string> {
  const addresses = new Map<string, Set<string>>()
  for (const one of tables.participant.all()) {
    const { sid, conversation_sid, conversation_state, address, projected_address = null } = one
    if (projected_address !== null && address !== null) yield `participant ${sid} is seen by two addresses`
    if (conversation_state === 'closed') continue
    const seen = projected_address ?? (isGroupMember(one) ? address : null)
    if (seen === null) continue
    addresses.set(conversation_sid, (addresses.get(conversation_sid) ?? new Set()).add(seen))
  }
  for (const [conversation_sid, all] of addresses) {
    const roster = tables.participant.list('conversation_sid', conversation_sid)
    const members = roster.filter(isGroupMember)
    if (members.length > 0 && all.size > 10) yield `conversation ${conversation_sid} is a group of ${all.size}`
    if (new Set(members.map(({ address }) => address)).size < members.length)
      yield `conversation ${conversation_sid} has a member twice`
    const unseen = roster.find(({ identity, projected_address }) => identity !== null && !projected_address)
    if (members.length > 0 && unseen) yield `participant ${unseen.sid} is in a group that does not see it`
  }
}

/** Nobody has read what nobody has written, and no index is used twice. */
function* horizons({ tables }: State): Generator<string> {
  for (const { sid, conversation_sid, last_read_message_index: index } of tables.participant.all()) {
    const conversation = tables.conversation.get(conversation_sid)
    if (conversation && index !== null && (index < 0 || index >= conversation.next_index))
      yield `participant ${sid} has read ${index} of ${conversation.next_index}`
  }
  const used = new Set<string>()
  for (const { sid, conversation_sid, index } of tables.message.all()) {
    const next = tables.conversation.get(conversation_sid)?.next_index ?? Number.POSITIVE_INFINITY
    if (index >= next) yield `message ${sid} has the index ${index} of a conversation that is at ${next}`
    if (used.has(`${conversation_sid} ${index}`)) yield `message ${sid} has the index ${index} of another`
    used.add(`${conversation_sid} ${index}`)
  }
}

const rank = { sent: 1, delivered: 2, read: 3, failed: 4, undelivered: 4 } as const
const none: DeliveryCounts = { total: 0, sent: 0, delivered: 0, read: 0, failed: 0, undelivered: 0 }

/** Receipts never go back, each step is told once, and their messages count them. */
function* receipts({ changes, events }: Decision): Generator<string> {
  for (const { kind, sid, before, after } of changes) {
    if (kind !== 'message_receipt' || !after) continue
    const was = before as MessageReceiptRow | undefined // a change's rows are of its kind
    const is = after as MessageReceiptRow // as above
    const isOver = was?.status === 'failed' || was?.status === 'undelivered'
    if (was && (isOver || rank[is.status] <= rank[was.status] || (rank[is.status] === 4 && was.status !== 'sent')))
      yield `receipt ${sid} went from ${was.status} to ${is.status}`
    // A phone may take a message and tell at once that it was read.
    const told = events.flatMap(({ type, refs: { message_receipt: one } }) => {
      return type === 'message.delivery.updated' && one?.sid === sid ? [one.status] : []
    })
    if (told.at(-1) !== is.status || new Set(told).size < told.length)
      yield `receipt ${sid} became ${is.status}, and was told to be ${told.join(', ') || 'nothing'}`
    const message = changes.find((one) => one.kind === 'message' && one.sid === is.message_sid)
    if (!message?.after) yield `receipt ${sid} is not counted`
  }
  for (const { kind, sid, before, after } of changes) {
    if (kind !== 'message' || !after) continue
    const own = changes.filter(
      (one) => one.kind === 'message_receipt' && ((one.after ?? one.before) as MessageReceiptRow).message_sid === sid // as above
    )
    const rows = (side: 'before' | 'after') =>
      sumOf(own.flatMap((one) => (one[side] ? [one[side] as MessageReceiptRow] : []))) // as above
    const [was, is] = [before, after].map((row) => (row as MessageRow | undefined)?.delivery_counts ?? none)
    for (const name of Object.keys(none) as (keyof DeliveryCounts)[]) // its own keys
      if ((is?.[name] ?? 0) - (was?.[name] ?? 0) !== rows('after')[name] - rows('before')[name])
        yield `message ${sid} counts ${name} wrong`
  }
}

function sumOf(receipts: readonly MessageReceiptRow[]): DeliveryCounts {
  const count = (...statuses: readonly MessageReceiptRow['status'][]) =>
    receipts.filter(({ status }) => statuses.includes(status)).length
  return {
    total: receipts.length,
    sent: count('sent', 'delivered', 'read'),
    delivered: count('delivered', 'read'),
    read: count('read'),
    failed: count('failed'),
    undelivered: count('undelivered')
  }
}
