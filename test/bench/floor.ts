import { State } from '@ringdown/engine/center'
import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { type Seed, seedOf } from '@ringdown/engine/core/ids'
import type { Row } from '@ringdown/engine/core/row'
import type { Table } from '@ringdown/engine/core/table'
import { type Decision, decide } from '@ringdown/engine/decide'
import type { TaskRow } from '@ringdown/engine/routing/rows'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'

/*
 * One contact center for all rows: workers with three skills, languages and a level; a queue per skill; a workflow with a
 * filter per topic, whose first target wants the task's language and whose second takes anybody after a minute.
 */

/** What the rows about the engine vary. */
export interface Shape {
  readonly workers: number
  readonly queues: number
  /** Waiting tasks that are there from the start. */
  readonly backlog?: number
  /**
   * `simple` is the floor above. With `open` every queue takes everybody (`1==1`); with `unique` the first target wants a
   * worker whose group, one of 500, is the task's.
   */
  readonly variant?: 'simple' | 'open' | 'unique'
}

export const groups = 500

/** Twilio's limits, but for workers who are available at the same time: the large floor has all of its own at work. */
const settings: Settings = {
  ...defaultSettings,
  limits: { ...defaultSettings.limits, available_workers: defaultSettings.limits.workers }
}

export function targetWorkers(queue: number, variant: Shape['variant'] = 'simple'): string {
  return variant === 'open' ? '1==1' : `skills HAS 's${queue}' AND level >= 1`
}

/** Queues that one workflow serves: its document has a size limit, and its filters are tried from the top. */
export const queuesPerWorkflow = 50

/** A workflow's document for these queues, the first of which has the number `from`. */
export function configuration(
  queueSids: readonly string[],
  { from = 0, variant = 'simple' }: { readonly from?: number; readonly variant?: Shape['variant'] | undefined } = {}
): string {
  const expression = variant === 'unique' ? 'worker.group == task.group' : 'worker.languages HAS task.language'
  const filters = queueSids.map((queue, i) => ({
    filter_friendly_name: `F${from + i}`,
    expression: `topic == 't${from + i}'`,
    targets: [
      { queue, expression, priority: 5, timeout: 60 },
      { queue, priority: 10 }
    ]
  }))
  return JSON.stringify({ task_routing: { filters, default_filter: { queue: queueSids[0] } } })
}

export function workerAttributes(i: number, queues: number): string {
  const skills = [0, 1, 2].map((k) => `s${(i + k * 7) % queues}`)
  const group = `g${i % groups}`
  return JSON.stringify({ skills, languages: i % 2 ? ['en', 'fr'] : ['en'], level: 1 + (i % 5), group })
}

export function taskAttributes(i: number, queues: number): string {
  return `{"topic":"t${i % queues}","language":"${i % 3 ? 'en' : 'fr'}","group":"g${i % groups}"}`
}

/** That floor in the engine alone. */
export class Floor {
  readonly state = new State(`AC${'b'.repeat(32)}`, settings)
  readonly workspace_sid: string
  readonly #queues: number
  readonly #workflow_sids: string[] = []
  at = Date.parse('2026-03-02T09:00:00Z')
  /** Sees every decision, when it is set. */
  onDecision: ((command: Command, seed: Seed, decision: Decision) => void) | undefined

  /**
   * Everybody is available and free; with a backlog everybody has a reservation, and the backlog waits. A backlog and who
   * is busy come as rows, the way a start brings them in, so that the setup of a large floor stays short.
   */
  constructor({ workers, queues, backlog = 0, variant = 'simple' }: Shape) {
    this.#queues = queues
    const { workspace } = this.do({ type: 'workspace.create', friendly_name: 'Bench' })
    const workspace_sid = workspace.sid
    this.workspace_sid = workspace_sid
    const activity_sid = this.state.tables.activity.firstBy('name', `${workspace_sid}/Available`)?.sid as string // every workspace has it
    const queueSids = Array.from({ length: queues }, (_, i) => {
      const params = { workspace_sid, friendly_name: `Q${i}`, target_workers: targetWorkers(i, variant) }
      return this.do({ type: 'task_queue.create', ...params }).task_queue.sid
    })
    for (let from = 0; from < queues; from += queuesPerWorkflow) {
      const part = configuration(queueSids.slice(from, from + queuesPerWorkflow), { from, variant })
      const params = { workspace_sid, friendly_name: `W${from}`, configuration: part }
      this.#workflow_sids.push(this.do({ type: 'workflow.create', ...params }).workflow.sid)
    }
    // Nobody is there yet: they wait, one per topic.
    const waiting = Array.from({ length: Math.min(queues, backlog) }, (_, i) => this.create(i))
    for (let i = 0; i < (backlog > 0 ? 1 : workers); i++) {
      const attributes = workerAttributes(i, queues)
      this.do({ type: 'worker.create', workspace_sid, friendly_name: `w${i}`, activity_sid, attributes })
    }
    if (backlog > 0) this.#fill(workers, backlog, waiting)
  }

