import { seedOf } from '@ringdown/engine/core/ids'
import type { Kind } from '@ringdown/engine/kinds'
import type { CallRow } from '@ringdown/engine/voice/rows'
import { Dice } from '../support/dice.ts'
import { type Act, command } from './act.ts'
import { callActs } from './calls.ts'
import type { Center, Step } from './center.ts'
import { contactActs } from './contacts.ts'
import { engagementActs } from './engagements.ts'
import { flowActs } from './flows.ts'
import { lineActs } from './lines.ts'
import { messageActs } from './messages.ts'
import { peopleActs } from './people.ts'
import { type Profile, type ProfileName, profiles } from './profiles.ts'
import * as said from './said.ts'
import { webchatActs } from './webchats.ts'

/** Makes up, step by step, what happens in a center; each step may depend on how the center stands. */
export class Workload {
  readonly dice: Dice
  readonly profile: Profile
  readonly #center: Center
  #n = 0

  constructor(profile: ProfileName, seed: number, center: Center) {
    this.dice = new Dice(seedOf(seed, 0))
    this.profile = profiles[profile]
    this.#center = center
  }

  /** What a center begins with. Later ones name earlier ones, so each is to be taken before the next is asked for. */
  *opening(workspace = 's1', size: Pick<Profile, 'workers' | 'queues'> = this.profile): Generator<Step> {
    yield {
      as: workspace,
      do: {
        type: 'workspace.create',
        friendly_name: workspace,
        multi_task_enabled: this.profile.multi_task_enabled,
        prioritize_queue_order: this.dice.of(['FIFO', 'LIFO'] as const)
      }
    }
    for (let i = 0; i < size.queues; i++) yield acts.addQueue(this, workspace)
    for (let i = 0; i < size.workers; i++) {
      const step = acts.addWorker(this, workspace)
      yield step
      if (!this.profile.multi_task_enabled || !('as' in step) || this.dice.chance(40)) continue
      // Who has something and is still ready for more is what makes orders and figures matter.
      yield command({
        type: 'worker_channel.update',
        workspace_sid: `@${workspace}`,
        worker_sid: `@${step.as}`,
        sid: this.dice.of(['default', 'default', 'chat']),
        capacity: this.dice.of([2, 3])
      })
    }
    yield acts.addWorkflow(this, workspace)
    yield acts.addWorkflow(this, workspace)
    if ('somebodyCalls' in this.profile.acts && workspace === 's1') {
      yield callActs.addNumber()
      for (let i = 0; i < 6; i++) yield callActs.addPhoneFor(this)
    }
    if (!this.#hasContacts || workspace !== 's1') return
    yield command({ type: 'flex.setup', workspace_sid: `@${workspace}` })
    yield command({ type: 'chat_service.create', friendly_name: 'Other' }, 'b1')
    for (let i = 0; i < 3; i++) yield contactActs.addConversation(this)
    if ('automate' in this.profile.acts) yield contactActs.automate(this)
    if ('addFlow' in this.profile.acts) yield engagementActs.addFlow(this, workspace)
    if ('addBot' in this.profile.acts) yield* [flowActs.addBot(this, workspace), flowActs.addBot(this, workspace)]
    if (!('addDeployment' in this.profile.acts)) return
    yield webchatActs.addChatAddress(this)
    yield webchatActs.addDeployment(this)
  }

  get #hasContacts(): boolean {
    return 'addConversation' in this.profile.acts
  }

