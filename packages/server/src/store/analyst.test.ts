import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Analyst } from './analyst.ts'
import { openDatabase } from './sqlite-driver.ts'
import { TookTooLong } from './store.ts'

let folder: string
let analyst: Analyst
let done: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-analyst-'))
  const path = join(folder, 'center.db')
  const database = await openDatabase(path)
  database.exec('create table number (value integer)')
  database.close()
  analyst = new Analyst(path)
  done = []
})

afterEach(async () => {
  await analyst.close()
  await rm(folder, { recursive: true })
})

/** A question that takes some ten milliseconds. */
const counting = `with recursive counted(n) as (values (1) union all select n + 1 from counted where n < 50000)
  select max(n) as many from counted where in_time()`

async function asks(name: string, until = Number.POSITIVE_INFINITY): Promise<void> {
  expect(await analyst.rows(counting, [], until)).toEqual([{ many: 50_000 }])
  done.push(name)
}

/** Longer than a question. */
async function works(): Promise<void> {
  await new Promise(setImmediate)
  done.push('work begins')
  await new Promise((resolve) => setTimeout(resolve, 300))
  done.push('work ends')
}

describe('questions', () => {
  it('are answered one after the other', async () => {
    await Promise.all(['first', 'second', 'third'].map((name) => asks(name)))
    expect(done).toEqual(['first', 'second', 'third'])
  })

  it('leave a moment in which nothing is read, for which only the one waits that is being answered', async () => {
    const asked = ['first', 'second', 'third'].map((name) => asks(name))
    await Promise.all([...asked, analyst.between(works)])
    expect(done).toEqual(['first', 'work begins', 'work ends', 'second', 'third'])
  })

  it('go on when one takes too long, or what was done between two fails', async () => {
    const late = asks('late', Date.now() - 1)
    const asked = asks('other')
    const failing = analyst.between(() => Promise.reject(new Error('the disk is full')))
    await expect(late).rejects.toThrow(TookTooLong)
    await expect(failing).rejects.toThrow('the disk is full')
    await asked
    expect(done).toEqual(['other'])
  })

  it('are all answered before the thread ends, and those that come later by another one', async () => {
    const asked = ['first', 'second'].map((name) => asks(name))
    const closed = analyst.close().then(() => done.push('closed'))
    await Promise.all([...asked, closed, asks('later')])
    expect(done).toEqual(['first', 'second', 'closed', 'later'])
  })
})
