import { useSignal } from '@preact/signals'
import type { WebchatOutgoing } from '@ringdown/client/webchat'
import type { WebchatMedia, WebchatMessage } from '@ringdown/client/webchat-frames'
import { useEffect } from 'preact/hooks'
import { discard, fileOf, retry, say } from './chat.ts'
import { Icon } from './icons.tsx'
import { linked } from './linked.tsx'
import { saveBlob } from './transcript-text.ts'
import { timeText, words } from './words.ts'

interface BubbleProps {
  readonly message: WebchatMessage
  readonly isOwn: boolean
  readonly name: string
  /** Of several by the same author: says who and when. */
  readonly isFirst: boolean
}

export function Bubble({ message, isOwn, name, isFirst }: BubbleProps) {
  const { body, media, date_created } = message
  return (
    <div class={`message ${isOwn ? 'out' : 'in'}${isFirst ? ' first' : ''}`}>
      {isFirst ? (
        <p class="by">
          {name} <time dateTime={date_created}>{timeText(date_created)}</time>
        </p>
      ) : (
        <span class="unseen">{name}</span>
      )}
      {media.map((one) => (
        <Media key={one.sid} media={one} />
      ))}
      {body && (
        <p class={`bubble ${isOwn ? 'out' : 'in'}`} dir="auto">
          {linked(body)}
        </p>
      )}
    </div>
  )
}

/** A message on its way, and what can be done where it has not gone out. */
export function Outgoing({ outgoing: { id, body, file, is } }: { readonly outgoing: WebchatOutgoing }) {
  const said = words.value
  return (
    <div class="message out first">
      {file && (
        <p class="file">
          <Icon name="file" />
          <span>{file.name}</span>
        </p>
      )}
      {body && (
        <p class="bubble out" dir="auto">
          {linked(body)}
        </p>
      )}
      {is === 'failed' ? (
        <p class="state bad">
          {said.failed}{' '}
          <button type="button" class="link" onClick={() => retry(id)}>
            {said.retry}
          </button>{' '}
          <button type="button" class="link" onClick={() => discard(id)}>
            {said.discard}
          </button>
        </p>
      ) : (
        <p class="state">{is === 'waiting' ? said.waiting : said.sending}</p>
      )}
    </div>
  )
}

/** Pictures as such, in a box that is there before they are; everything else to be saved. */
function Media({ media: { sid, content_type, filename, size } }: { readonly media: WebchatMedia }) {
  const said = words.value
  const name = filename ?? said.file
  const url = useSignal('')
  const isPicture = /^image\/(?:png|jpeg|gif|webp)$/.test(content_type)
  useEffect(() => {
    if (!isPicture) return
    let made = ''
    let isGone = false
    fileOf(sid).then(
      (blob) => {
        if (isGone) return
        made = URL.createObjectURL(new Blob([blob], { type: content_type }))
        url.value = made
      },
      () => {} // the name stays, and saves it
    )
    return () => {
      isGone = true
      if (made) URL.revokeObjectURL(made)
    }
  }, [sid])
  const save = () => void fileOf(sid).then((blob) => saveBlob(blob, name))
  if (isPicture && url.value)
    return (
      <a class="picture" href={url.value} target="_blank" rel="noopener" aria-label={said.openPicture(name)}>
        <img src={url.value} alt={said.picture(name)} />
      </a>
    )
  return (
    <button type="button" class={isPicture ? 'picture' : 'file'} aria-label={said.save(name)} onClick={save}>
      <Icon name="file" />
      <span>{name}</span>
      <small>{said.bytes((size / 1024 / 1024).toFixed(1))}</small>
    </button>
  )
}

/** Answers that a bot suggests: `quick_replies` of the message's attributes. */
export function Replies({ message }: { readonly message: WebchatMessage }) {
  const replies = repliesOf(message.attributes)
  if (replies.length === 0) return null
  return (
    <div class="replies">
      {replies.map((text) => (
        <button key={text} type="button" class="button" onClick={() => void say(text)}>
          {text}
        </button>
      ))}
    </div>
  )
}

function repliesOf(attributes: string): readonly string[] {
  try {
    const { quick_replies } = JSON.parse(attributes) as Readonly<Record<string, unknown>> // an object's text
    if (!Array.isArray(quick_replies)) return []
    return quick_replies.filter((one): one is string => typeof one === 'string' && one !== '').slice(0, 10)
  } catch {
    return []
  }
}

export function Typing({ name }: { readonly name: string }) {
  return (
    <p class="typing">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {words.value.writes(name)}
    </p>
  )
}

export function Arrival({ did, name }: { readonly did: 'joined' | 'left'; readonly name: string }) {
  return <p class="arrival">{did === 'joined' ? words.value.joined(name) : words.value.left(name)}</p>
}
