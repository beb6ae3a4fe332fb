import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import { nameKey } from '@ringdown/engine/core/names'
import { workerIdentity } from '@ringdown/engine/flex/member'
import { isOpen } from '@ringdown/engine/matching/row-values'
import type { ReservationRow, TaskRow, WorkerRow } from '@ringdown/engine/routing/rows'
import type { Ledger } from '../commit/ledger.ts'
import type { MaybePromise } from './at-once.ts'
import type { RoleStanding } from './caller.ts'

/**
 * Which rows somebody may see, of those in memory: as an agent the own ones, as a supervisor with a team those of its
 * workers. It is of one moment: nothing may be decided while it is used.
 */
export class Sight {
  readonly #state: State
  readonly #standing: RoleStanding
  /** Undefined for who sees its own only. */
  readonly #team: string | undefined
  #teamQueues: ReadonlySet<string> | undefined
  #names: readonly string[] | undefined

  /** @param team - the name of the team whose workers' rows are seen; undefined for the own ones alone. */
  constructor(state: State, standing: RoleStanding, team: string | undefined) {
    this.#state = state
    this.#standing = standing
    this.#team = team
  }

  /** Whether somebody leads a team, and so sees more than its own rows. */
  get leads(): boolean {
    return this.#team !== undefined
  }

  worker(sid: string): boolean {
    if (sid === this.#standing.worker_sid) return true
    const row = this.#team === undefined ? undefined : this.#state.find('worker', sid)
    return row !== undefined && teamIn(row) === this.#team && row.workspace_sid === this.#standing.workspace_sid
  }

  user(flex_user_sid: string): boolean {
    return flex_user_sid === this.#standing.flex_user_sid
  }

  reservation(row: ReservationRow): boolean {
    return this.worker(row.worker_sid)
  }

  /** The same, and those of other workers for tasks that a team sees: who has a task is part of how it stands. */
  reservationOfTask(row: ReservationRow): boolean {
    return this.reservation(row) || (this.#team !== undefined && this.task(row.task_sid))
  }

  /** What is offered to a worker or held by it, or was completed by it; for a team, what waits in its queues, too. */
  task(sid: string, task: TaskRow | undefined = this.#state.find('task', sid)): boolean {
    return this.#hasTask(sid, task, (row) => isOpen(row) || row.reservation_status === 'completed')
  }

  /** The same without what was completed: what lists show, and whose events are sent. */
  openTask(sid: string, task: TaskRow | undefined = this.#state.find('task', sid)): boolean {
    return this.#hasTask(sid, task, isOpen)
  }

  #hasTask(sid: string, task: TaskRow | undefined, isMeant: (row: ReservationRow) => boolean): boolean {
    for (const row of this.#state.tables.reservation.by('task_sid', sid))
      if (isMeant(row) && this.worker(row.worker_sid)) return true
    return task?.task_queue_sid != null && this.queue(task.task_queue_sid)
  }

  /** A queue that workers of the team are in; not an agent's own queues, whose figures are of others as well. */
  queue(sid: string): boolean {
    if (this.#team === undefined) return false
    this.#teamQueues ??= new Set(this.#teamWorkers().flatMap((row) => [...this.#state.matcher.queuesOf(row.sid)]))
    return this.#teamQueues.has(sid)
  }

  /** Whether somebody by whose identity conversations are seen is among their members. */
  member(identity: string): boolean {
    return this.#identities().some((own) => own === identity)
  }

  /** By who is in a conversation that is open; undefined for one that is not in memory. */
  conversation(sid: string): boolean | undefined {
    const { webchat } = this.#standing
    if (webchat && sid !== webchat.conversation_sid) return false
    const { conversation, participant } = this.#state.tables
    if (!conversation.resident(sid)) return undefined
    return this.#identities().some((identity) => participant.firstBy('member', nameKey(sid, identity)) !== undefined)
  }

  /** Whether an offer that rings is about a conversation. */
  offered(conversation_sid: string): boolean {
    const { interaction_channel, invite, reservation } = this.#state.tables
    for (const channel of interaction_channel.by('media_channel_sid', conversation_sid))
      for (const { task_sid } of invite.by('channel_sid', channel.sid))
        for (const row of reservation.by('task_sid', task_sid ?? ''))
          if (row.reservation_status === 'pending' && this.reservation(row)) return true
    return false
  }

  interaction(sid: string): boolean {
    const { interaction_channel, interaction_participant, invite } = this.#state.tables
    const seesTask = (task_sid: string | null) => task_sid !== null && this.task(task_sid)
    if (seesTask(this.#state.resident('interaction', sid)?.task_sid ?? null)) return true
    for (const channel of interaction_channel.by('interaction_sid', sid)) {
      for (const { worker_sid } of interaction_participant.by('channel_sid', channel.sid))
        if (worker_sid !== null && this.worker(worker_sid)) return true
      for (const { task_sid } of invite.by('channel_sid', channel.sid)) if (seesTask(task_sid)) return true
    }
    return false
  }

  #identities(): readonly string[] {
    if (this.#names) return this.#names
    const own = this.#standing.identity === undefined ? [] : [this.#standing.identity]
    this.#names = this.#team === undefined ? own : [...own, ...this.#teamWorkers().map(identityOf)]
    return this.#names
  }

  #teamWorkers(): WorkerRow[] {
    const all = this.#state.tables.worker.by('workspace_sid', this.#standing.workspace_sid ?? '')
    return [...all].filter((row) => teamIn(row) === this.#team)
  }
}

/** The same as `sight.task`, for tasks that are over, too: whoever has completed one may look at it again. */
export function seesTask(sight: Sight, ledger: Ledger, sid: string): MaybePromise<boolean> {
  if (sight.task(sid)) return true
  if (ledger.state.resident('task', sid)) return false
  return ledger
    .find('reservation', { task_sid: sid })
    .then((rows) => rows.some((row) => row.reservation_status === 'completed' && sight.worker(row.worker_sid)))
}

/** The same as `sight.conversation`, for closed ones, too: by who was in it. */
export function seesConversation(sight: Sight, ledger: Ledger, conversation_sid: string): MaybePromise<boolean> {
  const resident = sight.conversation(conversation_sid)
  if (resident !== undefined) return resident
  return ledger
    .find('participant', { conversation_sid })
    .then((members) => members.some(({ identity }) => identity !== null && sight.member(identity)))
}

/** The team of somebody who is a worker; undefined for who has none, and so sees all. */
export function teamOf(state: State, { worker_sid }: RoleStanding): string | undefined {
  const worker = state.find('worker', worker_sid)
  return worker && teamIn(worker)
}

const identities = new WeakMap<WorkerRow, string>()

/** By which name a worker takes part in conversations. */
export function identityOf(worker: WorkerRow): string {
  const known = identities.get(worker) ?? workerIdentity(worker)
  identities.set(worker, known)
  return known
}

const teams = new WeakMap<WorkerRow, string | null>()

function teamIn(worker: WorkerRow): string | undefined {
  let team = teams.get(worker)
  if (team === undefined) {
    const attributes: unknown = JSON.parse(worker.attributes)
    const team_name = isJsonObject(attributes) ? attributes.team_name : undefined
    team = typeof team_name === 'string' && team_name !== '' ? team_name : null
    teams.set(worker, team)
  }
  return team ?? undefined
}