  /** What happens next. */
  *next(): Generator<Step> {
    const { dice, profile } = this
    // Now and then a night in which even what somebody has is taken away.
    const pass_ms = dice.roll(300) === 0 ? 90_000_000 : dice.of(profile.pass_ms)
    if (pass_ms > 0) yield { pass_ms }
    if (this.#hasContacts && dice.chance(60)) yield { sweep: true }
    if (dice.chance(5)) yield { reload: true }
    if (dice.chance(8)) yield { break: dice.roll(8) }
    const total = Object.values(profile.acts).reduce((sum, weight) => sum + weight, 0)
    let at = dice.roll(total)
    for (const [name, weight] of Object.entries(profile.acts)) {
      if (at < weight) {
        const workspace = this.one('workspace', 's1', 90)
        const act: Act = allActs[name as keyof typeof allActs] // the profile's keys are those of the acts
        yield act(this, workspace)
        return
      }
      at -= weight
    }
  }

  /** A name that nothing has had. */
  fresh(letter: string): string {
    return `${letter}${++this.#n}`
  }

  /** The name of one of a kind in a workspace (if the kind has workspaces), now and then in another, or of nobody when there is none. */
  any(kind: Kind, workspace?: string): string {
    const own = workspace === undefined || this.dice.chance(1) ? this.#center.names(kind) : this.all(kind, workspace)
    return own.length === 0 ? `@${letters[kind as keyof typeof letters]}0` : `@${this.dice.of(own)}`
  }

  /** How many handles a session has had. */
  generationOf(sid: string): number {
    return this.#center.twin.tables.webchat_session.get(sid)?.generation ?? 1
  }

  /** A customer of a session that is open; undefined while there is none. */
  guest(): { readonly conversation_sid: string; readonly identity: string } | undefined {
    const open = this.#center.twin.tables.webchat_session.all().filter(({ status }) => status === 'open')
    return open.length === 0 ? undefined : this.dice.of(open)
  }

  /** An agent who is in a contact; undefined while nobody is. */
  agent(): { readonly worker_sid: string | null; readonly task_sid: string | null } | undefined {
    const all = this.#center.twin.tables.interaction_participant
      .all()
      .filter(({ type, status }) => type === 'agent' && status === 'active')
    return all.length === 0 ? undefined : this.dice.of(all)
  }

  /** A contact that an agent has put aside; undefined while there is none. */
  parked(): { readonly sid: string; readonly workspace_sid: string; readonly worker_sid: string } | undefined {
    const all = this.#center.twin.tables.parked_contact.all()
    return all.length === 0 ? undefined : this.dice.of(all)
  }

  /** SID of one of a kind, whatever has become of it; undefined when there is none. */
  made(kind: Kind): string | undefined {
    const all = this.#center.twin.table(kind).all()
    return all.length === 0 ? undefined : this.dice.of(all).sid
  }

  /** A call of those that are so; undefined while there is none. */
  call(isMeant: (call: CallRow) => boolean = () => true): CallRow | undefined {
    const all = this.#center.twin.tables.call.all().filter(isMeant)
    return all.length === 0 ? undefined : this.dice.of(all)
  }

  /** A reservation that somebody has yet to answer; undefined while there is none. */
  pendingReservation(): { readonly sid: string; readonly task_sid: string } | undefined {
    const all = this.#center.twin.tables.reservation.all()
    const pending = all.filter(({ reservation_status }) => reservation_status === 'pending')
    return pending.length === 0 ? undefined : this.dice.of(pending)
  }

  /** Somebody in a conference, or on the way there; undefined while nobody is. */
  conferenceParticipant(): { readonly conference_sid: string; readonly call_sid: string } | undefined {
    const all = this.#center.twin.tables.conference_participant.all()
    return all.length === 0 ? undefined : this.dice.of(all)
  }

  /** An execution that waits for a message in a conversation; undefined while none does. */
  waiting(): { readonly conversation_sid: string } | undefined {
    const waiting = this.#executions.flatMap(({ waits_for, conversation_sid }) =>
      waits_for === 'message' && conversation_sid !== null ? [{ conversation_sid }] : []
    )
    return waiting.length === 0 || this.dice.chance(20) ? undefined : this.dice.of(waiting)
  }

  /** An execution that asks over HTTP; undefined while none does. */
  asking(): { readonly sid: string; readonly ticket: string | null; readonly widget: string | null } | undefined {
    const asking = this.#executions.filter(({ waits_for }) => waits_for === 'answer')
    return asking.length === 0 ? undefined : this.dice.of(asking)
  }

  /** An execution, whatever has become of it; undefined before there was one. */
  execution(): { readonly sid: string; readonly flow_sid: string } | undefined {
    return this.#executions.length === 0 ? undefined : this.dice.of(this.#executions)
  }

