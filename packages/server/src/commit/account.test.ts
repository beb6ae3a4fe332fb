import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { State } from '@ringdown/engine/center'
import { type CommandOf, type CommandType, readsOf } from '@ringdown/engine/commands'
import { Refusal } from '@ringdown/engine/core/refusals'
import { defaultSettings } from '@ringdown/engine/settings'
import { type Clock, TestClock } from '@ringdown/server/clock/clock'
import { Account, type AccountOptions } from '@ringdown/server/commit/account'
import { Unavailable } from '@ringdown/server/commit/ledger'
import { replay } from '@ringdown/server/commit/replay'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { ContentRejected, type Store, StoreUnavailable } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const account_sid = `AC${'0'.repeat(32)}`
const log = pino({ level: 'silent' })

let folder: string
let store: Store
let clock: TestClock
const opened: Account[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-account-'))
  store = await openStore({ schema, data: folder })
  clock = new TestClock(Date.parse('2026-03-02T09:00:00Z'))
})

afterEach(async () => {
  for (const account of opened.splice(0)) await account.close()
  await store.close()
  await rm(folder, { recursive: true })
})

async function open(options: Partial<AccountOptions> = {}): Promise<Account> {
  const account = await Account.open({ store, account_sid, clock, log, seed: 7, journal: true, ...options })
  opened.push(account)
  clock.register(account)
  return account
}

/** A workspace with a queue that takes everybody and a workflow into it. */
async function center(account: Account) {
  const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Floor', template: 'FIFO' })
  const activity = account.state.tables.activity.firstBy('name', `${workspace.sid}/Available`)
  const workflow = account.state.tables.workflow.firstBy('workspace_sid', workspace.sid)
  if (!activity || !workflow) throw new Error('a FIFO workspace has both')
  return { workspace_sid: workspace.sid, available: activity.sid, workflow_sid: workflow.sid }
}

/** Rows by kind and SID: what two states must agree on. */
function rowsOf(state: State): Record<string, unknown> {
  const rows: Record<string, unknown> = {}
  for (const [kind, table] of Object.entries(state.tables))
    for (const row of table.all()) rows[`${kind}/${row.sid}`] = row
  return rows
}

/** The store, whose next writes fail as told. */
function failing(plan: ((batch: Parameters<Store['write']>[0]) => 'before' | 'after' | 'reject' | undefined)[]): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'write') {
        const member = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      }
      return async (batch: Parameters<Store['write']>[0]) => {
        const how = plan[0]?.(batch)
        if (how !== undefined && how !== 'reject') plan.shift()
        if (how === 'before') throw new StoreUnavailable('the disk is gone')
        if (how === 'reject') throw new ContentRejected('the store does not like it')
        await target.write(batch)
        if (how === 'after') throw new StoreUnavailable('the answer was lost')
      }
    }
  })
}

