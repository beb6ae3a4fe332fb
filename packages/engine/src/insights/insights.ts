import {
  type AwaitedReply,
  awaitedReply,
  type Contact,
  copyOf,
  endWorkspace,
  hasTask,
  isCustomers,
  isInWorkspace,
  moveByMember,
  moveByMessage,
  moveByTask,
  moveByTransfer,
  newContact,
  resumed,
  taskEvents,
  tasksOf
} from './contact.ts'
import { contactText, readAttributes } from './facts.ts'
import { type InsightEvent, insightEvents } from './insight-event.ts'
import { type Gone, OpenOnes, type Spot } from './open-ones.ts'
import type { Effects } from './open-task.ts'
import { movePresence, newPresence, type Presence, tellPieces } from './presence.ts'
import type { Called, ContactText, Segment, StatusPiece } from './segment.ts'

/*
 * What has happened to each contact and where each worker was, as segments: folded event by event beside the statistics
 * (docs/decisions/038-segments-beside-the-statistics.md).
 */

/** What is open, as it is kept over a restart. */
export type Open =
  /** With the tasks that have left it in the same stretch: whoever has the one has the other. */
  | { readonly is: 'contact'; readonly contact: Contact; readonly left?: readonly Gone[] }
  | { readonly is: 'presence'; readonly presence: Presence }
  | { readonly is: 'gone'; readonly gone: Gone }

/** Rows that some events have made or changed, as they are after them: each once, whatever happened to it. */
export interface ChangedRows {
  /** By seq. */
  readonly segments: ReadonlyMap<number, Segment>
  readonly pieces: readonly StatusPiece[]
  /** By task. */
  readonly texts: ReadonlyMap<string, ContactText>
  readonly called: ReadonlyMap<string, Called>
  /** When the oldest of these segments began; Infinity where there are none. */
  readonly oldest_at: number
}

/** The same, and what is open after them. */
export interface Changed extends ChangedRows {
  /** By key: contacts and workers, and what is over of which the store knows as open. */
  readonly open: ReadonlyMap<string, Open>
}

/** What is open is known where it stands, and looked up when somebody takes what has changed. */
interface Changes extends ChangedRows {
  readonly segments: Map<number, Segment>
  readonly pieces: StatusPiece[]
  readonly texts: Map<string, ContactText>
  readonly called: Map<string, Called>
  oldest_at: number
}

/** How long a conversation without a task is remembered after its last message, in milliseconds. */
const rest = 86_400_000
const hour = 3_600_000

/**
 * The segments of an account. An event may be shown again, to contacts and workers that know of it: each passes over what
 * it has been told, so that all end up as they were. What an event changes of one of them follows from that one alone.
 */
