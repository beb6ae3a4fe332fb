import { TriangleAlert } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useConfiguration } from '../live/desk.ts'
import { draftKey, drafts, emptyDraft, saveDraft } from '../live/drafts.ts'
import { giveUp, sendAgain } from '../live/outbox.ts'
import type { Outgoing } from '../live/outgoing.ts'
import { type DeskConversation, type Note, objectIn, type ShownMessage, textIn } from '../live/rows.ts'
import { Avatar } from '../parts/avatar.tsx'
import { marked } from '../parts/marked.tsx'
import { timeText, useWords } from '../words/words.ts'
import { Media } from './media.tsx'

/** Something that was said, or is about to be. */
export type Line = { readonly at: number } & (
  | { readonly message: ShownMessage }
  | { readonly note: Note }
  | { readonly outgoing: Outgoing }
)

interface BubbleProps {
  readonly line: Line
  /** Whether name and time stand above it: it begins a group. */
  readonly isFirst: boolean
  readonly conversation: Pick<DeskConversation, 'chat_service_sid' | 'participants'>
  readonly me: string
  readonly nameOfAuthor: (author: string) => string
  /** The last of one's own, which says what has become of it; others say so where they have not arrived. */
  readonly isLastOwn: boolean
}

const maxShown = 1600

/** One message or note. What customers write is text, whatever it looks like. */
export function Bubble({ line, isFirst, conversation, me, nameOfAuthor, isLastOwn }: BubbleProps) {
  const words = useWords()
  const { data: configuration } = useConfiguration()
  const isNote = 'note' in line
  const author = 'message' in line ? line.message.author : isNote ? line.note.author : me
  if ('message' in line && author === 'system') return <p className="system">{line.message.body}</p>
  const isOwn = author === me
  const body = 'message' in line ? line.message.body : isNote ? line.note.body : line.outgoing.body
  const media = 'message' in line ? line.message.media : []
  const isBot = 'message' in line && /\b(?:bot|ai)\b/i.test(textIn(line.message.attributes, 'author_type') ?? '')
  const hasMarks = objectIn(configuration?.markdown).enabled !== false
  const name = isOwn ? words.canvas.you : nameOfAuthor(author)
  return (
    <div
      className={`message ${isOwn ? 'out' : 'in'} ${isFirst ? 'first' : ''} ${isNote ? 'is-note' : ''}`}
      tabIndex={-1}
    >
      {!isOwn && (isFirst ? <Avatar name={name} size={28} /> : <span className="gap" />)}
      <div className="message-body">
        {isFirst && (
          <div className="who">
            <b>{name}</b>
            {isBot && <span className="tag">{words.canvas.bot}</span>}
            <time>{timeText(line.at, words.lang)}</time>
            {isNote && <span className="tag note">{words.canvas.note}</span>}
          </div>
        )}
        {body !== null && body !== '' && <Text text={body} hasMarks={hasMarks} isNote={isNote} />}
        {media.map((one) => (
          <Media key={one.sid} media={one} service_sid={conversation.chat_service_sid} />
        ))}
        {/* Of the others it is seen when somebody points at them, or has come to them by keys. */}
        {!isFirst && <time className="late-time">{timeText(line.at, words.lang)}</time>}
        {'outgoing' in line && <OutgoingState outgoing={line.outgoing} />}
        {'message' in line && isOwn && <Delivered {...{ message: line.message, conversation, me, isLastOwn }} />}
      </div>
    </div>
  )
}

function Text({
  text,
  hasMarks,
  isNote
}: {
  readonly text: string
  readonly hasMarks: boolean
  readonly isNote: boolean
}) {
  const words = useWords()
  const [isWhole, setWhole] = useState(false)
  const isLong = text.length > maxShown || text.split('\n').length > 20
  const shown = isLong && !isWhole ? text.split('\n').slice(0, 20).join('\n').slice(0, maxShown) : text
  return (
    <div className={`bubble ${isNote ? 'note' : ''}`} dir="auto">
      {hasMarks ? marked(shown) : shown}
      {isLong && (
        <button type="button" className="link" onClick={() => setWhole(!isWhole)}>
          {isWhole ? words.canvas.fold : words.canvas.unfold}
        </button>
      )}
    </div>
  )
}

interface DeliveredProps extends Pick<BubbleProps, 'conversation' | 'me' | 'isLastOwn'> {
  readonly message: ShownMessage
}

/** What has become of a message: on channels by receipts, in chats by how far the others have read. */
function Delivered({ message: { index, delivery }, conversation, me, isLastOwn }: DeliveredProps): ReactNode {
  const words = useWords()
  if (delivery === 'failed')
    return (
      <div className="sent-state failed">
        <TriangleAlert size={13} aria-hidden /> {words.canvas.notDelivered}
      </div>
    )
  if (!isLastOwn) return null
  const isRead = conversation.participants.some(
    ({ identity, last_read_message_index: read }) => identity !== me && read !== null && read >= index
  )
  const state = isRead ? 'read' : (delivery ?? 'sent')
  return <div className="sent-state">{words.canvas.delivery[state]}</div>
}

function OutgoingState({ outgoing }: { readonly outgoing: Outgoing }): ReactNode {
  const words = useWords()
  const { key, state, conversation_sid, body, media_name, why } = outgoing
  const file = media_name !== undefined && <span className="file-name">{media_name}</span>
  if (state !== 'failed')
    return (
      <div className="sent-state">
        {file} {state === 'waiting' ? words.canvas.waitsForNetwork : words.canvas.sending}
      </div>
    )
  const edit = () => {
    const name = draftKey(conversation_sid, 'reply')
    const now = drafts.get().get(name) ?? emptyDraft
    saveDraft(name, { ...now, text: now.text === '' ? body : `${now.text}\n${body}` })
    giveUp(key)
  }
  return (
    <div className="sent-state failed" role="alert">
      {file}
      <TriangleAlert size={13} aria-hidden /> {words.canvas.notSent}
      {why !== undefined && <span className="reason">{why}</span>}
      <button type="button" className="link" onClick={() => sendAgain(key)}>
        {words.canvas.retry}
      </button>
      <button type="button" className="link" onClick={edit}>
        {words.canvas.edit}
      </button>
      <button type="button" className="link" onClick={() => giveUp(key)}>
        {words.canvas.delete}
      </button>
    </div>
  )
}
