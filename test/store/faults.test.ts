import { ContentRejected, type Store, StoreUnavailable } from '@ringdown/server/store/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { account, batch, event, put, row } from './batches.ts'
import { type Faulty, faulty } from './faults.ts'
import { type Place, sqlitePlace } from './places.ts'

describe('a faulty store', () => {
  let here: Place
  let real: Store
  let faults: Faulty
  let store: Store
  beforeEach(async () => {
    here = await sqlitePlace()
    real = await here.open()
    await real.migrate()
    faults = faulty(real)
    store = faults.store
  })
  afterEach(() => here.clear())

  it('loses a write, or only its answer, and then wants the account locked', async () => {
    const told: string[] = []
    const forget = store.onLost(({ message }) => told.push(message))
    const head = await store.lock(account)
    faults.failBeforeWrite()
    await expect(store.write(batch(head, { events: [event(1)] }))).rejects.toThrow('before the write')
    await expect(store.write(batch(head, { events: [event(1)] }))).rejects.toThrow(StoreUnavailable)
    expect(await store.log(account, 0, 10)).toEqual([])

    const again = await store.lock(account)
    faults.failAfterWrite()
    await expect(store.write(batch(again, { events: [event(1)] }))).rejects.toThrow('after the write')
    expect(await store.log(account, 0, 10)).toEqual([event(1)])
    expect((await store.lock(account)).next_event).toBe(2)
    expect(told).toHaveLength(2)
    forget()
  })

  it('refuses certain content for as long as it is told to', async () => {
    const head = await store.lock(account)
    faults.rejectWhen(({ rows }) => rows.some(({ kind }) => kind === 'task'))
    const task = batch(head, { rows: [put('task', row('WT', 1))] })
    await expect(store.write(task)).rejects.toThrow(ContentRejected)
    await expect(store.write(task)).rejects.toThrow(ContentRejected)
    await store.write(batch(head, { rows: [put('worker', row('WK', 2))] }))
    faults.rejectWhen(() => false)
    await store.write(task)
    expect(await store.load(account)).toHaveLength(2)
    expect(faults.written).toHaveLength(2)
  })

  it('holds writes back until it is let go', async () => {
    const head = await store.lock(account)
    const release = faults.holdWrites()
    const written = store.write(batch(head, { events: [event(1)] }))
    expect(await store.log(account, 0, 10)).toEqual([])
    release()
    await written
    expect(await store.log(account, 0, 10)).toEqual([event(1)])
  })
})
