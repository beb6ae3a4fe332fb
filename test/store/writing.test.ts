import { ContentRejected, Fenced, StoreUnavailable } from '@ringdown/server/store/store'
import { expect, it } from 'vitest'
import { batch, entry, event, put, row } from './batches.ts'
import { eachStore } from './each-store.ts'

eachStore('a store', (here) => {
  it('begins a new account at the first epoch, with nothing decided', async () => {
    const head = await here.store.lock(here.account)
    expect(head).toEqual({
      account_sid: here.account,
      epoch: 1,
      format: 1,
      at: 0,
      decision: 0,
      next_seq: 1,
      next_event: 1
    })
    expect(await here.store.load(here.account)).toEqual([])
    expect(await here.store.log(here.account, 0, 10)).toEqual([])
    expect(await here.store.journal(here.account, 0, 10)).toEqual([])
  })

  it('names its accounts in the order of their SIDs', async () => {
    await here.store.lock(here.other)
    await here.store.lock(here.account)
    const accounts = await here.store.accounts()
    expect(accounts.slice(-2)).toEqual([here.account, here.other])
    expect(accounts).toEqual([...accounts].sort())
  })

  it('has everything again after it was closed and opened', async () => {
    const head = await here.store.lock(here.account)
    const task = row('WT', 1, { attributes: '{}' })
    const written = batch(head, { rows: [put('task', task)], events: [event(1)], journal: [entry(1)] })
    await here.store.write(written)
    await here.reopen()
    expect(await here.store.accounts()).toContain(here.account)
    expect(await here.store.lock(here.account)).toEqual({
      account_sid: here.account,
      epoch: 2,
      format: 1,
      ...written.head
    })
    expect(await here.store.load(here.account)).toEqual([{ kind: 'task', row: task }])
    expect(await here.store.log(here.account, 0, 10)).toEqual([event(1)])
    expect(await here.store.journal(here.account, 0, 10)).toEqual([entry(1)])
  })

  const refused: [string, Record<string, unknown>][] = [
    ['a text in a column of numbers', { index: 'first' }],
    ['a fraction in a column of integers', { index: 1.5 }],
    ['an object in a column', { index: { first: true } }],
    ['U+0000 in a column of text', { conversation_sid: 'a\0b' }],
    ['a value that JSON does not know', { body: 1n }]
  ]
  it('refuses what it cannot keep, and keeps nothing of that batch', async () => {
    const head = await here.store.lock(here.account)
    const good = row('WT', 1)
    for (const [what, fields] of refused) {
      const bad = row('IM', 2, { conversation_sid: 'CH', index: 0, ...fields })
      const rows = [put('task', good), put('message', bad)]
      const both = batch(head, { rows, events: [event(1)], journal: [entry(1)] })
      await expect(here.store.write(both), what).rejects.toThrow(ContentRejected)
    }
    expect(await here.store.load(here.account)).toEqual([])
    expect(await here.store.log(here.account, 0, 10)).toEqual([])
    expect(await here.store.journal(here.account, 0, 10)).toEqual([])

    // The good one alone is welcome, without locking again.
    await here.store.write(batch(head, { rows: [put('task', good)], events: [event(1)] }))
    expect(await here.store.load(here.account)).toEqual([{ kind: 'task', row: good }])
    expect((await here.store.lock(here.account)).decision).toBe(1)
  })

  it('writes nothing on top of what it refused, until that was told', async () => {
    const head = await here.store.lock(here.account)
    const second = await here.store.lock(here.other)
    const bad = put('message', row('IM', 2, { conversation_sid: 'CH', index: 'first' }))
    const outcomes = await Promise.allSettled([
      here.store.write(batch(head, { rows: [put('task', row('WT', 1))] })),
      here.store.write(batch({ ...head, decision: 1 }, { rows: [bad] })),
      here.store.write(batch({ ...head, decision: 2 }, { rows: [put('task', row('WT', 3))] })),
      here.store.write(batch({ ...head, decision: 3 }, { rows: [put('task', row('WT', 4))] })),
      here.store.write(batch(second, { rows: [put('task', row('WT', 5))] }))
    ])
    const names = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'done'))
    expect(names).toEqual(['done', 'ContentRejected', 'StoreUnavailable', 'StoreUnavailable', 'done'])
    expect(here.store.healthy()).toBe(true)
    expect((await here.store.load(here.account)).map(({ row }) => row.seq)).toEqual([1])
    await here.store.write(batch({ ...head, decision: 1 }, { rows: [put('task', row('WT', 6))] }))
    expect((await here.store.load(here.account)).map(({ row }) => row.seq)).toEqual([1, 6])
    expect(await here.store.load(here.other)).toHaveLength(1)
  })

  it('writes nothing on top of what was fenced', async () => {
    const first = await here.store.lock(here.account)
    const second = await here.store.lock(here.account)
    const stale = [1, 2].map((n) =>
      here.store.write(batch({ ...first, decision: n }, { rows: [put('task', row('WT', n))] }))
    )
    const outcomes = await Promise.allSettled(stale)
    const names = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'done'))
    expect(names).toEqual(['Fenced', 'StoreUnavailable'])
    expect(second.epoch).toBe(2)
    expect(await here.store.load(here.account)).toEqual([])
  })

  it('refuses an event number that is there already', async () => {
    const head = await here.store.lock(here.account)
    await here.store.write(batch(head, { events: [event(1)] }))
    await expect(
      here.store.write(batch(head, { rows: [put('task', row('WT', 1))], events: [event(1)] }))
    ).rejects.toThrow(ContentRejected)
    expect(await here.store.load(here.account)).toEqual([])
  })

  it('fences the writer of an older epoch', async () => {
    const first = await here.store.lock(here.account)
    const second = await here.store.lock(here.account)
    expect(second.epoch).toBe(first.epoch + 1)
    const stale = batch(first, { rows: [put('task', row('WT', 1))], events: [event(1)] })
    await expect(here.store.write(stale)).rejects.toThrow(Fenced)
    expect(await here.store.load(here.account)).toEqual([])
    expect(await here.store.log(here.account, 0, 1)).toEqual([])
    const again = await here.store.lock(here.account)
    await here.store.write(batch(again, { rows: [put('task', row('WT', 1))] }))
    expect(await here.store.load(here.account)).toHaveLength(1)
  })

  it('takes no write for an account that was not locked, nor after it was closed', async () => {
    const head = await here.store.lock(here.account)
    const stranger = batch({ ...head, account_sid: here.other }, {})
    await expect(here.store.write(stranger)).rejects.toThrow(StoreUnavailable)
    await here.store.close()
    expect(here.store.healthy()).toBe(false)
    await expect(here.store.write(batch(head, {}))).rejects.toThrow(StoreUnavailable)
    await expect(here.store.load(here.account)).rejects.toThrow(StoreUnavailable)
    await expect(here.store.lock(here.account)).rejects.toThrow(StoreUnavailable)
  })

  it('finishes what was being written when it is closed', async () => {
    const head = await here.store.lock(here.account)
    const writes = [1, 2, 3].map((n) => here.store.write(batch({ ...head, decision: n }, { events: [event(n)] })))
    const closing = here.store.close()
    await Promise.all([...writes, closing])
    await here.reopen()
    expect(await here.store.log(here.account, 0, 10)).toHaveLength(3)
  })

  it('keeps the order of writes that were not awaited', async () => {
    const head = await here.store.lock(here.account)
    const writes = Array.from({ length: 50 }, (_, n) =>
      here.store.write(batch({ ...head, decision: n }, { rows: [put('task', { ...row('WT', 1), version: n })] }))
    )
    await Promise.all(writes)
    expect((await here.store.load(here.account)).map(({ row }) => row.version)).toEqual([49])
    expect((await here.store.lock(here.account)).decision).toBe(50)
  })

  it('answers, and says that it is well', async () => {
    await here.store.ping()
    expect(here.store.healthy()).toBe(true)
  })
})
