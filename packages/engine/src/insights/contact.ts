import { holderOf, identityIn, readAttributes } from './facts.ts'
import type { InsightEvent } from './insight-event.ts'
import { lineSteps } from './line.ts'
import {
  addDone,
  type Effects,
  emptyList,
  type Held,
  heldOf,
  left,
  type Offer,
  type OpenTask,
  putHeld,
  talkedOut,
  talkUntil,
  waitOf,
  withOne
} from './open-task.ts'
import { begunSegment, type Facts, type Place, type Result, type Segment } from './segment.ts'

/**
 * What is open of a contact: its tasks, and what its conversation has said so far. It is plain data, and the same events make
 * the same of it, wherever they are told. Events change it and its tasks, and nothing else in it: whoever wants it as it is
 * now takes a copy.
 */
export interface Contact {
  /** SID of its conversation, or of its task where there is none. */
  readonly key: string
  /** Seq and instant of the last event that was told of it. */
  seq: number
  at: number
  /** Few, as all lists here: looking through them is quicker than objects by SIDs would be. */
  tasks: readonly OpenTask[]
  talk: Talk
}

/** What was written in the conversation. */
interface Talk {
  /** The customer's first message. */
  readonly first_at: number | null
  readonly is_answered: boolean
  /** Since when the customer waits for an answer. */
  readonly waits_since: number | null
  /** Participants who are agents, and their workers; and those who are neither agents nor the customer. */
  readonly agents: readonly (readonly [participant_sid: string, worker_sid: string])[]
  readonly others: readonly string[]
}

const silence: Talk = { first_at: null, is_answered: false, waits_since: null, agents: [], others: [] }

export function newContact(key: string): Contact {
  return { key, seq: 0, at: 0, tasks: [], talk: silence }
}

/** One that may be changed without changing the other. */
export function copyOf(contact: Contact): Contact {
  return { ...contact, tasks: contact.tasks.map((task) => ({ ...task })) }
}

/** One that was read from a store: reading makes each its own copy of what most have in common, and here they share it again. */
export function resumed(contact: Contact): Contact {
  const { talk, tasks } = contact
  const isSilent = talk.first_at === null && talk.agents.length === 0 && talk.others.length === 0
  if (isSilent && !talk.is_answered && talk.waits_since === null) contact.talk = silence
  for (const task of tasks) {
    if (task.offers.length === 0) task.offers = emptyList
    if (task.held.length === 0) task.held = emptyList
    if (task.done.length === 0) task.done = emptyList
  }
  return contact
}

type Step = (task: OpenTask, event: InsightEvent, effects: Effects) => void

/** What events do to the task that they are about. */
const stepsByType: Readonly<Record<string, Step>> = {
  'task.created': capture,
  'task-queue.entered': entered,
  'task-queue.moved': (task, event, effects) => left(task, event, { result: 'moved' }, effects),
  'workflow.timeout': (task) => {
    task.has_timed_out = true
  },
  'reservation.created': offered,
  'reservation.accepted': answered,
  'reservation.rejected': (task, event, effects) => declined(task, event, 'rejected', effects),
  'reservation.timeout': (task, event, effects) => declined(task, event, 'missed', effects),
  'reservation.rescinded': takenBack,
  'reservation.canceled': (task, event, effects) => {
    takenBack(task, event)
    released(task, event, 'dropped', effects)
  },
  'reservation.wrapup': wrapping,
  'reservation.completed': (task, event, effects) => {
    capture(task, event, effects)
    released(task, event, 'completed', effects)
  },
  'task.transfer-initiated': (task, event, effects) => handedOn(task, event, transferOf(event.transfer_mode), effects),
  'task.transfer-failed': (task, event, effects) => handedOn(task, event, null, effects),
  'task.transfer-canceled': (task, event, effects) => handedOn(task, event, null, effects),
  'task.completed': ended,
  'task.canceled': ended,
  'task.deleted': dropped,
  'task.system-deleted': dropped,
  ...lineSteps
}

const steps: ReadonlyMap<string, Step> = new Map(Object.entries(stepsByType))

/** Types of event that change tasks. */
export const taskEvents: ReadonlySet<string> = new Set(steps.keys())

