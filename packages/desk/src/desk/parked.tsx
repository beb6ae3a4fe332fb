import { useQuery } from '@tanstack/react-query'
import { ChevronDown, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { ask, askList } from '../api/api.ts'
import { instantOf, serverNow, spanText, useNow } from '../live/clock.ts'
import { measureClock, queries, refreshDesk, useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { attempt } from '../live/notices.ts'
import { objectIn, textIn, type WorkerDesk } from '../live/rows.ts'
import { Avatar } from '../parts/avatar.tsx'
import { customerName } from '../words/names.ts'
import { dateTimeText, useWords } from '../words/words.ts'

/** Contacts that were put aside: they come back when the customer writes, or by hand. Folded until somebody looks. */
export function Parked({ desk, workspace_sid }: { readonly desk: WorkerDesk; readonly workspace_sid: string }) {
  const words = useWords()
  const now = useNow()
  const [isOpen, setOpen] = useState(false)
  const { data: configuration } = useConfiguration()
  const path = { workspace_sid, worker_sid: desk.worker.sid }
  const { data = [] } = useQuery({
    queryKey: ['parked', desk.worker.sid],
    queryFn: () => askList('ringdown_v1.ListWorkerParkedContact', { path }, 200)
  })
  if (data.length === 0 || featureOf(configuration, 'park_interaction').show_list === false) return null
  const bringBackAt = (sid: string, after_min: number | null) =>
    attempt(async () => {
      await measureClock()
      const resume_at = after_min === null ? null : serverNow() + after_min * 60_000
      await ask('ringdown_v1.UpdateWorkerParkedContact', { path: { ...path, sid }, params: { resume_at } })
      await queries.invalidateQueries({ queryKey: ['parked'] })
    })
  const resume = (sid: string) =>
    attempt(async () => {
      const params = { status: 'resumed' } as const
      await ask('ringdown_v1.UpdateWorkerParkedContact', { path: { ...path, sid }, params })
      refreshDesk()
      await queries.invalidateQueries({ queryKey: ['parked'] })
    })
  return (
    <>
      <h2 className="group">
        <button type="button" className="fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <ChevronDown size={14} aria-hidden /> {words.tasks.parked}
        </button>
        <span>{data.length}</span>
      </h2>
      {isOpen && (
        <ul className="rows">
          {data.map(({ sid, attributes, date_created, resume_at }) => {
            const facts = objectIn(attributes)
            const name = customerName(facts) ?? String(sid)
            const at = instantOf(resume_at)
            return (
              <li className="task-row parked" key={sid}>
                <Avatar name={name} channel={textIn(facts, 'channelType') ?? 'default'} />
                <span className="task-body">
                  <span className="task-line">
                    <b dir="auto">{name}</b>
                    <span className="age">{spanText(now - (instantOf(date_created) ?? now))}</span>
                  </span>
                  <BackAt name={name} at={at} onChoose={(when) => bringBackAt(String(sid), when)} />
                </span>
                <button
                  type="button"
                  className="icon-button"
                  aria-label={words.tasks.resume(name)}
                  title={words.tasks.resume(name)}
                  onClick={() => resume(String(sid))}
                >
                  <Undo2 size={16} />
                </button>
              </li>
            )
          })}
        </ul>
      )}
    </>
  )
}

interface BackAtProps {
  readonly name: string
  readonly at: number | undefined
  /** In so many minutes; null for no time of its own. */
  readonly onChoose: (after_min: number | null) => void
}

const waits_min = [15, 60, 240, 1440] as const

/** When it comes back by itself, beside when the customer writes. */
function BackAt({ name, at, onChoose }: BackAtProps) {
  const words = useWords()
  return (
    <select
      className="back-at"
      aria-label={words.tasks.backAt(name)}
      value={at === undefined ? '' : 'kept'}
      onChange={({ target }) => onChoose(target.value === '' ? null : Number(target.value))}
    >
      <option value="">{words.tasks.noTime}</option>
      {at !== undefined && <option value="kept">{dateTimeText(at, words.lang)}</option>}
      {waits_min.map((minutes) => (
        <option key={minutes} value={minutes}>
          {words.tasks.inMinutes(minutes)}
        </option>
      ))}
    </select>
  )
}
