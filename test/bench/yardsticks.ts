import { join } from 'node:path'
import { RealClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { schema } from '@ringdown/server/schema'
import { openPostgres } from '@ringdown/server/store/postgres'
import { openSqlite } from '@ringdown/server/store/sqlite'
import type { Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { configuration, targetWorkers, taskAttributes, workerAttributes } from './floor.ts'
import { atEnd, temporaryFolder } from './lifetime.ts'
import { count, type Figure, type Measured, type Options, perSecond, say, spread, times } from './measured.ts'
import { type Contender, openBullmq, openGraphileWorker, startSyncedRedis } from './peers.ts'
import { middleOf, type Sample, sampled, sampleText, usedText } from './processor.ts'
import { account_sid } from './server.ts'
import { postgresSchema } from './store.ts'

const shape = { workers: 1000, queues: 50 }
const clients = 32
const payload = (i: number) => taskAttributes(i, shape.queues)

/** Work through Ringdown's engine and store, beside queues that many people know, in the same run. */
export async function measure({ seconds }: Options): Promise<Measured> {
  const contenders: Readonly<Record<string, Contender | string>> = {
    'Ringdown on SQLite': await openSqliteCenter(),
    'BullMQ on Redis': await openBullmq(clients, payload),
    'BullMQ on a Redis that syncs': await openBullmq(clients, payload, await startSyncedRedis()),
    'Ringdown on PostgreSQL': await openPostgresCenter(),
    'graphile-worker on PostgreSQL': await openGraphileWorker(clients, payload)
  }
  const results = new Map<string, Sample[]>()
  let i = 0
  // In turns: what else the machine does meets all of them. The first round warms up.
  for (let round = 0; round < 4; round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      if (typeof contender === 'string') continue
      const one = await sample(contender, round === 0 ? seconds / 2 : seconds, () => i++)
      if (round === 0) continue
      results.set(name, [...(results.get(name) ?? []), one])
      say(`${name}: ${sampleText(one)}`)
    }
  }
  for (const contender of Object.values(contenders)) if (typeof contender !== 'string') await contender.close()
  const resultOf = (name: string): Sample | undefined => {
    const found = results.get(name)
    return found && middleOf(found)
  }
  const figures = Object.entries(contenders).flatMap(([name, contender]): Figure[] => {
    const result = resultOf(name)
    if (!result) return [{ what: name, figure: typeof contender === 'string' ? contender : 'not measured' }]
    return [
      { what: `${name}: lifecycles`, figure: perSecond(result.rate) },
      { what: `${name}: processor time of this process for one`, figure: usedText(result.used) }
    ]
  })
  const ratio = (ours: string, theirs: string): Figure[] => {
    const [mine, other] = [resultOf(ours), resultOf(theirs)]
    if (!mine || !other) return []
    return [{ what: `${ours} over ${theirs}`, figure: times(mine.rate / other.rate) }]
  }
  const durable = Object.entries(contenders).flatMap(([name, contender]) =>
    typeof contender === 'string' ? [] : [`${name}: ${contender.durability}`]
  )
  const spreads = Object.keys(contenders).flatMap((name) => {
    const rates = results.get(name)?.map(({ rate }) => rate)
    return rates ? [`${name} ${spread(rates, perSecond)}`] : []
  })
  return {
    figures: [
      ...figures,
      ...ratio('Ringdown on SQLite', 'BullMQ on Redis'),
      ...ratio('Ringdown on SQLite', 'BullMQ on a Redis that syncs'),
      ...ratio('Ringdown on PostgreSQL', 'graphile-worker on PostgreSQL')
    ],
    how: `All in this process, without HTTP (that is the row \`http\`): ${clients} loops, each of which adds a piece of work, waits until it has been started and completed, and adds the next one. With Ringdown that is a task that is created (and offered to one of ${count(shape.workers)} workers, ${shape.queues} queues, in the same decision), accepted and completed: three commands, each awaited until it is durable, with all events. With a queue it is a job whose handler does nothing, at a concurrency of ${clients}, in its usual configuration; completed jobs are removed. The Redis of this machine is taken as it is, and one is started that syncs to disk as the others do. The payload is a task's attributes. What a queue's server (Redis, PostgreSQL) uses itself is not in this process's processor time; SQLite is. Durability: ${durable.join('; ')}. Three samples each, in turns, minimum / median / maximum: ${spreads.join('; ')}.`
  }
}

function sample(contender: Contender, duration_s: number, next: () => number): Promise<Sample> {
  return sampled(process.pid, async () => {
    const end = performance.now() + duration_s * 1000
    let done = 0
    await Promise.all(
      Array.from({ length: clients }, async () => {
        while (performance.now() < end) {
          await contender.lifecycle(next())
          done++
        }
      })
    )
    return done
  })
}

async function openSqliteCenter(): Promise<Contender> {
  const store = await openSqlite({ schema, path: join(temporaryFolder(), 'store.sqlite') })
  return openCenter(store, 'each commit is synced to disk (WAL, synchronous=FULL), many decisions to a commit')
}

async function openPostgresCenter(): Promise<Contender | string> {
  const url = await postgresSchema()
  if (url === undefined) return 'not measured: no PostgreSQL answers'
  return openCenter(await openPostgres({ schema, url }), 'as for its peer, many decisions to a transaction')
}

/** An account with the floor of the row `http`, everybody available, and contacts as its work. */
async function openCenter(store: Store, durability: string): Promise<Contender> {
  const closeStore = atEnd(() => store.close())
  await store.migrate()
  const log = pino({ level: 'silent' })
  const account = await Account.open({ store, account_sid, clock: new RealClock(), log, seed: 1 })
  const close = atEnd(async () => {
    await account.close()
    await closeStore()
  })
  const { workspace } = await account.execute({ type: 'workspace.create', friendly_name: 'Bench' })
  const workspace_sid = workspace.sid
  const queueSids = await Promise.all(
    Array.from({ length: shape.queues }, async (_, i) => {
      const params = { workspace_sid, friendly_name: `Q${i}`, target_workers: targetWorkers(i) }
      return (await account.execute({ type: 'task_queue.create', ...params })).task_queue.sid
    })
  )
  const params = { workspace_sid, friendly_name: 'W', configuration: configuration(queueSids) }
  const workflow_sid = (await account.execute({ type: 'workflow.create', ...params })).workflow.sid
  const { activity, reservation } = account.state.tables
  const activity_sid = activity.firstBy('name', `${workspace_sid}/Available`)?.sid as string // every workspace has it
  await Promise.all(
    Array.from({ length: shape.workers }, (_, i) => {
      const attributes = workerAttributes(i, shape.queues)
      return account.execute({ type: 'worker.create', workspace_sid, friendly_name: `w${i}`, activity_sid, attributes })
    })
  )
  return {
    async lifecycle(i) {
      const { task } = await account.execute({
        type: 'task.create',
        workspace_sid,
        workflow_sid,
        attributes: payload(i)
      })
      const offer = reservation.firstBy('task_sid', task.sid)
      if (!offer) throw new Error('invariant: somebody is free, so the task is offered at once')
      const task_sid = task.sid
      const accepted = { workspace_sid, task_sid, sid: offer.sid, reservation_status: 'accepted' } as const
      await account.execute({ type: 'reservation.update', ...accepted })
      const completed = { workspace_sid, sid: task_sid, assignment_status: 'completed', reason: 'done' } as const
      await account.execute({ type: 'task.update', ...completed })
    },
    durability,
    close
  }
}