/** An event of one of a contact's tasks; answers whether it has changed the contact. */
export function moveByTask(contact: Contact, event: InsightEvent, effects: Effects): boolean {
  const { seq, at, task_sid } = event
  const step = steps.get(event.type)
  if (!step || task_sid === null) return false
  const { tasks } = contact
  const task = tasks[placeIn(tasks, task_sid)] ?? newTask(event, task_sid)
  // One alone hands nothing over.
  if (tasks.length > 1 && leaves.has(event.type)) handOver(task, tasks, event)
  step(task, event, effects)
  contact.seq = seq
  contact.at = at
  const isGone = task.is_over && task.held.length === 0
  // The one that something has happened to stands last.
  if (isGone || tasks.at(-1) !== task)
    contact.tasks = isGone ? tasksBut(tasks, task) : withOne(tasksBut(tasks, task), task)
  return true
}

function tasksBut(tasks: readonly OpenTask[], task: OpenTask): readonly OpenTask[] {
  return tasks.length === 0 || (tasks.length === 1 && tasks[0] === task)
    ? emptyList
    : tasks.filter((one) => one !== task)
}

/** Events with which an agent's talk is over. */
const leaves: ReadonlySet<string> = new Set(['reservation.wrapup', 'reservation.completed', 'call.completed'])

/**
 * An agent who goes while somebody whom it invited has the contact in hand, or is still asked, has handed it on, whatever
 * the API was by which that was done.
 */
function handOver(task: OpenTask, tasks: readonly OpenTask[], { reservation_sid }: InsightEvent): void {
  const own = heldOf(task, reservation_sid)
  if (!own || own.wrap_up_at !== null || own.segment.transfer !== null) return
  const since = own.segment.began_at
  const others = tasks.filter((one) => one.place.task_sid !== task.place.task_sid && !one.is_over)
  const isHeld = others.some(({ held }) =>
    held.some(({ segment, wrap_up_at }) => wrap_up_at === null && segment.began_at >= since)
  )
  const isAsked = others.some(({ waiting }) => waiting !== null && waiting.began_at >= since)
  if (!isHeld && !isAsked) return
  const segment: Segment = { ...own.segment, transfer: isHeld ? 'warm' : 'cold' }
  putHeld(task, own, { ...own, segment })
}

/**
 * An agent begins to hand the contact on, or nobody has taken it (reference flex 8.1); answers whether that has changed the
 * contact.
 */
export function moveByTransfer(contact: Contact, event: InsightEvent, effects: Effects): boolean {
  const { seq, at, type, transfer_mode, worker_sid } = event
  if (worker_sid === null) return false
  const transfer = type === 'interaction.transfer.failed' ? null : transferOf(transfer_mode)
  const theirs = contact.tasks.filter(({ held }) => held.some(({ segment }) => segment.worker_sid === worker_sid))
  if (theirs.length === 0) return false
  for (const task of theirs) handedOn(task, event, transfer, effects)
  contact.seq = seq
  contact.at = at
  return true
}

function placeIn(tasks: readonly OpenTask[], task_sid: string): number {
  // Most contacts have one.
  if (tasks[0]?.place.task_sid === task_sid) return 0
  return tasks.findIndex(({ place }) => place.task_sid === task_sid)
}

/** Whether a task is open. */
export function hasTask({ tasks }: Contact, task_sid: string): boolean {
  return placeIn(tasks, task_sid) >= 0
}

/** A customer who waits for an answer of whoever has the contact in hand. */
export interface AwaitedReply {
  readonly contact: string
  /** When the customer wrote what nobody has answered. */
  readonly since: number
  readonly task_sid: string
  readonly task_queue_sid: string | null
  readonly worker_sid: string | null
}

/** Since when, and for whom of a workspace's agents, the customer waits; undefined where nobody has to answer. */
export function awaitedReply({ key, tasks, talk }: Contact, workspace_sid: string): AwaitedReply | undefined {
  const { waits_since: since } = talk
  if (since === null) return undefined
  for (const { place, held } of tasks) {
    const hand = held.find(({ wrap_up_at }) => wrap_up_at === null)
    if (!hand || place.workspace_sid !== workspace_sid) continue
    const { task_sid, task_queue_sid } = place
    return { contact: key, since, task_sid, task_queue_sid, worker_sid: hand.segment.worker_sid }
  }
  return undefined
}

