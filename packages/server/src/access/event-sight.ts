import { permissions } from '@ringdown/contract/generated/permissions'
import type { Role } from '@ringdown/contract/permissions'
import type { State } from '@ringdown/engine/center'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import type { Ledger } from '../commit/ledger.ts'
import { allowsRight, type Caller, type RoleStanding, type Standing } from './caller.ts'
import { Sight, teamOf } from './sight.ts'

/** An event, as far as it decides who may receive it. */
export interface EventSubject {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * How much of an event somebody receives: all of it; without what agents are not shown of queues (`own`); without a worker's
 * private data, either (`names`); only what it means for a task (`task`); nothing.
 */
export type EventDetail = 'all' | 'own' | 'names' | 'task' | false

const widest: readonly EventDetail[] = ['all', 'own', 'names', 'task', false]

/** What a caller may receive of the log as it follows it. */
export interface EventReader {
  /** Whether the caller may still come in; undefined for the account itself. */
  readonly stands: (() => boolean) | undefined
  /** How much it may hear of an event, by what it may see now; undefined for who hears everything. */
  readonly sees: ((event: EventSubject) => EventDetail) | undefined
  /**
   * Looks up what memory does not say of some events before `sees` is asked: who was in conversations that are closed.
   * Until then, such events may be anybody's (`mayConcern`).
   */
  readonly learn?: ((events: readonly EventSubject[]) => Promise<void>) | undefined
  readonly mayConcern?: ((event: EventSubject) => boolean) | undefined
  /** Who follows, as conversations know it; undefined for who takes part in none. */
  readonly whose?: FollowedBy | undefined
  /** Whether the board of a workspace may be seen, with all its queues; left out for who sees everything. */
  readonly seesBoard?: ((workspace_sid: string) => boolean) | undefined
}

/** A user of Conversations; without a service, of the account's default one. */
export interface FollowedBy {
  readonly identity: string
  readonly chat_service_sid: string | undefined
}

/** What is asked of an account to know who may hear what. */
export interface ReadAccount {
  readonly state: () => State | undefined
  /** The identities of the members of a conversation that has left memory. */
  readonly membersOf: (conversation_sid: string) => Promise<readonly string[]>
}

/** The same of an account that may be open here, or not. */
export function readAccountOf(ledger: () => Pick<Ledger, 'state' | 'find'> | undefined): ReadAccount {
  return {
    state: () => ledger()?.state,
    async membersOf(conversation_sid) {
      const members = (await ledger()?.find('participant', { conversation_sid })) ?? []
      return members.flatMap(({ identity }) => identity ?? [])
    }
  }
}

/** Conversations out of memory of which is remembered whether they were seen. */
const maxSeen = 1000

/**
 * Which events of the log a caller may receive: whoever may list something receives its events, as far as the list shows it
 * (`ofLists`); beside that a supervisor those of its team's work, an agent those of its own, a customer those of its
 * conversations. A right that is taken away counts at once.
 */
export function eventReader(caller: Caller, account: ReadAccount): EventReader {
  const kind = caller.standing()?.kind
  // The account itself stands as long as it is open; a token that it has signed has an end, whether it names somebody or not.
  const isAccount = kind === 'everything' && !caller.actor
  const stands = isAccount ? undefined : () => mayFollow(caller.standing())
  if (kind === 'everything') return { stands, sees: undefined }
  const seesBoard = (workspace_sid: string) => mayWatch(caller.standing(), workspace_sid, account.state())
  if (kind !== 'roles') return { stands, sees: (event) => !isOfAccess(event) && 'all', seesBoard }
  const own = new OwnEvents(caller, account)
  return {
    stands,
    sees: (event) => own.heard(event),
    learn: (events) => own.learn(events),
    mayConcern: (event) => own.isUnknown(event) || own.heard(event) !== false,
    whose: whoseOf(caller.standing()),
    seesBoard
  }
}

function whoseOf(standing: Standing | undefined): FollowedBy | undefined {
  if (standing?.kind !== 'roles' || standing.identity === undefined) return undefined
  return { identity: standing.identity, chat_service_sid: standing.chat_service_sid }
}

/** Whether somebody may follow the log any more: a policy may have been changed meanwhile. */
function mayFollow(standing: Standing | undefined): boolean {
  const { right } = permissions['ringdown_v1.ListEvent']
  return standing !== undefined && (standing.kind !== 'policy' || allowsRight(standing.policy, right, false))
}

/** Whether somebody may see every queue of a workspace. */
function mayWatch(standing: Standing | undefined, workspace_sid: string, state: State | undefined): boolean {
  if (!standing || !state) return false
  const { right } = permissions['ringdown_v1.FetchWorkspaceBoard']
  if (standing.kind === 'policy') return allowsRight(standing.policy, right, false)
  if (standing.kind !== 'roles') return true
  return standing.roles.some(({ role, isTaskRouter }) => {
    if (role === 'admin') return !isTaskRouter || standing.workspace_sid === workspace_sid
    return role === 'supervisor' && standing.workspace_sid === workspace_sid && teamOf(state, standing) === undefined
  })
}

class OwnEvents {
  readonly #caller: Caller
  readonly #account: ReadAccount
  /** Conversations that are out of memory, and whether somebody was in them. */
  readonly #seen = new Map<string, boolean>()
  /** Of the last decision that was looked at. */
  #sights: readonly ((event: EventSubject) => EventDetail)[] = []
  #of: { readonly state: State; readonly decision: number } | undefined

