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
  const { start_time, duration } = recording
  const at = dateTimeText(instantOf(start_time) ?? 0, lang)
  return (
    <li>
      <span className="age">
        {at}
        {typeof duration === 'number' && ` · ${spanText(duration * 1000)}`}
      </span>
      <Sound recording={recording} label={`${text.recordings}, ${at}`} preload="metadata" />
    </li>
  )
}

interface SoundProps {
  readonly recording: Pick<TaskRecording, 'content_url' | 'words'>
  readonly label: string
  readonly preload: 'metadata' | 'none'
}

/** What was recorded: its sound, or its words where a virtual phone has spoken. */
export function Sound({ recording: { content_url, words }, label, preload }: SoundProps) {
  const { phone: text } = useWords()
  if (content_url)
    // biome-ignore lint/a11y/useMediaCaption: what was said is known to those who spoke; no recogniser writes it down
    return <audio controls preload={preload} src={content_url} aria-label={label} />
  return (
    <p dir="auto" className="recorded-words">
      {words ?? text.noSound}
    </p>
  )
}
