import { readFileSync } from 'node:fs'
import { Connections, expected } from './api.ts'
import { queuesPerWorkflow, taskAttributes } from './floor.ts'
import {
  atMost,
  count,
  type Figure,
  type Measured,
  megabytes,
  type Options,
  perSecond,
  say,
  seconds
} from './measured.ts'
import { answers, processorTime, residentMegabytes, type Server, spawnServer, startServer } from './server.ts'

const shape = { workers: 15_000, queues: 5000, tasks: 100_000 }
/** So many may be available at the same time (reference taskrouter 10). */
const available = 7500
const expressions = 50
const clients = 64
const routing_s = 10
const maxMegabytes = 2048

interface Sid {
  readonly sid: string
}

/** How queues choose their workers, and what a worker says of itself. */
interface Variant {
  readonly name: string
  readonly targetWorkers: (queue: number) => string
  readonly attributes: (worker: number) => object
}

const variants: readonly Variant[] = [
  {
    name: `queues that share ${expressions} expressions`,
    targetWorkers: (queue) => `skills HAS "s${queue % expressions}" AND level >= 1`,
    attributes: (worker) => ({
      skills: [0, 7, 14].map((k) => `s${(worker + k) % expressions}`),
      level: 1 + (worker % 5)
    })
  },
  {
    name: 'queues that are all different',
    targetWorkers: (queue) => (queue % 2 === 0 ? `team == "t${queue}"` : `skills HAS "s${queue}"`),
    attributes: (worker) => ({
      team: `t${(2 * worker) % shape.queues}`,
      skills: [1, 1001, 2001].map((k) => `s${(2 * worker + k) % shape.queues}`)
    })
  }
]

/** The largest floor that Twilio allows, loaded by REST, restarted, and put to work. */
export async function measure({ profile }: Options): Promise<Measured> {
  const figures: Figure[] = []
  for (const variant of variants) figures.push(...(await measureVariant(variant, profile)))
  return {
    figures,
    how: `\`ringdown start\` in a process of its own with SQLite in a new folder. ${clients} kept connections create ${count(shape.queues)} queues, ${count(shape.workers)} workers (offline), ${count(shape.queues / queuesPerWorkflow)} workflows and ${count(shape.tasks)} tasks, which wait; every request is awaited, and durable when it is answered. Then the server is ended and started again. ${count(available)} workers become available one by one, each of whom is offered a task in the same decision; then, for ${routing_s} s, ${clients} of them at a time accept and complete, and get the next task. Rates are of requests (for the last, of contacts: four requests each); seconds in brackets are the server's processor time. Memory is the resident set.`
  }
}

async function measureVariant({ name, targetWorkers, attributes }: Variant, profile: string | undefined) {
  const figures: Figure[] = []
  const tell = (what: string, figure: string) => {
    say(`${name}: ${what}: ${figure}`)
    figures.push({ what: `${name}: ${what}`, figure })
  }
  const remember = (what: string, used: number) => {
    say(`${name}: ${what}: ${megabytes(used)}`)
    figures.push(atMost(`${name}: ${what}`, used, maxMegabytes, megabytes))
  }

  const loading = await startServer({ profile })
  const api = await Api.open(loading)
  const workspace = `/taskrouter/v1/Workspaces/${(await api.create('/taskrouter/v1/Workspaces', { FriendlyName: 'Bench' })).sid}`
  const load = async (
    what: string,
    n: number,
    params: (i: number) => Readonly<Record<string, string>>,
    path = what
  ) => {
    const begun = performance.now()
    const used = processorTime(loading.child) ?? Number.NaN
    const sids = await api.each(n, async (i) => (await api.create(`${workspace}/${path}`, params(i))).sid)
    const took_s = (performance.now() - begun) / 1000
    const busy_s = (processorTime(loading.child) ?? Number.NaN) - used
    tell(`${count(n)} ${what}`, `${seconds(took_s)}, ${perSecond(n / took_s)} (${seconds(busy_s)})`)
    return sids
  }
  const queues = await load('TaskQueues', shape.queues, (i) => ({
    FriendlyName: `Q${i}`,
    TargetWorkers: targetWorkers(i)
  }))
  const workers = await load('Workers', shape.workers, (i) => ({
    FriendlyName: `w${i}`,
    Attributes: JSON.stringify({ ...attributes(i), languages: i % 2 ? ['en', 'fr'] : ['en'] })
  }))
  const workflows = await load('Workflows', Math.ceil(shape.queues / queuesPerWorkflow), (i) => ({
    FriendlyName: `W${i}`,
    Configuration: configuration(queues, i * queuesPerWorkflow)
  }))
  await load('Tasks', shape.tasks, (i) => ({
    WorkflowSid: workflows[Math.floor((i % shape.queues) / queuesPerWorkflow)] as string, // every queue has one
    Attributes: taskAttributes(i, shape.queues),
    Timeout: '604800'
  }))
  remember('memory 5 s after that', await restedMegabytes(loading))
  remember('most memory so far', peakMegabytes(loading))
  api.close()
  const { folder } = loading
  const ending = performance.now()
  await loading.stop()
  tell('its end', seconds((performance.now() - ending) / 1000))

  const server = await spawnServer({ folder, profile })
  const ready_s = (await answers(server, '/ready')) / 1000
  tell('start to /ready', `${seconds(ready_s)} (${seconds(processorTime(server.child) ?? Number.NaN)})`)
  remember('memory 5 s after the start', await restedMegabytes(server))
  const again = await Api.open(server)
  await route(again, server, { workspace, workers, tell })
  remember('memory after routing', residentMegabytes(server.child) ?? Number.NaN)
  remember('most memory since the start', peakMegabytes(server))
  again.close()
  await server.stop()
  return figures
}

