import { Bold, Code, Italic, Paperclip, Zap } from 'lucide-react'
import { type RefObject, useRef } from 'react'
import type { DraftKind } from '../live/drafts.ts'
import { useWords } from '../words/words.ts'
import { smsSize } from './limits.ts'

/** Markdown's marks that have a button, with the letter of their key. */
export const markKinds = [
  ['bold', '**', 'b', Bold],
  ['italic', '_', 'i', Italic],
  ['code', '`', 'e', Code]
] as const

/** Puts marks around what is chosen in a text area; answers the text, and leaves the choice as it was. */
export function markedText(area: HTMLTextAreaElement, mark: string): string {
  const { value, selectionStart: from, selectionEnd: to } = area
  requestAnimationFrame(() => {
    area.focus()
    area.setSelectionRange(from + mark.length, to + mark.length)
  })
  return value.slice(0, from) + mark + value.slice(from, to) + mark + value.slice(to)
}

interface BarProps {
  readonly kind: DraftKind
  readonly text: string
  readonly area: RefObject<HTMLTextAreaElement | null>
  readonly mayAttach: boolean
  readonly hasMarks: boolean
  readonly isSms: boolean
  /** Why it cannot be sent now; undefined where it can. */
  readonly why: string | undefined
  readonly isEmpty: boolean
  readonly onWrite: (text: string) => void
  readonly onFiles: (files: readonly File[]) => void
  readonly onSend: () => void
}

/** What stands below the text: canned responses, files, marks, how long an SMS it is, and the one button. */
export function ComposerBar(props: BarProps) {
  const { kind, text, area, mayAttach, hasMarks, isSms, why, isEmpty, onWrite, onFiles, onSend } = props
  const words = useWords()
  const picker = useRef<HTMLInputElement>(null)
  return (
    <div className="box-bar">
      {kind === 'reply' && (
        <button
          type="button"
          className="icon-button"
          aria-label={words.composer.canned}
          title={words.composer.cannedHint}
          onClick={() => {
            onWrite(`${text}${text === '' || text.endsWith(' ') ? '' : ' '}/`)
            area.current?.focus()
          }}
        >
          <Zap size={16} />
        </button>
      )}
      {mayAttach && (
        <>
          <button
            type="button"
            className="icon-button"
            aria-label={words.composer.attach}
            onClick={() => picker.current?.click()}
          >
            <Paperclip size={16} />
          </button>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={words.composer.attach}
            onChange={(event) => {
              onFiles([...(event.target.files ?? [])])
              event.target.value = ''
            }}
          />
        </>
      )}
      {hasMarks &&
        markKinds.map(([name, mark, , Icon]) => (
          <button
            key={name}
            type="button"
            className="icon-button mark-button"
            aria-label={words.composer.marks[name]}
            title={words.composer.marks[name]}
            onClick={() => area.current && onWrite(markedText(area.current, mark))}
          >
            <Icon size={15} />
          </button>
        ))}
      <span className="space" />
      {isSms && text !== '' && <SmsSize text={text} />}
      {why !== undefined && (
        <span className="age" id="composer-why">
          {why}
        </span>
      )}
      <button
        type="button"
        className={`button ${kind === 'reply' ? 'primary' : 'noted'}`}
        aria-disabled={isEmpty || why !== undefined}
        aria-describedby={why === undefined ? undefined : 'composer-why'}
        onClick={onSend}
      >
        {kind === 'reply' ? words.composer.send : words.composer.addNote} <kbd aria-hidden>⏎</kbd>
      </button>
    </div>
  )
}

function SmsSize({ text }: { readonly text: string }) {
  const words = useWords()
  const { used, room, segments, odd } = smsSize(text)
  return (
    <span className="age" title={words.composer.segments(used, segments)}>
      {odd !== undefined && `${words.composer.doubled(odd)} · `}
      {used} / {room}
    </span>
  )
}