  /** Copies of the first worker, each with a reservation for a task of its own, and of the tasks that wait. */
  #fill(workers: number, backlog: number, waiting: readonly TaskRow[]): void {
    const { state } = this
    const [first] = state.tables.worker.by('workspace_sid', this.workspace_sid)
    const [reservation] = first ? state.tables.reservation.by('open_by_worker', first.sid) : []
    if (!first || !reservation) throw new Error('invariant: the first worker was offered a task')
    const channels = [...state.tables.worker_channel.by('worker_sid', first.sid)]
    const next = (prefix: string) => {
      const seq = state.next_seq++
      return { sid: prefix + seq.toString(16).padStart(32, '0'), seq }
    }
    const addTask = (i: number, more: Partial<TaskRow>) => {
      const prototype = waiting[i % waiting.length] as TaskRow // the remainder is below the length
      const task: TaskRow = { ...prototype, ...next('WT'), attributes: taskAttributes(i, this.#queues), ...more }
      state.admit('task', task)
      return task
    }
    for (let i = 1; i < workers; i++) {
      const worker = { ...first, ...next('WK'), friendly_name: `w${i}`, attributes: workerAttributes(i, this.#queues) }
      state.admit('worker', worker)
      for (const channel of channels)
        state.admit('worker_channel', { ...channel, ...next('WC'), worker_sid: worker.sid })
      const task = addTask(i, { assignment_status: 'reserved', rounds: 1 })
      state.admit('reservation', { ...reservation, ...next('WR'), worker_sid: worker.sid, task_sid: task.sid })
    }
    for (let i = waiting.length; i < backlog; i++) addTask(i, {})
    state.matcher.settle()
  }

  do<T extends CommandType>(command: CommandOf<T>): ResultOf<T> {
    const { state } = this
    const seed = seedOf(1, state.decision)
    const decision = decide(state, { at: this.at, seed, command: command as unknown as Command }) // a command of one type is a command
    this.onDecision?.(command as unknown as Command, seed, decision)
    this.#letGo(decision)
    return decision.result as ResultOf<T> // of that type
  }

  /** What was put away leaves memory, as it does in a server when it is stored. */
  #letGo({ changes }: Decision): void {
    for (const { kind, sid, after } of changes) {
      const table = this.state.table(kind) as unknown as Table<Row> // of the row's own kind
      if (after && table.goneFrom(after) !== undefined) this.state.evict(kind, sid)
    }
  }

  /** Creates the i-th task; it is offered at once when somebody is free. */
  create(i: number): TaskRow {
    const { workspace_sid } = this
    const workflow_sid = this.#workflow_sids[Math.floor((i % this.#queues) / queuesPerWorkflow)] as string // every queue has one
    const attributes = taskAttributes(i, this.#queues)
    return this.do({ type: 'task.create', workspace_sid, workflow_sid, attributes }).task
  }

  /** Accepts and completes a task that is reserved; answers the worker, who is free again. */
  finish(task_sid: string): string {
    const { workspace_sid } = this
    const reservation = this.state.tables.reservation.firstBy('task_sid', task_sid)
    if (!reservation) throw new Error('invariant: the task is reserved')
    const { sid, worker_sid } = reservation
    this.do({ type: 'reservation.update', workspace_sid, task_sid, sid, reservation_status: 'accepted' })
    this.do({ type: 'task.update', workspace_sid, sid: task_sid, assignment_status: 'completed', reason: 'done' })
    return worker_sid
  }

  /** Lets due timers be decided up to now. */
  settle(): void {
    for (let timer = this.state.nextTimer; timer && timer.due <= this.at; timer = this.state.nextTimer) {
      this.do({ type: timer.command, sid: timer.sid } as Command as never) // a timer's command takes its SID
    }
  }
}
