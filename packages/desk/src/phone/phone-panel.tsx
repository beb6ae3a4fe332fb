import {
  Circle,
  CirclePause,
  Grip,
  Mic,
  MicOff,
  Pause,
  PhoneIncoming,
  PhoneOff,
  Play,
  Settings2,
  X
} from 'lucide-react'
import { useState } from 'react'
import { session } from '../app/session.ts'
import type { DeskItem } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { Devices } from './devices.tsx'
import { acceptCall, type CallQuality, hangUp, mute, type PhoneCall, phone, press } from './phone.ts'
import {
  conferenceOf,
  hold,
  isOutsider,
  kick,
  pauseRecording,
  removeOutsider,
  type TaskCall,
  useTaskCall
} from './task-call.ts'
import './phone.css'

/** What can be done with a call, beside what is known of who calls. */
export function PhonePanel({ item }: { readonly item: DeskItem }) {
  const { phone: text } = useWords()
  const { is, call, why } = useStore(phone)
  const taskCall = useTaskCall(item.task.sid) ?? undefined
  if (!call)
    return (
      <section className="phone" aria-label={text.title}>
        <p role="status">{is === 'ready' ? text.noCall : text.off}</p>
        {why && <p className="phone-why">{why}</p>}
      </section>
    )
  const customer = taskCall?.participants.find(({ label }) => label === 'customer')
  const isHeld = customer?.hold === true
  return (
    <section className="phone" aria-label={text.title}>
      <p className="phone-state" role="status">
        {isHeld ? text.held : text[call.is]}
        {call.isMuted && ` · ${text.muted}`}
      </p>
      <Actions item={item} call={call} isHeld={isHeld} />
      {taskCall && <Members item={item} call={taskCall} />}
      {taskCall && <RecordingLine call={taskCall} />}
      <QualityLine quality={call.quality} />
      {call.warnings.length > 0 && (
        <p className="phone-why" role="status">
          {text.poor}
        </p>
      )}
      {why && <p className="phone-why">{why}</p>}
    </section>
  )
}

interface ActionsProps {
  readonly item: DeskItem
  readonly call: PhoneCall
  readonly isHeld: boolean
}

function Actions({ item, call, isHeld }: ActionsProps) {
  const { phone: text } = useWords()
  const [isOpen, setOpen] = useState<'keys' | 'devices' | undefined>(undefined)
  const toggle = (part: 'keys' | 'devices') => setOpen(isOpen === part ? undefined : part)
  const hasConference = conferenceOf(item) !== undefined
  return (
    <>
      <div className="phone-actions">
        {call.is === 'ringing' ? (
          <button type="button" className="button primary" onClick={acceptCall}>
            <PhoneIncoming size={16} aria-hidden /> {text.accept}
          </button>
        ) : (
          <>
            <button type="button" className="button" aria-pressed={call.isMuted} onClick={() => mute(!call.isMuted)}>
              {call.isMuted ? <MicOff size={16} aria-hidden /> : <Mic size={16} aria-hidden />} {text.mute}
            </button>
            <button
              type="button"
              className="button"
              aria-pressed={isHeld}
              aria-disabled={!hasConference}
              onClick={() => hasConference && hold(item.task.sid, !isHeld)}
            >
              {isHeld ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />} {text.hold}
            </button>
            <button type="button" className="button" aria-expanded={isOpen === 'keys'} onClick={() => toggle('keys')}>
              <Grip size={16} aria-hidden /> {text.keypad}
            </button>
          </>
        )}
        <button type="button" className="button danger" onClick={hangUp}>
          <PhoneOff size={16} aria-hidden /> {call.is === 'ringing' ? text.decline : text.hangUp}
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={text.devices}
          aria-expanded={isOpen === 'devices'}
          onClick={() => toggle('devices')}
        >
          <Settings2 size={16} />
        </button>
      </div>
      {isOpen === 'keys' && <Keypad />}
      {isOpen === 'devices' && <Devices />}
    </>
  )
}

/** Who is in the call beside oneself; colleagues, and whoever is outside, can be taken out of it. */
function Members({ item, call }: { readonly item: DeskItem; readonly call: TaskCall }) {
  const { phone: text } = useWords()
  const state = useStore(session.state)
  const own = 'user' in state ? state.user.worker_sid : null
  const others = call.participants.filter(({ worker_sid }) => worker_sid === null || worker_sid !== own)
  // Two who talk know of each other.
  if (others.length < 2) return null
  return (
    <ul className="phone-members" aria-label={text.inCall}>
      {others.map((one) => {
        const { call_sid, label, name, hold: waits, status, worker_sid } = one
        const shown = label === 'customer' ? nameOf(item) : String(name)
        const takeOut = isOutsider(one)
          ? () => removeOutsider(item.task.sid, String(call_sid))
          : typeof worker_sid === 'string' && (() => kick(item.task.sid, worker_sid))
        return (
          <li key={call_sid}>
            <span dir="auto">{shown}</span>
            {label === 'customer' && <span className="tag">{text.customer}</span>}
            {(waits || status !== 'connected') && (
              <span className="tag warn">{isOutsider(one) ? text.isCalled : text.waits}</span>
            )}
            {takeOut && (
              <button type="button" className="icon-button small" aria-label={text.remove(shown)} onClick={takeOut}>
                <X size={14} />
              </button>
            )}
          </li>
        )
      })}
    </ul>
  )
}

/** Whether the call is recorded; while a card's number is said, it is not. */
function RecordingLine({ call: { task_sid, recording_status } }: { readonly call: TaskCall }) {
  const { phone: text } = useWords()
  if (recording_status === null) return null
  const isPaused = recording_status === 'paused'
  return (
    <p className={`phone-recording ${isPaused ? '' : 'runs'}`}>
      <span role="status">
        {isPaused ? <CirclePause size={14} aria-hidden /> : <Circle size={14} aria-hidden />}{' '}
        {isPaused ? text.notRecorded : text.recorded}
      </span>
      <button type="button" className="button small" onClick={() => pauseRecording(task_sid, !isPaused)}>
        {isPaused ? text.resume : text.pause}
      </button>
    </p>
  )
}

/** How the connection fares; the figures it was made of are beside it for those who ask. */
export function QualityLine({ quality }: { readonly quality: CallQuality | undefined }) {
  const { phone: text, lang } = useWords()
  if (!quality) return null
  const { score, round_trip_ms, lost } = quality
  const measured = text.measured(
    new Intl.NumberFormat(lang, { maximumFractionDigits: 1 }).format(score),
    round_trip_ms,
    lost
  )
  return (
    <p className="phone-quality" title={measured}>
      <meter min={1} low={3} high={3.8} optimum={4.5} max={4.5} value={score} aria-label={text.quality(score)} />{' '}
      {text.quality(score)}
      <span className="unseen">{measured}</span>
    </p>
  )
}

/** The keys of a telephone. */
export function Keypad() {
  const words = useWords()
  const [pressed, setPressed] = useState('')
  return (
    <fieldset className="phone-keys" aria-label={words.phone.keypad}>
      <output>{pressed}</output>
      {[...'123456789*0#'].map((key) => (
        <button
          key={key}
          type="button"
          className="button"
          onClick={() => {
            press(key)
            setPressed(`${pressed}${key}`.slice(-16))
          }}
        >
          {key}
        </button>
      ))}
    </fieldset>
  )
}