  constructor(caller: Caller, account: ReadAccount) {
    this.#caller = caller
    this.#account = account
  }

  heard(event: EventSubject): EventDetail {
    const state = this.#account.state()
    if (!state) return false
    if (state !== this.#of?.state || state.decision !== this.#of.decision) this.#look(state)
    let most: EventDetail = false
    for (const sees of this.#sights) {
      const heard = sees(event)
      if (most === false || widest.indexOf(heard) < widest.indexOf(most)) most = heard
    }
    return most
  }

  /** Derived once for each decision, as rights change by decisions alone, or end (`stands`): every follower is asked about every event. */
  #look(state: State): void {
    const standing = this.#caller.standing()
    this.#of = { state, decision: state.decision }
    this.#sights = standing?.kind === 'roles' ? standing.roles.map((held) => this.#sightOf(held, standing, state)) : []
  }

  /** Whether it has to be looked up who was in the conversation of an event. */
  isUnknown({ data }: EventSubject): boolean {
    const sid = conversationIn(data)
    return sid !== undefined && !this.#seen.has(sid) && !this.#account.state()?.tables.conversation.resident(sid)
  }

  async learn(events: readonly EventSubject[]): Promise<void> {
    for (const event of events) {
      const sid = conversationIn(event.data)
      const state = this.#account.state()
      const standing = this.#caller.standing()
      if (sid === undefined || !state || standing?.kind !== 'roles' || !this.isUnknown(event)) continue
      const members = await this.#account.membersOf(sid)
      const sights = standing.roles.map(({ role }) => new Sight(state, standing, teamFor(role, state, standing)))
      this.#remember(
        sid,
        members.some((identity) => sights.some((sight) => sight.member(identity)))
      )
    }
  }

  #remember(sid: string, isSeen: boolean): void {
    const [eldest] = this.#seen.keys()
    if (this.#seen.size >= maxSeen && eldest !== undefined && !this.#seen.has(sid)) this.#seen.delete(eldest)
    this.#seen.set(sid, isSeen)
  }

