import { isoMilliseconds } from '@ringdown/contract/instant'
import { valueAt } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import type { ConversationRow, MessageRow, ParticipantRow } from '@ringdown/engine/conversations/rows'
import { nameKey } from '@ringdown/engine/core/names'
import { workerIdentity } from '@ringdown/engine/flex/member'
import { isOpen } from '@ringdown/engine/matching/row-values'
import { capacityLeft } from '@ringdown/engine/matching/view'
import { inWorkspace } from '@ringdown/engine/routing/lookup'
import type { ReservationRow, TaskRow, WorkerChannelRow, WorkerRow } from '@ringdown/engine/routing/rows'
import { seesConversation } from '../../access/sight.ts'
import { Unavailable } from '../../commit/ledger.ts'
import { replyTarget } from '../../insights/reply-target.ts'
import { unreadCounts } from '../conversations/unread.ts'
import type { Context, Handlers } from '../handler.ts'

/** Conversations of one snapshot: those of tasks come first, then those that changed last. */
const maxConversations = 100

/** Messages that are shown of each conversation; while an offer rings, no others are. */
const shownAtOnce = 3

/** The last messages that are looked at for the first one that nobody has answered. */
const lookedAt = 50

/**
 * A worker's desk in one answer: what is on it, and the place in the log from which its changes follow. What is in the
 * answer may be newer than that place; whoever folds the log into it lets versions decide.
 */
export const workerDeskHandlers = {
  async 'ringdown_v1.FetchWorkerDesk'({ path: { workspace_sid, worker_sid } }, context) {
    const { state, ledger, feed, now } = context
    if (!feed) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
    const worker = inWorkspace(state, 'worker', workspace_sid, worker_sid)
    const cursor = feed.cursors.at(state.next_event - 1)
    const at = now()
    const reservations = state.tables.reservation.list('worker_sid', worker.sid).filter(isOpen)
    const tasks = [...new Set(reservations.map(({ task_sid }) => task_sid))].map((sid) => state.get('task', sid))
    await ledger.settled()
    const found = await conversationsOf(context, worker, tasks)
    const conversations = await Promise.all(found.map((one) => shownConversation(context, worker, one)))
    return {
      cursor,
      at,
      worker: shownWorker(state, worker),
      channels: state.tables.worker_channel.list('worker_sid', worker.sid).map((row) => shownChannel(state, row)),
      reservations: reservations.map((row) => shownReservation(state, row)),
      tasks: tasks.map((task) => shownTask(state, task, at)),
      conversations
    }
  }
} satisfies Handlers

function shownWorker(state: State, row: WorkerRow) {
  const { sid, version, friendly_name, attributes, activity_sid, date_status_changed } = row
  const { friendly_name: activity_name, available } = state.get('activity', activity_sid)
  return {
    ...{ sid, version, friendly_name, attributes, activity_sid, activity_name, available },
    date_status_changed: isoMilliseconds(date_status_changed)
  }
}

function shownChannel(state: State, row: WorkerChannelRow) {
  const { sid, worker_sid, task_channel_sid, configured_capacity, available } = row
  const { open, assigned } = state.matcher.load(worker_sid, task_channel_sid)
  return {
    ...{ sid, task_channel_sid, configured_capacity, available },
    task_channel_unique_name: state.get('task_channel', task_channel_sid).unique_name,
    assigned_tasks: assigned,
    available_capacity_percentage: capacityLeft(open, configured_capacity)
  }
}

function shownTask(state: State, row: TaskRow, now: number) {
  const { sid, version, assignment_status, attributes, priority, reason, task_queue_sid, workflow_sid } = row
  return {
    ...{ sid, version, assignment_status, attributes, priority, reason, task_queue_sid, workflow_sid },
    age: Math.max(0, Math.floor((now - row.date_created) / 1000)),
    task_queue_friendly_name: state.find('task_queue', task_queue_sid)?.friendly_name ?? null,
    workflow_friendly_name: state.find('workflow', workflow_sid)?.friendly_name ?? null,
    task_channel_unique_name: state.get('task_channel', row.task_channel_sid).unique_name,
    date_created: isoMilliseconds(row.date_created),
    date_updated: isoMilliseconds(row.date_updated),
    task_queue_entered_date: instant(row.task_queue_entered_date),
    conversation_sid: conversationSidOf(state, row)
  }
}

function shownReservation(state: State, row: ReservationRow) {
  const { sid, version, task_sid, worker_sid, reservation_status, task_channel_sid } = row
  const wrap_up = state.tables.wrap_up.firstBy('reservation_sid', sid)
  return {
    ...{ sid, version, task_sid, worker_sid, reservation_status },
    task_channel_unique_name: state.get('task_channel', task_channel_sid).unique_name,
    date_created: isoMilliseconds(row.date_created),
    date_updated: isoMilliseconds(row.date_updated),
    timeout_at: instant(row.timeout_at),
    wrap_up_ends_at: instant(wrap_up?.ends_at ?? null),
    wrap_up_extended: wrap_up?.extended ?? false
  }
}

/** The conversation that a task is about: that of its interaction, else the one that its attributes name. */
function conversationSidOf(state: State, task: TaskRow): string | null {
  return ofInteraction(state, task) ?? ofAttributes(task)
}

