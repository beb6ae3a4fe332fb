import { Dialog } from '@base-ui/react/dialog'
import { type KeyboardEvent, useState } from 'react'
import { useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import type { DeskItem } from '../live/rows.ts'
import { Avatar, StatusDot } from '../parts/avatar.tsx'
import { numberIn } from '../phone/number-in.ts'
import { useWords } from '../words/words.ts'
import { consult, interactionOf, isVoice, transfer } from './actions.ts'
import { type Target, useTargets } from './transfer-targets.ts'

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
