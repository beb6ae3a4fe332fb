import { expect, it } from 'vitest'
import { batch, put, row, sid } from './batches.ts'
import { eachStore } from './each-store.ts'

eachStore('a store', (here) => {
  it('is refused in one line when a newer program wrote it', async () => {
    const { place, store } = await here.elsewhere()
    await store.migrate()
    await store.lock(here.account)
    await place.query('update account set format = 99')
    await expect(store.lock(here.account)).rejects.toThrow(/row format 99; this one knows 1.*upgrade/)
    await place.query('update ringdown set schema_version = 99')
    await expect(store.migrate()).rejects.toThrow(/schema 99; this one knows \d+.*upgrade/)
  })

  it('is refused in one line when it is older than the first release', async () => {
    const { place, store } = await here.elsewhere()
    await store.migrate()
    await place.query('update ringdown set schema_version = 1')
    await expect(store.migrate()).rejects.toThrow(/before its first release.*choose another place/)
  })

  it('brings the names of an older store into the form in which they are compared', async () => {
    const { place, store } = await here.elsewhere()
    await store.migrate()
    const head = await store.lock(here.account)
    const decomposed = "O'Zoe\u0308"
    const named = [1, 2].map((n) => row('US', n, { chat_service_sid: 'IS1', identity: n === 1 ? decomposed : 'ada' }))
    await store.write(batch(head, { rows: named.map((one) => put('user', one)) }))
    const literal = decomposed.replaceAll("'", "''")
    await place.query(`update "user" set identity = '${literal}' where sid = '${sid('US', 1)}'`)
    await place.query('update ringdown set schema_version = 2')
    expect(await store.find(here.account, 'user', { identity: decomposed })).toEqual([])
    await store.migrate()
    expect(await store.find(here.account, 'user', { identity: decomposed })).toEqual([named[0]])
    expect(await store.find(here.account, 'user', { identity: decomposed.normalize('NFC') })).toEqual([named[0]])
    expect(await store.find(here.account, 'user', { identity: 'ada' })).toEqual([named[1]])
  })

  it('fills a column that was declared later, and makes its index', async () => {
    const { place, store } = await here.elsewhere()
    await store.migrate()
    const head = await store.lock(here.account)
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
    expect(await store.find(here.account, 'message', { index: 1 })).toEqual([said])
    expect(await store.find(here.account, 'user', { identity: 'ada' })).toEqual([named])
    await expect(place.query('drop index message__once_declared')).rejects.toThrow()
    await place.query('drop index message__conversation_sid__index')
  })

  it('lets many make its tables at once', async () => {
    const { place, store } = await here.elsewhere()
    const several = [store, await place.open(), await place.open()]
    await Promise.all([...several, ...several].map((each) => each.migrate()))
    expect((await store.lock(here.account)).epoch).toBe(1)
  })
})
