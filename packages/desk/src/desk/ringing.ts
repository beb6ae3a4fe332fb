import { useEffect } from 'react'
import plainMark from '../app/mark.svg'
import dottedMark from '../app/mark-dot.svg'
import { preferences } from '../app/preferences.ts'
import { instantOf, serverNow } from '../live/clock.ts'
import { queries } from '../live/desk.ts'
import { isFeatureOn } from '../live/features.ts'
import { announce } from '../live/notices.ts'
import { channelOf, type DeskItem, type FlexConfiguration, objectIn } from '../live/rows.ts'
import { nameOf } from '../words/names.ts'
import { wordsOf } from '../words/words.ts'
import { isLeading, soundRing } from './sounds.ts'

/* What rings: sound, the title of the window, its mark, and notifications of the browser. */

const shown = new Map<string, Notification>()

const configuration = () => queries.getQueryData<FlexConfiguration>(['configuration'])

interface Shown {
  /** What it is about: another one with the same takes its place. */
  readonly sid: string
  readonly title: string
  readonly body: string
  readonly open: () => void
  /** Whether it stays until its cause ends. */
  readonly isKept: boolean
}

/** A notification of the browser, where the configuration and the user want one. */
function showNotification({ sid, title, body, open, isKept }: Shown): void {
  // The configuration may switch them off, or want them in any case.
  const { enabled, mode } = objectIn(configuration()?.notifications)
  const isAway = mode !== 'whenNotInFocus' || !document.hasFocus()
  const isWanted = isLeading() && enabled !== false && isAway && preferences.get().notifications === true
  if (!isWanted || !('Notification' in window) || Notification.permission !== 'granted') return
  const notification = new Notification(title, { body, tag: sid, requireInteraction: isKept })
  notification.onclick = () => {
    window.focus()
    open()
    notification.close()
  }
  shown.set(sid, notification)
}

/** Takes back the notifications whose cause has ended. */
function closeOthers(live: ReadonlySet<string>, prefix: string): void {
  for (const [sid, notification] of shown) {
    if (live.has(sid) || !sid.startsWith(prefix)) continue
    notification.close()
    shown.delete(sid)
  }
}

/** Somebody has written what nobody looks at. */
export function notifyMessage(item: DeskItem, text: string, open: () => void): void {
  const { conversation, task } = item
  if (!conversation) return
  const body = preferences.get().notified_text === true ? text : (task.task_queue_friendly_name ?? '')
  showNotification({ sid: conversation.sid, title: nameOf(item), body, open, isKept: false })
}

const begun = new Set<string>()
const called = new Set<string>()

/** Rings for these offers as long as there are any. */
export function useRinging(offers: readonly DeskItem[], open: (item: DeskItem) => void): void {
  const isRinging = offers.length > 0
  useEffect(() => {
    if (!isRinging || !isFeatureOn(configuration(), 'ring_notification')) return
    soundRing()
    const timer = setInterval(soundRing, 2400)
    return () => clearInterval(timer)
  }, [isRinging])
  useEffect(() => {
    for (const offer of offers) {
      announceOffer(offer, open)
    }
    closeOthers(new Set(offers.map(({ reservation }) => reservation.sid)), 'WR')
  })
}

function announceOffer(offer: DeskItem, open: (item: DeskItem) => void): void {
  const words = wordsOf()
  const { reservation, task } = offer
  const { sid } = reservation
  const queue = task.task_queue_friendly_name ?? ''
  const seconds = Math.round(((instantOf(reservation.timeout_at) ?? serverNow()) - serverNow()) / 1000)
  if (!begun.has(sid)) {
    begun.add(sid)
    const channel = words.channels[channelOf(offer)] ?? channelOf(offer)
    announce(words.announce.offer(nameOf(offer), channel, queue, seconds), 'assertive')
    showNotification({ sid, title: nameOf(offer), body: queue, open: () => open(offer), isKept: true })
  }
  for (const mark of [30, 10]) {
    const name = `${sid}/${mark}`
    if (seconds > mark || seconds < mark - 4 || called.has(name)) continue
    called.add(name)
    announce(words.announce.left(seconds), 'assertive')
  }
}

interface Titled {
  readonly offers: readonly DeskItem[]
  readonly held: readonly DeskItem[]
  /** Of the window where nobody waits. */
  readonly title: string
}

/** The title and the mark of the window say who waits, for who looks at another one: offers first, then unread messages. */
export function useWaitingTitle({ offers, held, title }: Titled): void {
  const unread = held.filter(({ conversation }) => (conversation?.unread_count ?? 0) > 0)
  const [first] = offers.length > 0 ? offers : unread
  const count = offers.length > 0 ? offers.length : unread.length
  const text = first ? `(${count}) ${nameOf(first)} · ${wordsOf().product}` : title
  useEffect(() => {
    document.title = text
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (icon) icon.href = count > 0 ? dottedMark : plainMark
    const badge = count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.()
    void badge?.catch(() => {}) // a page that is not installed has none
  }, [text, count])
}
