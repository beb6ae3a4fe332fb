import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { type Decision, decide } from '@ringdown/engine/decide'
import type { TaskRow } from '@ringdown/engine/routing/rows'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { type Seed, seedOf } from '@ringdown/engine/state/ids'
import { State } from '@ringdown/engine/state/state'

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

export function configuration(queueSids: readonly string[], variant: Shape['variant'] = 'simple'): string {
  const expression = variant === 'unique' ? 'worker.group == task.group' : 'worker.languages HAS task.language'
  const filters = queueSids.map((queue, i) => ({
    filter_friendly_name: `F${i}`,
    expression: `topic == 't${i}'`,
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
  return `{"topic":"t${i % queues}","language":"${i % 3 ? 'en' : 'fr'}","group":"g${(i * 7) % groups}"}`
}

/** That floor in the engine alone. */
export class Floor {
  readonly state = new State(`AC${'b'.repeat(32)}`, settings)
  readonly workspace_sid: string
  readonly workflow_sid: string
  readonly available_sid: string
  readonly #queues: number
  at = Date.parse('2026-03-02T09:00:00Z')
  /** Sees every decision, when it is set. */
  onDecision: ((command: Command, seed: Seed, decision: Decision) => void) | undefined

  /**
   * Everybody is available at once, unless tasks wait already: then the workers come when the tasks are there, and the
   * floor begins with everybody busy. The waiting tasks are copies of one per topic, brought in as rows the way a start
   * does it, so that the setup of a large floor stays short.
   */
  constructor({ workers, queues, backlog = 0, variant = 'simple' }: Shape) {
    this.#queues = queues
    const { workspace } = this.do({ type: 'workspace.create', friendly_name: 'Bench' })
    this.workspace_sid = workspace.sid
    const named = (name: string) => this.state.tables.activity.firstBy('name', `${workspace.sid}/${name}`)?.sid as string // every workspace has these
    this.available_sid = named('Available')
    const activity_sid = backlog > 0 ? named('Offline') : this.available_sid
    const workspace_sid = workspace.sid
    for (let i = 0; i < workers; i++) {
      const attributes = workerAttributes(i, queues)
      this.do({ type: 'worker.create', workspace_sid, friendly_name: `w${i}`, activity_sid, attributes })
    }
    const queueSids = Array.from({ length: queues }, (_, i) => {
      const params = { workspace_sid, friendly_name: `Q${i}`, target_workers: targetWorkers(i, variant) }
      return this.do({ type: 'task_queue.create', ...params }).task_queue.sid
    })
    const params = { workspace_sid, friendly_name: 'W', configuration: configuration(queueSids, variant) }
    this.workflow_sid = this.do({ type: 'workflow.create', ...params }).workflow.sid
    if (backlog > 0) this.#fill(backlog)
  }

  #fill(backlog: number): void {
    const { state } = this
    const prototypes = Array.from({ length: Math.min(this.#queues, backlog) }, (_, i) => this.create(i))
    for (let i = prototypes.length; i < backlog; i++) {
      const prototype = prototypes[i % prototypes.length] as TaskRow // the remainder is below the length
      const sid = `WT${i.toString(16).padStart(32, '0')}`
      const attributes = taskAttributes(i, this.#queues)
      state.admit('task', { ...prototype, sid, seq: state.next_seq++, attributes })
    }
    state.pools.settle()
    // A copy, since the loop changes the table.
    for (const { sid } of [...state.tables.worker.by('workspace_sid', this.workspace_sid)]) {
      this.do({ type: 'worker.update', workspace_sid: this.workspace_sid, sid, activity_sid: this.available_sid })
    }
  }

  do<T extends CommandType>(command: CommandOf<T>): ResultOf<T> {
    const { state } = this
    const seed = seedOf(1, state.decision)
    const decision = decide(state, { at: this.at, seed, command: command as unknown as Command }) // a command of one type is a command
    this.onDecision?.(command as unknown as Command, seed, decision)
    return decision.result as ResultOf<T> // of that type
  }

  /** Creates the i-th task; it is offered at once when somebody is free. */
  create(i: number): TaskRow {
    const { workspace_sid, workflow_sid } = this
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
