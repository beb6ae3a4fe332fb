import { isJsonObject } from '@ringdown/contract/json-text'
import { isKeyOf } from '../core/keys.ts'
import { refuse } from '../core/refusals.ts'

/** What a member of a content type may be. Every text may have variables in it. */
type Field =
  | { readonly is: 'text'; readonly most: number; readonly required?: true }
  /** A number, or a text that is one when its variables are filled in. */
  | { readonly is: 'number'; readonly required?: true }
  | { readonly is: 'texts'; readonly most: number; readonly required?: true }
  | { readonly is: 'items'; readonly most: number; readonly required?: true; readonly fields: Fields }
  /** Kept as it is: only the channel that it is for understands it. */
  | { readonly is: 'anything'; readonly required?: true }

type Fields = Readonly<Record<string, Field>>

const text = (most: number): Field => ({ is: 'text', most })
const needed = <F extends Field>(field: F): F & { required: true } => ({ ...field, required: true })
const number: Field = { is: 'number' }
const anything: Field = { is: 'anything' }
const texts = (most: number): Field => ({ is: 'texts', most })
const items = (most: number, fields: Fields): Field => ({ is: 'items', most, fields })

const button: Fields = {
  type: text(40),
  title: text(25),
  id: text(200),
  url: text(2_000),
  phone: text(40),
  code: text(40),
  webview_size: text(40)
}

/** The types that there are, with their members (reference messaging 17.1). Members that are not here are kept, too. */
const contentTypes = {
  'twilio/text': { body: needed(text(1_600)) },
  'twilio/media': { body: text(1_600), media: needed(texts(10)) },
  'twilio/location': {
    latitude: needed(number),
    longitude: needed(number),
    label: text(1_000),
    id: text(200),
    address: text(1_000)
  },
  'twilio/quick-reply': {
    body: needed(text(1_024)),
    actions: needed(items(10, { ...button, title: needed(text(25)) }))
  },
  'twilio/call-to-action': {
    body: needed(text(1_600)),
    actions: needed(items(10, { ...button, type: needed(text(40)) }))
  },
  'twilio/list-picker': {
    body: needed(text(1_024)),
    button: needed(text(20)),
    items: needed(items(10, { id: needed(text(200)), item: needed(text(24)), description: text(72) }))
  },
  'twilio/card': {
    title: text(1_024),
    body: text(1_600),
    subtitle: text(60),
    media: texts(10),
    actions: items(10, button)
  },
  'twilio/carousel': {
    body: needed(text(1_024)),
    cards: needed(
      items(10, { title: text(160), body: needed(text(160)), media: needed(text(2_000)), actions: items(2, button) })
    )
  },
  'twilio/catalog': { body: needed(text(1_024)), title: text(60), subtitle: text(60) },
  'twilio/flows': { body: needed(text(1_024)), button_text: anything, pages: anything },
  'twilio/schedule': { body: text(1_024), id: text(200), title: text(1_024), time_slots: anything },
  'twilio/pay': { body: text(1_024) },
  'whatsapp/card': {
    body: needed(text(1_024)),
    header_text: text(60),
    footer: text(60),
    media: texts(1),
    actions: items(10, button)
  },
  'whatsapp/authentication': { body: anything, actions: anything },
  'whatsapp/flows': { body: needed(text(1_024)), button_text: text(30) }
} as const satisfies Record<string, Fields>

export type ContentType = keyof typeof contentTypes

/** Refuses what is no set of contents by their types. */
export function checkTypes(types: unknown): void {
  const contents = isJsonObject(types) ? Object.entries(types) : []
  if (contents.length === 0)
    refuse('invalid', 'types must be a JSON object that has a content type at least, as twilio/text')
  for (const [type, content] of contents) {
    if (!isKeyOf(contentTypes, type))
      refuse('invalid', `types has '${type.slice(0, 64)}', which is not one of ${Object.keys(contentTypes).join(', ')}`)
    checkFields(type, content, contentTypes[type])
  }
}

function checkFields(place: string, value: unknown, fields: Fields): void {
  const members = isJsonObject(value) ? value : refuse('invalid', `${place} must be a JSON object`)
  for (const [name, field] of Object.entries(fields)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member !== undefined && member !== null) checkField(`${place} ${name}`, member, field)
    else if (field.required) refuse('invalid', `${place} needs a ${name}`)
  }
}

type Rule<F extends Field['is']> = Omit<Extract<Field, { readonly is: F }>, 'is'>

const checks: { readonly [F in Field['is']]: (place: string, value: unknown, rule: Rule<F>) => void } = {
  text(place, value, { most, required }) {
    if (typeof value !== 'string') refuse('invalid', `${place} must be a text`)
    if (required && value.trim() === '') refuse('invalid', `${place} must not be empty`)
    if (value.length > most) refuse('invalid', `${place} must not be longer than ${most} characters`)
  },
  number(place, value) {
    if (typeof value !== 'number' && typeof value !== 'string') refuse('invalid', `${place} must be a number`)
  },
  texts(place, value, rule) {
    for (const one of listOf(place, value, rule)) checks.text(place, one, { most: 2_000 })
  },
  items(place, value, rule) {
    for (const [at, one] of listOf(place, value, rule).entries()) checkFields(`${place}[${at}]`, one, rule.fields)
  },
  anything() {}
}

function checkField(place: string, value: unknown, field: Field): void {
  checks[field.is](place, value, field as never) // the check is that of the field's own sort
}

function listOf(place: string, value: unknown, { most, required }: Rule<'texts'>): readonly unknown[] {
  if (!Array.isArray(value)) return refuse('invalid', `${place} must be a list`)
  if (required && value.length === 0) refuse('invalid', `${place} must not be empty`)
  if (value.length > most) refuse('invalid', `${place} has at most ${most} items`)
  return value
}
