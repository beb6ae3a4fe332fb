import { ApiError } from '@ringdown/client/api-error'
import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ask } from '../api/api.ts'
import { ownPlace, session } from '../app/session.ts'
import { transfers } from '../desk/transfers.ts'
import { onEvent, queries } from '../live/desk.ts'
import { attempt } from '../live/notices.ts'
import { type DeskItem, textIn } from '../live/rows.ts'
import { Store } from '../live/store.ts'

/*
 * The call of a task: who is in it, and what is done with it. What workers do with calls they do as TaskRouter's SDK does,
 * by the task; the rest is ours.
 */

export type TaskCall = OperationTypes['ringdown_v1.FetchTaskCall']['result']
export type TaskRecording = OperationTypes['ringdown_v1.FetchTaskRecordings']['result']['recordings'][number]
export type SupervisorMode = OperationTypes['ringdown_v1.UpdateWorkerSupervision']['params']['mode']

/** The conference of a call that was taken; undefined for a task without one. */
export function conferenceOf({ attributes }: DeskItem): string | undefined {
  return textIn(attributes, 'conference', 'sid')
}

async function fetchCall(task_sid: string): Promise<TaskCall | null> {
  const { workspace_sid } = ownPlace()
  try {
    return await ask('ringdown_v1.FetchTaskCall', { path: { workspace_sid, task_sid } })
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return null
    throw error
  }
}

/** The call of a task, as it is now; null where there is none (any more). */
export function useTaskCall(task_sid: string): TaskCall | null | undefined {
  useFollowing('task call', task_sid, true)
  return useQuery({ queryKey: ['task call', task_sid], queryFn: () => fetchCall(task_sid) }).data
}

/** What was recorded of a task; those that are being written are asked for again. */
export function useTaskRecordings(task_sid: string): readonly TaskRecording[] {
  useFollowing('recordings', task_sid, true)
  const { workspace_sid } = ownPlace()
  const { data } = useQuery({
    queryKey: ['recordings', task_sid],
    queryFn: () => ask('ringdown_v1.FetchTaskRecordings', { path: { workspace_sid, task_sid } }),
    // Its links open the sound for five minutes.
    staleTime: 240_000,
    refetchInterval: 240_000
  })
  return data?.recordings ?? []
}

/** Asks `[name, sid]` again when something has happened to calls or recordings: of that task, or of any. */
export function useFollowing(name: string, sid: string, isOfTask: boolean): void {
  useEffect(
    () =>
      onEvent(({ type, data }) => {
        if (!/^(?:conference|recording|reservation)\./.test(type) || (isOfTask && data.task_sid !== sid)) return
        void queries.invalidateQueries({ queryKey: [name, sid] })
      }),
    [name, sid, isOfTask]
  )
}

/** Does what the SDK for workers does, in its words. Rejects with what was refused. */
async function asWorker(path: string, params: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const { workspace_sid, worker_sid } = ownPlace()
  const response = await fetch('/event-bridge/v1/wschannels', {
    method: 'POST',
    body: JSON.stringify({
      url: `Workspaces/${workspace_sid}/Workers/${worker_sid}/${path}`,
      method: 'POST',
      params,
      token: await session.token()
    })
  })
  const answer = (await response.json()) as Record<string, unknown> & { message?: string } // by the contract
  if (!response.ok) throw new Error(answer.message ?? `HTTP ${response.status}`)
  return answer
}

/** Has the customer wait with music, or come back. */
export function hold(task_sid: string, isHeld: boolean): Promise<boolean> {
  return attempt(() => asWorker('CustomerParticipant', { TaskSid: task_sid, Hold: isHeld }))
}

/** Takes a colleague out of the call. */
export function kick(task_sid: string, worker_sid: string): Promise<boolean> {
  return attempt(() => asWorker('KickWorkerParticipant', { TaskSid: task_sid, TargetWorkerSid: worker_sid }))
}

/** Changes the call of a task; rejects with what was refused. */
async function change(task_sid: string, params: OperationTypes['ringdown_v1.UpdateTaskCall']['params']): Promise<void> {
  const path = { workspace_sid: ownPlace().workspace_sid, task_sid }
  queries.setQueryData(['task call', task_sid], await ask('ringdown_v1.UpdateTaskCall', { path, params }))
}

