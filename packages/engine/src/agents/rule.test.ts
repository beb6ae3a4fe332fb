import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'

/** A floor with two queues, and nobody who takes anything unless it is said. */
class Floor extends World {
  constructor() {
    super()
    this.addQueue('Support', { target_workers: "skill == 'support'" })
    this.addQueue('Billing', { target_workers: "skill == 'billing'" })
    this.addWorkflow('Default', {
      filters: [{ expression: "kind == 'billing'", targets: [{ queue: 'Billing' }] }],
      default_filter: { queue: 'Support' }
    })
  }

  rule(situation: string, args: object): string {
    return this.do({ type: 'situation_rule.create', situation, arguments: args }).situation_rule.sid
  }

  threshold(metric: string, operator: string, value: number, forSeconds = 0): string {
    const taskQueueSid = this.queue('Support').sid
    return this.rule('queue.threshold', { taskQueueSid, metric, operator, value, forSeconds })
  }

  /** What was told so far, each as `seconds since the first of January: what`. */
  told(): string[] {
    return [...this.events('ringdown.queue.threshold'), ...this.events('ringdown.task.waiting')].map((event) => {
      const { data } = render(event)
      const what = data.metric
        ? `${data.metric} ${data.value}`
        : `task ${this.names.get(String(data.task_sid))} waited ${data.waited_seconds}`
      return `${(event.at - 1_767_225_600_000) / 1000} ${what}`
    })
  }

  readonly names = new Map<string, string>()

  waits(name: string, attributes: object = {}): void {
    this.names.set(this.addTask(name, { attributes }).sid, name)
  }
}

describe('a threshold', () => {
  it('is told when a figure goes beyond it, and again only after it has been back', () => {
    const floor = new Floor()
    floor.threshold('waiting', '>=', 2)
    floor.waits('one')
    expect(floor.told()).toEqual([])
    floor.waits('two')
    floor.pass('1 s')
    floor.waits('three')
    expect(floor.told()).toEqual(['0 waiting 2'])
    floor.updateTask('one', { assignment_status: 'canceled' })
    floor.pass('1 s')
    floor.updateTask('two', { assignment_status: 'canceled' })
    floor.pass('1 s')
    floor.waits('four')
    floor.pass('1 min')
    expect(floor.told()).toEqual(['0 waiting 2', '3 waiting 2'])
  })

  it('has to be stayed beyond for as long as it says, and a moment back begins it anew', () => {
    const floor = new Floor()
    floor.threshold('waiting', '>', 0, 30)
    floor.waits('one')
    floor.pass('20 s')
    floor.updateTask('one', { assignment_status: 'canceled' })
    floor.pass('1 s')
    floor.waits('two')
    floor.pass('29 s')
    expect(floor.told()).toEqual([])
    floor.pass('1 s')
    floor.pass('5 min')
    expect(floor.told()).toEqual(['51 waiting 1'])
  })

  it('is gone over by time alone, to the second', () => {
    const floor = new Floor()
    floor.threshold('longest_wait', '>', 10)
    floor.pass('3 s')
    floor.waits('one')
    floor.pass('1 min')
    expect(floor.told()).toEqual(['14 longest_wait 11'])
  })

  it('is told of workers: of those who are there, and those who are free', () => {
    const floor = new Floor()
    floor.threshold('available_workers', '<', 1)
    expect(floor.told()).toEqual(['0 available_workers 0'])
    floor.addWorker('Ada', { attributes: { skill: 'support' } })
    floor.pass('1 s')
    floor.move('Ada', 'Offline')
    expect(floor.told()).toEqual(['0 available_workers 0', '1 available_workers 0'])
    floor.setAttributes('Ada', { skill: 'billing' })
    floor.pass('1 s')
    expect(floor.told()).toHaveLength(2)
  })

  it('is looked at when all has been decided: a task that is taken at once never waited', () => {
    const floor = new Floor()
    floor.addWorker('Ada', { attributes: { skill: 'support' } })
    floor.threshold('waiting', '>', 0, 1)
    floor.waits('one')
    floor.accept('Ada', 'one')
    floor.pass('1 min')
    expect(floor.told()).toEqual([])
  })

  it('is the same for two who want the same, and ends when nobody wants it, or its queue is gone', () => {
    const floor = new Floor()
    const sid = floor.threshold('waiting', '>=', 1)
    expect(floor.threshold('waiting', '>=', 1)).toBe(sid)
    floor.pass('20 h')
    floor.threshold('waiting', '>=', 1)
    floor.pass('20 h')
    expect(floor.state.find('situation_rule', sid)).toBeDefined()
    floor.pass('5 h')
    expect(floor.state.find('situation_rule', sid)).toBeUndefined()
    const other = floor.rule('task.waiting', { taskQueueSid: floor.addQueue('Spare').sid })
    floor.do({ type: 'task_queue.delete', workspace_sid: floor.workspace_sid, sid: floor.queue('Spare').sid })
    expect(floor.state.find('situation_rule', other)).toBeUndefined()
  })
})

