import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Analyst, type AnalystOptions } from './analyst.ts'
import { canSpareTime, timesOf } from './spare-time.ts'
import { SqliteFile } from './sqlite-file.ts'
import { TookTooLong } from './store.ts'

/** What Linux calls its policy for idle processes, and where `/proc/…/stat` says what. */
const idlePolicy = 5
const places = { parent: 3, nice: 18, policy: 40 }

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

/** Processes of this one that answer questions, as Linux plans them. */
function analysts(): { pid: number; nice: number; policy: number }[] {
  return readdirSync('/proc').flatMap((name) => {
    const stat = textOf(name, 'stat')
    // The name of a process, in brackets, may hold spaces.
    const cells = `x x ${stat.slice(stat.lastIndexOf(')') + 2)}`.split(' ')
    const isOurs =
      Number(cells[places.parent]) === process.pid && /questions|sqlite-analyst/.test(textOf(name, 'cmdline'))
    return isOurs ? [{ pid: Number(name), nice: Number(cells[places.nice]), policy: Number(cells[places.policy]) }] : []
  })
}

/** Empty when the process has ended meanwhile, or it is none. */
function textOf(name: string, file: string): string {
  try {
    return /^\d+$/.test(name) ? readFileSync(`/proc/${name}/${file}`, 'utf8') : ''
  } catch {
    return ''
  }
}

const idle = () => analysts().filter(({ policy }) => policy === idlePolicy).length
const many = (nice: number) => analysts().filter((one) => one.nice === nice && one.policy !== idlePolicy).length

/** Whether it can be seen here; where not it says so. */
function canBeSeen(): boolean {
  try {
    if (process.platform !== 'linux') throw new Error('processes are planned apart on Linux only')
    execFileSync('chrt', ['-i', '0', 'true'])
    if (!canSpareTime()) throw new Error('the system counts no times of processes')
    return true
  } catch (error) {
    console.warn(`Left out: questions keep the lowest priority here (${error}).`)
    return false
  }
}

/** Where it is told of a process that it waits for a processor and gets none, as soon as that is said. */
function starving(): { options: AnalystOptions; begin(): void } {
  let looks = 0
  let isStarving = false
  const told = (pid: number) => {
    if (isStarving) looks++
    return pid === 0 ? undefined : { worked_ms: 0, waited_ms: 600 * looks, runs: looks }
  }
  return {
    options: { look_ms: 20, timesOf: told },
    begin() {
      isStarving = true
    }
  }
}

describe('a process that takes what others leave', () => {
  it('is the one that answers questions, from the second one on, and no other', async () => {
    if (!canBeSeen()) return
    const before = idle()
    await file.run('create table note (text text)', [])
    await file.read('select 1', [])
    const ask = () => file.analyze('select count(*) from note', [], Date.now() + 30_000)
    await ask()
    expect(idle()).toBe(before)
    await ask()
    await expect.poll(idle, { timeout: 10_000 }).toBe(before + 1)
  }, 60_000)

  it('is replaced by one of low priority when it gets no processor, and what it was asked is asked anew', async () => {
    if (!canBeSeen()) return
    const before = idle()
    const low = many(10)
    const { options, begin } = starving()
    const analyst = new Analyst(file.path, options)
    const ask = (rows: number) => analyst.rows(counted, [rows], Date.now() + 30_000)
    expect(await ask(1)).toEqual([{ many: 1 }])
    expect(await ask(2)).toEqual([{ many: 2 }])
    await expect.poll(idle, { timeout: 10_000 }).toBe(before + 1)
    begin()
    const both = await Promise.all([ask(100_000), ask(100_001)])
    expect(both).toEqual([[{ many: 100_000 }], [{ many: 100_001 }]])
    expect(many(10)).toBe(low + 1)
    await expect.poll(idle, { timeout: 30_000 }).toBe(before)
    let isDone = false
    await analyst.between(async () => {
      isDone = true
    })
    expect(isDone).toBe(true)
    expect(await ask(3)).toEqual([{ many: 3 }])
    await analyst.close()
    await expect.poll(() => many(10)).toBe(low)
  }, 90_000)

  it('stops at what nobody waits for any more', async () => {
    if (!canBeSeen()) return
    await file.run('create table size (many int)', [])
    await file.run('insert into size values (1000000000)', [])
    const asFar = counted.replace('?', '(select many from size)')
    const { options, begin } = starving()
    const analyst = new Analyst(file.path, options)
    for (const rows of [1, 1]) await analyst.rows(counted, [rows], Date.now() + 60_000)
    const answer = analyst.rows(asFar, [], Date.now() + 60_000)
    await new Promise((resolve) => setTimeout(resolve, 100))
    // Whoever is asked anew has less to do; the other one would go on for a minute.
    await file.run('update size set many = 3', [])
    begin()
    expect(await answer).toEqual([{ many: 3 }])
    const begun = performance.now()
    await analyst.between(async () => {})
    await analyst.close()
    expect(performance.now() - begun).toBeLessThan(30_000)
  }, 90_000)

  it('is waited for by whoever closes it, and where nothing may be opened', async () => {
    if (!canBeSeen()) return
    const { options, begin } = starving()
    const analyst = new Analyst(file.path, { ...options, mayOpen: () => false })
    for (const rows of [1, 1]) await analyst.rows(counted, [rows], Date.now() + 30_000)
    begin()
    const low = many(10)
    const ended = Promise.allSettled([analyst.rows(counted, [100_000], Date.now() + 3_000)])
    await analyst.close()
    expect(many(10)).toBe(low)
    // Where others want all processors it may be late.
    const [answer] = await ended
    if (answer?.status === 'fulfilled') expect(answer.value).toEqual([{ many: 100_000 }])
    else expect(answer?.reason).toBeInstanceOf(TookTooLong)
  }, 60_000)

  it('has the lowest priority where nothing plans it', async () => {
    if (process.platform !== 'linux') return
    const { PATH } = process.env
    onTestFinished(() => {
      process.env.PATH = PATH
    })
    process.env.PATH = folder
    const [before, unplanned] = [many(19), idle()]
    for (const two of [1, 2])
      expect(await file.analyze('select ? as two', [two], Date.now() + 30_000)).toEqual([{ two }])
    // Where it is planned, that takes a moment.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([many(19), idle()]).toEqual([before + 1, unplanned])
  }, 60_000)

  it('has no times where it has no number', () => {
    expect(timesOf(0)).toBeUndefined()
  })
})