describe('an account', () => {
  it('answers what was decided once it is on disk, and is the same after a restart', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid, available } = await center(account)
    const { worker } = await account.execute({
      type: 'worker.create',
      workspace_sid,
      friendly_name: 'amelie',
      activity_sid: available
    })
    const { task } = await account.execute({ type: 'task.create', workspace_sid, workflow_sid })
    expect(task.assignment_status).toBe('reserved')
    const before = rowsOf(account.state)
    await account.close()

    const again = await open()
    expect(rowsOf(again.state)).toEqual(before)
    const [reservation] = [...again.state.tables.reservation.by('worker_sid', worker.sid)]
    expect(reservation?.reservation_status).toBe('pending')
    expect(again.state.nextTimer).toMatchObject({ command: 'timer.reservation', due: clock.now() + 120_000 })
  })

  it('gathers what is decided while a batch is being written, and answers all of it', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid } = await center(account)
    const sizes: number[] = []
    account.onBatch.add((_seconds, decisions) => sizes.push(decisions))
    const tasks = await Promise.all(
      Array.from({ length: 200 }, () => account.execute({ type: 'task.create', workspace_sid, workflow_sid }))
    )
    expect(new Set(tasks.map(({ task }) => task.sid)).size).toBe(200)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200)
    expect(Math.max(...sizes)).toBe(64)
  })

  it('refuses beyond the bound of its queue at once', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid } = await center(account)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4200 }, () => account.execute({ type: 'task.create', workspace_sid, workflow_sid }))
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(refused.length).toBe(4200 - 4096)
    expect(refused[0]?.reason).toBeInstanceOf(Unavailable)
  })

  it('tells a refusal, and nothing has changed', async () => {
    const account = await open()
    const { workspace_sid } = await center(account)
    const before = rowsOf(account.state)
    const twice = account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Available' })
    await expect(twice).rejects.toThrowError(Refusal)
    expect(rowsOf(account.state)).toEqual(before)
  })

  it('decides what came due while it was down at once, in order', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid, available } = await center(account)
    const { worker } = await account.execute({
      type: 'worker.create',
      workspace_sid,
      friendly_name: 'bob',
      activity_sid: available
    })
    const { task } = await account.execute({ type: 'task.create', workspace_sid, workflow_sid, timeout: 600 })
    await account.close()
    clock = new TestClock(clock.now() + 3_600_000)

    const again = await open()
    await again.settled()
    expect(await again.find('task', { sid: task.sid })).toMatchObject([
      { assignment_status: 'canceled', reason: 'Task TTL Exceeded' }
    ])
    expect(again.state.get('worker', worker.sid).activity_sid).not.toBe(available)
    const types = (await again.log(0, 1000)).map(({ type }) => type)
    expect(types.indexOf('reservation.timeout')).toBeLessThan(types.indexOf('task.canceled'))
  })

  it('has tasks that are over on disk only, also after a start, until they are forgotten', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid } = await center(account)
    const { task } = await account.execute({ type: 'task.create', workspace_sid, workflow_sid })
    await account.execute({ type: 'task.update', workspace_sid, sid: task.sid, assignment_status: 'canceled' })
    await account.notified()
    expect(account.state.tables.task.size).toBe(0)
    await account.close()
    clock = new TestClock(clock.now())

    const again = await open()
    expect(again.state.tables.task.size).toBe(0)
    const [row] = await again.find('task', { sid: task.sid })
    expect(row).toMatchObject({ assignment_status: 'canceled', version: 1, delete_at: null })
    const change = { type: 'task.update', workspace_sid, sid: task.sid, attributes: '{"late":true}' } as const
    await again.execute(change)
    expect(await again.find('task', { sid: task.sid })).toMatchObject([{ attributes: '{"late":true}', version: 2 }])
    await clock.advance((row?.forget_at ?? 0) - clock.now())
    expect(await again.find('task', { sid: task.sid })).toEqual([])
    await expect(again.execute(change)).rejects.toThrow('was not found')
  })

  it('decides in pieces what asks a long expression of many workers, for a caller and for a timer', async () => {
    const account = await open({ settings: { ...defaultSettings, comparisons_at_once: 400 } })
    const { workspace_sid, available } = await center(account)
    const [queue] = account.state.tables.task_queue.all()
    const long = Array.from({ length: 100 }, (_, i) => `worker.w${i} == task.t${i}`).join(' OR ')
    const late = [
      { queue: queue?.sid, expression: 'worker.n == 49', timeout: 60 },
      { queue: queue?.sid, expression: long }
    ]
    const document = (targets: object[]) =>
      JSON.stringify({ task_routing: { filters: [{ expression: '1==1', targets }] } })
    const workflow = async (targets: object[]) => {
      const command = { type: 'workflow.create', workspace_sid, friendly_name: `F${targets.length}` } as const
      return (await account.execute({ ...command, configuration: document(targets) })).workflow.sid
    }
    const [early_sid, late_sid] = [await workflow(late.slice(1)), await workflow(late)]
    for (let n = 0; n < 40; n++) {
      const attributes = JSON.stringify({
        n,
        ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`w${i}`, n]))
      })
      const worker = { workspace_sid, friendly_name: `w${n}`, activity_sid: available, attributes }
      await account.execute({ type: 'worker.create', ...worker })
    }
    const attributes = JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`t${i}`, 39])))
    const create = (workflow_sid: string) =>
      account.execute({ type: 'task.create', workspace_sid, workflow_sid, attributes })
    let decided = ''
    const created = create(early_sid).then(({ task }) => {
      decided += 'task '
      return task
    })
    const other = account.execute({ type: 'workspace.update', sid: workspace_sid, friendly_name: 'Other' })
    await Promise.all([created, other.then(() => (decided += 'other '))])
    expect(decided).toBe('other task ')
    const holder = async (sid: string) => {
      const reservation = account.state.tables.reservation.firstBy('task_sid', sid)
      return reservation && account.state.get('worker', reservation.worker_sid).friendly_name
    }
    expect(await holder((await created).sid)).toBe('w39')

    const { sid } = (await create(late_sid)).task
    expect(await holder(sid)).toBeUndefined()
    await account.execute({
      type: 'task.update',
      workspace_sid,
      sid: (await created).sid,
      assignment_status: 'canceled'
    })
    await clock.advance(60_000)
    expect(await holder(sid)).toBe('w39')
  })

  it('moves with the test clock, one instant after the other', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid, available } = await center(account)
    for (const friendly_name of ['amelie', 'bob']) {
      await account.execute({ type: 'worker.create', workspace_sid, friendly_name, activity_sid: available })
    }
    await account.execute({ type: 'task.create', workspace_sid, workflow_sid })
    const began = clock.now()
    await clock.advance(240_000)
    const timeouts = (await account.log(0, 1000)).filter(({ type }) => type === 'reservation.timeout')
    expect(timeouts.map(({ at }) => at - began)).toEqual([120_000, 240_000])
  })

  it('gives the same SIDs for the same seed and commands', async () => {
    const account = await open()
    const { workspace_sid } = await center(account)
    const state = await replay(store, account_sid)
    expect(state.tables.workspace.get(workspace_sid)).toBeDefined()
    expect(rowsOf(state)).toEqual(rowsOf(account.state))
  })
})

