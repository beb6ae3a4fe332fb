import { X } from 'lucide-react'
import { announced, dismiss, holdToasts, toasts } from '../live/notices.ts'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'

/** The one place from which screen readers are told. */
export function Announcer() {
  const { polite, assertive } = useStore(announced)
  return (
    <div className="unseen">
      <div role="status" aria-live="polite">
        {polite}
      </div>
      <div role="alert" aria-live="assertive">
        {assertive}
      </div>
    </div>
  )
}

export function Toasts() {
  const words = useWords()
  const shown = useStore(toasts)
  if (shown.length === 0) return null
  return (
    <section
      className="toasts"
      aria-label={words.rail.notices}
      onPointerEnter={() => holdToasts(true)}
      onPointerLeave={() => holdToasts(false)}
      onFocus={() => holdToasts(true)}
      onBlur={() => holdToasts(false)}
    >
      {shown.map(({ id, text, kind }) => (
        <div key={id} className={`toast ${kind}`}>
          <span>{text}</span>
          <button
            type="button"
            className="icon-button small"
            aria-label={words.errors.close}
            onClick={() => dismiss(id)}
          >
            <X size={14} />
          </button>
        </div>
      ))}
    </section>
  )
}
