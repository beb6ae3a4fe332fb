import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Connection, expected } from './api.ts'
import type { ColdCompile } from './cold-compile.ts'
import { endWithRun } from './lifetime.ts'
import { atMost, count, type Figure, type Measured, median, ms, quantile, say } from './measured.ts'
import { type Server, startServer } from './server.ts'
import { postgresSchema } from './store.ts'

const workers = 500
/** Characters of an expression that is taken. */
const maxLength = 99_900
/** Milliseconds that nothing legal may keep others waiting. */
const bound = 100

/** What others wait at most while somebody does what is legal and long: expressions of 100 kB, over many workers. */
export async function measure(): Promise<Measured> {
  const database = await postgresSchema()
  if (database === undefined) say('no PostgreSQL on 127.0.0.1:5432 or at DATABASE_URL: its part is left out')
  const figures = [await coldCompile(), ...(await figuresOf('SQLite'))]
  if (database !== undefined) figures.push(...(await figuresOf('PostgreSQL', database)))
  return {
    figures,
    how: `\`ringdown start\` in a process of its own with ${workers} workers, each with a list of ${count(list.length)} skills. On one connection a queue is made by an expression of 100 kB no two of whose comparisons read the same attribute, another one by one that asks the lists as often as fits, and a workflow whose target has such an expression, through which a task is offered; none of them was seen by that process before. Meanwhile another connection reads the workspace, one request after the other; the figure is the longest of those. The compilation by itself is the first thing that a process does with an expression: all threads' processor time, median of ${processes} processes.`
  }
}

const list = Array.from({ length: 200 }, (_, n) => `skill-${n}`)

/** Comparisons that read something else each; true where the last one is. */
function different(prefix: string): string {
  let text = ''
  for (let n = 0; text.length < maxLength - 20; n++) text += `${prefix}q${n.toString(36)} OR `
  return `${text}${prefix}last == true`
}

/** Asks a list for one thing after the other; true where the last one is in it. */
function membership(): string {
  let text = ''
  for (let n = 0; text.length < maxLength - 40; n++) text += `skills HAS 'no-${n.toString(36)}' OR `
  return `${text}skills HAS 'skill-199'`
}

const processes = 7

/** The one turn that cannot be taken in pieces; by the processor's time, so that neighbours do not count. */
async function coldCompile(): Promise<Figure> {
  const took: number[] = []
  for (let n = 0; n < processes; n++) {
    const child = fork(fileURLToPath(new URL('./cold-compile.js', import.meta.url)))
    const stop = endWithRun(child)
    child.send(different(`p${n}`))
    const [told] = (await once(child, 'message')) as [ColdCompile] // it says nothing else
    took.push(told.processor_ms)
    await stop()
  }
  const what = 'compiling 100 kB of comparisons for the first time in a process, processor time'
  return atMost(what, median(took), bound, ms)
}

async function figuresOf(name: string, database?: string): Promise<Figure[]> {
  const server = await startServer({ database })
  const connection = await Connection.open(server)
  const create = async (path: string, params: Readonly<Record<string, string>>) =>
    expected<{ readonly sid: string }>(await connection.post(path, params), 201).sid
  const workspace = `/taskrouter/v1/Workspaces/${await create('/taskrouter/v1/Workspaces', { FriendlyName: 'Turns' })}`
  const { activities } = expected<{ readonly activities: readonly { sid: string; available: boolean }[] }>(
    await connection.get(`${workspace}/Activities`),
    200
  )
  const ActivitySid = activities.find(({ available }) => available)?.sid ?? ''
  for (let n = 0; n < workers; n++)
    await create(`${workspace}/Workers`, {
      FriendlyName: `w${n}`,
      ActivitySid,
      Attributes: JSON.stringify({ skills: list, last: n % 5 === 0 })
    })
  const queue = await create(`${workspace}/TaskQueues`, { FriendlyName: 'Everybody' })
  const figures: Figure[] = []
  const meanwhile = async (what: string, work: () => Promise<unknown>) => {
    const waits = await waitsDuring(server, workspace, work)
    const longestWait = quantile(waits, 1)
    say(`${name}, ${what}: ${ms(longestWait)}, p99 ${ms(quantile(waits, 0.99))} of ${count(waits.length)}`)
    figures.push(atMost(`${name}: others wait at most, while ${what}`, longestWait, bound, ms))
  }
  const queueOf = (FriendlyName: string, TargetWorkers: string) => async () => {
    const sid = await create(`${workspace}/TaskQueues`, { FriendlyName, TargetWorkers })
    await until(async () => (await eligible(connection, `${workspace}/TaskQueues/${sid}`)) > 0)
  }
  await meanwhile('a queue is made by 100 kB of comparisons', queueOf('Different', different('')))
  await meanwhile('a queue is made by 100 kB of questions to lists', queueOf('Lists', membership()))
  await meanwhile('a task is offered through a target of 100 kB', async () => {
    const target = { queue, expression: different('worker.') }
    const filters = [{ filter_friendly_name: 'All', expression: '1==1', targets: [target] }]
    const Configuration = JSON.stringify({ task_routing: { filters } })
    const WorkflowSid = await create(`${workspace}/Workflows`, { FriendlyName: 'Long', Configuration })
    const task = `${workspace}/Tasks/${await create(`${workspace}/Tasks`, { WorkflowSid, Attributes: '{}' })}`
    await until(async () => {
      const { assignment_status } = expected<{ assignment_status: string }>(await connection.get(task), 200)
      return assignment_status === 'reserved'
    })
  })
  connection.close()
  await server.stop()
  return figures
}

async function eligible(connection: Connection, queue: string): Promise<number> {
  const { realtime } = expected<{ readonly realtime: { readonly total_eligible_workers: number } }>(
    await connection.get(`${queue}/Statistics`),
    200
  )
  return realtime.total_eligible_workers
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 3000; n++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it has not come to that in half a minute')
}

/** Milliseconds of each request of somebody else, as long as the work lasts. */
async function waitsDuring(server: Server, path: string, work: () => Promise<unknown>): Promise<number[]> {
  const other = await Connection.open(server)
  for (let n = 0; n < 500; n++) expected(await other.get(path), 200)
  const waits: number[] = []
  let isOver = false
  const asking = (async () => {
    while (!isOver) {
      const begun = performance.now()
      expected(await other.get(path), 200)
      waits.push(performance.now() - begun)
    }
  })()
  try {
    await work()
  } finally {
    isOver = true
    await asking
    other.close()
  }
  return waits
}