interface Floor {
  readonly workspace: string
  readonly workers: readonly string[]
  readonly tell: (what: string, figure: string) => void
}

/** Workers come, are offered what waits, and work it off. */
async function route(api: Api, server: Server, { workspace, workers, tell }: Floor): Promise<void> {
  const { activities } = await api.get<{ readonly activities: readonly (Sid & { readonly available: boolean })[] }>(
    `${workspace}/Activities`
  )
  const ActivitySid = activities.find((activity) => activity.available)?.sid
  if (!ActivitySid) throw new Error('invariant: a new workspace has an available activity')
  let begun = performance.now()
  let used = processorTime(server.child) ?? Number.NaN
  const rated = (n: number) => {
    const took_s = (performance.now() - begun) / 1000
    const busy_s = (processorTime(server.child) ?? Number.NaN) - used
    return `${seconds(took_s)}, ${perSecond(n / took_s)} (${seconds(busy_s)})`
  }
  await api.each(available, (i) => api.post(`${workspace}/Workers/${workers[i]}`, { ActivitySid }))
  tell(`${count(available)} workers become available`, rated(available))
  const { tasks_by_status } = await api.get<{ readonly tasks_by_status: Readonly<Record<string, number>> }>(
    `${workspace}/RealTimeStatistics`
  )
  tell('of whom so many were offered a task', count(tasks_by_status.reserved ?? 0))

  begun = performance.now()
  used = processorTime(server.child) ?? Number.NaN
  const end = begun + routing_s * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let i = client; performance.now() < end; i = (i + clients) % available) {
        const { reservations } = await api.get<{
          readonly reservations: readonly (Sid & { readonly task_sid: string })[]
        }>(`${workspace}/Workers/${workers[i]}/Reservations?ReservationStatus=pending`)
        const [offer] = reservations
        if (!offer) continue // nobody waits for this one, or its minutes are over
        const task = `${workspace}/Tasks/${offer.task_sid}`
        await api.post(`${task}/Reservations/${offer.sid}`, { ReservationStatus: 'accepted' })
        await api.post(task, { AssignmentStatus: 'completed', Reason: 'done' })
        done++
      }
    })
  )
  tell('contacts worked off, whose workers are offered the next task', rated(done))
}

/** The API on some kept connections. */
class Api {
  readonly #connections: Connections

  private constructor(connections: Connections) {
    this.#connections = connections
  }

  static async open(server: Server): Promise<Api> {
    return new Api(await Connections.open(server, clients))
  }

  get<T>(path: string): Promise<T> {
    return this.#connections.with(async (connection) => expected<T>(await connection.get(path), 200))
  }

  create(path: string, params: Readonly<Record<string, string>>): Promise<Sid> {
    return this.#connections.with(async (connection) => expected<Sid>(await connection.post(path, params), 201))
  }

  post(path: string, params: Readonly<Record<string, string>>): Promise<Sid> {
    return this.#connections.with(async (connection) => expected<Sid>(await connection.post(path, params), 200))
  }

  /** Does something for 0 to n - 1, as many at a time as there are connections; answers are in order. */
  async each<T>(n: number, act: (i: number) => Promise<T>): Promise<T[]> {
    const answered: T[] = []
    let next = 0
    await Promise.all(
      Array.from({ length: clients }, async () => {
        for (let i = next++; i < n; i = next++) answered[i] = await act(i)
      })
    )
    return answered
  }

  close(): void {
    this.#connections.close()
  }
}

/** One filter a queue. Nobody is waited for so long that a task moves to its second target while it is measured. */
function configuration(queues: readonly string[], from: number): string {
  const filters = queues.slice(from, from + queuesPerWorkflow).map((queue, i) => ({
    filter_friendly_name: `F${from + i}`,
    expression: `topic == 't${from + i}'`,
    targets: [{ queue, expression: 'worker.languages HAS task.language', timeout: 86_400 }, { queue }]
  }))
  return JSON.stringify({ task_routing: { filters, default_filter: { queue: queues[from] } } })
}

async function restedMegabytes({ child }: Server): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 5000))
  return residentMegabytes(child) ?? Number.NaN
}

/** The most that was ever resident; NaN where there is no /proc. */
function peakMegabytes({ child }: Server): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}
