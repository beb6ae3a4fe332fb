import { coldKinds } from '@ringdown/server/commit/kinds'
import { coldTable, type Table } from '@ringdown/server/store/tables'
import { expect, it } from 'vitest'
import { batch, event, put, row, sid, take } from './batches.ts'
import { eachStore } from './each-store.ts'

function tableOf(kind: string): Table {
  const cold = coldKinds.get(kind)
  if (!cold) throw new Error(`${kind} lives in memory`)
  return coldTable(kind, cold)
}

eachStore('a store', (here) => {
  it('gives rows of all kinds back in the order they were created', async () => {
    const head = await here.store.lock(here.account)
    const task = row('WT', 1, { attributes: '{"skill":"de"}', priority: 3, age: null })
    const worker = row('WK', 2, { friendly_name: 'Ada' })
    const conversation = row('CH', 3, { state: 'active' })
    await here.store.write(
      batch(head, { rows: [put('worker', worker), put('conversation', conversation), put('task', task)] })
    )
    expect(await here.store.load(here.account)).toEqual([
      { kind: 'task', row: task },
      { kind: 'worker', row: worker },
      { kind: 'conversation', row: conversation }
    ])
  })

  it('loads more rows than one piece of its reading holds', async () => {
    const head = await here.store.lock(here.account)
    const tasks = Array.from({ length: 10_100 }, (_, n) => row('WT', n + 1))
    const open = Array.from({ length: 5_100 }, (_, n) => row('KD', 20_000 + n, { status: 'open' }))
    const rows = [...tasks.map((task) => put('task', task)), ...open.map((each) => put('interaction', each))]
    await here.store.write(batch(head, { rows }))
    const loaded = await here.store.load(here.account)
    expect(loaded.map(({ row }) => row.seq)).toEqual([...tasks, ...open].map(({ seq }) => seq))
  })

  it('keeps the last state of a row, and forgets a deleted one', async () => {
    const head = await here.store.lock(here.account)
    const task = row('WT', 1, { assignment_status: 'pending' })
    const message = row('IM', 2, { conversation_sid: sid('CH', 1), index: 0, body: 'Hi' })
    await here.store.write(batch(head, { rows: [put('task', task), put('message', message)] }))
    const reserved = { ...task, version: 1, assignment_status: 'reserved' }
    const edited = { ...message, version: 1, body: 'Hello' }
    await here.store.write(batch(head, { rows: [put('task', reserved), put('message', edited)] }))
    expect(await here.store.load(here.account)).toEqual([{ kind: 'task', row: reserved }])
    expect(await here.store.find(here.account, 'message', { sid: message.sid })).toEqual([edited])

    await here.store.write(batch(head, { rows: [take('task', task), take('message', message)] }))
    expect(await here.store.load(here.account)).toEqual([])
    expect(await here.store.find(here.account, 'message', { sid: message.sid })).toEqual([])
  })

  it('forgets what is old, the oldest first, and what is below it, of one account alone', async () => {
    const head = await here.store.lock(here.account)
    const second = await here.store.lock(here.other)
    const old = (seq: number, date_created: number) => row('RE', seq, { status: 'completed', date_created })
    const file = (seq: number, recording: { readonly sid: string } | null) =>
      row('ME', seq, { status: 'attached', recording_sid: recording?.sid ?? null })
    const [first, next, fresh] = [old(1, 10), old(2, 20), old(3, 30)]
    const [ofFirst, ofNext, ofFresh, ofNobody] = [file(4, first), file(5, next), file(6, fresh), file(7, null)]
    const rows = [first, next, fresh].map((each) => put('recording', each))
    const files = [ofFirst, ofNext, ofFresh, ofNobody].map((each) => put('media', each))
    await here.store.write(batch(head, { rows: [...rows, ...files] }))
    await here.store.write(batch(second, { rows: [put('recording', first), put('media', ofFirst)] }))

    const recordings = { table: tableOf('recording'), column: 'date_created' }
    const below = { ...recordings, table: tableOf('media'), parent: { table: recordings.table, by: 'recording_sid' } }
    expect(await here.store.forget(here.account, below, 30, 1)).toBe(1)
    expect(await here.store.find(here.account, 'media', { sid: ofFirst.sid })).toEqual([])
    expect(await here.store.find(here.account, 'media', { sid: ofNext.sid })).toEqual([ofNext])
    expect(await here.store.forget(here.account, below, 30, 10)).toBe(1)
    expect(await here.store.forget(here.account, below, 30, 10)).toBe(0)
    expect(await here.store.forget(here.account, recordings, 30, 10)).toBe(2)
    expect(await here.store.forget(here.account, recordings, 30, 10)).toBe(0)
    for (const one of [ofFresh, ofNobody])
      expect(await here.store.find(here.account, 'media', { sid: one.sid })).toEqual([one])
    expect(await here.store.find(here.account, 'recording', { sid: fresh.sid })).toEqual([fresh])
    expect(await here.store.find(here.other, 'media', { sid: ofFirst.sid })).toEqual([ofFirst])
    expect(await here.store.find(here.other, 'recording', { sid: first.sid })).toEqual([first])
  })

  it('keeps accounts and kinds apart, even where SIDs are the same', async () => {
    const head = await here.store.lock(here.account)
    const second = await here.store.lock(here.other)
    const mine = row('WT', 1, { of: 'mine' })
    const channel = row('WT', 1, { of: 'another kind' })
    const theirs = row('WT', 1, { of: 'theirs' })
    await here.store.write(batch(head, { rows: [put('task', mine), put('channel', channel)] }))
    await here.store.write(batch(second, { rows: [put('task', theirs)], events: [event(1)] }))
    await here.store.write(batch(head, { rows: [take('channel', channel)] }))
    expect(await here.store.load(here.account)).toEqual([{ kind: 'task', row: mine }])
    expect(await here.store.load(here.other)).toEqual([{ kind: 'task', row: theirs }])
    expect(await here.store.log(here.account, 0, 10)).toEqual([])
  })

  it('brings only open interactions and conversations into memory', async () => {
    const head = await here.store.lock(here.account)
    const open = row('KD', 1, { status: 'open' })
    const closed = row('KD', 2, { status: 'closed' })
    const speaker = row('MB', 3, { conversation_sid: sid('CH', 9), conversation_state: 'inactive', identity: 'ada' })
    const silent = row('MB', 4, { conversation_sid: sid('CH', 8), conversation_state: 'closed', identity: 'ada' })
    const rows = [
      put('interaction', open),
      put('interaction', closed),
      put('participant', speaker),
      put('participant', silent)
    ]
    await here.store.write(batch(head, { rows }))
    expect((await here.store.load(here.account)).map(({ row }) => row)).toEqual([open, speaker])

    // Closing the conversation takes its participant out of memory; SQL still knows it.
    await here.store.write(
      batch(head, { rows: [put('participant', { ...speaker, conversation_state: 'closed' } as typeof speaker)] })
    )
    expect((await here.store.load(here.account)).map(({ row }) => row)).toEqual([open])
    expect((await here.store.find(here.account, 'participant', { identity: 'ada' })).map(({ seq }) => seq)).toEqual([
      3, 4
    ])
  })

  it('keeps rows that live among those of resident kinds, and moves them when they are put away', async () => {
    const head = await here.store.lock(here.account)
    const living = row('WT', 1, { workspace_sid: 'WS1', assignment_status: 'assigned', forget_at: null })
    const brief = row('WT', 2, { workspace_sid: 'WS1', assignment_status: 'reserved', forget_at: null })
    const born = row('WT', 3, { workspace_sid: 'WS1', assignment_status: 'canceled', forget_at: 900 })
    await here.store.write(batch(head, { rows: [living, brief, born].map((each) => put('task', each)) }))
    expect((await here.store.load(here.account)).map(({ row }) => row)).toEqual([living, brief])
    expect(await here.store.find(here.account, 'task', { workspace_sid: 'WS1' })).toEqual([born])

    const over = { ...living, version: 1, assignment_status: 'completed', forget_at: 1_000 }
    await here.store.write(batch(head, { rows: [put('task', over), take('task', brief)] }))
    await here.reopen()
    expect(await here.store.load(here.account)).toEqual([])
    expect(await here.store.find(here.account, 'task', { sid: living.sid })).toEqual([over])
    const list = { account_sid: here.account, kind: 'task', order: ['seq'], descending: true, limit: 10 }
    expect(await here.store.page({ ...list, where: [['forget_at', '>', 900]] })).toEqual([over])

    const again = await here.store.lock(here.account)
    const removals = [{ kind: 'task', where: { workspace_sid: 'WS1' } }]
    await here.store.write(batch(again, { rows: [put('task', { ...over, version: 2 })], removals }))
    expect(await here.store.find(here.account, 'task', { workspace_sid: 'WS1' })).toEqual([])
  })

  it('finds rows by several columns, by null, and finds nothing for a stranger', async () => {
    const head = await here.store.lock(here.account)
    const service = sid('IS', 1)
    const named = row('CH', 1, { chat_service_sid: service, unique_name: 'order-17', state: 'closed' })
    const nameless = row('CH', 2, { chat_service_sid: service, unique_name: null, state: 'closed' })
    await here.store.write(batch(head, { rows: [put('conversation', named), put('conversation', nameless)] }))
    const where = { chat_service_sid: service, unique_name: 'order-17' }
    expect(await here.store.find(here.account, 'conversation', where)).toEqual([named])
    expect(await here.store.find(here.account, 'conversation', { ...where, unique_name: null })).toEqual([nameless])
    expect(await here.store.find(here.account, 'conversation', { ...where, unique_name: 'order-18' })).toEqual([])
    expect(await here.store.find(here.other, 'conversation', where)).toEqual([])
  })

  it('removes with a parent all that hangs on it, what came in the same batch included', async () => {
    const head = await here.store.lock(here.account)
    const message = (seq: number, chat: number) => row('IM', seq, { conversation_sid: sid('CH', chat), index: seq })
    await here.store.write(
      batch(head, {
        rows: [put('message', message(1, 1)), put('message', message(2, 1)), put('message', message(3, 2))]
      })
    )
    const removals = [{ kind: 'message', where: { conversation_sid: sid('CH', 1) } }]
    await here.store.write(
      batch(head, { rows: [put('message', message(4, 1)), put('message', message(5, 2))], removals })
    )
    expect(await here.store.find(here.account, 'message', { conversation_sid: sid('CH', 1) })).toEqual([])
    expect(
      (await here.store.find(here.account, 'message', { conversation_sid: sid('CH', 2) })).map(({ seq }) => seq)
    ).toEqual([3, 5])
  })

  it('brings odd text back unharmed', async () => {
    const head = await here.store.lock(here.account)
    const body = `'; drop table "row"; -- \\ \\u0041 {"a":[null,"}"]} "quoted", {braces}, NULL, \n\r\t \u2028 😀👩‍👩‍👧 ﷽ Ünï`
    const attributes = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"b":1.0,"a":1e21,"\\u0000":"\\u0000"}')
    const message = row('IM', 1, { conversation_sid: body, index: 0, body, attributes, lone: '\ud800' })
    const large = row('WT', 2, { attributes: '"\\{,}😀'.repeat(150_000) })
    const told = { ...event(1), type: body, data: JSON.stringify(attributes) }
    await here.store.write(batch(head, { rows: [put('message', message), put('task', large)], events: [told] }))
    await here.reopen()
    const [found] = await here.store.find(here.account, 'message', { conversation_sid: body })
    expect(JSON.stringify(found)).toBe(JSON.stringify(message))
    expect(JSON.stringify(found)).toContain('"__proto__":{"admin":true}')
    expect(await here.store.load(here.account)).toEqual([{ kind: 'task', row: large }])
    expect(await here.store.log(here.account, 0, 1)).toEqual([told])
  })

  it('keeps booleans as 0 and 1 where it filters by them, and as booleans in the row', async () => {
    const head = await here.store.lock(here.account)
    const odd = row('IM', 1, { conversation_sid: 'CH', index: true })
    await here.store.write(batch(head, { rows: [put('message', odd)] }))
    expect(await here.store.find(here.account, 'message', { index: 1 })).toEqual([odd])
  })

  it('finds a name in any form of Unicode, and gives it back as it was sent', async () => {
    const head = await here.store.lock(here.account)
    const [composed, decomposed] = ['Zo\u00eb', 'Zoe\u0308']
    const user = row('US', 1, { chat_service_sid: 'IS1', identity: decomposed })
    const talk = row('CH', 2, { chat_service_sid: 'IS1', unique_name: composed, state: 'closed' })
    const member = row('MB', 3, {
      conversation_sid: sid('CH', 2),
      identity: decomposed,
      address: `${composed}@x.test`
    })
    await here.store.write(
      batch(head, { rows: [put('user', user), put('conversation', talk), put('participant', member)] })
    )
    for (const name of [composed, decomposed]) {
      expect(await here.store.find(here.account, 'user', { chat_service_sid: 'IS1', identity: name })).toEqual([user])
      expect(await here.store.find(here.account, 'conversation', { unique_name: name })).toEqual([talk])
      for (const [column, value] of [
        ['identity', name],
        ['address', `${name}@x.test`]
      ] as const) {
        const where = [[column, '=', value]] as const
        const page = {
          account_sid: here.account,
          kind: 'participant',
          where,
          order: ['seq'],
          descending: false,
          limit: 9
        }
        expect(await here.store.page(page)).toEqual([member])
      }
    }
    const after = await here.store.lock(here.account)
    const removals = [{ kind: 'user', where: { chat_service_sid: 'IS1', identity: composed } }]
    await here.store.write(batch(after, { removals }))
    expect(await here.store.find(here.account, 'user', { chat_service_sid: 'IS1' })).toEqual([])
  })
})