  #sightOf(
    { role, isTaskRouter }: RoleStanding['roles'][number],
    standing: RoleStanding,
    state: State
  ): (event: EventSubject) => EventDetail {
    const isHere = ({ data }: EventSubject) =>
      data.workspace_sid === undefined ? !isTaskRouter : data.workspace_sid === standing.workspace_sid
    if (role === 'admin') return isTaskRouter ? (event) => isHere(event) && !isOfAccess(event) && 'all' : () => 'all'
    const team = teamFor(role, state, standing)
    if (role === 'supervisor' && team === undefined)
      return (event) => isHere(event) && !isOfAccess(event) && !isOfChannels(event) && 'all'
    const sight = new Sight(state, standing, team)
    if (role === 'chat')
      return (event) =>
        !isAmongColleagues(event) &&
        isInScope(event, standing) &&
        !isOfChannels(event) &&
        (this.#isInConversation(event.data, sight, standing.chat_service_sid ?? defaultServiceSid(state)) ||
          isOwnUser(event, sight, standing.chat_service_sid ?? defaultServiceSid(state))) &&
        'all'
    return (event) => {
      if (!isHere(event) || isOfChannels(event)) return false
      const listed = listedTo(role, event, sight)
      if (listed !== undefined) return listed
      const heard = onFloor(role, event, sight)
      if (heard !== false || isTaskRouter) return heard
      const isIn =
        this.#isInConversation(event.data, sight, standing.chat_service_sid) ||
        isOffered(event, sight) ||
        isBlankedRemoval(event)
      return isIn && (role === 'agent' ? 'own' : 'all')
    }
  }

  /** Of a conversation that somebody is in; or that it was in while it was open, once it is closed. */
  #isInConversation(data: EventSubject['data'], sight: Sight, chat_service_sid: string | undefined): boolean {
    const sid = conversationIn(data)
    if (sid === undefined) return false
    if (chat_service_sid !== undefined && data.chat_service_sid !== chat_service_sid) return false
    const isIn = sight.conversation(sid)
    if (isAmong(data.member_identities, sight)) return true
    // Who is let in or out hears that it is.
    if (typeof data.participant_sid === 'string' && typeof data.identity === 'string' && sight.member(data.identity)) {
      this.#remember(sid, isIn ?? this.#seen.get(sid) ?? true)
      return true
    }
    if (isIn !== undefined) this.#remember(sid, isIn)
    return isIn ?? this.#seen.get(sid) ?? false
  }
}

/**
 * A removal that has been blanked: who was in the conversation is not known any more, only its SID is left. Agents receive it,
 * so that a desk that comes back does not show a removed conversation for ever; customers do not.
 */
function isBlankedRemoval({ type, data }: EventSubject): boolean {
  return type === 'conversation.removed' && data.member_identities === '[]'
}

/** Whether somebody was in a conversation that is removed. */
function isAmong(member_identities: unknown, sight: Sight): boolean {
  if (typeof member_identities !== 'string') return false
  const identities: readonly string[] = JSON.parse(member_identities) // as the engine wrote it
  return identities.some((identity) => sight.member(identity))
}

function conversationIn({ conversation_sid, media_channel_sid }: EventSubject['data']): string | undefined {
  const sid = conversation_sid ?? media_channel_sid
  return typeof sid === 'string' ? sid : undefined
}

/** Whose rows a role sees beside its own. */
function teamFor(role: Role, state: State, standing: RoleStanding): string | undefined {
  return role === 'supervisor' ? teamOf(state, standing) : undefined
}

/** Events about what a list shows to all who may ask for it: names of events, and the list. */
const ofLists: readonly (readonly [types: RegExp, list: keyof typeof permissions])[] = [
  [/^workspace\./, 'taskrouter_v1.FetchWorkspace'],
  [/^activity\./, 'taskrouter_v1.ListActivity'],
  [/^task-channel\./, 'taskrouter_v1.ListTaskChannel'],
  [/^(?:ringdown\.)?task-queue\.(?:created|updated|expression\.updated|deleted)$/, 'taskrouter_v1.ListTaskQueue'],
  [/^workflow\.(?:created|updated|deleted)$/, 'taskrouter_v1.ListWorkflow'],
  [/^(?:ringdown\.)?worker\.(?:created|updated|deleted|(?:activity|attributes)\.update)$/, 'taskrouter_v1.ListWorker'],
  [/^worker\.(?:capacity|channel)\./, 'taskrouter_v1.ListWorkerChannel'],
  [/^canned-response\./, 'ringdown_v1.ListCannedResponse'],
  [/^ringdown\.flex-configuration\./, 'flex_v1.FetchConfiguration'],
  [/^user\./, 'conversations_v1.FetchUser']
]

