import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectVerified, type Observed, observed } from '../observed.ts'
import { Floor, refusal } from './floor.ts'

/* Rows of the checklist of reference taskrouter 13, through the official SDK: the number in front of a test is its row there. */

let world: Observed
beforeAll(async () => {
  world = await observed()
})
afterAll(() => world.close())

describe('workers, activities and channels', () => {
  it('4: a name that differs in case only is taken', async () => {
    const floor = await Floor.open(world)
    await floor.worker('Alice')
    expect(await refusal(floor.worker('aLICE'))).toEqual({
      status: 400,
      code: 20001,
      message: 'Worker with the same friendly name already exists'
    })
  })

  it('5: an activity stays as available as it was made', async () => {
    const floor = await Floor.open(world)
    const { activities } = floor.workspace
    const lunch = await activities.create({ friendlyName: 'Lunch', available: false })
    const answer = await world.call(`${floor.path}/Activities/${lunch.sid}`, { Available: 'true' })
    expect(answer).toMatchObject({ status: 200, body: { friendly_name: 'Lunch', available: false } })
    expect(await activities(lunch.sid).update({ friendlyName: 'Break' })).toMatchObject({ friendlyName: 'Break' })
    expect(await activities(lunch.sid).fetch()).toMatchObject({ available: false })
    expect(await activities(lunch.sid).remove()).toBe(true)
  })

  it('task channels go by SID and by unique name, and every worker gets each', async () => {
    const floor = await Floor.open(world)
    const worker = await floor.worker('Alice')
    const made = await floor.workspace.taskChannels.create({ friendlyName: 'Fax', uniqueName: 'fax' })
    expect(made.channelOptimizedRouting).toBe(false)
    const { taskChannels } = floor.workspace
    expect((await taskChannels('fax').update({ channelOptimizedRouting: true })).channelOptimizedRouting).toBe(true)
    expect((await taskChannels(made.sid).fetch()).uniqueName).toBe('fax')
    const { workerChannels } = floor.workspace.workers(worker)
    expect(await workerChannels('fax').fetch()).toMatchObject({
      taskChannelSid: made.sid,
      configuredCapacity: 1,
      available: true,
      assignedTasks: 0,
      availableCapacityPercentage: 100
    })
    expect((await workerChannels(made.sid).update({ capacity: 50, available: false })).configuredCapacity).toBe(50)
    expect(await refusal(workerChannels('fax').update({ capacity: 51 }))).toMatchObject({ status: 400, code: 20001 })
    // Unwise, since no expression can name it, and possible.
    expect((await taskChannels.create({ friendlyName: 'x', uniqueName: 'web-chat' })).uniqueName).toBe('web-chat')
    expect(await refusal(taskChannels.create({ friendlyName: 'x', uniqueName: 'web/chat' }))).toMatchObject({
      status: 400
    })
    expect(await taskChannels('fax').remove()).toBe(true)
    expect((await workerChannels.list()).map((row) => row.taskChannelUniqueName)).not.toContain('fax')
  })

  it('a worker is fetched, changed and deleted; the same activity again changes nothing', async () => {
    const floor = await Floor.open(world)
    const alice = await floor.worker('Alice', { languages: ['en'] })
    const before = await floor.workspace.workers(alice).fetch()
    expect(before).toMatchObject({ activityName: 'Available', available: true, attributes: '{"languages":["en"]}' })
    await world.pass(5)
    const same = await floor.move(alice, 'Available')
    expect(same.dateStatusChanged).toEqual(before.dateStatusChanged)
    const away = await floor.move(alice, 'Unavailable', { friendlyName: 'Alicia' })
    expect(away).toMatchObject({ friendlyName: 'Alicia', available: false, activityName: 'Unavailable' })
    expect(away.dateStatusChanged.getTime()).toBe(before.dateStatusChanged.getTime() + 5000)
    expect(await floor.workspace.workers(alice).remove()).toBe(true)
    expect(await refusal(floor.workspace.workers(alice).fetch())).toMatchObject({ status: 404, code: 20404 })
  })
})

it('every operation that docs/parity.md leaves to this file was answered in it', () => {
  expectVerified('test/conformance/taskrouter/workers.test.ts', world)
})
