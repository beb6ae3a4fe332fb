import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cellTable } from '../analytics/cells.ts'
import { TestClock } from '../clock/clock.ts'
import { Account } from '../commit/account.ts'
import { schema } from '../schema.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { Store, StoredEvent } from '../store/store.ts'
import { insertsOf } from '../store/tables.ts'
import { Follower, type FollowerOptions } from './follower.ts'

const account_sid = `AC${'0'.repeat(32)}`
const log = pino({ level: 'silent' })

let folder: string
let store: Store
let account: Account
let seen: string[]
let isNeeded: boolean
const opened: Follower<StoredEvent>[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-follower-'))
  store = await openSqlite({ schema, path: join(folder, 'store.sqlite') })
  await store.migrate()
  account = await Account.open({ store, account_sid, clock: new TestClock(1_000), log })
  seen = []
  isNeeded = true
})
afterEach(async () => {
  for (const follower of opened.splice(0)) await follower.close()
  await account.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** One that reads whole events at once, and writes nothing. */
function follower(more: Partial<FollowerOptions<StoredEvent>> = {}): Follower<StoredEvent> {
  const made = new Follower<StoredEvent>({
    store,
    account,
    log,
    reader: 'story',
    read: (cursor, limit) => store.log(account_sid, cursor, limit),
    digest: async (events) => {
      seen.push(...events.map(({ type }) => type))
      return { writes: [] }
    },
    isNeeded: () => isNeeded,
    ...more
  })
  opened.push(made)
  return made
}

async function workspace(friendly_name: string): Promise<void> {
  await account.execute({ type: 'workspace.create', friendly_name })
}

describe('a follower', () => {
  it('reads everything from the beginning, once', async () => {
    await workspace('one')
    const reader = follower()
    await reader.catchUp()
    expect(seen).toContain('workspace.created')
    const many = seen.length
    await workspace('two')
    await reader.catchUp()
    expect(seen).toHaveLength(2 * many)
    expect(reader.isSettled).toBe(true)
  })

  it('that comes late begins where it is told to', async () => {
    await workspace('one')
    const reader = follower({ begins_at: account.state.next_event - 1 })
    await reader.catchUp()
    expect(seen).toEqual([])
    await workspace('two')
    await reader.catchUp()
    expect(seen).toContain('workspace.created')
  })

  it('that nobody needs goes along without reading, and begins to read with what is wanted', async () => {
    isNeeded = false
    const reader = follower()
    await reader.catchUp()
    for (let n = 0; n < 20; n++) await workspace(`one ${n}`)
    await reader.catchUp()
    expect(seen).toEqual([])
    expect(reader.isSettled).toBe(true)
    // Its place is written now and then, and when it ends.
    expect(await store.cursor(account_sid, 'story')).toBe(0)
    isNeeded = true
    await workspace('two')
    await reader.catchUp()
    expect(seen.filter((type) => type === 'workspace.created')).toHaveLength(1)
    await reader.close()
    expect(await store.cursor(account_sid, 'story')).toBe(account.state.next_event - 1)
  })

  it('writes its place after a thousand events, even when nothing follows from them', async () => {
    const reader = follower()
    while (account.state.next_event <= 1_100) await workspace(`many ${account.state.next_event}`)
    await reader.catchUp()
    await expect.poll(() => store.cursor(account_sid, 'story')).toBeGreaterThanOrEqual(1_000)
  })

  it('whose place was taken by another one tells so, and goes on from there', async () => {
    let failures = 0
    const reader = follower({
      onFailed: () => {
        failures += 1
      },
      digest: async (events) => {
        seen.push(...events.map(({ type }) => type))
        const row = { scope_sid: 'x', span: 1, start: 0, task_channel_sid: '', figures: '{}', histograms: '{}' }
        return { writes: [insertsOf(cellTable, [row])] }
      }
    })
    await reader.catchUp()
    const step = { account_sid, reader: 'story' }
    await store.advance({ ...step, from: await store.cursor(account_sid, 'story'), to: 0 })
    await workspace('one')
    const end = account.state.next_event - 1
    const from = await store.cursor(account_sid, 'story')
    await store.advance({ ...step, from, to: end }).catch(() => {}) // or the reader was first
    await reader.catchUp()
    expect(await store.cursor(account_sid, 'story')).toBe(end)
    expect(failures).toBeLessThanOrEqual(1)
  })
})
