import { audit } from '../../../../test/support/invariants.ts'
import { forgetOver } from '../../../../test/support/snapshot.ts'
import { State } from '../center.ts'
import type { Command, CommandOf, CommandType, ResultOf } from '../commands.ts'
import { seedOf } from '../core/ids.ts'
import { foldedName, nameKey } from '../core/names.ts'
import { Refusal } from '../core/refusals.ts'
import { type Decision, decide } from '../decide.ts'
import { decideDue } from '../due.ts'
import type { EngineEvent, EventType } from '../events.ts'
import type {
  ActivityRow,
  ReservationRow,
  ReservationStatus,
  TaskQueueRow,
  TaskRow,
  WorkerChannelRow,
  WorkerRow,
  WorkflowRow
} from '../routing/rows.ts'
import type { CreateTask, UpdateTask } from '../routing/task.ts'
import type { TaskQueueParams } from '../routing/task-queue.ts'
import type { WorkflowParams } from '../routing/workflow.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import type { Tools } from '../tools.ts'

const units_ms: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `2 min`, `500 ms`, `1 d`: in milliseconds. */
export function ms(span: string): number {
  const [, amount, unit] = /^(\d+) (ms|s|min|h|d)$/.exec(span) ?? []
  if (amount === undefined || unit === undefined) throw new Error(`'${span}' is no span of time`)
  return Number(amount) * (units_ms[unit] as number) // the pattern names its keys
}

export interface WorldOptions {
  readonly seed?: number
  readonly settings?: Partial<Omit<Settings, 'limits'>> & { readonly limits?: Partial<Settings['limits']> }
  readonly workspace?: Partial<CommandOf<'workspace.create'>>
  readonly tools?: Tools
}

/**
 * A contact center with one workspace and a hand on the clock, for stories: rows go by the names that people give them
 * (a task's is the story's own), and the auditor looks at every decision.
 */
export class World {
  readonly state: State
  readonly workspace_sid: string
  readonly #seed: number
  readonly #tasks = new Map<string, string>()
  readonly #events: EngineEvent[] = []
  #at = 1_767_225_600_000 // 2026-01-01

  constructor({ seed = 1, settings, workspace, tools }: WorldOptions = {}) {
    this.#seed = seed
    const limits = { ...defaultSettings.limits, ...settings?.limits }
    this.state = new State(`AC${'0'.repeat(32)}`, { ...defaultSettings, ...settings, limits }, tools)
    this.workspace_sid = this.do({ type: 'workspace.create', friendly_name: 'Center', ...workspace }).workspace.sid
  }

  // Time and commands

