import {
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState
} from 'react'
import { isMac, useOffer } from '../app/keys.ts'
import { preferences } from '../app/preferences.ts'
import { instantOf, serverNow } from '../live/clock.ts'
import { useConfiguration, useMessages } from '../live/desk.ts'
import { type DraftFile, type DraftKind, draftKey, drafts, emptyDraft, saveDraft } from '../live/drafts.ts'
import { notify } from '../live/notices.ts'
import { send } from '../live/outbox.ts'
import { channelOf, type DeskConversation, type DeskItem, objectIn, type ShownMessage } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { addNote, sendTyping } from './actions.ts'
import { ComposerBar, markedText, markKinds } from './composer-bar.tsx'
import { attachmentsOf } from './limits.ts'
import { type Suggestion, Suggestions, useSuggestions, withSuggestion } from './suggestions.tsx'
import { Files, useUploads } from './uploads.tsx'

interface ComposerProps {
  readonly item: DeskItem
  readonly conversation: DeskConversation
  readonly me: string
}

/** Where one writes: to the customer, or for colleagues. What is written belongs to this conversation and goes to no other. */
export function Composer({ item, conversation, me }: ComposerProps) {
  const words = useWords()
  const id = useId()
  const [kind, setKind] = useState<DraftKind>('reply')
  const area = useRef<HTMLTextAreaElement>(null)
  const { data: configuration } = useConfiguration()
  const channel = channelOf(item)
  const mayAttach = kind === 'reply' && attachmentsOf(configuration?.channel_configs ?? [], channel) !== undefined
  const { enabled, mode } = objectIn(configuration?.markdown)
  const hasMarks = enabled !== false && mode !== 'readOnly'
  const { draft, uploads, suggesting, why, write, insert, submit, remove } = useWriting({
    ...{ item, conversation, me, kind, channel, area }
  })
  useKinds(setKind, area, submit)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it grows with its text
  useEffect(() => {
    const one = area.current
    if (!one) return
    one.style.height = 'auto'
    one.style.height = `${Math.min(one.scrollHeight, 12 * 21 + 12)}px`
  }, [draft.text, kind])
  const { enter_breaks = false } = useStore(preferences)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || suggesting.onKeyDown(event, insert)) return
    const isMod = isMac ? event.metaKey : event.ctrlKey
    const mark = hasMarks && isMod ? markKinds.find(([, , letter]) => letter === event.key.toLowerCase()) : undefined
    if (mark && area.current) {
      event.preventDefault()
      write(markedText(area.current, mark[1]))
    } else if (event.key === 'Escape') {
      event.preventDefault()
      area.current?.blur()
    } else if (event.key === 'Enter' && !enter_breaks && !event.shiftKey && !event.altKey && !isMod) {
      event.preventDefault()
      void submit()
    }
  }
  const drop = (event: DragEvent | ClipboardEvent) => {
    const files = 'dataTransfer' in event ? event.dataTransfer.files : event.clipboardData.files
    if (files.length === 0 || !mayAttach) return
    event.preventDefault()
    uploads.add([...files])
  }
  const list = `${id}-suggestions`
  const { found, picked } = suggesting
  return (
    <div className="composer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a place to drop files; the button does the same */}
      <div className={`box ${kind}`} onDrop={drop} onDragOver={(event) => event.preventDefault()}>
        <KindTabs id={id} kind={kind} channel={words.channels[channel] ?? channel} onKind={setKind} />
        <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${kind}`}>
          <Suggestions id={list} suggesting={suggesting} onPick={insert} />
          <textarea
            ref={area}
            aria-label={kind === 'reply' ? words.composer.placeholder(nameOf(item)) : words.composer.note}
            aria-controls={found ? list : undefined}
            aria-activedescendant={found?.[picked] ? `${list}-${picked}` : undefined}
            placeholder={kind === 'reply' ? words.composer.placeholder(nameOf(item)) : words.composer.notePlaceholder}
            rows={2}
            dir="auto"
            value={draft.text}
            onChange={(event) => write(event.target.value)}
            onKeyDown={onKeyDown}
            onPaste={drop}
          />
          <Files files={draft.files} going={uploads.going} onRemove={remove} />
          <ComposerBar
            {...{ kind, area, mayAttach, hasMarks, why }}
            text={draft.text}
            isSms={channel === 'sms' && kind === 'reply'}
            isEmpty={uploads.isBusy || (draft.text.trim() === '' && draft.files.length === 0)}
            onWrite={write}
            onFiles={uploads.add}
            onSend={() => void submit()}
          />
        </div>
      </div>
    </div>
  )
}

interface WritingOf extends ComposerProps {
  readonly kind: DraftKind
  readonly channel: string
  readonly area: RefObject<HTMLTextAreaElement | null>
}

/** The draft of one kind, what is suggested for it, and how it leaves. */
function useWriting({ item, conversation, me, kind, channel, area }: WritingOf) {
  const words = useWords()
  const key = draftKey(conversation.sid, kind)
  const draft = useStore(drafts).get(key) ?? emptyDraft
  const uploads = useUploads(conversation, key, channel)
  const suggesting = useSuggestions({ text: draft.text, kind, item })
  const { data: messages } = useMessages(conversation.sid)
  const isBusy = useRef(false)
  const why =
    channel === 'whatsapp' && kind === 'reply' && isWindowClosed(messages, conversation)
      ? words.composer.windowClosed
      : undefined
  const write = (text: string) => {
    saveDraft(key, { ...draft, text })
    suggesting.reset()
    if (kind === 'reply' && text !== '') sendTyping(conversation.sid, me)
  }
  const insert = (one: Suggestion) => {
    saveDraft(key, { ...draft, text: withSuggestion(draft.text, one) })
    suggesting.reset()
    area.current?.focus()
  }
  const submit = async () => {
    const text = draft.text.trim()
    const isEmpty = text === '' && draft.files.length === 0
    if (uploads.isBusy) notify(words.composer.stillUploading)
    if (isBusy.current || isEmpty || uploads.isBusy || why !== undefined) return
    if (kind === 'note') {
      isBusy.current = true
      const isDone = text !== '' && (await addNote(conversation.sid, text))
      isBusy.current = false
      if (isDone) saveDraft(key, emptyDraft)
      return
    }
    // One message takes one file: the text goes with the first.
    const [first, ...others] = draft.files
    const of = (file: DraftFile | undefined, body: string) =>
      send({ conversation_sid: conversation.sid, body, media_sid: file?.sid, media_name: file?.name })
    if (!of(first, text)) return
    for (const file of others) of(file, '')
    saveDraft(key, emptyDraft)
  }
  const remove = (sid: string) => saveDraft(key, { ...draft, files: draft.files.filter((file) => file.sid !== sid) })
  return { draft, uploads, suggesting, why, write, insert, submit, remove }
}

const window_ms = 24 * 3_600_000

/** WhatsApp takes free text for a day after the customer has written; then templates alone. */
function isWindowClosed(messages: readonly ShownMessage[] | undefined, { participants }: DeskConversation): boolean {
  const customers = new Set(participants.flatMap(({ sid, address }) => (address === null ? [] : [sid, address])))
  const last = messages?.findLast(
    ({ author, participant_sid }) => customers.has(author) || customers.has(participant_sid ?? '')
  )
  return last !== undefined && serverNow() - (instantOf(last.date_created) ?? 0) > window_ms
}

/** Keys that lead into the composer, or send what is in it. */
function useKinds(
  setKind: (kind: DraftKind) => void,
  area: RefObject<HTMLTextAreaElement | null>,
  submit: () => Promise<void>
): void {
  const into = (which: DraftKind) => () => {
    setKind(which)
    // At once: what is typed next belongs here, and is no command.
    area.current?.focus()
  }
  useOffer('reply', into('reply'))
  useOffer('note', into('note'))
  useOffer('send', () => void submit())
}

interface KindTabsProps {
  readonly id: string
  readonly kind: DraftKind
  readonly channel: string
  readonly onKind: (kind: DraftKind) => void
}

/** To the customer, by which channel, or for colleagues. */
function KindTabs({ id, kind, channel, onKind }: KindTabsProps) {
  const words = useWords()
  return (
    <div className="box-tabs" role="tablist" aria-label={words.composer.kind}>
      {(['reply', 'note'] as const).map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          id={`${id}-${one}`}
          aria-selected={kind === one}
          aria-controls={`${id}-panel`}
          tabIndex={kind === one ? 0 : -1}
          onClick={() => onKind(one)}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
            const other = one === 'reply' ? 'note' : 'reply'
            onKind(other)
            document.getElementById(`${id}-${other}`)?.focus()
          }}
        >
          {one === 'reply' ? words.composer.reply(channel) : words.composer.note}
        </button>
      ))}
    </div>
  )
}