describe('cold rows', () => {
  const act = <T extends CommandType>(account: Account, command: CommandOf<T>) => account.execute(command)

  it('are read for a timer, too, and what comes meanwhile is decided after it', async () => {
    const wanted = { kind: 'user', where: { sid: `US${'a'.repeat(32)}` } }
    const account = await open({
      readsOf: (command, state) => (command.type === 'timer.task_ttl' ? [wanted] : readsOf(command, state))
    })
    const { workspace_sid, workflow_sid } = await center(account)
    const { task } = await account.execute({ type: 'task.create', workspace_sid, workflow_sid, timeout: 60 })
    const other = await account.execute({ type: 'task.create', workspace_sid, workflow_sid, timeout: 60 })
    clock.notBefore(clock.now() + 60_000)
    const late = account.execute({ type: 'task.update', workspace_sid, sid: task.sid, reason: 'too late' })
    // Both timers came first, so that the task was over before anybody could change it.
    await expect(late).rejects.toThrow('it is canceled')
    await account.settled()
    const ended = { assignment_status: 'canceled', version: 1 }
    expect(await account.find('task', { sid: task.sid })).toMatchObject([ended])
    expect(await account.find('task', { sid: other.task.sid })).toMatchObject([ended])
    const entries = await store.journal(account_sid, 0, 100)
    const types = entries.map(({ data }) => (JSON.parse(data) as { command: { type: string } }).command.type)
    expect(types.slice(-2)).toEqual(['timer.task_ttl', 'timer.task_ttl'])
  })

  it('a deletion is not undone by a request that was reading the store meanwhile', async () => {
    const account = await open()
    await account.execute({ type: 'flex.setup' })
    const back: string[] = []
    for (let i = 0; i < 30; i++) {
      const { conversation } = await act(account, { type: 'conversation.create', friendly_name: `C${i}` })
      const { message } = await act(account, {
        type: 'message.create',
        conversation_sid: conversation.sid,
        body: 'first'
      })
      const writing = Array.from({ length: 6 }, (_, n) => [
        act(account, { type: 'message.create', conversation_sid: conversation.sid, body: `more ${n}` }),
        act(account, {
          type: 'message.update',
          conversation_sid: conversation.sid,
          sid: message.sid,
          body: `changed ${n}`
        })
      ]).flat()
      const deleting = act(account, { type: 'conversation.delete', sid: conversation.sid })
      const late = Array.from({ length: 6 }, (_, n) =>
        act(account, {
          type: 'message.update',
          conversation_sid: conversation.sid,
          sid: message.sid,
          body: `late ${n}`
        })
      )
      await Promise.allSettled([...writing, deleting, ...late])
      await deleting
      const rows = [
        ...(await account.find('conversation', { sid: conversation.sid })),
        ...(await account.find('message', { conversation_sid: conversation.sid }))
      ]
      if (rows.length > 0 || account.state.find('conversation', conversation.sid)) back.push(conversation.sid)
    }
    expect(back).toEqual([])
  })

  it('a deleted message stays deleted', async () => {
    const account = await open()
    await account.execute({ type: 'flex.setup' })
    const { conversation } = await act(account, { type: 'conversation.create', friendly_name: 'C' })
    const conversation_sid = conversation.sid
    for (let i = 0; i < 60; i++) {
      const { message } = await act(account, { type: 'message.create', conversation_sid, body: 'first' })
      const update = (n: number) =>
        act(account, { type: 'message.update', conversation_sid, sid: message.sid, body: `changed ${n}` })
      const deleting = act(account, { type: 'message.delete', conversation_sid, sid: message.sid })
      await Promise.allSettled([update(1), update(2), deleting, update(3), update(4)])
      expect(await account.find('message', { conversation_sid, sid: message.sid })).toEqual([])
    }
    await account.settled()
    expect(account.state.tables.message.size).toBe(0)
  })
})