function ofInteraction(state: State, task: TaskRow): string | null {
  const invite = state.tables.invite.firstBy('task_sid', task.sid)
  const channel = invite && state.resident('interaction_channel', invite.channel_sid)
  return channel?.media_channel_sid || null
}

/** Whoever may change a task's attributes may name any conversation. */
function ofAttributes(task: TaskRow): string | null {
  const named = valueAt(task.attributes, ['conversationSid'])
  const sid: unknown = named === undefined ? null : JSON.parse(named) // a member of what was checked
  return typeof sid === 'string' && /^CH[0-9a-fA-F]{32}$/.test(sid) ? sid : null
}

interface Found {
  readonly conversation: ConversationRow
  readonly task_sid: string | null
}

/** Conversations of the worker's tasks, closed ones too, and others that the worker is in as long as they are open. */
async function conversationsOf(
  { state, ledger, sight }: Context,
  worker: WorkerRow,
  tasks: readonly TaskRow[]
): Promise<Found[]> {
  const found = new Map<string, Found>()
  for (const task of tasks) {
    const sid = conversationSidOf(state, task)
    if (sid === null) continue
    const isGiven = !sight || ofInteraction(state, task) !== null
    if (!isGiven && !(await seesConversation(sight, ledger, sid))) continue
    const conversation = state.resident('conversation', sid) ?? (await ledger.find('conversation', { sid }))[0]
    if (conversation) found.set(sid, { conversation, task_sid: task.sid })
  }
  const identity = workerIdentity(worker)
  const others: ConversationRow[] = []
  for (const { sid: service } of state.tables.chat_service.by('account_sid', state.account_sid))
    for (const { conversation_sid } of state.tables.participant.by('identity', nameKey(service, identity)))
      if (!found.has(conversation_sid)) others.push(state.get('conversation', conversation_sid))
  others.sort((a, b) => b.date_updated - a.date_updated || b.seq - a.seq)
  const all = [...found.values(), ...others.map((conversation) => ({ conversation, task_sid: null }))]
  return all.slice(0, maxConversations)
}

async function shownConversation(context: Context, worker: WorkerRow, { conversation, task_sid }: Found) {
  const { state, ledger } = context
  const { sid, version, chat_service_sid, friendly_name, unique_name, attributes } = conversation
  const isClosed = conversation.state === 'closed'
  const participants = isClosed
    ? await ledger.find('participant', { conversation_sid: sid })
    : state.tables.participant.list('conversation_sid', sid)
  const messages = await ledger.page({
    kind: 'message',
    where: [['conversation_sid', '=', sid]],
    order: ['index'],
    descending: true,
    limit: lookedAt
  })
  const identity = workerIdentity(worker)
  const own = participants.find((one) => one.identity === identity)
  const { last_read_message_index = null } = own ?? {}
  const [unread = 0] = own ? await unreadCounts(context, [{ conversation, last_read_message_index }]) : []
  const target = replyTarget(state)
  const waiting_since = isClosed ? null : waitingSince(messages, customersOf(state, sid, participants))
  return {
    ...{ sid, version, chat_service_sid, friendly_name, unique_name, attributes, task_sid },
    state: conversation.state,
    date_created: isoMilliseconds(conversation.date_created),
    date_updated: isoMilliseconds(conversation.date_updated),
    participants: participants.map(shownParticipant),
    last_message: messages[0] ? shownMessage(messages[0]) : null,
    last_messages: messages.slice(0, shownAtOnce).reverse().map(shownMessage),
    last_read_message_index,
    unread_count: unread,
    waiting_since: instant(waiting_since),
    reply_due_at: instant(waiting_since === null || target === null ? null : waiting_since + target)
  }
}

/** Who of the participants is a customer: whom the interaction says so of, or who writes from an address. */
function customersOf(state: State, sid: string, participants: readonly ParticipantRow[]): ReadonlySet<string> {
  const [channel] = state.tables.interaction_channel.list('media_channel_sid', sid)
  const members = channel ? state.tables.interaction_participant.list('channel_sid', channel.sid) : []
  const named = new Set(members.filter(({ type }) => type === 'customer').map((one) => one.participant_sid))
  const names = participants
    .filter((one) => one.address !== null || named.has(one.sid))
    .flatMap(({ sid, identity, address }) => [sid, identity ?? sid, address ?? sid])
  return new Set(names)
}

/** When the customer wrote what nobody has answered since; null when everything is answered. The latest message first. */
function waitingSince(messages: readonly MessageRow[], customers: ReadonlySet<string>): number | null {
  let since: number | null = null
  for (const { author, participant_sid, sender_sid, date_created } of messages) {
    if (author === 'system') continue
    if (![author, participant_sid, sender_sid].some((one) => one && customers.has(one))) break
    since = date_created
  }
  return since
}

function shownParticipant(row: ParticipantRow) {
  const { sid, identity, address, proxy_address, binding_type, attributes, last_read_message_index } = row
  return { sid, identity, address, proxy_address, binding_type, attributes, last_read_message_index }
}

function shownMessage({ sid, index, author, participant_sid, body, attributes, date_created }: MessageRow) {
  return { ...{ sid, index, author, participant_sid, body, attributes }, date_created: isoMilliseconds(date_created) }
}

function instant(at: number | null): string | null {
  return at === null ? null : isoMilliseconds(at)
}
