/*
 * What a desk keeps of a contact center: lists fetched once, and then nothing but the feed folded into them. A table says
 * what each type of event changes; where an event lets somebody see what was there before, that one thing is fetched.
 */

export type Row = Readonly<Record<string, unknown>>

/** Rows by SID. */
export type Rows = Map<string, Row>

export const nouns = [
  'activities',
  'task_queues',
  'workflows',
  'workers',
  'tasks',
  'reservations',
  'conversations',
  'participants',
  'messages',
  'notes',
  'canned_responses'
] as const
export type Noun = (typeof nouns)[number]
export type Lists = Readonly<Record<Noun, Rows>>

/** An event as the feed tells it. */
export interface Told {
  readonly type: string
  readonly data: Row
}

/** Who folds: what of the rows it may see, and how it fetches them. */
export interface Holder {
  readonly role: 'agent' | 'supervisor' | 'head' | 'admin'
  /** Own workers, as far as they decide what is seen; undefined for who sees everybody's. */
  readonly workers: ReadonlySet<string> | undefined
  /** Under which its conversations are seen; undefined for who sees everybody's. */
  readonly identities: ReadonlySet<string> | undefined
}

export const ended: ReadonlySet<unknown> = new Set(['completed', 'canceled'])
const overReservations: ReadonlySet<unknown> = new Set(['completed', 'rejected', 'timeout', 'canceled', 'rescinded'])

export class Folded {
  readonly lists: Lists
  readonly holder: Holder
  /** What has to be fetched before it can be compared: tasks and conversations, by SID. */
  readonly stale = { tasks: new Set<string>(), conversations: new Set<string>(), allTasks: false }

  constructor(lists: Lists, holder: Holder) {
    this.lists = lists
    this.holder = holder
  }

  fold(event: Told): void {
    const [, patch] = patches.find(([types]) => types.test(event.type)) ?? []
    patch?.(this, event.data, event.type)
  }

  set(noun: Noun, sid: unknown, change: Row): void {
    const rows = this.lists[noun]
    rows.set(String(sid), { ...rows.get(String(sid)), ...change })
  }

  drop(noun: Noun, sid: unknown): void {
    this.lists[noun].delete(String(sid))
  }

  /** Reservations of a task, of which a row is kept. */
  reservationsOf(task_sid: unknown): Row[] {
    return [...this.lists.reservations.values()].filter((row) => row.task_sid === task_sid)
  }

  dropTask(task_sid: unknown): void {
    this.drop('tasks', task_sid)
    for (const { sid } of this.reservationsOf(task_sid)) this.drop('reservations', sid)
  }

  dropConversation(conversation_sid: unknown): void {
    this.drop('conversations', conversation_sid)
    for (const noun of ['participants', 'messages', 'notes'] as const)
      for (const [sid, row] of this.lists[noun])
        if (row.conversation_sid === conversation_sid) this.lists[noun].delete(sid)
  }
}

type Patch = (folded: Folded, data: Row, type: string) => void

const patches: readonly (readonly [types: RegExp, patch: Patch])[] = [
  [/^activity\.(?:created|updated)$/, activity],
  [/^activity\.deleted$/, (folded, { activity_sid }) => folded.drop('activities', activity_sid)],
  [/^(?:ringdown\.)?task-queue\.(?:created|updated|expression\.updated)$/, queue],
  [/^task-queue\.deleted$/, (folded, { task_queue_sid }) => folded.drop('task_queues', task_queue_sid)],
  [/^workflow\.(?:created|updated)$/, workflow],
  [/^workflow\.deleted$/, (folded, { workflow_sid }) => folded.drop('workflows', workflow_sid)],
  [/^(?:ringdown\.)?worker\.(?:created|updated|activity\.update|attributes\.update)$/, worker],
  [/^worker\.deleted$/, (folded, { worker_sid }) => folded.drop('workers', worker_sid)],
  [/^reservation\.(?!failed)/, reservation],
  [/^task-queue\.(?:timeout|moved)$/, left],
  [/^(?:task|task-queue|workflow)\./, task],
  [/^reservation\.failed$/, task],
  [/^conversation\.(?:added|updated|state\.updated)$/, conversation],
  [/^conversation\.removed$/, (folded, { conversation_sid }) => folded.dropConversation(conversation_sid)],
  [/^participant\./, participant],
  [/^message\.(?:added|updated)$/, message],
  [/^message\.removed$/, (folded, { message_sid }) => folded.drop('messages', message_sid)],
  [/^note\.(?:added|updated)$/, note],
  [/^note\.removed$/, (folded, { note_sid }) => folded.drop('notes', note_sid)],
  [/^canned-response\.(?:created|updated)$/, cannedResponse],
  [
    /^canned-response\.deleted$/,
    (folded, { canned_response_sid }) => folded.drop('canned_responses', canned_response_sid)
  ]
]

function activity(folded: Folded, { activity_sid: sid, activity_name, activity_available }: Row): void {
  folded.set('activities', sid, { sid, friendly_name: activity_name, available: activity_available })
}

