import { useEffect, useRef, useState } from 'react'
import { announce } from '../live/notices.ts'
import { markRead } from '../live/read-marks.ts'
import type { DeskConversation, ShownMessage } from '../live/rows.ts'
import { useWords } from '../words/words.ts'

interface Reading {
  readonly me: string
  readonly messages: readonly ShownMessage[] | undefined
  readonly isAtEnd: boolean
}

/** A message is read when it was in view for a second, in a window that somebody looks at. */
export function useReading({ sid, unread_count }: DeskConversation, { me, messages, isAtEnd }: Reading): void {
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

/** How many messages of others came since somebody was at the end; what was said before all of that is not new. */
export function useUnseen(
  messages: readonly ShownMessage[] | undefined,
  { me, isAtEnd }: { readonly me: string; readonly isAtEnd: boolean }
): number {
  const last = messages?.at(-1)?.index
  const [seen, setSeen] = useState(last)
  useEffect(() => {
    if (isAtEnd) setSeen(last)
  }, [isAtEnd, last])
  if (isAtEnd || messages === undefined || seen === undefined) return 0
  return messages.filter(({ index, author }) => index > seen && author !== me).length
}

/** Between two announcements of messages, in milliseconds. */
const quiet_ms = 2000

/** Screen readers hear what others write: one message in two seconds, and only how many where there are more. */
export function useAnnouncements(
  messages: readonly ShownMessage[] | undefined,
  me: string,
  nameOfAuthor: (author: string) => string
): void {
  const words = useWords()
  const now = useRef({ messages, nameOfAuthor })
  now.current = { messages, nameOfAuthor }
  const announced = useRef({ index: undefined as number | undefined, at: Number.NEGATIVE_INFINITY })
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => {
    const newest = messages?.at(-1)
    const { index: from, at } = announced.current
    if (!newest) return
    if (from === undefined) {
      announced.current.index = newest.index
      return
    }
    if (newest.index <= from || timer.current !== undefined) return
    const say = () => {
      timer.current = undefined
      const { messages: all = [], nameOfAuthor: nameOf } = now.current
      const fresh = all.filter(({ index, author }) => index > from && author !== me)
      announced.current = { index: all.at(-1)?.index ?? from, at: performance.now() }
      const [only] = fresh
      if (fresh.length > 1) announce(words.announce.messages(fresh.length))
      else if (only) announce(words.announce.message(nameOf(only.author), only.body ?? words.canvas.file))
    }
    // Several may come together.
    timer.current = setTimeout(say, Math.max(400, at + quiet_ms - performance.now()))
  }, [messages, me, words])
}
