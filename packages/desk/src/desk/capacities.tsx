import type { WorkerDesk } from '../live/rows.ts'
import { ChannelIcon } from '../parts/avatar.tsx'
import { useWords } from '../words/words.ts'

/** How much of what is in hand, by channel: those that could ring. */
export function Capacities({ desk }: { readonly desk: WorkerDesk }) {
  const words = useWords()
  const shown = desk.channels.filter(
    ({ available, configured_capacity, task_channel_unique_name: name, assigned_tasks }) =>
      available && configured_capacity > 0 && (assigned_tasks > 0 || ['chat', 'sms'].includes(name ?? ''))
  )
  return (
    <div className="capacities">
      {shown.map(({ sid, task_channel_unique_name, assigned_tasks, configured_capacity }) => {
        const name = task_channel_unique_name ?? 'default'
        const label = `${words.channels[name] ?? name}: ${assigned_tasks}/${configured_capacity}`
        return (
          <span key={sid} role="img" aria-label={label} title={label}>
            <ChannelIcon channel={name} /> {assigned_tasks}/{configured_capacity}
          </span>
        )
      })}
    </div>
  )
}
