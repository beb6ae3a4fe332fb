import { countedEventOf, isCounted } from '@ringdown/engine/analytics/counted'
import { type CountedEvent, join, nothing, sharesOf } from '@ringdown/engine/analytics/rollup'
import { durationsOf, staysOf } from '@ringdown/engine/analytics/stay'
import { seedOf } from '@ringdown/engine/core/ids'
import { Refusal } from '@ringdown/engine/core/refusals'
import { type EngineEvent, render } from '@ringdown/engine/events'
import { Cells, cellWrites, forgetCells } from '@ringdown/server/analytics/cells'
import { countedFrom } from '@ringdown/server/analytics/logged'
import { type Counted, Statistics } from '@ringdown/server/analytics/statistics'
import { timeInActivities } from '@ringdown/server/analytics/stays'
import { talliesOf } from '@ringdown/server/analytics/tallies'
import { EventSearch } from '@ringdown/server/log/event-search'
import type { Query } from '@ringdown/server/store/query'
import { Fenced, type ReaderStep, type Store, type StoredEvent } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Outcome } from '../simulation/auditor.ts'
import { make } from '../simulation/history.ts'
import { Dice } from '../support/dice.ts'
import { about, batch, event, sid } from './batches.ts'
import type { Place } from './places.ts'
import { stores } from './stores.ts'

const morning = Date.parse('2026-03-02T09:00:00Z')
const log = pino({ level: 'silent' })
const day = 86_400_000

/** What some days on a floor tell, in order: a few hundred events, from seconds to hours apart. */
function history(seed: number): EngineEvent[] {
  const events: EngineEvent[] = []
  const watch = () => (outcome: Outcome) => {
    if (!(outcome instanceof Refusal)) events.push(...outcome.events)
  }
  expect(make('days', seed, 150, { watch }).failure).toBeUndefined()
  return events
}

/** An event as it is written into the log. */
function written(one: EngineEvent) {
  const { seq, sid, type, at, ...rest } = render(one)
  return { seq, sid, type, at, about: rest.data, data: JSON.stringify(rest) }
}

