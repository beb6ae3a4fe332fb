import { onTestFinished } from 'vitest'
import { postgresPlace } from '../store/places.ts'
import { type World, world } from '../support/world.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

/** A small floor with two queues, and a hand on the clock: stories are told by it. */
export interface Floor {
  readonly world: World
  readonly workspace: string
  readonly queues: Readonly<Record<string, string>>
  readonly workers: Readonly<Record<string, string>>
  readonly activities: Readonly<Record<string, string>>
  get(path: string): Promise<Answer>
  post(path: string, form?: Record<string, string>): Promise<Answer>
  json(path: string, body: unknown): Promise<{ status: number; body: Answer; headers: Headers }>
  /** The rows of an answer. */
  rows(question: object): Promise<Answer[]>
  task(queue: string, attributes?: object, more?: Record<string, string>): Promise<string>
  /** Accepts, rejects … what a worker is offered of a task. */
  reservation(worker: string, task: string, status: string): Promise<void>
  finish(task: string, status?: string): Promise<void>
  move(worker: string, activity: string): Promise<void>
  pass(seconds: number): Promise<void>
}

const taskrouter = '/taskrouter/v1/Workspaces'

export async function floor(database?: string, options: Parameters<typeof world>[0] = {}): Promise<Floor> {
  const place = database === undefined ? undefined : await postgresPlace(database)
  if (place) onTestFinished(() => place.clear())
  const here = await world({ ...options, ...(place && { database: place.url }) })
  onTestFinished(() => here.close())
  await here.running.account
  const checked = async (path: string, form?: Record<string, string>) => {
    const { status, body } = await here.call(path, form)
    if (status >= 400) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const { sid: workspace } = await checked(taskrouter, { FriendlyName: 'Floor' })
  const base = `${taskrouter}/${workspace}`
  const { activities } = await checked(`${base}/Activities`)
  const named = Object.fromEntries(activities.map((one: Answer) => [one.friendly_name, one.sid]))
  const queues: Record<string, string> = {}
  for (const name of ['Support', 'Sales'])
    queues[name] = (
      await checked(`${base}/TaskQueues`, { FriendlyName: name, TargetWorkers: `queues HAS "${name}"` })
    ).sid
  // Who waits in Sales for two minutes is moved to Support.
  const filters = Object.entries(queues).map(([name, queue]) => ({
    expression: `queue == "${name}"`,
    targets: name === 'Sales' ? [{ queue, timeout: 120 }, { queue: queues.Support }] : [{ queue }]
  }))
  const workflow = await checked(`${base}/Workflows`, {
    FriendlyName: 'All',
    TaskReservationTimeout: '30',
    Configuration: JSON.stringify({ task_routing: { filters, default_filter: { queue: queues.Support } } })
  })
  const workers: Record<string, string> = {}
  for (const [name, of, team] of [
    ['ada', ['Support'], 'north'],
    ['bea', ['Support', 'Sales'], 'south']
  ] as const)
    workers[name] = (
      await checked(`${base}/Workers`, {
        FriendlyName: name,
        Attributes: JSON.stringify({
          ...{ queues: of, team_name: team, contact_uri: `client:${name}`, routing: { skills: ['fr'] } }
        })
      })
    ).sid
  const sidOf = (of: Record<string, string>, name: string) => of[name] ?? name
  const made: Floor = {
    world: here,
    workspace,
    queues,
    workers,
    activities: named,
    get: (path) => checked(path),
    post: (path, form = {}) => checked(path, form),
    async json(path, body) {
      const headers = { 'content-type': 'application/json', 'ringdown-warnings': 'true' }
      return here.call(path, undefined, { method: 'POST', body: JSON.stringify(body), headers })
    },
    async rows(question) {
      const { status, body } = await made.json('/ringdown/v1/Insights/Query', question)
      if (status !== 200) throw new Error(JSON.stringify(body))
      return body.rows
    },
    async task(queue, attributes = {}, more = {}) {
      const task = await checked(`${base}/Tasks`, {
        WorkflowSid: workflow.sid,
        Attributes: JSON.stringify({ queue, ...attributes }),
        ...more
      })
      return task.sid
    },
    async reservation(worker, task, ReservationStatus) {
      const { reservations } = await checked(`${base}/Tasks/${task}/Reservations?WorkerSid=${sidOf(workers, worker)}`)
      const open = reservations.find((one: Answer) =>
        ['pending', 'accepted', 'wrapping'].includes(one.reservation_status)
      )
      if (!open) throw new Error(`${worker} has nothing of ${task}: ${JSON.stringify(reservations)}`)
      await checked(`${base}/Tasks/${task}/Reservations/${open.sid}`, { ReservationStatus })
    },
    async finish(task, AssignmentStatus = 'completed') {
      await checked(`${base}/Tasks/${task}`, { AssignmentStatus, Reason: 'done' })
    },
    async move(worker, activity) {
      await checked(`${base}/Workers/${sidOf(workers, worker)}`, { ActivitySid: sidOf(named, activity) })
    },
    pass: (seconds) => here.pass(seconds)
  }
  return made
}
