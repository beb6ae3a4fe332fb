import { join } from 'node:path'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { Connections } from './api.ts'
import { makeFloor } from './contact.ts'
import { fill, segments } from './insights.ts'
import { offering, warmUp_s } from './latency.ts'
import { temporaryFolder } from './lifetime.ts'
import { atMost, count, type Measured, median, ms, type Options, say, spread, times } from './measured.ts'
import { startServer } from './server.ts'

const atOnce = 20
const rounds = 7
const day_ms = 86_400_000

/** From a task's creation to its reservation being visible, with twenty questions at once all the time, and without any. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const folder = temporaryFolder()
  const now = Date.now()
  const store = await openStore({ schema, data: join(folder, 'ringdown') })
  await store.migrate()
  await fill(store, join(folder, 'segments.csv'), now)
  await store.close()
  const server = await startServer({ folder, profile })
  const floor = await makeFloor(server, { workers: 1000, queues: 50 })
  const connections = await Connections.open(server, 128)
  const sample = offering(server, floor, connections)
  const asked = await questionsOf(server, now)
  await sample(warmUp_s)
  // Both together, too: until V8 has compiled what answers.
  const warm = asked()
  await sample(seconds)
  await warm()
  const [quiet, busy]: [number[], number[]] = [[], []]
  let answered = 0
  for (let round = 0; round < rounds; round++) {
    quiet.push((await sample(seconds)).visible.p99)
    const stop = asked()
    busy.push((await sample(seconds)).visible.p99)
    const { answers, took } = await stop()
    answered += answers
    say(
      `visible p99 ${ms(quiet.at(-1) ?? 0)} alone, ${ms(busy.at(-1) ?? 0)} beside ${answers} answers of ${ms(median(took))}`
    )
  }
  connections.close()
  await server.stop()
  if (answered === 0) throw new Error('invariant: questions are answered')
  const what = `task created to reservation visible, 500 tasks/s offered, p99, with ${atOnce} questions at once over without`
  return {
    figures: [
      atMost(what, median(busy) / median(quiet), 1.5, times),
      { what: 'the p99 without / with them', figure: `${spread(quiet, ms)} / ${spread(busy, ms)}` }
    ],
    how: `One process, SQLite with ${count(segments)} segments over 13 months. ${atOnce} clients ask one question after the other over HTTP (a metric by queue and day of some month, service levels, a percentile), while contacts come as in the row about their latency; in turns with samples in which nobody asks. ${count(answered)} questions were answered.`
  }
}

interface Asked {
  readonly answers: number
  /** Milliseconds of each. */
  readonly took: readonly number[]
}

/** The answered function has clients ask until what it answers is called. */
async function questionsOf(
  { host, port, authorization }: { readonly host: string; readonly port: number; readonly authorization: string },
  now: number
): Promise<() => () => Promise<Asked>> {
  const url = `http://${host}:${port}/ringdown/v1/Insights/Query`
  const metrics = [['handled'], ['service_level'], ['queue_time_p90'], ['talk_time', 'abandoned']]
  const ask = async (n: number) => {
    const back = (days: number) => new Date(now - (days + (n % 200)) * day_ms).toISOString()
    const question = {
      metrics: metrics[n % metrics.length],
      ...{ groupBy: ['task_queue'], interval: 'P1D', timeZone: 'Europe/Paris', from: back(40), to: back(10) }
    }
    const headers = { authorization, 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(question) })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`a question is answered ${response.status}: ${text.slice(0, 200)}`)
  }
  await ask(0)
  return () => {
    let isOver = false
    const took: number[] = []
    const clients = Array.from({ length: atOnce }, async (_, client) => {
      for (let n = client; !isOver; n += atOnce) {
        const begun = performance.now()
        await ask(n)
        took.push(performance.now() - begun)
      }
    })
    return async () => {
      isOver = true
      await Promise.all(clients)
      return { answers: took.length, took }
    }
  }
}
