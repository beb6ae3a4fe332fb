import { setAt } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { EventRefs } from '../events.ts'
import { inWorkspace } from '../routing/lookup.ts'
import type { TaskRow } from '../routing/rows.ts'
import { fitsAttributes } from '../routing/task.ts'
import { isOfCustomer } from './flow-contact.ts'
import { addInvite } from './invite.ts'
import { conversationOfChannel } from './lookup.ts'
import { leaveChannel } from './member.ts'
import { type InteractionChannelRow, isUsable, type ParkedContactRow } from './rows.ts'
import { inviteAttributes } from './task-attributes.ts'

/*
 * Contacts that an agent has put aside: nobody is in them, their conversations go on, and they come back when the customer
 * writes, when it is time, or when the agent wants it so. Flex has the parts of it, and its project template puts them
 * together by webhooks and functions (reference flex 8.2); here it is one step, and nothing has to be deployed.
 */

/** Contacts that one worker may have parked. */
const maxParked = 200

/** Why one is parked no more: an agent has `joined` its channel, or it has `ended` with it. */
export type Unparking = 'customer' | 'worker' | 'time' | 'joined' | 'ended'

interface OfWorker {
  readonly workspace_sid: string
  readonly worker_sid: string
}

/** The agent leaves the contact of a task that it has in hand, and is done with the task; the conversation stays open. */
export function createParkedContact(
  state: State,
  { task_sid, resume_at, ...path }: OfWorker & { readonly task_sid: string; readonly resume_at?: number | null }
): { parked_contact: ParkedContactRow } {
  const { workspace_sid, sid: worker_sid } = inWorkspace(state, 'worker', path.workspace_sid, path.worker_sid)
  // What has left memory is in nobody's hands.
  const task = state.resident('task', task_sid)
  const invite = state.tables.invite.firstBy('task_sid', task_sid)
  const channel = state.resident('interaction_channel', invite?.channel_sid)
  const members = channel ? state.tables.interaction_participant.list('channel_sid', channel.sid) : []
  const member = members.find((one) => one.task_sid === task_sid && one.worker_sid === worker_sid)
  if (task?.workspace_sid !== workspace_sid || !channel || member?.type !== 'agent' || member.status !== 'active')
    return refuse('invalid', `TaskSid: Worker ${worker_sid} is in no contact by Task ${task_sid}`)
  const conversation = conversationOfChannel(state, channel)
  if (!isUsable(channel) || !conversation || conversation.state === 'closed')
    return refuse('interaction.closed', `Channel ${channel.sid} has no conversation that goes on`)
  if (members.some((one) => one !== member && one.type === 'agent' && one.status === 'active'))
    refuse('not_possible', `Channel ${channel.sid} has another agent: leave it instead`)
  checkLater(state, resume_at)
  if (state.tables.parked_contact.count('worker_sid', worker_sid) >= maxParked)
    refuse('too_many', `Worker ${worker_sid} has parked ${maxParked} contacts; more are not possible`)
  const parked_contact = state.insert('parked_contact', {
    workspace_sid,
    worker_sid,
    interaction_sid: channel.interaction_sid,
    channel_sid: channel.sid,
    conversation_sid: conversation.sid,
    task_sid,
    task_queue_sid: task.task_queue_sid,
    workflow_sid: task.workflow_sid,
    task_channel_sid: task.task_channel_sid,
    priority: task.priority,
    attributes: task.attributes,
    resume_at: resume_at ?? null
  })
  leaveChannel(state, member)
  emitParked(state, 'ringdown.contact.parked', parked_contact)
  return { parked_contact }
}

/** Brings it back to its agent (`status` resumed), or says when it comes back by itself. */
export function updateParkedContact(
  state: State,
  params: OfWorker & { readonly sid: string; readonly status?: 'resumed'; readonly resume_at?: number | null }
): { parked_contact: ParkedContactRow } {
  const row = parkedContactOf(state, params)
  if (params.status === 'resumed') {
    const why = whyNot(state, row)
    if (why !== undefined) refuse('not_possible', `Parked contact ${row.sid} cannot be resumed: ${why}`)
    resume(state, row, 'worker')
    return { parked_contact: row }
  }
  if (params.resume_at === undefined) return { parked_contact: row }
  checkLater(state, params.resume_at)
  const parked_contact = state.change('parked_contact', row.sid, { resume_at: params.resume_at })
  emitParked(state, 'ringdown.contact.parked', parked_contact)
  return { parked_contact }
}

function checkLater(state: State, resume_at: number | null | undefined): void {
  if (typeof resume_at === 'number' && resume_at <= state.at) refuse('invalid', 'ResumeAt must be later than now')
}

export function parkedContactOf(state: State, { workspace_sid, worker_sid, sid }: OfWorker & { readonly sid: string }) {
  const row = state.tables.parked_contact.find(sid)
  if (row?.worker_sid === worker_sid && row.workspace_sid === workspace_sid) return row
  return notFound(`/Workspaces/${workspace_sid}/Workers/${worker_sid}/ParkedContacts/${sid}`)
}

