import { useEffect, useState } from 'react'
import { useOffer } from '../app/keys.ts'
import { instantOf, spanText, useNow } from '../live/clock.ts'
import { useConfiguration } from '../live/desk.ts'
import { draftKey, drafts, emptyDraft, saveDraft } from '../live/drafts.ts'
import type { DeskItem } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { complete, extendWrapUp } from './actions.ts'
import { dispositionsOf, type KeptWrapUp, keptWrapUp, missingIn, type WrapUpField } from './dispositions.ts'
import { endOnce } from './end-once.ts'
import { useOffReason } from './off.ts'

/** What came of it. Kept with the task before it is completed, so that no report misses it; survives a reload until then. */
export function WrapUp({ item }: { readonly item: DeskItem }) {
  const words = useWords()
  const { data: configuration } = useConfiguration()
  const key = draftKey(item.task.sid, 'note')
  const draft = useStore(drafts).get(key) ?? emptyDraft
  const [isBusy, setBusy] = useState(false)
  const off = useOffReason()
  const asked = dispositionsOf(configuration, item, words)
  const kept = keptWrapUp(draft.text)
  const answer = { ...kept, outcome: asked.outcomes.includes(kept.outcome) ? kept.outcome : '' }
  const change = (to: Partial<KeptWrapUp>) =>
    saveDraft(key, { ...emptyDraft, text: JSON.stringify({ ...answer, ...to }) })
  const missing = missingIn(answer, asked)
  const why =
    off ??
    (missing === undefined ? undefined : missing === 'outcome' ? words.wrapUp.choose : words.wrapUp.fill(missing.label))
  const go = async () => {
    if (why !== undefined || isBusy) return
    setBusy(true)
    const isDone = await complete(item, answer)
    setBusy(false)
    if (isDone) saveDraft(key, emptyDraft)
  }
  useOffer(
    'end',
    endOnce(() => void go())
  )
  useDigits((digit) => {
    const one = asked.outcomes[digit - 1]
    if (one !== undefined) change({ outcome: one })
  })
  return (
    <form
      className="wrap-up"
      aria-label={words.wrapUp.title}
      onSubmit={(event) => {
        event.preventDefault()
        void go()
      }}
    >
      {asked.outcomes.length > 0 && (
        <Outcomes
          {...{ outcomes: asked.outcomes, isRequired: asked.isRequired, chosen: answer.outcome }}
          onChoose={(outcome) => change({ outcome })}
        />
      )}
      {asked.fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={answer.fields[field.name] ?? ''}
          onChange={(value) => change({ fields: { ...answer.fields, [field.name]: value } })}
        />
      ))}
      {asked.hasNotes && (
        <label className="field">
          <span>{words.wrapUp.notes}</span>
          <textarea
            rows={2}
            dir="auto"
            value={answer.content}
            onChange={({ target }) => change({ content: target.value })}
          />
        </label>
      )}
      <div className="wrap-up-bar">
        <Deadline item={item} />
        <span className="space" />
        {why !== undefined && (
          <span className="age" id="wrap-up-why">
            {why}
          </span>
        )}
        <button
          type="submit"
          className="button primary"
          aria-disabled={why !== undefined}
          aria-busy={isBusy}
          aria-describedby={why === undefined ? undefined : 'wrap-up-why'}
        >
          {words.wrapUp.complete}
        </button>
      </div>
    </form>
  )
}

/** Digits choose an outcome where nobody is typing. */
function useDigits(choose: (digit: number) => void): void {
  useEffect(() => {
    const heard = ({ key: pressed, target, ctrlKey, metaKey, altKey }: KeyboardEvent) => {
      const isTyping =
        target instanceof HTMLElement &&
        /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
        !/^(?:radio|checkbox)$/.test((target as HTMLInputElement).type) // of an input, which the first line has seen
      if (/^[1-9]$/.test(pressed) && !isTyping && !ctrlKey && !metaKey && !altKey) choose(Number(pressed))
    }
    window.addEventListener('keydown', heard)
    return () => window.removeEventListener('keydown', heard)
  })
}

interface OutcomesProps {
  readonly outcomes: readonly string[]
  readonly isRequired: boolean
  readonly chosen: string
  readonly onChoose: (outcome: string) => void
}

function Outcomes({ outcomes, isRequired, chosen, onChoose }: OutcomesProps) {
  const words = useWords()
  return (
    <fieldset>
      <legend>
        {words.wrapUp.outcome} {isRequired && <span className="age">({words.wrapUp.required})</span>}
      </legend>
      <div className="outcomes">
        {outcomes.map((one, index) => (
          <label key={one} className="outcome">
            <input type="radio" name="outcome" value={one} checked={chosen === one} onChange={() => onChoose(one)} />
            <span>{one}</span>
            {index < 9 && <kbd aria-hidden>{index + 1}</kbd>}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface FieldProps {
  readonly field: WrapUpField
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A field of the configuration: a text, one of some, or several of them. */
function Field({ field: { label, name, isRequired, options, isMany }, value, onChange }: FieldProps) {
  const words = useWords()
  const title = (
    <>
      {label} {isRequired && <span className="age">({words.wrapUp.required})</span>}
    </>
  )
  if (options && isMany) {
    const chosen = value === '' ? [] : value.split('|')
    const turn = (one: string) =>
      onChange(options.filter((option) => chosen.includes(option) !== (option === one)).join('|'))
    return (
      <fieldset>
        <legend>{title}</legend>
        <div className="outcomes">
          {options.map((one) => (
            <label key={one} className="outcome">
              <input type="checkbox" name={name} checked={chosen.includes(one)} onChange={() => turn(one)} />
              <span>{one}</span>
            </label>
          ))}
        </div>
      </fieldset>
    )
  }
  const id = `field-${name}`
  return (
    <div className="field">
      <label htmlFor={id}>{title}</label>
      {options ? (
        <select id={id} value={value} aria-required={isRequired} onChange={({ target }) => onChange(target.value)}>
          <option value="" />
          {options.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          value={value}
          aria-required={isRequired}
          dir="auto"
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </div>
  )
}

/** When it ends by itself, where automation says so, and more time for who needs it (WCAG 2.2.1). */
function Deadline({ item }: { readonly item: DeskItem }) {
  const words = useWords()
  const now = useNow()
  const ends = instantOf(item.reservation.wrap_up_ends_at)
  if (ends === undefined) return null
  return (
    <>
      <span className="age">{words.wrapUp.ends(spanText(ends - now))}</span>
      {!item.reservation.wrap_up_extended && (
        <button type="button" className="button" onClick={() => extendWrapUp(item)}>
          {words.wrapUp.moreTime}
        </button>
      )}
    </>
  )
}
