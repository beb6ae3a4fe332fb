import {
  type DeskConversation,
  type FeedEvent,
  identityOf,
  type ShownMessage,
  shownMessage,
  type WorkerDesk
} from './rows.ts'

/** What an event does to the desk: another desk, the same one, or one that has to be asked for. */
export type Patched = WorkerDesk | 'ask'

type Patch = (desk: WorkerDesk, data: FeedEvent['data']) => Patched

/**
 * Events whose frozen fields say everything that the desk shows of them. Whatever else concerns the desk is asked for: the
 * answer is one request, and comes with all that belongs to it.
 */
const patches: Readonly<Record<string, Patch>> = {
  'message.added': messageAdded,
  'message.updated': messageUpdated,
  'note.added': (desk) => desk,
  'note.updated': (desk) => desk,
  'note.removed': (desk) => desk,
  'task.updated': taskUpdated,
  'reservation.rejected': ended,
  'reservation.timeout': ended,
  'reservation.canceled': ended,
  'reservation.rescinded': ended,
  'reservation.completed': ended
}

/** Events that change nothing on a desk, whomever they are about. */
const besides = /^(?:canned-response|workflow|task-queue\.expression|workspace|media|delivery|user)\b/

/** The desk after an event. */
export function patched(desk: WorkerDesk, { type, data }: FeedEvent): Patched {
  if (besides.test(type)) return desk
  const { worker_sid } = data
  // What a supervisor hears of others is not on the own desk.
  if (typeof worker_sid === 'string' && worker_sid !== desk.worker.sid) return desk
  const { task_sid, conversation_sid } = data
  const isOfTask = typeof task_sid === 'string' && desk.tasks.some(({ sid }) => sid === task_sid)
  const isKnown =
    isOfTask ||
    (typeof conversation_sid === 'string' && desk.conversations.some(({ sid }) => sid === conversation_sid)) ||
    worker_sid === desk.worker.sid
  if (!isKnown && /^(?:task|message|note|task-queue|interaction|conversation)\b/.test(type)) return desk
  return patches[type]?.(desk, data) ?? 'ask'
}

/** An answer with what was heard while it was on its way: it may know nothing of that. What has to be asked for, is. */
export function afterAll(desk: WorkerDesk, events: readonly FeedEvent[]): WorkerDesk {
  return events.reduce((now, event) => {
    const next = patched(now, event)
    return next === 'ask' ? now : next
  }, desk)
}

function ended(desk: WorkerDesk, { reservation_sid, task_sid }: FeedEvent['data']): Patched {
  const reservations = desk.reservations.filter(({ sid }) => sid !== reservation_sid)
  if (reservations.length === desk.reservations.length) return desk
  const hasTask = reservations.some((one) => one.task_sid === task_sid)
  // Its capacity is free again, which only the answer says.
  return hasTask ? { ...desk, reservations } : 'ask'
}

function taskUpdated(desk: WorkerDesk, data: FeedEvent['data']): Patched {
  const { task_sid, task_version, task_attributes, task_priority } = data
  return {
    ...desk,
    tasks: desk.tasks.map((task) =>
      task.sid !== task_sid || Number(task_version) <= task.version
        ? task
        : {
            ...task,
            version: Number(task_version),
            attributes: typeof task_attributes === 'string' ? task_attributes : task.attributes,
            priority: typeof task_priority === 'number' ? task_priority : task.priority
          }
    )
  }
}

function messageAdded(desk: WorkerDesk, data: FeedEvent['data']): Patched {
  const message = shownMessage(data)
  const me = identityOf(desk.worker)
  const conversation = desk.conversations.find(({ sid }) => sid === data.conversation_sid)
  if (!conversation) return desk
  if (conversation.last_message && conversation.last_message.index >= message.index) return desk
  const next = withMessage(conversation, message, me)
  if (!next) return 'ask'
  return { ...desk, conversations: desk.conversations.map((one) => (one === conversation ? next : one)) }
}

function messageUpdated(desk: WorkerDesk, data: FeedEvent['data']): Patched {
  const { sid, body, attributes } = shownMessage(data)
  return {
    ...desk,
    conversations: desk.conversations.map((one) =>
      one.last_message?.sid === sid ? { ...one, last_message: { ...one.last_message, body, attributes } } : one
    )
  }
}

/** Undefined where it cannot be told whose message it is. */
function withMessage(conversation: DeskConversation, message: ShownMessage, me: string): DeskConversation | undefined {
  const isOwn = message.author === me
  const isCustomers = conversation.participants.some(
    ({ sid, address, identity }) =>
      address !== null && (sid === message.participant_sid || address === message.author || identity === message.author)
  )
  if (!isOwn && !isCustomers && message.author !== 'system') return undefined
  // A target for replies is the configuration's: when the first unanswered one is due, only the answer says.
  if (isCustomers && conversation.waiting_since === null) return undefined
  const { sid, index, author, participant_sid, body, attributes, date_created } = message
  return {
    ...conversation,
    last_message: { sid, index, author, participant_sid, body, attributes, date_created },
    unread_count: isOwn ? 0 : conversation.unread_count + 1,
    last_read_message_index: isOwn ? index : conversation.last_read_message_index,
    ...(isOwn && { waiting_since: null, reply_due_at: null })
  }
}

const messageEvents = ['message.added', 'message.updated', 'message.removed'] as const
export type MessageEventType = (typeof messageEvents)[number]

/** Whether an event says all of a message that is shown of it. */
export function isOfMessage(type: string): type is MessageEventType {
  return messageEvents.some((one) => one === type)
}

/** Messages after something was heard of one of them. Events say nothing of its delivery: what is known of that stays. */
export function afterMessage(
  known: readonly ShownMessage[],
  type: MessageEventType,
  message: ShownMessage
): readonly ShownMessage[] {
  const before = known.find(({ sid }) => sid === message.sid)
  if (before && type === 'message.added') return known
  const others = known.filter((one) => one !== before)
  if (type === 'message.removed') return others
  const now = { ...message, delivery: message.delivery ?? before?.delivery }
  return [...others, now].sort((a, b) => a.index - b.index)
}
