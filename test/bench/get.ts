import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { Connection, expected } from './api.ts'
import type { Told } from './bare.ts'
import { createTask, makeFloor } from './contact.ts'
import { endWithRun } from './lifetime.ts'
import { atLeast, type Measured, median, type Options, perSecond, say, spread, times } from './measured.ts'
import { middleOf, sampleText, usedBy, usedSince } from './processor.ts'
import { startServer } from './server.ts'

const pairs = 5
const connections = 16

/** GET of a task, relative to bare Fastify sending the same bytes with the same headers. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const server = await startServer({ profile })
  const floor = await makeFloor(server, { workers: 50, queues: 10 })
  const connection = await Connection.open(server)
  const path = await createTask(connection, floor, 0)
  const answer = await connection.get(path)
  expected(answer, 200)
  connection.close()
  const told = { body: answer.body, headers: ownHeaders(answer.head) } satisfies Told
  const bare = await startBare(told)

  const shoot = async (port: number, child: ChildProcess, duration: number) => {
    const pid = child.pid as number // it runs
    const before = usedBy(pid)
    const headers = { authorization: server.authorization }
    const result = await autocannon({ url: `http://${server.host}:${port}${path}`, connections, duration, headers })
    if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx + result.errors} requests went wrong`)
    return {
      rate: result.requests.total / result.duration,
      used: usedSince(pid, before, result.requests.total),
      bytes: result.throughput.total / result.requests.total
    }
  }
  const ours: Awaited<ReturnType<typeof shoot>>[] = []
  const theirs: Awaited<ReturnType<typeof shoot>>[] = []
  await shoot(server.port, server.child, seconds)
  await shoot(bare.port, bare.child, seconds)
  for (let pair = 0; pair < pairs; pair++) {
    // Alternately the one and the other first.
    const both = [
      async () => ours.push(await shoot(server.port, server.child, seconds)),
      async () => theirs.push(await shoot(bare.port, bare.child, seconds))
    ]
    for (const one of pair % 2 ? both.reverse() : both) await one()
    const [mine, other] = [ours[pair]?.rate ?? 0, theirs[pair]?.rate ?? 0]
    say(`Ringdown ${perSecond(mine)}, bare Fastify ${perSecond(other)}: ${times(mine / other)}`)
  }
  await server.stop()
  await bare.stop()
  const [rates, bareRates] = [ours, theirs].map((all) => all.map(({ rate }) => rate)) as [number[], number[]] // two in, two out
  const [own, peer] = [middleOf(ours), middleOf(theirs)]
  const ratios = rates.map((rate, pair) => rate / (bareRates[pair] ?? Number.NaN))
  const [size, bareSize] = [ours[0]?.bytes ?? 0, theirs[0]?.bytes ?? 0]
  return {
    figures: [
      atLeast('GET of a task over bare Fastify, requests a second', median(rates) / median(bareRates), 0.8, times),
      { what: 'Ringdown', figure: sampleText(own) },
      { what: 'bare Fastify', figure: sampleText(peer) },
      {
        what: "bare Fastify's processor time over Ringdown's, main thread",
        figure: times(peer.used.main / own.used.main)
      },
      { what: 'GET of a task over Prism', figure: 'not measured: Prism is not installed', target: '>= 20.00x' }
    ],
    how: `Two servers, each in a process of its own: \`ringdown start\`, and Fastify as it comes with one route that sends the body and headers which Ringdown had sent (${size.toFixed(0)} and ${bareSize.toFixed(0)} bytes an answer). autocannon with ${connections} connections in this process shoots at one and then at the other, ${pairs} pairs; the ratio is that of the medians. By pair, minimum / median / maximum: ${spread(ratios, times)}; Ringdown ${spread(rates, perSecond)}, bare ${spread(bareRates, perSecond)}. The generator shares the machine; where it, and not the server, is the slower one, the ratio of processor times is the stricter figure.`
  }
}

/** The headers that Ringdown sets itself: Node adds the others to every answer. */
function ownHeaders(head: string): Record<string, string> {
  const lines = head.split('\r\n').slice(1)
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const added = new Set(['date', 'connection', 'keep-alive', 'content-length'])
  return Object.fromEntries(pairs.filter(([name]) => !added.has(name.toLowerCase())))
}

async function startBare(told: Told): Promise<{ port: number; child: ChildProcess; stop: () => Promise<void> }> {
  const child = fork(fileURLToPath(new URL('./bare.js', import.meta.url)))
  const stop = endWithRun(child)
  child.send(told)
  const [port] = (await once(child, 'message')) as [number] // what it tells
  return { port, child, stop }
}
