import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('tasks', () => {
  it('15: are canceled, wrapped up and completed only when that makes sense, and then forgotten', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const waiting = await floor.task()
    const where = (sid: string) =>
      `task ${sid} in workspace ${floor.sid} for account ${world.running.credentials.account_sid}`
    const { tasks } = floor.workspace
    expect(await refusal(tasks(waiting.sid).update({ assignmentStatus: 'completed' }))).toEqual({
      status: 400,
      code: 20001,
      message: `Cannot complete ${where(waiting.sid)} because it is not currently assigned.`
    })
    const alice = await floor.worker('Alice')
    const { sid } = await floor.offer(waiting.sid)
    await floor.workspace.workers(alice).reservations(sid).update({ instruction: 'accept' })
    expect(await refusal(tasks(waiting.sid).update({ assignmentStatus: 'canceled' }))).toEqual({
      status: 400,
      code: 20001,
      message: `Cannot cancel ${where(waiting.sid)} because it is not pending or reserved.`
    })
    expect((await tasks(waiting.sid).update({ assignmentStatus: 'wrapping' })).assignmentStatus).toBe('wrapping')
    expect(await tasks(waiting.sid).update({ assignmentStatus: 'completed', reason: 'sold' })).toMatchObject({
      assignmentStatus: 'completed',
      reason: 'sold'
    })
    await world.pass(299)
    expect((await floor.fetchTask(waiting.sid)).reason).toBe('sold')
    await world.pass(2)
    expect(await refusal(floor.fetchTask(waiting.sid))).toEqual({
      status: 404,
      code: 20404,
      message: `The requested resource /Workspaces/${floor.sid}/Tasks/${waiting.sid} was not found`
    })
  })

  it('16: deleting one that somebody has completes their reservation', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    await floor.worker('Alice')
    const { sid } = await floor.task()
    const offer = await floor.offer(sid)
    const { reservations } = floor.workspace.tasks(sid)
    await reservations(offer.sid).update({ reservationStatus: 'accepted' })
    expect(await floor.workspace.tasks(sid).remove()).toBe(true)
    expect(await floor.events(offer.sid)).toContain('reservation.completed')
    expect(await refusal(floor.fetchTask(sid))).toMatchObject({ status: 404 })
  })

  it('27: a start in the past overtakes, one in the future is refused', async () => {
    const floor = await Floor.open(world, { template: 'FIFO' })
    const first = await floor.task()
    const virtualStartTime = new Date(first.dateCreated.getTime() - 60_000)
    const second = await floor.task({}, { virtualStartTime })
    expect(second.virtualStartTime).toEqual(virtualStartTime)
    await floor.worker('Alice')
    expect((await floor.fetchTask(first.sid)).assignmentStatus).toBe('pending')
    expect((await floor.fetchTask(second.sid)).assignmentStatus).toBe('reserved')
    const future = new Date(first.dateCreated.getTime() + 60_000)
    expect(await refusal(floor.task({}, { virtualStartTime: future }))).toMatchObject({
      status: 400,
      code: 20001,
      message: expect.stringContaining('future')
    })
    expect(await refusal(floor.task({}, { virtualStartTime: new Date('1899-12-31T00:00:00Z') }))).toMatchObject({
      status: 400
    })
  })

  it('go to one worker, one queue or one workflow when they are told to', async () => {
    const floor = await Floor.open(world)
    const queue = await floor.queue('Everybody')
    const other = await floor.workflow('Other', queue)
    await floor.workflow('Another', await floor.queue('Elsewhere'))
    const alice = await floor.worker('Alice')
    const direct = await floor.task({}, { routingTarget: alice })
    expect(direct).toMatchObject({ routingTarget: alice, ignoreCapacity: true, assignmentStatus: 'reserved' })
    expect(await floor.task({}, { routingTarget: queue })).toMatchObject({ taskQueueSid: queue, ignoreCapacity: null })
    expect(await floor.task({}, { routingTarget: other })).toMatchObject({ workflowSid: other })
    expect(await refusal(floor.task())).toMatchObject({ status: 400, message: expect.stringMatching(/WorkflowSid.*/) })
    expect((await refusal(floor.task())).message).toContain('required')
    expect((await refusal(floor.task({}, { routingTarget: 'XX1' }))).message).toBe(
      `Value 'XX1' provided for WorkflowSid as RoutingTarget has an invalid format. WorkspaceSid: ${floor.sid}, AccountSid: ${world.running.credentials.account_sid}`
    )
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/tasks.test.ts', world)
})
