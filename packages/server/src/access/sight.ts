import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import { nameKey } from '@ringdown/engine/core/names'
import { workerIdentity } from '@ringdown/engine/flex/member'
import { isOpen } from '@ringdown/engine/matching/row-values'
import type { ReservationRow, TaskRow, WorkerRow } from '@ringdown/engine/routing/rows'
import type { Ledger } from '../commit/ledger.ts'
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

  /** @param team - the name of the team whose workers' rows are seen; undefined for the own ones alone. */
  constructor(state: State, standing: RoleStanding, team: string | undefined) {
    this.#state = state
    this.#standing = standing
    this.#team = team
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

  /** What is offered to a worker or held by it, or was completed by it; for a team, what waits in its queues, too. */
  task(sid: string, task: TaskRow | undefined = this.#state.find('task', sid)): boolean {
    for (const row of this.#state.tables.reservation.by('task_sid', sid))
      if ((isOpen(row) || row.reservation_status === 'completed') && this.worker(row.worker_sid)) return true
    return task?.task_queue_sid != null && this.queue(task.task_queue_sid)
  }

  /** A queue that workers of the team are in; an agent's own queues tell of others. */
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
    const { conversation, participant } = this.#state.tables
    if (!conversation.resident(sid)) return undefined
    return this.#identities().some((identity) => participant.firstBy('member', nameKey(sid, identity)) !== undefined)
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
    const own = this.#standing.identity === undefined ? [] : [this.#standing.identity]
    return this.#team === undefined ? own : [...own, ...this.#teamWorkers().map(identityOf)]
  }

  #teamWorkers(): WorkerRow[] {
    const all = this.#state.tables.worker.by('workspace_sid', this.#standing.workspace_sid ?? '')
    return [...all].filter((row) => teamIn(row) === this.#team)
  }
}

/** The same as `sight.task`, for tasks that are over, too: whoever has completed one may look at it again. */
export async function seesTask(sight: Sight, ledger: Ledger, sid: string): Promise<boolean> {
  if (sight.task(sid)) return true
  if (ledger.state.resident('task', sid)) return false
  const rows = await ledger.find('reservation', { task_sid: sid })
  return rows.some((row) => row.reservation_status === 'completed' && sight.worker(row.worker_sid))
}

/** The same as `sight.conversation`, for closed ones, too: by who was in it. */
export async function seesConversation(sight: Sight, ledger: Ledger, conversation_sid: string): Promise<boolean> {
  const resident = sight.conversation(conversation_sid)
  if (resident !== undefined) return resident
  const members = await ledger.find('participant', { conversation_sid })
  return members.some(({ identity }) => identity !== null && sight.member(identity))
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
