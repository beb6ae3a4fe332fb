import { useMessages } from '../live/desk.ts'
import { channelOf, type DeskItem, identityOf, type WorkerDesk } from '../live/rows.ts'
import { late } from '../parts/late.tsx'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { CanvasHead } from './canvas-head.tsx'
import { Composer } from './composer.tsx'
import { Transcript } from './transcript.tsx'

const WrapUp = late(async () => (await import('./wrap-up.tsx')).WrapUp)
const PhonePanel = late(async () => (await import('../phone/phone-panel.tsx')).PhonePanel)

interface CanvasProps {
  readonly desk: WorkerDesk
  readonly item: DeskItem | undefined
  readonly onBack: () => void
}

/** One contact: what has been said, and what can be done. */
export function Canvas({ desk, item, onBack }: CanvasProps) {
  const words = useWords()
  const { data: messages, error, refetch } = useMessages(item?.conversation?.sid)
  if (!item)
    return (
      <main className="canvas empty" id="canvas" data-pane tabIndex={-1}>
        <h1>{words.canvas.none}</h1>
        <p>{words.canvas.noneHint}</p>
      </main>
    )
  const isWrapping = item.reservation.reservation_status === 'wrapping'
  const isClosed = item.conversation?.state === 'closed'
  const me = identityOf(desk.worker)
  return (
    <main className="canvas" id="canvas" data-pane tabIndex={-1} aria-label={nameOf(item)}>
      <CanvasHead item={item} me={me} onBack={onBack} />
      {item.conversation ? (
        <Transcript
          conversation={item.conversation}
          {...{ item, messages, me, error, onRetry: () => void refetch() }}
        />
      ) : channelOf(item) === 'voice' && !isWrapping ? (
        <PhonePanel item={item} />
      ) : (
        <div className="canvas-note">{words.canvas.noConversation}</div>
      )}
      {isWrapping ? (
        <WrapUp item={item} />
      ) : item.conversation && !isClosed ? (
        <Composer key={item.conversation.sid} item={item} conversation={item.conversation} me={me} />
      ) : (
        isClosed && <div className="canvas-note">{words.canvas.ended}</div>
      )}
    </main>
  )
}
