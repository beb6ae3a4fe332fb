import {
  type AwaitedReply,
  afterMember,
  afterMessage,
  afterTask,
  afterTransfer,
  afterWorkspace,
  awaitedReply,
  type Contact,
  hasTask,
  isCustomers,
  isInWorkspace,
  newContact,
  tasksOf
} from './contact.ts'
import { contactText, readAttributes } from './facts.ts'
import { type InsightEvent, insightEvents } from './insight-event.ts'
import type { Effects } from './open-task.ts'
import { afterWorker, type Presence, piecesOf } from './presence.ts'
import type { Called, ContactText, Segment, StatusPiece } from './segment.ts'

/*
 * What has happened to each contact and where each worker was, as segments: folded event by event beside the statistics
 * (docs/decisions/038-segments-beside-the-statistics.md).
 */

/** A contact that is over, of which the store knows: whoever is told again what led there passes it over. */
export interface Gone {
  readonly key: string
  readonly seq: number
  readonly tasks: readonly string[]
}

/** What is open, as it is kept over a restart. */
export type Open =
  | { readonly is: 'contact'; readonly contact: Contact }
  | { readonly is: 'presence'; readonly presence: Presence }
  | { readonly is: 'gone'; readonly gone: Gone }

/** What some events have changed, as it is after them: each thing once, whatever happened to it. */
export interface Changed {
  /** By seq. */
  readonly segments: ReadonlyMap<number, Segment>
  readonly pieces: readonly StatusPiece[]
  /** By task. */
  readonly texts: ReadonlyMap<string, ContactText>
  readonly called: ReadonlyMap<string, Called>
  /** By key: contacts and workers; null for what is not to be kept, since nobody knows of it. */
  readonly open: ReadonlyMap<string, Open>
}

interface Changes extends Changed {
  readonly segments: Map<number, Segment>
  readonly pieces: StatusPiece[]
  readonly texts: Map<string, ContactText>
  readonly called: Map<string, Called>
  readonly open: Map<string, Open>
}

/** How long a conversation without a task is remembered after its last message, in milliseconds. */
const rest = 86_400_000
const hour = 3_600_000

/**
 * The segments of an account. An event may be shown again, to contacts and workers that know of it: each passes over what
 * it has been told, so that all end up as they were. What an event changes of one of them follows from that one alone.
 */
export class Insights {
  readonly #contacts = new Map<string, Contact>()
  /** By task: the key of its contact. */
  readonly #keys = new Map<string, string>()
  readonly #presences = new Map<string, Presence>()
  readonly #gone = new Map<string, Gone>()
  #lastGone = 0
  /** Keys of what the store knows as open. */
  readonly #kept = new Set<string>()
  readonly #called = new Map<string, string>()
  #hour = 0
  #changed = nothingChanged()
  readonly #effects: Effects = {
    segment: (segment) => this.#changed.segments.set(segment.seq, segment),
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

  /** What has changed since it was taken the last time. */
  get changed(): Changed {
    return this.#changed
  }

  /** The same; from now on it is for whoever took it. */
  take(): Changed {
    const taken = this.#changed
    this.#changed = nothingChanged()
    for (const [key, { is }] of taken.open) if (is !== 'gone') this.#kept.add(key)
    return taken
  }

  /** Events must come in their order; those of other types are nothing. */
  move(event: InsightEvent): void {
    const { type, at, seq } = event
    if (!insightEvents.has(type)) return
    this.#at = at
    if (this.#lastGone > 0 && seq > this.#lastGone) this.#forgetGone()
    const now = at - (at % hour)
    if (now !== this.#hour) this.#turn(now, event)
    if (type === 'workspace.deleted') this.#endWorkspace(event)
    if (event.task_sid !== null && !type.startsWith('interaction.')) this.#moveTask(event)
    if (event.worker_sid !== null) this.#moveWorker(event)
    if (event.conversation_sid !== null) this.#moveConversation(event, event.conversation_sid)
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
      this.#presences.set(open.presence.worker_sid, open.presence)
      this.#kept.add(open.presence.worker_sid)
      return
    }
    const { contact } = open
    this.#contacts.set(contact.key, contact)
    this.#kept.add(contact.key)
    for (const sid of tasksOf(contact)) this.#keys.set(sid, contact.key)
  }

  // Contacts

  #moveTask(event: InsightEvent): void {
    const { seq, task_sid, task_attributes } = event
    if (task_sid === null) return
    const known = this.#keys.get(task_sid)
    if (known === undefined && !opens.has(event.type)) return
    const key = known ?? readAttributes(task_sid, task_attributes ?? '{}').conversation_sid ?? task_sid
    const before = this.#contactOf(key, event)
    if (!before || before.seq >= seq) return
    if (known === undefined) this.#keys.set(task_sid, key)
    const after = afterTask(before, event, this.#effects)
    if (!hasTask(after, task_sid)) this.#keys.delete(task_sid)
    this.#put(before, after)
    this.#call(event.task_queue_sid, event.task_queue_name)
    this.#call(event.workflow_sid, event.workflow_name)
  }

  #moveConversation(event: InsightEvent, key: string): void {
    const { type, seq } = event
    const known = this.#contacts.get(key)
    const isNews = type === 'message.added' ? isCustomers(event) : type === 'interaction.participant.joined'
    if (!known && !isNews) return
    const before = this.#contactOf(key, event)
    if (!before || before.seq >= seq) return
    if (type === 'message.added') this.#put(before, afterMessage(before, event, this.#effects))
    else if (type === 'interaction.participant.joined') this.#put(before, afterMember(before, event))
    else if (type.startsWith('interaction.transfer.')) this.#put(before, afterTransfer(before, event, this.#effects))
    else if (type === 'conversation.removed' || event.state_to === 'closed')
      if (before.tasks.length === 0) this.#end(before, seq)
  }