/** SIDs of its tasks. */
export function tasksOf({ tasks }: Contact): string[] {
  return tasks.map(({ place }) => place.task_sid)
}

/** Whether one of its tasks is of a workspace. */
export function isInWorkspace({ tasks }: Contact, workspace_sid: string | null): boolean {
  return tasks.some(({ place }) => place.workspace_sid === workspace_sid)
}

/** All tasks of a workspace are gone with it. */
export function endWorkspace(contact: Contact, event: InsightEvent, effects: Effects): void {
  const isTheirs = ({ place }: OpenTask) => place.workspace_sid === event.workspace_sid
  for (const task of contact.tasks) if (isTheirs(task)) dropped(task, event, effects)
  contact.seq = event.seq
  contact.at = event.at
  contact.tasks = contact.tasks.filter((task) => !isTheirs(task))
}

/** Who is who in the conversation; answers whether that has changed the contact. */
export function moveByMember(contact: Contact, event: InsightEvent): boolean {
  const { seq, at, participant_sid, participant_type, worker_sid } = event
  if (participant_sid === null || participant_type === 'customer') return false
  const { talk } = contact
  const isAgent = participant_type === 'agent' && worker_sid !== null
  const agents = isAgent ? [...talk.agents, [participant_sid, worker_sid] as const] : talk.agents
  const others = isAgent ? talk.others : [...talk.others, participant_sid]
  contact.seq = seq
  contact.at = at
  contact.talk = { ...talk, agents, others }
  return true
}

/**
 * A message was written; answers whether that has changed the contact. What nobody in the conversation has written (a bot, a
 * program) counts as nothing.
 */
export function moveByMessage(contact: Contact, event: InsightEvent, effects: Effects): boolean {
  const { seq, at, participant_sid } = event
  const { talk } = contact
  const agent = agentOf(contact, event)
  const isAgent = workerOf(talk, participant_sid) !== undefined
  if (agent) replied(contact, agent, at, effects)
  else if (participant_sid === null || isAgent || talk.others.includes(participant_sid)) return false
  else contact.talk = { ...talk, first_at: talk.first_at ?? at, waits_since: talk.waits_since ?? at }
  contact.seq = seq
  contact.at = at
  return true
}

/** Whether a message on a contact that is not known yet would be the customer's. */
export function isCustomers({ participant_sid }: InsightEvent): boolean {
  return participant_sid !== null
}

/** The worker whose participant it is; the last one, where it was let in again. */
function workerOf({ agents }: Talk, participant_sid: string | null): string | undefined {
  return agents.findLast(([sid]) => sid === participant_sid)?.[1]
}

interface Agent {
  readonly task: OpenTask
  readonly held: Held
}

/** Whose message it is, of those who have the contact in hand. */
function agentOf({ tasks, talk }: Contact, { participant_sid, author }: InsightEvent): Agent | undefined {
  const worker_sid = workerOf(talk, participant_sid)
  for (const task of tasks)
    for (const held of task.held) {
      const isIt =
        worker_sid === undefined ? author !== null && held.identity === author : held.segment.worker_sid === worker_sid
      if (isIt) return { task, held }
    }
  return undefined
}

function replied(contact: Contact, { task, held }: Agent, at: number, effects: Effects): void {
  const { talk } = contact
  const { first_at, waits_since } = talk
  const { segment: before } = held
  const isFirst = !talk.is_answered && first_at !== null
  const segment: Segment = {
    ...before,
    agent_response_ms: before.agent_response_ms ?? at - before.began_at,
    first_response_ms: isFirst ? at - first_at : before.first_response_ms,
    responses: before.responses + (waits_since === null ? 0 : 1),
    response_ms: before.response_ms + (waits_since === null ? 0 : at - waits_since)
  }
  effects.segment(segment)
  putHeld(task, held, { ...held, segment })
  contact.talk = { ...talk, is_answered: talk.is_answered || isFirst, waits_since: null }
}

function newTask(event: InsightEvent, task_sid: string): OpenTask {
  return {
    place: placeOf(event, task_sid),
    facts: readAttributes(task_sid, event.task_attributes ?? '{}').facts,
    waiting: null,
    offers: emptyList,
    rang_at: null,
    held: emptyList,
    done: emptyList,
    has_timed_out: false,
    is_over: false
  }
}

