import type { Operation } from '@ringdown/contract/operation'
import { Refusal } from '@ringdown/engine/core/refusals'
import { channelParameter, routingParameter } from '@ringdown/engine/flex/parameters'
import { transferrerOf } from '@ringdown/engine/flex/transfer'
import type { ReservationRow } from '@ringdown/engine/routing/rows'
import { type MaybePromise, whenThere } from '../access/at-once.ts'
import { type Sight, seesConversation, seesTask } from '../access/sight.ts'
import { conversationOf, userOf } from './conversations/cold-lookup.ts'
import type { AnyCall, Context } from './handler.ts'
import { findMedia } from './media/lookup.ts'

/** Something that a call is about: whether somebody may see it. */
type Subject = (sight: Sight, context: Context) => MaybePromise<boolean>

type Seen = (sight: Sight, value: string, context: Context, path: AnyCall['path']) => MaybePromise<boolean>

/** By the name that a path or a parameter has for it. */
const seen: Readonly<Record<string, Seen>> = {
  worker_sid: (sight, sid) => sight.worker(sid),
  routing_target: (sight, sid) => sight.worker(sid),
  task_sid: (sight, sid, { ledger }) => seesTask(sight, ledger, sid),
  task_queue_sid: (sight, sid) => sight.queue(sid),
  interaction_sid: (sight, sid) => sight.interaction(sid),
  flex_user_sid: (sight, sid) => sight.user(sid),
  identity: (sight, identity) => sight.member(identity),
  reservation_sid: (sight, sid, context) =>
    whenThere(reservationOf(context, sid), (row) => row !== undefined && sight.reservation(row)),
  reservation_of_task: (sight, sid, context) =>
    whenThere(reservationOf(context, sid), (row) => row !== undefined && sight.reservationOfTask(row)),
  async conversation_sid(sight, name, context, path) {
    const found = await conversationOf(context, name, path).catch(nothing)
    return found !== undefined && seesConversation(sight, context.ledger, found.sid)
  },
  /** What was sent is for who sees it there; what was not, for who has uploaded it. */
  async media_sid(sight, sid, context) {
    const row = await findMedia(context, sid)
    if (row?.conversation_sid) return seesConversation(sight, context.ledger, row.conversation_sid)
    return row?.status === 'unattached' && row.author !== null && sight.member(row.author)
  },
  async user_sid(sight, name, context, path) {
    const found = await userOf(context, { ...path, sid: name }).catch(nothing)
    return found !== undefined && sight.member(found.identity)
  }
}

function reservationOf({ state, ledger }: Context, sid: string): MaybePromise<ReservationRow | undefined> {
  return state.find('reservation', sid) ?? ledger.find('reservation', { sid }).then(([row]) => row)
}

/** What is not there is refused as what is somebody else's: nobody learns which of both it is. */
const nothing = () => undefined

/** Resources that a path names by `sid`, and what else it is called. */
const own: Readonly<Record<string, string>> = {
  worker: 'worker_sid',
  task: 'task_sid',
  task_queue: 'task_queue_sid',
  worker_reservation: 'reservation_sid',
  task_reservation: 'reservation_sid',
  conversation: 'conversation_sid',
  service_conversation: 'conversation_sid',
  user: 'user_sid',
  service_user: 'user_sid',
  interaction: 'interaction_sid',
  media: 'media_sid'
}

/** Parameters that narrow what is asked for as a path does, by operation. */
const inParameters: Readonly<Record<string, readonly string[]>> = {
  'taskrouter_v1.CreateTask': ['routing_target'],
  'taskrouter_v1.ListEvent': ['worker_sid', 'task_sid', 'task_queue_sid', 'reservation_sid'],
  'taskrouter_v1.FetchWorkerStatistics': ['worker_sid'],
  'ringdown_v1.UpdateWorkerSupervision': ['task_sid'],
  'conversations_v1.ListParticipantConversation': ['identity'],
  'conversations_v1.ListServiceParticipantConversation': ['identity']
}

/** What some operations are about beside what their paths name. */
const inBodies: Readonly<Record<string, (call: AnyCall) => Subject>> = {
  // One that its own maker begins and gets.
  'flex_v1.CreateInteraction': ({ params }) => {
    return async (sight, { ledger }) => {
      const { worker_sid, media_channel_sid } = ownMaker(params) ?? {}
      if (worker_sid === undefined || !sight.worker(worker_sid)) return false
      // Nobody comes into a conversation by naming it.
      return !media_channel_sid || seesConversation(sight, ledger, media_channel_sid)
    }
  },
  // Nobody hands on what somebody else is in, or takes that back.
  'flex_v1.CreateInteractionTransfer': ({ path, params }) => {
    return (sight, { state }) => {
      const channel = state.find('interaction_channel', String(path.channel_sid))
      const worker_sid = channel && transferrerOf(state, channel, params.from).worker_sid
      return typeof worker_sid === 'string' && sight.worker(worker_sid)
    }
  },
  'flex_v1.UpdateInteractionTransfer': ({ path }) => {
    return async (sight, { state, ledger }) => {
      const sid = String(path.sid)
      const row = state.find('interaction_transfer', sid) ?? (await ledger.find('interaction_transfer', { sid }))[0]
      return typeof row?.from_worker_sid === 'string' && sight.worker(row.from_worker_sid)
    }
  }
}

/**
 * The worker to whom an interaction goes that an agent begins, and the conversation that it names; undefined for every other,
 * and for what is none.
 */
function ownMaker({ channel, routing }: AnyCall['params']) {
  try {
    const { initiated_by, sid, media_channel_sid } = channelParameter(channel)
    if (initiated_by !== 'agent' || sid !== undefined) return undefined
    return { worker_sid: routingParameter(routing).worker_sid, media_channel_sid }
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/**
 * All that calls of an operation are about and that belongs to somebody; nothing where the path and the parameters of a call
 * leave that open.
 */
export function subjectsIn({ id, resource, verb }: Operation): (call: AnyCall) => readonly Subject[] {
  const itself = resource === 'task_reservation' && verb === 'fetch' ? 'reservation_of_task' : (own[resource] ?? 'sid')
  const parameters = inParameters[id] ?? []
  const inBody = inBodies[id]
  return (call) => {
    const { path, params } = call
    const found: Subject[] = []
    const add = (name: string, value: unknown) => {
      const isSeen = seen[name]
      if (isSeen && value !== undefined) found.push((sight, context) => isSeen(sight, String(value), context, path))
    }
    for (const name in path) add(name === 'sid' ? itself : name, path[name])
    for (const name of parameters) add(name, params[name])
    if (inBody) found.push(inBody(call))
    return found
  }
}
