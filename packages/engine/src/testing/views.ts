import type { WorkerView } from '../matching/expression/environment.ts'

/** A worker as expressions see it, with these attributes: idle, with one of three assigned on every channel. */
export function workerView(attributes: object, sid = 'WKada'): WorkerView {
  return {
    sid,
    friendly_name: sid.slice(2),
    activity_sid: 'WAidle',
    activity_name: 'Idle',
    attributes,
    channel: () => ({ configured_capacity: 3, assigned_tasks: 1, available_capacity_percentage: 66 })
  }
}
