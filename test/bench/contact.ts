import { type Connection, Connections, expected, type Place } from './api.ts'
import { configuration, type Shape, targetWorkers, taskAttributes, workerAttributes } from './floor.ts'

interface Sid {
  readonly sid: string
}

/** The floor of `floor.ts`, made through the API. */
export interface ApiFloor {
  readonly workspace: string
  readonly workflow_sid: string
  readonly queues: number
}

export async function makeFloor(
  place: Place,
  { workers, queues }: Pick<Shape, 'workers' | 'queues'>
): Promise<ApiFloor> {
  const connections = await Connections.open(place, 32)
  const create = (path: string, params: Readonly<Record<string, string>>) =>
    connections.with(async (connection) => expected<Sid>(await connection.post(path, params), 201).sid)
  const workspace = `/taskrouter/v1/Workspaces/${await create('/taskrouter/v1/Workspaces', { FriendlyName: 'Bench' })}`
  const { activities } = await connections.with(async (connection) =>
    expected<{ readonly activities: readonly (Sid & { readonly available: boolean })[] }>(
      await connection.get(`${workspace}/Activities`),
      200
    )
  )
  const available = activities.find((activity) => activity.available)?.sid
  if (!available) throw new Error('invariant: a new workspace has an available activity')
  const queueSids = await Promise.all(
    Array.from({ length: queues }, (_, i) =>
      create(`${workspace}/TaskQueues`, { FriendlyName: `Q${i}`, TargetWorkers: targetWorkers(i) })
    )
  )
  const workflow_sid = await create(`${workspace}/Workflows`, {
    FriendlyName: 'W',
    Configuration: configuration(queueSids)
  })
  await Promise.all(
    Array.from({ length: workers }, (_, i) =>
      create(`${workspace}/Workers`, {
        FriendlyName: `w${i}`,
        ActivitySid: available,
        Attributes: workerAttributes(i, queues)
      })
    )
  )
  connections.close()
  return { workspace, workflow_sid, queues }
}

/** Creates the i-th task; answers its path. */
export async function createTask(connection: Connection, floor: ApiFloor, i: number): Promise<string> {
  const { workspace, workflow_sid, queues } = floor
  const answer = await connection.post(`${workspace}/Tasks`, {
    WorkflowSid: workflow_sid,
    Attributes: taskAttributes(i, queues)
  })
  return `${workspace}/Tasks/${expected<Sid>(answer, 201).sid}`
}

/** The path of the task's reservation, or undefined while it has none. */
export async function reservationOf(connection: Connection, task: string): Promise<string | undefined> {
  const answer = await connection.get(`${task}/Reservations`)
  const [reservation] = expected<{ readonly reservations: readonly Sid[] }>(answer, 200).reservations
  return reservation && `${task}/Reservations/${reservation.sid}`
}

/** Accepts and completes. */
export async function finish(connection: Connection, task: string, reservation: string): Promise<void> {
  expected(await connection.post(reservation, { ReservationStatus: 'accepted' }), 200)
  expected(await connection.post(task, { AssignmentStatus: 'completed', Reason: 'done' }), 200)
}