function queue(folded: Folded, data: Row): void {
  const { task_queue_sid: sid, task_queue_name, task_queue_target_expression = null } = data
  folded.set('task_queues', sid, { sid, friendly_name: task_queue_name, target_workers: task_queue_target_expression })
}

function workflow(folded: Folded, { workflow_sid: sid, workflow_name }: Row): void {
  folded.set('workflows', sid, { sid, friendly_name: workflow_name })
}

function worker(folded: Folded, data: Row, type: string): void {
  const { worker_sid: sid, worker_name, worker_activity_sid, worker_attributes = '{}' } = data
  folded.set('workers', sid, {
    sid,
    friendly_name: worker_name,
    activity_sid: worker_activity_sid,
    attributes: worker_attributes
  })
  // Whose queues those of a team are follows from its workers' attributes.
  if (folded.holder.role === 'supervisor' && /attributes|created/.test(type)) folded.stale.allTasks = true
}

function task(folded: Folded, data: Row, type: string): void {
  const { task_sid: sid, task_assignment_status: status } = data
  if (sid === undefined) return
  if (ended.has(status) || /deleted$/.test(type)) folded.dropTask(sid)
  else folded.set('tasks', sid, taskOf(data))
}

function taskOf(data: Row): Row {
  return {
    sid: data.task_sid,
    assignment_status: data.task_assignment_status,
    attributes: data.task_attributes,
    priority: data.task_priority,
    task_queue_sid: data.task_queue_sid ?? null,
    workflow_sid: data.workflow_sid ?? null,
    task_channel_unique_name: data.task_channel_unique_name,
    addons: data.task_addons
  }
}

/** A task that leaves a queue is the business of those who see it elsewhere. */
function left(folded: Folded, data: Row, type: string): void {
  const { task_sid } = data
  if (folded.holder.role === 'supervisor') folded.stale.tasks.add(String(task_sid))
  task(folded, data, type)
}

function reservation(folded: Folded, data: Row, type: string): void {
  const { reservation_sid: sid, task_sid, worker_sid, task_assignment_status } = data
  const status = statusIn(type)
  const { role } = folded.holder
  // A colleague's: only what it means for the task is told.
  if (sid === undefined) {
    if (folded.lists.tasks.has(String(task_sid))) task(folded, data, type)
    return
  }
  if (ended.has(task_assignment_status)) {
    folded.dropTask(task_sid)
    return
  }
  if (overReservations.has(status)) folded.drop('reservations', sid)
  else folded.set('reservations', sid, { sid, task_sid, worker_sid, reservation_status: status })
  const isOwn = folded.reservationsOf(task_sid).length > 0
  // Whoever waits in a queue of nobody's is nobody's business.
  if (role === 'agent' && !isOwn) folded.drop('tasks', task_sid)
  else folded.set('tasks', task_sid, taskOf(data))
  if (role === 'supervisor' && !isOwn) folded.stale.tasks.add(String(task_sid))
}

function statusIn(type: string): string {
  const status = type.slice('reservation.'.length)
  return status === 'created' ? 'pending' : status === 'wrapup' ? 'wrapping' : status
}

function conversation(folded: Folded, data: Row): void {
  const { conversation_sid: sid, friendly_name, unique_name, attributes, state } = data
  if (state === 'closed') folded.dropConversation(sid)
  else folded.set('conversations', sid, { sid, friendly_name, unique_name, attributes, state })
}

function participant(folded: Folded, data: Row, type: string): void {
  const { participant_sid: sid, conversation_sid, identity, attributes } = data
  const { identities } = folded.holder
  const isOwn = typeof identity === 'string' && identities?.has(identity) === true
  if (type === 'participant.removed') {
    folded.drop('participants', sid)
    const others = [...folded.lists.participants.values()].filter((row) => row.conversation_sid === conversation_sid)
    if (isOwn && !others.some((row) => identities?.has(String(row.identity)))) folded.dropConversation(conversation_sid)
    return
  }
  // Who comes in sees what was there before.
  if (isOwn && type === 'participant.added') folded.stale.conversations.add(String(conversation_sid))
  const { messaging_binding_address: address = null, last_read_message_index = null } = data
  folded.set('participants', sid, { sid, conversation_sid, identity, attributes, address, last_read_message_index })
}

function message(folded: Folded, data: Row): void {
  const { message_sid: sid, conversation_sid, index, author, body, attributes } = data
  folded.set('messages', sid, { sid, conversation_sid, index, author, body, attributes })
}

function note(folded: Folded, data: Row): void {
  const { note_sid: sid, conversation_sid, author, body, mentions } = data
  folded.set('notes', sid, { sid, conversation_sid, author, body, mentions: JSON.parse(String(mentions)) })
}

function cannedResponse(folded: Folded, data: Row): void {
  const { canned_response_sid: sid, section, label, text } = data
  folded.set('canned_responses', sid, { sid, section, label, text })
}
