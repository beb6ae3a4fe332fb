import { Dialog } from '@base-ui/react/dialog'
import { messageOfError } from '../api/api.ts'
import { instantOf } from '../live/clock.ts'
import { useMessages } from '../live/desk.ts'
import type { DeskItem } from '../live/rows.ts'
import { nameOf } from '../words/names.ts'
import { dateTimeText, useWords } from '../words/words.ts'
import { Bubble } from './bubble.tsx'

interface PreviewProps {
  readonly conversation_sid: string
  readonly item: DeskItem
  readonly me: string
  readonly onClose: () => void
}

/** A conversation that is over, or somebody else's: it is only read, and nobody is told that. */
export function Preview({ conversation_sid, item, me, onClose }: PreviewProps) {
  const words = useWords()
  const { data: messages, error } = useMessages(conversation_sid)
  const first = messages?.[0]
  const conversation = { chat_service_sid: item.conversation?.chat_service_sid ?? '', participants: [] }
  const customer = nameOf(item)
  const members = new Set((item.conversation?.participants ?? []).map(({ identity }) => identity))
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="pop dialog preview-dialog">
          <Dialog.Title className="dialog-title">
            {customer}{' '}
            {first && <span className="age">{dateTimeText(instantOf(first.date_created) ?? 0, words.lang)}</span>}
          </Dialog.Title>
          <p className="hint">{words.context.onlyRead}</p>
          {error !== null && <p role="alert">{words.errors.failed(messageOfError(error))}</p>}
          {messages?.length === 0 && <p className="hint">{words.canvas.empty}</p>}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
          <div className="preview-messages" tabIndex={0} role="group" aria-label={words.canvas.transcript}>
            {messages?.map((message, index) => (
              <Bubble
                key={message.sid}
                line={{ message, at: instantOf(message.date_created) ?? 0 }}
                isFirst={messages[index - 1]?.author !== message.author}
                nameOfAuthor={(author) =>
                  members.has(author) && author !== me ? author : /^\+|:/.test(author) ? customer : author
                }
                isLastOwn={false}
                {...{ conversation, me }}
              />
            ))}
          </div>
          <div className="dialog-actions">
            <Dialog.Close className="button">{words.close}</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
