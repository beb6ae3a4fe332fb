import { useEffect, useRef } from 'react'
import { instantOf, useNow } from '../live/clock.ts'
import { onEvent } from '../live/desk.ts'
import { notify } from '../live/notices.ts'
import { type DeskItem, type FeedEvent, identityOf, textIn, type WorkerDesk } from '../live/rows.ts'
import { customerName, nameOf } from '../words/names.ts'
import { wordsOf } from '../words/words.ts'
import { notifyMessage } from './ringing.ts'
import { soundMessage, soundReminder } from './sounds.ts'

interface NewsOf {
  readonly desk: WorkerDesk | undefined
  readonly held: readonly DeskItem[]
  readonly chosen: DeskItem | undefined
  readonly open: (task_sid: string) => void
}

/**
 * What an agent is told beside what is on screen: messages that nobody looks at, mentions, contacts that come back, replies
 * that are overdue, wrap-ups that end soon. While somebody wraps up nothing of it sounds; offers ring in any case.
 */
export function useDeskNews(news: NewsOf): void {
  const now = useRef(news)
  useEffect(() => {
    now.current = news
  })
  useEffect(() => onEvent((event) => heard(event, now.current)), [])
  useLimits(news.held)
}

function heard({ type, data }: FeedEvent, { desk, held, chosen, open }: NewsOf): void {
  if (!desk) return
  const me = identityOf(desk.worker)
  const words = wordsOf()
  const item = held.find(({ conversation }) => conversation?.sid === data.conversation_sid)
  const isWrapping = chosen?.reservation.reservation_status === 'wrapping'
  if (type === 'message.added' && data.author !== me) {
    const isSeen = chosen !== undefined && item === chosen && document.hasFocus()
    if (isSeen || !item) return
    if (!isWrapping) soundMessage()
    notifyMessage(item, String(data.body ?? ''), () => open(item.task.sid))
  }
  if (type === 'note.added' && data.author !== me && item && mentionsIn(data.mentions).includes(me))
    notify(words.bell.mentioned(String(data.author), nameOf(item)), 'info', item.task.sid)
  if (type === 'reservation.created' && data.worker_sid === desk.worker.sid) {
    const attributes = textIn(data, 'task_attributes') === undefined ? {} : JSON.parse(String(data.task_attributes))
    const name = customerName(attributes) ?? ''
    if (textIn(attributes, 'parked', 'reason') === 'customer') notify(words.bell.parkedWrote(name))
    else if (textIn(attributes, 'transferTargetType') !== undefined) notify(words.bell.handedOver(name))
  }
}

/** Events have them as JSON. */
function mentionsIn(value: unknown): readonly string[] {
  const found: unknown = typeof value === 'string' ? JSON.parse(value) : value
  return Array.isArray(found) ? found.map(String) : []
}

/** Said once each, by reservation or message: what is late, and what ends soon. */
const said = new Set<string>()
const soon_ms = 30_000

function useLimits(held: readonly DeskItem[]): void {
  const now = useNow()
  useEffect(() => {
    const words = wordsOf()
    const isWrapping = held.some(({ reservation }) => reservation.reservation_status === 'wrapping')
    for (const item of held) {
      const { conversation, reservation, task } = item
      const due = instantOf(conversation?.reply_due_at)
      const late = `late/${conversation?.sid}/${due}`
      if (due !== undefined && due <= now && !said.has(late)) {
        said.add(late)
        if (!isWrapping) soundReminder()
        notify(words.bell.late(nameOf(item)), 'info', task.sid)
      }
      const ends = instantOf(reservation.wrap_up_ends_at)
      const name = `ends/${reservation.sid}/${ends}`
      if (ends === undefined || ends - now > soon_ms || ends <= now || said.has(name)) continue
      said.add(name)
      notify(words.bell.wrapUpEnds(nameOf(item)), 'info', task.sid)
    }
  }, [held, now])
}
