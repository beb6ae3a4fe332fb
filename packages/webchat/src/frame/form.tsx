import { useSignal } from '@preact/signals'
import type { TargetedSubmitEvent } from 'preact'
import { chat, type Field, fields, remembered, start, trouble } from './chat.ts'
import { known, visitor } from './deployment.ts'
import { focusInside } from './focus.ts'
import { labelIn, ownText, words } from './words.ts'

/** What the deployment asks before a chat. */
export function Form() {
  const said = words.value
  const wrong = useSignal<Readonly<Record<string, string>>>({})
  const { name, email } = visitor.value
  const isBeginning = chat.value?.phase === 'beginning'
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (isBeginning) return
    const given = new FormData(event.currentTarget)
    const answers: Record<string, string> = {}
    const found: Record<string, string> = {}
    for (const field of fields.value) {
      const answer = String(given.get(field.name) ?? '').trim()
      if (answer !== '') answers[field.name] = answer
      if (field.required && answer === '') found[field.name] = said.required
      else if (field.type === 'email' && answer !== '' && !/^\S+@\S+\.\S+$/.test(answer)) found[field.name] = said.email
    }
    wrong.value = found
    const [first] = Object.keys(found)
    if (first !== undefined) event.currentTarget.querySelector<HTMLElement>(`[name="${first}"]`)?.focus()
    else if (await start(answers)) focusInside()
  }
  const before = (field: Field) =>
    remembered.value[field.name] ??
    (field.name === 'friendlyName' || field.name === 'name' ? name : field.name === 'email' ? email : undefined) ??
    ''
  const intro = known.value?.is_open === false ? (ownText('away') ?? said.away) : ownText('form')
  return (
    <form class="form" onSubmit={submit} noValidate>
      {intro && <p>{intro}</p>}
      {fields.value.map((field, i) => (
        <Question
          key={field.name}
          field={field}
          value={before(field)}
          wrong={wrong.value[field.name]}
          isFirst={i === 0}
        />
      ))}
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      <button type="submit" class="button primary" aria-disabled={isBeginning}>
        {isBeginning ? said.starting : said.start}
      </button>
    </form>
  )
}

function Question({
  field,
  value,
  wrong,
  isFirst
}: {
  readonly field: Field
  readonly value: string
  readonly wrong: string | undefined
  readonly isFirst: boolean
}) {
  const { name, type = 'text', required = false, options = [] } = field
  const id = `field-${name}`
  const label = labelIn(field.label, name)
  const common = {
    ...{ id, name, class: 'field', 'aria-required': required, 'aria-invalid': wrong !== undefined },
    ...(wrong !== undefined && { 'aria-describedby': `${id}-wrong` }),
    ...(isFirst && { 'data-focus': true })
  }
  const complaint = wrong !== undefined && (
    <p class="trouble" id={`${id}-wrong`}>
      {wrong}
    </p>
  )
  if (type === 'checkbox')
    return (
      <div class="question check">
        <input {...common} class="" type="checkbox" value="yes" defaultChecked={value === 'yes'} />
        <label for={id}>{label}</label>
        {complaint}
      </div>
    )
  return (
    <div class="question">
      <label for={id}>
        {label}
        {!required && <small> ({words.value.optional})</small>}
      </label>
      {type === 'select' ? (
        <select {...common} defaultValue={value}>
          <option value="">{words.value.choose}</option>
          {options.map((one) => (
            <option key={one} value={one} selected={one === value}>
              {one}
            </option>
          ))}
        </select>
      ) : type === 'textarea' || name === 'query' ? (
        <textarea {...common} rows={3} defaultValue={value} dir="auto" />
      ) : (
        <input
          {...common}
          type={type as 'text'} // one of those that the server takes, each of which a browser knows
          defaultValue={value}
          dir="auto"
          autocomplete={name === 'email' ? 'email' : /name$/i.test(name) ? 'name' : type === 'tel' ? 'tel' : 'on'}
        />
      )}
      {complaint}
    </div>
  )
}
