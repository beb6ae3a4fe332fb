import { pino } from 'pino'
import { expect, it } from 'vitest'
import { observed } from '../observed.ts'
import { Floor } from './floor.ts'

it('what Twilio takes in silence is taken, and told in the events and in the log', async () => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
  const world = await observed({ log })
  const warnings = () => lines.map((line) => JSON.parse(line)).filter((line) => line.warning !== undefined)
  try {
    const floor = await Floor.open(world)
    const worker = await floor.worker('Alice', { skills: 'sales' })
    expect(warnings()).toEqual([])
    const queue = await floor.queue('Sales', { targetWorkers: "skills HAS 'sales'" })
    expect(warnings()).toMatchObject([
      { level: 40, warning: 'never_a_list', resource_type: 'task-queue', resource_sid: queue },
      { warning: 'queue_without_workers', msg: 'None of 1 worker is eligible for the queue' }
    ])
    const workflow = await floor.workflow('Route', { filters: [{ expression: "kind == 'x'", targets: [{ queue }] }] })
    expect(warnings().slice(2)).toMatchObject([
      { warning: 'no_default_filter', resource_type: 'workflow', resource_sid: workflow },
      { warning: 'queue_without_workers', resource_sid: workflow }
    ])
    await floor.workspace.workers(worker).update({ attributes: '{}' })
    expect(warnings().slice(4)).toMatchObject([{ warning: 'worker_without_queue', resource_sid: worker }])
    await floor.workspace.workers(worker).update({ attributes: '{"skills":["sales"]}' })
    expect(warnings()).toHaveLength(5)
    expect((await floor.events(queue)).filter((type) => type === 'ringdown.warning')).toHaveLength(3)
    // Nobody's attributes stand in the log.
    expect(lines.join()).not.toContain('sales')
  } finally {
    await world.close()
  }
})