function placeOf(event: InsightEvent, task_sid: string): Place {
  const { workspace_sid, task_queue_sid, workflow_sid, task_channel_sid, task_channel_unique_name: channel } = event
  return { workspace_sid, task_sid, task_queue_sid, workflow_sid, task_channel_sid, channel }
}

/** Where the task is now: the same object where that has not changed, as it seldom does. */
function placeAfter({ place }: OpenTask, event: InsightEvent): Place {
  const isSame =
    place.task_queue_sid === event.task_queue_sid &&
    place.workflow_sid === event.workflow_sid &&
    place.task_channel_sid === event.task_channel_sid &&
    place.channel === event.task_channel_unique_name &&
    place.workspace_sid === event.workspace_sid
  return isSame ? place : placeOf(event, place.task_sid)
}

/** In a queue; whoever has it in hand already does not wait there. */
function entered(task: OpenTask, event: InsightEvent, effects: Effects): void {
  const { at, seq, task_assignment_status: status } = event
  left(task, event, { result: 'moved' }, effects)
  task.place = placeAfter(task, event)
  if (status !== 'pending' && status !== 'reserved') return
  task.waiting = { began_at: at, seq }
  effects.segment(waitOf(task.waiting, task))
}

function offered(task: OpenTask, event: InsightEvent): void {
  const { at, seq, reservation_sid } = event
  if (reservation_sid === null) return
  task.offers = withOne(task.offers, { reservation_sid, at, seq, holder: holderOf(event) })
}

function takenBack(task: OpenTask, { at, reservation_sid }: InsightEvent): void {
  if (!offerOf(task, reservation_sid)) return
  task.offers = offersBut(task, reservation_sid)
  task.rang_at = at
}

function offerOf({ offers }: OpenTask, reservation_sid: string | null): Offer | undefined {
  return offers.find((one) => one.reservation_sid === reservation_sid)
}

function offersBut({ offers }: OpenTask, reservation_sid: string | null): readonly Offer[] {
  return offers.length === 1 && offers[0]?.reservation_sid === reservation_sid
    ? emptyList
    : offers.filter((one) => one.reservation_sid !== reservation_sid)
}

function answered(task: OpenTask, event: InsightEvent, effects: Effects): void {
  const { at, seq, reservation_sid } = event
  if (reservation_sid === null) return
  const { waiting } = task
  const offer = offerOf(task, reservation_sid)
  const ring_ms = offer ? at - offer.at : null
  const queue_ms = waiting ? at - waiting.began_at : null
  task.offers = offersBut(task, reservation_sid)
  capture(task, event, effects)
  left(task, event, { result: 'answered', ring_ms }, effects)
  task.place = placeAfter(task, event)
  const begun = { kind: 'conversation', began_at: at, seq, ring_ms, queue_ms } as const
  const segment = begunSegment(begun, task.place, task.facts, holderOf(event))
  effects.segment(segment)
  task.held = withOne(task.held, { reservation_sid, segment, identity: identityIn(event), wrap_up_at: null })
}

/** An offer that came to nothing. */
function declined(task: OpenTask, event: InsightEvent, kind: 'missed' | 'rejected', effects: Effects): void {
  const { at, reservation_sid } = event
  const offer = offerOf(task, reservation_sid)
  if (!offer) return
  const begun = { kind, began_at: offer.at, seq: offer.seq, ended_at: at, ring_ms: at - offer.at } as const
  const place = { ...task.place, task_queue_sid: event.task_queue_sid }
  const segment = begunSegment(begun, place, task.facts, offer.holder)
  effects.segment(segment)
  task.offers = offersBut(task, reservation_sid)
  addDone(task, segment)
}

function wrapping(task: OpenTask, { at, reservation_sid }: InsightEvent, effects: Effects): void {
  const held = heldOf(task, reservation_sid)
  if (held) talkedOut(task, held, at, effects)
}

/** An agent has it in hand no longer. */
function released(task: OpenTask, event: InsightEvent, result: Result, effects: Effects): void {
  const { reservation_sid } = event
  const held = heldOf(task, reservation_sid)
  if (!held) return
  addDone(task, endedSegment(task, held, event, { result, effects }))
  task.held = task.held.length === 1 ? emptyList : task.held.filter((one) => one !== held)
}