const listOf = new Map<string, keyof typeof permissions | undefined>()

/** The list that shows what events of a type are about. */
function listFor(type: string): keyof typeof permissions | undefined {
  if (!listOf.has(type)) listOf.set(type, ofLists.find(([types]) => types.test(type))?.[1])
  return listOf.get(type)
}

/** How much of an event a role receives because it may list what the event is about; undefined for events of no such list. */
function listedTo(role: Role, event: EventSubject, sight: Sight): EventDetail | undefined {
  const list = listFor(event.type)
  if (!list) return undefined
  const scopes: { readonly [R in Role]?: string } = permissions[list].scopes
  const scope = scopes[role]
  const { worker_sid, identity } = event.data
  const isOwn =
    (typeof worker_sid === 'string' && sight.worker(worker_sid)) ||
    (typeof identity === 'string' && sight.member(identity))
  if (scope === 'all') return role === 'agent' ? 'own' : 'all'
  if (isOwn) return role === 'agent' ? 'own' : 'all'
  return scope === 'names' && 'names'
}

/** A customer's own user, in the service of its grant. */
function isOwnUser({ type, data }: EventSubject, sight: Sight, chat_service_sid: string | undefined): boolean {
  if (!type.startsWith('user.') || data.chat_service_sid !== chat_service_sid) return false
  return typeof data.identity === 'string' && sight.member(data.identity)
}

/** While an offer rings, what is written in its conversation. */
function isOffered({ type, data }: EventSubject, sight: Sight): boolean {
  return type.startsWith('message.') && sight.offered(String(data.conversation_sid))
}

/** Notes of agents for one another, and who is viewing a conversation: never for customers. */
function isAmongColleagues({ type }: EventSubject): boolean {
  return type.startsWith('note.') || type === 'viewing'
}

/** A web chat's token receives events of its own conversation only, even where its identity is in others. */
function isInScope({ data }: EventSubject, { webchat }: RoleStanding): boolean {
  return !webchat || (data.conversation_sid ?? data.media_channel_sid) === webchat.conversation_sid
}

/** How much somebody hears of the work of workers that are seen, of tasks that they have, and of queues that they are in. */
function onFloor(role: Role, { type, data }: EventSubject, sight: Sight): EventDetail {
  const { worker_sid, task_sid, interaction_sid, task_queue_sid, previous_task_queue_sid } = data
  const isAgent = role === 'agent'
  if (typeof worker_sid === 'string' && sight.worker(worker_sid)) return isAgent ? 'own' : 'all'
  const most = !isAgent ? 'all' : typeof worker_sid === 'string' ? 'names' : 'own'
  if (typeof interaction_sid === 'string') return sight.interaction(interaction_sid) && most
  if (type.startsWith('ringdown.') && typeof worker_sid === 'string') return false
  const isSeen =
    (typeof task_sid === 'string' && sight.openTask(task_sid)) ||
    // The event of a task that leaves a queue is for those who have seen it there, too.
    [task_queue_sid, previous_task_queue_sid].some((sid) => typeof sid === 'string' && sight.queue(sid))
  if (!isSeen) return false
  // A colleague's reservation is private; what it means for the task is for all who have that task.
  return isAgent && typeof data.reservation_sid === 'string' ? 'task' : most
}

/**
 * Events of carriers, phones, flows and errors are for those who set up channels and flows. Members of a conversation have its
 * messages and delivery receipts instead.
 */
function isOfChannels({ type }: EventSubject): boolean {
  return /^(?:channel_message|phone|phone_message|carrier|flow|ringdown\.flow|error)\./.test(type)
}

/** Keys, users and sessions are the account's business, and that of its administrators. */
function isOfAccess({ type }: EventSubject): boolean {
  return /^ringdown\.(?:key|flex-user|session)\./.test(type)
}
