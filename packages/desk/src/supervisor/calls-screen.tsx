import { useQuery } from '@tanstack/react-query'
import { Ear, type LucideIcon, Megaphone, MessageCircleMore, PhoneOff } from 'lucide-react'
import { useEffect } from 'react'
import { askList, messageOfError } from '../api/api.ts'
import { session } from '../app/session.ts'
import { instantOf, spanText, useNow } from '../live/clock.ts'
import { objectIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { hangUp, phone } from '../phone/phone.ts'
import { QualityLine } from '../phone/phone-panel.tsx'
import { supervise } from '../phone/supervise.ts'
import { type SupervisorMode, supervising, type TaskCall, useFollowing } from '../phone/task-call.ts'
import { customerName } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { RecordedCalls } from './recorded-calls.tsx'

const shownCalls = 200

/** Calls that are under way, for those who listen to them. */
export function CallsScreen() {
  const words = useWords()
  const state = useStore(session.state)
  const { call } = useStore(phone)
  const workspace_sid = String('user' in state ? state.user.workspace_sid : undefined)
  useFollowing('calls', workspace_sid, false)
  const { data, error } = useQuery({
    queryKey: ['calls', workspace_sid],
    queryFn: () => askList('ringdown_v1.ListWorkspaceCall', { path: { workspace_sid } }, shownCalls),
    staleTime: 0
  })
  useEffect(() => {
    document.title = `${words.calls.title} · ${words.product}`
  }, [words])
  return (
    <div className="queues">
      <main className="queues-main" id="canvas" data-pane tabIndex={-1}>
        <header className="canvas-head">
          <h1>{words.calls.title}</h1>
          <span className="space" />
          <QualityLine quality={call?.quality} />
        </header>
        <div className="queues-body">
          <p className="canvas-note">{words.calls.hint}</p>
          {error !== null && !data && (
            <p className="canvas-note" role="alert">
              {words.errors.failed(messageOfError(error))}
            </p>
          )}
          {data?.length === 0 && <p className="canvas-note">{words.calls.none}</p>}
          {data && data.length > 0 && <CallTable calls={data} />}
          <RecordedCalls workspace_sid={workspace_sid} />
        </div>
      </main>
    </div>
  )
}

function CallTable({ calls }: { readonly calls: readonly TaskCall[] }) {
  const { calls: text } = useWords()
  return (
    <div className="table-scroll">
      <table>
        <caption className="unseen">{text.title}</caption>
        <thead>
          <tr>
            <th scope="col">{text.customer}</th>
            <th scope="col">{text.agents}</th>
            <th scope="col">{text.queue}</th>
            <th scope="col">{text.lasts}</th>
            <th scope="col">{text.recording}</th>
            <th scope="col">{text.supervise}</th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <CallRow key={call.conference_sid} call={call} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function CallRow({ call }: { readonly call: TaskCall }) {
  const { calls: text } = useWords()
  const now = useNow()
  const { participants, attributes, customer, recording_status, started_at, task_queue_friendly_name } = call
  const name = customerName(objectIn(attributes)) ?? customer ?? call.task_sid
  const agents = participants.filter(({ worker_sid }) => worker_sid !== null)
  const isHeld = participants.some(({ label, hold }) => label === 'customer' && hold)
  return (
    <tr>
      <th scope="row">
        <span dir="auto">{name}</span> {isHeld && <span className="tag warn">{text.held}</span>}
      </th>
      <td dir="auto">{agents.map((one) => one.name).join(', ')}</td>
      <td>{task_queue_friendly_name}</td>
      <td>{spanText(now - (instantOf(started_at) ?? now))}</td>
      <td className={recording_status ? '' : 'faint'}>{recording_status ? text.recorded[recording_status] : '–'}</td>
      <td>
        <Supervision call={call} name={name} />
      </td>
    </tr>
  )
}

const modes: readonly (readonly [SupervisorMode, LucideIcon])[] = [
  ['monitor', Ear],
  ['whisper', MessageCircleMore],
  ['barge', Megaphone]
]

function Supervision({ call: { task_sid, participants }, name }: { readonly call: TaskCall; readonly name: string }) {
  const { calls: text } = useWords()
  const now = useStore(supervising)
  const { is, call } = useStore(phone)
  const state = useStore(session.state)
  const own = 'user' in state ? state.user.worker_sid : null
  const isIn = now?.task_sid === task_sid
  // One call at a time; and without a phone here nobody could be called.
  const mayNot = is === 'off' || (call !== undefined && !isIn)
  if (participants.some(({ worker_sid }) => worker_sid !== null && worker_sid === own))
    return <span className="faint">{text.own}</span>
  return (
    <div className="supervision" role="group" aria-label={`${text.supervise}: ${name}`}>
      {modes.map(([mode, Icon]) => (
        <button
          key={mode}
          type="button"
          className="button small"
          aria-pressed={isIn && now.mode === mode}
          aria-disabled={mayNot}
          onClick={() => !mayNot && supervise(task_sid, mode)}
        >
          <Icon size={14} aria-hidden /> {text[mode]}
        </button>
      ))}
      {isIn && call && (
        <button type="button" className="button small danger" onClick={hangUp}>
          <PhoneOff size={14} aria-hidden /> {text.leave}
        </button>
      )}
    </div>
  )
}
