import { expect } from 'vitest'
import type { Observed } from '../observed.ts'

type Context = ReturnType<Observed['client']['taskrouter']['v1']['workspaces']>
type Params<M extends (...args: never[]) => unknown> = Partial<Exclude<Parameters<M>[0], undefined>>
type WorkspaceParams = Params<Observed['client']['taskrouter']['v1']['workspaces']['create']>

/** One workspace as the official SDK sees it, with the furniture that stories need. */
export class Floor {
  readonly world: Observed
  readonly sid: string
  readonly workspace: Context
  /** SIDs of the activities by name. */
  readonly activities: Readonly<Record<string, string>>

  private constructor(world: Observed, sid: string, workspace: Context, activities: Record<string, string>) {
    this.world = world
    this.sid = sid
    this.workspace = workspace
    this.activities = activities
  }

  static async open(world: Observed, params: WorkspaceParams = {}): Promise<Floor> {
    const { workspaces } = world.client.taskrouter.v1
    const { sid } = await workspaces.create({ friendlyName: 'Floor', ...params })
    const context = workspaces(sid)
    const activities = await context.activities.list()
    return new Floor(world, sid, context, Object.fromEntries(activities.map((row) => [row.friendlyName, row.sid])))
  }

  /** The path of the workspace, for plain HTTP. */
  get path(): string {
    return `/taskrouter/v1/Workspaces/${this.sid}`
  }

  activity(name: string): string {
    const sid = this.activities[name]
    if (sid === undefined) throw new Error(`there is no activity ${name}`)
    return sid
  }

  async queue(friendlyName: string, params: Params<Context['taskQueues']['create']> = {}): Promise<string> {
    return (await this.workspace.taskQueues.create({ friendlyName, ...params })).sid
  }

  /** A workflow by its `task_routing`; a queue's SID alone means: everything goes there. */
  async workflow(
    friendlyName: string,
    routing: object | string,
    params: Params<Context['workflows']['create']> = {}
  ): Promise<string> {
    return (await this.workspace.workflows.create({ friendlyName, configuration: document(routing), ...params })).sid
  }

  /** A worker, Available unless said otherwise. */
  async worker(
    friendlyName: string,
    attributes: object = {},
    { activity = 'Available', capacity = {} }: { activity?: string; capacity?: Readonly<Record<string, number>> } = {}
  ): Promise<string> {
    const { sid } = await this.workspace.workers.create({
      friendlyName,
      attributes: JSON.stringify(attributes),
      ...(Object.keys(capacity).length === 0 && { activitySid: this.activity(activity) })
    })
    for (const [channel, count] of Object.entries(capacity)) {
      await this.workspace.workers(sid).workerChannels(channel).update({ capacity: count })
    }
    if (Object.keys(capacity).length > 0) await this.move(sid, activity)
    return sid
  }

  async move(worker: string, activity: string, params: Params<ReturnType<Context['workers']>['update']> = {}) {
    return this.workspace.workers(worker).update({ activitySid: this.activity(activity), ...params })
  }

  async task(attributes: object = {}, params: Params<Context['tasks']['create']> = {}) {
    return this.workspace.tasks.create({ attributes: JSON.stringify(attributes), ...params })
  }

  async fetchTask(sid: string) {
    return this.workspace.tasks(sid).fetch()
  }

  /** Reservations of a task, oldest first. */
  async reservations(task: string) {
    return this.workspace.tasks(task).reservations.list()
  }

  /** The one pending reservation of a task. */
  async offer(task: string) {
    const [offer, ...others] = await this.workspace.tasks(task).reservations.list({ reservationStatus: 'pending' })
    expect(others).toEqual([])
    if (!offer) throw new Error(`task ${task} is offered to nobody`)
    return offer
  }

  /** Types of the events that name a row, in order. */
  async events(sid: string): Promise<string[]> {
    const account = await this.world.running.account
    const types: string[] = []
    for (let cursor = 0; ; ) {
      const page = await account.log(cursor, 1000)
      for (const { seq, type, data } of page) {
        cursor = seq
        if (data.includes(sid)) types.push(type)
      }
      if (page.length < 1000) return types
    }
  }
}

export function document(routing: object | string): string {
  return JSON.stringify({
    task_routing: typeof routing === 'string' ? { filters: [], default_filter: { queue: routing } } : routing
  })
}

/** What the SDK throws for a call: status, Twilio's code, and the message. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; code: number; message: string }> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  if (!(error instanceof Error) || !('status' in error)) throw error ?? new Error('the call was not refused')
  const { status, code, message } = error as Error & { status: number; code: number } // as the SDK's RestException has them
  return { status, code, message }
}
