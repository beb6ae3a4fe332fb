import { instantOf, spanText } from '../live/clock.ts'
import { dateTimeText, useWords } from '../words/words.ts'
import { type TaskRecording, useTaskRecordings } from './task-call.ts'

/** What was recorded of a task's calls, to be heard from wherever one likes. */
export function Recordings({ task_sid }: { readonly task_sid: string }) {
  const { phone: text } = useWords()
  const recordings = useTaskRecordings(task_sid)
  const over = recordings.filter(({ status }) => status === 'completed')
  if (over.length === 0) return null
  return (
    <section className="card">
      <h3>{text.recordings}</h3>
      <ul className="recordings">
        {over.map((one) => (
          <Recorded key={one.sid} recording={one} />
        ))}
      </ul>
    </section>
  )
}

function Recorded({ recording }: { readonly recording: TaskRecording }) {
  const { phone: text, lang } = useWords()
  const { start_time, duration, content_url, words } = recording
  const at = dateTimeText(instantOf(start_time) ?? 0, lang)
  return (
    <li>
      <span className="age">
        {at}
        {typeof duration === 'number' && ` · ${spanText(duration * 1000)}`}
      </span>
      {content_url ? (
        // biome-ignore lint/a11y/useMediaCaption: what was said is known to those who spoke; no recogniser writes it down
        <audio controls preload="metadata" src={content_url} aria-label={`${text.recordings}, ${at}`} />
      ) : (
        <p dir="auto" className="recorded-words">
          {words ?? text.noSound}
        </p>
      )}
    </li>
  )
}
