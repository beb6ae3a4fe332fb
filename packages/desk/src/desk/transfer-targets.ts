import { useQuery } from '@tanstack/react-query'
import { askList } from '../api/api.ts'
import { ownPlace } from '../app/session.ts'
import { useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { objectIn } from '../live/rows.ts'
import { useWords } from '../words/words.ts'

/** Whom a contact can go to. */
export interface Target {
  readonly sid: string
  readonly name: string
  readonly kind: 'worker' | 'queue' | 'number'
  /** Why they cannot be asked now; undefined where they can. */
  readonly why: string | undefined
}

/** Colleagues who are free, queues, and colleagues who are not, as far as the configuration lets them be seen. */
export function useTargets(): readonly Target[] {
  const { data: configuration } = useConfiguration()
  const people = useColleagues()
  const places = useTargetQueues()
  // The feature `custom_transfer_directory` says who is shown.
  const directory = featureOf(configuration, 'custom_transfer_directory')
  const rule = (kind: 'worker' | 'queue') => (directory.enabled === true ? objectIn(directory[kind]) : {})
  const shown = rule('worker').enabled === false ? [] : people
  const free = shown.filter(({ why }) => why === undefined)
  const others = rule('worker').show_only_available_workers === true ? [] : shown.filter(({ why }) => why !== undefined)
  return [...free, ...(rule('queue').enabled === false ? [] : places), ...others]
}

/** Everybody else who works here, by name. */
function useColleagues(): readonly Target[] {
  const words = useWords()
  const { worker_sid, workspace_sid } = ownPlace()
  const path = { workspace_sid }
  const { data: workers = [] } = useQuery({
    queryKey: ['colleagues'],
    queryFn: () => askList('taskrouter_v1.ListWorker', { path }, 500),
    staleTime: 0
  })
  return workers
    .filter(({ sid }) => sid !== worker_sid)
    .map(({ sid, friendly_name, available, activity_name }) => ({
      sid: String(sid),
      name: friendly_name ?? String(sid),
      kind: 'worker' as const,
      why: available ? undefined : words.transfer.unavailable(activity_name ?? '')
    }))
    .sort((a, b) => a.name.localeCompare(b.name))
}

/** Queues but those that the configuration bars (`targettable`). */
export function useTargetQueues(): readonly Target[] {
  const path = { workspace_sid: ownPlace().workspace_sid }
  const { data: configuration } = useConfiguration()
  const { data: queues = [] } = useQuery({
    queryKey: ['queue names'],
    queryFn: () => askList('taskrouter_v1.ListTaskQueue', { path }, 200)
  })
  const { taskrouter_taskqueues } = objectIn(configuration)
  const barred = new Set(
    (Array.isArray(taskrouter_taskqueues) ? taskrouter_taskqueues : [])
      .map((one) => objectIn(one))
      .filter(({ targettable }) => targettable === false)
      .map(({ sid }) => String(sid))
  )
  return queues
    .filter(({ sid }) => !barred.has(String(sid)))
    .map(({ sid, friendly_name }) => ({
      ...{ sid: String(sid), name: friendly_name ?? String(sid) },
      ...{ kind: 'queue' as const, why: undefined }
    }))
}
