import { useMemo, useState } from 'react'
import { instantOf } from '../live/clock.ts'
import { useNotes } from '../live/desk.ts'
import { outbox } from '../live/outbox.ts'
import type { Outgoing } from '../live/outgoing.ts'
import { type DeskConversation, type DeskItem, type ShownMessage, textIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { nameOf } from '../words/names.ts'
import type { Line } from './bubble.tsx'

/** A line of the transcript: something that was said, or what stands between. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | (Line & { readonly kind: 'line'; readonly key: string; readonly isFirst: boolean })

/** What somebody says within so many milliseconds stands together. */
const together_ms = 5 * 60_000

/** What was said, is noted, and is on its way, as it stands in the transcript. */
export function useRows(
  { sid, unread_count, last_read_message_index }: DeskConversation,
  messages: readonly ShownMessage[] | undefined,
  me: string
): readonly Row[] {
  const { data: notes } = useNotes(sid)
  const out = useStore(outbox)
  // As it was when somebody opened it: the line stays where it is.
  const [firstUnread] = useState(() => (unread_count > 0 ? (last_read_message_index ?? -1) + 1 : undefined))
  return useMemo(() => {
    const lines: Line[] = [
      ...(messages ?? []).map((message) => ({ message, at: instantOf(message.date_created) ?? 0 })),
      ...(notes ?? []).map((note) => ({ note, at: instantOf(note.date_created) ?? 0 }))
    ].sort((a, b) => a.at - b.at)
    const own: Line[] = out.filter((one) => one.conversation_sid === sid).map((one) => ({ outgoing: one, at: one.at }))
    return rowsOf([...lines, ...own], firstUnread, me)
  }, [messages, notes, out, sid, firstUnread, me])
}

/** The customer's name for whoever has an address, and for the guest of a web chat; colleagues by their own. */
export function namesOf(conversation: DeskConversation, item: DeskItem): (author: string) => string {
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
