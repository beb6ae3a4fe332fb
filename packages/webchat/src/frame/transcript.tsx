import { useSignal } from '@preact/signals'
import type { WebchatArrival } from '@ringdown/client/webchat'
import type { WebchatMessage } from '@ringdown/client/webchat-frames'
import { Fragment, type RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Arrival, Bubble, Outgoing, Replies, Typing } from './bubble.tsx'
import { chat, identity, isAtEnd, isShown, nameOf, older, unread } from './chat.ts'
import { known } from './deployment.ts'
import { Icon } from './icons.tsx'
import { dayText, ownText, words } from './words.ts'

/** Messages of one author within so many milliseconds stand together. */
const together_ms = 5 * 60_000
/** Pixels from the end that still are the end. */
const nearEnd = 40

/** The conversation, the newest below; it stays where it is while somebody reads what was before. */
export function Transcript() {
  const said = words.value
  const log = useRef<HTMLDivElement>(null)
  const { messages = [], outgoing = [], typing = [], has_more = false, phase } = chat.value ?? {}
  const fresh = useFresh(messages.length > 0)
  useHeldPlace(log, messages[0]?.index)
  const toEnd = () => {
    isAtEnd.value = true
    log.current?.scrollTo({ top: log.current.scrollHeight })
  }
  const last = messages.at(-1)
  const greeting = known.value?.is_open === false ? (ownText('away') ?? said.away) : ownText('greeting')
  return (
    <div class="transcript">
      <div
        class="log"
        ref={log}
        role="log"
        aria-label={said.messages}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys, too
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          isAtEnd.value = scrollHeight - scrollTop - clientHeight < nearEnd
        }}
      >
        <div class="lines">
          {has_more && (
            <button type="button" class="button earlier" onClick={older}>
              {said.earlier}
            </button>
          )}
          {greeting && !has_more && <p class="bubble in greeting">{greeting}</p>}
          <Messages fresh={fresh} />
          {outgoing.map((one) => (
            <Outgoing key={one.id} outgoing={one} />
          ))}
          {last && last.author !== identity.value && phase === 'open' && outgoing.length === 0 && (
            <Replies message={last} />
          )}
          {typing.map((one) => (
            <Typing key={one} name={nameOf(one)} />
          ))}
        </div>
      </div>
      {!isAtEnd.value && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" size={16} />
          {said.toEnd(unread.value.length)}
        </button>
      )}
    </div>
  )
}

/** The first message that was not seen when the chat was opened, until it is closed again. */
function useFresh(hasMessages: boolean): number | undefined {
  const fresh = useSignal<number | undefined>(undefined)
  useLayoutEffect(() => {
    fresh.value = isShown.value ? unread.peek()[0]?.index : undefined
  }, [isShown.value, hasMessages])
  return fresh.value
}

/** Where somebody reads stays where it is when earlier messages come, and the end stays in sight of who is there. */
function useHeldPlace(log: RefObject<HTMLDivElement | null>, first: number | undefined): void {
  const before = useRef<{ readonly first: number; readonly height: number } | undefined>(undefined)
  useLayoutEffect(() => {
    const place = log.current
    if (!place) return
    const was = before.current
    if (was && first !== undefined && first < was.first) place.scrollTop += place.scrollHeight - was.height
    else if (isAtEnd.peek()) place.scrollTop = place.scrollHeight
    before.current = first === undefined ? undefined : { first, height: place.scrollHeight }
  })
  useEffect(() => {
    const place = log.current
    if (!place) return
    // A picture that has come, or a keyboard that took half of the screen, leaves the end in sight.
    const grown = new ResizeObserver(() => {
      if (isAtEnd.peek()) place.scrollTop = place.scrollHeight
    })
    grown.observe(place)
    if (place.firstElementChild) grown.observe(place.firstElementChild)
    return () => grown.disconnect()
  }, [])
}

/** What was said, with days, comings and goings, and what has become of the last own message. */
function Messages({ fresh }: { readonly fresh: number | undefined }) {
  const said = words.value
  const { messages = [], outgoing = [], arrivals = [], participants = [], phase } = chat.value ?? {}
  const others = participants.filter((one) => one.identity !== identity.value)
  const read = Math.max(-1, ...others.map((one) => one.last_read_message_index ?? -1))
  const last = messages.at(-1)
  const hasState = last?.author === identity.value && outgoing.length === 0 && phase !== 'gone'
  return (
    <>
      <Gone arrivals={arrivals} after={-1} />
      {messages.map((message, i) => (
        <Fragment key={message.sid}>
          <Between before={messages[i - 1]} message={message} isFresh={message.index === fresh && i > 0} />
          <Bubble
            message={message}
            isOwn={message.author === identity.value}
            name={message.author === identity.value ? said.you : nameOf(message.author)}
            isFirst={!isTogether(messages[i - 1], message)}
          />
          {message === last && hasState && <p class="state">{read >= message.index ? said.seen : said.sent}</p>}
          <Gone arrivals={arrivals} after={message.index} />
        </Fragment>
      ))}
    </>
  )
}

/** The day, where another one begins, and what is new since the chat was open last. */
function Between({
  before,
  message,
  isFresh
}: {
  readonly before: WebchatMessage | undefined
  readonly message: WebchatMessage
  readonly isFresh: boolean
}) {
  const day = dayText(message.date_created)
  return (
    <>
      {(!before || dayText(before.date_created) !== day) && <p class="day">{day}</p>}
      {isFresh && <p class="fresh">{words.value.fresh}</p>}
    </>
  )
}

function Gone({ arrivals, after }: { readonly arrivals: readonly WebchatArrival[]; readonly after: number }) {
  return (
    <>
      {arrivals
        .filter((one) => one.after === after)
        .map(({ did, participant }, i) => (
          <Arrival key={`${participant.sid} ${did} ${i}`} did={did} name={nameOf(participant.identity)} />
        ))}
    </>
  )
}

function isTogether(before: WebchatMessage | undefined, { author, date_created }: WebchatMessage): boolean {
  if (!before || before.author !== author) return false
  return Date.parse(date_created) - Date.parse(before.date_created) < together_ms
}
