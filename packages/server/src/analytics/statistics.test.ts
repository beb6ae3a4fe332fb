import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestClock } from '../clock/clock.ts'
import { Account } from '../commit/account.ts'
import { schema } from '../schema.ts'
import { openStore } from '../store/open.ts'
import { ContentRejected, type Store, StoreUnavailable } from '../store/store.ts'
import { stretchRows } from './recent.ts'
import { Statistics } from './statistics.ts'
import { talliesOf } from './tallies.ts'

/* Statistics of a real account, whose store fails in every way that it may. What stores do is in test/store. */

const account_sid = `AC${'0'.repeat(32)}`
const log = pino({ level: 'silent' })
const morning = Date.parse('2026-03-02T09:00:00Z')

type Write = Parameters<Store['write']>[0]
type Step = Parameters<Store['advance']>[0]
type Fault = 'before' | 'after' | 'content'

let folder: string
let store: Store
let fault: Fault | undefined
let account: Account
let clock: TestClock
/** Pieces of what is counted whose writing has begun. */
let pieces: number
/** Called while one is being written that has segments. */
let withSegments: () => void
let statistics: Statistics
let workspace_sid: string
let workflow_sid: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-statistics-'))
  const real = await openStore({ schema, data: folder })
  fault = undefined
  pieces = 0
  withSegments = () => {}
  clock = new TestClock(morning)
  store = new Proxy(real, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (name === 'advance') return (step: Step) => advanceSeen(target, step)
      if (name === 'write') return (batch: Write) => failingWrite(target, batch)
      return typeof member === 'function' ? member.bind(target) : member
    }
  })
  account = await Account.open({ store, account_sid, clock, log, seed: 3 })
  statistics = new Statistics({ store, account, log })
  workspace_sid = (await account.execute({ type: 'workspace.create', friendly_name: 'Floor', template: 'FIFO' }))
    .workspace.sid
  workflow_sid = account.state.tables.workflow.firstBy('workspace_sid', workspace_sid)?.sid ?? ''
})

afterEach(async () => {
  await statistics.close()
  await account.close()
  await store.close()
  await rm(folder, { recursive: true })
})

function advanceSeen(target: Store, step: Step): Promise<void> {
  pieces++
  if (step.writes?.some(({ table }) => table.name === 'segment')) queueMicrotask(withSegments)
  return target.advance(step)
}

/** The next write fails once: before it, after it, or because of what the batch says. */
async function failingWrite(target: Store, batch: Write): Promise<void> {
  const now = fault
  // The others of a batch that is refused are written one by one: only the one task is to be refused.
  const isMarked = batch.rows.some(({ row }) => JSON.stringify(row).includes('refused'))
  if (now === 'content' && !isMarked) return target.write(batch)
  if (now !== 'content') fault = undefined
  if (now === 'content') throw new ContentRejected('the store does not like it')
  if (now === 'before') throw new StoreUnavailable('the disk is gone')
  await target.write(batch)
  if (now === 'after') throw new StoreUnavailable('the answer was lost')
}

const create = (attributes = '{}') => account.execute({ type: 'task.create', workspace_sid, workflow_sid, attributes })

async function tasksCreated(): Promise<number> {
  const window = { start: morning, end: morning, isOpen: true }
  const asked = { window, task_channel_sid: undefined, histograms: false }
  return (await talliesOf(statistics, [workspace_sid], asked)).get(workspace_sid)?.figures.tasks_created ?? 0
}

/** What the log says of it. */
async function tasksLogged(): Promise<number> {
  return (await store.log(account_sid, 0, 1_000)).filter(({ type }) => type === 'task.created').length
}

describe('what is durable', () => {
  it('is told in its order, and nothing else is', async () => {
    const told: number[] = []
    account.onDurable.add((events) => told.push(...events.map(({ seq }) => seq)))
    const first = account.state.next_event
    await Promise.all(Array.from({ length: 150 }, () => create()))
    const all = Array.from({ length: account.state.next_event - first }, (_, n) => first + n)
    expect(told).toEqual(all)
    fault = 'before'
    await expect(create()).rejects.toThrow()
    expect(told).toEqual(all)
  })

  it('is counted at once, before and after somebody has asked', async () => {
    await create()
    expect(await tasksCreated()).toBe(1)
    await Promise.all([create(), create()])
    expect(await tasksCreated()).toBe(3)
    // Not awaited: it was decided before the question.
    void create()
    expect(await tasksCreated()).toBe(4)
  })

  it.each<Fault>(['before', 'after', 'content'])('is counted once when a write fails: %s', async (how) => {
    await create()
    expect(await tasksCreated()).toBe(1)
    for (let round = 0; round < 3; round++) {
      fault = how
      const made = [create(), create('{"text":"refused"}'), create()]
      await Promise.allSettled(made)
      fault = undefined
      await expect.poll(() => account.isReady).toBe(true)
      expect(await tasksCreated()).toBe(await tasksLogged())
      await create()
      expect(await tasksCreated()).toBe(await tasksLogged())
    }
    expect(await tasksLogged()).toBe({ before: 4, after: 13, content: 10 }[how])
  })
})

describe('the log that is caught up with', () => {
  it('is written in few pieces, and none waits for another, as it does beside decisions', async () => {
    await Promise.all(Array.from({ length: 150 }, () => create()))
    await clock.advance(60_000)
    await create()
    await statistics.close()
    pieces = 0
    statistics = new Statistics({ store, account, log })
    expect(await tasksCreated()).toBe(150)
    await expect.poll(() => store.cursor(account_sid, 'statistics')).toBeGreaterThan(150)
    // 150 open contacts, what they are called and what was counted of them: one piece of each kind, and the cursor.
    expect(pieces).toBeLessThan(8)
  })
})

describe('a minute in which much happens', () => {
  const many = stretchRows / 2 + 10 // a wait and a text each
  const kept = async (table: string) => {
    const sql = `select count(*) as many from ${table} where account_sid = '${account_sid}'`
    const [found] = await store.query<{ readonly many: number }>({ sql, values: [] })
    return found?.many ?? 0
  }
  const createMany = () => Promise.all(Array.from({ length: many }, () => create()))

  it('is written before it is over, and leaves memory', async () => {
    const before = await store.cursor(account_sid, 'statistics')
    await statistics.upToDate()
    await createMany()
    const recent = await statistics.upToDate()
    await expect.poll(() => recent.stretches.length, { timeout: 20_000 }).toBe(0)
    const rest = recent.insights.changed.segments.size
    expect(rest).toBeLessThan(many)
    expect(await kept('segment')).toBe(many - rest)
    expect(await store.cursor(account_sid, 'statistics')).toBe(before)
    expect(await tasksCreated()).toBe(many)
  }, 30_000)

  it('is the same when whoever writes it is broken off in its midst', async () => {
    // Closed while the first piece is being written: it is the last one, whatever the machine's pace.
    const closed = new Promise<void>((resolve) => {
      withSegments = () => resolve(statistics.close())
    })
    await createMany()
    await statistics.upToDate()
    await closed
    withSegments = () => {}
    const before = await kept('segment')
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(many)
    statistics = new Statistics({ store, account, log })
    await statistics.upToDate(20_000)
    expect(await tasksCreated()).toBe(many)
    await clock.advance(60_000)
    await create()
    const last = account.state.next_event - 1
    const cursor = () => store.cursor(account_sid, 'statistics')
    await expect.poll(cursor, { timeout: 20_000 }).toBeGreaterThan(last - 10)
    expect([await kept('segment'), await kept('open_contact')]).toEqual([many, many])
  }, 30_000)
})
