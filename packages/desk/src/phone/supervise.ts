import { ask } from '../api/api.ts'
import { ownPlace } from '../app/session.ts'
import { attempt } from '../live/notices.ts'
import { expectCall, phone } from './phone.ts'
import { type SupervisorMode, supervising } from './task-call.ts'

/** Listens to a call, whispers to its agent or speaks to all: this desk is called for it, once. */
export async function supervise(task_sid: string, mode: SupervisorMode): Promise<boolean> {
  if (!phone.get().call) expectCall()
  return attempt(async () => {
    await ask('ringdown_v1.UpdateWorkerSupervision', { path: ownPlace(), params: { task_sid, mode } })
    supervising.set({ task_sid, mode })
  })
}