  /** The contact as it is; a new one where there is none, or where it has been silent for too long. */
  #contactOf(key: string, { seq, at }: InsightEvent): Contact | undefined {
    const gone = this.#gone.get(key)
    if (gone && gone.seq >= seq) return undefined
    const known = this.#contacts.get(key)
    return known && !isSilent(known, at) ? known : newContact(key)
  }

  #put(before: Contact, after: Contact): void {
    if (after === before) return
    const { key, tasks } = after
    const isTask = key.startsWith('WT')
    if (isTask && tasks.length === 0) {
      this.#end(after, after.seq)
      return
    }
    this.#contacts.set(key, after)
    this.#changed.open.set(key, { is: 'contact', contact: after })
  }

  #end(contact: Contact, seq: number): void {
    const { key } = contact
    this.#contacts.delete(key)
    this.#close(key, seq, key.startsWith('WT') ? [key] : tasksOf(contact))
  }

  /** The store is told that it is over, if it knows that it was open. */
  #close(key: string, seq: number, tasks: readonly string[]): void {
    if (this.#kept.delete(key)) this.#changed.open.set(key, { is: 'gone', gone: { key, seq, tasks } })
    else this.#changed.open.delete(key)
  }

  #forgetGone(): void {
    for (const { key, tasks } of this.#gone.values())
      for (const sid of tasks) if (this.#keys.get(sid) === key && !this.#contacts.has(key)) this.#keys.delete(sid)
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
      if (before.seq >= event.seq) continue
      if (!isInWorkspace(before, event.workspace_sid)) continue
      const after = afterWorkspace(before, event, this.#effects)
      for (const sid of tasksOf(before)) if (!hasTask(after, sid)) this.#keys.delete(sid)
      this.#put(before, after)
    }
    for (const presence of [...this.#presences.values()])
      if (presence.workspace_sid === event.workspace_sid && presence.seq < event.seq) this.#endWorker(presence, event)
  }

  // Workers

  #moveWorker(event: InsightEvent): void {
    const { type, worker_sid } = event
    if (worker_sid === null || !ofWorkers.has(type)) return
    this.#putWorker(worker_sid, event)
    this.#call(worker_sid, event.worker_name)
    this.#call(event.worker_activity_sid, event.worker_activity_name)
  }

  #putWorker(worker_sid: string, event: InsightEvent): void {
    const before = this.#presences.get(worker_sid)
    const gone = this.#gone.get(worker_sid)
    if ((before && before.seq >= event.seq) || (gone && gone.seq >= event.seq)) return
    if (event.type === 'worker.deleted') {
      if (before) this.#endWorker(before, event)
      return
    }
    const after = afterWorker(before, event, this.#tellPiece)
    if (!after || after === before) return
    this.#presences.set(worker_sid, after)
    this.#changed.open.set(worker_sid, { is: 'presence', presence: after })
  }

  #endWorker(presence: Presence, { at, seq }: InsightEvent): void {
    for (const piece of piecesOf(presence, at)) this.#tellPiece(piece)
    this.#presences.delete(presence.worker_sid)
    this.#close(presence.worker_sid, seq, [])
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

function isSilent({ tasks, at }: Contact, now: number): boolean {
  return at < now - rest && tasks.length === 0
}

function nothingChanged(): Changes {
  return { segments: new Map(), pieces: [], texts: new Map(), called: new Map(), open: new Map() }
}

/** What has changed in several stretches, one after the other. */
export function joinChanged(list: readonly Changed[]): Changed {
  const [first] = list
  if (first && list.length === 1) return first
  const all = nothingChanged()
  for (const { segments, pieces, texts, called, open } of list) {
    for (const [key, one] of segments) all.segments.set(key, one)
    for (const one of pieces) all.pieces.push(one)
    for (const [key, one] of texts) all.texts.set(key, one)
    for (const [key, one] of called) all.called.set(key, one)
    for (const [key, one] of open) all.open.set(key, one)
  }
  return all
}