  /** A message in a conversation in which a flow is; undefined when there is none. */
  heard(): { readonly conversation_sid: string; readonly sid: string } | undefined {
    const { message } = this.#center.twin.tables
    const heard = this.#executions.flatMap(({ conversation_sid }) =>
      message.list('conversation_sid', conversation_sid ?? '')
    )
    if (heard.length === 0) return undefined
    const { conversation_sid, sid } = this.dice.of(heard)
    return { conversation_sid, sid }
  }

  get #executions() {
    return this.#center.twin.tables.execution.all()
  }

  /** SID of a message that its carrier has not been given; undefined when there is none. */
  queuedMessage(): string | undefined {
    const queued = this.#center.twin.tables.channel_message.all().filter(({ status }) => status === 'queued')
    return queued.length === 0 || this.dice.chance(20) ? undefined : this.dice.of(queued).sid
  }

  all(kind: Kind, workspace: string): string[] {
    const sid = this.#center.sid(workspace)
    const own = (name: string) => {
      const row = this.#center.twin.find(kind, this.#center.sid(name)) as { workspace_sid?: string } | undefined // most kinds have one
      return row?.workspace_sid === sid
    }
    return this.#center.names(kind).filter(own)
  }

  /** Mostly the one that is named. */
  one(kind: Kind, usually: string, percent: number): string {
    const names = this.#center.names(kind)
    return this.dice.chance(percent) || names.length === 0 ? usually : this.dice.of(names)
  }

  /** Names of conversations in which there is a message, or a receipt. */
  withSome(kind: 'message' | 'message_receipt'): string[] {
    const table = this.#center.twin.table(kind)
    return this.#center
      .names('conversation')
      .filter((name) => table.count('conversation_sid', this.#center.sid(name) ?? '') > 0)
      .map((name) => `@${name}`)
  }

  /** One of the reservations in these statuses, now and then any; undefined when there is none. */
  reservation(workspace: string, statuses: readonly string[]): { task: string; worker: string } | undefined {
    const { twin } = this.#center
    const all = twin.tables.reservation.all().filter((row) => row.workspace_sid === this.#center.sid(workspace))
    const fitting = this.dice.chance(4) ? all : all.filter((row) => statuses.includes(row.reservation_status))
    if (fitting.length === 0) return undefined
    const { task_sid, worker_sid } = this.dice.of(fitting)
    return { task: this.#center.nameOf(task_sid) ?? 't0', worker: this.#center.nameOf(worker_sid) ?? 'w0' }
  }

  /** An interaction in which an agent is, now and then any; undefined when there is none. */
  engaged(): string | undefined {
    const { twin } = this.#center
    const agents = twin.tables.interaction_participant
      .all()
      .filter((row) => row.type === 'agent' && row.status === 'active')
    const names = agents.flatMap(({ interaction_sid }) => this.#center.nameOf(interaction_sid) ?? [])
    if (this.dice.chance(8)) return this.any('interaction')
    return names.length === 0 ? undefined : `@${this.dice.of(names)}`
  }

  /** A transfer and who began it, mostly one that is under way; undefined when there is none. */
  transfer(workspace: string): { transfer: string; worker: string } | undefined {
    const { twin } = this.#center
    const all = twin.tables.transfer.all().filter((row) => row.workspace_sid === this.#center.sid(workspace))
    const fitting = this.dice.chance(10) ? all : all.filter((row) => row.transfer_status === 'initiated')
    if (fitting.length === 0) return undefined
    const { sid, initiating_worker_sid } = this.dice.of(fitting)
    return { transfer: this.#center.nameOf(sid) ?? 'h0', worker: this.#center.nameOf(initiating_worker_sid) ?? 'w0' }
  }

  /** Sometimes a version that must be there, mostly the right one. */
  match(kind: Kind, name: string): { if_match?: string } {
    if (!this.dice.chance(10)) return {}
    const version = this.#center.twin.find(kind, this.#center.sid(name.slice(1)))?.version ?? 0
    return { if_match: this.dice.of(['*', `"${version}"`, `${version}`, `W/"${version}"`, `"${version + 1}"`]) }
  }

  get at(): number {
    return this.#center.at
  }
}

const letters = {
  ...{ activity: 'a', task_channel: 'c', task_queue: 'q', workflow: 'f', worker: 'w', task: 't' },
  ...{ chat_service: 'b', conversation: 'v', user: 'u', interaction: 'i', canned_response: 'd', flex_user: 'e' },
  ...{ configuration_address: 'g', role: 'l', flex_flow: 'F', flex_chat_channel: 'J', phone: 'x' },
  ...{ session: 'S', setup_link: 'L', key: 'Y', webchat_deployment: 'W', flow: 'P' }
} as const

const acts = {
  addTask: (w, s) => {
    const { dice } = w
    const way = dice.roll(12)
    const queued = way === 1 || way === 2
    return command(
      {
        type: 'task.create',
        workspace_sid: `@${s}`,
        attributes: said.taskAttributes(dice, w.all('worker', s)),
        ...(dice.chance(60) && { priority: dice.roll(3) }),
        ...(!dice.chance(w.profile.plain) &&
          dice.chance(50) && { task_channel: dice.of(['chat', 'voice', 'default', channel(w, s)]) }),
        ...(dice.chance(20) && { timeout: dice.of([5, 40, 300]) }),
        ...(dice.chance(20) && {
          virtual_start_time: w.at + dice.of([-90_000, -90_000, -60_000, -30_000, -30_000, -1000, -1000, 0, 0, 1])
        }),
        ...(way === 0 && { routing_target: w.any('worker', s) }),
        ...(way === 0 && dice.chance(50) && { ignore_capacity: dice.chance(50) }),
        ...(way === 0 && dice.chance(50) && { task_queue_sid: w.any('task_queue', s) }),
        ...(queued && { routing_target: w.any('task_queue', s) }),
        ...(way === 3 && { routing_target: w.any('workflow', s) }),
        ...((way > 3 || dice.chance(30)) && !dice.chance(3) && { workflow_sid: w.any('workflow', s) })
      },
      w.fresh('t')
    )
  },
  accept: (w, s) => respond(w, s, ['pending'], 'accepted'),
  reject: (w, s) =>
    respond(w, s, ['pending'], 'rejected', w.dice.chance(30) ? { worker_activity_sid: activity(w, s) } : {}),
  finish: (w, s) => respond(w, s, ['accepted', 'wrapping'], w.dice.of(['completed', 'completed', 'wrapping'])),
  updateTask: (w, s) => {
    const { dice } = w
    const sid = w.any('task', s)
    return command({
      type: 'task.update',
      workspace_sid: `@${s}`,
      sid,
      ...w.match('task', sid),
      ...(dice.chance(60) && { attributes: said.taskAttributes(dice, w.all('worker', s)) }),
      ...(dice.chance(30) && { priority: dice.roll(4) }),
      ...(dice.chance(20) && { task_channel: dice.of(['default', 'chat', 'voice', channel(w, s)]) }),
      ...(dice.chance(20) && { virtual_start_time: w.at - dice.roll(100_000) }),
      ...(dice.chance(10) && { assignment_status: dice.of(['canceled', 'wrapping', 'completed', 'pending']) }),
      ...(dice.chance(10) && { reason: dice.of(['tired', '']) })
    })
  },
  endTask: (w, s) =>
    command({
      type: 'task.update',
      workspace_sid: `@${s}`,
      sid: w.any('task', s),
      assignment_status: w.dice.of(['canceled', 'canceled', 'wrapping', 'completed']),
      ...(w.dice.chance(50) && { reason: 'done' })
    }),
  deleteTask: (w, s) => {
    const sid = w.any('task', s)
    return command({ type: 'task.delete', workspace_sid: `@${s}`, sid, ...w.match('task', sid) })
  },
  callOff: (w, s) => {
    const found = w.reservation(s, ['pending'])
    if (!found) return instead(w, s)
    const { task, worker } = found
    return command({
      type: 'reservation.cancel',
      workspace_sid: `@${s}`,
      task_sid: `@${task}`,
      sid: `@r/${task}/${worker}`
    })
  },
  /** What the program behind an assignment callback says, or fails to say. */
  answer: (w, s) => {
    const found = w.reservation(s, ['pending'])
    if (!found) return instead(w, s)
    const { dice } = w
    const reservation_sid = `@r/${found.task}/${found.worker}`
    const late = { code: 11205, message: 'no answer', callback: 'assignment_callback_url' } as const
    if (dice.chance(30))
      return command({
        type: 'reservation.callback_failed',
        reservation_sid,
        failures: dice.of([[late], [late, { ...late, callback: 'fallback_assignment_callback_url' }]])
      })
    const instruction = dice.of(['accept', 'accept', 'reject', 'reject', null] as const)
    return command({
      type: 'reservation.instruct',
      reservation_sid,
      instruction,
      ...(instruction === 'reject' && dice.chance(60) && { activity_sid: w.any('activity', dice.of([s, s, s, 's0'])) }),
      ...(dice.chance(20) && { failures: [late] })
    })
  },
  transfer: (w, s) => {
    const found = w.reservation(s, ['accepted'])
    if (!found) return instead(w, s)
    const { dice } = w
    const { task, worker } = found
    const name = w.fresh('h')
    return command(
      {
        type: 'transfer.create',
        workspace_sid: `@${s}`,
        worker_sid: `@${worker}`,
        reservation_sid: `@r/${task}/${worker}`,
        task_sid: dice.chance(2) ? w.any('task', s) : `@${task}`,
        to: w.any(dice.chance(55) ? 'worker' : 'task_queue', s),
        ...(dice.chance(70) && {
          mode: dice.of(['WARM', 'COLD', 'COLD', 'WARM', 'LUKEWARM'].slice(0, dice.of([4, 4, 5])))
        }),
        ...(dice.chance(20) && { priority: dice.roll(4) }),
        ...(dice.chance(25) && { attributes: said.taskAttributes(dice, w.all('worker', s)) })
      },
      name
    )
  },
  takeBack: (w, s) => {
    const found = w.transfer(s)
    if (!found) return instead(w, s)
    return command({
      type: 'transfer.cancel',
      workspace_sid: `@${s}`,
      worker_sid: w.dice.chance(4) ? w.any('worker', s) : `@${found.worker}`,
      sid: `@${found.transfer}`
    })
  },
  addWorker: (w, s) => {
    const name = w.fresh('w')
    return command(
      {
        type: 'worker.create',
        workspace_sid: `@${s}`,
        friendly_name: w.dice.chance(3) ? 'W4' : name,
        attributes: said.workerAttributes(w.dice),
        ...(w.dice.chance(90) && { activity_sid: activity(w, s) })
      },
      name
    )
  },
  deleteWorker: (w, s) => {
    const sid = w.any('worker', s)
    return command({ type: 'worker.delete', workspace_sid: `@${s}`, sid, ...w.match('worker', sid) })
  },
  moveWorker: (w, s) => {
    const sid = w.any('worker', s)
    const activity_sid = activity(w, s)
    const goes = !activity_sid.endsWith('.Available')
    return command({
      type: 'worker.update',
      workspace_sid: `@${s}`,
      sid,
      ...w.match('worker', sid),
      activity_sid,
      ...(w.dice.chance(15) && { attributes: said.workerAttributes(w.dice) }),
      ...(w.dice.chance(goes ? 50 : 2) && { reject_pending_reservations: true })
    })
  },
  teachWorker: (w, s) =>
    command({
      type: 'worker.update',
      workspace_sid: `@${s}`,
      sid: w.any('worker', s),
      ...(w.dice.chance(85) && { attributes: said.workerAttributes(w.dice) }),
      ...(w.dice.chance(15) && { friendly_name: w.dice.of(['w4', 'W5', 'w77', 'Ada']) })
    }),
  setChannel: (w, s) =>
    command({
      type: 'worker_channel.update',
      workspace_sid: `@${s}`,
      worker_sid: w.any('worker', s),
      sid: w.dice.of(['default', 'chat', 'voice', 'default', channel(w, s)]),
      ...(w.dice.chance(85) && { capacity: w.dice.of([0, 1, 2, 3, 5, 10]) }),
      ...(w.dice.chance(25) && { available: w.dice.chance(60) })
    }),
  updateQueue: (w, s) =>
    command({
      type: 'task_queue.update',
      workspace_sid: `@${s}`,
      sid: w.any('task_queue', s),
      ...(w.dice.chance(60) && { target_workers: w.dice.of(said.targetWorkers) }),
      ...(w.dice.chance(30) && { task_order: w.dice.of(['FIFO', 'LIFO'] as const) }),
      ...(w.dice.chance(30) && { max_reserved_workers: w.dice.of([1, 2, 3]) })
    }),
  addQueue: (w, s) => {
    const name = w.fresh('q')
    const sends = !w.profile.multi_task_enabled || w.dice.chance(20)
    return command(
      {
        type: 'task_queue.create',
        workspace_sid: `@${s}`,
        friendly_name: name,
        target_workers: w.dice.chance(w.profile.plain) ? '1==1' : w.dice.of(said.targetWorkers),
        max_reserved_workers: w.dice.of(w.profile.max_reserved),
        task_order: w.dice.of(['FIFO', 'FIFO', 'LIFO'] as const),
        ...(sends && w.dice.chance(80) && { reservation_activity_sid: `@${s}.Unavailable` }),
        ...(sends && w.dice.chance(80) && { assignment_activity_sid: activity(w, s) })
      },
      name
    )
  },
  deleteQueue: (w, s) => command({ type: 'task_queue.delete', workspace_sid: `@${s}`, sid: w.any('task_queue', s) }),
  updateWorkflow: (w, s) =>
    command({
      type: 'workflow.update',
      workspace_sid: `@${s}`,
      sid: w.any('workflow', s),
      ...(w.dice.chance(75) && { configuration: said.configuration(w.dice, w.profile, s, w.all('task_queue', s)) }),
      ...(w.dice.chance(20) && { task_reservation_timeout: w.dice.of(w.profile.reservation_timeout) }),
      ...(w.dice.chance(60) && { re_evaluate_tasks: true })
    }),
  addWorkflow: (w, s) => {
    const name = w.fresh('f')
    const configuration = said.configuration(w.dice, w.profile, s, w.all('task_queue', s))
    const task_reservation_timeout = w.dice.of(w.profile.reservation_timeout)
    return command(
      { type: 'workflow.create', workspace_sid: `@${s}`, friendly_name: name, configuration, task_reservation_timeout },
      name
    )
  },
  deleteWorkflow: (w, s) => command({ type: 'workflow.delete', workspace_sid: `@${s}`, sid: w.any('workflow', s) }),
  changeActivity: (w, s) => {
    const name = w.fresh('a')
    const friendly_name = w.dice.of(['Available', 'Lunch', name])
    const workspace_sid = `@${s}`
    const sid = w.any('activity', s)
    if (w.dice.chance(40))
      return command({ type: 'activity.create', workspace_sid, friendly_name, available: w.dice.chance(50) }, name)
    if (w.dice.chance(30)) return command({ type: 'activity.delete', workspace_sid, sid })
    return command({ type: 'activity.update', workspace_sid, sid, friendly_name })
  },
  changeTaskChannel: (w, s) => {
    const unique_name = w.fresh('c')
    const workspace_sid = `@${s}`
    const channel_optimized_routing = w.dice.chance(50)
    if (w.dice.chance(35))
      return command(
        { type: 'task_channel.create', workspace_sid, friendly_name: 'Extra', unique_name, channel_optimized_routing },
        unique_name
      )
    const sid = w.dice.of(['chat', 'default', 'voice', w.any('task_channel', s)])
    if (w.dice.chance(60))
      return command({ type: 'task_channel.update', workspace_sid, sid, channel_optimized_routing })
    return command({ type: 'task_channel.delete', workspace_sid, sid })
  },
  updateWorkspace: (w, s) =>
    command({
      type: 'workspace.update',
      sid: `@${s}`,
      prioritize_queue_order: w.dice.of(['FIFO', 'LIFO'] as const),
      ...(w.dice.chance(50) && { timeout_activity_sid: activity(w, s) }),
      ...(w.dice.chance(25) && { multi_task_enabled: w.dice.chance(80) })
    }),
  /** Somebody else's center in the same account, which must not matter to this one. */
  otherWorkspace: (w, s) => {
    if (s !== 's1' && w.dice.chance(10)) return command({ type: 'workspace.delete', sid: `@${s}` })
    const name = w.fresh('s')
    return command({ type: 'workspace.create', friendly_name: name, multi_task_enabled: w.dice.chance(50) }, name)
  }
} as const satisfies Record<string, Act>

const allActs = {
  ...acts,
  ...callActs,
  ...contactActs,
  ...engagementActs,
  ...lineActs,
  ...flowActs,
  ...messageActs,
  ...peopleActs,
  ...webchatActs
}
export type ActName = keyof typeof allActs

function respond(w: Workload, s: string, statuses: readonly string[], reservation_status: string, more = {}): Step {
  const found = w.reservation(s, statuses)
  if (!found) return instead(w, s)
  const { task, worker } = found
  return command({
    type: 'reservation.update',
    workspace_sid: `@${s}`,
    ...(w.dice.chance(50) ? { task_sid: `@${task}` } : { worker_sid: `@${worker}` }),
    sid: `@r/${task}/${worker}`,
    reservation_status,
    ...more
  })
}

/** Nobody has anything to do: there is more work, or somebody comes back. */
function instead(w: Workload, s: string): Step {
  return w.dice.chance(40) ? acts.addTask(w, s) : acts.moveWorker(w, s)
}

/** A task channel; the one that is always there when nobody has made another. */
function channel(w: Workload, s: string): string {
  return w.all('task_channel', s).length === 0 ? 'default' : w.any('task_channel', s)
}

/** Mostly Available, for otherwise nothing happens. */
function activity(w: Workload, s: string): string {
  return w.dice.chance(70) ? `@${s}.Available` : w.any('activity', s)
}
