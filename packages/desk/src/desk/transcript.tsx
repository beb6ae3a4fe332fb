import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { messageOfError } from '../api/api.ts'
import { instantOf } from '../live/clock.ts'
import { showOlder, typing, useNotes } from '../live/desk.ts'
import { whole } from '../live/messages.ts'
import { announce } from '../live/notices.ts'
import { type Outgoing, outbox } from '../live/outbox.ts'
import { markRead } from '../live/read-marks.ts'
import { type DeskConversation, type DeskItem, type ShownMessage, textIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { nameOf } from '../words/names.ts'
import { dayText, useWords } from '../words/words.ts'
import { Bubble, type Line } from './bubble.tsx'

interface TranscriptProps {
  readonly conversation: DeskConversation
  readonly item: DeskItem
  readonly messages: readonly ShownMessage[] | undefined
  readonly me: string
  readonly error: Error | null
  readonly onRetry: () => void
}

type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | (Line & { readonly kind: 'line'; readonly key: string; readonly isFirst: boolean })

const together_ms = 5 * 60_000
/** So near the end counts as being there. */
const near = 80

/** What has been said, the newest at the end; it stays where somebody reads, and follows who is at the end. */
export function Transcript({ conversation, item, messages, me, error, onRetry }: TranscriptProps) {
  const words = useWords()
  const { data: notes } = useNotes(conversation.sid)
  const out = useStore(outbox)
  const [firstUnread] = useState(() =>
    conversation.unread_count > 0 ? (conversation.last_read_message_index ?? -1) + 1 : undefined
  )
  const nameOfAuthor = useMemo(() => namesOf(conversation, item), [conversation, item])
  const rows = useMemo(() => {
    const lines: Line[] = [
      ...(messages ?? []).map((message) => ({ message, at: instantOf(message.date_created) ?? 0 })),
      ...(notes ?? []).map((note) => ({ note, at: instantOf(note.date_created) ?? 0 }))
    ].sort((a, b) => a.at - b.at)
    const own: Line[] = out
      .filter((one) => one.conversation_sid === conversation.sid)
      .map((one) => ({ outgoing: one, at: one.at }))
    return rowsOf([...lines, ...own], firstUnread, me)
  }, [messages, notes, out, conversation.sid, firstUnread, me])

  const scroller = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  /** Since it was brought to its end, which comes after the first paint. */
  const [hasMoved, setMoved] = useState(false)
  const [seen, setSeen] = useState(rows.length)
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
  useEffect(() => {
    if (isAtEnd) setSeen(rows.length)
  }, [isAtEnd, rows.length])
  const leaving = out.findLast((one) => one.conversation_sid === conversation.sid)?.key
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each message; who writes one wants to see it
  useEffect(() => {
    if (leaving !== undefined) requestAnimationFrame(toEnd)
  }, [leaving])
  useReading(conversation, { me, messages, isAtEnd })
  useTold(messages, me, nameOfAuthor)

  const typers = (useStore(typing).get(conversation.sid) ?? []).filter(({ identity }) => identity !== me)
  const missed = Math.max(0, rows.length - seen)
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
        {error !== null && !isLoaded && (
          <div className="canvas-note" role="alert">
            <p>{words.errors.failed(messageOfError(error))}</p>
            <button type="button" className="button" onClick={onRetry}>
              {words.errors.retry}
            </button>
          </div>
        )}
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
      {missed > 0 && !isAtEnd && (
        <button type="button" className="pill" onClick={toEnd}>
          {words.canvas.newBelow(missed)}
        </button>
      )}
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

/** The customer's name for whoever has an address, and for the guest of a web chat; colleagues by their own. */
function namesOf(conversation: DeskConversation, item: DeskItem): (author: string) => string {
  const customer = nameOf(item)
  const outside = new Set([
    textIn(item.attributes, 'customerAddress'),
    ...conversation.participants.flatMap(({ sid, address, identity }) =>
      address === null ? [] : [sid, address, identity ?? sid]
    )
  ])
  return (author) => (outside.has(author) ? customer : author)
}

function authorOf(line: Line, me: string): string {
  return 'message' in line ? line.message.author : 'note' in line ? `note ${line.note.author}` : me
}

function rowsOf(lines: readonly Line[], firstUnread: number | undefined, me: string): readonly Row[] {
  const rows: Row[] = []
  let before: Line | undefined
  let day = ''
  for (const line of lines) {
    const today = new Date(line.at).toDateString()
    if (today !== day) rows.push({ kind: 'day', key: today, at: line.at })
    const isUnread = 'message' in line && line.message.index === firstUnread
    if (isUnread) rows.push({ kind: 'new', key: 'new' })
    const isSame = before && today === day && !isUnread && authorOf(before, me) === authorOf(line, me)
    const isFirst = !isSame || line.at - (before?.at ?? 0) > together_ms
    rows.push({ ...line, kind: 'line', key: keyOf(line), isFirst })
    before = line
    day = today
  }
  return rows
}

function keyOf(line: Line): string {
  return 'message' in line ? line.message.sid : 'note' in line ? line.note.sid : (line.outgoing as Outgoing).key
}

interface Reading {
  readonly me: string
  readonly messages: readonly ShownMessage[] | undefined
  readonly isAtEnd: boolean
}

/** A message is read when it was in view for a second, in a window that somebody looks at. */
function useReading({ sid, unread_count }: DeskConversation, { me, messages, isAtEnd }: Reading): void {
  const last = messages?.at(-1)?.index
  useEffect(() => {
    if (last === undefined || unread_count === 0 || !isAtEnd) return
    const look = () => {
      clearTimeout(timer)
      if (document.hasFocus() && !document.hidden) timer = setTimeout(() => markRead(sid, me, last), 1000)
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    look()
    window.addEventListener('focus', look)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('focus', look)
    }
  }, [sid, me, last, unread_count, isAtEnd])
}

/** Screen readers hear what others write: one message in two seconds, and only how many where there are more. */
function useTold(
  messages: readonly ShownMessage[] | undefined,
  me: string,
  nameOfAuthor: (author: string) => string
): void {
  const words = useWords()
  const last = useRef<number | undefined>(undefined)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const names = useRef(nameOfAuthor)
  names.current = nameOfAuthor
  useEffect(() => {
    const newest = messages?.at(-1)
    if (!newest) return
    const from = last.current
    if (from === undefined) last.current = newest.index
    else if (newest.index > from && timer.current === undefined) {
      timer.current = setTimeout(() => {
        timer.current = undefined
        const fresh = (messages ?? []).filter(({ index, author }) => index > from && author !== me)
        last.current = newest.index
        const [only] = fresh
        if (fresh.length > 1) announce(words.announce.messages(fresh.length))
        else if (only) announce(words.announce.message(names.current(only.author), only.body ?? words.canvas.file))
      }, 400)
    }
  }, [messages, me, words])
}
