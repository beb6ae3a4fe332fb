import { ApiError } from '@ringdown/client/api-error'
import { ask, askList } from '../api/api.ts'
import { changeAsItIs } from '../api/changing.ts'
import { ownPlace } from '../app/session.ts'
import { queries, refreshDesk } from '../live/desk.ts'
import { attempt } from '../live/notices.ts'
import { forgetRead } from '../live/read-marks.ts'
import { channelOf, type DeskItem, type DeskTask, type FlexConfiguration, objectIn, textIn } from '../live/rows.ts'
import { Store } from '../live/store.ts'
import { wordsOf } from '../words/words.ts'
import { type InteractionPlace, transferBegun, transfers } from './transfers.ts'

/* What an agent does. The answer decides what is shown: another agent may be faster. */

/** Offers whose answer is under way, or that somebody else has: by reservation. */
export const answering = new Store<ReadonlyMap<string, 'busy' | 'taken'>>(new Map())

/** Accepts or rejects an offer; whether it was ours to answer. */
export async function answerOffer(item: DeskItem, reservation_status: 'accepted' | 'rejected'): Promise<boolean> {
  const { sid } = item.reservation
  if (answering.get().has(sid)) return false
  mark(sid, 'busy')
  try {
    const path = { ...ownPlace(), sid }
    const isCall = reservation_status === 'accepted' && isVoice(item)
    const params = isCall ? await callsThisDesk(item) : { reservation_status }
    await ask('taskrouter_v1.UpdateWorkerReservation', { path, params })
    mark(sid, undefined)
    refreshDesk()
    return true
  } catch (error) {
    const isLate = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429
    if (!isLate) {
      mark(sid, undefined)
      await attempt(() => Promise.reject(error))
      return false
    }
    mark(sid, 'taken')
    setTimeout(() => {
      mark(sid, undefined)
      refreshDesk()
    }, 4000)
    return false
  }
}

/** Whether it is a call, or is to become one; whose message is kept, has gone. */
export function isVoice(item: DeskItem): boolean {
  const { attributes } = item
  if (channelOf(item) !== 'voice' || textIn(attributes, 'taskType') === 'voicemail') return false
  return 'call_sid' in attributes || 'outbound_to' in attributes
}

/** Who accepts a call is called, and answers without being asked again; the reservation is accepted when that is so. */
async function callsThisDesk({ attributes }: DeskItem) {
  const { expectCall } = await import('../phone/phone.ts')
  expectCall()
  const { call_recording_enabled } = queries.getQueryData<FlexConfiguration>(['configuration']) ?? {}
  return {
    instruction: 'conference',
    // A colleague may be in it still, whose call it is as well.
    end_conference_on_exit: textIn(attributes, 'conference', 'sid') === undefined,
    end_conference_on_customer_exit: true,
    beep: 'false',
    ...(call_recording_enabled && { conference_record: 'record-from-start', recording_channels: 'dual' })
  } as const
}

function mark(sid: string, how: 'busy' | 'taken' | undefined): void {
  const next = new Map(answering.get())
  if (how) next.set(sid, how)
  else next.delete(sid)
  answering.set(next)
}

/** Activities that were chosen here a moment ago: nobody is told what they have done themselves. */
export const ownChange = new Set<string>()

export async function setActivity(activity_sid: string): Promise<boolean> {
  const { workspace_sid, worker_sid } = ownPlace()
  return attempt(async () => {
    await ask('taskrouter_v1.UpdateWorker', { path: { workspace_sid, sid: worker_sid }, params: { activity_sid } })
    refreshDesk()
  })
}

/** The interaction that a task is of; undefined for a task that was made alone. */
export function interactionOf({ attributes }: DeskItem): InteractionPlace | undefined {
  const interaction_sid = textIn(attributes, 'flexInteractionSid')
  const channel_sid = textIn(attributes, 'flexInteractionChannelSid')
  return interaction_sid && channel_sid ? { interaction_sid, channel_sid } : undefined
}

/** Ends it for everybody; the task is wrapped up then. */
export async function endContact(item: DeskItem): Promise<boolean> {
  const of = interactionOf(item)
  if (isVoice(item)) (await import('../phone/phone.ts')).hangUp()
  return attempt(async () => {
    if (of) {
      const path = { interaction_sid: of.interaction_sid, sid: of.channel_sid }
      await ask('flex_v1.UpdateInteractionChannel', { path, params: { status: 'closed' } })
    } else {
      const path = { ...ownPlace(), sid: item.reservation.sid }
      await ask('taskrouter_v1.UpdateWorkerReservation', { path, params: { reservation_status: 'wrapping' } })
    }
    refreshDesk()
  })
}

