import { Connection } from './api.ts'
import { createTask, finish, makeFloor, reservationOf } from './contact.ts'
import { syncLatency } from './machine.ts'
import {
  atLeast,
  atMost,
  count,
  type Measured,
  median,
  ms,
  type Options,
  perSecond,
  quantile,
  say,
  spread,
  us
} from './measured.ts'
import { middleOf, sampleText, usedBy, usedSince } from './processor.ts'
import { startServer } from './server.ts'

const shape = { workers: 1000, queues: 50 }
const clients = 64

/** Durable task lifecycles a second through HTTP. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const server = await startServer({ profile })
  const floor = await makeFloor(server, shape)
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(server)))
  let i = 0
  let took: number[] = []
  /** Each client does one contact after the other. */
  const sample = async () => {
    took = []
    const begun = performance.now()
    const end = begun + seconds * 1000
    const pid = server.child.pid as number // it runs
    const before = usedBy(pid)
    await Promise.all(
      connections.map(async (connection) => {
        while (performance.now() < end) {
          const from = performance.now()
          const task = await createTask(connection, floor, i++)
          const reservation = await reservationOf(connection, task)
          if (reservation === undefined) throw new Error('invariant: somebody is free, so the task is offered at once')
          await finish(connection, task, reservation)
          took.push(performance.now() - from)
        }
      })
    )
    const elapsed_s = (performance.now() - begun) / 1000
    const used = usedSince(pid, before, took.length)
    const busy = (used.all * took.length) / (elapsed_s * 1e6)
    return { rate: took.length / elapsed_s, busy, used, p50: median(took), p99: quantile(took, 0.99) }
  }
  const before = syncLatency(server.folder)
  await sample()
  const samples: Awaited<ReturnType<typeof sample>>[] = []
  for (let k = 0; k < 3; k++) {
    const one = await sample()
    samples.push(one)
    say(
      `${sampleText(one)}, p50 ${ms(one.p50)}, p99 ${ms(one.p99)}; the server used ${(one.busy * 100).toFixed(0)} % of a core`
    )
  }
  for (const connection of connections) connection.close()
  const after = syncLatency(server.folder, 100)
  await server.stop()
  const rates = samples.map(({ rate }) => rate)
  const { rate, used } = middleOf(samples)
  return {
    figures: [
      atLeast('durable task lifecycles through HTTP', rate, 2000, perSecond),
      { what: 'fdatasync p99, before / after', figure: `${ms(before.p99)} / ${ms(after.p99)}` },
      atMost("server's processor time of a lifecycle, main thread", used.main, 400, us),
      atMost("server's processor time of a lifecycle, all threads", used.all, 600, us),
      { what: 'requests', figure: perSecond(rate * 4) },
      {
        what: 'one lifecycle, p50 / p99',
        figure: `${ms(median(samples.map(({ p50 }) => p50)))} / ${ms(median(samples.map(({ p99 }) => p99)))}`
      }
    ],
    how: `\`ringdown start\` in a process of its own with SQLite in a new folder; ${clients} clients in this process, each on one kept connection, each doing one contact after the other: create the task (offered at once), GET its reservations, accept, complete. All four answers are awaited, the three writes are durable when they come. ${count(shape.workers)} workers, ${shape.queues} queues. Minimum / median / maximum of three samples after one to warm up: ${spread(rates, perSecond)}; the server's threads used ${spread(
      samples.map(({ busy }) => busy * 100),
      (share) => share.toFixed(0)
    )} % of one core.`
  }
}
