import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Analyst, type AnalystOptions } from './analyst.ts'
import { type AnalystOpening, AnalystProcess } from './analyst-process.ts'
import { writesTo } from './pace.ts'
import { SqliteFile } from './sqlite-file.ts'
import { StoreUnavailable, TookTooLong } from './store.ts'
import { workerFile } from './worker-file.ts'

let folder: string
let file: SqliteFile

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-analyst-'))
  file = await SqliteFile.open(join(folder, 'center.sqlite'), false)
  await file.run('create table note (text text)', [])
})

afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true })
})

const soon = () => Date.now() + 30_000

/** Goes on for as long as it may. */
const endless = `with recursive counted(n) as (select 1 union all select n + 1 from counted)
  select count(*) as many from counted where in_time()`

function begun(): AnalystProcess {
  const analyst = new AnalystProcess({ path: file.path, share: 'low' })
  onTestFinished(() => analyst.kill())
  return analyst
}

/** Whether such a process runs: one that has ended may have its number until somebody asks how. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('a process that answers questions', () => {
  it('reads what has been written, and writes nothing', async () => {
    const analyst = begun()
    expect(await analyst.rows('select text from note', [], soon())).toEqual([])
    await file.transact([{ sql: 'insert into note values (?)', width: 1, values: ['a', 'ü💬'] }])
    expect(await analyst.rows('select text, ? as n from note', [2.5], soon())).toEqual([
      { text: 'a', n: 2.5 },
      { text: 'ü💬', n: 2.5 }
    ])
    await expect(analyst.rows("insert into note values ('')", [], soon())).rejects.toThrow(/readonly/)
    await expect(analyst.rows('select words from note', [], soon())).rejects.toThrow(/no such column/)
    expect(await analyst.rows('select count(*) as many from note', [], soon())).toEqual([{ many: 2 }])
  })

  it('gives up in time, and answers the next question', async () => {
    const analyst = begun()
    await expect(analyst.rows(endless, [], Date.now() + 300)).rejects.toBeInstanceOf(TookTooLong)
    await expect(analyst.rows('select 1 as one', [], Date.now() - 1)).rejects.toBeInstanceOf(TookTooLong)
    expect(await analyst.rows('select 1 as one', [], soon())).toEqual([{ one: 1 }])
  })

  it('answers what it was asked before it ends, also where all processes are told to', async () => {
    const analyst = begun()
    expect(analyst.pid).toBeGreaterThan(0)
    const answers = [1, 2, 3].map((n) => analyst.rows('select ? as n', [n], soon()))
    await answers[0]
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(analyst.pid, signal)
    answers.push(analyst.rows('select ? as n', [4], soon()))
    await analyst.close()
    expect(await Promise.all(answers)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }], [{ n: 4 }]])
    expect(isThere(analyst.pid)).toBe(false)
    await analyst.close()
    await expect(analyst.rows('select 1', [], soon())).rejects.toBeInstanceOf(StoreUnavailable)
  })

  it('fails what it was asked when it is killed, and another one is asked', async () => {
    const killed = begun()
    const answer = killed.rows(endless, [], soon())
    const ended = expect(answer).rejects.toThrow(/SIGKILL/)
    await killed.kill()
    await ended

    const { analyst, pids } = watched()
    const asked = [endless, 'select 1', endless].map((sql) => analyst.rows(sql, [], soon()))
    const lost = Promise.all(asked.map((answer) => expect(answer).rejects.toBeInstanceOf(StoreUnavailable)))
    const [pid = 0] = pids
    expect(pid).toBeGreaterThan(0)
    process.kill(pid, 'SIGKILL')
    await lost
    expect(await analyst.rows('select 3 as n', [], soon())).toEqual([{ n: 3 }])
    expect(pids).toHaveLength(2)
  })

  it('ends when nobody asks any more, and gives its memory back', async () => {
    const { analyst, pids } = watched({ idle_ms: 100 })
    const all = () => analyst.rows('select count(*) as many from note', [], soon())
    await all()
    await all()
    expect(pids).toHaveLength(1)
    await expect.poll(() => pids.some(isThere), { timeout: 10_000 }).toBe(false)
    expect(await all()).toEqual([{ many: 0 }])
    expect(pids).toHaveLength(2)
  })

  it('ends with the process that asks, however that ends', async () => {
    const { pid, asker } = await askerWith('')
    const [code] = await once(asker, 'exit')
    expect(code).toBe(0)
    await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false)

    const killed = await askerWith(`await analyst.rows(\`${endless}\`, [], Date.now() + 600_000)`)
    // Until it is at work.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isThere(killed.pid)).toBe(true)
    killed.asker.kill('SIGKILL')
    await expect.poll(() => isThere(killed.pid), { timeout: 10_000 }).toBe(false)
  })

  it('is killed when its time is over and it does not say so, and what else it was asked is asked anew', async () => {
    if (process.platform === 'win32') return
    const { analyst, pids } = watched()
    await analyst.rows('select 1', [], soon())
    const [pid = 0] = pids
    expect(pid).toBeGreaterThan(0)
    process.kill(pid, 'SIGSTOP')
    const late = expect(analyst.rows('select 1', [], Date.now() + 100)).rejects.toBeInstanceOf(TookTooLong)
    expect(await analyst.rows('select 2 as n', [], soon())).toEqual([{ n: 2 }])
    await late
    expect(pids).toHaveLength(2)
    expect(isThere(pid)).toBe(false)

    process.kill(pids[1] ?? pid, 'SIGSTOP')
    const last = expect(analyst.rows('select 1', [], Date.now() + 100)).rejects.toBeInstanceOf(TookTooLong)
    await analyst.close()
    await last
  })

  it('says that the store is unavailable where it cannot begin', async () => {
    const { execPath } = process
    onTestFinished(() => {
      process.execPath = execPath
    })
    process.execPath = join(folder, 'no-such-program')
    const { analyst } = watched()
    await expect(analyst.rows('select 1', [], soon())).rejects.toBeInstanceOf(StoreUnavailable)
    process.execPath = execPath
    expect(await analyst.rows('select 1 as n', [], soon())).toEqual([{ n: 1 }])
  })

  it('is not looked into where this one is', async () => {
    const { NODE_OPTIONS } = process.env
    onTestFinished(() => {
      if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS
      else process.env.NODE_OPTIONS = NODE_OPTIONS
    })
    process.env.NODE_OPTIONS = '--inspect-port 127.0.0.1:0 --stack-trace-limit=20 --inspect-publish-uid=http'
    expect(await begun().rows('select 1 as n', [], soon())).toEqual([{ n: 1 }])
  })

  it('rests for nobody where it cannot see whether anybody writes', () => {
    // A file is no folder: the system says something else than that it is not there.
    expect(writesTo(join(file.path, 'in it'))()).toBeUndefined()
  })

  it('sees by the log whether anything was written', async () => {
    const writes = writesTo(file.path)
    const write = () => file.transact([{ sql: 'insert into note values (?)', width: 1, values: ['a'] }])
    await write()
    const before = writes()
    await file.read('select * from note', [])
    expect(writes()).toBe(before)
    await expect.poll(async () => (await write()) && writes(), { timeout: 10_000 }).not.toBe(before)
    expect(writesTo(join(folder, 'nothing'))()).toBeUndefined()
  })
})

function watched(options: AnalystOptions = {}): { analyst: Analyst; pids: number[] } {
  const pids: number[] = []
  const begin = (opening: AnalystOpening) => {
    const one = new AnalystProcess(opening)
    pids.push(one.pid)
    return one
  }
  const analyst = new Analyst(file.path, { ...options, begin })
  onTestFinished(() => analyst.close())
  return { analyst, pids }
}

/** A process that begins one that answers and does something with it, and the number of that one. */
async function askerWith(work: string): Promise<{ asker: ChildProcess; pid: number }> {
  const script = join(folder, 'asker.mjs')
  const opening = JSON.stringify({ path: file.path, share: 'low' })
  await writeFile(
    script,
    `import { AnalystProcess } from '${workerFile('analyst-process').href}'
     const analyst = new AnalystProcess(${opening})
     await analyst.rows('select 1', [], Date.now() + 30_000)
     process.send(analyst.pid)
     ${work}
     process.disconnect()`
  )
  const asker = fork(script, { execArgv: [] })
  onTestFinished(() => {
    asker.kill('SIGKILL')
  })
  const [pid] = (await once(asker, 'message')) as [number] // it sends nothing else
  return { asker, pid }
}