export class Insights {
  readonly #contacts = new OpenOnes<Contact>()
  /** By task: the key of its contact, where that is not the task's own SID. */
  readonly #keys = new Map<string, string>()
  readonly #presences = new OpenOnes<Presence>()
  readonly #gone = new Map<string, Gone>()
  #lastGone = 0
  /** By contact: tasks that have left it since what is open was taken the last time, while it goes on. */
  readonly #left = new Map<string, Gone[]>()
  readonly #called = new Map<string, string>()
  #hour = 0
  #changed = nothingChanged()
  readonly #effects: Effects = {
    segment: (segment) => {
      const changed = this.#changed
      changed.segments.set(segment.seq, segment)
      if (segment.began_at < changed.oldest_at) changed.oldest_at = segment.began_at
    },
    text: (task_sid, read) => {
      this.#changed.texts.set(task_sid, contactText(task_sid, this.#at, read))
    }
  }
  #at = 0
  readonly #tellPiece = (piece: StatusPiece) => {
    this.#changed.pieces.push(piece)
  }

  /** Begins with what is open. */
  constructor(open: Iterable<Open> = []) {
    for (const one of open) this.#begin(one)
  }

  /** Contacts and workers in memory. */
  get size(): number {
    return this.#contacts.size + this.#presences.size
  }

  /** Where the workers are now. */
  get presences(): Iterable<Presence> {
    return this.#presences.values()
  }

  /** Customers of a workspace who wait for an answer of an agent who has them. */
  *awaitedReplies(workspace_sid: string): Generator<AwaitedReply> {
    for (const contact of this.#contacts.values()) {
      const awaited = awaitedReply(contact, workspace_sid)
      if (awaited) yield awaited
    }
  }

  /** What has changed since it was taken the last time, but for what is open. */
  get changed(): ChangedRows {
    return this.#changed
  }

  /** The same and what is open; from now on it is for whoever took it. */
  take(): Changed {
    const open = new Map<string, Open>()
    const over = (gone: Gone) => open.set(gone.key, { is: 'gone', gone: withTasks(gone, this.#left.get(gone.key)) })
    this.#contacts.take({
      over,
      open: (key, contact) => {
        const left = this.#left.get(key)
        open.set(key, { is: 'contact', contact, ...(left && { left }) })
      }
    })
    this.#presences.take({ over, open: (key, presence) => open.set(key, { is: 'presence', presence }) })
    // For as long as the cursor is not beyond them: the contact is written anew with what leaves it next. Of a contact of
    // which the store knows nothing, it shall know nothing of what has left it, either.
    for (const [key, tasks] of this.#left) if (open.has(key)) tasks.forEach(over)
    this.#left.clear()
    const taken = { ...this.#changed, open }
    this.#changed = nothingChanged()
    return taken
  }

  /** Events must come in their order; those of other types are nothing. */
  move(event: InsightEvent): void {
    const { type, at, seq } = event
    const concerns = concernsOf.get(type)
    if (!concerns) return
    this.#at = at
    if (this.#lastGone > 0 && seq > this.#lastGone) this.#forgetGone()
    const now = at - (at % hour)
    if (now !== this.#hour) this.#turn(now, event)
    if (type === 'workspace.deleted') this.#endWorkspace(event)
    if (concerns.task) this.#moveTask(event, concerns.opens)
    if (concerns.worker) this.#moveWorker(event)
    if (concerns.conversation) this.#moveConversation(event)
  }

  #begin(open: Open): void {
    if (open.is === 'gone') {
      const { key, seq, tasks } = open.gone
      this.#gone.set(key, open.gone)
      for (const sid of tasks) this.#keys.set(sid, key)
      this.#lastGone = Math.max(this.#lastGone, seq)
      return
    }
    if (open.is === 'presence') {
      this.#presences.begin(open.presence.worker_sid, open.presence)
      return
    }
    const contact = resumed(open.contact)
    this.#contacts.begin(contact.key, contact)
    for (const gone of open.left ?? []) this.#begin({ is: 'gone', gone })
    for (const sid of tasksOf(contact)) if (sid !== contact.key) this.#keys.set(sid, contact.key)
  }

  // Contacts

  #moveTask(event: InsightEvent, opens: boolean): void {
    const { task_sid } = event
    if (task_sid === null) return
    const own = this.#contacts.spot(task_sid)
    const known = own ? task_sid : this.#keys.get(task_sid)
    if (known === undefined && !opens) return
    const key = known ?? readAttributes(task_sid, event.task_attributes ?? '{}').conversation_sid ?? task_sid
    const spot = own ?? this.#contacts.spot(key)
    // A task that is over is known for a while, for what may be told of it again; what comes later of it is nothing.
    if (!spot && !opens) return
    const contact = this.#contactIn(spot, key, event)
    if (!contact || !moveByTask(contact, event, this.#effects)) return
    if (key !== task_sid) {
      if (!hasTask(contact, task_sid)) this.#leave(contact, task_sid)
      else if (known === undefined) this.#keys.set(task_sid, key)
    }
    this.#put(spot, contact)
    if (places.has(event.type)) this.#callPlace(event)
  }

  /**
   * A task is over, and its contact is not. Whoever is told again what led there may not find the contact by the task: its
   * attributes may name another one now, or none.
   */
  #leave({ key, seq }: Contact, task_sid: string): void {
    this.#keys.delete(task_sid)
    const gone = { key: task_sid, seq, tasks: [task_sid] }
    const left = this.#left.get(key)
    if (left) left.push(gone)
    else this.#left.set(key, [gone])
  }

  #callPlace({ task_queue_sid, task_queue_name, workflow_sid, workflow_name }: InsightEvent): void {
    this.#call(task_queue_sid, task_queue_name)
    this.#call(workflow_sid, workflow_name)
  }

  #moveConversation(event: InsightEvent): void {
    const { type, seq, conversation_sid: key } = event
    if (key === null) return
    const spot = this.#contacts.spot(key)
    const isNews = type === 'message.added' ? isCustomers(event) : type === 'interaction.participant.joined'
    if (!spot && !isNews) return
    const contact = this.#contactIn(spot, key, event)
    if (!contact) return
    if (type === 'conversation.removed' || type === 'conversation.state.updated') {
      if (contact.tasks.length === 0 && (type === 'conversation.removed' || event.state_to === 'closed'))
        this.#end(contact, seq)
    } else if (this.#hasMoved(contact, event)) this.#put(spot, contact)
  }

  #hasMoved(contact: Contact, event: InsightEvent): boolean {
    if (event.type === 'message.added') return moveByMessage(contact, event, this.#effects)
    if (event.type === 'interaction.participant.joined') return moveByMember(contact, event)
    return moveByTransfer(contact, event, this.#effects)
  }

  /**
   * The contact, to be changed by an event that it has not been told; a new one where there is none, or where it has been
   * silent for too long. Whoever took what was open has the contact as it was then.
   */
  #contactIn(spot: Spot<Contact> | undefined, key: string, { seq, at }: InsightEvent): Contact | undefined {
    if (this.#isOver(key, seq)) return undefined
    const known = spot?.value
    if (known === undefined || isSilent(known, at)) return newContact(key)
    if (known.seq >= seq) return undefined
    return spot?.isTold ? known : copyOf(known)
  }

  /** Whether something that is over has been told an event. */
  #isOver(key: string, seq: number): boolean {
    return this.#gone.size > 0 && (this.#gone.get(key)?.seq ?? 0) >= seq
  }

  #put(spot: Spot<Contact> | undefined, contact: Contact): void {
    const { key, seq, tasks } = contact
    if (tasks.length === 0 && key.startsWith('WT')) this.#end(contact, seq)
    else this.#contacts.put(spot, key, contact)
  }

  #end(contact: Contact, seq: number): void {
    const { key } = contact
    this.#contacts.end({ key, seq, tasks: key.startsWith('WT') ? [key] : tasksOf(contact) })
  }

  #forgetGone(): void {
    for (const { key, tasks } of this.#gone.values())
      for (const sid of tasks) if (this.#keys.get(sid) === key && !this.#contacts.spot(key)) this.#keys.delete(sid)
    this.#gone.clear()
    this.#lastGone = 0
  }

  /** An hour has begun: conversations in which nobody has written for long are no longer remembered. */
  #turn(now: number, { at, seq }: InsightEvent): void {
    this.#hour = now
    for (const contact of this.#contacts.values()) if (isSilent(contact, at)) this.#end(contact, seq)
  }

  #endWorkspace(event: InsightEvent): void {
    for (const before of [...this.#contacts.values()]) {
      if (!isInWorkspace(before, event.workspace_sid)) continue
      const spot = this.#contacts.spot(before.key)
      const contact = this.#contactIn(spot, before.key, event)
      if (!contact) continue
      const sids = tasksOf(contact)
      endWorkspace(contact, event, this.#effects)
      for (const sid of sids) if (sid !== contact.key && !hasTask(contact, sid)) this.#leave(contact, sid)
      this.#put(spot, contact)
    }
    for (const presence of [...this.#presences.values()])
      if (presence.workspace_sid === event.workspace_sid && presence.seq < event.seq) this.#endWorker(presence, event)
  }

  // Workers

  #moveWorker(event: InsightEvent): void {
    const { worker_sid, worker_activity_sid } = event
    if (worker_sid === null) return
    const spot = this.#presences.spot(worker_sid)
    const before = spot?.value
    if ((before && before.seq >= event.seq) || this.#isOver(worker_sid, event.seq)) return
    if (event.type === 'worker.deleted') {
      if (before) this.#endWorker(before, event)
      return
    }
    if (worker_activity_sid === null) return
    const presence = before && spot?.isTold === false ? { ...before } : before
    if (presence) movePresence(presence, event, worker_activity_sid, this.#tellPiece)
    this.#presences.put(spot, worker_sid, presence ?? newPresence(event, worker_sid, worker_activity_sid))
    // What work does to a worker changes no names.
    if (before && event.reservation_sid !== null) return
    this.#call(worker_sid, event.worker_name)
    this.#call(worker_activity_sid, event.worker_activity_name)
  }

  #endWorker(presence: Presence, { at, seq }: InsightEvent): void {
    tellPieces(presence, at, this.#tellPiece)
    this.#presences.end({ key: presence.worker_sid, seq, tasks: [] })
  }

  /** Names are remembered as they were last. */
  #call(sid: string | null, name: string | null): void {
    if (sid === null || name === null || this.#called.get(sid) === name) return
    this.#called.set(sid, name)
    this.#changed.called.set(sid, { sid, name })
  }
}

/** With which events a task may come to be known: a log need not begin with its creation. */
const opens: ReadonlySet<string> = new Set([
  'task.created',
  'task-queue.entered',
  'reservation.created',
  'reservation.accepted'
])

/** Events with which a wait or a talk begins, and so a segment that names where. */
const places: ReadonlySet<string> = new Set(['task-queue.entered', 'reservation.accepted'])

/** Events that change where a worker is. */
const ofWorkers: ReadonlySet<string> = new Set([
  'worker.created',
  'worker.activity.update',
  'worker.attributes.update',
  'worker.deleted',
  'reservation.accepted',
  'reservation.completed',
  'reservation.canceled'
])

const ofConversations: ReadonlySet<string> = new Set([
  'message.added',
  'conversation.state.updated',
  'conversation.removed',
  'interaction.participant.joined',
  'interaction.transfer.created',
  'interaction.transfer.failed'
])

/** What an event may change. */
interface Concerns {
  readonly task: boolean
  readonly worker: boolean
  readonly conversation: boolean
  /** Whether a task may come to be known with it. */
  readonly opens: boolean
}

/** By type, all of them in one look. */
const concernsOf: ReadonlyMap<string, Concerns> = new Map(
  [...insightEvents].map((type) => [
    type,
    {
      task: taskEvents.has(type),
      worker: ofWorkers.has(type),
      conversation: ofConversations.has(type),
      opens: opens.has(type)
    }
  ])
)

function isSilent({ tasks, at }: Contact, now: number): boolean {
  return at < now - rest && tasks.length === 0
}

function nothingChanged(): Changes {
  return { segments: new Map(), pieces: [], texts: new Map(), called: new Map(), oldest_at: Number.POSITIVE_INFINITY }
}

/** What has changed in several stretches, one after the other. */
export function joinChanged(list: readonly Changed[]): Changed {
  const [first] = list
  if (first && list.length === 1) return first
  const all = { ...nothingChanged(), open: new Map<string, Open>() }
  for (const { segments, pieces, texts, called, oldest_at, open } of list) {
    all.oldest_at = Math.min(all.oldest_at, oldest_at)
    for (const [key, one] of segments) all.segments.set(key, one)
    for (const one of pieces) all.pieces.push(one)
    for (const [key, one] of texts) all.texts.set(key, one)
    for (const [key, one] of called) all.called.set(key, one)
    for (const [key, one] of open) all.open.set(key, withLeft(one, all.open.get(key)))
  }
  return all
}

/** What is open, or over, with the tasks that left it in a stretch before. */
function withLeft(open: Open, before: Open | undefined): Open {
  if (before?.is !== 'contact' || !before.left || open.is === 'presence') return open
  if (open.is === 'gone') return { is: 'gone', gone: withTasks(open.gone, before.left) }
  return { ...open, left: [...before.left, ...(open.left ?? [])] }
}

function withTasks(gone: Gone, left: readonly Gone[] | undefined): Gone {
  return left ? { ...gone, tasks: [...gone.tasks, ...left.map(({ key }) => key)] } : gone
}
