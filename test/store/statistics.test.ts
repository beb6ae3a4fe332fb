import { join, nothing, sharesOf, type ToldEvent } from '@ringdown/engine/analytics/rollup'
import { durationsOf, staysOf } from '@ringdown/engine/analytics/stay'
import { seedOf } from '@ringdown/engine/core/ids'
import { Refusal } from '@ringdown/engine/core/refusals'
import { type EngineEvent, render } from '@ringdown/engine/events'
import { Cells, cellWrites, forgetCells } from '@ringdown/server/analytics/cells'
import { statisticsDigest, statisticsReading } from '@ringdown/server/analytics/reader'
import { timeInActivities } from '@ringdown/server/analytics/stays'
import { talliesOf } from '@ringdown/server/analytics/tallies'
import { ToldEvents } from '@ringdown/server/analytics/told'
import { eventColumns, logColumns } from '@ringdown/server/log/event-columns'
import { EventSearch } from '@ringdown/server/log/event-search'
import { type Followed, Follower } from '@ringdown/server/log/follower'
import { Fenced, type Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Outcome } from '../simulation/auditor.ts'
import { make } from '../simulation/history.ts'
import { Dice } from '../support/dice.ts'
import { batch, event, sid } from './batches.ts'
import { findPostgres, type Place, postgresPlace, sqlitePlace } from './places.ts'

const database = await findPostgres()
const morning = Date.parse('2026-03-02T09:00:00Z')
const log = pino({ level: 'silent' })
const day = 86_400_000

const stores = [
  { name: 'SQLite', available: true, place: sqlitePlace as () => Promise<Place> },
  // as: the stories run only where a database was found
  { name: 'PostgreSQL', available: database !== undefined, place: () => postgresPlace(database as string) }
]

/** What some days on a floor tell, in order: a few hundred events, from seconds to hours apart. */
function history(seed: number): EngineEvent[] {
  const events: EngineEvent[] = []
  const watch = () => (outcome: Outcome) => {
    if (!(outcome instanceof Refusal)) events.push(...outcome.events)
  }
  expect(make('days', seed, 150, { watch }).failure).toBeUndefined()
  return events
}

/** Events as the readers see them. */
function toldOf(one: EngineEvent): ToldEvent {
  const values = logColumns.valuesOf(render(one).data)
  const columns = Object.fromEntries(eventColumns.map((column, n) => [column, values[n]]))
  return { seq: one.seq, type: one.type, at: one.at, ...columns } as unknown as ToldEvent // its fields are columns
}

