import { join } from 'node:path'
import { defaultSettings } from '@ringdown/engine/settings'
import { type Clock, RealClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { pino } from 'pino'
import { configuration, targetWorkers, taskAttributes, workerAttributes } from './floor.ts'
import { temporaryFolder } from './lifetime.ts'
import { atMost, count, type Measured, median, megabytes, type Options, say, seconds, spread } from './measured.ts'
import { account_sid, answers, residentMegabytes, spawnServer } from './server.ts'

const floor = { workers: 1000, queues: 50, tasks: 10_000 }
const starts = 4

/** Since when what fills the floor is over. */
const ago_ms = 61_000

/** Time from spawning `ringdown start` on existing data to its first answers, and its memory when nothing is asked of it. */
export async function measure({ profile }: Options): Promise<Measured> {
  const filled = temporaryFolder()
  await fill(join(filled, 'ringdown'))
  const empty = temporaryFolder()
  const existing = await startsOn(filled, { what: 'existing data', counting_s: 120, later_s: 10, profile })
  const bare = await startsOn(empty, { what: 'an almost empty folder', counting_s: 5, later_s: 0, profile })
  const on = `${count(floor.workers)} workers and ${count(floor.tasks)} waiting tasks`
  return {
    figures: [
      atMost(`spawn to first answer of /health, ${on}`, median(existing.health), 1, seconds),
      atMost('spawn to first answer of /ready, same data', median(existing.ready), 1, seconds),
      atMost('resident memory 5 s after /ready, same data', existing.rest5, 135, megabytes),
      atMost('resident memory after 10 s more at rest', existing.rest15, 135, megabytes),
      { what: 'spawn to /ready, no workers or tasks', figure: seconds(median(bare.ready)) },
      { what: 'resident memory 5 s after it', figure: megabytes(bare.rest5) }
    ],
    how: `\`ringdown start\` as a child process on a data folder with ${on} (written by the server's own account beforehand, and counted by an earlier server; its file has just been read, so the disk cache is warm). The port is asked every 5 ms. ${starts} starts, minimum / median / maximum: /health ${spread(existing.health, seconds)}, /ready ${spread(existing.ready, seconds)}; without workers and tasks /ready ${spread(bare.ready, seconds)}. Memory is the resident set of the last start, with all its threads, as it is at that time: nobody asks for a garbage collection.`
  }
}

interface Starting {
  readonly what: string
  /** In this time a first server has written what it counted: it takes half a minute for each thing, beside decisions. */
  readonly counting_s: number
  /** Seconds of rest between the two looks at its memory. */
  readonly later_s: number
  readonly profile: string | undefined
}

async function startsOn(folder: string, { what, counting_s, later_s, profile }: Starting) {
  const health: number[] = []
  const ready: number[] = []
  let rest5 = Number.NaN
  let rest15 = Number.NaN
  for (let i = 0; i <= starts; i++) {
    const server = await spawnServer({ folder, profile })
    const alive_ms = await answers(server, '/health')
    const ready_ms = await answers(server, '/ready')
    // The first one makes what is missing in the folder, counts what happened, and fills the disk cache.
    if (i === 0) await pause(counting_s * 1000)
    else {
      health.push(alive_ms / 1000)
      ready.push(ready_ms / 1000)
    }
    if (i === starts) {
      await pause(5000)
      rest5 = residentMegabytes(server.child) ?? Number.NaN
      await pause(later_s * 1000)
      rest15 = residentMegabytes(server.child) ?? Number.NaN
    }
    await server.stop()
  }
  say(
    `on ${what}: /health ${spread(health, seconds)}, /ready ${spread(ready, seconds)}; at rest ${megabytes(rest5)}${later_s > 0 ? `, later ${megabytes(rest15)}` : ''}`
  )
  return { health, ready, rest5, rest15 }
}

/** The floor and its waiting tasks: everybody is offline. Written by the account itself, which is quicker than HTTP. */
async function fill(folder: string): Promise<void> {
  const store = await openStore({ schema, data: folder })
  const log = pino({ level: 'silent' })
  const options = { store, account_sid, log, settings: defaultSettings, seed: 1 }
  const ago = (minutes: number): Clock => ({
    now: () => Date.now() - minutes * ago_ms,
    at: () => () => {},
    notBefore: () => {}
  })
  const account = await Account.open({ ...options, clock: ago(2) })
  const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Bench' })
  const workspace_sid = workspace.sid
  const queueSids = await Promise.all(
    Array.from({ length: floor.queues }, async (_, i) => {
      const params = { workspace_sid, friendly_name: `Q${i}`, target_workers: targetWorkers(i) }
      return (await account.execute({ type: 'task_queue.create', ...params })).task_queue.sid
    })
  )
  const params = { workspace_sid, friendly_name: 'W', configuration: configuration(queueSids) }
  const { workflow } = await account.execute({ type: 'workflow.create', ...params })
  // Tasks come first, since nobody is looked at for them then.
  await inPieces(floor.tasks, (i) => {
    const attributes = taskAttributes(i, floor.queues)
    return account.execute({
      type: 'task.create',
      workspace_sid,
      workflow_sid: workflow.sid,
      attributes,
      timeout: 604_800
    })
  })
  await inPieces(floor.workers, (i) => {
    const attributes = workerAttributes(i, floor.queues)
    return account.execute({ type: 'worker.create', workspace_sid, friendly_name: `w${i}`, attributes })
  })
  await account.close()
  // The minutes before the last one that anything happened in are over: who starts on them does not count them again. What
  // came due after the first of them, ten thousand decisions, has a minute of its own, and the last one has next to nothing.
  for (const clock of [ago(1), new RealClock()]) {
    const later = await Account.open({ ...options, clock })
    const last = { type: 'workspace.update', sid: workspace_sid, friendly_name: `Bench at ${clock.now()}` } as const
    // What came due meanwhile is decided first, and the queue of an account is bounded.
    while (!(await later.execute(last).catch(() => false))) await pause(100)
    await later.close()
  }
  await store.close()
}

/** So many at a time: the queue of an account is bounded. */
const piece = 1_000

async function inPieces(count: number, make: (i: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += piece) {
    await Promise.all(Array.from({ length: Math.min(piece, count - from) }, (_, k) => make(from + k)))
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
