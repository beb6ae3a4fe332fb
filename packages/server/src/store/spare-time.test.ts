import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteFile } from './sqlite-file.ts'

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

/** A question that goes on for as long as it may. */
const endless = 'with recursive n(i) as (select 0 union all select i + 1 from n) select count(*) from n where in_time()'

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
      await file.analyze('select count(*) from note', [], Date.now() + 10_000)
      await expect.poll(idle, { timeout: 10_000 }).toBe(before + 1)
    }
  })

  it('is no longer idle while an answer takes long: of busy processors nothing would be left for it', async () => {
    if (whyNot() !== undefined) return
    const before = idle()
    const long = file.analyze(endless, [], Date.now() + 5_000).catch(() => 'too long')
    await expect.poll(idle, { timeout: 10_000, interval: 5 }).toBe(before + 1)
    await expect.poll(idle, { timeout: 10_000, interval: 5 }).toBe(before)
    expect(await long).toBe('too long')
    await expect.poll(idle, { timeout: 10_000 }).toBe(before + 1)
  }, 30_000)

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
