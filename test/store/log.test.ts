import { EventSearch } from '@ringdown/server/log/event-search'
import { EventTexts } from '@ringdown/server/log/event-texts'
import { expect, it } from 'vitest'
import { about, batch, entry, event, sid } from './batches.ts'
import { eachStore } from './each-store.ts'

eachStore('a store', (here) => {
  it('reads its log from a cursor, and the numbers go on after old events were deleted', async () => {
    const head = await here.store.lock(here.account)
    for (const n of [1, 2, 3]) await here.store.write(batch({ ...head, decision: n }, { events: [event(n)] }))
    expect(await here.store.log(here.account, 0, 2)).toEqual([event(1), event(2)])
    expect(await here.store.log(here.account, 2, 2)).toEqual([event(3)])
    expect(await here.store.log(here.account, 3, 2)).toEqual([])

    expect(await here.store.prune(here.account, { event: event(4).at }, 2)).toBe(2)
    expect(await here.store.prune(here.account, { event: event(4).at }, 2)).toBe(1)
    expect(await here.store.prune(here.account, { event: event(4).at }, 2)).toBe(0)
    await here.reopen()
    const later = await here.store.lock(here.account)
    expect(later.next_event).toBe(4)
    await here.store.write(batch(later, { events: [event(4)] }))
    expect(await here.store.log(here.account, 0, 10)).toEqual([event(4)])
  })

  it('finds events of some types, and puts other data in the place of theirs', async () => {
    const head = await here.store.lock(here.account)
    const texts = new EventTexts(here.store)
    const types = ['task.created', 'message.removed', 'task.created', 'user.added', 'message.removed', 'user.added']
    const events = types.map((type, n) => event(n + 1, type))
    await here.store.write(batch(head, { events }))
    await here.store.write(batch(await here.store.lock(here.other), { events: [event(1, 'user.added')] }))
    const find = async (after: number, through: number, limit = 10) => {
      const asked = { types: ['user.added', 'message.removed'], after, through, limit }
      return (await texts.ofTypes(here.account, asked)).map(({ seq }) => seq)
    }
    expect(await find(0, 6)).toEqual([2, 4, 5, 6])
    expect(await find(2, 5)).toEqual([4, 5])
    expect(await find(0, 6, 1)).toEqual([2])
    await texts.rewrite(here.account, [])
    await texts.rewrite(
      here.account,
      [2, 4, 77].map((seq) => ({ seq, data: `{"body":"é${seq}"}` }))
    )
    const [, second, third, fourth] = events
    expect(await here.store.log(here.account, 1, 3)).toEqual([
      { ...second, data: '{"body":"é2"}' },
      third,
      { ...fourth, data: '{"body":"é4"}' }
    ])
    expect(await here.store.log(here.other, 0, 10)).toEqual([event(1, 'user.added')])
  })

  it('rewrites events of many blocks in one go, and finds them no longer by what they do not say any more', async () => {
    const head = await here.store.lock(here.account)
    const search = new EventSearch(here.store)
    const task_sid = sid('WT', 0xabcde)
    const size = 620
    const all = Array.from({ length: size }, (_, n) => about(event(n + 1), { task_sid, text: `${n}` }))
    const events = all.map(({ about: _, ...told }) => told)
    // More blocks than are looked for at a time, most of them of one event.
    await here.store.write(batch(head, { events: events.slice(0, 300) }))
    const rest = events.slice(300)
    await Promise.all(rest.map((told, n) => here.store.write(batch({ ...head, decision: n }, { events: [told] }))))
    const find = async (descending: boolean) => {
      const query = { account_sid: here.account, where: { task_sid }, from: 0, until: 8e15, descending, limit: 1_000 }
      return (await search.page(query)).map(({ seq }) => seq)
    }
    expect(await find(false)).toEqual(events.map(({ seq }) => seq))
    expect(await find(true)).toEqual(events.map(({ seq }) => seq).reverse())
    const gone = [2, ...events.map(({ seq }) => seq).filter((seq) => seq > 280 && seq % 7 > 0)]
    await new EventTexts(here.store).rewrite(
      here.account,
      gone.map((seq) => ({ seq, data: '{"data":{}}' }))
    )
    const left = events.filter(({ seq }) => !gone.includes(seq))
    expect(await find(false)).toEqual(left.map(({ seq }) => seq))
    const log = await here.store.log(here.account, 0, size)
    expect(log).toEqual(events.map((told) => (gone.includes(told.seq) ? { ...told, data: '{"data":{}}' } : told)))
    const subjects = `select 1 from log_block where account_sid = '${here.account}' and subjects like '%T0abcde%' and first = last`
    expect((await here.place.query(subjects)).length).toBe(left.filter(({ seq }) => seq > 300).length)
  })

  it('says so when a block is damaged, and reads the others', async () => {
    const head = await here.store.lock(here.account)
    for (const n of [1, 2]) await here.store.write(batch({ ...head, decision: n }, { events: [event(n)] }))
    const damaged = here.name === 'SQLite' ? "x'780102'" : "'\\x780102'"
    await here.place.query(`update log_text set data = ${damaged} where account_sid = '${here.account}' and last = 1`)
    await expect(here.store.log(here.account, 0, 10)).rejects.toThrow('a block of the log is damaged')
    expect(await here.store.log(here.account, 1, 10)).toEqual([event(2)])
    expect(here.store.healthy()).toBe(true)
  })

  it('gives no room back that it does not have', async () => {
    expect(await here.store.compact(64)).toBe(0)
  })

  it('prunes only what is old enough: whole blocks of the log, and entries of the journal', async () => {
    const head = await here.store.lock(here.account)
    await here.store.write(batch(head, { events: [event(1)], journal: [1, 2, 3].map((n) => entry(n)) }))
    await here.store.write(batch({ ...head, decision: 3 }, { events: [event(2), event(3)] }))
    expect(await here.store.prune(here.account, { event: event(3).at, journal: entry(3).at }, 100)).toBe(3)
    expect(await here.store.log(here.account, 0, 10)).toEqual([event(2), event(3)])
    expect(await here.store.journal(here.account, 0, 10)).toEqual([entry(3)])
  })

  it('keeps the journal in the order of decisions', async () => {
    const head = await here.store.lock(here.account)
    await here.store.write(batch(head, { journal: [entry(1), entry(2)] }))
    await here.store.write(batch({ ...head, decision: 2 }, { journal: [entry(3)] }))
    expect(await here.store.journal(here.account, 0, 2)).toEqual([entry(1), entry(2)])
    expect(await here.store.journal(here.account, 2, 2)).toEqual([entry(3)])
  })
})
