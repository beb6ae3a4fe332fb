import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { messageOfError } from '../api/api.ts'
import { showOlder, typing } from '../live/desk.ts'
import { whole } from '../live/messages.ts'
import { outbox } from '../live/outbox.ts'
import { type DeskConversation, type DeskItem, type ShownMessage, textIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { dayText, useWords } from '../words/words.ts'
import { Bubble } from './bubble.tsx'
import { useAnnouncements, useReading, useUnseen } from './transcript-attention.ts'
import { namesOf, type Row, useRows } from './transcript-rows.ts'

interface TranscriptProps {
  readonly conversation: DeskConversation
  readonly item: DeskItem
  readonly messages: readonly ShownMessage[] | undefined
  readonly me: string
  readonly error: Error | null
  readonly onRetry: () => void
}

/** So near the end counts as being there. */
const near = 80

/** What has been said, the newest at the end; it stays where somebody reads, and follows who is at the end. */
export function Transcript({ conversation, item, messages, me, error, onRetry }: TranscriptProps) {
  const words = useWords()
  const rows = useRows(conversation, messages, me)
  const nameOfAuthor = useMemo(() => namesOf(conversation, item), [conversation, item])
  const out = useStore(outbox)
  const scroller = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  /** Since it was brought to its end, which comes after the first paint. */
  const [hasMoved, setMoved] = useState(false)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 56,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
    anchorTo: 'end',
    followOnAppend: true
  })
  useHeldPlace(scroller, rows, virtual.measurementsCache)
  const toEnd = () => virtual.scrollToIndex(Math.max(0, rows.length - 1), { align: 'end' })
  const isLoaded = messages !== undefined
  const isWhole = useStore(whole).has(conversation.sid)
  const lastOwn = messages?.findLast(({ author }) => author === me)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is something to show
  useEffect(() => {
    if (!isLoaded) return
    requestAnimationFrame(() => {
      toEnd()
      setMoved(true)
    })
  }, [isLoaded])
  const leaving = out.findLast((one) => one.conversation_sid === conversation.sid)?.key
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each message; who writes one wants to see it
  useEffect(() => {
    if (leaving !== undefined) requestAnimationFrame(toEnd)
  }, [leaving])
  useReading(conversation, { me, messages, isAtEnd })
  useAnnouncements(messages, me, nameOfAuthor)
  const missed = useUnseen(messages, { me, isAtEnd })
  return (
    <div className="transcript">
      <div
        ref={scroller}
        className="messages"
        role="log"
        aria-label={words.canvas.transcript}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        onKeyDown={toMessage}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          setAtEnd(scrollHeight - scrollTop - clientHeight < near)
          if (scrollTop < near && hasMoved && !isWhole) void showOlder(conversation.sid)
        }}
      >
        {error !== null && !isLoaded && <NotLoaded error={error} onRetry={onRetry} />}
        {isLoaded && rows.length === 0 && <p className="system">{words.canvas.empty}</p>}
        <HandOver item={item} />
        {isLoaded && !isWhole && rows.length > 0 && (
          <button type="button" className="button small earlier" onClick={() => void showOlder(conversation.sid)}>
            {words.canvas.earlier}
          </button>
        )}
        <div className="virtual" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index]
            return (
              row && (
                <div
                  key={key}
                  data-index={index}
                  ref={virtual.measureElement}
                  className="virtual-row"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <RowOf
                    row={row}
                    {...{ conversation, me, nameOfAuthor }}
                    isLastOwn={'message' in row && row.message === lastOwn}
                  />
                </div>
              )
            )
          })}
        </div>
      </div>
      {missed > 0 && (
        <button type="button" className="pill" onClick={toEnd}>
          {words.canvas.newBelow(missed)}
        </button>
      )}
      <Typers {...{ conversation, me, nameOfAuthor }} />
    </div>
  )
}

function NotLoaded({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  const words = useWords()
  return (
    <div className="canvas-note" role="alert">
      <p>{words.errors.failed(messageOfError(error))}</p>
      <button type="button" className="button" onClick={onRetry}>
        {words.errors.retry}
      </button>
    </div>
  )
}

/** Who else is writing. */
function Typers({ conversation, me, nameOfAuthor }: Pick<RowProps, 'conversation' | 'me' | 'nameOfAuthor'>) {
  const words = useWords()
  const typers = (useStore(typing).get(conversation.sid) ?? []).filter(({ identity }) => identity !== me)
  return (
    <div className="typing" aria-hidden={typers.length === 0}>
      {typers.length > 0 && (
        <>
          <span className="dots" aria-hidden>
            <i />
            <i />
            <i />
          </span>
          {words.canvas.typing(typers.map(({ identity }) => nameOfAuthor(identity)).join(', '))}
        </>
      )}
    </div>
  )
}

/** Arrows go from message to message; Home and End, and whatever else scrolls, do what they always do. */
function toMessage(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const { target, currentTarget } = event
  if (step === undefined || !(target instanceof HTMLElement) || target.closest('button, a, audio, video')) return
  const all = [...currentTarget.querySelectorAll<HTMLElement>('.message')].sort(
    (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top
  )
  const at = all.indexOf(target)
  const next = at < 0 ? all.at(step < 0 ? -1 : 0) : all[at + step]
  if (!next) return
  event.preventDefault()
  next.focus()
  next.scrollIntoView({ block: 'nearest' })
}

/** What who handed it over has left: a note, a summary, why. */
function HandOver({ item: { attributes } }: { readonly item: DeskItem }) {
  const words = useWords()
  const parts = (['summary', 'reason', 'note'] as const).flatMap((name) => {
    const text = textIn(attributes, name)
    return text === undefined ? [] : [[name, text] as const]
  })
  if (parts.length === 0) return null
  return (
    <dl className="hand-over">
      {parts.map(([name, text]) => (
        <div key={name}>
          <dt>{words.canvas.handOver[name]}</dt>
          <dd dir="auto">{text}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Where somebody reads stays where it is when what was before is put in front. */
function useHeldPlace(
  scroller: RefObject<HTMLDivElement | null>,
  rows: readonly Row[],
  places: readonly { readonly key: unknown; readonly start: number }[]
): void {
  const first = rows.find(({ kind }) => kind === 'line')?.key
  const held = useRef<{ readonly first: string | undefined; readonly start: number }>({ first: undefined, start: 0 })
  useLayoutEffect(() => {
    const was = held.current
    const start = (key: string | undefined) => places.find((one) => one.key === key)?.start
    const [before, now] = [was.first === first ? undefined : start(was.first), start(first)]
    held.current = { first, start: now ?? 0 }
    if (before !== undefined && scroller.current) scroller.current.scrollTop += before - was.start
  })
}

interface RowProps {
  readonly row: Row
  readonly conversation: DeskConversation
  readonly me: string
  readonly nameOfAuthor: (author: string) => string
  readonly isLastOwn: boolean
}

function RowOf({ row, conversation, me, nameOfAuthor, isLastOwn }: RowProps) {
  const words = useWords()
  if (row.kind === 'day') return <div className="day">{dayText(row.at, words.lang)}</div>
  if (row.kind === 'new') return <div className="day new">{words.canvas.new}</div>
  return <Bubble line={row} isFirst={row.isFirst} {...{ conversation, me, nameOfAuthor, isLastOwn }} />
}