for (const { name, available, place } of stores)
  describe.runIf(available)(`readers on ${name}`, () => {
    let here: Place
    let store: Store
    let cells: Cells
    let search: EventSearch
    let stories = 0
    let account = ''

    beforeAll(async () => {
      here = await place()
      store = await here.open()
      await store.migrate()
      cells = new Cells(store)
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
      const rollups = [{ ...key, figures: '{"tasks_created":1}', histograms: '{"tasks_canceled":{}}', seconds: '[]' }]
      const stay = { workspace_sid: 'WS', worker_sid: 'WK', seq: 3, activity_sid: 'WA', from_at: 5, until_at: 9 }
      const step = { account_sid: account, reader: 'statistics', from: 0, to: 7, writes: cellWrites(rollups, [stay]) }
      await store.advance(step)
      await expect(store.advance(step)).rejects.toThrow(Fenced)
      expect(await store.cursor(account, 'statistics')).toBe(7)
      expect(await store.cursor(account, 'other')).toBe(0)
      const runs = [{ span: 60_000, start: morning, end: morning + 60_000 }]
      expect(await cells.cells(account, { scopes: ['WS'], runs })).toEqual(rollups)
      expect(await cells.cells(account, { scopes: ['WQ'], runs })).toEqual([])
      expect(await cells.scopes(account, { span: 60_000, start: morning, end: morning + 1 })).toEqual(['WS'])
      expect(await cells.scopes(account, { span: 3_600_000, start: morning, end: morning + 1 })).toEqual([])
      const texts = { scope_sid: 'WS', task_channel_sid: 'TC', figures: '{"tasks_created":1}' }
      expect(await cells.texts(account, { scopes: ['WS'], runs, histograms: false })).toEqual([
        { ...texts, histograms: '' }
      ])
      expect(await cells.texts(account, { scopes: ['WS'], runs, histograms: true })).toEqual([
        { ...texts, histograms: '{"tasks_canceled":{}}' }
      ])

      const later = [{ ...key, figures: '{"tasks_created":2}', histograms: '{}', seconds: null }]
      await store.advance({ ...step, from: 7, to: 8, writes: cellWrites(later, [{ ...stay, until_at: 11 }]) })
      expect(await cells.cells(account, { scopes: ['WS'], runs })).toEqual(later)
      const asked = { workspace_sid: 'WS', from: 0, until: 100 }
      const sums = await cells.stays(account, { ...asked, without: [] })
      expect(sums).toEqual([{ activity_sid: 'WA', count: 1, total: 6, min: 6, max: 6 }])
      expect(await cells.stays(account, { ...asked, without: [2, 3] })).toEqual([])
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
        histograms: '{}',
        seconds: null
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
      expect(await cells.cells(account, { scopes: ['WS'], runs })).toEqual([at(120_000)])
      expect(await cells.openStays(account)).toEqual([stay(2, Number.MAX_SAFE_INTEGER)])
    })

    it('search the log by its columns and by time, in either direction', async () => {
      const head = await store.lock(account)
      const one = (seq: number, data: Record<string, unknown>) =>
        about(event(seq, seq % 2 ? 'task.created' : 'task.canceled', morning + seq), data)
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
      expect(await store.log(account, 7, 1)).toEqual([
        { ...event(8, 'task.canceled', morning + 8), data: '{"seq":8,"data":{}}' }
      ])
    })

    it('find the few events of a task or a worker among many, wherever the log was cut or taken over', async () => {
      let head = await store.lock(account)
      const dice = new Dice(seedOf(5, 0))
      const events: (ReturnType<typeof event> & { about: Record<string, string> })[] = []
      while (events.length < 4_000) {
        const some = Array.from({ length: 1 + dice.roll(90) }, (_, n) => {
          const seq = events.length + n + 1
          const [task, worker] = [dice.roll(300), dice.roll(7)]
          const sids = { workspace_sid: `WS${seq % 2}`, task_sid: sid('WT', task), worker_sid: sid('WK', worker) }
          // Instants stand still for a while, and then go on.
          return about(event(seq, 'task.updated', morning + Math.floor(seq / 10) * 1_000), sids)
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

    /** An account that is told of what is durable, as `tell` says; its log is as long as `state` says. */
    const countedOf = (state: { next_event: number }) => {
      const onDurable: Counted['onDurable'] = new Set()
      const counted = {
        account_sid: account,
        state,
        isReady: true,
        onDurable,
        settled: async () => {},
        log: (cursor: number, limit: number) => store.log(account, cursor, limit),
        reading: async <T>(ask: (readings: Store, account_sid: string) => Promise<T>) => ask(store, account)
      } as unknown as Counted // as: nobody asks for more of its state
      return counted
    }

    /** Those of the account, with a hand on what they are told. */
    const statisticsOf = (state: { next_event: number }) => {
      const counted = countedOf(state)
      const statistics = new Statistics({ store, account: counted, log })
      const tell = (events: readonly EngineEvent[]) => {
        for (const listener of counted.onDurable) listener(events)
      }
      return { statistics, tell }
    }

    /** What a few hundred windows of all lengths hold, against all events one by one. */
    const compare = async (statistics: Statistics, events: readonly EngineEvent[], dice: Dice, windows: number) => {
      const all = events.map(countedEventOf)
      const [first, last] = [events[0]?.at ?? 0, events.at(-1)?.at ?? 0]
      const shares = all.flatMap(sharesOf)
      const scopes = [...new Set(shares.map(({ scope_sid }) => scope_sid))]
      const workspace_sid = all.find(({ workspace_sid }) => workspace_sid !== null)?.workspace_sid ?? ''
      const ofWorkspace = all.filter((event) => event.workspace_sid === workspace_sid)
      const stays = staysOf(ofWorkspace, [])
      const activities = [...new Set(stays.map(({ activity_sid }) => activity_sid))]
      const workers = [...new Set(stays.map(({ worker_sid }) => worker_sid))].filter((_, n) => n % 2 === 0)
      let compared = 0
      for (let n = 0; n < windows; n++) {
        const start = n === 0 ? first - 5_000 : first + dice.roll(last - first)
        const end = n === 0 ? last : start + dice.roll(last - start)
        const window = { start, end, isOpen: end >= last }
        const asked = { window, task_channel_sid: undefined }
        const tallies = await talliesOf(statistics, scopes, { ...asked, histograms: true })
        const brief = await talliesOf(statistics, scopes, { ...asked, histograms: false })
        // Whole seconds, both included.
        const [from, until] = [start - (start % 1000), end - (end % 1000) + 1000]
        const within = shares.filter(({ at }) => at >= from && at < until)
        for (const scope of scopes) {
          const naive = within.filter(({ scope_sid }) => scope_sid === scope).reduce(join, nothing)
          expect(tallies.get(scope) ?? nothing).toEqual(naive)
          expect((brief.get(scope) ?? nothing).figures).toEqual(naive.figures)
          compared += Object.keys(naive.figures).length
        }
        const ofAll = { workspace_sid, activities, workers: undefined, from: start, until: end }
        expect(await timeInActivities(statistics, ofAll)).toEqual(durationsOf(stays, start, end))
        const some = stays.filter(({ worker_sid }) => workers.includes(worker_sid))
        expect(await timeInActivities(statistics, { ...ofAll, workers })).toEqual(durationsOf(some, start, end))
      }
      return compared
    }

    it('see the same in an event that has just happened as in the log', async () => {
      const head = await store.lock(account)
      const events = history(11)
      await store.write(batch(head, { events: events.map(written) }))
      const stored: StoredEvent[] = await store.log(account, 0, events.length)
      const counting = events.filter(({ type }) => isCounted(type))
      expect(counting.length).toBeGreaterThan(100)
      const bySeq = new Map(stored.map((event) => [event.seq, event]))
      for (const event of counting)
        expect(countedFrom(bySeq.get(event.seq) as StoredEvent)).toEqual(countedEventOf(event)) // as: it was written
    })

    it.each([11, 12])(
      'count what all events together say, told or read, and ended anywhere, history %i',
      async (seed) => {
        const head = await store.lock(account)
        const events = history(seed)
        const dice = new Dice(seedOf(seed, 1))
        const state = { next_event: 1 }
        let counting = statisticsOf(state)
        let compared = 0
        for (let done = 0; done < events.length; ) {
          const some = events.slice(done, done + 1 + dice.roll(60))
          done += some.length
          await store.write(batch(head, { events: some.map(written) }))
          state.next_event = (some.at(-1)?.seq ?? 0) + 1
          // Now and then nobody is told, as after an answer that was lost.
          if (dice.chance(90)) counting.tell(some)
          if (dice.chance(20)) compared += await compare(counting.statistics, events.slice(0, done), dice, 2)
          if (dice.chance(20)) {
            // Two at once, as after a process that does not know that it is dead; and a new one.
            const twin = statisticsOf(state)
            await Promise.all([twin.statistics.upToDate(), counting.statistics.upToDate()])
            await (dice.chance(50) ? counting : twin).statistics.close()
            await counting.statistics.close()
            await twin.statistics.close()
            counting = statisticsOf(state)
          }
        }
        compared += await compare(counting.statistics, events, dice, 6)
        await counting.statistics.close()
        // Another one, that was told nothing.
        const fresh = statisticsOf(state)
        compared += await compare(fresh.statistics, events, dice, 6)
        await fresh.statistics.close()
        expect(compared).toBeGreaterThan(100)
      }
    )

    /** Events of contacts that came one after the other, so many seconds apart, each in a batch of its own. */
    const created = (seq: number, at: number) => ({
      ...event(seq, 'task.created', at),
      about: { workspace_sid: 'WS', task_channel_sid: 'TC' },
      data: JSON.stringify({ data: { workspace_sid: 'WS', task_channel_sid: 'TC' } })
    })

    const tasksCreated = async (statistics: Statistics, start: number, end: number, patience?: number) => {
      const asked = { window: { start, end, isOpen: false }, task_channel_sid: undefined, histograms: false }
      return (await talliesOf(statistics, ['WS'], asked, patience)).get('WS')?.figures.tasks_created ?? 0
    }

    it('write a minute when it is over, then the hour and the day, and keep no more in memory than what goes on', async () => {
      const head = await store.lock(account)
      const minutes = [0, 1, 1, 59, 61, 62, 24 * 60 + 5]
      const events = minutes.map((minute, n) => created(n + 1, morning + minute * 60_000 + n))
      const state = { next_event: 1 }
      const { statistics } = statisticsOf(state)
      for (const [n, one] of events.entries()) {
        await store.write(batch({ ...head, decision: n, next_event: n + 2 }, { events: [one] }))
        state.next_event = n + 2
        await statistics.upToDate()
      }
      const recent = await statistics.upToDate()
      while (recent.stretches.length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
      expect(recent.since).toBe(morning + (24 * 60 + 5) * 60_000)
      expect(await store.cursor(account, 'statistics')).toBe(6)
      const rows = await here.query(
        `select span, start, figures, seconds from rollup where account_sid = '${account}' order by span, start`
      )
      const [minute, hour, day_ms] = [60_000, 3_600_000, day]
      const at = (span: number, start: number, figures: string, seconds: string | null) => ({
        span: String(span),
        start: String(start),
        figures,
        seconds
      })
      const midnight = morning - (morning % day_ms)
      expect(
        (rows as Record<string, unknown>[]).map((row) => ({ ...row, span: String(row.span), start: String(row.start) }))
      ).toEqual([
        at(minute, morning, '[1]', '[0,2,0,1]'),
        at(minute, morning + minute, '[2]', '[0,2,0,2]'),
        at(minute, morning + 59 * minute, '[1]', '[0,2,0,1]'),
        at(minute, morning + 61 * minute, '[1]', '[0,2,0,1]'),
        at(minute, morning + 62 * minute, '[1]', '[0,2,0,1]'),
        at(hour, morning, '[4]', null),
        at(hour, morning + hour, '[2]', null),
        at(day_ms, midnight, '[6]', null)
      ])
      expect(await tasksCreated(statistics, midnight, midnight + 2 * day)).toBe(7)
      await statistics.close()
    })

    it('share out weeks of agents from cells of days, with holidays and breaks', async () => {
      const head = await store.lock(account)
      const dice = new Dice(seedOf(17, 0))
      const activities = ['WA1', 'WA2', 'WA3']
      const events: (ReturnType<typeof event> & { about: Record<string, string> })[] = []
      let at = morning
      for (let seq = 1; seq <= 400; seq++) {
        at += dice.roll(dice.chance(3) ? 2 * day : 3_600_000)
        // The last of the six is hardly ever here, so that some stays last for weeks.
        const worker_sid = `WK${dice.chance(2) ? 6 : 1 + dice.roll(5)}`
        const about = { workspace_sid: 'WS', worker_sid, worker_activity_sid: dice.of(activities) }
        events.push({ ...event(seq, 'worker.activity.update', at), about, data: JSON.stringify({ data: about }) })
      }
      await store.write(batch(head, { events }))
      const state = { next_event: 120 }
      const { statistics } = statisticsOf(state)
      await statistics.upToDate()
      state.next_event = 401
      const recent = await statistics.upToDate()
      while (recent.stretches.length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
      const stays = staysOf(
        events.map(({ seq, type, at, about }) => ({ seq, type, at, ...about }) as unknown as CountedEvent), // as: it has what stays are made of
        []
      )
      let days = 0
      for (let n = 0; n < 40; n++) {
        const from = morning - day + dice.roll(at - morning)
        const until = from + dice.roll(at + day - from)
        const asked = { workspace_sid: 'WS', activities, workers: undefined, from, until }
        expect(await timeInActivities(statistics, asked)).toEqual(durationsOf(stays, from, until))
        days += (until - from) / day
      }
      expect(days / 40).toBeGreaterThan(4)
      await statistics.close()
    })

    it('stop between two pieces, however much of the log is still to be written', async () => {
      const head = await store.lock(account)
      const count = 6_000
      // After the minute that is over there is more to read than one page of the log.
      const all = count + 1_000
      const events = Array.from({ length: all }, (_, n) => {
        const one = event(n + 1, 'task.created', n < count ? morning : morning + 60_000)
        return about(one, { workspace_sid: `W${n}`, task_channel_sid: 'TC' })
      })
      await store.write(batch({ ...head, decision: 1, next_event: all + 1 }, { events }))
      const { statistics } = statisticsOf({ next_event: all + 1 })
      const reading = statistics.upToDate(60_000)
      reading.catch(() => {}) // it is closed meanwhile
      const cells = async () => (await here.query(`select 1 from rollup where account_sid = '${account}'`)).length
      while ((await cells()) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      await statistics.close()
      expect(await store.cursor(account, 'statistics')).toBe(0)
      expect(await cells()).toBeLessThan(count)
    })

    it('build on nothing that another process has counted in their place', async () => {
      const head = await store.lock(account)
      const events = [0, 1, 2, 3].map((minute) => created(minute + 1, morning + minute * 60_000))
      await store.write(batch(head, { events: events.slice(0, 3) }))
      const state = { next_event: 4 }
      const [slow, quick] = [statisticsOf(state).statistics, statisticsOf(state).statistics]
      await Promise.all([slow.upToDate(), quick.upToDate()])
      await store.write(batch({ ...head, decision: 1, next_event: 5 }, { events: events.slice(3) }))
      state.next_event = 5
      for (const one of [quick, slow, quick]) {
        await one.upToDate()
        expect(await tasksCreated(one, morning, morning + day)).toBe(4)
      }
      await slow.close()
      await quick.close()
      const fresh = statisticsOf(state).statistics
      expect(await tasksCreated(fresh, morning, morning + day)).toBe(4)
      await fresh.close()
    })

    it('begin anew where numbers of events are given a second time', async () => {
      await store.lock(account)
      // A database that may be put back to what a slower copy of it held.
      let logged = [created(1, morning), created(2, morning + 1_000)]
      const state = { next_event: 3 }
      const counted = countedOf(state)
      const slower = {
        dialect: store.dialect,
        query: <R extends object>(query: Query) => store.query<R>(query),
        cursor: (sid: string, reader: string) => store.cursor(sid, reader),
        advance: (step: ReaderStep) => store.advance(step),
        forget: store.forget.bind(store),
        log: async (_: string, cursor: number) => logged.filter(({ seq }) => seq > cursor)
      }
      const statistics = new Statistics({ store: slower, account: counted, log })
      const counts = async (ends: number[]) =>
        Promise.all(ends.map((end) => tasksCreated(statistics, morning, morning + end)))
      expect(await counts([500, 2_000, 9_000])).toEqual([1, 2, 2])
      logged = [created(1, morning)]
      state.next_event = 2
      expect(await counts([500, 2_000, 9_000])).toEqual([1, 1, 1])
      const again = async (at: number) => {
        logged = [created(1, morning), created(2, at)]
        state.next_event = 3
        const refs = { workspace: { sid: 'WS' }, task_channel: { sid: 'TC' } }
        for (const listener of counted.onDurable) listener([{ ...created(2, at), refs } as unknown as EngineEvent]) // as: no more is looked at
      }
      await again(morning + 4_000)
      expect(await counts([500, 2_000, 9_000])).toEqual([1, 1, 2])
      await again(morning)
      expect(await counts([500, 2_000, 9_000])).toEqual([2, 2, 2])
      await statistics.close()
    })

    it('go on from what was counted in steps that ended in the middle of a minute, without seconds', async () => {
      const head = await store.lock(account)
      const ats = [0, 30_000, 61_000, 62_000, 90_000, 125_000].map((ms) => morning + ms)
      await store.write(batch(head, { events: ats.map((at, n) => created(n + 1, at)) }))
      const cell = (span: number, start: number, count: number) => ({
        scope_sid: 'WS',
        span,
        start,
        task_channel_sid: 'TC',
        figures: `[${count}]`,
        histograms: '{}',
        seconds: null
      })
      // The first three events.
      const rows = [
        cell(60_000, morning, 2),
        cell(60_000, morning + 60_000, 1),
        cell(3_600_000, morning, 3),
        cell(day, morning - (morning % day), 3)
      ]
      await store.cursor(account, 'statistics')
      await store.advance({ account_sid: account, reader: 'statistics', from: 0, to: 3, writes: cellWrites(rows, []) })
      const { statistics } = statisticsOf({ next_event: 7 })
      expect(await tasksCreated(statistics, morning, morning + day)).toBe(6)
      expect(await tasksCreated(statistics, morning, morning + 29_000)).toBe(1)
      expect(await tasksCreated(statistics, morning + 30_000, morning + 61_000)).toBe(2)
      expect(await tasksCreated(statistics, morning + 62_000, morning + day)).toBe(3)
      await statistics.close()
    })

    it('are waited for, but not for ever: then what has been counted is told', async () => {
      const head = await store.lock(account)
      await store.write(batch(head, { events: [1, 2].map((seq) => created(seq, morning + seq)) }))
      const state = { next_event: 3 }
      const counted = countedOf(state)
      const statistics = new Statistics({ store, account: counted, log })
      const createdBy = (patience: number) => tasksCreated(statistics, morning, morning + 1000, patience)
      expect(await createdBy(60_000)).toBe(2)
      await store.write(batch({ ...head, decision: 1, next_event: 3 }, { events: [created(3, morning + 3)] }))
      state.next_event = 4
      const settled = counted.settled
      Object.assign(counted, { settled: () => new Promise(() => {}) })
      expect(await createdBy(1)).toBe(2)
      Object.assign(counted, { settled })
      expect(await createdBy(60_000)).toBe(3)
      Object.assign(counted, { settled: () => Promise.reject(new Error('no store')) })
      await expect(createdBy(60_000)).rejects.toThrow('no store')
      await statistics.close()
    })
  })
