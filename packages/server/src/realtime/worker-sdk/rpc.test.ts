import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { readCall } from './call.ts'
import { answerCall } from './rpc.ts'

/* Calls of the worker SDK take values in the spellings that REST takes. */

const account_sid = `AC${'a'.repeat(32)}`
let folder: string
let store: Store
let account: Account
let access: Access

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-rpc-'))
  store = await openStore({ schema, data: folder })
  const log = pino({ level: 'silent' })
  account = await Account.open({ store, account_sid, clock: new TestClock(1_772_442_000_000), log, seed: 1 })
  const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Floor', template: 'FIFO' })
  const workspace_sid = workspace.sid
  const activity = account.state.tables.activity.all().find(({ available }) => available)
  const { worker } = await account.execute({
    type: 'worker.create',
    workspace_sid,
    friendly_name: 'Zoe\u0308',
    activity_sid: activity?.sid ?? ''
  })
  await account.execute({ type: 'worker.create', workspace_sid, friendly_name: 'Bea' })
  await account.execute({ type: 'task.create', workspace_sid, routing_target: worker.sid })
  access = {
    account_sid,
    workspace_sid,
    worker_sid: worker.sid,
    role: 'worker',
    expires_at: Number.POSITIVE_INFINITY,
    actor: undefined,
    stands: () => true
  }
})
afterAll(async () => {
  await account.close()
  await store.close()
  await rm(folder, { recursive: true })
})

function call(method: 'GET' | 'POST', path: string, params: Readonly<Record<string, unknown>>): Promise<object> {
  return posted(method, path, JSON.stringify(params))
}

/** As clients post it; `params` is JSON text. */
function posted(method: 'GET' | 'POST', path: string, params: string): Promise<object> {
  const url = `Workspaces/${access.workspace_sid}/${path}`
  const asked = readCall(`{"url":"${url}","method":"${method}","token":"","params":${params}}`, undefined)
  return answerCall(asked, access, account, { now: 1_772_442_000_000 })
}

async function namesOf(path: string, params: Readonly<Record<string, unknown>>): Promise<string[]> {
  const { contents } = (await call('GET', path, params)) as { contents: { friendly_name: string }[] } // as lists are answered
  return contents.map(({ friendly_name }) => friendly_name)
}

it('a worker is found by its name in any form and case', async () => {
  for (const FriendlyName of ['Zo\u00eb', 'Zoe\u0308', 'ZO\u00cb'])
    expect(await namesOf('Workers', { FriendlyName })).toEqual(['Zoe\u0308'])
  expect(await namesOf('Workers', { FriendlyName: '' })).toHaveLength(2)
})

it('lists are sorted without a direction, and in any case', async () => {
  const Ordering = 'DateStatusChanged'
  expect(await namesOf('Workers', { Ordering })).toEqual(await namesOf('Workers', { Ordering: `${Ordering}:asc` }))
  expect(await namesOf('Workers', { Ordering: 'datestatuschanged:DESC' })).toEqual(
    await namesOf('Workers', { Ordering: `${Ordering}:desc` })
  )
  await expect(call('GET', 'Workers', { Ordering: 'Age' })).rejects.toThrow("not 'Age'")
})

it('a page continues its own list, and no other', async () => {
  const asked = { Ordering: 'DateStatusChanged', PageSize: 1 }
  const first = (await call('GET', 'Workers', asked)) as Sorted
  const token = first.meta.next_token
  const second = (await call('GET', 'Workers', { ...asked, NextToken: token })) as Sorted
  expect(second.contents).toHaveLength(1)
  expect(second.contents).not.toEqual(first.contents)
  for (const others of [
    { ...asked, Ordering: 'DateStatusChanged:desc' },
    { ...asked, Available: 'true' }
  ])
    await expect(call('GET', 'Workers', { ...others, NextToken: token })).rejects.toThrow('is none of this list')
  await expect(call('GET', 'TaskQueues', { Ordering: 'DateUpdated', NextToken: token })).rejects.toThrow(
    'is none of this list'
  )
})

/** A page of a sorted list. */
interface Sorted {
  readonly contents: readonly object[]
  readonly meta: { readonly next_token: string }
}

it('a worker gives of its task what REST lets it give', async () => {
  const { sid = '' } = account.state.tables.task.all()[0] ?? {}
  await expect(call('POST', `Tasks/${sid}`, { Priority: 9 })).rejects.toThrow('Forbidden')
  await call('POST', `Tasks/${sid}`, { Attributes: '{"note":1}' })
  expect(account.state.get('task', sid)).toMatchObject({ priority: 0, attributes: '{"note":1}' })
})

it('a reservation is accepted in any case', async () => {
  const reservation = account.state.tables.reservation.all()[0]?.sid ?? ''
  const path = `Workers/${access.worker_sid}/Reservations/${reservation}`
  await expect(call('POST', path, { Instruction: 'Dance' })).rejects.toThrow("'Dance'")
  await call('POST', path, { Instruction: 'ACCEPT' })
  expect(account.state.get('reservation', reservation).reservation_status).toBe('accepted')
  await call('POST', path, { ReservationStatus: 'Wrapping', WorkerActivitySid: '' })
  expect(account.state.get('reservation', reservation).reservation_status).toBe('wrapping')
})

it.each([
  ['an object', (attributes: string) => attributes],
  ['the text of one', (attributes: string) => JSON.stringify(attributes)]
])('attributes are kept as they are written: %s', async (_how, given) => {
  const attributes = String.raw`{"id":17841444523369053, "rate":1.0,"10":"b","2":"a","e\u0301":"\u00e9\/"}`
  await posted('POST', `Workers/${access.worker_sid}`, `{"Attributes" : ${given(attributes)}, "FriendlyName":null}`)
  expect(account.state.get('worker', access.worker_sid ?? '').attributes).toBe(attributes)
  const task = `{"Attributes":${given(attributes)},"RoutingTarget":"${access.worker_sid}"}`
  expect(await posted('POST', 'Tasks', task)).toMatchObject({ sid: expect.stringMatching(/^WT/) })
  expect(account.state.tables.task.all().at(-1)?.attributes).toBe(attributes)
})

it('a worker is shown no expression of a queue, and may not ask who is in one', async () => {
  const { workspace_sid } = access
  const target_workers = 'salary > 10'
  const { task_queue } = await account.execute({
    type: 'task_queue.create',
    workspace_sid,
    friendly_name: 'Expensive',
    target_workers
  })
  const one = await call('GET', `TaskQueues/${task_queue.sid}`, {})
  const all = await call('GET', 'TaskQueues', {})
  expect(one).toMatchObject({ friendly_name: 'Expensive', target_workers: '' })
  expect(JSON.stringify(all)).not.toContain('salary')
  for (const asked of [{ TaskQueueSid: task_queue.sid }, { TaskQueueName: 'Expensive' }])
    await expect(call('GET', 'Workers', asked)).rejects.toMatchObject({ status: 403, code: 20403 })
  expect(await call('GET', 'TaskQueues', { WorkerSid: access.worker_sid })).toBeDefined()
  const other = account.state.tables.worker.all().find(({ sid }) => sid !== access.worker_sid)?.sid
  await expect(call('GET', 'TaskQueues', { WorkerSid: other })).rejects.toMatchObject({ status: 403 })
})
