import type { Operation } from '@ringdown/contract/operation'
import { type Sight, seesConversation, seesTask } from '../access/sight.ts'
import { conversationOf, userOf } from './conversations/cold-lookup.ts'
import type { AnyCall, Context } from './handler.ts'

/** Something that a call is about: whether somebody may see it. */
type Subject = (sight: Sight, context: Context) => boolean | Promise<boolean>

type Seen = (sight: Sight, value: string, context: Context, path: AnyCall['path']) => boolean | Promise<boolean>

/** By the name that a path or a parameter has for it. */
const seen: Readonly<Record<string, Seen>> = {
  worker_sid: (sight, sid) => sight.worker(sid),
  routing_target: (sight, sid) => sight.worker(sid),
  task_sid: (sight, sid, { ledger }) => seesTask(sight, ledger, sid),
  task_queue_sid: (sight, sid) => sight.queue(sid),
  interaction_sid: (sight, sid) => sight.interaction(sid),
  flex_user_sid: (sight, sid) => sight.user(sid),
  identity: (sight, identity) => sight.member(identity),
  async reservation_sid(sight, sid, { state, ledger }) {
    const row = state.find('reservation', sid) ?? (await ledger.find('reservation', { sid }))[0]
    return row !== undefined && sight.reservation(row)
  },
  async conversation_sid(sight, name, context, path) {
    const found = await conversationOf(context, name, path).catch(nothing)
    return found !== undefined && seesConversation(sight, context.ledger, found.sid)
  },
  async user_sid(sight, name, context, path) {
    const found = await userOf(context, { ...path, sid: name }).catch(nothing)
    return found !== undefined && sight.member(found.identity)
  }
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
  interaction: 'interaction_sid'
}

/** Parameters that narrow what is asked for as a path does, by operation. */
const inParameters: Readonly<Record<string, readonly string[]>> = {
  'taskrouter_v1.CreateTask': ['routing_target'],
  'taskrouter_v1.ListEvent': ['worker_sid', 'task_sid', 'task_queue_sid', 'reservation_sid'],
  'taskrouter_v1.FetchWorkerStatistics': ['worker_sid'],
  'conversations_v1.ListParticipantConversation': ['identity'],
  'conversations_v1.ListServiceParticipantConversation': ['identity']
}

/** All that a call is about and that belongs to somebody; nothing where its path and parameters leave that open. */
export function subjectsOf({ id, resource }: Operation, { path, params }: AnyCall): readonly Subject[] {
  const found: Subject[] = []
  const add = (name: string, value: unknown) => {
    const isSeen = seen[name]
    if (isSeen && value !== undefined) found.push((sight, context) => isSeen(sight, String(value), context, path))
  }
  for (const [name, value] of Object.entries(path)) add(name === 'sid' ? (own[resource] ?? name) : name, value)
  for (const name of inParameters[id] ?? []) add(name, params[name])
  return found
}
