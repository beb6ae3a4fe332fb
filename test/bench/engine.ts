import { decide } from '@ringdown/engine/decide'
import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { seedOf } from '@ringdown/engine/state/ids'
import { State } from '@ringdown/engine/state/state'

const start = Date.parse('2026-03-02T09:00:00Z')

/** A floor in the engine alone: workers with languages and levels, queues by skill, a workflow of real expressions. */
export class Floor {
  readonly state = new State(`AC${'b'.repeat(32)}`)
  readonly workspace_sid: string
  readonly workflow_sid: string
  at = start

  constructor({ workers, queues }: { readonly workers: number; readonly queues: number }) {
    const { workspace } = this.do({ type: 'workspace.create', friendly_name: 'Bench' })
    this.workspace_sid = workspace.sid
    const available = this.state.tables.activity.firstBy('name', `${workspace.sid}/Available`)?.sid as string // every workspace has it
    const queueSids = Array.from({ length: queues }, (_, i) => {
      const params = { workspace_sid: workspace.sid, friendly_name: `Q${i}`, target_workers: `skills HAS 's${i}' AND level >= 1` }
      return this.do({ type: 'task_queue.create', ...params }).task_queue.sid
    })
    const filters = queueSids.map((queue, i) => ({
      filter_friendly_name: `F${i}`,
      expression: `topic == 't${i}'`,
      targets: [
        { queue, expression: 'worker.languages HAS task.language', priority: 5, timeout: 60 },
        { queue, priority: 10 }
      ]
    }))
    const configuration = JSON.stringify({ task_routing: { filters, default_filter: { queue: queueSids[0] } } })
    this.workflow_sid = this.do({ type: 'workflow.create', workspace_sid: workspace.sid, friendly_name: 'W', configuration }).workflow.sid
    for (let i = 0; i < workers; i++) {
      const skills = [0, 1, 2].map((k) => `s${(i + k * 7) % queues}`)
      const attributes = JSON.stringify({ skills, languages: i % 2 ? ['en', 'fr'] : ['en'], level: 1 + (i % 5) })
      this.do({ type: 'worker.create', workspace_sid: workspace.sid, friendly_name: `w${i}`, activity_sid: available, attributes })
    }
  }

  do<T extends CommandType>(command: CommandOf<T>): ResultOf<T> {
    const { state } = this
    const seed = seedOf(1, state.decision)
    return decide(state, { at: this.at, seed, command: command as unknown as Command }).result as ResultOf<T>
  }

  /** Creates a task; it is offered at once when somebody is free. */
  create(i: number, queues: number) {
    return this.do({
      type: 'task.create',
      workspace_sid: this.workspace_sid,
      workflow_sid: this.workflow_sid,
      attributes: `{"topic":"t${i % queues}","language":"${i % 3 ? 'en' : 'fr'}"}`
    }).task
  }

  /** Accepts and completes a task that is reserved. */
  finish(task_sid: string): void {
    const { workspace_sid } = this
    const reservation = this.state.tables.reservation.firstBy('task_sid', task_sid)
    if (!reservation) throw new Error('the task is reserved')
    this.do({ type: 'reservation.update', workspace_sid, task_sid, sid: reservation.sid, reservation_status: 'accepted' })
    this.do({ type: 'task.update', workspace_sid, sid: task_sid, assignment_status: 'completed', reason: 'done' })
  }

  /** Lets due timers be decided up to now. */
  settle(): void {
    for (let timer = this.state.nextTimer; timer && timer.due <= this.at; timer = this.state.nextTimer) {
      this.do({ type: timer.command, sid: timer.sid } as Command as never) // a timer's command takes its SID
    }
  }
}

/** Task lifecycles (create, offer, accept, complete; all events) a second, in the engine alone. */
export function engineLifecycles(seconds: number): number {
  const queues = 50
  const floor = new Floor({ workers: 1000, queues })
  const round = (n: number) => {
    for (let i = 0; i < n; i++) {
      const task = floor.create(i, queues)
      floor.finish(task.sid)
      floor.at += 1
    }
    floor.settle()
  }
  round(2000)
  const begun = performance.now()
  let done = 0
  while (performance.now() - begun < seconds * 1000) {
    round(1000)
    done += 1000
  }
  return done / ((performance.now() - begun) / 1000)
}
