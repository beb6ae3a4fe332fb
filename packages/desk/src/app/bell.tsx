import { Popover } from '@base-ui/react/popover'
import { useNavigate } from '@tanstack/react-router'
import { Bell as BellIcon } from 'lucide-react'
import { notices, seenUpTo } from '../live/notices.ts'
import { useStore } from '../live/store.ts'
import { timeText, useWords } from '../words/words.ts'

/** What was told in passing, for who has looked elsewhere. */
export function Bell() {
  const words = useWords()
  const navigate = useNavigate()
  const all = useStore(notices)
  const seen = useStore(seenUpTo)
  const fresh = all.filter(({ id }) => id > seen).length
  return (
    <Popover.Root onOpenChange={(isOpen) => !isOpen && seenUpTo.set(all[0]?.id ?? 0)}>
      <Popover.Trigger
        className="place bell"
        aria-label={fresh > 0 ? words.bell.unread(fresh) : words.bell.title}
        title={words.bell.title}
      >
        <BellIcon size={18} aria-hidden />
        {fresh > 0 && (
          <span className="badge" aria-hidden>
            {fresh}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="inline-end" align="end" sideOffset={8} className="above">
          <Popover.Popup className="pop bell-pop">
            <Popover.Title className="pop-title">{words.bell.title}</Popover.Title>
            {all.length === 0 && <p className="hint">{words.bell.none}</p>}
            <ul className="bell-list">
              {all.map(({ id, text, kind, at, task_sid }) => (
                <li key={id} className={`${kind} ${id > seen ? 'fresh' : ''}`}>
                  <span>{text}</span>
                  <span className="age">{timeText(at, words.lang)}</span>
                  {task_sid !== undefined && (
                    <Popover.Close
                      className="link"
                      onClick={() => void navigate({ to: '/tasks/$task_sid', params: { task_sid } })}
                    >
                      {words.bell.open}
                    </Popover.Close>
                  )}
                </li>
              ))}
            </ul>
            {fresh > 0 && (
              <button type="button" className="button small" onClick={() => seenUpTo.set(all[0]?.id ?? 0)}>
                {words.bell.allRead}
              </button>
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