export function pauseRecording(task_sid: string, isPaused: boolean): Promise<boolean> {
  return attempt(() => change(task_sid, { recording: isPaused ? 'paused' : 'in-progress' }))
}

/**
 * Calls somebody outside into the call, while the customer waits with music until somebody takes it off hold. What was not
 * begun leaves the call as it was. Rejects with what was refused.
 */
export async function callOutside(task_sid: string, number: string): Promise<void> {
  const wasHeld = (await fetchCall(task_sid))?.participants.some(({ label, hold }) => label === 'customer' && hold)
  await asWorker('CustomerParticipant', { TaskSid: task_sid, Hold: true })
  try {
    await change(task_sid, { invite: number })
  } catch (error) {
    if (!wasHeld) await asWorker('CustomerParticipant', { TaskSid: task_sid, Hold: false }).catch(() => {})
    throw error
  }
}

/** Takes somebody outside out of the call. */
export function removeOutsider(task_sid: string, call_sid: string): Promise<boolean> {
  return attempt(() => change(task_sid, { remove: call_sid }))
}

/** Whether a participant is somebody outside, whom a worker has called. */
export function isOutsider({ label }: TaskCall['participants'][number]): boolean {
  return label === 'external'
}

/** Has the call end with this worker, or go on without it. */
function endsWithMe(reservation_sid: string, does: boolean): Promise<unknown> {
  return asWorker('WorkerParticipant', { ReservationSid: reservation_sid, EndConferenceOnExit: does })
}

export interface CallTransfer {
  readonly to: string
  readonly isWarm: boolean
}

/**
 * Hands a call on; answers the transfer's SID. Warm: the customer waits with music until somebody takes it off hold.
 * Cold: whoever hands on hangs up, and the customer hears music until the next one is there. What was not begun leaves the
 * call as it was. Rejects with what was refused.
 */
export async function transferCall(item: DeskItem, { to, isWarm }: CallTransfer): Promise<string> {
  const { reservation, task } = item
  const wasHeld = (await fetchCall(task.sid))?.participants.some(({ label, hold }) => label === 'customer' && hold)
  await endsWithMe(reservation.sid, false)
  try {
    if (isWarm) await asWorker('CustomerParticipant', { TaskSid: task.sid, Hold: true })
    const params = { ReservationSid: reservation.sid, TaskSid: task.sid, To: to, Mode: isWarm ? 'WARM' : 'COLD' }
    return String((await asWorker('Transfers', params)).sid)
  } catch (error) {
    if (isWarm && !wasHeld) await asWorker('CustomerParticipant', { TaskSid: task.sid, Hold: false }).catch(() => {})
    await endsWithMe(reservation.sid, true).catch(() => {})
    throw error
  }
}

/** Nobody need be asked any more. */
export function cancelTransfer(transfer_sid: string): Promise<unknown> {
  return asWorker(`Transfers/${transfer_sid}`, { TransferStatus: 'canceled' })
}

/** Has the calls of this worker end with it when it is the last one who works on them; answers how to stop. */
export function keepEnds(): () => void {
  const settle = async (task_sid: string) => {
    const { worker_sid } = ownPlace()
    const call = await fetchCall(task_sid).catch(() => null)
    const mine = call?.participants.find((one) => one.worker_sid === worker_sid && one.status === 'connected')
    if (!call || !mine?.reservation_sid) return
    const isLast = call.participants.every((one) => one.worker_sid === null || one.worker_sid === worker_sid)
    // The customer may go on with somebody outside.
    const goesOn = call.participants.some((one) => isOutsider(one) && one.status === 'connected')
    const does = isLast && !goesOn && !transfers.get().has(task_sid)
    if (mine.end_conference_on_exit !== does) await endsWithMe(mine.reservation_sid, does).catch(() => {})
  }
  const stops = [
    onEvent(({ type, data }) => {
      const isOfThis = /^(?:conference\.participant-(?:join|leave)|task\.transfer-)/.test(type)
      if (isOfThis && typeof data.task_sid === 'string') void settle(data.task_sid)
    })
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** The call that this worker supervises, and how; undefined for none. */
export const supervising = new Store<{ readonly task_sid: string; readonly mode: SupervisorMode } | undefined>(
  undefined
)