for (const { name, available, place } of stores)
  describe.runIf(available)(`readers on ${name}`, () => {
    let here: Place
    let store: Store
    let cells: Cells
    let told: ToldEvents
    let search: EventSearch
    let stories = 0
    let account = ''

    beforeAll(async () => {
      here = await place()
      store = await here.open()
      await store.migrate()
      cells = new Cells(store)
      told = new ToldEvents(store)
      search = new EventSearch(store)
    })
    afterAll(() => here.clear())
    beforeEach(() => {
      account = sid('AC', ++stories)
    })

    it('begin at the beginning, and count a step once', async () => {
      await store.lock(account)
      expect(await store.cursor(account, 'statistics')).toBe(0)
      const key = { scope_sid: 'WS', span: 60_000, start: morning, task_channel_sid: 'TC' }
      const rollups = [{ ...key, figures: '{"tasks_created":1}', histograms: '{"tasks_canceled":{}}' }]
      const stay = { workspace_sid: 'WS', worker_sid: 'WK', seq: 3, activity_sid: 'WA', from_at: 5, until_at: 9 }
      const step = { account_sid: account, reader: 'statistics', from: 0, to: 7, writes: cellWrites(rollups, [stay]) }
      await store.advance(step)
      await expect(store.advance(step)).rejects.toThrow(Fenced)
      expect(await store.cursor(account, 'statistics')).toBe(7)
      expect(await store.cursor(account, 'other')).toBe(0)
      const runs = [{ span: 60_000, start: morning, end: morning + 60_000 }]
      expect(await cells.cells(account, { scopes: ['WS'], runs, histograms: true })).toEqual(rollups)
      expect(await cells.cells(account, { scopes: ['WS'], runs, histograms: false })).toEqual([
        { ...rollups[0], histograms: '{}' }
      ])
      expect(await cells.cells(account, { scopes: ['WQ'], runs, histograms: false })).toEqual([])
      const texts = { scope_sid: 'WS', task_channel_sid: 'TC', figures: '{"tasks_created":1}' }
      expect(await cells.texts(account, { scopes: ['WS'], runs, histograms: false })).toEqual([
        { ...texts, histograms: '' }
      ])
      expect(await cells.texts(account, { scopes: ['WS'], runs, histograms: true })).toEqual([
        { ...texts, histograms: '{"tasks_canceled":{}}' }
      ])

      const later = [{ ...key, figures: '{"tasks_created":2}', histograms: '{}' }]
      await store.advance({ ...step, from: 7, to: 8, writes: cellWrites(later, [{ ...stay, until_at: 11 }]) })
      expect(await cells.cells(account, { scopes: ['WS'], runs, histograms: true })).toEqual(later)
      const sums = await cells.stays(account, { workspace_sid: 'WS', from: 0, until: 100 })
      expect(sums).toEqual([{ activity_sid: 'WA', count: 1, total: 6, min: 6, max: 6 }])
    })

    it('forget what is too old, and not what still lasts', async () => {
      await store.lock(account)
      await store.cursor(account, 'statistics')
      const at = (start: number) => ({
        scope_sid: 'WS',
        span: 60_000,
        start,
        task_channel_sid: '',
        figures: '{}',
        histograms: '{}'
      })
      const stay = (seq: number, until_at: number) => ({
        workspace_sid: 'WS',
        worker_sid: 'WK',
        seq,
        activity_sid: 'WA',
        from_at: 0,
        until_at
      })
      const rollups = [at(0), at(60_000), at(120_000)]
      const stays = [stay(1, 50_000), stay(2, Number.MAX_SAFE_INTEGER)]
      await store.advance({
        account_sid: account,
        reader: 'statistics',
        from: 0,
        to: 1,
        writes: cellWrites(rollups, stays)
      })
      expect(await forgetCells(store, account, 120_000, 1)).toBe(2)
      expect(await forgetCells(store, account, 120_000, 1)).toBe(1)
      expect(await forgetCells(store, account, 120_000, 1)).toBe(0)
      const runs = [{ span: 60_000, start: 0, end: 1_000_000 }]
      expect(await cells.cells(account, { scopes: ['WS'], runs, histograms: true })).toEqual([at(120_000)])
      expect(await cells.openStays(account, { workspace_sid: 'WS' })).toEqual([stay(2, Number.MAX_SAFE_INTEGER)])
    })

    it('search the log by its columns and by time, in either direction', async () => {
      const head = await store.lock(account)
      const one = (seq: number, about: object) => ({
        ...event(seq, seq % 2 ? 'task.created' : 'task.canceled', morning + seq),
        about
      })
      const events = [1, 2, 3, 4, 5, 6].map((seq) =>
        one(seq, { workspace_sid: 'WS', task_sid: `WT${seq % 3}`, ...(seq > 4 && { worker_sid: 'WK' }) })
      )
      await store.write(batch(head, { events: [...events, one(7, { workspace_sid: 'WS2' }), one(8, {})] }))
      const find = async (where: object, more: object = {}) =>
        (
          await search.page({
            account_sid: account,
            where: { workspace_sid: 'WS', ...where },
            from: 0,
            until: morning + 100,
            descending: true,
            limit: 10,
            ...more
          })
        ).map(({ seq }) => seq)
      expect(await find({})).toEqual([6, 5, 4, 3, 2, 1])
      expect(await find({ type: 'task.created' })).toEqual([5, 3, 1])
      expect(await find({ task_sid: 'WT1' })).toEqual([4, 1])
      expect(await find({ task_sid: 'WT1', worker_sid: 'WK' })).toEqual([])
      expect(await find({ task_sid: 'WT0', worker_sid: 'WK', type: 'task.canceled' })).toEqual([6])
      expect(await find({ sid: sid('EV', 2) })).toEqual([2])
      expect(await find({ sid: sid('EV', 7) })).toEqual([])
      expect(await find({}, { from: morning + 2, until: morning + 4 })).toEqual([4, 3, 2])
      expect(await find({}, { from: morning + 2, after: 4 })).toEqual([3, 2])
      expect(await find({}, { from: morning + 2, after: 4, descending: false })).toEqual([5, 6])
      expect(await find({}, { limit: 2 })).toEqual([6, 5])
      expect(await find({}, { from: morning + 50 })).toEqual([])
      expect((await search.find(account, sid('EV', 3)))?.seq).toBe(3)
      expect(await search.find(account, sid('EV', 99))).toBeUndefined()
      expect((await told.after(account, 6, 10)).map(({ seq, workspace_sid }) => [seq, workspace_sid])).toEqual([
        [7, 'WS2'],
        [8, null]
      ])
      expect(await store.log(account, 7, 1)).toEqual([event(8, 'task.canceled', morning + 8)])
    })

    it('find the few events of a task or a worker among many, wherever the log was cut or taken over', async () => {
      let head = await store.lock(account)
      const dice = new Dice(seedOf(5, 0))
      const events: (ReturnType<typeof event> & { about: Record<string, string> })[] = []
      while (events.length < 4_000) {
        const some = Array.from({ length: 1 + dice.roll(90) }, (_, n) => {
          const seq = events.length + n + 1
          const [task, worker] = [dice.roll(300), dice.roll(7)]
          const about = { workspace_sid: `WS${seq % 2}`, task_sid: sid('WT', task), worker_sid: sid('WK', worker) }
          // Instants stand still for a while, and then go on.
          return { ...event(seq, 'task.updated', morning + Math.floor(seq / 10) * 1_000), about }
        })
        events.push(...some)
        await store.write(batch(head, { events: some }))
        if (dice.chance(5)) head = await store.lock(account)
      }
      const seqs = (of: { task_sid?: string; worker_sid?: string }, from: number, until: number) =>
        events
          .filter(({ at, about }) => at >= from && at <= until && about.workspace_sid === 'WS1')
          .filter(({ about }) => of.task_sid === undefined || about.task_sid === of.task_sid)
          .filter(({ about }) => of.worker_sid === undefined || about.worker_sid === of.worker_sid)
          .map(({ seq }) => seq)
      for (let n = 0; n < 60; n++) {
        const of = {
          ...(dice.chance(70) && { task_sid: sid('WT', dice.roll(310)) }),
          ...(dice.chance(40) && { worker_sid: sid('WK', dice.roll(7)) })
        }
        const from = morning + (dice.chance(50) ? 0 : dice.roll(300) * 1_000)
        const until = from + dice.roll(420) * 1_000
        const descending = dice.chance(50)
        const all = seqs(of, from, until)
        if (descending) all.reverse()
        const query = { account_sid: account, where: { ...of, workspace_sid: 'WS1' }, from, until, descending }
        const found: number[] = []
        const limit = 1 + dice.roll(60)
        for (let page = 0; page <= all.length; page++) {
          const after = found.at(-1)
          const next = await search.page({ ...query, limit, ...(after !== undefined && { after }) })
          found.push(...next.map(({ seq }) => seq))
          if (next.length < limit) break
        }
        expect(found).toEqual(all)
      }
    })

    it.each([11, 12, 13])(
      'count what all events together say, read in pieces and ended anywhere, history %i',
      async (seed) => {
        const head = await store.lock(account)
        const events = history(seed)
        const all = events.map(toldOf)
        const dice = new Dice(seedOf(seed, 1))
        let written = 0
        const state = { next_event: 1 }
        const followed = {
          account_sid: account,
          state,
          settled: async () => {},
          subscribe: () => () => {}
        } as unknown as Followed // a follower asks for no more
        const reading = statisticsReading(store, account)
        const follow = () => new Follower({ store, account: followed, log, ...reading })
        let follower = follow()
        while (written < events.length) {
          const some = events.slice(written, written + 1 + dice.roll(60))
          written += some.length
          const rendered = some.map(render).map(({ seq, sid, type, at, ...rest }) => ({
            seq,
            sid,
            type,
            at,
            about: rest.data,
            data: JSON.stringify(rest)
          }))
          await store.write(batch(head, { events: rendered }))
          state.next_event = (some.at(-1)?.seq ?? 0) + 1
          // Two at once, as after a process that does not know that it is dead; and now and then a new one.
          const twin = follow()
          await Promise.all([follower.catchUp(), twin.catchUp()])
          await twin.close()
          if (dice.chance(50)) {
            await follower.close()
            follower = follow()
          }
        }
        await follower.close()
        const [first, last] = [events[0]?.at ?? 0, events.at(-1)?.at ?? 0]
        const scopes = new Set(all.flatMap(sharesOf).map(({ scope_sid }) => scope_sid))
        const ledger = {
          caughtUp: async () => {},
          reading: async <T>(ask: (readings: Store, account_sid: string) => Promise<T>) => ask(store, account)
        }
        const workspace_sid = all[0]?.workspace_sid ?? ''
        const stays = staysOf(
          all.filter((event) => event.workspace_sid === workspace_sid),
          []
        )
        let compared = 0
        for (let n = 0; n < 12; n++) {
          const start = first + dice.roll(last - first)
          const end = n === 0 ? last : start + dice.roll(last - start)
          const from = n === 0 ? first - 5_000 : start
          const window = { start: from, end, isOpen: end >= last }
          const tallies = await talliesOf(ledger, [...scopes], {
            window,
            task_channel_sid: undefined,
            histograms: true
          })
          const asked = { window, task_channel_sid: undefined, histograms: false }
          const brief = await talliesOf(ledger, [...scopes], asked)
          for (const scope of scopes) {
            const shares = all.filter(({ at }) => at >= from && at <= end).flatMap(sharesOf)
            const naive = shares.filter(({ scope_sid }) => scope_sid === scope).reduce(join, nothing)
            expect(tallies.get(scope) ?? nothing).toEqual(naive)
            expect((brief.get(scope) ?? nothing).figures).toEqual(naive.figures)
            compared += Object.keys(naive.figures).length
          }
          const sums = await cells.stays(account, { workspace_sid, from, until: end })
          const byActivity = Object.fromEntries(sums.map(({ activity_sid, ...sum }) => [activity_sid, sum]))
          expect(byActivity).toEqual(Object.fromEntries(durationsOf(stays, from, end)))
          const activities = [...new Set(stays.map(({ activity_sid }) => activity_sid))]
          const ofAll = { workspace_sid, activities, workers: undefined, from, until: end }
          expect(await timeInActivities(ledger, ofAll)).toEqual(durationsOf(stays, from, end))
        }
        expect(compared).toBeGreaterThan(100)
      }
    )

    /** A reader of this account's log, which is as long as `state` says. */
    const followerOf = (state: { readonly next_event: number }) => {
      const followed = { account_sid: account, state, settled: async () => {}, subscribe: () => () => {} }
      const reading = statisticsReading(store, account)
      return new Follower({ store, account: followed as unknown as Followed, log, ...reading }) // as: it asks for no more
    }

    const ledgerOf = (caughtUp: () => Promise<void>) => ({
      caughtUp,
      reading: async <T>(ask: (readings: Store, account_sid: string) => Promise<T>) => ask(store, account)
    })

    it('share out weeks of agents from cells of days, with holidays and breaks', async () => {
      const head = await store.lock(account)
      const dice = new Dice(seedOf(17, 0))
      const activities = ['WA1', 'WA2', 'WA3']
      const events = []
      let at = morning
      for (let seq = 1; seq <= 400; seq++) {
        at += dice.roll(dice.chance(3) ? 2 * day : 3_600_000)
        // The last of the six is hardly ever here, so that some stays last for weeks.
        const worker_sid = `WK${dice.chance(2) ? 6 : 1 + dice.roll(5)}`
        const about = { workspace_sid: 'WS', worker_sid, worker_activity_sid: dice.of(activities) }
        events.push({ ...event(seq, 'worker.activity.update', at), about })
      }
      await store.write(batch(head, { events }))
      const state = { next_event: 120 }
      const follower = followerOf(state)
      await follower.catchUp()
      state.next_event = 401
      await follower.catchUp()
      await follower.close()
      const stays = staysOf(
        events.map(({ seq, type, at, about }) => ({ seq, type, at, ...about }) as unknown as ToldEvent), // as: it has what stays are made of
        []
      )
      let days = 0
      for (let n = 0; n < 40; n++) {
        const from = morning - day + dice.roll(at - morning)
        const until = from + dice.roll(at + day - from)
        const asked = { workspace_sid: 'WS', activities, workers: undefined, from, until }
        expect(
          await timeInActivities(
            ledgerOf(async () => {}),
            asked
          )
        ).toEqual(durationsOf(stays, from, until))
        days += (until - from) / day
      }
      expect(days / 40).toBeGreaterThan(4)
    })

    it('build on nothing that another process has counted in their place', async () => {
      const head = await store.lock(account)
      const created = (seq: number) => ({
        ...event(seq, 'task.created', morning + seq),
        about: { workspace_sid: 'WS', task_channel_sid: 'TC' }
      })
      await store.write(batch(head, { events: [1, 2, 3].map(created) }))
      const [slow, quick] = [statisticsDigest(store, account), statisticsDigest(store, account)]
      const step = (to: number) => ({ account_sid: account, reader: 'statistics', from: 0, to })
      const first = await told.after(account, await store.cursor(account, 'statistics'), 10)
      await store.advance({ ...step(3), ...(await quick(first)) })
      // It had read the same events before, and sees what the other one made of them: that would count them twice.
      await expect(store.advance({ ...step(3), ...(await slow(first)) })).rejects.toThrow(Fenced)
      await store.write(batch({ ...head, decision: 1, next_event: 4 }, { events: [created(4)] }))
      const more = await told.after(account, 3, 10)
      await store.advance({ ...step(4), from: 3, ...(await slow(more)) })
      const window = { start: morning, end: morning + 1000, isOpen: true }
      const asked = { window, task_channel_sid: undefined, histograms: false }
      const tallies = await talliesOf(
        ledgerOf(async () => {}),
        ['WS'],
        asked
      )
      expect(tallies.get('WS')?.figures).toEqual({ tasks_created: 4 })
    })

    it('are waited for, but not for ever: then what they have read is told', async () => {
      const head = await store.lock(account)
      const about = { workspace_sid: 'WS', task_channel_sid: 'TC' }
      const created = (seq: number) => ({ ...event(seq, 'task.created', morning + seq), about })
      await store.write(batch(head, { events: [1, 2].map(created) }))
      const state = { next_event: 3 }
      const follower = followerOf(state)
      await follower.catchUp()
      await store.write(batch({ ...head, decision: 1, next_event: 3 }, { events: [created(3)] }))
      const window = { start: morning, end: morning + 1000, isOpen: true }
      const asked = { window, task_channel_sid: undefined, histograms: false }
      const createdBy = async (ledger: ReturnType<typeof ledgerOf>, patience: number) =>
        (await talliesOf(ledger, ['WS'], asked, patience)).get('WS')?.figures.tasks_created
      const never = ledgerOf(() => new Promise(() => {}))
      expect(await createdBy(never, 1)).toBe(2)
      state.next_event = 4
      expect(
        await createdBy(
          ledgerOf(() => follower.catchUp()),
          60_000
        )
      ).toBe(3)
      const broken = ledgerOf(() => Promise.reject(new Error('no store')))
      await expect(createdBy(broken, 60_000)).rejects.toThrow('no store')
      await follower.close()
    })
  })
