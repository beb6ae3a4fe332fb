import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteFile } from './sqlite-file.ts'

let folder: string
let file: SqliteFile

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-file-'))
  file = await SqliteFile.open(join(folder, 'center.sqlite'), false)
  await file.run('create table note (text text)', [])
})

afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true })
})

/** A question that reads the table for as long as it may. */
const endless = `with recursive counted(n) as (select count(*) from note union all select n + 1 from counted)
  select count(*) as many from counted where in_time()`

const write = (length: number) =>
  file.transact([{ sql: 'insert into note values (?)', width: 1, values: ['x'.repeat(length)] }])

const succeeds = (work: () => Promise<unknown>) =>
  work().then(
    () => true,
    () => false
  )

describe('a file', () => {
  it('is sorted for questions in small blocks, of pages of another database', async () => {
    const asked = (name: string) => file.analyze(`pragma ${name}`, [], Date.now() + 10_000)
    expect(await asked('main.page_size')).toEqual([{ page_size: 2048 }])
    expect(await asked('main.cache_size')).toEqual([{ cache_size: -512 }])
    expect(await asked('file.page_size')).toEqual([{ page_size: 8192 }])
    expect(await asked('file.cache_size')).toEqual([{ cache_size: -2000 }])
    await write(3)
    expect(await file.analyze('select text from note', [], Date.now() + 10_000)).toEqual([{ text: 'xxx' }])
    await expect(file.analyze("insert into note values ('')", [], Date.now() + 10_000)).rejects.toThrow('readonly')
  })

  it('leaves moving the log to those who do it beside the writer, and gives free pages back', async () => {
    expect(await file.ask('pragma wal_autocheckpoint')).toEqual([{ wal_autocheckpoint: 0 }])
    expect(await file.ask('pragma auto_vacuum')).toEqual([{ auto_vacuum: 2 }])
    expect(await file.ask('pragma secure_delete')).toEqual([{ secure_delete: 1 }])
    expect(await file.ask('pragma synchronous')).toEqual([{ synchronous: 2 }])
  })

  it.each([['-wal'], ['-shm'], ['-wal', '-shm']])(
    'whose %s is removed while a question is answered, and the log waits for its turn, is read and written again',
    async (...ends) => {
      // Its time is over, or the log is gone first: how it ends is nothing to the others.
      const ended = Promise.allSettled([file.analyze(endless, [], Date.now() + 3_000)])
      // More than the log may have, so that the writer is to take its turn behind the question.
      for (let n = 0; n < 90; n++) await write(1_000_000)
      for (const end of ends) await rm(join(folder, `center.sqlite${end}`))
      expect(await ended).toMatchObject([{ status: 'rejected' }])
      const asked = () => file.analyze<{ many: number }>('select count(*) as many from note', [], Date.now() + 10_000)
      for (const work of [() => write(1), () => file.read('select 1', []), asked])
        await expect.poll(() => succeeds(work), { timeout: 20_000 }).toBe(true)
      for (let n = 0; n < 50; n++) await write(10_000)
      const [kept] = await file.read<{ many: number }>('select count(*) as many from note', [])
      expect(kept?.many).toBeGreaterThan(100)
      expect(await asked()).toEqual([kept])
    },
    60_000
  )

  it.each([['-shm'], ['-wal', '-shm']])(
    'whose %s is removed before it is asked is told of as it is',
    async (...ends) => {
      await write(1)
      // It is looked twice a second where they are.
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      for (const end of ends) await rm(join(folder, `center.sqlite${end}`))
      const many = 'select count(*) as many from note'
      const asked = () => file.analyze(many, [], Date.now() + 10_000)
      await expect.poll(() => succeeds(asked), { timeout: 20_000 }).toBe(true)
      for (let turn = 0; turn < 3; turn++) {
        for (let n = 0; n < 50; n++)
          await expect.poll(() => succeeds(() => write(10_000)), { timeout: 20_000 }).toBe(true)
        expect(await asked()).toEqual(await file.read(many, []))
      }
    },
    60_000
  )
})
