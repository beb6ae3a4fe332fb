import { permissions } from '@ringdown/contract/generated/permissions'
import type { State } from '@ringdown/engine/center'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import { allowsRight, type Caller, type RoleStanding, type Standing } from './caller.ts'
import { Sight, teamOf } from './sight.ts'

/** What an event tells of, as far as it decides who may hear it. */
export interface EventSubject {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Follows the log for a caller. */
export interface EventReader {
  /** Whether the caller may still come in; undefined for the account itself. */
  readonly stands: (() => boolean) | undefined
  /** Whether it may hear of an event, by what it may see now; undefined for who hears everything. */
  readonly sees: ((event: EventSubject) => boolean) | undefined
}

/** Conversations of which is remembered that they were seen: closed ones are in memory no more. */
const maxSeen = 1000

/**
 * What a caller may hear of the log: a supervisor of its team's workers, an agent what concerns itself, a customer what
 * happens in its conversations. A right that is taken away narrows it at once.
 */
export function eventReader(caller: Caller, state: () => State | undefined): EventReader {
  const kind = caller.standing()?.kind
  // The account itself stands as long as it is open; a token that it has signed has an end, whether it names somebody or not.
  const isAccount = kind === 'everything' && !caller.actor
  const stands = isAccount ? undefined : () => mayFollow(caller.standing())
  if (kind === 'everything') return { stands, sees: undefined }
  if (kind !== 'roles') return { stands, sees: (event) => !isOfAccess(event) }
  const own = new OwnEvents(caller, state)
  return { stands, sees: (event) => own.has(event) }
}

/** Whether somebody may follow the log any more: a policy may have been changed meanwhile. */
function mayFollow(standing: Standing | undefined): boolean {
  const { right } = permissions['ringdown_v1.ListEvent']
  return standing !== undefined && (standing.kind !== 'policy' || allowsRight(standing.policy, right, false))
}

class OwnEvents {
  readonly #caller: Caller
  readonly #state: () => State | undefined
  readonly #seen = new Set<string>()
  /** Of the last decision that was looked at. */
  #sights: readonly ((event: EventSubject) => boolean)[] = []
  #of: { readonly state: State; readonly decision: number } | undefined

  constructor(caller: Caller, state: () => State | undefined) {
    this.#caller = caller
    this.#state = state
  }

  has(event: EventSubject): boolean {
    const state = this.#state()
    const standing = this.#caller.standing()
    if (!state || standing?.kind !== 'roles') return false
    if (state !== this.#of?.state || state.decision !== this.#of.decision) {
      this.#of = { state, decision: state.decision }
      this.#sights = standing.roles.map((held) => this.#sightOf(held, standing, state))
    }
    return this.#sights.some((sees) => sees(event))
  }

  #sightOf(
    { role, isTaskRouter }: RoleStanding['roles'][number],
    standing: RoleStanding,
    state: State
  ): (event: EventSubject) => boolean {
    const isHere = ({ data }: EventSubject) =>
      data.workspace_sid === undefined ? !isTaskRouter : data.workspace_sid === standing.workspace_sid
    if (role === 'admin') return isTaskRouter ? (event) => isHere(event) && !isOfAccess(event) : () => true
    const team = role === 'supervisor' ? teamOf(state, standing) : undefined
    if (role === 'supervisor' && team === undefined) return (event) => isHere(event) && !isOfAccess(event)
    const sight = new Sight(state, standing, team)
    if (role === 'chat')
      return (event) =>
        !isAmongColleagues(event) &&
        this.#isInConversation(event.data, sight, standing.chat_service_sid ?? defaultServiceSid(state))
    return (event) =>
      isHere(event) &&
      (isOfDesks(event) ||
        isOnFloor(event.data, sight) ||
        (!isTaskRouter && this.#isInConversation(event.data, sight, standing.chat_service_sid)))
  }

  /** Of a conversation that somebody is in; or that it was in while it was open, once it is closed. */
  #isInConversation(data: EventSubject['data'], sight: Sight, chat_service_sid: string | undefined): boolean {
    const sid = data.conversation_sid ?? data.media_channel_sid
    if (typeof sid !== 'string') return false
    if (chat_service_sid !== undefined && data.chat_service_sid !== chat_service_sid) return false
    // Who is let in or out hears that it is.
    if (typeof data.participant_sid === 'string' && typeof data.identity === 'string' && sight.member(data.identity))
      return true
    const isIn = sight.conversation(sid)
    if (isIn === undefined) return this.#seen.has(sid)
    if (!isIn) this.#seen.delete(sid)
    else if (this.#seen.size < maxSeen) this.#seen.add(sid)
    return isIn
  }
}

/** Customers are told nothing of what colleagues tell each other, nor who looks at what they write. */
function isAmongColleagues({ type }: EventSubject): boolean {
  return type.startsWith('note.') || type === 'viewing'
}

/** What every desk shows, whoever sits there. */
function isOfDesks({ type }: EventSubject): boolean {
  return type.startsWith('canned-response.')
}

function isOnFloor(
  { worker_sid, task_sid, interaction_sid, task_queue_sid }: EventSubject['data'],
  sight: Sight
): boolean {
  if (typeof worker_sid === 'string') return sight.worker(worker_sid)
  if (typeof task_sid === 'string') return sight.task(task_sid)
  if (typeof interaction_sid === 'string') return sight.interaction(interaction_sid)
  return typeof task_queue_sid === 'string' && sight.queue(task_queue_sid)
}

/** Keys, users and sessions are the account's business, and that of its administrators. */
function isOfAccess({ type }: EventSubject): boolean {
  return /^ringdown\.(?:key|flex-user|session)\./.test(type)
}
