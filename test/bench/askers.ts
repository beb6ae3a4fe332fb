import { Agent, request } from 'node:http'
import { constants, setPriority } from 'node:os'
import { helpersGiveWay } from './processor.ts'

/*
 * The clients of the row `questions`, in a process of their own that takes what others leave of the processors: each asks
 * its next question when the last one is answered. At 'ask' they begin and at 'stop' they end, and tell what each answer
 * took, in milliseconds; the first question is asked before all, alone. Ends with the process that started it.
 */

export interface Asking {
  readonly host: string
  readonly port: number
  readonly authorization: string
  readonly clients: number
  /** The instant before which the asked days are. */
  readonly now: number
}

const path = '/ringdown/v1/Insights/Query'
const day_ms = 86_400_000
const metrics = [['handled'], ['service_level'], ['queue_time_p90'], ['talk_time', 'abandoned']]

setPriority(constants.priority.PRIORITY_LOW)
helpersGiveWay()

process.once('message', async (message) => {
  const asking = message as Asking // the first message
  const agent = new Agent({ keepAlive: true })
  await ask(asking, agent, 0)
  let isOver = true
  let clients: Promise<unknown> = Promise.resolve()
  let took: number[] = []
  process.on('message', async (word) => {
    isOver = word !== 'ask'
    await clients
    if (isOver) return process.send?.(took)
    took = []
    const one = async (client: number) => {
      for (let n = client; !isOver; n += asking.clients) {
        const begun = performance.now()
        await ask(asking, agent, n)
        took.push(performance.now() - begun)
      }
    }
    clients = Promise.all(Array.from({ length: asking.clients }, (_, client) => one(client)))
  })
  process.send?.('ready')
})
process.on('disconnect', () => process.exit())

/** Resolves when it is answered in whole. What it says nobody reads: that takes as long as the network wants. */
function ask({ host, port, authorization, now }: Asking, agent: Agent, n: number): Promise<void> {
  const back = (days: number) => new Date(now - (days + (n % 200)) * day_ms).toISOString()
  const question = {
    metrics: metrics[n % metrics.length],
    ...{ groupBy: ['task_queue'], interval: 'P1D', timeZone: 'Europe/Paris', from: back(40), to: back(10) }
  }
  const headers = { authorization, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method: 'POST', headers, agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`a question is answered ${answer.statusCode}`))
      answer.resume().on('end', resolve).on('error', reject)
    })
    asked.on('error', reject)
    asked.end(JSON.stringify(question))
  })
}
