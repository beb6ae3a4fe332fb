import { coldKinds } from '@ringdown/server/commit/kinds'
import { EventSearch } from '@ringdown/server/log/event-search'
import { EventTexts } from '@ringdown/server/log/event-texts'
import { ContentRejected, Fenced, type PageQuery, type Store, StoreUnavailable } from '@ringdown/server/store/store'
import { coldTable, type Table } from '@ringdown/server/store/tables'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { about, batch, entry, event, put, row, sid, take } from './batches.ts'
import { findPostgres, type Place, postgresPlace, sqlitePlace } from './places.ts'

const database = await findPostgres()

function tableOf(kind: string): Table {
  const cold = coldKinds.get(kind)
  if (!cold) throw new Error(`${kind} lives in memory`)
  return coldTable(kind, cold)
}

const stores = [
  { name: 'SQLite', available: true, place: sqlitePlace as () => Promise<Place> },
  // as: the stories run only where a database was found
  { name: 'PostgreSQL', available: database !== undefined, place: () => postgresPlace(database as string) }
]

for (const { name, available, place } of stores)
  describe.runIf(available)(`a store on ${name}`, () => {
    let here: Place
    let store: Store
    let stories = 0
    let account = ''
    let other = ''

    beforeAll(async () => {
      here = await place()
    })
    afterAll(() => here.clear())

    // Every story has accounts of its own in one place; one that closed the store leaves the next one a new one.
    beforeEach(async () => {
      stories += 1
      account = sid('AC', stories * 10)
      other = sid('AC', stories * 10 + 1)
      if (stories === 1 || !store.healthy()) {
        store = await here.open()
        await store.migrate()
      }
    })

    /** Everything in memory is gone: another process opens the same place. */
    async function reopen(): Promise<void> {
      await store.close()
      store = await here.open()
      await store.migrate()
    }

    /** For stories that change the tables themselves. */
    async function elsewhere(): Promise<{ place: Place; store: Store }> {
      const fresh = await place()
      onTestFinished(() => fresh.clear())
      return { place: fresh, store: await fresh.open() }
    }

    it('begins a new account at the first epoch, with nothing decided', async () => {
      const head = await store.lock(account)
      expect(head).toEqual({
        account_sid: account,
        epoch: 1,
        format: 1,
        at: 0,
        decision: 0,
        next_seq: 1,
        next_event: 1
      })
      expect(await store.load(account)).toEqual([])
      expect(await store.log(account, 0, 10)).toEqual([])
      expect(await store.journal(account, 0, 10)).toEqual([])
    })

    it('names its accounts in the order of their SIDs', async () => {
      await store.lock(other)
      await store.lock(account)
      const accounts = await store.accounts()
      expect(accounts.slice(-2)).toEqual([account, other])
      expect(accounts).toEqual([...accounts].sort())
    })

    it('gives rows of all kinds back in the order they were created', async () => {
      const head = await store.lock(account)
      const task = row('WT', 1, { attributes: '{"skill":"de"}', priority: 3, age: null })
      const worker = row('WK', 2, { friendly_name: 'Ada' })
      const conversation = row('CH', 3, { state: 'active' })
      await store.write(
        batch(head, { rows: [put('worker', worker), put('conversation', conversation), put('task', task)] })
      )
      expect(await store.load(account)).toEqual([
        { kind: 'task', row: task },
        { kind: 'worker', row: worker },
        { kind: 'conversation', row: conversation }
      ])
    })

    it('loads more rows than one piece of its reading holds', async () => {
      const head = await store.lock(account)
      const tasks = Array.from({ length: 10_100 }, (_, n) => row('WT', n + 1))
      const open = Array.from({ length: 5_100 }, (_, n) => row('KD', 20_000 + n, { status: 'open' }))
      const rows = [...tasks.map((task) => put('task', task)), ...open.map((each) => put('interaction', each))]
      await store.write(batch(head, { rows }))
      const loaded = await store.load(account)
      expect(loaded.map(({ row }) => row.seq)).toEqual([...tasks, ...open].map(({ seq }) => seq))
    })

    it('keeps the last state of a row, and forgets a deleted one', async () => {
      const head = await store.lock(account)
      const task = row('WT', 1, { assignment_status: 'pending' })
      const message = row('IM', 2, { conversation_sid: sid('CH', 1), index: 0, body: 'Hi' })
      await store.write(batch(head, { rows: [put('task', task), put('message', message)] }))
      const reserved = { ...task, version: 1, assignment_status: 'reserved' }
      const edited = { ...message, version: 1, body: 'Hello' }
      await store.write(batch(head, { rows: [put('task', reserved), put('message', edited)] }))
      expect(await store.load(account)).toEqual([{ kind: 'task', row: reserved }])
      expect(await store.find(account, 'message', { sid: message.sid })).toEqual([edited])

      await store.write(batch(head, { rows: [take('task', task), take('message', message)] }))
      expect(await store.load(account)).toEqual([])
      expect(await store.find(account, 'message', { sid: message.sid })).toEqual([])
    })

    it('forgets what is old, the oldest first, and what is below it, of one account alone', async () => {
      const head = await store.lock(account)
      const second = await store.lock(other)
      const old = (seq: number, date_created: number) => row('RE', seq, { status: 'completed', date_created })
      const file = (seq: number, recording: { readonly sid: string } | null) =>
        row('ME', seq, { status: 'attached', recording_sid: recording?.sid ?? null })
      const [first, next, fresh] = [old(1, 10), old(2, 20), old(3, 30)]
      const [ofFirst, ofNext, ofFresh, ofNobody] = [file(4, first), file(5, next), file(6, fresh), file(7, null)]
      const rows = [first, next, fresh].map((each) => put('recording', each))
      const files = [ofFirst, ofNext, ofFresh, ofNobody].map((each) => put('media', each))
      await store.write(batch(head, { rows: [...rows, ...files] }))
      await store.write(batch(second, { rows: [put('recording', first), put('media', ofFirst)] }))

      const recordings = { table: tableOf('recording'), column: 'date_created' }
      const below = { ...recordings, table: tableOf('media'), parent: { table: recordings.table, by: 'recording_sid' } }
      expect(await store.forget(account, below, 30, 1)).toBe(1)
      expect(await store.find(account, 'media', { sid: ofFirst.sid })).toEqual([])
      expect(await store.find(account, 'media', { sid: ofNext.sid })).toEqual([ofNext])
      expect(await store.forget(account, below, 30, 10)).toBe(1)
      expect(await store.forget(account, below, 30, 10)).toBe(0)
      expect(await store.forget(account, recordings, 30, 10)).toBe(2)
      expect(await store.forget(account, recordings, 30, 10)).toBe(0)
      for (const one of [ofFresh, ofNobody]) expect(await store.find(account, 'media', { sid: one.sid })).toEqual([one])
      expect(await store.find(account, 'recording', { sid: fresh.sid })).toEqual([fresh])
      expect(await store.find(other, 'media', { sid: ofFirst.sid })).toEqual([ofFirst])
      expect(await store.find(other, 'recording', { sid: first.sid })).toEqual([first])
    })

    it('keeps accounts and kinds apart, even where SIDs are the same', async () => {
      const head = await store.lock(account)
      const second = await store.lock(other)
      const mine = row('WT', 1, { of: 'mine' })
      const channel = row('WT', 1, { of: 'another kind' })
      const theirs = row('WT', 1, { of: 'theirs' })
      await store.write(batch(head, { rows: [put('task', mine), put('channel', channel)] }))
      await store.write(batch(second, { rows: [put('task', theirs)], events: [event(1)] }))
      await store.write(batch(head, { rows: [take('channel', channel)] }))
      expect(await store.load(account)).toEqual([{ kind: 'task', row: mine }])
      expect(await store.load(other)).toEqual([{ kind: 'task', row: theirs }])
      expect(await store.log(account, 0, 10)).toEqual([])
    })

    it('brings only open interactions and conversations into memory', async () => {
      const head = await store.lock(account)
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
      await store.write(batch(head, { rows }))
      expect((await store.load(account)).map(({ row }) => row)).toEqual([open, speaker])

      // Closing the conversation takes its participant out of memory; SQL still knows it.
      await store.write(
        batch(head, { rows: [put('participant', { ...speaker, conversation_state: 'closed' } as typeof speaker)] })
      )
      expect((await store.load(account)).map(({ row }) => row)).toEqual([open])
      expect((await store.find(account, 'participant', { identity: 'ada' })).map(({ seq }) => seq)).toEqual([3, 4])
    })

    it('keeps rows that live among those of resident kinds, and moves them when they are put away', async () => {
      const head = await store.lock(account)
      const living = row('WT', 1, { workspace_sid: 'WS1', assignment_status: 'assigned', forget_at: null })
      const brief = row('WT', 2, { workspace_sid: 'WS1', assignment_status: 'reserved', forget_at: null })
      const born = row('WT', 3, { workspace_sid: 'WS1', assignment_status: 'canceled', forget_at: 900 })
      await store.write(batch(head, { rows: [living, brief, born].map((each) => put('task', each)) }))
      expect((await store.load(account)).map(({ row }) => row)).toEqual([living, brief])
      expect(await store.find(account, 'task', { workspace_sid: 'WS1' })).toEqual([born])

      const over = { ...living, version: 1, assignment_status: 'completed', forget_at: 1_000 }
      await store.write(batch(head, { rows: [put('task', over), take('task', brief)] }))
      await reopen()
      expect(await store.load(account)).toEqual([])
      expect(await store.find(account, 'task', { sid: living.sid })).toEqual([over])
      const list = { account_sid: account, kind: 'task', order: ['seq'], descending: true, limit: 10 }
      expect(await store.page({ ...list, where: [['forget_at', '>', 900]] })).toEqual([over])

      const again = await store.lock(account)
      const removals = [{ kind: 'task', where: { workspace_sid: 'WS1' } }]
      await store.write(batch(again, { rows: [put('task', { ...over, version: 2 })], removals }))
      expect(await store.find(account, 'task', { workspace_sid: 'WS1' })).toEqual([])
    })

    it('finds rows by several columns, by null, and finds nothing for a stranger', async () => {
      const head = await store.lock(account)
      const service = sid('IS', 1)
      const named = row('CH', 1, { chat_service_sid: service, unique_name: 'order-17', state: 'closed' })
      const nameless = row('CH', 2, { chat_service_sid: service, unique_name: null, state: 'closed' })
      await store.write(batch(head, { rows: [put('conversation', named), put('conversation', nameless)] }))
      const where = { chat_service_sid: service, unique_name: 'order-17' }
      expect(await store.find(account, 'conversation', where)).toEqual([named])
      expect(await store.find(account, 'conversation', { ...where, unique_name: null })).toEqual([nameless])
      expect(await store.find(account, 'conversation', { ...where, unique_name: 'order-18' })).toEqual([])
      expect(await store.find(other, 'conversation', where)).toEqual([])
    })

    describe('pages', () => {
      const chat = sid('CH', 1)
      const messages = (): PageQuery => ({
        account_sid: account,
        kind: 'message',
        where: [['conversation_sid', '=', chat]],
        order: ['index'],
        descending: false,
        limit: 3
      })

      beforeEach(async () => {
        const head = await store.lock(account)
        const spoken = Array.from({ length: 8 }, (_, n) => row('IM', n + 1, { conversation_sid: chat, index: n }))
        const aside = row('IM', 99, { conversation_sid: sid('CH', 2), index: 0 })
        const conversations = [
          row('CH', 101, { chat_service_sid: 'IS1', state: 'closed', date_created: 1_000 }),
          row('CH', 102, { chat_service_sid: 'IS1', state: 'active', date_created: 2_000 }),
          row('CH', 103, { chat_service_sid: 'IS2', state: 'inactive', date_created: 3_000 }),
          row('CH', 104, { chat_service_sid: 'IS1', state: 'inactive', date_created: 3_000 })
        ]
        const rows = [...spoken, aside].map((each) => put('message', each))
        await store.write(batch(head, { rows: [...rows, ...conversations.map((each) => put('conversation', each))] }))
      })

      const read = async (query: Partial<PageQuery>) =>
        (await store.page({ ...messages(), ...query })).map(({ seq }) => seq)

      it('go forward from row to row until there are no more', async () => {
        expect(await read({})).toEqual([1, 2, 3])
        expect(await read({ after: [2] })).toEqual([4, 5, 6])
        expect(await read({ after: [5] })).toEqual([7, 8])
        expect(await read({ after: [7] })).toEqual([])
      })

      it('go backward as well', async () => {
        expect(await read({ descending: true })).toEqual([8, 7, 6])
        expect(await read({ descending: true, after: [5] })).toEqual([5, 4, 3])
      })

      it('stay where they are when rows come and go', async () => {
        const head = await store.lock(account)
        await store.write(batch(head, { rows: [take('message', row('IM', 3))] }))
        expect(await read({ after: [2] })).toEqual([4, 5, 6])
      })

      const filters: [string, PageQuery['where'], number[]][] = [
        ['everything', [], [101, 102, 103, 104]],
        ['one state', [['state', '=', 'inactive']], [103, 104]],
        ['several states', [['state', 'in', ['closed', 'inactive']]], [101, 103, 104]],
        ['several instants', [['date_created', 'in', [1_000, 2_000]]], [101, 102]],
        ['no states', [['state', 'in', []]], []],
        ['from an instant on', [['date_created', '>=', 2_000]], [102, 103, 104]],
        ['before an instant', [['date_created', '<', 2_000]], [101]],
        [
          'between two',
          [
            ['date_created', '>', 1_000],
            ['date_created', '<=', 2_000]
          ],
          [102]
        ],
        [
          'a service and a state',
          [
            ['chat_service_sid', '=', 'IS1'],
            ['state', 'in', ['inactive']]
          ],
          [104]
        ],
        ['no name', [['unique_name', '=', null]], [101, 102, 103, 104]]
      ]
      it('filter by each comparison', async () => {
        for (const [what, where, expected] of filters)
          expect(await read({ kind: 'conversation', where, order: ['seq'], limit: 10 }), what).toEqual(expected)
      })

      it('sort by several columns, the last of which ends ties', async () => {
        const query: Partial<PageQuery> = { kind: 'conversation', where: [], order: ['date_created', 'seq'], limit: 2 }
        expect(await read({ ...query, after: [2_000, 102] })).toEqual([103, 104])
        expect(await read({ ...query, after: [3_000, 103] })).toEqual([104])
        expect(await read({ ...query, descending: true })).toEqual([104, 103])
      })

      it('compare text by its bytes, whatever the language of the database', async () => {
        const head = await store.lock(account)
        const identities = ['Zoe', 'adam', 'Ärger', 'zoe', '_x', '😀']
        const users = identities.map((identity, n) => row('US', 200 + n, { chat_service_sid: 'IS1', identity }))
        await store.write(batch(head, { rows: users.map((user) => put('user', user)) }))
        const found = await store.page({ ...messages(), kind: 'user', where: [], order: ['identity'], limit: 10 })
        expect(found.map((user) => (user as (typeof users)[number]).identity)).toEqual([
          'Zoe',
          '_x',
          'adam',
          'zoe',
          'Ärger',
          '😀'
        ])
      })

      it('refuse to be asked for what is not declared', async () => {
        await expect(store.page({ ...messages(), order: ['body; drop table row'] })).rejects.toThrow('no column')
        await expect(store.page({ ...messages(), kind: 'worker' })).rejects.toThrow('not a cold kind')
      })
    })

    it('removes with a parent all that hangs on it, what came in the same batch included', async () => {
      const head = await store.lock(account)
      const message = (seq: number, chat: number) => row('IM', seq, { conversation_sid: sid('CH', chat), index: seq })
      await store.write(
        batch(head, {
          rows: [put('message', message(1, 1)), put('message', message(2, 1)), put('message', message(3, 2))]
        })
      )
      const removals = [{ kind: 'message', where: { conversation_sid: sid('CH', 1) } }]
      await store.write(batch(head, { rows: [put('message', message(4, 1)), put('message', message(5, 2))], removals }))
      expect(await store.find(account, 'message', { conversation_sid: sid('CH', 1) })).toEqual([])
      expect((await store.find(account, 'message', { conversation_sid: sid('CH', 2) })).map(({ seq }) => seq)).toEqual([
        3, 5
      ])
    })

    it('reads its log from a cursor, and the numbers go on after old events were deleted', async () => {
      const head = await store.lock(account)
      for (const n of [1, 2, 3]) await store.write(batch({ ...head, decision: n }, { events: [event(n)] }))
      expect(await store.log(account, 0, 2)).toEqual([event(1), event(2)])
      expect(await store.log(account, 2, 2)).toEqual([event(3)])
      expect(await store.log(account, 3, 2)).toEqual([])

      expect(await store.prune(account, { event: event(4).at }, 2)).toBe(2)
      expect(await store.prune(account, { event: event(4).at }, 2)).toBe(1)
      expect(await store.prune(account, { event: event(4).at }, 2)).toBe(0)
      await reopen()
      const later = await store.lock(account)
      expect(later.next_event).toBe(4)
      await store.write(batch(later, { events: [event(4)] }))
      expect(await store.log(account, 0, 10)).toEqual([event(4)])
    })

    it('finds events of some types, and puts other data in the place of theirs', async () => {
      const head = await store.lock(account)
      const texts = new EventTexts(store)
      const types = ['task.created', 'message.removed', 'task.created', 'user.added', 'message.removed', 'user.added']
      const events = types.map((type, n) => event(n + 1, type))
      await store.write(batch(head, { events }))
      await store.write(batch(await store.lock(other), { events: [event(1, 'user.added')] }))
      const find = async (after: number, through: number, limit = 10) => {
        const asked = { types: ['user.added', 'message.removed'], after, through, limit }
        return (await texts.ofTypes(account, asked)).map(({ seq }) => seq)
      }
      expect(await find(0, 6)).toEqual([2, 4, 5, 6])
      expect(await find(2, 5)).toEqual([4, 5])
      expect(await find(0, 6, 1)).toEqual([2])
      await texts.rewrite(account, [])
      await texts.rewrite(
        account,
        [2, 4, 77].map((seq) => ({ seq, data: `{"body":"é${seq}"}` }))
      )
      const [, second, third, fourth] = events
      expect(await store.log(account, 1, 3)).toEqual([
        { ...second, data: '{"body":"é2"}' },
        third,
        { ...fourth, data: '{"body":"é4"}' }
      ])
      expect(await store.log(other, 0, 10)).toEqual([event(1, 'user.added')])
    })

    it('rewrites events of many blocks in one go, and finds them no longer by what they do not say any more', async () => {
      const head = await store.lock(account)
      const search = new EventSearch(store)
      const task_sid = sid('WT', 0xabcde)
      const size = 620
      const all = Array.from({ length: size }, (_, n) => about(event(n + 1), { task_sid, text: `${n}` }))
      const events = all.map(({ about: _, ...told }) => told)
      // More blocks than are looked for at a time, most of them of one event.
      await store.write(batch(head, { events: events.slice(0, 300) }))
      const rest = events.slice(300)
      await Promise.all(rest.map((told, n) => store.write(batch({ ...head, decision: n }, { events: [told] }))))
      const find = async (descending: boolean) => {
        const query = { account_sid: account, where: { task_sid }, from: 0, until: 8e15, descending, limit: 1_000 }
        return (await search.page(query)).map(({ seq }) => seq)
      }
      expect(await find(false)).toEqual(events.map(({ seq }) => seq))
      expect(await find(true)).toEqual(events.map(({ seq }) => seq).reverse())
      const gone = [2, ...events.map(({ seq }) => seq).filter((seq) => seq > 280 && seq % 7 > 0)]
      await new EventTexts(store).rewrite(
        account,
        gone.map((seq) => ({ seq, data: '{"data":{}}' }))
      )
      const left = events.filter(({ seq }) => !gone.includes(seq))
      expect(await find(false)).toEqual(left.map(({ seq }) => seq))
      const log = await store.log(account, 0, size)
      expect(log).toEqual(events.map((told) => (gone.includes(told.seq) ? { ...told, data: '{"data":{}}' } : told)))
      const subjects = `select 1 from log_block where account_sid = '${account}' and subjects like '%T0abcde%' and first = last`
      expect((await here.query(subjects)).length).toBe(left.filter(({ seq }) => seq > 300).length)
    })

    it('says so when a block is damaged, and reads the others', async () => {
      const head = await store.lock(account)
      for (const n of [1, 2]) await store.write(batch({ ...head, decision: n }, { events: [event(n)] }))
      const damaged = name === 'SQLite' ? "x'780102'" : "'\\x780102'"
      await here.query(`update log_text set data = ${damaged} where account_sid = '${account}' and last = 1`)
      await expect(store.log(account, 0, 10)).rejects.toThrow('a block of the log is damaged')
      expect(await store.log(account, 1, 10)).toEqual([event(2)])
      expect(store.healthy()).toBe(true)
    })

    it('gives no room back that it does not have', async () => {
      expect(await store.compact(64)).toBe(0)
    })

    it('prunes only what is old enough: whole blocks of the log, and entries of the journal', async () => {
      const head = await store.lock(account)
      await store.write(batch(head, { events: [event(1)], journal: [1, 2, 3].map((n) => entry(n)) }))
      await store.write(batch({ ...head, decision: 3 }, { events: [event(2), event(3)] }))
      expect(await store.prune(account, { event: event(3).at, journal: entry(3).at }, 100)).toBe(3)
      expect(await store.log(account, 0, 10)).toEqual([event(2), event(3)])
      expect(await store.journal(account, 0, 10)).toEqual([entry(3)])
    })

    it('keeps the journal in the order of decisions', async () => {
      const head = await store.lock(account)
      await store.write(batch(head, { journal: [entry(1), entry(2)] }))
      await store.write(batch({ ...head, decision: 2 }, { journal: [entry(3)] }))
      expect(await store.journal(account, 0, 2)).toEqual([entry(1), entry(2)])
      expect(await store.journal(account, 2, 2)).toEqual([entry(3)])
    })

    it('has everything again after it was closed and opened', async () => {
      const head = await store.lock(account)
      const task = row('WT', 1, { attributes: '{}' })
      const written = batch(head, { rows: [put('task', task)], events: [event(1)], journal: [entry(1)] })
      await store.write(written)
      await reopen()
      expect(await store.accounts()).toContain(account)
      expect(await store.lock(account)).toEqual({ account_sid: account, epoch: 2, format: 1, ...written.head })
      expect(await store.load(account)).toEqual([{ kind: 'task', row: task }])
      expect(await store.log(account, 0, 10)).toEqual([event(1)])
      expect(await store.journal(account, 0, 10)).toEqual([entry(1)])
    })

    it('brings odd text back unharmed', async () => {
      const head = await store.lock(account)
      const body = `'; drop table "row"; -- \\ \\u0041 {"a":[null,"}"]} "quoted", {braces}, NULL, \n\r\t \u2028 😀👩‍👩‍👧 ﷽ Ünï`
      const attributes = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"b":1.0,"a":1e21,"\\u0000":"\\u0000"}')
      const message = row('IM', 1, { conversation_sid: body, index: 0, body, attributes, lone: '\ud800' })
      const large = row('WT', 2, { attributes: '"\\{,}😀'.repeat(150_000) })
      const told = { ...event(1), type: body, data: JSON.stringify(attributes) }
      await store.write(batch(head, { rows: [put('message', message), put('task', large)], events: [told] }))
      await reopen()
      const [found] = await store.find(account, 'message', { conversation_sid: body })
      expect(JSON.stringify(found)).toBe(JSON.stringify(message))
      expect(JSON.stringify(found)).toContain('"__proto__":{"admin":true}')
      expect(await store.load(account)).toEqual([{ kind: 'task', row: large }])
      expect(await store.log(account, 0, 1)).toEqual([told])
    })

    it('keeps booleans as 0 and 1 where it filters by them, and as booleans in the row', async () => {
      const head = await store.lock(account)
      const odd = row('IM', 1, { conversation_sid: 'CH', index: true })
      await store.write(batch(head, { rows: [put('message', odd)] }))
      expect(await store.find(account, 'message', { index: 1 })).toEqual([odd])
    })

    const refused: [string, Record<string, unknown>][] = [
      ['a text in a column of numbers', { index: 'first' }],
      ['a fraction in a column of integers', { index: 1.5 }],
      ['an object in a column', { index: { first: true } }],
      ['U+0000 in a column of text', { conversation_sid: 'a\0b' }],
      ['a value that JSON does not know', { body: 1n }]
    ]
    it('refuses what it cannot keep, and keeps nothing of that batch', async () => {
      const head = await store.lock(account)
      const good = row('WT', 1)
      for (const [what, fields] of refused) {
        const bad = row('IM', 2, { conversation_sid: 'CH', index: 0, ...fields })
        const rows = [put('task', good), put('message', bad)]
        const both = batch(head, { rows, events: [event(1)], journal: [entry(1)] })
        await expect(store.write(both), what).rejects.toThrow(ContentRejected)
      }
      expect(await store.load(account)).toEqual([])
      expect(await store.log(account, 0, 10)).toEqual([])
      expect(await store.journal(account, 0, 10)).toEqual([])

      // The good one alone is welcome, without locking again.
      await store.write(batch(head, { rows: [put('task', good)], events: [event(1)] }))
      expect(await store.load(account)).toEqual([{ kind: 'task', row: good }])
      expect((await store.lock(account)).decision).toBe(1)
    })

    it('writes nothing on top of what it refused, until that was told', async () => {
      const head = await store.lock(account)
      const second = await store.lock(other)
      const bad = put('message', row('IM', 2, { conversation_sid: 'CH', index: 'first' }))
      const outcomes = await Promise.allSettled([
        store.write(batch(head, { rows: [put('task', row('WT', 1))] })),
        store.write(batch({ ...head, decision: 1 }, { rows: [bad] })),
        store.write(batch({ ...head, decision: 2 }, { rows: [put('task', row('WT', 3))] })),
        store.write(batch({ ...head, decision: 3 }, { rows: [put('task', row('WT', 4))] })),
        store.write(batch(second, { rows: [put('task', row('WT', 5))] }))
      ])
      const names = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'done'))
      expect(names).toEqual(['done', 'ContentRejected', 'StoreUnavailable', 'StoreUnavailable', 'done'])
      expect(store.healthy()).toBe(true)
      expect((await store.load(account)).map(({ row }) => row.seq)).toEqual([1])
      await store.write(batch({ ...head, decision: 1 }, { rows: [put('task', row('WT', 6))] }))
      expect((await store.load(account)).map(({ row }) => row.seq)).toEqual([1, 6])
      expect(await store.load(other)).toHaveLength(1)
    })

    it('writes nothing on top of what was fenced', async () => {
      const first = await store.lock(account)
      const second = await store.lock(account)
      const stale = [1, 2].map((n) =>
        store.write(batch({ ...first, decision: n }, { rows: [put('task', row('WT', n))] }))
      )
      const outcomes = await Promise.allSettled(stale)
      const names = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'done'))
      expect(names).toEqual(['Fenced', 'StoreUnavailable'])
      expect(second.epoch).toBe(2)
      expect(await store.load(account)).toEqual([])
    })

    it('refuses an event number that is there already', async () => {
      const head = await store.lock(account)
      await store.write(batch(head, { events: [event(1)] }))
      await expect(store.write(batch(head, { rows: [put('task', row('WT', 1))], events: [event(1)] }))).rejects.toThrow(
        ContentRejected
      )
      expect(await store.load(account)).toEqual([])
    })

    it('fences the writer of an older epoch', async () => {
      const first = await store.lock(account)
      const second = await store.lock(account)
      expect(second.epoch).toBe(first.epoch + 1)
      const stale = batch(first, { rows: [put('task', row('WT', 1))], events: [event(1)] })
      await expect(store.write(stale)).rejects.toThrow(Fenced)
      expect(await store.load(account)).toEqual([])
      expect(await store.log(account, 0, 1)).toEqual([])
      const again = await store.lock(account)
      await store.write(batch(again, { rows: [put('task', row('WT', 1))] }))
      expect(await store.load(account)).toHaveLength(1)
    })

    it('takes no write for an account that was not locked, nor after it was closed', async () => {
      const head = await store.lock(account)
      const stranger = batch({ ...head, account_sid: other }, {})
      await expect(store.write(stranger)).rejects.toThrow(StoreUnavailable)
      await store.close()
      expect(store.healthy()).toBe(false)
      await expect(store.write(batch(head, {}))).rejects.toThrow(StoreUnavailable)
      await expect(store.load(account)).rejects.toThrow(StoreUnavailable)
      await expect(store.lock(account)).rejects.toThrow(StoreUnavailable)
    })

    it('finishes what was being written when it is closed', async () => {
      const head = await store.lock(account)
      const writes = [1, 2, 3].map((n) => store.write(batch({ ...head, decision: n }, { events: [event(n)] })))
      const closing = store.close()
      await Promise.all([...writes, closing])
      await reopen()
      expect(await store.log(account, 0, 10)).toHaveLength(3)
    })

    it('keeps the order of writes that were not awaited', async () => {
      const head = await store.lock(account)
      const writes = Array.from({ length: 50 }, (_, n) =>
        store.write(batch({ ...head, decision: n }, { rows: [put('task', { ...row('WT', 1), version: n })] }))
      )
      await Promise.all(writes)
      expect((await store.load(account)).map(({ row }) => row.version)).toEqual([49])
      expect((await store.lock(account)).decision).toBe(50)
    })

    it('answers, and says that it is well', async () => {
      await store.ping()
      expect(store.healthy()).toBe(true)
    })

    it('is refused in one line when a newer program wrote it', async () => {
      const { place, store } = await elsewhere()
      await store.migrate()
      await store.lock(account)
      await place.query('update account set format = 99')
      await expect(store.lock(account)).rejects.toThrow(/row format 99; this one knows 1.*upgrade/)
      await place.query('update ringdown set schema_version = 99')
      await expect(store.migrate()).rejects.toThrow(/schema 99; this one knows \d+.*upgrade/)
    })

    it('is refused in one line when it is older than the first release', async () => {
      const { place, store } = await elsewhere()
      await store.migrate()
      await place.query('update ringdown set schema_version = 1')
      await expect(store.migrate()).rejects.toThrow(/before its first release.*choose another place/)
    })

    it('finds a name in any form of Unicode, and gives it back as it was sent', async () => {
      const head = await store.lock(account)
      const [composed, decomposed] = ['Zo\u00eb', 'Zoe\u0308']
      const user = row('US', 1, { chat_service_sid: 'IS1', identity: decomposed })
      const talk = row('CH', 2, { chat_service_sid: 'IS1', unique_name: composed, state: 'closed' })
      const member = row('MB', 3, {
        conversation_sid: sid('CH', 2),
        identity: decomposed,
        address: `${composed}@x.test`
      })
      await store.write(
        batch(head, { rows: [put('user', user), put('conversation', talk), put('participant', member)] })
      )
      for (const name of [composed, decomposed]) {
        expect(await store.find(account, 'user', { chat_service_sid: 'IS1', identity: name })).toEqual([user])
        expect(await store.find(account, 'conversation', { unique_name: name })).toEqual([talk])
        for (const [column, value] of [
          ['identity', name],
          ['address', `${name}@x.test`]
        ] as const) {
          const where = [[column, '=', value]] as const
          const page = { account_sid: account, kind: 'participant', where, order: ['seq'], descending: false, limit: 9 }
          expect(await store.page(page)).toEqual([member])
        }
      }
      const after = await store.lock(account)
      const removals = [{ kind: 'user', where: { chat_service_sid: 'IS1', identity: composed } }]
      await store.write(batch(after, { removals }))
      expect(await store.find(account, 'user', { chat_service_sid: 'IS1' })).toEqual([])
    })

    it('brings the names of an older store into the form in which they are compared', async () => {
      const { place, store } = await elsewhere()
      await store.migrate()
      const head = await store.lock(account)
      const decomposed = "O'Zoe\u0308"
      const named = [1, 2].map((n) => row('US', n, { chat_service_sid: 'IS1', identity: n === 1 ? decomposed : 'ada' }))
      await store.write(batch(head, { rows: named.map((one) => put('user', one)) }))
      const literal = decomposed.replaceAll("'", "''")
      await place.query(`update "user" set identity = '${literal}' where sid = '${sid('US', 1)}'`)
      await place.query('update ringdown set schema_version = 2')
      expect(await store.find(account, 'user', { identity: decomposed })).toEqual([])
      await store.migrate()
      expect(await store.find(account, 'user', { identity: decomposed })).toEqual([named[0]])
      expect(await store.find(account, 'user', { identity: decomposed.normalize('NFC') })).toEqual([named[0]])
      expect(await store.find(account, 'user', { identity: 'ada' })).toEqual([named[1]])
    })

    it('fills a column that was declared later, and makes its index', async () => {
      const { place, store } = await elsewhere()
      await store.migrate()
      const head = await store.lock(account)
      const said = row('IM', 1, { conversation_sid: sid('CH', 1), index: true })
      const named = row('US', 2, { chat_service_sid: 'IS1', identity: 'ada' })
      await store.write(batch(head, { rows: [put('message', said), put('user', named)] }))
      // The tables as an older declaration had them.
      await place.query('drop index message__conversation_sid__index')
      await place.query('create index message__once_declared on message (account_sid, version)')
      await place.query('alter table message drop column "index"')
      await place.query('drop index "user__chat_service_sid__identity"')
      await place.query('alter table "user" drop column identity')
      await store.migrate()
      await store.migrate()
      expect(await store.find(account, 'message', { index: 1 })).toEqual([said])
      expect(await store.find(account, 'user', { identity: 'ada' })).toEqual([named])
      await expect(place.query('drop index message__once_declared')).rejects.toThrow()
      await place.query('drop index message__conversation_sid__index')
    })

    it('lets many make its tables at once', async () => {
      const { place, store } = await elsewhere()
      const several = [store, await place.open(), await place.open()]
      await Promise.all([...several, ...several].map((each) => each.migrate()))
      expect((await store.lock(account)).epoch).toBe(1)
    })
  })