/** Leaves it to the others who are in it. */
export async function leaveContact(item: DeskItem): Promise<boolean> {
  const of = interactionOf(item)
  if (!of) return false
  return attempt(async () => {
    await ask('flex_v1.UpdateInteractionChannelParticipant', {
      path: { ...of, sid: await ownMember(of) },
      params: { status: 'closed' }
    })
    refreshDesk()
  })
}

/** Puts it aside: it comes back when the customer writes. */
export async function parkContact({ task }: DeskItem): Promise<boolean> {
  return attempt(async () => {
    await ask('ringdown_v1.CreateWorkerParkedContact', { path: ownPlace(), params: { task_sid: task.sid } })
    refreshDesk()
    await queries.invalidateQueries({ queryKey: ['parked'] })
  })
}

async function ownMember(of: InteractionPlace): Promise<string> {
  const { worker_sid } = ownPlace()
  const { participants } = await ask('flex_v1.ListInteractionChannelParticipant', { path: of })
  const own = participants.find(({ routing_properties }) => objectIn(routing_properties).worker_sid === worker_sid)
  if (!own?.sid) throw new Error(wordsOf().errors.notInIt)
  return own.sid
}

/** What is said of a contact when it is over. */
export interface WrapUpAnswer {
  readonly outcome: string
  readonly content: string
  /** Other members of `conversations`, as the configuration names them. */
  readonly fields: Readonly<Record<string, string>>
}

/**
 * Keeps the outcome first and completes then, so that no report misses it. Where somebody else has changed the task in
 * between, it is read once more. A task that a colleague has as well, or is to have, goes on: of it only the own part is over.
 */
export async function complete(
  { task, reservation }: DeskItem,
  { outcome, content, fields }: WrapUpAnswer
): Promise<boolean> {
  const { workspace_sid, worker_sid } = ownPlace()
  const path = { workspace_sid, sid: task.sid }
  return attempt(async () => {
    const { assignment_status } = await changeAttributes(task, (attributes) => ({
      ...attributes,
      conversations: {
        ...objectIn(attributes.conversations),
        ...fields,
        ...(outcome !== '' && { outcome }),
        ...(content !== '' && { content })
      }
    }))
    if (assignment_status === 'wrapping') {
      const params = { assignment_status: 'completed', ...(outcome !== '' && { reason: outcome }) } as const
      await ask('taskrouter_v1.UpdateTask', { path, params })
    } else
      await ask('taskrouter_v1.UpdateWorkerReservation', {
        path: { workspace_sid, worker_sid, sid: reservation.sid },
        params: { reservation_status: 'completed' }
      })
    refreshDesk()
  })
}

/** Changes the attributes of a task as they are now. Rejects with what was refused. */
function changeAttributes(
  task: DeskTask,
  change: (attributes: Readonly<Record<string, unknown>>) => object
): Promise<DeskTask> {
  const path = { workspace_sid: ownPlace().workspace_sid, sid: task.sid }
  return changeAsItIs(
    async () => {
      // With the version that they are of, which a task alone does not show.
      const { tasks } = await ask('ringdown_v1.FetchWorkerDesk', { path: ownPlace() })
      return tasks.find(({ sid }) => sid === task.sid) ?? task
    },
    ({ attributes, version }) =>
      ask('taskrouter_v1.UpdateTask', {
        path,
        params: { attributes: JSON.stringify(change(objectIn(attributes))), if_match: String(version) }
      })
  )
}

export async function extendWrapUp({ reservation }: DeskItem): Promise<boolean> {
  const { workspace_sid } = ownPlace()
  const path = { workspace_sid, reservation_sid: reservation.sid }
  return attempt(async () => {
    await ask('ringdown_v1.UpdateReservationWrapUp', { path, params: { extended: !reservation.wrap_up_extended } })
    refreshDesk()
  })
}

export async function transfer(
  item: DeskItem,
  {
    to,
    name,
    isWarm,
    note
  }: { readonly to: string; readonly name: string; readonly isWarm: boolean; readonly note: string }
): Promise<boolean> {
  const of = interactionOf(item)
  if (!of) return isVoice(item) && handOn(item, { to, name, isWarm })
  return attempt(async () => {
    const begun = await ask('flex_v1.CreateInteractionTransfer', {
      path: of,
      params: { type: isWarm ? 'warm' : 'cold', to, ...(note !== '' && { note }) }
    })
    const { sid } = objectIn(begun)
    transferBegun(item.task.sid, { sid: String(sid), name, of })
    void queries.invalidateQueries({ queryKey: ['notes', item.conversation?.sid] })
  })
}