describe('when the store fails', () => {
  it('parks a timer that is refused, even while a batch is being written', async () => {
    const account = await open()
    const { workspace_sid, workflow_sid } = await center(account)
    const { task } = await account.execute({ type: 'task.create', workspace_sid, workflow_sid, timeout: 60 })
    // A row as no decision leaves it: its workspace is gone, so that its timer is refused or fails.
    account.state.tables.task.put(task.sid, {
      ...task,
      ttl_at: null,
      delete_at: null,
      retry_at: clock.now() + 1000,
      task_channel_sid: 'TCgone'
    })
    clock.notBefore(clock.now() + 2000)
    const { activity } = await account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Break' })
    expect(activity.friendly_name).toBe('Break')
    expect(account.nextDue()).toBeUndefined()
  })

  it('answers 503 to those who wait, reloads, and goes on without a restart', async () => {
    const plan: Parameters<typeof failing>[0] = []
    const account = await open({ store: failing(plan) })
    const { workspace_sid } = await center(account)
    plan.push(() => 'before')
    const lost = account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Break' })
    await expect(lost).rejects.toThrowError(Unavailable)
    await expect.poll(() => account.isReady).toBe(true)
    expect(account.state.tables.activity.firstBy('name', `${workspace_sid}/Break`)).toBeUndefined()
    const { activity } = await account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Break' })
    expect(activity.friendly_name).toBe('Break')
  })

  it('an unknown outcome is 503, and what was written in spite of it is there', async () => {
    const plan: Parameters<typeof failing>[0] = []
    const account = await open({ store: failing(plan) })
    const { workspace_sid } = await center(account)
    plan.push(() => 'after')
    const lost = account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Lunch' })
    await expect(lost).rejects.toThrowError(Unavailable)
    await expect.poll(() => account.isReady).toBe(true)
    expect(account.state.tables.activity.firstBy('name', `${workspace_sid}/Lunch`)).toBeDefined()
  })

  it('shows what is on disk while nothing can be written, and goes on when there is room', async () => {
    const plan: Parameters<typeof failing>[0] = []
    let hasRoom = true
    const full = new Proxy(failing(plan), {
      get(target, name) {
        const member = Reflect.get(target, name)
        if (name !== 'lock') return member
        return async (...args: Parameters<Store['lock']>) => {
          while (!hasRoom) await new Promise((resolve) => setTimeout(resolve, 5))
          return member(...args)
        }
      }
    })
    const account = await open({ store: full })
    const { workspace_sid } = await center(account)
    hasRoom = false
    plan.push(() => 'before')
    const create = (friendly_name: string) => account.execute({ type: 'activity.create', workspace_sid, friendly_name })
    await expect(create('Break')).rejects.toThrowError(Unavailable)
    expect(account.isReadable).toBe(false)
    await expect.poll(() => account.isReadable).toBe(true)
    expect([account.isReady, account.isSettled]).toEqual([false, true])
    await account.settled()
    const names = () =>
      [...account.state.tables.activity.by('workspace_sid', workspace_sid)].map((row) => row.friendly_name)
    expect(names()).toEqual(['Offline', 'Unavailable', 'Available'])
    expect((await account.log(0, 100)).length).toBeGreaterThan(0)
    await expect(create('Lunch')).rejects.toThrowError(Unavailable)

    hasRoom = true
    await expect.poll(() => account.isReady).toBe(true)
    await create('Break')
    expect(names()).toEqual(['Offline', 'Unavailable', 'Available', 'Break'])
  })

  it("is not read while its store cannot be read, or might be another node's", async () => {
    const plan: Parameters<typeof failing>[0] = []
    let isAway = false
    const away = new Proxy(failing(plan), {
      get(target, name) {
        const member = Reflect.get(target, name)
        if (name === 'peek') return async () => undefined
        if (name !== 'lock') return member
        return async (...args: Parameters<Store['lock']>) => {
          while (isAway) await new Promise((resolve) => setTimeout(resolve, 5))
          return member(...args)
        }
      }
    })
    const account = await open({ store: away })
    const { workspace_sid } = await center(account)
    isAway = true
    plan.push(() => 'before')
    await expect(
      account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Break' })
    ).rejects.toThrowError(Unavailable)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(account.isReadable).toBe(false)
    await expect(account.settled()).rejects.toThrowError(Unavailable)
    isAway = false
    await expect.poll(() => account.isReady).toBe(true)
  })

  it('refuses only the command whose content the store rejects; the others of its batch are decided again', async () => {
    const isPoison = (batch: Parameters<Store['write']>[0]) =>
      batch.rows.some(({ row }) => row && 'friendly_name' in row && row.friendly_name === 'poison')
        ? ('reject' as const)
        : undefined
    const account = await open({ store: failing([isPoison]) })
    const { workspace_sid } = await center(account)
    const names = ['one', 'poison', 'two', 'three']
    const first = account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'zero' })
    const outcomes = await Promise.allSettled(
      names.map((friendly_name) => account.execute({ type: 'activity.create', workspace_sid, friendly_name }))
    )
    await first
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(ContentRejected)
    await expect.poll(() => account.isReady).toBe(true)
    const there = [...account.state.tables.activity.by('workspace_sid', workspace_sid)].map((row) => row.friendly_name)
    expect(there).toEqual(['Offline', 'Unavailable', 'Available', 'zero', 'one', 'two', 'three'])
    expect(rowsOf(await replay(store, account_sid))).toEqual(rowsOf(account.state))
  })

  it('parks a timer whose writing is rejected three times, and the rest goes on', async () => {
    const isTimeout = (batch: Parameters<Store['write']>[0]) =>
      batch.events.some(({ type }) => type === 'reservation.timeout') ? ('reject' as const) : undefined
    const account = await open({ store: failing([isTimeout]) })
    const { workspace_sid, workflow_sid, available } = await center(account)
    await account.execute({ type: 'worker.create', workspace_sid, friendly_name: 'amelie', activity_sid: available })
    await account.execute({ type: 'task.create', workspace_sid, workflow_sid })
    await clock.advance(121_000).catch(() => {})
    await expect
      .poll(() => account.isReady && account.nextDue() !== undefined && (account.nextDue() as number) > clock.now(), {
        timeout: 5000
      })
      .toBe(true)
    const { activity } = await account.execute({ type: 'activity.create', workspace_sid, friendly_name: 'Break' })
    expect(activity.friendly_name).toBe('Break')
  })
})

// A clock is anything that tells the time: the real one is tried for its one promise here.
it('the real clock never goes back', async () => {
  const { RealClock } = await import('@ringdown/server/clock/clock')
  const real: Clock = new RealClock()
  const now = real.now()
  expect(real.now()).toBeGreaterThanOrEqual(now)
})
