import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import { askList } from '../api/api.ts'
import { session } from '../app/session.ts'
import { useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { type DeskItem, objectIn } from '../live/rows.ts'
import { Avatar, StatusDot } from '../parts/avatar.tsx'
import { numberIn } from '../phone/number-in.ts'
import { useWords } from '../words/words.ts'
import { consult, interactionOf, isVoice, transfer } from './actions.ts'

interface Target {
  readonly sid: string
  readonly name: string
  readonly kind: 'worker' | 'queue' | 'number'
  readonly why: string | undefined
}

interface PanelProps {
  readonly item: DeskItem
  /** Whether they are to join, and nobody leaves. */
  readonly isInvite: boolean
  readonly onClose: () => void
}

/** Whom a contact can go to: people and queues in one list. Who cannot be asked is there, and says why. */
export function TransferPanel({ item, isInvite, onClose }: PanelProps) {
  const words = useWords()
  const [text, setText] = useState('')
  const [note, setNote] = useState('')
  const [isWarm, setWarm] = useState(isInvite)
  const [at, setAt] = useState(0)
  const [isBusy, setBusy] = useState(false)
  const title = isInvite ? words.canvas.invite : words.transfer.title
  const targets = useTargets()
  const { data: configuration } = useConfiguration()
  const mayStay = featureOf(configuration, 'conversation_transfer').multi_participant !== false
  const number = isVoice(item) ? numberIn(text) : undefined
  const found: readonly Target[] =
    number === undefined
      ? targets.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
      : [{ sid: number, name: number, kind: 'number', why: undefined }]
  const chosen = found[Math.min(at, found.length - 1)]
  const go = async (target: Target | undefined = chosen) => {
    if (!target || target.why !== undefined || isBusy) return
    setBusy(true)
    const isDone =
      target.kind === 'number'
        ? await consult(item, target.sid)
        : await transfer(item, { to: target.sid, name: target.name, isWarm, note: note.trim() })
    setBusy(false)
    if (isDone) onClose()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((at + step + found.length) % Math.max(1, found.length))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      void go()
    }
  }
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="pop dialog">
          <Dialog.Title className="dialog-title">{title}</Dialog.Title>
          <input
            className="bar-input"
            role="combobox"
            aria-expanded
            aria-controls="transfer-list"
            aria-activedescendant={chosen && `to-${chosen.sid}`}
            aria-label={isVoice(item) ? words.transfer.searchOrNumber : words.transfer.search}
            placeholder={isVoice(item) ? words.transfer.searchOrNumber : words.transfer.search}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setAt(0)
            }}
            onKeyDown={onKeyDown}
          />
          <Targets found={found} chosen={chosen} onChoose={setAt} />
          {found.length === 0 && <p className="hint">{words.transfer.nobody}</p>}
          {interactionOf(item) && (
            <label className="field">
              <span>{words.transfer.note}</span>
              <textarea rows={2} dir="auto" value={note} onChange={(event) => setNote(event.target.value)} />
            </label>
          )}
          {chosen?.kind === 'number' && <p className="hint">{words.transfer.outside}</p>}
          {!isInvite && mayStay && chosen?.kind !== 'number' && (
            <label className="row">
              <span>{words.transfer.stay}</span>
              <input type="checkbox" checked={isWarm} onChange={(event) => setWarm(event.target.checked)} />
            </label>
          )}
          <div className="dialog-actions">
            <button type="button" className="button" onClick={onClose}>
              {words.cancel}
            </button>
            <button
              type="button"
              className="button primary"
              aria-disabled={chosen === undefined || chosen.why !== undefined}
              aria-busy={isBusy}
              onClick={() => go()}
            >
              {chosen?.kind === 'number' ? words.phone.call : isInvite ? words.canvas.invite : words.transfer.go}
            </button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface TargetsProps {
  readonly found: readonly Target[]
  readonly chosen: Target | undefined
  readonly onChoose: (place: number) => void
}

function Targets({ found, chosen, onChoose }: TargetsProps) {
  const words = useWords()
  return (
    <div id="transfer-list" role="listbox" aria-label={words.transfer.search} className="bar-list">
      {found.map((target, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's, as of every combobox
        <div
          key={target.sid}
          id={`to-${target.sid}`}
          role="option"
          tabIndex={-1}
          aria-selected={target === chosen}
          aria-disabled={target.why !== undefined}
          className="item"
          onClick={() => onChoose(index)}
        >
          {target.kind === 'worker' ? (
            <>
              <Avatar name={target.name} size={26} />
              <StatusDot kind={target.why === undefined ? 'available' : 'offline'} />
            </>
          ) : (
            <span className="queue-mark" aria-hidden>
              {target.kind === 'number' ? '+' : '#'}
            </span>
          )}
          <span>{target.name}</span>
          <span className="age end">{target.why ?? (target.kind === 'queue' ? words.transfer.queue : '')}</span>
        </div>
      ))}
    </div>
  )
}

function useTargets(): readonly Target[] {
  const words = useWords()
  const state = session.state.get()
  const user = 'user' in state ? state.user : undefined
  const workspace_sid = String(user?.workspace_sid)
  const { data: configuration } = useConfiguration()
  const { data: workers = [] } = useQuery({
    queryKey: ['colleagues'],
    queryFn: () => askList('taskrouter_v1.ListWorker', { path: { workspace_sid } }, 500),
    staleTime: 0
  })
  const { data: queues = [] } = useQuery({
    queryKey: ['queue names'],
    queryFn: () => askList('taskrouter_v1.ListTaskQueue', { path: { workspace_sid } }, 200)
  })
  const barred = new Set(
    (configuration?.taskrouter_taskqueues ?? [])
      .map((one) => objectIn(one))
      .filter(({ targettable }) => targettable === false)
      .map(({ sid }) => String(sid))
  )
  const people = workers
    .filter(({ sid }) => sid !== user?.worker_sid)
    .map(({ sid, friendly_name, available, activity_name }) => ({
      sid: String(sid),
      name: friendly_name ?? String(sid),
      kind: 'worker' as const,
      why: available ? undefined : words.transfer.unavailable(activity_name ?? '')
    }))
    .sort((a, b) => Number(a.why !== undefined) - Number(b.why !== undefined) || a.name.localeCompare(b.name))
  const places = queues
    .filter(({ sid }) => !barred.has(String(sid)))
    .map(({ sid, friendly_name }) => ({
      sid: String(sid),
      name: friendly_name ?? String(sid),
      kind: 'queue' as const,
      why: undefined
    }))
  // The feature `custom_transfer_directory` says who is shown.
  const directory = featureOf(configuration, 'custom_transfer_directory')
  const rule = (kind: 'worker' | 'queue') => (directory.enabled === true ? objectIn(directory[kind]) : {})
  const free = people.filter(({ why }) => why === undefined)
  const others =
    rule('worker').show_only_available_workers === true ? [] : people.filter(({ why }) => why !== undefined)
  const shown = rule('worker').enabled === false ? { free: [], others: [] } : { free, others }
  return [...shown.free, ...(rule('queue').enabled === false ? [] : places), ...shown.others]
}