  /** Decides what is due, then the command, then what has become due by it. */
  do<T extends CommandType>(command: CommandOf<T>): ResultOf<T> {
    this.#decideDue()
    const seed = seedOf(this.#seed, this.state.decision)
    const decision = decide(this.state, { at: this.#at, seed, command: command as unknown as Command }) as Decision<
      ResultOf<T>
    > // what its decider answers
    this.#seen(decision)
    this.#decideDue()
    return decision.result
  }

  /** Lets time pass; what is due on the way is decided at its time. */
  pass(span: string): void {
    this.#at += ms(span)
    this.#decideDue()
    forgetOver(this.state, this.#at)
  }

  /** Why a command is refused: `400/20001 text`. */
  refusal(act: () => unknown): string {
    try {
      act()
    } catch (error) {
      if (error instanceof Refusal) return `${error.status}/${error.number} ${error.message}`
      throw error
    }
    throw new Error('it was not refused')
  }

  get at(): number {
    return this.#at
  }

  #decideDue(): void {
    for (const { decision } of decideDue(this.state, this.#at, (n) => seedOf(this.#seed, n))) this.#seen(decision)
  }

  #seen(decision: Decision): void {
    this.#events.push(...decision.events)
    audit(this.state, decision)
  }

  // Furniture

  addQueue(friendly_name: string, params: TaskQueueParams = {}): TaskQueueRow {
    return this.do({ type: 'task_queue.create', workspace_sid: this.workspace_sid, friendly_name, ...params })
      .task_queue
  }

  /** A worker who is Available unless said otherwise, with capacities by channel. */
  addWorker(
    friendly_name: string,
    options: {
      readonly attributes?: object
      readonly activity?: string
      readonly capacity?: Readonly<Record<string, number>>
    } = {}
  ): WorkerRow {
    const { workspace_sid } = this
    const attributes = JSON.stringify(options.attributes ?? {})
    const target = options.activity ?? 'Available'
    const activity_sid = this.activity('Offline').sid
    const { worker } = this.do({ type: 'worker.create', workspace_sid, friendly_name, attributes, activity_sid })
    for (const [sid, capacity] of Object.entries(options.capacity ?? {})) {
      this.do({ type: 'worker_channel.update', workspace_sid, worker_sid: worker.sid, sid, capacity })
    }
    if (target !== 'Offline') this.move(friendly_name, target)
    return this.worker(friendly_name)
  }

  /** A workflow whose document names queues by their names. */
  addWorkflow(friendly_name: string, task_routing: object, params: WorkflowParams = {}): WorkflowRow {
    const configuration = this.configuration(task_routing)
    return this.do({
      type: 'workflow.create',
      workspace_sid: this.workspace_sid,
      friendly_name,
      ...params,
      configuration
    }).workflow
  }

  updateWorkflow(
    friendly_name: string,
    change: { readonly task_routing?: object; readonly re_evaluate_tasks?: boolean }
  ): void {
    const { workspace_sid } = this
    const configuration = change.task_routing && this.configuration(change.task_routing)
    this.do({
      type: 'workflow.update',
      workspace_sid,
      sid: this.workflow(friendly_name).sid,
      ...(configuration !== undefined && { configuration }),
      ...(change.re_evaluate_tasks !== undefined && { re_evaluate_tasks: change.re_evaluate_tasks })
    })
  }

  /** The text of a document, the queues' names replaced by their SIDs. */
  configuration(task_routing: object): string {
    return JSON.stringify({ task_routing }, (key, value: unknown) =>
      key === 'queue' && typeof value === 'string' && !value.startsWith('WQ') ? this.queue(value).sid : value
    )
  }

  /** A task by the story's name for it; attributes as an object. */
  addTask(
    name: string,
    params: Partial<Omit<CreateTask, 'attributes'>> & { readonly attributes?: object } = {}
  ): TaskRow {
    const { workspace_sid } = this
    const attributes = JSON.stringify(params.attributes ?? {})
    const { task } = this.do({ type: 'task.create', workspace_sid, ...params, attributes })
    this.#tasks.set(name, task.sid)
    return this.task(name)
  }

  // Acts

  updateTask(
    name: string,
    params: Omit<UpdateTask, 'workspace_sid' | 'sid' | 'attributes'> & { readonly attributes?: object }
  ): TaskRow {
    const { workspace_sid } = this
    const { attributes, ...others } = params
    this.do({
      type: 'task.update',
      workspace_sid,
      sid: this.sid(name),
      ...others,
      ...(attributes && { attributes: JSON.stringify(attributes) })
    })
    return this.task(name)
  }

  deleteTask(name: string): void {
    this.do({ type: 'task.delete', workspace_sid: this.workspace_sid, sid: this.sid(name) })
  }

  move(worker: string, activity: string, reject_pending_reservations?: boolean): void {
    this.do({
      type: 'worker.update',
      workspace_sid: this.workspace_sid,
      sid: this.worker(worker).sid,
      activity_sid: this.activity(activity).sid,
      ...(reject_pending_reservations !== undefined && { reject_pending_reservations })
    })
  }

  setAttributes(worker: string, attributes: object): void {
    const { workspace_sid } = this
    this.do({
      type: 'worker.update',
      workspace_sid,
      sid: this.worker(worker).sid,
      attributes: JSON.stringify(attributes)
    })
  }

  setChannel(
    worker: string,
    channel: string,
    change: { readonly capacity?: number; readonly available?: boolean }
  ): void {
    const { workspace_sid } = this
    this.do({
      type: 'worker_channel.update',
      workspace_sid,
      worker_sid: this.worker(worker).sid,
      sid: channel,
      ...change
    })
  }

  /** The worker does something with its latest reservation for the task. */
  respond(worker: string, task: string, reservation_status: string, activity?: string): ReservationRow {
    const { sid, task_sid } = this.reservation(worker, task)
    return this.do({
      type: 'reservation.update',
      workspace_sid: this.workspace_sid,
      task_sid,
      sid,
      reservation_status,
      ...(activity !== undefined && { worker_activity_sid: this.activity(activity).sid })
    }).reservation
  }

  accept(worker: string, task: string): void {
    this.respond(worker, task, 'accepted')
  }

  reject(worker: string, task: string, activity?: string): void {
    this.respond(worker, task, 'rejected', activity)
  }

  complete(worker: string, task: string): void {
    this.respond(worker, task, 'completed')
  }

  // What one sees

  sid(task: string): string {
    return this.#tasks.get(task) ?? notThere(`task '${task}'`)
  }

  task(name: string): TaskRow {
    return this.state.get('task', this.sid(name))
  }

  worker(name: string): WorkerRow {
    return (
      this.state.tables.worker.firstBy('name', nameKey(this.workspace_sid, foldedName(name))) ??
      notThere(`worker '${name}'`)
    )
  }

  queue(name: string): TaskQueueRow {
    return (
      this.state.tables.task_queue.firstBy('name', nameKey(this.workspace_sid, name)) ?? notThere(`queue '${name}'`)
    )
  }

  workflow(name: string): WorkflowRow {
    return (
      this.state.tables.workflow.firstBy('name', nameKey(this.workspace_sid, name)) ?? notThere(`workflow '${name}'`)
    )
  }

  activity(name: string): ActivityRow {
    return (
      this.state.tables.activity.firstBy('name', nameKey(this.workspace_sid, name)) ?? notThere(`activity '${name}'`)
    )
  }

  channel(worker: string, unique_name: string): WorkerChannelRow {
    const channel = this.state.tables.task_channel.firstBy('name', nameKey(this.workspace_sid, unique_name))
    const row =
      channel && this.state.tables.worker_channel.firstBy('pair', nameKey(this.worker(worker).sid, channel.sid))
    return row ?? notThere(`channel '${unique_name}' of ${worker}`)
  }

  reservation(worker: string, task: string): ReservationRow {
    const { sid } = this.worker(worker)
    const own = [...this.state.tables.reservation.by('task_sid', this.sid(task))].filter(
      (row) => row.worker_sid === sid
    )
    return own.at(-1) ?? notThere(`reservation of ${worker} for ${task}`)
  }

  /** The name of the queue in which a task is. */
  queueOf(task: string): string | undefined {
    return this.state.find('task_queue', this.task(task).task_queue_sid)?.friendly_name
  }

  activityOf(worker: string): string {
    return this.state.get('activity', this.worker(worker).activity_sid).friendly_name
  }

  /** Who has reservations for a task in a status, by name in the order of the offers. */
  who(task: string, status: ReservationStatus = 'pending'): string[] {
    const rows = [...this.state.tables.reservation.by('task_sid', this.sid(task))]
    return rows
      .filter((row) => row.reservation_status === status)
      .map((row) => this.state.get('worker', row.worker_sid).friendly_name)
  }

  /** `pending`, or with whom it is: `reserved Ada, Bea`. The shortest account of where a task is. */
  where(task: string): string {
    const row = this.state.find('task', this.sid(task))
    if (!row) return 'gone'
    const status = row.assignment_status
    const of = { reserved: 'pending', assigned: 'accepted', wrapping: 'wrapping' } as const
    const held = status in of ? ` ${this.who(task, of[status as keyof typeof of]).join(', ')}` : '' // `in` has just asked
    return `${status}${held}`
  }

  /** Types of the events of a task, from the first on. */
  eventTypes(task: string): EventType[] {
    const sid = this.sid(task)
    return this.#events.filter((event) => event.refs.task?.sid === sid).map((event) => event.type)
  }

  /** All events so far; with a type, those of it. */
  events(type?: EventType): readonly EngineEvent[] {
    return type === undefined ? this.#events : this.#events.filter((event) => event.type === type)
  }
}

function notThere(what: string): never {
  throw new Error(`there is no ${what}`)
}
