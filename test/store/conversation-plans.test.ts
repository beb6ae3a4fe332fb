import { unreadCounts } from '@ringdown/server/operations/conversations/unread'
import type { Context } from '@ringdown/server/operations/handler'
import { schema } from '@ringdown/server/schema'
import { type Query, RowQueries } from '@ringdown/server/store/query'
import type { PageQuery, Store } from '@ringdown/server/store/store'
import { Tables } from '@ringdown/server/store/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batch, put, row, sid } from './batches.ts'
import { findPostgres, type Place, postgresPlace, sqlitePlace } from './places.ts'

/*
 * Lists of a long conversation read what they show and nothing else: each is a range of an index in the order of the list, so
 * that the last page of ten thousand messages costs what the first of a hundred does.
 */

const database = await findPostgres()
const account = sid('AC', 1)
const long = sid('CH', 1)
const service = sid('IS', 1)
const messages = 10_000

const stores = [
  { name: 'SQLite', available: true, place: sqlitePlace, analyze: 'analyze', explain: 'explain query plan' },
  {
    name: 'PostgreSQL',
    available: database !== undefined,
    // as: the stories run only where a database was found
    place: () => postgresPlace(database as string),
    analyze: 'analyze message; analyze message_receipt; analyze participant',
    explain: 'explain'
  }
]

const page = (kind: string, more: Partial<PageQuery>): PageQuery => ({
  account_sid: account,
  kind,
  where: [],
  order: ['seq'],
  descending: false,
  limit: 101,
  ...more
})

const lists = [
  ['messages', page('message', { where: [['conversation_sid', '=', long]], order: ['index'], after: [messages / 2] })],
  [
    'messages, newest first',
    page('message', {
      where: [['conversation_sid', '=', long]],
      order: ['index'],
      descending: true,
      after: [messages / 2]
    })
  ],
  ['receipts', page('message_receipt', { where: [['message_sid', '=', sid('IM', 77)]], after: [1] })],
  ['participants', page('participant', { where: [['conversation_sid', '=', long]], after: [1] })],
  [
    'conversations of a user',
    page('participant', {
      where: [
        ['identity', '=', 'reader'],
        ['chat_service_sid', '=', service]
      ],
      descending: true,
      after: [1_000_000]
    })
  ]
] as const

for (const { name, available, place, analyze, explain } of stores)
  describe.runIf(available)(name, () => {
    let here: Place
    let store: Store

    beforeAll(async () => {
      here = await place()
      store = await here.open()
      await store.migrate()
      const head = await store.lock(account)
      const own = { chat_service_sid: service }
      const rows = Array.from({ length: messages }, (_, n) =>
        put('message', row('IM', n + 1, { ...own, conversation_sid: n % 50 === 0 ? sid('CH', 2 + n) : long, index: n }))
      )
      const others = Array.from({ length: 2_000 }, (_, n) => [
        put(
          'message_receipt',
          row('DY', 20_000 + n, { ...own, conversation_sid: long, message_sid: sid('IM', n % 100) })
        ),
        put(
          'participant',
          row('MB', 40_000 + n, {
            ...own,
            conversation_sid: n % 2 === 0 ? long : sid('CH', n),
            conversation_state: 'closed',
            identity: n % 40 === 0 ? 'reader' : `somebody ${n}`,
            address: null
          })
        )
      ]).flat()
      for (const part of [rows, others]) {
        for (let at = 0; at < part.length; at += 1_000)
          await store.write(batch({ ...head, decision: head.decision + at }, { rows: part.slice(at, at + 1_000) }))
      }
      for (const text of analyze.split(';')) await here.query(text)
    }, 60_000)
    afterAll(() => here.clear())

    async function planOf({ sql, values }: Query): Promise<string> {
      const steps = await store.query({ sql: `${explain} ${sql}`, values })
      return steps.map((step) => Object.values(step).join(' ')).join('\n')
    }

    it.each(lists)('%s', async (_, query) => {
      const plan = await planOf(new RowQueries(store.dialect, new Tables(schema)).page(query))
      expect(plan).toMatch(/\bindex\b/i)
      // Neither everything is read, nor is anything sorted.
      expect(plan).not.toMatch(/SCAN (?!.*INDEX)|Seq Scan|TEMP B-TREE|Sort/)
    })

    it('what is unread', async () => {
      let asked: Query | undefined
      const kept = {
        dialect: store.dialect,
        query: <R extends object>(query: Query) => {
          asked = query
          return store.query<R>(query)
        }
      }
      const ledger = {
        settled: async () => {},
        reading: <T>(ask: (reading: typeof kept, account_sid: string) => Promise<T>) => ask(kept, account)
      } as unknown as Context['ledger'] // what counting asks of it
      const of = (removed_messages: number) => ({ sid: long, next_index: messages, removed_messages })
      const read = [{ conversation: of(200), last_read_message_index: messages - 1_001 }]
      expect(await unreadCounts({ ledger }, read)).toEqual([980])
      const plan = await planOf(asked ?? expect.fail('it was counted'))
      expect(plan).toMatch(/index/i)
      expect(plan).not.toMatch(/Seq Scan|SCAN message/)
      asked = undefined
      expect(await unreadCounts({ ledger }, [{ conversation: of(0), last_read_message_index: 10 }])).toEqual([
        messages - 11
      ])
      expect(asked).toBeUndefined()
    })

    it('the last page of a long conversation takes about as long as the first of a short one', async () => {
      const timed = async (conversation_sid: string, after: readonly number[]) => {
        const query = page('message', { where: [['conversation_sid', '=', conversation_sid]], order: ['index'], after })
        const times: number[] = []
        for (let n = 0; n < 25; n++) {
          const begun = performance.now()
          await store.page(query)
          times.push(performance.now() - begun)
        }
        return times.sort((a, b) => a - b)[12] ?? 0
      }
      const short = await timed(long, [-1])
      const last = await timed(long, [messages - 101])
      // Both read a hundred rows; a list by offsets would read ten thousand for the second.
      expect(last).toBeLessThan(5 * short + 5)
    })
  })
