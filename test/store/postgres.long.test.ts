import { schema } from '@ringdown/server/schema'
import { openPostgres } from '@ringdown/server/store/postgres'
import { type AccountHead, CannotOpen, Fenced, type Store, StoreUnavailable } from '@ringdown/server/store/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { account, batch, event, put, row, sid } from './batches.ts'
import { child } from './children.ts'
import { findPostgres, type PostgresPlace, postgresPlace } from './places.ts'

const database = await findPostgres()

/** So that no story waits for seconds until a connection counts as lost. */
const quick = { heartbeatMs: 50, lostMs: 1_000, silentMs: 1_500, answerMs: 1_000 }

const step = { account_sid: account, reader: 'statistics', rollups: [], stays: [] }

describe.runIf(database !== undefined)('nodes on one PostgreSQL', () => {
  let here: PostgresPlace
  let first: Store
  let second: Store
  beforeEach(async () => {
    here = await postgresPlace(database as string, quick) // as: the stories run only where one was found
    first = await here.open()
    second = await here.open()
    await first.migrate()
  })
  afterEach(() => here.clear())

  const lost = (store: Store) => new Promise<StoreUnavailable>((resolve) => store.onLost(resolve))

  /** The backend that holds the account's lock, as this schema's table of nodes knows it. */
  const holder = "select node.backend from node join pg_locks on pid = backend where locktype = 'advisory' and granted"
  const terminateHolder = `select pg_terminate_backend(backend) from (${holder}) held`

  it('stand by while another one holds the account, and take it when that one closes', async () => {
    const head = await first.lock(account)
    await first.write(batch(head, { rows: [put('task', row('WT', 1))], events: [event(1)] }))
    let taken = false
    const standby = second.lock(account).then((found) => {
      taken = true
      return found
    })
    await second.lock(sid('AC', 2)) // another account is free
    expect(taken).toBe(false)

    await first.close()
    expect(await standby).toMatchObject({ epoch: 2, decision: 1, next_event: 2 })
    expect(await second.load(account)).toHaveLength(1)
  })

  it('end their wait when they are told to', async () => {
    await first.lock(account)
    const waiting = new AbortController()
    const standby = second.lock(account, waiting.signal)
    waiting.abort(new Error('the node is stopping'))
    await expect(standby).rejects.toThrow('the node is stopping')
    await expect(second.lock(account, waiting.signal)).rejects.toThrow('the node is stopping')
  })

  it('learn at once that their connection was ended, and the standby goes on', async () => {
    const head = await first.lock(account)
    const told = lost(first)
    const standby = second.lock(account)
    await here.query(terminateHolder)
    expect(await told).toBeInstanceOf(StoreUnavailable)
    const late = batch(head, { rows: [put('task', row('WT', 1))] })
    await expect(first.write(late)).rejects.toThrow(StoreUnavailable)

    const next = await standby
    expect(next.epoch).toBe(2)
    await second.write(batch(next, { rows: [put('task', row('WT', 2))] }))
    // The first one has a connection again, and stands by; its old epoch is worth nothing.
    await first.lock(sid('AC', 2))
    expect(first.healthy()).toBe(true)
    await expect(first.write(late)).rejects.toThrow(StoreUnavailable)
    expect((await second.load(account)).map(({ row }) => row.seq)).toEqual([2])
    await second.close()
    expect((await first.lock(account)).epoch).toBe(3)
  })

  it('cannot write for an account that was taken behind their back', async () => {
    const head = await first.lock(account)
    await here.query('update account set epoch = epoch + 1')
    await expect(first.write(batch(head, { rows: [put('task', row('WT', 1))] }))).rejects.toThrow(Fenced)
    expect(await first.load(account)).toEqual([])
  })

  it('report a write as unknown when the connection breaks under it', async () => {
    const head = await first.lock(account)
    // Somebody sits on the account's row, so the write hangs on the server.
    await here.query('begin')
    await here.query('select 1 from account for update')
    const written = first.write(batch(head, { rows: [put('task', row('WT', 1))] }))
    const following = first.write(batch(head, { rows: [put('task', row('WT', 2))] }))
    const outcomes = Promise.allSettled([written, following])
    await here.query(terminateHolder)
    await here.query('rollback')
    for (const outcome of await outcomes) {
      expect(outcome.status).toBe('rejected')
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailable) // as: asserted above
    }
    expect(await first.lock(account)).toMatchObject({ epoch: 2, decision: 0 })
    expect(await first.load(account)).toEqual([])
  })

  it('give up when the server is silent for too long', async () => {
    const head = await first.lock(account)
    const told = lost(first)
    await here.query('begin')
    await here.query('select 1 from account for update')
    const written = first.write(batch(head, { events: [event(1)] }))
    await expect(written).rejects.toThrow('no answer for 1000 ms')
    expect((await told).message).toContain('no answer')
    await here.query('rollback')
    await first.lock(account)
    expect(first.healthy()).toBe(true)
  })

  it('end a node that hangs, which then finds itself without its account', async () => {
    const frozen = child(`
      const { openPostgres } = await load('postgres')
      const { schema } = await load('../schema')
      const store = await openPostgres({ schema, url: ${JSON.stringify(here.url)}, heartbeatMs: 50, lostMs: 1000 })
      const { epoch } = await store.lock('${account}')
      store.onLost(() => print('lost'))
      print('locked')
      await heard()
      const head = { at: 1, decision: 1, next_seq: 1, next_event: 1 }
      await store.write({ account_sid: '${account}', epoch, head, rows: [], events: [], journal: [] })
        .then(() => print('written'), (error) => print(error.name))`)
    expect(await frozen.line()).toBe('locked')
    frozen.signal('SIGSTOP')
    const head = await second.lock(account)
    expect(head.epoch).toBe(2)
    frozen.say('write')
    frozen.signal('SIGCONT')
    // The order in which it hears of both is the system's.
    expect([await frozen.line(), await frozen.line()].sort()).toEqual(['StoreUnavailable', 'lost'])
    expect((await second.lock(account)).decision).toBe(0)
    await frozen.kill()
  })

  it('keep their accounts while a decision takes long: the heartbeat is another thread’s', async () => {
    const head = await first.lock(account)
    const standby = child(`
      const { openPostgres } = await load('postgres')
      const { schema } = await load('../schema')
      const store = await openPostgres({ schema, url: ${JSON.stringify(here.url)}, heartbeatMs: 50, lostMs: 1000, silentMs: 1500 })
      print('waits')
      store.lock('${account}').then(({ epoch }) => print('taken with epoch ' + epoch))`)
    expect(await standby.line()).toBe('waits')
    let losses = 0
    first.onLost(() => losses++)
    // More than twice as long as a standby waits for one that is silent.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000)
    expect(first.healthy()).toBe(true)
    await first.write(batch(head, { rows: [put('task', row('WT', 1))] }))
    expect(losses).toBe(0)
    await first.close()
    expect(await standby.line()).toBe('taken with epoch 2')
    await standby.kill()
  })

  it('lose their accounts when their main thread stands still for good', async () => {
    const hung = child(`
      const { openPostgres } = await load('postgres')
      const { schema } = await load('../schema')
      const times = { heartbeatMs: 50, lostMs: 500, silentMs: 700, hungMs: 500 }
      const store = await openPostgres({ schema, url: ${JSON.stringify(here.url)}, ...times })
      const { epoch } = await store.lock('${account}')
      print('locked')
      await heard()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8_000)
      print(String(store.healthy()))
      const head = { at: 1, decision: 1, next_seq: 1, next_event: 1 }
      await store.write({ account_sid: '${account}', epoch, head, rows: [], events: [], journal: [] })
        .then(() => print('written'), (error) => print(error.name))`)
    expect(await hung.line()).toBe('locked')
    const standby = second.lock(account)
    hung.say('stand still')
    expect((await standby).epoch).toBe(2)
    expect(await hung.line()).toBe('false')
    expect(await hung.line()).toBe('StoreUnavailable')
    expect((await second.lock(account)).decision).toBe(0)
    await hung.kill()
  }, 30_000)

  it('are not ended by others when it was the server that stood still for all', async () => {
    const timing = { schema, ...quick, answerMs: 20_000 }
    const [leader, standby] = [openPostgres({ url: here.url, ...timing }), openPostgres({ url: here.url, ...timing })]
    const [holds, waits] = await Promise.all([leader, standby])
    const head = await holds.lock(account)
    let losses = 0
    holds.onLost(() => losses++)
    const ending = new AbortController()
    const waiting = waits.lock(account, ending.signal).catch((error: Error) => error.message)
    await waits.lock(sid('AC', 2)) // its own heartbeats have begun
    await new Promise((resolve) => setTimeout(resolve, 2 * quick.silentMs))
    await here.query('begin')
    await here.query('lock table node in exclusive mode')
    await expect.poll(() => holds.healthy(), { timeout: 10_000 }).toBe(false)
    await new Promise((resolve) => setTimeout(resolve, quick.silentMs))
    await here.query('commit')
    await expect.poll(() => holds.healthy(), { timeout: 10_000 }).toBe(true)
    await holds.write(batch(head, { rows: [put('task', row('WT', 1))] }))
    ending.abort(new Error('it has waited long enough'))
    expect(await waiting).toBe('it has waited long enough')
    expect(losses).toBe(0)
    await holds.close()
    await waits.close()
  }, 30_000)

  // PostgreSQL says just this when the wait for a synchronous replica is cancelled, and then that all is well.
  it.each([
    ['a write', 'account', (head: AccountHead) => first.write(batch(head, { rows: [put('task', row('WT', 1))] }))],
    ['a reader’s step', 'cursor', () => first.advance({ ...step, from: 0, to: 1 })]
  ])('take a warning as an unknown outcome: %s', async (_what, table, change) => {
    const head = await first.lock(account)
    await first.cursor(account, step.reader)
    await here.query(`create function warn() returns trigger language plpgsql as $$
      begin
        raise warning using errcode = '01000', message = 'might not have been replicated';
        return null;
      end $$`)
    await here.query(`create trigger warn after update on ${table} execute function warn()`)
    const refusal = await change(head).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(StoreUnavailable)
    expect((refusal as Error).message).toContain('might not have been replicated') // as: asserted above
    await here.query(`drop trigger warn on ${table}`)
    // What follows a write was decided on what may not be there: the account is loaded again first.
    const late = first.write(batch(head, { rows: [put('task', row('WT', 2))] }))
    if (table === 'account') await expect(late).rejects.toThrow(StoreUnavailable)
    else await late
    const next = await first.lock(account)
    expect(next.epoch).toBe(head.epoch + 1)
    await first.write(batch(next, { rows: [put('task', row('WT', 3))] }))
  })

  it('have a killed node’s account at once', async () => {
    const killed = child(`
      const { openPostgres } = await load('postgres')
      const { schema } = await load('../schema')
      const store = await openPostgres({ schema, url: ${JSON.stringify(here.url)} })
      await store.lock('${account}')
      print('locked')
      await heard()`)
    expect(await killed.line()).toBe('locked')
    const standby = second.lock(account)
    await killed.kill()
    expect((await standby).epoch).toBe(2)
  })

  it('are told in one line why a database cannot be opened', async () => {
    const nowhere = new URL(database as string) // as: the stories run only where one was found
    nowhere.port = '1'
    nowhere.password = 'secret'
    const refusal = await openPostgres({ schema, url: nowhere.href }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CannotOpen)
    const { message } = refusal as CannotOpen // as: asserted above
    expect(message).toMatch(/^Cannot open the database .*: .+\.$/)
    expect(message).not.toMatch(/secret|\n/)
    await expect(openPostgres({ schema, url: 'not a url' })).rejects.toThrow(CannotOpen)
    await expect(first.backup('/tmp/copy')).rejects.toThrow('pg_dump')
  })
})
