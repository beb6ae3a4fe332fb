import { useSignal } from '@preact/signals'
import type { WebchatArrival } from '@ringdown/client/webchat'
import type { WebchatMessage } from '@ringdown/client/webchat-frames'
import { Fragment } from 'preact'
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
  const before = useRef<{ readonly first: number; readonly height: number } | undefined>(undefined)
  /** The first message that was not seen when the chat was opened. */
  const fresh = useSignal<number | undefined>(undefined)
  const { messages = [], outgoing = [], arrivals = [], typing = [], has_more = false, phase } = chat.value ?? {}
  const [first] = messages

  useLayoutEffect(() => {
    // Until it is closed again.
    fresh.value = isShown.value ? unread.peek()[0]?.index : undefined
  }, [isShown.value, messages.length > 0])

  useLayoutEffect(() => {
    const place = log.current
    if (!place) return
    const was = before.current
    if (was && first && first.index < was.first) place.scrollTop += place.scrollHeight - was.height
    else if (isAtEnd.peek()) place.scrollTop = place.scrollHeight
    before.current = first && { first: first.index, height: place.scrollHeight }
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

  const toEnd = () => {
    isAtEnd.value = true
    log.current?.scrollTo({ top: log.current.scrollHeight })
  }
  const others = chat.value?.participants.filter((one) => one.identity !== identity.value) ?? []
  const read = Math.max(-1, ...others.map((one) => one.last_read_message_index ?? -1))
  const lastOwn = messages.findLast(({ author }) => author === identity.value)
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
          <Gone arrivals={arrivals} after={-1} />
          {messages.map((message, i) => (
            <Fragment key={message.sid}>
              <Between before={messages[i - 1]} message={message} isFresh={message.index === fresh.value && i > 0} />
              <Bubble
                message={message}
                isOwn={message.author === identity.value}
                name={message.author === identity.value ? said.you : nameOf(message.author)}
                isFirst={!isTogether(messages[i - 1], message)}
              />
              {message === lastOwn && message === last && outgoing.length === 0 && phase !== 'gone' && (
                <p class="state">{read >= message.index ? said.seen : said.sent}</p>
              )}
              <Gone arrivals={arrivals} after={message.index} />
            </Fragment>
          ))}
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
