import { useSignal } from '@preact/signals'
import { anew, chat, rate } from './chat.ts'
import { known } from './deployment.ts'
import { focusInside } from './focus.ts'
import { Icon } from './icons.tsx'
import { saveTranscript } from './transcript-text.ts'
import { words } from './words.ts'

/** After the end: how it was, the conversation as a file, and another one. */
export function Over() {
  const said = words.value
  const { phase, session, messages = [] } = chat.value ?? {}
  const asks = known.value?.rating === true && phase === 'over'
  return (
    <section class="over-box" aria-label={said.over}>
      <p class="over-line">{phase === 'gone' ? said.overAway : said.over}</p>
      {asks && (session?.rating ? <p role="status">{said.thanks}</p> : <Rating />)}
      <div class="row">
        <button type="button" class="button primary" onClick={() => void anew().then(focusInside)} data-focus>
          {said.again}
        </button>
        {messages.length > 0 && (
          <button type="button" class="button" onClick={saveTranscript} aria-label={said.download}>
            <Icon name="save" />
          </button>
        )}
      </div>
    </section>
  )
}

function Rating() {
  const said = words.value
  const chosen = useSignal(0)
  const comment = useSignal('')
  return (
    <form
      class="rating"
      onSubmit={(event) => {
        event.preventDefault()
        if (chosen.value > 0) rate(chosen.value, comment.value.trim())
      }}
    >
      <fieldset>
        <legend>{said.how}</legend>
        <div class="stars">
          {said.stars.map((label, i) => (
            <label key={label} class={i < chosen.value ? 'on' : ''} title={label}>
              <input
                type="radio"
                name="rating"
                value={i + 1}
                aria-label={label}
                checked={chosen.value === i + 1}
                onChange={() => {
                  chosen.value = i + 1
                }}
              />
              <Icon name="star" size={28} />
            </label>
          ))}
        </div>
      </fieldset>
      {chosen.value > 0 && (
        <>
          <textarea
            class="field"
            rows={2}
            dir="auto"
            maxLength={1000}
            aria-label={said.comment}
            placeholder={said.comment}
            value={comment.value}
            onInput={({ currentTarget }) => {
              comment.value = currentTarget.value
            }}
          />
          <button type="submit" class="button">
            {said.rate}
          </button>
        </>
      )}
    </form>
  )
}
