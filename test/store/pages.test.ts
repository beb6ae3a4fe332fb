import type { PageQuery } from '@ringdown/server/store/store'
import { beforeEach, expect, it } from 'vitest'
import { batch, put, row, sid, take } from './batches.ts'
import { eachStore } from './each-store.ts'

eachStore('pages', (here) => {
  const chat = sid('CH', 1)
  const messages = (): PageQuery => ({
    account_sid: here.account,
    kind: 'message',
    where: [['conversation_sid', '=', chat]],
    order: ['index'],
    descending: false,
    limit: 3
  })

  beforeEach(async () => {
    const head = await here.store.lock(here.account)
    const spoken = Array.from({ length: 8 }, (_, n) => row('IM', n + 1, { conversation_sid: chat, index: n }))
    const aside = row('IM', 99, { conversation_sid: sid('CH', 2), index: 0 })
    const conversations = [
      row('CH', 101, { chat_service_sid: 'IS1', state: 'closed', date_created: 1_000 }),
      row('CH', 102, { chat_service_sid: 'IS1', state: 'active', date_created: 2_000 }),
      row('CH', 103, { chat_service_sid: 'IS2', state: 'inactive', date_created: 3_000 }),
      row('CH', 104, { chat_service_sid: 'IS1', state: 'inactive', date_created: 3_000 })
    ]
    const rows = [...spoken, aside].map((each) => put('message', each))
    await here.store.write(batch(head, { rows: [...rows, ...conversations.map((each) => put('conversation', each))] }))
  })

  const read = async (query: Partial<PageQuery>) =>
    (await here.store.page({ ...messages(), ...query })).map(({ seq }) => seq)

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
    const head = await here.store.lock(here.account)
    await here.store.write(batch(head, { rows: [take('message', row('IM', 3))] }))
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
    const head = await here.store.lock(here.account)
    const identities = ['Zoe', 'adam', 'Ärger', 'zoe', '_x', '😀']
    const users = identities.map((identity, n) => row('US', 200 + n, { chat_service_sid: 'IS1', identity }))
    await here.store.write(batch(head, { rows: users.map((user) => put('user', user)) }))
    const found = await here.store.page({ ...messages(), kind: 'user', where: [], order: ['identity'], limit: 10 })
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
    await expect(here.store.page({ ...messages(), order: ['body; drop table row'] })).rejects.toThrow('no column')
    await expect(here.store.page({ ...messages(), kind: 'worker' })).rejects.toThrow('not a cold kind')
  })
})
