import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/*
 * Tasks that are over, for the five minutes in which they can still be asked for (reference taskrouter 4.2): the server has
 * them in its store only, and nobody sees a difference.
 */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

/** Three tasks of one worker, the first completed, the second canceled before anybody had it, the third still going on. */
async function afternoon() {
  const floor = await Floor.open(world, { template: 'FIFO' })
  const canceled = await floor.task({ n: 2 }, { priority: 7 })
  await floor.workspace.tasks(canceled.sid).update({ assignmentStatus: 'canceled', reason: 'hung up' })
  const alice = await floor.worker('Alice')
  const completed = await floor.task({ n: 1 })
  const { sid: reservation } = await floor.offer(completed.sid)
  const { reservations } = floor.workspace.workers(alice)
  await reservations(reservation).update({ reservationStatus: 'accepted' })
  await floor.workspace.tasks(completed.sid).update({ assignmentStatus: 'completed', reason: 'sold' })
  const living = await floor.task({ n: 3 })
  return { floor, alice, completed: completed.sid, canceled: canceled.sid, living: living.sid, reservation }
}

describe('tasks that are over', () => {
  it('leave memory, and are found with their reservations for five minutes', async () => {
    const { floor, alice, completed, living, reservation } = await afternoon()
    const { state } = await world.running.account
    expect(state.tables.task.resident(living)).toBeDefined()
    expect(state.tables.task.entry(completed)).toBeUndefined()
    expect(await floor.fetchTask(completed)).toMatchObject({ assignmentStatus: 'completed', reason: 'sold' })
    const own = { sid: reservation, reservationStatus: 'completed', taskSid: completed, workerName: 'Alice' }
    expect(await floor.workspace.tasks(completed).reservations(reservation).fetch()).toMatchObject(own)
    expect(await floor.workspace.workers(alice).reservations(reservation).fetch()).toMatchObject(own)
    expect(await floor.reservations(completed)).toMatchObject([own])
    const { body } = await world.call(`/ringdown/v1/Workspaces/${floor.sid}/Tasks/${completed}/Explanation`)
    expect(body).toMatchObject({ assignment_status: 'completed', verdict: 'It is completed: sold.' })

    await world.pass(299)
    expect((await floor.fetchTask(completed)).reason).toBe('sold')
    await world.pass(1)
    expect(await refusal(floor.fetchTask(completed))).toMatchObject({ status: 404 })
    expect(await refusal(floor.workspace.workers(alice).reservations(reservation).fetch())).toMatchObject({
      status: 404
    })
    const update = floor.workspace.tasks(completed).update({ attributes: '{}' })
    expect(await refusal(update)).toMatchObject({ status: 404 })
    expect(await refusal(floor.reservations(completed))).toMatchObject({ status: 404 })
  })

  it('say what their queue and workflow were called, also when these are deleted', async () => {
    const { floor, completed, living } = await afternoon()
    const { taskQueueSid, taskQueueFriendlyName, workflowSid, workflowFriendlyName } = await floor.fetchTask(completed)
    expect([taskQueueFriendlyName, workflowFriendlyName]).not.toContain(null)
    await floor.workspace.tasks(living).remove()
    await floor.workspace.workflows(workflowSid).remove()
    await floor.workspace.taskQueues(taskQueueSid).remove()
    const names = { task_queue_friendly_name: taskQueueFriendlyName, workflow_friendly_name: workflowFriendlyName }
    expect((await world.call(`${floor.path}/Tasks/${completed}`)).body).toMatchObject(names)
  })

  it('are deleted from the store when their time is over, the living not', async () => {
    const { floor, completed, living } = await afternoon()
    const account = await world.running.account
    const stored = () =>
      account.reading((kept) =>
        kept.query({ sql: `select sid from task union select sid from reservation`, values: [] })
      )
    expect((await stored()).map(({ sid }) => sid)).toContain(completed)
    await world.pass(400)
    expect(await stored()).toEqual([])
    expect((await floor.fetchTask(living)).assignmentStatus).toBe('pending')
  })

  it('stand on lists among the others, in every order and by every filter', async () => {
    const { floor, alice, completed, canceled, living, reservation } = await afternoon()
    const list = async (params: object) => (await floor.workspace.tasks.list(params)).map(({ sid }) => sid)
    expect(await list({})).toEqual([canceled, completed, living])
    expect(await list({ pageSize: 1 })).toEqual([canceled, completed, living])
    expect(await list({ ordering: 'Priority:desc,DateCreated:asc', pageSize: 1 })).toEqual([
      canceled,
      completed,
      living
    ])
    expect(await list({ ordering: 'DateCreated:desc' })).toEqual(expect.arrayContaining([canceled, completed, living]))
    expect(await list({ assignmentStatus: ['completed'] })).toEqual([completed])
    expect(await list({ assignmentStatus: ['canceled', 'reserved'] })).toEqual([canceled, living])
    expect(await list({ evaluateTaskAttributes: 'n < 3' })).toEqual([canceled, completed])
    expect(await list({ priority: 7 })).toEqual([canceled])
    const page = async (url: string) => {
      const { pathname, search } = new URL(url)
      const { body } = await world.call(pathname + search)
      return { sids: body.tasks.map(({ sid }: { sid: string }) => sid), meta: body.meta }
    }
    const first = await page(`http://here${floor.path}/Tasks?PageSize=2`)
    const second = await page(first.meta.next_page_url)
    const again = await page(second.meta.previous_page_url)
    expect([first.sids, second.sids, again.sids]).toEqual([[canceled, completed], [living], [canceled, completed]])

    const { reservations } = floor.workspace.workers(alice)
    expect((await reservations.list()).map(({ taskSid }) => taskSid)).toEqual([completed, living])
    expect((await reservations.list({ reservationStatus: 'completed' })).map(({ sid }) => sid)).toEqual([reservation])
  })

  it('are counted in real-time figures until they are forgotten', async () => {
    const { floor } = await afternoon()
    const by_status = async () => (await floor.workspace.realTimeStatistics().fetch()).tasksByStatus
    expect(await by_status()).toMatchObject({ completed: 1, canceled: 1, reserved: 1 })
    const [queue] = await floor.workspace.taskQueues.list()
    const ofQueue = floor.workspace.taskQueues(queue?.sid ?? '').realTimeStatistics()
    expect((await ofQueue.fetch()).tasksByStatus).toMatchObject({ completed: 1, canceled: 1, reserved: 1 })
    expect((await ofQueue.fetch({ taskChannel: 'chat' })).tasksByStatus).toMatchObject({ completed: 0, canceled: 0 })
    await world.pass(300)
    expect(await by_status()).toMatchObject({ completed: 0, canceled: 0 })
  })

  it('take a correction of their attributes, can be deleted, and refuse all else', async () => {
    const { floor, alice, completed, canceled, reservation } = await afternoon()
    const { tasks } = floor.workspace
    const corrected = await tasks(completed).update({ attributes: '{"late":true}' })
    expect(corrected).toMatchObject({ attributes: '{"late":true}', assignmentStatus: 'completed' })
    expect((await floor.fetchTask(completed)).attributes).toBe('{"late":true}')
    expect(await floor.events(completed)).toContain('task.updated')
    expect(await refusal(tasks(completed).update({ assignmentStatus: 'wrapping' }))).toMatchObject({ code: 20001 })
    const accept = floor.workspace.workers(alice).reservations(reservation).update({ reservationStatus: 'accepted' })
    expect((await refusal(accept)).message).toContain('It is completed.')

    expect(await tasks(completed).remove()).toBe(true)
    expect(await refusal(floor.fetchTask(completed))).toMatchObject({ status: 404 })
    expect(await refusal(floor.workspace.workers(alice).reservations(reservation).fetch())).toMatchObject({
      status: 404
    })
    expect((await floor.fetchTask(canceled)).reason).toBe('hung up')
    await world.client.taskrouter.v1.workspaces(floor.sid).remove()
    const account = await world.running.account
    expect(await account.find('task', { workspace_sid: floor.sid })).toEqual([])
  })
})
