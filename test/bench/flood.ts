import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Connection, expected } from './api.ts'
import { createTask, makeFloor } from './contact.ts'
import { endWithRun } from './lifetime.ts'
import { atMost, type Figure, type Measured, ms, type Options, quantile, say, times } from './measured.ts'
import { type Server, startServer } from './server.ts'
import type { Door, Strangers } from './strangers.ts'

/** Connections of callers that nobody knows, each of which sends its next request when the last one is answered. */
const strangers = 24
/** Between two requests of the one whose answers are timed, in milliseconds. */
const pace_ms = 2

const megabytes = 'x'.repeat(4 * 1024 * 1024 - 1024)
type Address = Pick<Strangers, 'host' | 'port'>

const token = `${'a'.repeat(40)}.${'b'.repeat(4000)}.${'c'.repeat(43)}`
const nested = `{"params":${'[{"a":'.repeat(7000)}1${'}]'.repeat(7000)},"token":"${token}"}`

const doors: readonly Door[] = [
  {
    name: "the worker SDK's calls, 64 kB",
    path: '/event-bridge/v1/wschannels',
    headers: { 'content-type': 'text/plain' },
    body: nested
  },
  {
    name: "the worker SDK's calls, 4 MB",
    path: '/event-bridge/v1/wschannels',
    headers: { 'content-type': 'text/plain' },
    body: `{"params":{"a":"${megabytes}"},"token":"${token}"}`
  },
  { name: "the worker SDK's socket", path: `/event-bridge/v1/wschannels?token=${token}`, headers: {}, body: undefined },
  { name: "the feed's socket", path: '/ringdown/v1/Events/socket', headers: {}, body: undefined },
  {
    name: 'REST, 4 MB',
    path: '/taskrouter/v1/Workspaces',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `FriendlyName=${megabytes}`
  },
  {
    name: 'MCP, 4 MB',
    path: '/mcp',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: `{"jsonrpc":"2.0","id":1,"method":"${megabytes}"}`
  }
]

/** What others' requests take beside a flood of requests without credentials, relative to a server that has none. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const server = await startServer({ profile })
  const figures = await floodFigures(server, seconds)
  await server.stop()
  return {
    figures,
    how: `${strangers} connections, each with one request under way, no credentials or wrong ones; meanwhile one connection with the right ones fetches a task every ${pace_ms} ms. The generator shares the machine's processors with the server, so the bound counts from what the same flood costs those requests when it goes to another process, which answers 401 and hangs up (or from no flood, where that is more); the ratio to no flood at all stands beside.`
  }
}

/** The figures of `measure`, of a server that is there already; seconds are those of one sample. */
export async function floodFigures(server: Server, seconds: number): Promise<Figure[]> {
  const floor = await makeFloor(server, { workers: 10, queues: 2 })
  const connection = await Connection.open(server)
  const path = await createTask(connection, floor, 0)
  await p99Of(connection, path, seconds)
  const figures: Figure[] = []
  const neighbour = await startNeighbour()
  for (const door of doors) {
    const beside = async (flooded: Address) => {
      const flood = await floodOf(flooded, door)
      const p99 = await p99Of(connection, path, seconds)
      return { p99, sent: await flood.stop() }
    }
    const alone = await p99Of(connection, path, seconds)
    const ours = await beside(server)
    const machine = await beside(neighbour)
    say(
      `${door.name}: p99 ${ms(alone)} alone, ${ms(ours.p99)} beside ${ours.sent} requests of strangers, ${ms(machine.p99)} beside ${machine.sent} to another process`
    )
    // What the generator takes of the machine is not the server's to give back.
    const without = Math.max(alone, machine.p99)
    figures.push(
      atMost(
        `p99 of others beside a flood of ${door.name}, over the same at another process`,
        ours.p99 / without,
        2,
        times
      ),
      { what: 'the same over no flood at all', figure: times(ours.p99 / alone) }
    )
  }
  await neighbour.stop()
  connection.close()
  return figures
}

/** A process that answers each request 401 and hangs up, without a look at its body: what a flood costs at the least. */
async function startNeighbour(): Promise<Address & { stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL('./neighbour.js', import.meta.url)))
  const stop = endWithRun(child)
  const [port] = (await once(child, 'message')) as [number] // what it tells
  return { host: '127.0.0.1', port, stop }
}

async function p99Of(connection: Connection, path: string, seconds: number): Promise<number> {
  const taken: number[] = []
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const begun = performance.now()
    expected(await connection.get(path), 200)
    taken.push(performance.now() - begun)
    await new Promise((resolve) => setTimeout(resolve, pace_ms))
  }
  return quantile(taken, 0.99)
}

/** Strangers in a process of their own, so that what they cost is not the measuring one's. */
async function floodOf({ host, port }: Address, door: Door): Promise<{ stop(): Promise<number> }> {
  const child = fork(fileURLToPath(new URL('./strangers.js', import.meta.url)))
  const end = endWithRun(child)
  child.send({ host, port, connections: strangers, ...door } satisfies Strangers)
  await once(child, 'message') // the first of them is answered
  return {
    async stop() {
      child.send('stop')
      const [sent] = (await once(child, 'message')) as [number] // what it tells
      await end()
      return sent
    }
  }
}
