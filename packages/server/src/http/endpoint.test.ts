import { operations } from '@ringdown/contract/generated/operations'
import type { FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountCaller } from '../access/caller.ts'
import { contextOf, type Surroundings } from '../operations/handler.ts'
import { handlers } from '../operations/registry.ts'
import { endpointOf, type Rendered } from './endpoint.ts'
import { Served, served } from './fixture.ts'

let server: Served
let workspace: string
let task: string
let worker: string
let reservation: string

const taskrouter = '/taskrouter/v1/Workspaces'

beforeAll(async () => {
  server = await Served.open()
  workspace = (await server.post(taskrouter, { FriendlyName: 'Floor' })).body.sid
  const base = `${taskrouter}/${workspace}`
  const queue = (await server.post(`${base}/TaskQueues`, { FriendlyName: 'All', TargetWorkers: '1==1' })).body.sid
  const routing = { task_routing: { filters: [], default_filter: { queue } } }
  const workflow = { FriendlyName: 'Only', Configuration: JSON.stringify(routing) }
  const WorkflowSid = (await server.post(`${base}/Workflows`, workflow)).body.sid
  const { activities } = (await server.get(`${base}/Activities`)).body
  const ActivitySid = activities.find(({ available }: { available: boolean }) => available).sid
  worker = (await server.post(`${base}/Workers`, { FriendlyName: 'ann', ActivitySid })).body.sid
  task = (await server.post(`${base}/Tasks`, { WorkflowSid, Attributes: '{}' })).body.sid
  reservation = (await server.get(`${base}/Tasks/${task}/Reservations`)).body.reservations[0].sid
})

afterAll(() => server.close())

/** What an operation answers to the account itself, as it answers: at once, or later. */
function ask(id: string, params: Readonly<Record<string, string>>): Rendered | Promise<Rendered> {
  const operation = operations.find((one) => one.id === id)
  if (!operation) throw new Error(`there is no operation ${id}`)
  const credential = { caller: accountCaller(served.account_sid) }
  const request = { params, query: { text: '' }, headers: {}, url: '/v1', credential } as unknown as FastifyRequest // what is read of one
  const { account, clock } = server
  const context = contextOf(account, { now: () => clock.now() } as Surroundings) // what these operations look at
  return endpointOf(operation, handlers.get(id))(request, account, context, 'https://ringdown.example')
}

const ofTask = () => ({ WorkspaceSid: workspace, TaskSid: task })

describe('a read while something is decided that is not durable yet', () => {
  const reads = [
    ['a task', 'taskrouter_v1.FetchTask', () => ({ WorkspaceSid: workspace, Sid: task })],
    ['a worker', 'taskrouter_v1.FetchWorker', () => ({ WorkspaceSid: workspace, Sid: worker })],
    ['a reservation', 'taskrouter_v1.FetchTaskReservation', () => ({ ...ofTask(), Sid: reservation })],
    ["a task's reservations", 'taskrouter_v1.ListTaskReservation', ofTask]
  ] as const

  it.each(reads)('tells of %s at once, if that is about others', async (_what, id, path) => {
    const deciding = server.account.execute({ type: 'workspace.create', friendly_name: 'Another' })
    expect(server.account.isSettled).toBe(false)
    expect(ask(id, path())).toMatchObject({ status: 200 })
    await deciding
  })

  it.each(reads)(
    'waits to tell of %s, if that is about it, its workspace, or who it names',
    async (_what, id, path) => {
      const { account } = server
      const told: string[] = []
      const attributes = JSON.stringify({ told: `${id} of ${account.state.decision}` })
      const deciding =
        id === 'taskrouter_v1.FetchTask'
          ? account.execute({ type: 'task.update', workspace_sid: workspace, sid: task, attributes })
          : account.execute({ type: 'worker.update', workspace_sid: workspace, sid: worker, attributes })
      void deciding.then(() => told.push('durable'))
      const asked = ask(id, path())
      expect(asked).toBeInstanceOf(Promise)
      const { body } = await asked
      told.push('told')
      expect(told).toEqual(['durable', 'told'])
      if (!id.includes('Reservation')) expect(body).toContain('told')
    }
  )

  it('waits to tell that nothing is there', async () => {
    const { account } = server
    const told: string[] = []
    void account.execute({ type: 'workspace.create', friendly_name: 'One more' }).then(() => told.push('durable'))
    const nobody = async () => ask('taskrouter_v1.FetchWorker', { WorkspaceSid: workspace, Sid: `WK${'0'.repeat(32)}` })
    await expect(nobody()).rejects.toMatchObject({ code: 'not_found' })
    expect(told).toEqual(['durable'])
  })

  it('waits to tell of a list that is about to have one more', async () => {
    const { account } = server
    const told: string[] = []
    const another = { workspace_sid: workspace, friendly_name: 'Back office', target_workers: '1==1' }
    void account.execute({ type: 'task_queue.create', ...another }).then(() => told.push('durable'))
    await ask('taskrouter_v1.ListTaskChannel', { WorkspaceSid: workspace })
    expect(told).toEqual([])
    void account
      .execute({ type: 'task_channel.create', workspace_sid: workspace, friendly_name: 'Fax', unique_name: 'fax' })
      .then(() => told.push('channel'))
    const { body } = await ask('taskrouter_v1.ListTaskChannel', { WorkspaceSid: workspace })
    expect(told).toContain('channel')
    expect(body).toContain('"fax"')
  })
})
