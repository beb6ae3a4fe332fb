import { State } from '@ringdown/engine/center'
import type { ChangedRows } from '@ringdown/engine/insights/insights'
import type { StatusPiece } from '@ringdown/engine/insights/segment'
import { statusTable } from '@ringdown/server/analytics/segments'
import { figuresOf } from '@ringdown/server/insights/answer'
import { questionIn } from '@ringdown/server/insights/question'
import { questionContext } from '@ringdown/server/insights/questions'
import { RecentRows } from '@ringdown/server/insights/recent-rows'
import { surroundingsOf } from '@ringdown/server/insights/surroundings'
import { insertsOf } from '@ringdown/server/store/tables'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findPostgres, postgresPlace, sqlitePlace } from '../store/places.ts'
import { account_sid, now } from './many.ts'

const minute = 60_000

/** Half an hour of a worker, as one event began it. */
const piece: StatusPiece = {
  worker_sid: `WK${'1'.repeat(32)}`,
  began_at: now - 30 * minute,
  seq: 11,
  ended_at: now,
  workspace_sid: null,
  team: null,
  activity_sid: `WA${'1'.repeat(32)}`,
  activity: 'Available',
  busy: 0
}
const stretch = (pieces: readonly StatusPiece[]): ChangedRows => ({
  segments: new Map(),
  pieces,
  texts: new Map(),
  called: new Map(),
  oldest_at: Number.POSITIVE_INFINITY
})

const database = await findPostgres()
const places = [
  { name: 'SQLite', open: sqlitePlace },
  ...(database ? [{ name: 'PostgreSQL', open: () => postgresPlace(database) }] : [])
]

describe.each(places)("a worker's time, on $name", ({ open }) => {
  it.each([
    ['goes on', [], [], [piece]],
    ['is over, and in memory', [], [piece], []],
    ['is over, and written', [piece], [], []],
    ['came to its end while the question was answered', [], [piece], [piece]],
    ['came to its end and was written meanwhile', [piece], [], [piece]],
    ['is written, and in memory still', [piece], [piece], []]
  ])('counts once where it %s', async (_how, stored, recent, running) => {
    const place = await open()
    onTestFinished(() => place.clear())
    const store = await place.open()
    await store.migrate()
    const from = await store.cursor(account_sid, 'test')
    const writes = stored.length > 0 ? [insertsOf(statusTable, stored)] : []
    await store.advance({ account_sid, reader: 'test', from, to: from + 1, writes })
    const state = new State(account_sid)
    const asked = {
      metrics: ['activity_time'],
      from: new Date(now - 60 * minute).toISOString(),
      to: new Date(now).toISOString()
    }
    const question = questionIn(asked, questionContext(state, now))
    const { rows } = await figuresOf(question, question, {
      store,
      account_sid,
      limit_ms: 10_000,
      memory: { recent: new RecentRows([stretch(recent)]), running, keptText: (text) => text },
      around: surroundingsOf(state, store.dialect),
      sight: undefined
    })
    expect(rows.map(({ values }) => values)).toEqual([{ activity_time: 30 * 60 }])
  })
})
