import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '../core/json.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'

/*
 * The form before a chat: `{"fields": [{"name": "order", "label": "Order", "type": "text", "required": true}]}`. What a
 * customer writes there is the pre-engagement data of its conversation (reference flex 15).
 */

interface Field {
  readonly name: string
  readonly required: boolean
  /** What may be chosen; any text without it. */
  readonly options: readonly string[] | undefined
}

const fieldTypes: ReadonlySet<unknown> = new Set([
  undefined,
  'text',
  'textarea',
  'email',
  'tel',
  'url',
  'number',
  'select',
  'checkbox'
])
const maxFields = 20
const maxOptions = 100
const maxName = 64
/** Of one answer. */
const maxAnswer = 4096
/** Of all answers together, as JSON. */
const maxForm = 8192

/** What every form may bring, whether the deployment asks for it or not: as the public web chats do, and what a page adds. */
const known: ReadonlySet<string> = new Set(['friendlyName', 'name', 'email', 'query', 'context'])

/** Refuses JSON text that is no form. */
export function checkForm(text: string): void {
  fieldsIn(text)
}

/** What a customer has written, as JSON text. Refuses what the form does not ask for, and what it misses. */
export function filledForm(form: string, given: unknown): string {
  const answers = given === undefined ? {} : given
  if (!isJsonObject(answers)) return refuse('invalid', 'Form must be a JSON object of texts')
  const fields = fieldsIn(form)
  for (const [name, answer] of Object.entries(answers)) {
    if (typeof answer !== 'string') refuse('invalid', `Form.${name} must be a text`)
    checkLength(answer, `Form.${name}`, maxAnswer)
    if (name.length > maxName) refuse('invalid', `A name in Form has at most ${maxName} characters`)
    // A form that asks for nothing takes whatever the page asks.
    if (fields.length > 0 && !known.has(name) && !fields.some((field) => field.name === name))
      refuse('invalid', `Form.${name} is not asked for`)
  }
  for (const { name, required, options } of fields) {
    const answer = Object.hasOwn(answers, name) ? String(answers[name]).trim() : ''
    if (required && answer === '') refuse('invalid', `Form.${name} is required`)
    if (answer !== '' && options && !options.includes(answer)) refuse('invalid', `Form.${name} is none of its options`)
  }
  const text = JSON.stringify(answers)
  checkLength(text, 'Form', maxForm)
  return text
}

function fieldsIn(text: string): Field[] {
  const form = valueIn(text)
  const given = isJsonObject(form) ? (form.fields ?? []) : undefined
  if (!Array.isArray(given)) return refuse('invalid', 'Form must be a JSON object with a list of fields')
  if (given.length > maxFields) refuse('invalid', `A Form has at most ${maxFields} fields`)
  const fields = given.map(fieldOf)
  if (new Set(fields.map(({ name }) => name)).size < fields.length)
    refuse('invalid', 'Two fields of the Form share a name')
  return fields
}

function fieldOf(given: unknown): Field {
  if (!isJsonObject(given)) return refuse('invalid', 'A field of the Form must be a JSON object')
  const { name, type, required = false, options } = given
  if (typeof name !== 'string' || !/^[A-Za-z][\w.-]*$/.test(name) || name.length > maxName || name === '__proto__')
    return refuse('invalid', `A field of the Form needs a name of at most ${maxName} letters, digits, _, - and .`)
  if (!fieldTypes.has(type)) refuse('invalid', `The type of the field ${name} is not known`)
  if (typeof required !== 'boolean') return refuse('invalid', `required of the field ${name} must be true or false`)
  return { name, required, options: optionsOf(name, type, options) }
}

function optionsOf(name: string, type: unknown, options: unknown): readonly string[] | undefined {
  if (options === undefined && type !== 'select') return undefined
  const isList = Array.isArray(options) && options.length > 0 && options.length <= maxOptions
  if (isList && options.every((one) => typeof one === 'string' && one.length <= 256)) return options
  return refuse('invalid', `options of the field ${name} must be a list of 1 to ${maxOptions} texts`)
}
