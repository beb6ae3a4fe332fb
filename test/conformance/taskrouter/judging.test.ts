import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Observed, observed } from '../observed.ts'
import { Floor } from './floor.ts'

/*
 * An expression of the length that is allowed, over REST: while a queue's TargetWorkers are asked of everybody, others are
 * answered, and the queue keeps those whom it had.
 */

const workers = 150
let world: Observed
let floor: Floor

beforeAll(async () => {
  world = await observed()
  floor = await Floor.open(world, { friendlyName: 'Long' })
  const account = await world.running.account
  for (let i = 0; i < workers; i++)
    await account.execute({
      type: 'worker.create',
      workspace_sid: floor.sid,
      friendly_name: `w${i}`,
      attributes: JSON.stringify({ last: i % 5 === 0, first: i % 5 === 1 }),
      activity_sid: floor.activity('Offline')
    })
})
afterAll(() => world.close())

/** 100,000 characters, and no two of its comparisons read the same attribute; true where the last one is. */
function longest(end: string): string {
  let text = ''
  for (let i = 0; text.length < 99_900; i++) text += `q${i.toString(36)} OR `
  return text + end
}

const eligible = async (sid: string) =>
  (await world.call(`${floor.path}/TaskQueues/${sid}/Statistics`)).body.realtime.total_eligible_workers

/** Lets time pass piece by piece until the queue has so many workers; says how many pieces, and what was answered in between. */
async function pieces(sid: string, count: number): Promise<{ pieces: number; between: string[] }> {
  const between: string[] = []
  for (let pieces = 1; ; pieces++) {
    if ((await eligible(sid)) === count) return { pieces, between }
    const task = await floor.task({}, { workflowSid: await floor.workflow(`F${sid}${pieces}`, sid) })
    between.push(task.assignmentStatus)
    if (pieces > 400) throw new Error('it never comes into force')
    await world.pass(0.02)
  }
}

describe('a queue with TargetWorkers of 100,000 characters', () => {
  it('is created at once, gets its workers when all have been asked, and others are answered meanwhile', async () => {
    const target = longest('last')
    const sid = await floor.queue('Longest', { targetWorkers: target })
    expect(await eligible(sid)).toBe(0)
    const done = await pieces(sid, workers / 5)
    expect(done.pieces).toBeGreaterThan(5)
    expect(new Set(done.between)).toEqual(new Set(['pending']))
    const { body } = await world.call(`${floor.path}/TaskQueues/${sid}`)
    expect(body.target_workers).toBe(target)
    expect(Object.keys(body)).not.toContain('former')
  })

  it('keeps its workers until all have been asked the new ones', async () => {
    const sid = await floor.queue('Changed', { targetWorkers: 'first == true' })
    expect(await eligible(sid)).toBe(workers / 5)
    const worker = await floor.worker('Keen', { last: true, first: false })
    const path = `${floor.path}/TaskQueues/${sid}`
    expect((await world.call(path, { TargetWorkers: longest('last OR last') })).body.target_workers).toMatch(/last$/)
    expect(await eligible(sid)).toBe(workers / 5)
    const done = await pieces(sid, workers / 5 + 1)
    expect(done.pieces).toBeGreaterThan(5)
    expect(new Set(done.between)).toEqual(new Set(['pending']))
    // Whoever waited is offered to whom the new ones let in.
    const [offer, ...others] = await floor.workspace.workers(worker).reservations.list()
    expect([offer?.reservationStatus, others]).toEqual(['pending', []])
  })
})
