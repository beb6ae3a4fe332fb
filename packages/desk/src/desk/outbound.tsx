import { Dialog } from '@base-ui/react/dialog'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useConfiguration, useDesk } from '../live/desk.ts'
import { textIn } from '../live/rows.ts'
import { useWords } from '../words/words.ts'
import { begin, openConversationOf } from './actions.ts'
import { useTargetQueues } from './transfer-targets.ts'

/** Writing to somebody first. */
export function OutboundDialog({ onClose }: { readonly onClose: () => void }) {
  const words = useWords()
  const navigate = useNavigate()
  const goTo = (task_sid: string) => {
    onClose()
    void navigate({ to: '/tasks/$task_sid', params: { task_sid } })
  }
  const { isBusy, known, submit } = useBeginning(goTo)
  const there = known?.task_sid
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="pop dialog">
          <Dialog.Title className="dialog-title">{words.outbound.title}</Dialog.Title>
          <form onSubmit={submit}>
            <Fields />
            <p className="hint">{words.outbound.hint}</p>
            {known !== undefined && (
              <p className="failure" role="alert">
                {words.outbound.open(known.address)}
              </p>
            )}
            <div className="dialog-actions">
              <button type="button" className="button" onClick={onClose}>
                {words.cancel}
              </button>
              {there !== undefined && (
                <button type="button" className="button" onClick={() => goTo(there)}>
                  {words.outbound.goThere}
                </button>
              )}
              <button type="submit" className="button primary" aria-busy={isBusy}>
                {known === undefined ? words.outbound.go : words.outbound.anyway}
              </button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Fields() {
  const words = useWords()
  const { data: configuration } = useConfiguration()
  const queues = useTargetQueues()
  const usual = textIn(configuration?.outbound_call_flows, 'default', 'queue_sid')
  return (
    <>
      <label className="field">
        <span>{words.outbound.address}</span>
        <input name="address" required autoComplete="off" />
      </label>
      <label className="field">
        <span>{words.outbound.from}</span>
        <input name="from" required autoComplete="off" />
      </label>
      <label className="field">
        <span>{words.outbound.channel}</span>
        <select name="type">
          {['sms', 'whatsapp'].map((type) => (
            <option key={type} value={type}>
              {words.channels[type]}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>{words.outbound.queue}</span>
        <select name="queue" required defaultValue={usual} key={`${usual} ${queues.length}`}>
          {queues.map(({ sid, name }) => (
            <option key={sid} value={sid}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}

/** Begins what the form says; an address that has a conversation already is asked about first. */
function useBeginning(goTo: (task_sid: string) => void) {
  const [isBusy, setBusy] = useState(false)
  /** The address that has a conversation already, and the task of that; somebody was told so. */
  const [known, setKnown] = useState<{ readonly address: string; readonly task_sid: string | undefined }>()
  const { data: desk } = useDesk()
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const one = (name: string) => String(form.get(name) ?? '').trim()
    const type = one('type')
    const addressOf = (text: string) =>
      type === 'whatsapp' && !text.startsWith('whatsapp:') ? `whatsapp:${text}` : text
    const address = addressOf(one('address'))
    setBusy(true)
    // Two conversations with one customer cost everybody nerves: the one that goes on is offered first.
    const open = known?.address === address ? undefined : await openConversationOf(address)
    if (open === undefined) {
      const task_sid = await begin({ address, from: addressOf(one('from')), type, queue_sid: one('queue') })
      if (task_sid !== undefined) goTo(task_sid)
    } else setKnown({ address, task_sid: desk?.tasks.find(({ conversation_sid }) => conversation_sid === open)?.sid })
    setBusy(false)
  }
  return { isBusy, known, submit }
}
