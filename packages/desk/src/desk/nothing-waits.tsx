import { CircleHelp } from 'lucide-react'
import { useState } from 'react'
import { messageOfError } from '../api/api.ts'
import { useActivities, useOwnExplanation } from '../live/desk.ts'
import type { WorkerDesk } from '../live/rows.ts'
import { useWords } from '../words/words.ts'
import { setActivity } from './actions.ts'
import { useOffReason } from './off.ts'

/** Nothing rings and nothing is in hand: what the worker is ready for, and why that may be so. */
export function NothingWaits({ desk, workspace_sid }: { readonly desk: WorkerDesk; readonly workspace_sid: string }) {
  const words = useWords()
  const [isAsked, setAsked] = useState(false)
  const { data, error, isFetching } = useOwnExplanation(desk, workspace_sid, isAsked)
  const ready = desk.channels
    .filter(({ available, configured_capacity }) => available && configured_capacity > 0)
    .map(({ task_channel_unique_name: name, assigned_tasks, configured_capacity }) => {
      const word = words.channels[name ?? 'default'] ?? name
      return `${word} ${assigned_tasks}/${configured_capacity}`
    })
  return (
    <div className="nothing">
      <p className="nothing-title">{words.tasks.empty}</p>
      <p>
        {desk.worker.available
          ? words.tasks.readyFor(ready.join(', '))
          : words.tasks.notReady(desk.worker.activity_name ?? '')}
      </p>
      {!desk.worker.available && <Become workspace_sid={workspace_sid} />}
      <button
        type="button"
        className="button"
        aria-expanded={isAsked}
        aria-busy={isFetching}
        onClick={() => setAsked(!isAsked)}
      >
        <CircleHelp size={15} aria-hidden /> {words.tasks.why}
      </button>
      {isAsked && error !== null && <p role="alert">{words.errors.failed(messageOfError(error))}</p>}
      {isAsked && data && (
        <div className="explained" role="status">
          <p>{data.verdict}</p>
          <p>{words.tasks.whyQueues(data.task_queues)}</p>
          <p>{words.tasks.whyWaiting(data.waiting)}</p>
          <ul>
            {Object.entries(data.reasons ?? {}).map(([reason, count]) => (
              <li key={reason}>
                {String(count)} × {words.why.reasons[reason] ?? reason}
              </li>
            ))}
            {data.channels.flatMap(
              ({ task_channel_sid, task_channel_unique_name: name, reason, configured_capacity }) =>
                reason === null || configured_capacity === 0
                  ? []
                  : [
                      <li key={task_channel_sid}>
                        {words.channels[name] ?? name}: {words.why.reasons[reason] ?? reason}
                      </li>
                    ]
            )}
          </ul>
        </div>
      )}
    </div>
  )
}

/** The way to work: the first activity in which something is offered. */
function Become({ workspace_sid }: { readonly workspace_sid: string }) {
  const words = useWords()
  const off = useOffReason()
  const { data: activities } = useActivities(workspace_sid)
  const first = activities?.find(({ available }) => available)
  if (!first?.sid) return null
  const { sid, friendly_name } = first
  return (
    <button
      type="button"
      className="button primary"
      aria-disabled={off !== undefined}
      title={off}
      onClick={() => off === undefined && void setActivity(sid)}
    >
      {words.tasks.become(friendly_name ?? '')}
    </button>
  )
}
