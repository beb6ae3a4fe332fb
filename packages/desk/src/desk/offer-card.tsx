import { instantOf, spanText, useNow } from '../live/clock.ts'
import { channelOf, type DeskItem, textIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { Avatar } from '../parts/avatar.tsx'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { answering, answerOffer } from './actions.ts'
import { useOffReason } from './off.ts'

/** Somebody waits for an answer: who, since when, and for how much longer. */
export function OfferCard({ item, onAccept }: { readonly item: DeskItem; readonly onAccept: () => Promise<void> }) {
  const words = useWords()
  const now = useNow()
  const how = useStore(answering).get(item.reservation.sid)
  const off = useOffReason()
  const { reservation, task, conversation, attributes } = item
  const began = instantOf(reservation.date_created) ?? now
  const ends = instantOf(reservation.timeout_at)
  const queued = instantOf(task.date_created) ?? now
  const name = nameOf(item)
  const channel = words.channels[channelOf(item)] ?? channelOf(item)
  const language = textIn(attributes, 'language')
  const seconds = ends === undefined ? undefined : Math.max(0, Math.ceil((ends - now) / 1000))
  const whole = ends === undefined ? 1 : Math.max(1, (ends - began) / 1000)
  return (
    <section className="offer" aria-label={`${words.tasks.ringing}: ${name}`}>
      <div className="offer-top">
        <Avatar name={name} channel={channelOf(item)} />
        <div className="offer-who">
          <b dir="auto">{name}</b>
          <span>
            {[channel, task.task_queue_friendly_name, words.tasks.waited(spanText(now - queued))]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </div>
        {seconds !== undefined && <Countdown seconds={seconds} part={Math.min(1, seconds / whole)} />}
      </div>
      {conversation?.last_message?.body && (
        <p dir="auto" lang={language}>
          {language !== undefined && <span className="tag">{language.toUpperCase()}</span>}{' '}
          {conversation.last_message.body}
        </p>
      )}
      {how === 'taken' ? (
        <p className="taken" role="status">
          {words.tasks.taken}
        </p>
      ) : (
        <div className="offer-actions">
          <button
            type="button"
            className="button primary grow"
            aria-busy={how === 'busy'}
            aria-disabled={off !== undefined}
            title={off}
            onClick={() => off === undefined && void onAccept()}
          >
            {words.tasks.accept} <kbd>A</kbd>
          </button>
          <button
            type="button"
            className="button"
            aria-busy={how === 'busy'}
            aria-disabled={off !== undefined}
            title={off}
            onClick={() => off === undefined && void answerOffer(item, 'rejected')}
          >
            {words.tasks.reject} <kbd>R</kbd>
          </button>
        </div>
      )}
    </section>
  )
}

/** An offer that is none any more: who has it, or that it has ended. */
export function GoneCard({ item, by }: { readonly item: DeskItem; readonly by: string | undefined }) {
  const words = useWords()
  const name = nameOf(item)
  return (
    <section className="offer gone" aria-label={`${words.tasks.over}: ${name}`}>
      <div className="offer-top">
        <Avatar name={name} channel={channelOf(item)} />
        <div className="offer-who">
          <b dir="auto">{name}</b>
          <span>{by === undefined ? words.tasks.over : words.tasks.takenBy(by)}</span>
        </div>
      </div>
    </section>
  )
}

const around = 2 * Math.PI * 14

function Countdown({ seconds, part }: { readonly seconds: number; readonly part: number }) {
  const words = useWords()
  return (
    <span className="countdown" role="img" aria-label={words.tasks.seconds(seconds)}>
      <svg viewBox="0 0 34 34" aria-hidden="true">
        <circle cx="17" cy="17" r="14" className="track" />
        <circle
          cx="17"
          cy="17"
          r="14"
          className="left"
          strokeDasharray={around}
          strokeDashoffset={around * (1 - part)}
        />
      </svg>
      <span>{seconds}</span>
    </span>
  )
}
