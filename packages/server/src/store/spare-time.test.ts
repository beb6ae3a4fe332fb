import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Analyst } from './analyst.ts'
import { SqliteFile } from './sqlite-file.ts'
import { TookTooLong } from './store.ts'

/** What Linux calls its policy for idle threads, and where `/proc/…/stat` says the policy and the priority of a thread. */
const idlePolicy = 5
const places = { nice: 18, policy: 40 }

let folder: string
let file: SqliteFile

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-spare-'))
  file = await SqliteFile.open(join(folder, 'center.sqlite'), false)
})

afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true })
})

/** A question that takes as long as it is asked to. */
const counted = `with recursive counted(n) as (select 1 union all select n + 1 from counted where n < ?)
  select count(*) as many from counted where in_time()`

/** What is told of a thread that waits for a processor and gets none. */
function starving() {
  let looks = 0
  const timesOf = (thread: number) => (thread === 0 ? undefined : { worked_ms: 0, waited_ms: 600 * looks++ })
  return { look_ms: 20, timesOf }
}

/** Threads of this process, as Linux plans them. */
function threads(): { nice: number; policy: number }[] {
  return readdirSync('/proc/self/task').map((thread) => {
    // The name of a thread, in brackets, may hold spaces.
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
    const cells = `x x ${stat.slice(stat.lastIndexOf(')') + 2)}`.split(' ')
    return { nice: Number(cells[places.nice]), policy: Number(cells[places.policy]) }
  })
}

const idle = () => threads().filter(({ policy }) => policy === idlePolicy).length

/** Why it cannot be seen here. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'threads are planned apart on Linux only'
  try {
    execFileSync('chrt', ['-i', '0', 'true'])
    return undefined
  } catch {
    return 'no chrt that may do it: questions keep the lowest priority'
  }
}

describe('a thread that takes what others leave', () => {
  it('is the one that answers questions, and no other', async () => {
    const why = whyNot()
    if (why !== undefined) console.warn(`Left out: ${why}.`)
    else {
      const before = idle()
      await file.run('create table note (text text)', [])
      await file.read('select 1', [])
      expect(idle()).toBe(before)
      await file.analyze('select count(*) from note', [], Date.now() + 30_000)
      await expect.poll(idle, { timeout: 10_000 }).toBe(before + 1)
    }
  }, 60_000)

  it('is replaced by one of low priority when it gets no processor, and what it was asked is asked anew', async () => {
    if (whyNot() !== undefined) return
    const before = idle()
    const analyst = new Analyst(file.path, starving())
    const ask = (rows: number) => analyst.rows(counted, [rows], Date.now() + 30_000)
    expect(await ask(1)).toEqual([{ many: 1 }])
    await expect.poll(idle, { timeout: 10_000 }).toBe(before + 1)
    const both = await Promise.all([ask(100_000), ask(100_001)])
    expect(both).toEqual([[{ many: 100_000 }], [{ many: 100_001 }]])
    await expect.poll(idle, { timeout: 10_000 }).toBe(before)
    expect(await ask(2)).toEqual([{ many: 2 }])
    await analyst.close()
    expect(idle()).toBe(before)
  }, 60_000)

  it('is waited for by whoever closes it, though it gets no processor', async () => {
    if (whyNot() !== undefined) return
    const before = idle()
    const analyst = new Analyst(file.path, starving())
    const ended = Promise.allSettled([analyst.rows(counted, [100_000], Date.now() + 3_000)])
    await analyst.close()
    expect(idle()).toBe(before)
    // Where others want all processors it may be late.
    const [answer] = await ended
    if (answer?.status === 'fulfilled') expect(answer.value).toEqual([{ many: 100_000 }])
    else expect(answer?.reason).toBeInstanceOf(TookTooLong)
  }, 60_000)

  it('has the lowest priority where the system has no command for more', async () => {
    if (process.platform !== 'linux') return
    const lowest = () => threads().filter(({ nice, policy }) => nice === 19 && policy !== idlePolicy).length
    const [before, path] = [lowest(), process.env.PATH]
    process.env.PATH = folder
    try {
      await file.analyze('select 1', [], Date.now() + 10_000)
      expect(lowest()).toBe(before + 1)
      expect(await file.analyze('select 2 as two', [], Date.now() + 10_000)).toEqual([{ two: 2 }])
    } finally {
      process.env.PATH = path
    }
  })
})