describe('a wait', () => {
  it('is told when it is so long, of each task once, in whichever queue', () => {
    const floor = new Floor()
    floor.waits('early')
    floor.pass('2 min')
    floor.rule('task.waiting', { afterSeconds: 60 })
    expect(floor.told()).toEqual(['120 task early waited 120'])
    floor.waits('one')
    floor.pass('10 s')
    floor.waits('two', { kind: 'billing' })
    floor.pass('20 s')
    floor.waits('short')
    floor.pass('20 s')
    floor.updateTask('short', { assignment_status: 'canceled' })
    floor.pass('10 min')
    expect(floor.told()).toEqual(['120 task early waited 120', '180 task one waited 60', '190 task two waited 60'])
  })

  it('is told of one queue, and of tasks that an expression fits', () => {
    const floor = new Floor()
    const taskQueueSid = floor.queue('Support').sid
    floor.rule('task.waiting', { taskQueueSid, afterSeconds: 120, expression: 'vip == true' })
    floor.waits('vip', { vip: true })
    floor.waits('other', { vip: false })
    floor.waits('elsewhere', { vip: true, kind: 'billing' })
    floor.pass('1 h')
    expect(floor.told()).toEqual(['120 task vip waited 120'])
  })

  it('is told once for each time that a task comes into a queue', () => {
    const floor = new Floor()
    floor.updateWorkflow('Default', {
      task_routing: {
        filters: [{ expression: '1 == 1', targets: [{ queue: 'Support', timeout: 30 }, { queue: 'Billing' }] }]
      }
    })
    floor.rule('task.waiting', { afterSeconds: 20 })
    floor.waits('one')
    floor.pass('10 min')
    expect(floor.told()).toEqual(['20 task one waited 20', '50 task one waited 20'])
  })
})

describe('a rule', () => {
  it.each([
    ['task.created', {}, "Situation 'task.created' does not exist"],
    ['task.finished', {}, 'needs no rule'],
    ['task.waiting', { afterSeconds: 0 }, 'afterSeconds must be a whole number from 1 to 86400'],
    ['task.waiting', { after: 1 }, 'no argument after of task.waiting'],
    ['task.waiting', { expression: 'vip ==' }, 'expression'],
    ['task.waiting', '[]', 'JSON object'],
    ['task.waiting', { taskQueueSid: `WQ${'0'.repeat(32)}` }, 'is no TaskQueue'],
    ['queue.threshold', {}, 'taskQueueSid, metric, operator, value must be given'],
    ['queue.threshold', { metric: 'mood' }, 'metric is one of waiting']
  ])('of %s with %j is refused', (situation, args, message) => {
    const floor = new Floor()
    expect(floor.refusal(() => floor.do({ type: 'situation_rule.create', situation, arguments: args }))).toContain(
      message
    )
  })
})