function endedSegment(
  task: OpenTask,
  { segment, wrap_up_at }: Held,
  { at, task_sid, task_attributes }: InsightEvent,
  { result, effects }: { readonly result: Result; readonly effects: Effects }
): Segment {
  const read = task_sid === null || task_attributes === null ? undefined : readAttributes(task_sid, task_attributes)
  const talked = wrap_up_at === null ? talkUntil(segment, task, at) : segment
  const ended: Segment = {
    ...segment,
    ended_at: at,
    result,
    queue_ms: read?.queue_ms ?? segment.queue_ms,
    talk_ms: read?.talk_ms ?? talked.talk_ms,
    hold_ms: read?.hold_ms ?? talked.hold_ms,
    dial_ms: talked.dial_ms,
    wrap_up_ms: wrap_up_at === null ? 0 : at - wrap_up_at
  }
  effects.segment(ended)
  return ended
}

/** The agent who has begun a transfer hands on what it has in hand, or does so no longer. */
function handedOn(task: OpenTask, event: InsightEvent, transfer: Segment['transfer'], effects: Effects): void {
  const { worker_sid } = event
  const changed = (segment: Segment): Segment => {
    if (segment.kind !== 'conversation' || segment.worker_sid !== worker_sid || segment.transfer === transfer)
      return segment
    const handed = { ...segment, transfer }
    effects.segment(handed)
    return handed
  }
  task.held = task.held.map((one) => ({ ...one, segment: changed(one.segment) }))
  const isHeld = task.held.some(({ segment }) => segment.worker_sid === worker_sid)
  // Who hands on cold may have let go before it is known what became of it.
  const last = isHeld
    ? undefined
    : task.done.findLast((one) => one.worker_sid === worker_sid && one.kind === 'conversation')
  if (last) task.done = task.done.map((one) => (one === last ? changed(one) : one))
}

function transferOf(mode: string | null): 'cold' | 'warm' {
  return mode === 'COLD' || mode === 'cold' || mode === 'external' ? 'cold' : 'warm'
}

/** Over, but for what agents have still in hand: that ends with their reservations. */
function ended(task: OpenTask, event: InsightEvent, effects: Effects): void {
  capture(task, event, effects)
  left(task, event, { result: givenUp(task, event) }, effects)
  task.offers = emptyList
  task.is_over = true
}

function dropped(task: OpenTask, event: InsightEvent, effects: Effects): void {
  ended(task, event, effects)
  for (const held of task.held) endedSegment(task, held, event, { result: 'dropped', effects })
  task.held = emptyList
}

/** How a wait ends where nobody has answered. */
function givenUp({ rang_at, offers, has_timed_out }: OpenTask, { at }: InsightEvent): Result {
  const isRinging = rang_at === at || offers.length > 0
  return has_timed_out ? 'timed_out' : isRinging ? 'ringing' : 'abandoned'
}

/**
 * Reads the attributes again: all that belongs to the task has the facts that are told last (reference flex 21). What was read
 * before is the same object, and is told again only at the end.
 */
function capture(task: OpenTask, { type, task_attributes }: InsightEvent, effects: Effects): void {
  if (task_attributes === null) return
  const read = readAttributes(task.place.task_sid, task_attributes)
  const { facts } = read
  if (facts !== task.facts || tells.has(type)) effects.text(task.place.task_sid, read)
  if (isSame(facts, task.facts)) return
  task.facts = facts
  const put = (segment: Segment): Segment => {
    const right = { ...segment, ...facts }
    effects.segment(right)
    return right
  }
  if (task.waiting) effects.segment(waitOf(task.waiting, task))
  task.held = task.held.map((one) => ({ ...one, segment: put(one.segment) }))
  task.done = task.done.map(put)
}

/** With which events a task begins and ends. */
const tells: ReadonlySet<string> = new Set([
  'task.created',
  ...['task.completed', 'task.canceled', 'task.deleted', 'task.system-deleted']
])

function isSame(a: Facts, b: Facts): boolean {
  return (
    a === b ||
    (a.conversation_id === b.conversation_id &&
      a.direction === b.direction &&
      a.communication_channel === b.communication_channel &&
      a.outcome === b.outcome &&
      a.hang_up_by === b.hang_up_by &&
      a.abandoned === b.abandoned &&
      a.abandoned_phase === b.abandoned_phase &&
      a.labels === b.labels)
  )
}