/** Hands a call on; cold, this desk is done with it. */
async function handOn(
  item: DeskItem,
  { to, name, isWarm }: { readonly to: string; readonly name: string; readonly isWarm: boolean }
): Promise<boolean> {
  const [{ transferCall }, { hangUp }] = await Promise.all([
    import('../phone/task-call.ts'),
    import('../phone/phone.ts')
  ])
  return attempt(async () => {
    const sid = await transferCall(item, { to, isWarm })
    if (isWarm) transferBegun(item.task.sid, { sid, name, of: undefined })
    else hangUp()
    refreshDesk()
  })
}

/** Calls somebody outside into a call, whose customer waits meanwhile. */
export async function consult({ task }: DeskItem, number: string): Promise<boolean> {
  const { callOutside } = await import('../phone/task-call.ts')
  return attempt(() => callOutside(task.sid, number))
}

export async function takeBack(task_sid: string): Promise<boolean> {
  const pending = transfers.get().get(task_sid)
  if (!pending) return false
  const { of, sid } = pending
  return attempt(async () => {
    if (!of) return (await import('../phone/task-call.ts')).cancelTransfer(sid)
    return ask('flex_v1.UpdateInteractionTransfer', { path: { ...of, sid }, params: { status: 'failed' } })
  })
}

export interface Outbound {
  readonly address: string
  readonly from: string
  readonly type: string
  readonly queue_sid: string
}

/** A conversation of an address that goes on: to write there is better than to begin another one. */
export async function openConversationOf(address: string): Promise<string | undefined> {
  const found = await askList('conversations_v1.ListParticipantConversation', { params: { address } }, 20).catch(
    () => []
  )
  const open = found.find(({ conversation_state }) => conversation_state !== 'closed')
  return open?.conversation_sid ?? undefined
}

/** Writes to somebody first; answers the task of it, or undefined where that did not work. */
export async function begin({ address, from, type, queue_sid }: Outbound): Promise<string | undefined> {
  const { workspace_sid, worker_sid } = ownPlace()
  let task_sid: string | undefined
  await attempt(async () => {
    const { routing } = await ask('flex_v1.CreateInteraction', {
      params: {
        channel: { type, initiated_by: 'agent', participants: [{ address, proxy_address: from }] },
        routing: {
          properties: {
            workspace_sid,
            worker_sid,
            queue_sid,
            task_channel_unique_name: type === 'sms' ? 'sms' : 'chat',
            attributes: { customerAddress: address }
          }
        }
      }
    })
    task_sid = textIn(routing, 'properties', 'sid')
    refreshDesk()
  })
  return task_sid
}

export async function addNote(conversation_sid: string, body: string): Promise<boolean> {
  const mentions = [...new Set([...body.matchAll(/(?:^|\s)@([\p{L}\d._-]+)/gu)].map(([, name = '']) => name))]
  return attempt(async () => {
    await ask('ringdown_v1.CreateConversationNote', {
      path: { conversation_sid },
      params: { body, ...(mentions.length > 0 && { mentions }) },
      idempotency_key: crypto.randomUUID()
    })
    await queries.invalidateQueries({ queryKey: ['notes', conversation_sid] })
  })
}

/** As if the customer's last message had not been read. */
export async function markUnread(conversation_sid: string, user_sid: string, last: number): Promise<boolean> {
  const params = last > 0 ? { last_read_message_index: last - 1 } : { last_read_message_index: null }
  return attempt(async () => {
    await ask('conversations_v1.UpdateUserConversation', { path: { user_sid, conversation_sid }, params })
    forgetRead(conversation_sid)
    refreshDesk()
  })
}

/** Asks for help: a note for colleagues, and a mark on the task that supervisors see. */
export async function askForHelp(item: DeskItem): Promise<boolean> {
  return attempt(async () => {
    await changeAttributes(item.task, (attributes) => ({ ...attributes, help_asked: true }))
    if (item.conversation) await addNote(item.conversation.sid, wordsOf().canvas.helpNote)
  })
}

const typed = new Map<string, number>()

/** Shows others that something is being written; sent at most every three seconds. */
export function sendTyping(conversation_sid: string, identity: string): void {
  const now = performance.now()
  if (now - (typed.get(conversation_sid) ?? Number.NEGATIVE_INFINITY) < 3000) return
  typed.set(conversation_sid, now)
  ask('ringdown_v1.UpdateConversationTyping', { path: { conversation_sid }, params: { identity } }).catch(() => {})
}