export function parkedContactDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  bringBack(state, state.tables.parked_contact.need(sid), 'time')
  return {}
}

/** The customer of a parked contact has written: somebody is asked to answer. */
export function parkedCustomerWrites(state: State, { conversation, message, extra }: EventRefs): void {
  const open = state.resident('conversation', conversation?.sid)
  const parked = open && state.tables.parked_contact.firstBy('conversation_sid', open.sid)
  if (!message || !parked || open.state === 'closed' || !isOfCustomer(state, open, message, extra?.source)) return
  bringBack(state, parked, 'customer')
}

/** Nobody comes back to what has ended, or to what an agent has in hand who was invited meanwhile. */
export function unpark(state: State, channel_sid: string, reason: 'joined' | 'ended'): void {
  const parked = state.tables.parked_contact.firstBy('channel_sid', channel_sid)
  if (parked) forget(state, parked, reason)
}

/** Nobody is there who could be told that it is not possible: an event says so, and the contact stays parked. */
function bringBack(state: State, parked: ParkedContactRow, reason: Unparking): void {
  const why = whyNot(state, parked)
  if (why === undefined) {
    resume(state, parked, reason)
    return
  }
  const parked_contact =
    parked.resume_at === null ? parked : state.change('parked_contact', parked.sid, { resume_at: null })
  state.emit('ringdown.contact.not-resumed', { parked_contact, extra: { reason, why } })
}

/** What it was routed by may have gone since. */
function whyNot(state: State, parked: ParkedContactRow): string | undefined {
  const { workspace_sid, workflow_sid, task_channel_sid, channel_sid } = parked
  const channel = state.resident('interaction_channel', channel_sid)
  if (!channel || !isUsable(channel)) return `Channel ${channel_sid} has ended`
  const isRouted = state.tables.task_queue.find(parked.task_queue_sid) ?? state.tables.workflow.find(workflow_sid)
  if (!isRouted) return 'its TaskQueue and its Workflow are gone'
  if (attributesOf(channel, parked, `KG${'0'.repeat(32)}`, 'customer') === undefined)
    return 'its attributes have grown too long'
  if (!state.tables.task_channel.find(task_channel_sid)) return `there is no TaskChannel ${task_channel_sid}`
  const most = state.settings.limits.tasks
  return state.tables.task.count('workspace_sid', workspace_sid) < most ? undefined : `there are ${most} tasks`
}

/**
 * Asks the agent again where it works and its queue is there; else whoever is in that queue; else, as the workflow has it,
 * anybody. The task has what it had before, and says that it was parked.
 */
function resume(state: State, parked: ParkedContactRow, reason: Unparking): TaskRow {
  const { workspace_sid, worker_sid, workflow_sid, task_channel_sid, priority } = parked
  const channel: InteractionChannelRow = state.tables.interaction_channel.need(parked.channel_sid)
  forget(state, parked, reason)
  const queue = state.tables.task_queue.find(parked.task_queue_sid)
  const worker = state.tables.worker.find(worker_sid)
  const isThere = worker !== undefined && state.tables.activity.find(worker.activity_sid)?.available === true
  const routing = {
    workspace_sid,
    workflow_sid: state.tables.workflow.find(workflow_sid)?.sid,
    queue_sid: queue?.sid,
    worker_sid: queue && (isThere || reason === 'worker') ? worker?.sid : undefined,
    task_channel: task_channel_sid,
    attributes: {},
    attributes_text: parked.attributes,
    priority,
    timeout: undefined
  }
  const sid = state.sid('KG')
  const attributes = attributesOf(channel, parked, sid, reason) ?? parked.attributes
  return addInvite(state, channel, routing, { sid, attributes, unmatched: 'canceled' }).task
}

/** Those of the task that was, and that it was parked where there is room for that; undefined where there is none for any. */
function attributesOf(
  channel: InteractionChannelRow,
  { attributes, task_sid, worker_sid }: ParkedContactRow,
  invite_sid: string,
  reason: Unparking
): string | undefined {
  const parked = setAt(attributes, ['parked'], JSON.stringify({ task_sid, worker_sid, reason }))
  return [parked, attributes].map((text) => inviteAttributes(text, channel, invite_sid)).find(fitsAttributes)
}

function forget(state: State, parked: ParkedContactRow, reason: Unparking): void {
  state.remove('parked_contact', parked.sid)
  emitParked(state, 'ringdown.contact.unparked', parked, reason)
}

function emitParked(
  state: State,
  type: `ringdown.contact.${'parked' | 'unparked'}`,
  parked_contact: ParkedContactRow,
  reason?: Unparking
): void {
  state.emit(type, { parked_contact, ...(reason !== undefined && { extra: { reason } }) })
}
